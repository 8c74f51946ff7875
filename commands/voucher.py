"""Vouchers: issued, used, claimed by facilities, and put on a list to be paid."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from commands.books import DAY, person_option, scheme_option
from commands.payroll import needs_by
from commands.shared import EXIT_FINDINGS, language_option, out, told
from commands.shared import t as _t


@click.group(help=_t("voucher.help"), epilog=_t("voucher.example"))
def voucher() -> None:
    """Give vouchers, and pay for them."""


def _view(books: Any, language: str) -> Any:
    from adjudicator.presentation.vouchers import VoucherView

    return VoucherView(out(), books, language)


def _today(given: dt.datetime | None) -> dt.date:
    return given.date() if given else dt.date.today()


_DATE = click.option("--date", "day", type=DAY, help=_t("voucher.date"))


@voucher.command("issue", help=_t("voucher.issue.help"), epilog=_t("voucher.issue.example"))
@click.argument("woman", metavar="INSUREE")
@click.option("--plan", required=True, help=_t("voucher.plan"))
@_DATE
@scheme_option
@person_option
@language_option
def voucher_issue(
    woman: str, plan: str, day: dt.datetime | None, scheme: Path, by: str | None, language: str
) -> None:
    """Give a woman the vouchers of a plan."""
    from adjudicator.books.benefits.vouchers import issue
    from adjudicator.books.books import open_books

    person = needs_by(by)
    with told(language), open_books(scheme) as books:
        _view(books, language).issued(issue(books, person, woman, plan, _today(day)))


@voucher.command("use", help=_t("voucher.use.help"), epilog=_t("voucher.use.example"))
@click.argument("number")
@click.option("--facility", required=True, help=_t("voucher.facility"))
@_DATE
@click.option("--claim", help=_t("voucher.claim_number"))
@scheme_option
@person_option
@language_option
def voucher_use(
    number: str,
    facility: str,
    day: dt.datetime | None,
    claim: str | None,
    scheme: Path,
    by: str | None,
    language: str,
) -> None:
    """Take a voucher at a facility."""
    from adjudicator.books.benefits.vouchers import use
    from adjudicator.books.books import open_books

    person = needs_by(by)
    with told(language), open_books(scheme) as books:
        _view(books, language).used(use(books, person, number, facility, _today(day), claim))


@voucher.command("cancel", help=_t("voucher.cancel.help"))
@click.argument("number")
@click.option("--all", "whole", is_flag=True, help=_t("voucher.all"))
@click.option("--reason", required=True, help=_t("close.reason"))
@scheme_option
@person_option
@language_option
def voucher_cancel(
    number: str, whole: bool, reason: str, scheme: Path, by: str | None, language: str
) -> None:
    """Cancel a voucher, or all that were issued with it."""
    from adjudicator.books.benefits.vouchers import cancel
    from adjudicator.books.books import open_books

    person = needs_by(by)
    with told(language), open_books(scheme) as books:
        _view(books, language).cancelled_vouchers(cancel(books, person, number, reason, whole))


@voucher.command("show", help=_t("voucher.show.help"))
@click.argument("number")
@scheme_option
@language_option
def voucher_show(number: str, scheme: Path, language: str) -> None:
    """Show a voucher."""
    from adjudicator.books.benefits.vouchers import acts_of, voucher_of
    from adjudicator.books.books import open_books

    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            found = voucher_of(connection, number)
            acts = acts_of(connection, found)
        _view(books, language).voucher(found, acts, dt.date.today())


STATES = ("open", "expired", "used", "claimed", "listed", "paid", "cancelled")


@voucher.command("list", help=_t("voucher.list.help"))
@click.option("--insuree", help=_t("voucher.of_insuree"))
@click.option("--facility", help=_t("voucher.at_facility"))
@click.option("--state", type=click.Choice(STATES), help=_t("voucher.of_state"))
@scheme_option
@language_option
def voucher_list(
    insuree: str | None, facility: str | None, state: str | None, scheme: Path, language: str
) -> None:
    """List vouchers."""
    from adjudicator.books.benefits.vouchers import vouchers
    from adjudicator.books.books import open_books
    from adjudicator.store.schema import VOUCHER_ENDS, VOUCHER_ISSUES

    wanted = [VOUCHER_ISSUES.c.insuree == insuree] if insuree else []
    wanted += [VOUCHER_ENDS.c.facility == facility] if facility else []
    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            found = vouchers(connection, *wanted)
        today = dt.date.today()
        listed = [one for one in found if state in (None, one.state(today))]
        _view(books, language).vouchers(listed, today)


@voucher.command("claim", help=_t("voucher.claim.help"), epilog=_t("voucher.claim.example"))
@click.argument("facility")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@scheme_option
@person_option
@language_option
def voucher_claim(facility: str, file: Path, scheme: Path, by: str | None, language: str) -> None:
    """Take in the vouchers that a facility claims; ends with 1 where it must be told something."""
    from adjudicator.books.benefits.voucher_claims import claim
    from adjudicator.books.books import open_books

    person = needs_by(by)
    with told(language), open_books(scheme) as books:
        done = claim(books, person, facility, file)
        _view(books, language).claimed(done)
    if done.findings:
        raise click.exceptions.Exit(EXIT_FINDINGS)


@voucher.command("pay", help=_t("voucher.pay.help"), epilog=_t("voucher.pay.example"))
@click.argument("plan")
@click.option("--dry-run", is_flag=True, help=_t("close.dry_run"))
@click.option("--confirm", is_flag=True, help=_t("payroll.confirm"))
@scheme_option
@person_option
@language_option
def voucher_pay(plan: str, dry_run: bool, confirm: bool, scheme: Path, by: str | None, language: str) -> None:
    """Show what facilities are owed for vouchers, or put it on a list."""
    from adjudicator.books.benefits.voucher_claims import pay
    from adjudicator.books.books import open_books, who

    if dry_run and confirm:
        raise click.UsageError(_t("payroll.one_of"))
    if confirm:
        needs_by(by)
    with told(language), open_books(scheme) as books:
        _view(books, language).due(pay(books, who(by), plan, confirm))
