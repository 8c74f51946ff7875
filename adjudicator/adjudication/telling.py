"""What explanations are made of: sentences, and the places of a product that they rest on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import starmap
from typing import Any

from adjudicator.adjudication.records import ClaimLine, Dated
from adjudicator.adjudication.reference import LineDecision
from adjudicator.problems import Place
from adjudicator.product.definition import Product
from adjudicator.product.read import ProductSource
from adjudicator.product.terms import Path
from adjudicator.units import OPEN_END, OPEN_START, date_of, times_quantity
from adjudicator.vocabulary import Kind
from adjudicator.words import Amount, Message, message

PlaceOf = Callable[[Product, Path], Place | None]
"""Tells where a product version says something; None where it was not read from a file."""


def places_in(sources: Iterable[ProductSource]) -> PlaceOf:
    """Make the function that finds places in the product files that were read."""
    by_version = {(source.definition.product, source.definition.valid.start): source for source in sources}

    def place_of(version: Product, path: Path) -> Place | None:
        source = by_version.get((version.product, version.valid.start))
        return source.place_of(path) if source else None

    return place_of


@dataclass(frozen=True)
class Term:
    """What a product version says, by its path in the product's words, and where it stands."""

    product: str
    path: str
    place: Place | None
    by_default: bool = False
    """Nobody says it: it is what silence means, and ``path`` is the coverage entry that is silent."""


@dataclass(frozen=True)
class Sentence:
    """One sentence, and the term that it rests on where there is one."""

    said: Message
    term: Term | None = None


@dataclass(frozen=True)
class Teller:
    """Knows how amounts, days, provisions and places of one scheme are put."""

    place_of: PlaceOf
    decimals: int
    currency: str
    names: Mapping[tuple[Kind, str], str] = field(default_factory=dict)

    def plain(self, minor: int) -> Amount:
        """Give an amount to be shown without its currency, where the sentence has named it."""
        return Amount(minor, self.decimals)

    def money(self, minor: int) -> Message:
        """Give an amount to be shown with its currency."""
        return message("explanation.money", currency=self.currency, amount=self.plain(minor))

    def term(self, version: Product, path: Path | None, silent: Path | None = None) -> Term | None:
        """Give the term at a path, or else, by default, at the coverage entry that says nothing of it."""
        here = path or silent
        if here is None:
            return None
        return Term(version.product, written(here), self.place_of(version, here), by_default=path is None)


def sentence(key: str, term: Term | None = None, /, **values: Any) -> Sentence:
    """Make a sentence of a key of the catalogue (without its room)."""
    return Sentence(message(f"explanation.{key}", **values), term)


def written(path: Path) -> str:
    """Write a path as people point at a place: keys with points, positions in brackets.

    >>> written(("coverage", 2, "cover", "adult"))
    'coverage[2].cover.adult'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def this(line: ClaimLine) -> Message:
    """Say "this service" or "this item"."""
    return message(f"explanation.this.{line.kind.word}")


def asked_of(line: LineDecision) -> int:
    """Give what a line asked (minor units)."""
    return times_quantity(line.line.price_asked, line.line.quantity)


def term_of(line: LineDecision, path: Path | None, teller: Teller) -> Term | None:
    """Give the term at a path of the version that pays a line; by default the entry that covers it."""
    assert line.version is not None
    return teller.term(line.version, path, line.facts["covered_path"][:2])


def given(value: int | None) -> int:
    """Give a value that is known to be there."""
    assert value is not None
    return value


def day(number: int | None) -> dt.date:
    """Give the date of a day that is known to have been given."""
    return date_of(given(number))


def period(start: int, end: int) -> Message:
    """Say a period; an open end is left out."""
    if start == OPEN_START and end == OPEN_END:
        return message("explanation.period.always")
    if end == OPEN_END:
        return message("explanation.period.from", start=date_of(start))
    if start == OPEN_START:
        return message("explanation.period.until", end=date_of(end))
    return message("explanation.period.between", start=date_of(start), end=date_of(end))


def periods(rows: Iterable[Dated]) -> Message:
    """Say when the rows of a register hold, in the order of time."""
    times = sorted({(row.valid_from, row.valid_to) for row in rows})
    return reduce(
        lambda first, second: message("explanation.and", first=first, second=second), starmap(period, times)
    )


def counted(key: str, number: int) -> Message:
    """Say a number of things."""
    return message(f"explanation.{key}", count=number)
