"""Looking at the books: eligibility at the counter, and reports."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.books import DAY, scheme_option
from commands.shared import language_option, out, told
from commands.shared import t as _t

if TYPE_CHECKING:
    from adjudicator.books.books import Books
    from adjudicator.books.reports import Months
    from adjudicator.reporting.report import Report

Command = TypeVar("Command", bound=Callable[..., Any])


def _date(given: dt.datetime | None) -> dt.date | None:
    return given.date() if given else None


@click.command(help=_t("eligibility.help"), epilog=_t("eligibility.example"))
@click.argument("insuree")
@click.option("--date", "day", type=DAY, help=_t("eligibility.date"))
@click.option("--provision", help=_t("eligibility.provision"))
@click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", help=_t("explain.format")
)
@scheme_option
@language_option
def eligibility(
    insuree: str, day: dt.datetime | None, provision: str | None, form: str, scheme: Path, language: str
) -> None:
    """Say what an insuree is covered for, and what is left."""
    from adjudicator.books.books import open_books
    from adjudicator.books.eligibility import eligibility_of
    from adjudicator.presentation.eligibility import as_record, eligibility_view

    with told(language), open_books(scheme) as books:
        answer = eligibility_of(books, insuree, _date(day) or dt.date.today(), provision)
    if form == "json":
        record = as_record(answer, books.decimals, books.settings.currency)
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        out().print(eligibility_view(answer, books.decimals, books.settings.currency, language))


@click.group(help=_t("report.help"), epilog=_t("report.example"))
def report() -> None:
    """Report what is in the books."""


def report_options(command: Command) -> Command:
    """Add the options that say how a report is written."""
    for option in reversed(
        (
            click.option(
                "--format",
                "form",
                type=click.Choice(("table", "csv", "xlsx", "html", "json", "parquet")),
                help=_t("report.format"),
            ),
            click.option(
                "--out", "path", type=click.Path(path_type=Path, dir_okay=False), help=_t("report.out")
            ),
            scheme_option,
            language_option,
        )
    ):
        command = option(command)
    return command


def _of_claims(command: Command) -> Command:
    """Add the options that say which claims a report is about."""
    for option in reversed(
        (
            click.option("--from", "start", type=DAY, help=_t("report.from")),
            click.option("--to", "end", type=DAY, help=_t("report.to")),
            click.option(
                "--dates",
                type=click.Choice(("claimed", "service")),
                default="claimed",
                show_default=True,
                help=_t("report.dates"),
            ),
            click.option("--facility", help=_t("report.facility")),
        )
    ):
        command = option(command)
    return command


def show(
    make: Callable[[Books], Report], form: str | None, path: Path | None, scheme: Path, language: str
) -> None:
    """Make a report and write it: to a file, or where results are printed."""
    from adjudicator.books.books import open_books
    from adjudicator.presentation.report import FORMATS, NEEDS_A_FILE, report_text, write_report
    from adjudicator.presentation.report_screen import print_report

    if form is None:
        ending = path.suffix.removeprefix(".").lower() if path else "table"
        form = ending if ending in FORMATS else "table"
    if path is None and form in NEEDS_A_FILE:
        raise click.UsageError(_t("report.needs_out", form=form))
    if path is not None and form == "table":
        raise click.UsageError(_t("report.table_to_file"))
    with told(language):
        with open_books(scheme) as books:
            made = make(books)
        if path is not None:
            for written in write_report(made, form, path, language):
                click.echo(str(written), err=True)
        elif form == "table":
            print_report(out(), made, language)
        else:
            click.echo(report_text(made, form, language), nl=False)


@report.command("claims", help=_t("report.claims.help"), epilog=_t("report.claims.example"))
@_of_claims
@click.option("--product", help=_t("report.product"))
@click.option(
    "--status",
    type=click.Choice(("entered", "rejected", "processed", "valuated", "paid")),
    help=_t("report.status"),
)
@click.option("--details", is_flag=True, help=_t("report.details"))
@report_options
def report_claims(
    start: dt.datetime | None,
    end: dt.datetime | None,
    dates: str,
    facility: str | None,
    product: str | None,
    status: str | None,
    details: bool,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Give an overview of claims."""
    from adjudicator.books.reports import Chosen, Dates, claims_report
    from adjudicator.vocabulary import ClaimStatus

    chosen = Chosen(_date(start), _date(end), Dates(dates), facility)
    of = ClaimStatus.of(status) if status else None
    show(lambda books: claims_report(books, chosen, product, of, details), form, path, scheme, language)


@report.command("history", help=_t("report.history.help"), epilog=_t("report.history.example"))
@click.argument("insuree")
@report_options
def report_history(insuree: str, form: str | None, path: Path | None, scheme: Path, language: str) -> None:
    """Give all claims of an insuree."""
    from adjudicator.books.reports import history_report

    show(lambda books: history_report(books, insuree), form, path, scheme, language)


