"""Cash transfers: lists of families are made, approved, handed over, reconciled and traced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adjudicator.words import text
from commands.books import person_option, scheme_option
from commands.shared import EXIT_FINDINGS, fail, handing_over, language_option, out, told
from commands.shared import t as _t


@click.group(help=_t("payroll.help"), epilog=_t("payroll.example"))
def payroll() -> None:
    """Pay families."""


def needs_by(by: str | None) -> str:
    """Make sure that somebody is named: it stays in the books."""
    if by is None:
        raise click.UsageError(_t("close.needs_by"))
    return by


def view(books: Any, language: str) -> Any:
    """Give the face that lists are shown with."""
    from adjudicator.presentation.benefits import BenefitView

    return BenefitView(out(), books, language)


@payroll.command("check", help=_t("payroll.check.help"), epilog=_t("payroll.check.example"))
@click.argument("path", type=click.Path(path_type=Path, exists=True), default=Path())
@language_option
def payroll_check(path: Path, language: str) -> None:
    """Check the plans of a scheme, a folder or a file, and try their examples."""
    from adjudicator.benefits.examples import try_examples
    from adjudicator.benefits.read import read_plan, read_plans
    from adjudicator.books.benefits.plans import FOLDER
    from adjudicator.scheme import SETTINGS, read_settings

    folder = path if path.is_dir() else path.parent
    decimals, adult_age = 2, 18
    with told(language):
        for around in (folder, *folder.resolve().parents):
            if (around / SETTINGS).is_file():
                settings = read_settings(around)
                decimals, adult_age = settings.decimals, settings.adult_age
                break
        if path.is_dir() and (path / SETTINGS).is_file():
            path = path / FOLDER
        found = (
            [read_plan(path, decimals, adult_age)]
            if path.is_file()
            else read_plans(path, decimals, adult_age)
        )
        tried = [try_examples(plan) for plan in found]
    if problems := [problem for one in tried for problem in one.problems]:
        fail(problems, language)
    examples = sum(one.examples for one in tried)
    out().print(text("benefits.checked", language, plans=len(tried), examples=examples), style="green")
    if not tried:
        out().print(text("benefits.no_plans.remedy", language), soft_wrap=True)
        raise click.exceptions.Exit(EXIT_FINDINGS)


@payroll.command("plans", help=_t("payroll.plans.help"))
@scheme_option
@language_option
def payroll_plans(scheme: Path, language: str) -> None:
    """List the plans of a scheme."""
    from adjudicator.books.benefits.plans import present_plans
    from adjudicator.books.books import open_books

    with told(language), open_books(scheme) as books:
        view(books, language).plans(present_plans(books))


@payroll.command("fields", help=_t("payroll.fields.help"))
@language_option
def payroll_fields(language: str) -> None:
    """List what plans can speak of."""
    from adjudicator.presentation.benefits import print_fields

    print_fields(out(), language)


@payroll.command("make", help=_t("payroll.make.help"), epilog=_t("payroll.make.example"))
@click.argument("plan")
@click.argument("cycle")
@click.option("--dry-run", is_flag=True, help=_t("close.dry_run"))
@click.option("--confirm", is_flag=True, help=_t("payroll.confirm"))
@scheme_option
@person_option
@language_option
def payroll_make(
    plan: str, cycle: str, dry_run: bool, confirm: bool, scheme: Path, by: str | None, language: str
) -> None:
    """Show who a plan pays for a cycle, or make the list."""
    from adjudicator.books.benefits.payrolls import make
    from adjudicator.books.books import open_books, who

    if dry_run and confirm:
        raise click.UsageError(_t("payroll.one_of"))
    if confirm:
        needs_by(by)
    with told(language), open_books(scheme) as books:
        view(books, language).proposal(make(books, who(by), plan, cycle, confirm))


@payroll.command("list", help=_t("payroll.list.help"))
@scheme_option
@language_option
def payroll_list(scheme: Path, language: str) -> None:
    """List lists."""
    from adjudicator.books.benefits.payrolls import all_payrolls
    from adjudicator.books.books import open_books

    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            found = all_payrolls(connection)
        view(books, language).payrolls(found)


_NUMBER = click.argument("number", type=click.IntRange(1))


@payroll.command("show", help=_t("payroll.show.help"), epilog=_t("payroll.show.example"))
@_NUMBER
@click.option(
    "--format", "form", type=click.Choice(("table", "csv")), default="table", help=_t("payroll.form")
)
@scheme_option
@language_option
def payroll_show(number: int, form: str, scheme: Path, language: str) -> None:
    """Show a list."""
    from adjudicator.books.benefits.handing import files_of
    from adjudicator.books.benefits.payrolls import payroll_of, rows_of
    from adjudicator.books.books import open_books
    from adjudicator.presentation.benefits import payroll_csv

    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            found, rows = payroll_of(connection, number), rows_of(connection, number)
            files = files_of(connection, number)
        if form == "csv":
            click.echo(payroll_csv(books, found, rows), nl=False)
        else:
            view(books, language).payroll(found, rows, files)


@payroll.command("approve", help=_t("payroll.approve.help"), epilog=_t("payroll.approve.example"))
@_NUMBER
@scheme_option
@person_option
@language_option
def payroll_approve(number: int, scheme: Path, by: str | None, language: str) -> None:
    """Approve a list."""
    from adjudicator.books.benefits.payrolls import approve
    from adjudicator.books.books import open_books

    person = needs_by(by)
    with told(language), open_books(scheme) as books:
        view(books, language).approved(approve(books, person, number))


@payroll.command("cancel", help=_t("payroll.cancel.help"), epilog=_t("payroll.cancel.example"))
@_NUMBER
@click.option("--reason", required=True, help=_t("close.reason"))
@scheme_option
@person_option
@language_option
def payroll_cancel(number: int, reason: str, scheme: Path, by: str | None, language: str) -> None:
    """Cancel a list."""
    from adjudicator.books.benefits.payrolls import cancel
    from adjudicator.books.books import open_books

    person = needs_by(by)
    with told(language), open_books(scheme) as books:
        view(books, language).cancelled(cancel(books, person, number, reason))


@payroll.command("export", help=_t("payroll.export.help"), epilog=_t("payroll.export.example"))
@click.argument("number", type=click.IntRange(1), required=False)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help=_t("pay.out")
)
@click.option("--copy", "file", type=click.IntRange(1), help=_t("payroll.copy"))
@scheme_option
@person_option
@language_option
def payroll_export(
    number: int | None, folder: Path, file: int | None, scheme: Path, by: str | None, language: str
) -> None:
    """Hand over a list, what failed of it, or a copy of what was handed over."""
    from adjudicator.books.benefits.handing import benefit_file, export
    from adjudicator.books.books import open_books
    from adjudicator.presentation.benefit_files import write_benefit_file

    if (number is None) == (file is None):
        raise click.UsageError(_t("payroll.number_or_copy"))
    person = needs_by(by) if number is not None else ""
    over = handing_over(folder, "adjudicator payroll export")
    with told(language), open_books(scheme) as books, over as booked:
        if number is not None:
            handed = export(books, person, number)
        else:
            assert file is not None
            handed = benefit_file(books, file, copy=True)
        booked(handed.file)
        for path in write_benefit_file(books, handed, folder):
            click.echo(str(path), err=True)
        view(books, language).exported(handed, books.settings.closing.payer is None)


@payroll.command("reconcile", help=_t("payroll.reconcile.help"), epilog=_t("payroll.reconcile.example"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@scheme_option
@person_option
@language_option
def payroll_reconcile(file: Path, scheme: Path, by: str | None, language: str) -> None:
    """Take in the payer's return file; ends with 1 where somebody must look at something."""
    from adjudicator.books.benefits.returns import reconcile
    from adjudicator.books.books import open_books

    person = needs_by(by)
    with told(language), open_books(scheme) as books:
        done = reconcile(books, person, file)
        view(books, language).reconciled(done)
    if done.findings:
        raise click.exceptions.Exit(EXIT_FINDINGS)


@payroll.command("trace", help=_t("payroll.trace.help"), epilog=_t("payroll.trace.example"))
@click.argument("asked", metavar="FAMILY|NUMBER")
@scheme_option
@language_option
def payroll_trace(asked: str, scheme: Path, language: str) -> None:
    """Trace a family or a payment."""
    from adjudicator.books.benefits.tracing import trace
    from adjudicator.books.books import open_books

    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            found = trace(connection, asked)
        view(books, language).traces(found)


@payroll.command("why", help=_t("payroll.why.help"), epilog=_t("payroll.why.example"))
@click.argument("plan")
@click.argument("cycle")
@click.argument("family")
@scheme_option
@language_option
def payroll_why(plan: str, cycle: str, family: str, scheme: Path, language: str) -> None:
    """Say why a family receives what it receives, or nothing."""
    from adjudicator.books.benefits.why import why
    from adjudicator.books.books import open_books

    with told(language), open_books(scheme) as books:
        view(books, language).why(why(books, plan, cycle, family))
