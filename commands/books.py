"""The books: making them, loading, deciding, checking."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from adjudicator.words import text
from commands.shared import (
    EXIT_DOES_NOT_ADD_UP,
    EXIT_FINDINGS,
    FOLDER,
    SOURCE,
    language_option,
    out,
    progress_shown,
    told,
)
from commands.shared import t as _t

SCHEME: Final = "ADJUDICATOR_SCHEME"
"""The environment variable that names the scheme's folder; else it is the present folder."""

Command = TypeVar("Command", bound=Callable[..., Any])


def scheme_option(command: Command) -> Command:
    """Add ``--scheme`` to a command."""
    option = click.option(
        "--scheme", type=FOLDER, default=Path(), envvar=SCHEME, show_default=False, help=_t("scheme.help")
    )
    return option(command)


class PersonOption(click.Option):
    """Who has a command done; by this class such commands are known."""


def person_option(command: Command) -> Command:
    """Add ``--by`` to a command: who has it done, proven before it begins where the books have officers.

    The command needs ``--scheme`` and ``--lang`` too; it is given the name as it is registered.
    """

    @wraps(command)
    def known(*arguments: Any, **given: Any) -> Any:
        from commands.identity import proven

        context = click.get_current_context()
        # A group with a command after it does nothing itself: that command proves its own.
        if context.invoked_subcommand is None:
            with told(given["language"]):
                given["by"] = proven(given["scheme"], given["by"], act_of(context), given["language"])
        return command(*arguments, **given)

    return cast("Command", click.option("--by", cls=PersonOption, help=_t("by.help"))(known))


def act_of(context: click.Context) -> str:
    """Give the words of a command after the program's name, as in ``payroll approve``."""
    names = [str(context.info_name)]
    while (parent := context.parent) is not None:
        context = parent
        names.append(str(context.info_name))
    return " ".join(reversed(names[:-1]))


def threads_option(command: Command) -> Command:
    """Add ``--threads`` to a command."""
    option = click.option(
        "--threads", type=click.IntRange(1, 64), default=min(2, os.cpu_count() or 1), help=_t("run.threads")
    )
    return option(command)


class _Day(click.DateTime):
    """A day, as 2026-01-31."""

    name = "day"

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show how a day is written."""
        return _t("day.metavar")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a day."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(_t("day.none", given=value), param, ctx)


DAY: Final = _Day()


def _day(given: dt.datetime | None) -> dt.date | None:
    return given.date() if given else None


@click.group(help=_t("db.help"))
def db() -> None:
    """Look after the database."""


@db.command("init", help=_t("db.init.help"))
@scheme_option
@person_option
@language_option
def db_init(scheme: Path, by: str | None, language: str) -> None:
    """Make the books of a scheme."""
    from adjudicator.books.books import make_books, who

    with told(language):
        database, made = make_books(scheme, who(by))
    key = "cli.db.init.done" if made else "cli.db.init.present"
    out().print(text(key, language, where=database.shown), soft_wrap=True)


@db.command("upgrade", help=_t("db.upgrade.help"))
@scheme_option
@person_option
@language_option
def db_upgrade(scheme: Path, by: str | None, language: str) -> None:
    """Bring older books to the tables of this engine."""
    from adjudicator.books.books import upgrade_books, who

    with told(language):
        before = upgrade_books(scheme, who(by))
    key = "cli.db.upgrade.current" if before.current else "cli.db.upgrade.done"
    out().print(text(key, language, present=before.present, wanted=before.wanted))


@db.command("status", help=_t("db.status.help"))
@scheme_option
@language_option
def db_status(scheme: Path, language: str) -> None:
    """Show the state of the books."""
    from adjudicator.books.status import status_of
    from adjudicator.presentation.books import print_status

    with told(language):
        status = status_of(scheme)
    print_status(out(), status, language)


@db.command("check", help=_t("db.check.help"))
@scheme_option
@language_option
def db_check(scheme: Path, language: str) -> None:
    """Check the database and its tables."""
    from adjudicator.books.status import check_database
    from adjudicator.words import say

    with told(language):
        found = check_database(scheme)
    for what in found:
        out().print(say(what, language), style="red", soft_wrap=True)
    if found:
        raise click.exceptions.Exit(EXIT_FINDINGS)
    out().print(text("books.check.well", language), style="green")


@click.group(help=_t("load.help"))
def load() -> None:
    """Load into the books."""


@load.command("registers", help=_t("load.registers.help"), epilog=_t("load.registers.example"))
@click.argument("folder", type=SOURCE)
@click.option("--changes", is_flag=True, help=_t("load.registers.changes"))
@click.option("--confirm", is_flag=True, help=_t("load.registers.confirm"))
@click.option("--examples", type=click.IntRange(0), default=3, help=_t("load.registers.examples"))
@click.option("--allow-removal", is_flag=True, help=_t("load.allow_removal"))
@scheme_option
@person_option
@language_option
def registers(
    folder: Path,
    changes: bool,
    confirm: bool,
    examples: int,
    allow_removal: bool,
    scheme: Path,
    by: str | None,
    language: str,
) -> None:
    """Load the registers of a folder, whole or as changes."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.register_changes import load_changes
    from adjudicator.books.registers import load_registers
    from adjudicator.presentation.books import print_registers_load
    from adjudicator.presentation.register_changes import print_changes

    if confirm and not changes:
        raise click.UsageError(_t("load.registers.only_changes", option="--confirm"))
    with told(language), open_books(scheme) as books:
        if changes:
            merged = load_changes(books, folder, who(by), confirm, allow_removal)
            print_changes(out(), merged, books.decimals, examples, language)
            return
        done = load_registers(books, folder, who(by), allow_removal)
    print_registers_load(out(), done, language)


