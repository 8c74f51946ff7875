"""The register of officers: who may act in the books."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adjudicator.officers.roles import Role
from adjudicator.words import text
from commands.books import DAY, person_option, scheme_option
from commands.shared import err, language_option, out, told
from commands.shared import t as _t

if TYPE_CHECKING:
    from adjudicator.officers.register import Officer


@click.group(help=_t("officer.help"), epilog=_t("officer.example"))
def officer() -> None:
    """Look after the officers of the books."""


_OUT = click.option("--out", "path", type=click.Path(path_type=Path, dir_okay=False), help=_t("officer.out"))


@contextmanager
def _handed_out(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Give what a key is handed out by: the output, where it stands alone, or a file for its owner.

    The file is made before there is a key, which would be lost with it; one that is there is left alone.
    """
    if path is None:
        yield click.echo
        return
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.BadParameter(_t("officer.out_is_there", path=str(path)), param_hint="--out") from None
    written: list[str] = []
    try:
        with os.fdopen(made, "w", encoding="utf-8") as file:

            def write(key: str) -> None:
                written.append(key)
                file.write(f"{key}\n")
                err().print(str(path), soft_wrap=True)

            yield write
    finally:
        if not written:
            path.unlink()


@officer.command("add", help=_t("officer.add.help"), epilog=_t("officer.add.example"))
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    required=True,
    help=_t("officer.role"),
)
@click.option("--since", type=DAY, help=_t("officer.since"))
@click.option("--until", type=DAY, help=_t("officer.until"))
@_OUT
@scheme_option
@person_option
@language_option
def officer_add(
    name: str,
    roles: tuple[str, ...],
    since: dt.datetime | None,
    until: dt.datetime | None,
    path: Path | None,
    scheme: Path,
    by: str | None,
    language: str,
) -> None:
    """Add an officer."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.officers.register import add_officer

    days = (since.date() if since else None, until.date() if until else None)
    with told(language), open_books(scheme) as books, _handed_out(path) as hand_out:
        added, key = add_officer(books, name, [Role(role) for role in roles], who(by), *days)
        _announce("added", added, language)
        hand_out(key)
    if added.given_by is None:
        err().print(text("cli.officer.first", language), style="yellow")


def _announce(what: str, officer: Officer, language: str) -> None:
    """Say whose key is handed out, and what is to be done with it."""
    err().print(text(f"cli.officer.{what}", language, officer=officer.name), style="green")
    whose = "own" if officer.given_by is None else "given"
    err().print(text(f"cli.officer.{whose}_key", language, officer=officer.name))


@officer.command("list", help=_t("officer.list.help"))
@scheme_option
@language_option
def officer_list(scheme: Path, language: str) -> None:
    """List the officers."""
    from adjudicator.books.books import open_books
    from adjudicator.books.officers.register import officers, today
    from adjudicator.presentation.officers import print_officers

    with told(language), open_books(scheme) as books:
        found = officers(books)
    print_officers(out(), found, today(), language)


@officer.command("roles", help=_t("officer.roles.help"))
@language_option
def officer_roles(language: str) -> None:
    """List the roles, and what each may do."""
    from adjudicator.presentation.officers import print_roles

    print_roles(out(), language)


@officer.command("renew", help=_t("officer.renew.help"), epilog=_t("officer.renew.example"))
@click.argument("name", required=False)
@_OUT
@scheme_option
@person_option
@language_option
def officer_renew(name: str | None, path: Path | None, scheme: Path, by: str | None, language: str) -> None:
    """Make another key."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.officers.register import renew_key

    with told(language), open_books(scheme) as books, _handed_out(path) as hand_out:
        renewed, key = renew_key(books, name or who(by), who(by))
        _announce("renewed", renewed, language)
        hand_out(key)


@officer.command("close", help=_t("officer.close.help"), epilog=_t("officer.close.example"))
@click.argument("name")
@scheme_option
@person_option
@language_option
def officer_close(name: str, scheme: Path, by: str | None, language: str) -> None:
    """Close an officer."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.officers.register import close_officer

    with told(language), open_books(scheme) as books:
        closed = close_officer(books, name, who(by))
    out().print(text("cli.officer.closed", language, officer=closed.name), style="green")
