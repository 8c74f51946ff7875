"""By what facilities are known: tokens, given out once and kept as hashes."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.problems import Problem, Refused, refused
from adjudicator.store import journal
from adjudicator.store.journal import Act
from adjudicator.store.schema import FACILITY_TOKENS, JOURNAL, REGISTERS
from adjudicator.words import message

MARK: Final = "adj"
"""What a token begins with, so that one that was lost is known for what it is."""


@dataclass(frozen=True)
class Token:
    """A token, without its secret."""

    token: str
    """Its name; no secret."""
    facility: str
    note: str | None
    expires: dt.date | None
    by: str
    at: str
    revoked_by: str | None
    revoked_at: str | None

    def holds(self, today: dt.date) -> bool:
        """Tell whether it is good on a day."""
        return self.revoked_at is None and (self.expires is None or today <= self.expires)


def add_token(
    books: Books, facility: str, by: str, note: str | None = None, expires: dt.date | None = None
) -> tuple[str, str]:
    """Make a token for a facility.

    Returns:
        Its name, and the token itself, which is kept nowhere.

    Raises:
        Refused: there is no such facility.
    """
    name, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    with books.database.writing() as connection:
        table = REGISTERS["facilities"]
        query = sa.select(table.c.code).where(table.c.code == facility, table.c.until.is_(None)).limit(1)
        if connection.execute(query).first() is None:
            raise refused("serve.no_facility", facility=facility)
        content = {
            "token": name,
            "facility": facility,
            "note": note,
            "expires": expires.isoformat() if expires else None,
        }
        number = journal.append(connection, Act(by, "add token"), content)
        connection.execute(
            sa.insert(FACILITY_TOKENS).values(
                token=name, facility=facility, hash=_hash(secret), note=note, expires=expires, journal=number
            )
        )
    return name, f"{MARK}_{name}_{secret}"


def revoke_token(books: Books, token: str, by: str) -> Token:
    """Take a token back, for good.

    Raises:
        Refused: there is no such token, or it was taken back before.
    """
    with books.database.writing() as connection:
        found = _tokens(connection, FACILITY_TOKENS.c.token == token)
        if not found or found[0].revoked_at is not None:
            key = "serve.token_revoked" if found else "serve.no_token"
            raise Refused([Problem(message(key, token=token), remedy=message("serve.no_token.remedy"))])
        content = {"token": token, "facility": found[0].facility}
        number = journal.append(connection, Act(by, "revoke token"), content)
        change = sa.update(FACILITY_TOKENS).where(FACILITY_TOKENS.c.token == token).values(revoked=number)
        connection.execute(change)
        return _tokens(connection, FACILITY_TOKENS.c.token == token)[0]


def tokens(books: Books, facility: str | None = None) -> list[Token]:
    """List tokens, in the order in which they were given out."""
    chosen = FACILITY_TOKENS.c.facility == facility if facility is not None else sa.true()
    with books.database.reading() as connection:
        return _tokens(connection, chosen)


def bearer(books: Books, given: str, today: dt.date) -> Token | None:
    """Find whose token this is; None where it is none, or not good any more."""
    mark, _, rest = given.partition("_")
    name, _, secret = rest.partition("_")
    if mark != MARK or not secret or not given.isascii():
        return None
    with books.database.reading() as connection:
        query = sa.select(FACILITY_TOKENS.c.hash).where(FACILITY_TOKENS.c.token == name)
        kept = connection.execute(query).scalar()
        if kept is None or not hmac.compare_digest(str(kept), _hash(secret)):
            return None
        token = _tokens(connection, FACILITY_TOKENS.c.token == name)[0]
    return token if token.holds(today) else None


def _hash(secret: str) -> str:
    # A secret of 256 random bits needs no salt and no slow hash: nobody can guess one.
    return hashlib.sha256(secret.encode()).hexdigest()


def _tokens(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> list[Token]:
    given, taken = JOURNAL.alias("given"), JOURNAL.alias("taken")
    table = FACILITY_TOKENS
    query = (
        sa.select(
            table.c.token,
            table.c.facility,
            table.c.note,
            table.c.expires,
            given.c.by,
            given.c.at,
            taken.c.by.label("revoked_by"),
            taken.c.at.label("revoked_at"),
        )
        .join(given, given.c.number == table.c.journal)
        .outerjoin(taken, taken.c.number == table.c.revoked)
        .where(chosen)
        .order_by(table.c.journal)
    )
    return [Token(**row._mapping) for row in connection.execute(query)]