@load.command("claims", help=_t("load.claims.help"))
@click.argument("sources", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True)
@scheme_option
@person_option
@language_option
def claims(sources: tuple[Path, ...], scheme: Path, by: str | None, language: str) -> None:
    """Load claims from folders or files."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.claims import load_claims
    from adjudicator.presentation.books import print_claims_load

    with told(language), open_books(scheme) as books:
        done = load_claims(books, sources, who(by))
        print_claims_load(out(), books, done, language)


@load.command("list", help=_t("load.list.help"))
@scheme_option
@language_option
def load_list(scheme: Path, language: str) -> None:
    """List what was loaded."""
    from adjudicator.books.books import open_books
    from adjudicator.presentation.books import print_loads
    from adjudicator.store.loads import all_loads

    with told(language), open_books(scheme) as books, books.database.reading() as connection:
        found = all_loads(connection)
    print_loads(out(), found, language)


@load.command("set-aside", help=_t("load.set_aside.help"))
@click.argument("number", type=click.IntRange(1))
@click.option("--out", "folder", type=click.Path(path_type=Path, file_okay=False), help=_t("load.out"))
@scheme_option
@language_option
def load_set_aside(number: int, folder: Path | None, scheme: Path, language: str) -> None:
    """Show what a load set aside, or write it out to be mended."""
    from adjudicator.books.books import open_books
    from adjudicator.books.set_aside import kept_list, write_kept
    from adjudicator.presentation.books import print_set_aside

    with told(language), open_books(scheme) as books:
        if folder is None:
            print_set_aside(out(), kept_list(books.database, number), language)
            return
        written = write_kept(books.database, number, folder)
        if not written:
            out().print(text("books.load.nothing_set_aside", language), style="green")
    for path in written:
        out().print(str(path), soft_wrap=True)


@click.command(help=_t("adjudicate.help"), epilog=_t("adjudicate.example"))
@click.option("--until", type=DAY, help=_t("adjudicate.until"))
@click.option("--dry-run", is_flag=True, help=_t("dry_run.help"))
@scheme_option
@person_option
@threads_option
@language_option
def adjudicate(
    until: dt.datetime | None, dry_run: bool, scheme: Path, by: str | None, threads: int, language: str
) -> None:
    """Decide the claims that wait."""
    from adjudicator.books.adjudication import adjudicate_books
    from adjudicator.books.books import open_books, who
    from adjudicator.presentation.books import print_outcome

    with told(language), open_books(scheme) as books:
        with progress_shown(language) as progress:
            done = adjudicate_books(books, who(by), _day(until), dry_run, threads, progress)
        print_outcome(out(), books, done, dry_run, language)


@click.command(help=_t("readjudicate.help"), epilog=_t("readjudicate.example"))
@click.option("--claims", "names", multiple=True, required=True, help=_t("readjudicate.claims"))
@click.option("--reason", required=True, help=_t("readjudicate.reason"))
@click.option("--dry-run", is_flag=True, help=_t("dry_run.help"))
@scheme_option
@person_option
@threads_option
@language_option
def readjudicate(
    names: tuple[str, ...],
    reason: str,
    dry_run: bool,
    scheme: Path,
    by: str | None,
    threads: int,
    language: str,
) -> None:
    """Decide claims again."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.readjudication import readjudicate as decide_again
    from adjudicator.presentation.books import print_readjudication

    with told(language), open_books(scheme) as books:
        with progress_shown(language) as progress:
            done = decide_again(books, who(by), names, reason, dry_run, threads, progress)
        print_readjudication(out(), books, done, dry_run, language)


@click.command(help=_t("verify.help"))
@click.argument("run", type=click.IntRange(1), required=False)
@scheme_option
@threads_option
@language_option
def verify(run: int | None, scheme: Path, threads: int, language: str) -> None:
    """Check the books."""
    from adjudicator.books.books import open_books
    from adjudicator.books.verification import verify as check
    from adjudicator.presentation.books import print_verification

    with told(language), open_books(scheme) as books, progress_shown(language) as progress:
        done = check(books, run, threads, progress)
    print_verification(out(), done, language)
    if any(not finding.adds_up for finding in done.findings):
        raise click.exceptions.Exit(EXIT_DOES_NOT_ADD_UP)
    if done.findings:
        raise click.exceptions.Exit(EXIT_FINDINGS)
