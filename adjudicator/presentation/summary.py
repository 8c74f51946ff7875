"""A run's summary as a person reads it at a glance: what came in, what was cut and why, what is owed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adjudicator.adjudication.summary import Summary
from adjudicator.presentation.problems import problem_lines
from adjudicator.presentation.tables import plain_table
from adjudicator.run import SET_ASIDE_FOLDER, Run
from adjudicator.vocabulary import ClaimStatus, Cut, Reason
from adjudicator.words import Amount, label, shown, text
from ingest.tables import Totals

_Row = tuple[str, int | None, int | None, int | None, str]


def summary_table(
    name: str, summary: Summary, totals: Totals | None, decimals: int, currency: str, language: str
) -> Table:
    """Lay out a run's summary: one line for each cause, claims, lines and amount beside it.

    Args:
        name: of the run.
        summary: what was decided.
        totals: what was read and set aside on the way, where claims were read from files.
        decimals: of the currency.
        currency: its code.
        language: of the reader.
    """
    heads = (text("summary.claims", language), text("summary.lines", language))
    money_head = text("summary.amount", language, currency=currency)
    table = plain_table(
        ("", False),
        *((head, True) for head in (*heads, money_head)),
        title=text("summary.title", language, run=name),
    )
    for words, claims, lines, amount, style in _rows(summary, totals, language):
        money = "" if amount is None else shown(Amount(amount, decimals), language)
        cells = [
            words,
            *("" if count is None else shown(count, language) for count in (claims, lines)),
            money,
        ]
        table.add_row(*(Text(cell) for cell in cells), style=style)
    return table


def _rows(summary: Summary, totals: Totals | None, language: str) -> Iterator[_Row]:
    def say(key: str) -> str:
        return text(f"summary.{key}", language)

    if totals and (totals.set_aside.claims or totals.set_aside.lines):
        received = totals.received
        yield say("received"), received.claims, received.lines, received.claimed, ""
        aside = totals.set_aside
        yield "  " + say("set_aside"), aside.claims, aside.lines, -aside.claimed, "yellow"
    claims, lines = summary.claims.total(), summary.lines.total()
    yield say("claimed"), claims, lines, summary.claimed, "bold"
    rejected_lines = lines - summary.lines[Reason.ACCEPTED]
    rejected_claims = summary.claims[ClaimStatus.REJECTED]
    yield "  " + say("rejected"), rejected_claims, rejected_lines, -summary.rejected.total(), "red"
    by_reason = sorted(summary.lines, key=lambda reason: (-summary.rejected[reason], reason))
    for reason in by_reason:
        if reason is not Reason.ACCEPTED:
            words = f"    {int(reason):>2} {label(reason, language)}"
            whole = summary.rejected_claims[reason] or None
            yield words, whole, summary.lines[reason], -summary.rejected[reason], "dim"
    yield from _cuts(summary, language)
    accepted = claims - rejected_claims
    yield say("valuated"), accepted, summary.lines[Reason.ACCEPTED], summary.valuated, "bold"
    waiting = summary.claims[ClaimStatus.PROCESSED]
    yield "  " + say("waiting"), waiting, None, summary.waiting, ""
    yield "  " + say("payable"), accepted - waiting, None, summary.valuated - summary.waiting, "bold green"


def _cuts(summary: Summary, language: str) -> Iterator[_Row]:
    above = summary.repriced - summary.below_price
    yield "  " + text("summary.above_price", language), None, None, -above, ""
    if summary.below_price:
        yield "  " + text("summary.below_price", language), None, None, -summary.below_price, ""
    for cut in Cut:
        lines = summary.lines_cut_by[cut]
        yield "  " + label(cut, language), None, lines, -summary.cuts[cut], ""


def print_summary(console: Console, run: Run, language: str) -> None:
    """Print what a run comes to, where it lies, and what to look at next."""
    totals = run.claims.totals
    console.print(summary_table(run.name, run.summary, totals, run.decimals, run.currency, language))
    console.print(text("summary.adds_up", language), style="green")
    if run.flags:
        console.print(text("summary.flags", language, flags=run.flags), style="yellow", soft_wrap=True)
    if run.looked_back is not None:
        key = "summary.looked_back" if run.looked_back else "summary.not_looked_back"
        console.print(text(key, language, claims=run.looked_back), soft_wrap=True)
    if rows := {name: count.set_aside for name, count in run.registers.counts.items() if count.set_aside}:
        tables = ", ".join(f"{name} {count}" for name, count in rows.items())
        told = text("summary.registers_set_aside", language, count=sum(rows.values()), tables=tables)
        console.print(told, style="yellow", soft_wrap=True)
    if len(run.claims.set_aside) or rows:
        folder = str(run.folder / SET_ASIDE_FOLDER)
        console.print(text("summary.set_aside_in", language, folder=folder), style="yellow", soft_wrap=True)
    if warnings := [*run.warnings, *run.claims.warnings]:
        for line in problem_lines(warnings, language):
            console.print(line, soft_wrap=True)
    folder = str(run.folder)
    console.print(text("summary.written", language, folder=folder), soft_wrap=True)
    console.print(text("summary.explain_hint", language, folder=folder), style="dim", soft_wrap=True)
