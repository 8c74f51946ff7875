"""The report of an import as text for people: Markdown, which also reads well as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from adjudicator.openimis.report import Grouped, Report, cause_of
from adjudicator.openimis.valuated import ExplainedDifference
from adjudicator.words import Amount, message, say, text

LINES_SHOWN: Final = 40
"""Lines that the text shows of those that came out otherwise; the others are in the files."""


def markdown(report: Report, language: str) -> str:
    """Give the report as Markdown, which also reads well as it stands."""
    return "\n".join(_lines(report, language)) + "\n"


def _lines(report: Report, language: str) -> Iterator[str]:
    def words(key: str, /, **values: Any) -> str:
        return text(f"openimis.report.{key}", language, **values)

    yield f"# {words('title', scheme=report.scheme)}"
    yield ""
    yield words(
        "summary",
        tables=len(report.counts),
        brought=sum(count.brought for count in report.counts),
        aside=report.rows_aside,
    )
    if not report.currency_given:
        yield ""
        yield words("no_currency", currency=report.currency)
    if report.dates_from_covers:
        yield ""
        yield words("dates_from_covers")
    yield from ("", f"## {words('rows')}", "", words("rows.note"), "")
    yield from table(
        [
            words(f"column.{name}")
            for name in ("table", "read", "superseded", "current", "brought", "set_aside", "history")
        ],
        [
            [
                count.table,
                count.read,
                count.superseded,
                count.current,
                count.brought,
                count.set_aside,
                count.as_history,
            ]
            for count in report.counts
        ],
        language,
    )
    if report.left:
        yield from ("", words("left", tables=[f"{table} ({rows})" for table, rows in report.left.items()]))
    if report.absent:
        yield from ("", words("absent", tables=list(report.absent)))
    yield from ("", f"## {words('brought')}", "")
    yield words(
        "registers", registers=[f"{name} ({rows})" for name, rows in report.registers.items() if rows]
    )
    yield ""
    yield from (
        f"- {words('product', code=one.code, name=one.name, file=one.file, entries=one.entries)}"
        for one in report.products
    )
    yield ""
    yield words("claims", **report.claims, balances=report.balances)
    for heading, groups in (("set_aside", report.set_aside), ("doubts", report.doubts)):
        yield from ("", f"## {words(heading)}", "")
        if not groups:
            yield words(f"{heading}.none")
            continue
        yield words(f"{heading}.note")
        yield ""
        for group in groups:
            yield f"- {_group_line(group, language)}"
    if report.warnings:
        yield from ("", f"## {words('warnings')}", "")
        yield from (f"- {problem.told(language)}" for problem in report.warnings)
    yield from ("", f"## {words('comparison')}", "")
    yield from _comparison_lines(report, language)
    yield from ("", f"## {words('next')}", "")
    yield from (f"    {line}" for line in words("next.commands").split("\n"))


def _group_line(group: Grouped, language: str) -> str:
    place = f"{group.table}.{group.field}" if group.field else group.table
    shown = ", ".join(str(id_) for id_ in group.examples) + (
        ", …" if group.rows > len(group.examples) else ""
    )
    key = "openimis.report.group" if group.examples else "openimis.report.group_without_ids"
    return text(
        key,
        language,
        place=place,
        rows=group.rows,
        ids=shown,
        reason=say(group.reason, language),
        remedy=say(group.remedy, language),
    )


def _comparison_lines(report: Report, language: str) -> Iterator[str]:
    def words(key: str, /, **values: Any) -> str:
        return text(f"openimis.report.comparison.{key}", language, **values)

    compared = report.comparison
    if compared is None:
        yield words("none")
        return

    def amount(minor: int) -> Amount:
        return Amount(minor, report.decimals)

    yield words(
        "summary",
        claims=compared.claims,
        alike=compared.alike,
        theirs=amount(compared.theirs),
        ours=amount(compared.ours),
        difference=signed(compared.ours - compared.theirs, report.decimals, language),
        currency=report.currency,
    )
    if compared.not_compared:
        yield from ("", words("not_compared", claims=["/".join(key) for key in compared.not_compared]))
    if not compared.totals:
        return
    yield ""
    yield from table(
        [words("cause"), words("lines"), words("amount", currency=report.currency)],
        [
            [say(cause_of(cause, reason), language), count, signed(total, report.decimals, language)]
            for (cause, reason), (count, total) in compared.totals.items()
        ],
        language,
    )
    shown = [one for one in compared.lines if one.difference][:LINES_SHOWN]
    if not shown:
        return
    yield ""
    rows = [
        [
            one.facility,
            one.claim,
            f"{one.line} {one.code}",
            say(message("openimis.amount", amount=amount(one.theirs)), language),
            say(message("openimis.amount", amount=amount(one.ours)), language),
            signed(one.difference, report.decimals, language),
            "; ".join(say(part.said, language) for part in one.parts),
        ]
        for one in shown
    ]
    yield from table(
        [words(name) for name in ("facility", "claim", "line", "theirs", "ours", "difference", "cause")],
        rows,
        language,
    )
    if len(compared.lines) > len(shown):
        yield from ("", words("more", lines=len(compared.lines) - len(shown)))
    claims: dict[tuple[str, str], list[ExplainedDifference]] = {}
    for one in shown:
        if one.sentences:
            claims.setdefault((one.facility, one.claim), []).append(one)
    if claims:
        yield from ("", f"### {words('explained')}")
    for (facility, claim), lines in claims.items():
        about = " ".join(say(sentence, language) for sentence in lines[0].about_claim)
        yield from ("", words("explained.claim", facility=facility, claim=claim, told=about))
        for one in lines:
            told = " ".join(say(sentence, language) for sentence in one.sentences)
            yield f"- {words('explained.line', line=str(one.line), code=one.code, told=told)}"


def signed(amount: int, decimals: int, language: str) -> str:
    """Write a difference with its sign."""
    written = say(message("openimis.amount", amount=Amount(abs(amount), decimals)), language)
    return f"+{written}" if amount > 0 else f"−{written}" if amount < 0 else written


def table(header: Sequence[str], rows: Sequence[Sequence[object]], language: str) -> Iterator[str]:
    """Give a table with columns that line up: words to the left, numbers to the right."""

    def shown(value: object) -> str:
        return (
            say(message("openimis.number", number=value), language) if isinstance(value, int) else str(value)
        )

    written = [[shown(value).replace("|", "/") for value in row] for row in rows]
    right = [
        all(isinstance(row[place], int) or _is_amount(str(row[place])) for row in rows)
        for place in range(len(header))
    ]
    widths = [
        max(len(header[place]), 3, *(len(row[place]) for row in written)) for place in range(len(header))
    ]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if aligned else cell.ljust(width)
            for cell, width, aligned in zip(cells, widths, right, strict=True)
        ]
        return "| " + " | ".join(padded) + " |"

    yield line(header)
    yield (
        "|"
        + "|".join(
            "-" * (width + 1) + (":" if aligned else "-")
            for width, aligned in zip(widths, right, strict=True)
        )
        + "|"
    )
    yield from (line(row) for row in written)


def _is_amount(written: str) -> bool:
    return (
        bool(written)
        and all(sign.isdigit() or sign in "+−.,\u00a0 " for sign in written)
        and any(map(str.isdigit, written))
    )
