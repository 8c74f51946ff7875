"""Officers and their roles as tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import Console

from adjudicator.officers.register import Officer
from adjudicator.officers.roles import ACTS, Role
from adjudicator.presentation.tables import plain_table
from adjudicator.words import say, shown, text


def print_officers(console: Console, found: Sequence[Officer], day: dt.date, language: str) -> None:
    """List officers with how each stands on a day."""
    if not found:
        console.print(text("cli.officer.none", language), style="yellow", soft_wrap=True)
        return
    names = ("officer", "roles", "since", "until", "state")
    table = plain_table(*((text(f"cli.officer.column.{name}", language), False) for name in names))
    for one in found:
        until = str(shown(one.until, language)) if one.until else ""
        roles = str(shown([role.label for role in one.roles], language))
        style = "" if one.stands(day) else "dim"
        since = str(shown(one.since, language))
        table.add_row(one.name, roles, since, until, _state(one, day, language), style=style)
    console.print(table)


def _state(one: Officer, day: dt.date, language: str) -> str:
    if one.closed is not None:
        return text("cli.officer.state.closed", language)
    if one.since > day:
        return text("cli.officer.state.not_yet", language)
    if not one.stands(day):
        return text("cli.officer.state.ended", language)
    if one.given_by is not None:
        return text("cli.officer.state.given", language, by=one.given_by)
    return text("cli.officer.state.good", language)


def print_roles(console: Console, language: str) -> None:
    """List the roles with the commands that each may give."""
    table = plain_table(*((text(f"cli.officer.column.{name}", language), False) for name in ("role", "may")))
    for role in Role:
        acts = [act for act, roles in ACTS.items() if role in roles]
        table.add_row(f"{role.value}\n{say(role.label, language)}", ", ".join(acts))
    console.print(table)
