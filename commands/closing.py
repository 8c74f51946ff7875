"""Closing months, statements for facilities, and payments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from commands.books import person_option, scheme_option
from commands.shared import EXIT_FINDINGS, handing_over, language_option, out, progress_shown, told
from commands.shared import t as _t


class _MonthOrCommand(click.Group):
    """A group whose commands are few; anything else is a month that is to be closed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *self.get_help_option_names(ctx)):
            args = ["month", *args]
        return super().parse_args(ctx, args)


def _location_option(command: Any) -> Any:
    return click.option("--location", default="", show_default=False, help=_t("close.location"))(command)


@click.group(cls=_MonthOrCommand, help=_t("close.help"), epilog=_t("close.example"))
def close() -> None:
    """Close months."""


@close.command("month", help=_t("close.month.help"))
@click.argument("month")
@_location_option
@click.option("--dry-run", is_flag=True, help=_t("close.dry_run"))
@click.option("--propose", is_flag=True, help=_t("close.propose"))
@click.option("--confirm", is_flag=True, help=_t("close.confirm"))
@scheme_option
@person_option
@language_option
def close_month(
    month: str,
    location: str,
    dry_run: bool,
    propose: bool,
    confirm: bool,
    scheme: Path,
    by: str | None,
    language: str,
) -> None:
    """Show what closing a month comes to, or close it."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.closing.close import close as close_books
    from adjudicator.books.closing.periods import month_given
    from adjudicator.books.submission.unasked import count_unasked
    from adjudicator.presentation.asking import print_not_asked
    from adjudicator.presentation.closing import print_page
    from adjudicator.remuneration.months import last_day, written_month
    from adjudicator.units import date_of

    if dry_run + propose + confirm > 1:
        raise click.UsageError(_t("close.one_of"))
    if (propose or confirm) and by is None:
        raise click.UsageError(_t("close.needs_by"))
    with told(language), open_books(scheme) as books:
        with progress_shown(language) as progress:
            page = close_books(books, who(by), month_given(month), location, propose, confirm, progress)
        with books.database.reading() as connection:
            not_asked = count_unasked(connection, end=date_of(last_day(month_given(month))))
        print_page(out(), books, page, language)
        print_not_asked(out(), not_asked, written_month(page.month), page.booked is not None, language)


@close.command("reopen", help=_t("close.reopen.help"))
@click.argument("month")
@_location_option
@click.option("--reason", required=True, help=_t("close.reason"))
@scheme_option
@person_option
@language_option
def close_reopen(month: str, location: str, reason: str, scheme: Path, by: str | None, language: str) -> None:
    """Reopen the last closed month."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.closing.periods import month_given
    from adjudicator.books.closing.reopening import reopen
    from adjudicator.presentation.closing import print_reopened

    if by is None:
        raise click.UsageError(_t("close.needs_by"))
    with told(language), open_books(scheme) as books:
        closing = reopen(books, who(by), month_given(month), location, reason)
        print_reopened(out(), books, closing, language)


@close.command("list", help=_t("close.list.help"))
@scheme_option
@language_option
def close_list(scheme: Path, language: str) -> None:
    """List closings."""
    from adjudicator.books.books import open_books
    from adjudicator.books.closing.periods import all_closings
    from adjudicator.presentation.closing import print_closings

    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            found = all_closings(connection)
        print_closings(out(), books, found, language)


@close.command("show", help=_t("close.show.help"))
@click.argument("month")
@_location_option
@scheme_option
@language_option
def close_show(month: str, location: str, scheme: Path, language: str) -> None:
    """Print the record of a closing."""
    from adjudicator.books.books import open_books
    from adjudicator.books.closing.periods import closing_of, month_given

    with told(language), open_books(scheme) as books, books.database.reading() as connection:
        found = closing_of(connection, month_given(month), location)
    click.echo(json.dumps(found.record, indent=2, ensure_ascii=False, sort_keys=True))


FORMATS = ("table", "csv", "xlsx", "json", "pdf")


