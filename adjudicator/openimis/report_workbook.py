"""The report of an import as an Excel workbook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter

from adjudicator.openimis.report import Report, cause_of
from adjudicator.units import unscaled
from adjudicator.words import Amount, say, text


def write_workbook(report: Report, path: Path, language: str) -> None:
    """Write the report as a workbook for those who go through it."""

    def words(key: str) -> str:
        return text(f"openimis.report.{key}", language)

    # The words of a cell are words, also where they look like a formula or an address.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        # Without a clock: the same import has the same bytes.
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        bold = book.add_format({"bold": True, "bottom": 1})
        number = book.add_format({"num_format": "#,##0"})
        amount = book.add_format(
            {"num_format": "#,##0" + ("." + "0" * report.decimals if report.decimals else "")}
        )
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})

        def sheet(
            title: str, header: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[int]
        ) -> None:
            page = book.add_worksheet(title[:31])
            page.freeze_panes(1, 0)
            page.write_row(0, 0, header, bold)
            for place, width in enumerate(widths):
                page.set_column(place, place, width)
            last = 0
            for last, row in enumerate(rows, 1):
                for place, value in enumerate(row):
                    if isinstance(value, Amount):
                        page.write_number(last, place, float(unscaled(value.minor, value.decimals)), amount)
                    elif isinstance(value, int):
                        page.write_number(last, place, value, number)
                    elif value is not None:
                        page.write_string(last, place, str(value), wrapped)
            page.autofilter(0, 0, last, len(header) - 1)

        columns = ("table", "read", "superseded", "current", "brought", "set_aside", "history")
        sheet(
            words("rows"),
            [words(f"column.{name}") for name in columns],
            [
                (one.table, one.read, one.superseded, one.current, one.brought, one.set_aside, one.as_history)
                for one in report.counts
            ],
            (24, *(14,) * 6),
        )
        for name, groups in (("set_aside", report.set_aside), ("doubts", report.doubts)):
            sheet(
                words(name),
                [
                    words(f"column.{column}")
                    for column in ("table", "field", "rows", "ids", "reason", "proposal")
                ],
                [
                    (
                        group.table,
                        group.field,
                        group.rows,
                        ", ".join(map(str, group.examples)),
                        say(group.reason, language),
                        say(group.remedy, language),
                    )
                    for group in groups
                ],
                (24, 20, 8, 24, 60, 60),
            )
        compared = report.comparison
        if compared is None:
            return

        def money_of(minor: int) -> Amount:
            return Amount(minor, report.decimals)

        sheet(
            words("comparison.causes"),
            [words(f"comparison.{name}") for name in ("cause", "lines")] + [words("comparison.difference")],
            [
                (say(cause_of(cause, reason), language), count, money_of(total))
                for (cause, reason), (count, total) in compared.totals.items()
            ],
            (70, 10, 18),
        )
        names = ("facility", "claim", "line", "code", "theirs", "ours", "difference", "cause", "explained")
        sheet(
            words("comparison.lines"),
            [words(f"comparison.{name}") for name in names],
            [
                (
                    one.facility,
                    one.claim,
                    one.line,
                    one.code,
                    money_of(one.theirs),
                    money_of(one.ours),
                    money_of(one.difference),
                    "; ".join(say(part.said, language) for part in one.parts),
                    " ".join(say(sentence, language) for sentence in (*one.about_claim, *one.sentences)),
                )
                for one in compared.lines
            ],
            (12, 16, 6, 10, 14, 14, 14, 50, 90),
        )
