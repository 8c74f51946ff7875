"""Policies: what families owe for them, and what was paid."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import click

from commands.books import DAY, scheme_option
from commands.reports import report_options, show
from commands.shared import language_option, out, told
from commands.shared import t as _t


@click.group(help=_t("policy.help"), epilog=_t("policy.example"))
def policy() -> None:
    """Look at policies."""


@policy.command("show", help=_t("policy.show.help"), epilog=_t("policy.show.example"))
@click.argument("name", metavar="FAMILY|POLICY")
@click.option("--date", "day", type=DAY, help=_t("policy.date"))
@click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", help=_t("explain.format")
)
@scheme_option
@language_option
def policy_show(name: str, day: dt.datetime | None, form: str, scheme: Path, language: str) -> None:
    """Say what is owed for a policy, or those of a family, what was paid, and what follows."""
    from adjudicator.books.books import open_books
    from adjudicator.books.policies import policy_accounts
    from adjudicator.presentation.policies import as_record, print_account

    on = day.date() if day else dt.date.today()
    with told(language), open_books(scheme) as books:
        found = policy_accounts(books, name, on)
    if form == "json":
        records = [as_record(one, books.decimals, books.settings.currency) for one in found]
        click.echo(json.dumps(records, indent=2, ensure_ascii=False))
        return
    for one in found:
        print_account(out(), books, one, on, language)


@policy.command("owed", help=_t("policy.owed.help"), epilog=_t("policy.owed.example"))
@click.option("--location", help=_t("policy.location"))
@click.option("--product", help=_t("policy.product"))
@click.option("--date", "day", type=DAY, help=_t("policy.date"))
@click.option("--all", "every", is_flag=True, help=_t("policy.all"))
@report_options
def policy_owed(
    location: str | None,
    product: str | None,
    day: dt.datetime | None,
    every: bool,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """List what families owe."""
    from adjudicator.books.policies import owed_report

    on = day.date() if day else dt.date.today()
    show(lambda books: owed_report(books, on, location, product, every), form, path, scheme, language)
