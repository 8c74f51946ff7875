"""Tokens and accesses as tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from adjudicator.books.submission.audit import Access
from adjudicator.books.submission.tokens import Token
from adjudicator.words import moment, shown, text


def print_tokens(console: Console, found: Sequence[Token], today: dt.date, language: str) -> None:
    """List tokens with what became of each."""
    if not found:
        console.print(text("cli.serve.token.none", language))
        return
    names = ("token", "facility", "note", "given", "expires", "state")
    table = _table(*(text(f"cli.serve.column.{name}", language) for name in names))
    for one in found:
        given = text("cli.serve.by", language, by=one.by, at=moment(one.at))
        expires = str(shown(one.expires, language)) if one.expires else ""
        style = "" if one.holds(today) else "dim"
        table.add_row(
            one.token, one.facility, one.note or "", given, expires, _state(one, today, language), style=style
        )
    console.print(table)


def _state(one: Token, today: dt.date, language: str) -> str:
    if one.revoked_at is not None:
        return text("cli.serve.state.revoked", language, by=one.revoked_by, at=moment(one.revoked_at))
    return text(f"cli.serve.state.{'good' if one.holds(today) else 'expired'}", language)


def print_accesses(console: Console, found: Sequence[Access], language: str) -> None:
    """List accesses, the last ones last."""
    if not found:
        console.print(text("cli.serve.audit.none", language))
        return
    names = ("at", "facility", "token", "what", "resource", "subject", "status", "request")
    table = _table(*(text(f"cli.serve.column.{name}", language) for name in names))
    for one in found:
        cells = (
            one.at,
            one.facility,
            one.token,
            one.what,
            one.resource,
            one.subject,
            one.status,
            one.request,
        )
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
