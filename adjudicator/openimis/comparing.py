"""openIMIS's tables beside ours: where two folders or databases decide otherwise, in money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from adjudicator.openimis.differences import (
    LineDifference,
    Part,
    Totals,
    known_reason,
    largest_first,
    parts_of,
    totals_of,
)
from adjudicator.problems import refused
from adjudicator.vocabulary import Kind
from ingest.openimis.claims import Claims, bring_claims
from ingest.openimis.names import Brought, Names
from ingest.openimis.source import open_source
from ingest.openimis.theirs import Key, TheirClaim, TheirLine
from ingest.openimis.world import Remark, World

NEEDED: Final = (
    "tblClaim",
    "tblClaimItems",
    "tblClaimServices",
    "tblHF",
    "tblItems",
    "tblServices",
    "tblInsuree",
)
"""The tables without which claims cannot be told apart."""


@dataclass(frozen=True)
class Pairing:
    """Two sets of decided claims, compared."""

    claims: int
    alike: int
    theirs: int
    """What the claims in both are worth there, in minor units."""
    ours: int
    lines: tuple[LineDifference, ...]
    only_theirs: tuple[TheirClaim, ...]
    only_ours: tuple[TheirClaim, ...]
    unmatched: tuple[Key, ...]
    """Claims whose lines are not the same."""
    set_aside: tuple[tuple[str, Remark], ...] = ()
    """Rows that could not be read, each with the source that it is of."""
    totals: Totals = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.lines or self.only_theirs or self.only_ours or self.unmatched)


def compare_tables(theirs: str, ours: str, decimals: int) -> Pairing:
    """Compare the decided claims of two sources of openIMIS's tables.

    Args:
        theirs: a folder of CSV files or the URL of a database.
        ours: likewise.
        decimals: of the amounts.

    Raises:
        Refused: a source cannot be read, or lacks tables.
    """
    left, left_aside = _decided(theirs, decimals)
    right, right_aside = _decided(ours, decimals)
    both = sorted(set(left.theirs) & set(right.theirs))
    lines: list[LineDifference] = []
    unmatched: list[Key] = []
    alike = 0
    for key in both:
        one, other = left.theirs[key], right.theirs[key]
        pairs = _pairs(one, other)
        if pairs is None:
            unmatched.append(key)
            continue
        differing = [pair for a, b in pairs if (pair := _line(one, a, b, 10**decimals)) is not None]
        alike += not differing
        lines += differing
    return Pairing(
        len(both),
        alike,
        sum(left.theirs[key].valuated for key in both),
        sum(right.theirs[key].valuated for key in both),
        tuple(largest_first(lines)),
        tuple(left.theirs[key] for key in sorted(set(left.theirs) - set(right.theirs))),
        tuple(right.theirs[key] for key in sorted(set(right.theirs) - set(left.theirs))),
        tuple(unmatched),
        (*((theirs, one) for one in left_aside), *((ours, one) for one in right_aside)),
        totals_of(lines),
    )


def _decided(given: str, decimals: int) -> tuple[Claims, list[Remark]]:
    with open_source(given) as source:
        if missing := [name for name in NEEDED if name.lower() not in source.found]:
            raise refused("openimis.compare.missing", source=source.name, tables=missing)
        world = World(source)
        claims = bring_claims(world, Names(world), Brought(), decimals)
    return claims, world.set_aside


def _pairs(one: TheirClaim, other: TheirClaim) -> list[tuple[TheirLine, TheirLine]] | None:
    """Put the lines of a claim side by side: those of a provision, in their order; None where they differ."""

    def by_provision(claim: TheirClaim) -> Iterator[tuple[Kind, str, int, int, TheirLine]]:
        for line in claim.lines:
            yield line.kind, line.code, line.asked, line.line, line

    left = sorted(by_provision(one), key=lambda row: row[:4])
    right = sorted(by_provision(other), key=lambda row: row[:4])
    if [row[:3] for row in left] != [row[:3] for row in right]:
        return None
    return [(a[4], b[4]) for a, b in zip(left, right, strict=True)]


def _line(claim: TheirClaim, theirs: TheirLine, ours: TheirLine, unit: int) -> LineDifference | None:
    parts: list[Part] = []
    if theirs.accepted and ours.accepted:
        parts = [part for part in parts_of(theirs, ours, unit) if part.amount]
    elif ours.accepted:
        parts = [Part("rejected_there", ours.valuated, known_reason(theirs.reason))]
    elif theirs.accepted:
        parts = [Part("rejected_here", -theirs.valuated, known_reason(ours.reason))]
    elif theirs.reason != ours.reason:
        parts = [Part("other_reason", 0, known_reason(ours.reason))]
    if not parts:
        return None
    return LineDifference(
        claim.facility,
        claim.claim,
        theirs.line,
        theirs.kind,
        theirs.code,
        theirs.valuated,
        ours.valuated,
        tuple(parts),
    )