@report.command("indicators", help=_t("report.indicators.help"), epilog=_t("report.indicators.example"))
@click.option("--from", "start", type=DAY, required=True, help=_t("report.from"))
@click.option("--to", "end", type=DAY, required=True, help=_t("report.to"))
@click.option(
    "--per",
    type=click.Choice(("region", "district", "facility", "product")),
    help=_t("report.indicators.per"),
)
@report_options
def report_indicators(
    start: dt.datetime,
    end: dt.datetime,
    per: str | None,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Give the operational indicators of a period."""
    from adjudicator.books.reports import indicators_report
    from adjudicator.reporting.indicators import Grouping

    first, last, grouping = start.date(), end.date(), Grouping(per) if per else None
    show(lambda books: indicators_report(books, first, last, grouping), form, path, scheme, language)


@report.command("rejections", help=_t("report.rejections.help"), epilog=_t("report.rejections.example"))
@_of_claims
@report_options
def report_rejections(
    start: dt.datetime | None,
    end: dt.datetime | None,
    dates: str,
    facility: str | None,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Give what was rejected, by reason and facility."""
    from adjudicator.books.reports import Chosen, Dates, rejections_report

    chosen = Chosen(_date(start), _date(end), Dates(dates), facility)
    show(lambda books: rejections_report(books, chosen), form, path, scheme, language)


@report.command("ageing", help=_t("report.ageing.help"), epilog=_t("report.ageing.example"))
@click.option("--on", "day", type=DAY, help=_t("report.ageing.on"))
@click.option("--facility", help=_t("report.facility"))
@report_options
def report_ageing(
    day: dt.datetime | None,
    facility: str | None,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Give what waits, and for how long."""
    from adjudicator.books.reports import ageing_report

    on = _date(day) or dt.date.today()
    show(lambda books: ageing_report(books, on, facility), form, path, scheme, language)


def _closed_months(command: Command) -> Command:
    """Add what says which closed months a report is about."""
    for option in reversed(
        (
            click.argument("month"),
            click.argument("until", required=False),
            click.option("--location", help=_t("report.closed.location")),
            click.option("--product", help=_t("report.closed.product")),
        )
    ):
        command = option(command)
    return command


def _months(month: str, until: str | None, location: str | None) -> Months:
    from adjudicator.books.closing.periods import month_given
    from adjudicator.books.reports import Months

    first = month_given(month)
    return Months(first, month_given(until) if until else first, location)


@report.command(
    "process-batch", help=_t("report.process_batch.help"), epilog=_t("report.process_batch.example")
)
@_closed_months
@click.option(
    "--per",
    type=click.Choice(("facility", "product")),
    default="facility",
    show_default=True,
    help=_t("report.process_batch.per"),
)
@click.option("--facility", help=_t("report.facility"))
@click.option("--with-claims", is_flag=True, help=_t("report.process_batch.claims"))
@report_options
def report_process_batch(
    month: str,
    until: str | None,
    location: str | None,
    product: str | None,
    per: str,
    facility: str | None,
    with_claims: bool,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Give what closed months paid."""
    from adjudicator.books.reports import process_batch_report
    from adjudicator.reporting.process_batch import By

    def make(books: Books) -> Report:
        months = _months(month, until, location)
        return process_batch_report(books, months, By(per), facility, product, with_claims)

    show(make, form, path, scheme, language)


@report.command("capitation", help=_t("report.capitation.help"), epilog=_t("report.capitation.example"))
@_closed_months
@report_options
def report_capitation(
    month: str,
    until: str | None,
    location: str | None,
    product: str | None,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Give what was paid by capitation."""
    from adjudicator.books.reports import capitation_report

    show(
        lambda books: capitation_report(books, _months(month, until, location), product),
        *(form, path, scheme, language),
    )


@report.command(
    "contributions", help=_t("report.contributions.help"), epilog=_t("report.contributions.example")
)
@_closed_months
@click.option(
    "--per",
    "level",
    type=click.Choice(("region", "district", "ward", "village")),
    default="region",
    show_default=True,
    help=_t("report.contributions.per"),
)
@report_options
def report_contributions(
    month: str,
    until: str | None,
    location: str | None,
    product: str | None,
    level: str,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Give the contributions of closed months."""
    from adjudicator.books.reports import contributions_report
    from adjudicator.vocabulary import LocationLevel

    def make(books: Books) -> Report:
        return contributions_report(books, _months(month, until, location), product, LocationLevel.of(level))

    show(make, form, path, scheme, language)


PAGES = ("html", "pdf")


@report.command("month", help=_t("report.month.help"), epilog=_t("report.month.example"))
@click.argument("month")
@click.option(
    "--format",
    "form",
    type=click.Choice((*PAGES, "table", "csv", "xlsx", "json", "parquet")),
    help=_t("report.month.format"),
)
@click.option("--out", "path", type=click.Path(path_type=Path, dir_okay=False), help=_t("report.out"))
@scheme_option
@language_option
def report_month(month: str, form: str | None, path: Path | None, scheme: Path, language: str) -> None:
    """Give a closed month on one page."""
    from adjudicator.books.books import open_books
    from adjudicator.books.closing.periods import month_given
    from adjudicator.books.reports import month_figures, month_report
    from adjudicator.files import replacing

    if form is None and path is not None and path.suffix.lower() in (".html", ".pdf"):
        form = path.suffix[1:].lower()
    if form not in PAGES:
        show(lambda books: month_report(books, month_given(month)), form, path, scheme, language)
        return
    if path is None and form == "pdf":
        raise click.UsageError(_t("report.needs_out", form=form))
    with told(language), open_books(scheme) as books:
        figures = month_figures(books, month_given(month))
        if form == "pdf":
            from adjudicator.presentation.month_paper import month_pdf

            content = month_pdf(books.settings, figures, language)
        else:
            from adjudicator.presentation.month_page import month_html

            content = month_html(books.settings, figures, language).encode()
        if path is None:
            click.echo(content.decode(), nl=False)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        click.echo(str(path), err=True)
