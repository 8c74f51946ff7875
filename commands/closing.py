"""Closing months, statements for facilities, and payments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from commands.books import person_option, scheme_option
from commands.shared import language_option, out, told
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
@click.option("--commit", is_flag=True, help=_t("close.commit"))
@click.option("--confirm", is_flag=True, help=_t("close.confirm"))
@scheme_option
@person_option
@language_option
def close_month(
    month: str,
    location: str,
    dry_run: bool,
    commit: bool,
    confirm: bool,
    scheme: Path,
    by: str | None,
    language: str,
) -> None:
    """Show what closing a month comes to, or close it."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.closing import close as close_books
    from adjudicator.books.closings import month_given
    from adjudicator.presentation.closing import print_page

    if dry_run + commit + confirm > 1:
        raise click.UsageError(_t("close.one_of"))
    if (commit or confirm) and by is None:
        raise click.UsageError(_t("close.needs_by"))
    with told(language), open_books(scheme) as books:
        page = close_books(books, who(by), month_given(month), location, commit, confirm)
        print_page(out(), books, page, language)


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
    from adjudicator.books.closing import reopen
    from adjudicator.books.closings import month_given
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
    from adjudicator.books.closings import all_closings
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
    from adjudicator.books.closings import closing_of, month_given

    with told(language), open_books(scheme) as books, books.database.reading() as connection:
        found = closing_of(connection, month_given(month), location)
    click.echo(json.dumps(found.record, indent=2, ensure_ascii=False, sort_keys=True))
