"""What the commands of the books say: loads, runs, readjudications, checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from adjudicator.books.adjudication import Outcome
from adjudicator.books.books import Books
from adjudicator.books.claims import ClaimsLoad
from adjudicator.books.readjudication import Readjudication
from adjudicator.books.registers import RegistersLoad
from adjudicator.books.status import Status
from adjudicator.books.verification import Verification
from adjudicator.presentation.problems import problem_lines
from adjudicator.presentation.summary import summary_table
from adjudicator.presentation.tables import at, plain_table
from adjudicator.problems import Problem
from adjudicator.store.loads import Load
from adjudicator.words import Amount, message, say, shown, text


def print_registers_load(console: Console, done: RegistersLoad, language: str) -> None:
    """Say what a load of registers changed."""

    def heading(key: str) -> str:
        return text(f"books.load.{key}", language)

    names = ("read", "set_aside", "added", "ended", "kept")
    table = plain_table((heading("table"), False), *((heading(name), True) for name in names))
    for name, change in done.tables.items():
        counts = (shown(getattr(change, key), language) for key in names)
        table.add_row(name, *counts, style="" if change.added or change.ended else "dim")
    console.print(table)
    if done.load is None:
        console.print(text("books.load.nothing_new", language), style="green")
    else:
        console.print(text("books.load.done", language, load=done.load), style="green")
    print_load_set_aside(console, len(done.reading.set_aside), done.load, language)
    print_warnings(console, done.reading.warnings, language)


def print_claims_load(console: Console, books: Books, done: ClaimsLoad, language: str) -> None:
    """Say what a load of claims brought."""
    totals = done.reading.totals
    amount = Amount(totals.kept.claimed, books.decimals)
    if done.load is None:
        console.print(text("books.load.no_new_claims", language, present=done.present), style="green")
    else:
        values = {"load": done.load, "added": done.added, "lines": done.lines, "present": done.present}
        console.print(text("books.load.claims", language, **values), style="green")
    console.print(
        text(
            "books.load.totals",
            language,
            received=totals.received.claims,
            kept=totals.kept.claims,
            aside=totals.set_aside.claims,
            amount=amount,
            currency=books.settings.currency,
        ),
        soft_wrap=True,
    )
    print_load_set_aside(console, len(done.reading.set_aside), done.load, language)
    print_warnings(console, done.reading.warnings, language)


def print_warnings(console: Console, warnings: Sequence[Problem], language: str) -> None:
    """Print warnings, where there are any."""
    if warnings:
        for line in problem_lines(warnings, language):
            console.print(line, soft_wrap=True)


def print_load_set_aside(console: Console, count: int, load: int | None, language: str) -> None:
    """Say that a load set rows aside, where it did, and how to see them."""
    if count:
        told = text("books.load.rows_set_aside", language, count=count)
        console.print(told, style="yellow", soft_wrap=True)
        if load is not None:
            hint = text("books.load.set_aside_hint", language, load=str(load))
            console.print(hint, style="dim", soft_wrap=True)


def print_loads(console: Console, found: list[Load], language: str) -> None:
    """List loads."""
    names = ("added", "ended", "set_aside")
    table = plain_table(
        ("", True),
        (text("books.loads.what", language), False),
        *((text(f"books.load.{name}", language), True) for name in names),
    )
    for one in found:
        counts = (shown(getattr(one, name), language) for name in names)
        what = "changes" if "merged" in one.summary else one.what
        table.add_row(str(one.load), text(f"books.loads.{what}", language), *counts)
    console.print(table)


def print_set_aside(console: Console, rows: Sequence[Mapping[str, Any]], language: str) -> None:
    """List the rows that a load set aside: where, why, and what to do."""
    if not rows:
        console.print(text("books.load.nothing_set_aside", language), style="green")
    for row in rows:
        field = f" [{row['field']}]" if row["field"] else ""
        value = f" {row['value']!r}" if row["value"] is not None else ""
        told = text(
            "books.load.set_aside_row",
            language,
            file=row["file"],
            row=row["row"],
            what=f"{field}{value}",
            reason=row[f"reason_{language}"],
            remedy=row[f"remedy_{language}"],
        )
        console.print(Text(told), soft_wrap=True)


def print_outcome(console: Console, books: Books, done: Outcome | None, dry_run: bool, language: str) -> None:
    """Say what a run comes to."""
    if done is None:
        console.print(text("books.run.nothing_waits", language), style="green")
        return
    settings = books.settings
    if done.summary.claims:
        console.print(
            summary_table(done.name, done.summary, None, books.decimals, settings.currency, language)
        )
        console.print(text("summary.adds_up", language), style="green")
    if flags := done.outputs.get("flags", {}).get("rows"):
        console.print(text("books.run.flags", language, flags=flags), style="yellow", soft_wrap=True)
    for held in done.held:
        values = {"count": len(held.claim_ids), "reason": message(held.reason)}
        console.print(text("books.run.held", language, **values), style="yellow", soft_wrap=True)
    if dry_run:
        console.print(text("books.run.dry", language), style="yellow")
    elif done.booked:
        key = "books.run.resumed" if done.resumed else "books.run.booked"
        console.print(text(key, language, run=done.run), style="bold green")


def print_readjudication(
    console: Console, books: Books, done: Readjudication, dry_run: bool, language: str
) -> None:
    """Say what a readjudication changes, facility by facility."""
    settings = books.settings

    def heading(key: str) -> str:
        return text(f"books.again.{key}", language, currency=settings.currency)

    def money(minor: int) -> str:
        return str(shown(Amount(minor, books.decimals), language))

    values = {"looked_at": done.looked_at, "changed": done.changed}
    console.print(text("books.again.title", language, **values), style="bold")
    if done.differences:
        names = ("claims", "before", "after", "net")
        table = plain_table((heading("facility"), False), *((heading(name), True) for name in names))
        for one in done.differences:
            amounts = (money(value) for value in (one.before, one.after, one.net))
            table.add_row(one.facility, shown(one.claims, language), *amounts)
        sums = [sum(getattr(one, name) for one in done.differences) for name in names]
        table.add_row(heading("total"), shown(sums[0], language), *map(money, sums[1:]), style="bold")
        console.print(table)
    if done.later:
        told = text("books.again.later", language, count=done.later)
        console.print(told, style="yellow", soft_wrap=True)
    if not done.changed:
        console.print(text("books.again.same", language), style="green")
    elif dry_run:
        console.print(text("books.run.dry", language), style="yellow")
    for run in done.runs:
        console.print(text("books.run.booked", language, run=run), style="bold green")


def print_verification(console: Console, done: Verification, language: str) -> None:
    """Say what was checked and what was found."""
    for finding in done.findings:
        style = "red" if finding.adds_up else "bold red"
        where = text("books.verify.in_run", language, run=finding.run) if finding.run else ""
        console.print(Text(f"{where}{say(finding.what, language)}", style=style), soft_wrap=True)
    values = {"runs": len(done.runs), "rows": done.rows}
    if done.other_engine:
        listed = [str(run) for run in done.other_engine]
        console.print(text("books.verify.other_engine", language, runs=listed), style="yellow")
    if done.unproven is not None:
        console.print(say(done.unproven, language), style="yellow", soft_wrap=True)
    if done.findings:
        told = text("books.verify.found", language, findings=len(done.findings), **values)
        console.print(told, style="bold red")
    else:
        console.print(text("books.verify.well", language, **values), style="bold green")


def print_status(console: Console, status: Status, language: str) -> None:
    """Say in which state the books are."""

    def say_line(key: str, **values: object) -> None:
        console.print(text(f"books.status.{key}", language, **values), soft_wrap=True)

    say_line("where", where=status.where)
    say_line("tables", present=status.migration.present or "–", wanted=status.migration.wanted)
    if status.counts is None:
        return
    say_line("claims", **status.counts)
    if status.counts["unasked"]:
        say_line("unasked", count=status.counts["unasked"])
    if status.officers:
        console.print(text("officers.count", language, count=status.officers))
    else:
        console.print(text("officers.none_proven", language), style="yellow", soft_wrap=True)
    runs = plain_table(
        ("", True),
        *((text(f"books.status.{key}", language), False) for key in ("name", "kind", "by", "at")),
        *((text(f"books.status.{key}", language), True) for key in ("decided", "valuated")),
        title=text("books.status.runs", language),
    )
    for run in status.runs:
        kind = text(f"books.kind.{run.kind}", language)
        amount = shown(Amount(run.valuated, status.decimals), language)
        runs.add_row(str(run.run), run.name, kind, run.by, at(run.at), shown(run.claims, language), amount)
    console.print(runs if status.runs else text("books.status.no_runs", language))
    if status.open_run is not None:
        console.print(text("books.status.open_run", language, run=status.open_run), style="yellow")
    if status.holder is not None:
        console.print(say(status.holder, language), style="yellow", soft_wrap=True)
