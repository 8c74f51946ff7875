"""What every report of the books says of itself, and what it is asked for that is not there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.problems import Problem, Refused, refused
from adjudicator.product.meant import NEAR_CODE, nearest
from adjudicator.product.read import read_products
from adjudicator.reporting.report import Parameter, Part, Report
from adjudicator.store.schema import JOURNAL, REGISTERS, RUNS
from adjudicator.words import message

_SOME: Final = 8
"""How many codes are named where none is near."""

_ONE_OF: Final = {"facilities": "facility", "locations": "location"}


def report_of(
    books: Books,
    connection: sa.Connection,
    name: str,
    parameters: Sequence[Parameter],
    parts: tuple[Part, ...],
) -> Report:
    """Make a report: with the scheme, what was asked for, and the state of the books that it is from."""
    settings = books.settings
    about = [
        Parameter("scheme", settings.scheme),
        Parameter("currency", settings.currency),
        *parameters,
        *state_of(connection),
    ]
    return Report(name, tuple(about), parts, books.decimals)


def state_of(connection: sa.Connection) -> list[Parameter]:
    """Name the state of the books: the last run, and the last entry of the journal."""
    query = sa.select(RUNS.c.run, RUNS.c.name).order_by(RUNS.c.run.desc()).limit(1)
    run = connection.execute(query).first()
    entry = connection.execute(
        sa.select(JOURNAL.c.number, JOURNAL.c.hash).order_by(JOURNAL.c.number.desc()).limit(1)
    ).first()
    said: list[Parameter] = []
    if run is None:
        said.append(Parameter("last_run", message("reporting.no_run")))
    else:
        said.append(Parameter("last_run", f"{run.run} ({run.name})"))
    if entry is not None:
        said += [Parameter("journal", entry.number), Parameter("journal_hash", entry.hash)]
    return said


def check_code(connection: sa.Connection, register: str, code: str | None) -> None:
    """Make sure that a register has a code, or ever had it.

    Raises:
        Refused: it never had it.
    """
    if code is None:
        return
    known = set(connection.execute(sa.select(REGISTERS[register].c.code).distinct()).scalars())
    if code not in known:
        raise unknown(_ONE_OF[register], code, sorted(known))


def check_product(books: Books, code: str | None) -> None:
    """Make sure that the scheme has a product.

    Raises:
        Refused: it has none of that code.
    """
    if code is None:
        return
    sources = read_products(books.folder / books.settings.products, books.decimals)
    known = sorted({source.definition.product for source in sources})
    if code not in known:
        raise unknown("product", code, known)


def check_period(start: dt.date | None, end: dt.date | None) -> None:
    """Make sure that a period does not end before it begins; None is open.

    Raises:
        Refused: it does.
    """
    if start is not None and end is not None and end < start:
        raise refused("reporting.period_reversed", start=start, end=end)


def unknown(what: str, code: str, known: Sequence[str]) -> Refused:
    """Say that there is nothing of a code, and what is nearest to it.

    Args:
        what: the key of what is said, ``reporting.unknown_<what>``.
        code: as it was given.
        known: the codes that there are.
    """
    near = nearest(code, known, NEAR_CODE)
    if near:
        remedy = message("reporting.did_you_mean", near=near)
    elif known:
        some = [*known[:_SOME], *("…" for _ in known[_SOME : _SOME + 1])]
        remedy = message("reporting.there_are", codes=some)
    else:
        remedy = message("reporting.there_are_none")
    return Refused([Problem(message(f"reporting.unknown_{what}", code=code), remedy=remedy)])