@click.command(help=_t("statement.help"), epilog=_t("statement.example"))
@click.argument("names", metavar="[FACILITY] MONTH", nargs=-1, required=True)
@click.option("--all", "every", is_flag=True, help=_t("statement.all"))
@click.option("--format", "forms", type=click.Choice(FORMATS), multiple=True, help=_t("statement.format"))
@click.option("--out", "folder", type=click.Path(path_type=Path, file_okay=False), help=_t("statement.out"))
@_location_option
@scheme_option
@language_option
def statement(
    names: tuple[str, ...],
    every: bool,
    forms: tuple[str, ...],
    folder: Path | None,
    location: str,
    scheme: Path,
    language: str,
) -> None:
    """Write statements of facilities."""
    from adjudicator.books.books import open_books
    from adjudicator.books.closing.periods import month_given
    from adjudicator.books.closing.statements import as_report, statements
    from adjudicator.presentation.report_screen import print_report
    from adjudicator.presentation.statement import write_statements

    if len(names) != (1 if every else 2):
        raise click.UsageError(_t("statement.one_of"))
    on_screen = not forms or "table" in forms
    if folder is None and set(forms) - {"table"}:
        raise click.UsageError(_t("statement.needs_out"))
    with told(language), open_books(scheme) as books:
        with progress_shown(language) as progress:
            found = statements(
                books, month_given(names[-1]), location, None if every else names[:1], progress
            )
        if on_screen:
            for one in found:
                print_report(out(), as_report(books, one), language)
        files = [form for form in dict.fromkeys(forms) if form != "table"]
        if files:
            assert folder is not None
            with progress_shown(language) as progress:
                for path in write_statements(books, found, files, folder, language, progress=progress):
                    click.echo(str(path), err=True)


@click.group(help=_t("pay.help"), epilog=_t("pay.example"))
def pay() -> None:
    """Pay what closed months owe."""


@pay.command("list", help=_t("pay.list.help"))
@scheme_option
@language_option
def pay_list(scheme: Path, language: str) -> None:
    """List payments, and what is due."""
    from adjudicator.books.books import open_books
    from adjudicator.books.closing.payments import all_payments, due, last_month_due
    from adjudicator.books.submission.unasked import count_unasked
    from adjudicator.presentation.asking import print_not_asked
    from adjudicator.presentation.closing import print_payments
    from adjudicator.remuneration.months import last_day, written_month
    from adjudicator.units import date_of

    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            found, waiting = all_payments(connection), due(connection)
            month = last_month_due(connection, waiting)
            not_asked = 0 if month is None else count_unasked(connection, end=date_of(last_day(month)))
        print_payments(out(), books, found, waiting, language)
        if month is not None:
            print_not_asked(out(), not_asked, written_month(month), True, language)


@pay.command("export", help=_t("pay.export.help"))
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help=_t("pay.out")
)
@click.option("--copy", "number", type=click.IntRange(1), help=_t("pay.copy"))
@scheme_option
@person_option
@language_option
def pay_export(folder: Path, number: int | None, scheme: Path, by: str | None, language: str) -> None:
    """Hand over what is due, or a copy of what was handed over."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.closing.payments import export, payment_file
    from adjudicator.presentation.closing import print_export
    from adjudicator.presentation.payment_files import write_payment_file

    if number is None and by is None:
        raise click.UsageError(_t("close.needs_by"))
    with (
        told(language),
        open_books(scheme) as books,
        handing_over(folder, "adjudicator pay export") as booked,
    ):
        file = export(books, who(by)) if number is None else payment_file(books, number, copy=True)
        booked(file.file)
        for path in write_payment_file(books, file, folder):
            click.echo(str(path), err=True)
        print_export(out(), books, file, language)


@pay.command("reconcile", help=_t("pay.reconcile.help"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@scheme_option
@person_option
@language_option
def pay_reconcile(file: Path, scheme: Path, by: str | None, language: str) -> None:
    """Take in the payer's return file; ends with 1 where somebody must look at something."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.closing.returns import reconcile
    from adjudicator.presentation.closing import print_reconciliation

    if by is None:
        raise click.UsageError(_t("close.needs_by"))
    with told(language), open_books(scheme) as books:
        done = reconcile(books, who(by), file)
        print_reconciliation(out(), books, done, language)
    if done.findings:
        raise click.exceptions.Exit(EXIT_FINDINGS)
