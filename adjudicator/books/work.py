"""What a run decides about, and how: the same whether it is booked, tried out, or repeated to be checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import AmountTooLarge, Decided, adjudicate
from adjudicator.adjudication.booking import Booker
from adjudicator.adjudication.opening import Opening
from adjudicator.adjudication.summary import Summary
from adjudicator.books.basis import Basis
from adjudicator.books.claims import Received
from adjudicator.books.flag_rows import flag_rows
from adjudicator.claims import Claims
from adjudicator.encoding import days
from adjudicator.registers import Facilities, Int8s, Int32s
from adjudicator.rulebook.looked import Looked
from adjudicator.rulebook.month import flag, reject
from adjudicator.rulebook.past import Past
from adjudicator.rulebook.read import CompiledRule
from adjudicator.units import NO_DATE

Int64s = npt.NDArray[np.int64]

LINES_OF_A_PARTITION = 131_072
"""About how many lines a partition has: what is lost, and done again, when a machine stops."""

HELD_FACILITY = "books.held_facility"
HELD_AMOUNT = "books.held_amount"
"""Why a claim is not decided but held: keys of the catalogue."""


@dataclass(frozen=True)
class Work:
    """All that decides what a run gives."""

    run: int
    basis: Basis
    received: Received
    """The claims that are decided."""
    versions: Int64s
    """(claims,): which version of the decision about each claim this is."""
    opening: Opening
    remembered: Int8s
    """(provisions,): 1 where accepted lines are kept for later runs to look back on."""
    rules: tuple[CompiledRule, ...] = ()
    look_back: tuple[Received, ...] = ()
    """Earlier claims that the rules look back on."""
    summary: Summary = field(default_factory=Summary)
    """What was decided, as far as the groups were taken."""

    def groups(self, threads: int = 1) -> Iterator[dict[str, pa.Table]]:
        """Decide, and give the rows of the ledger group by group, in order.

        Raises:
            AmountTooLarge: some claims' amounts cannot be counted; ``claims`` are rows received.
        """
        claims, past = self.encoded, self._past
        claims, rejections = reject(self.rules, self.basis.compiled, self.basis.tables, claims, past)
        booker = Booker(
            self.basis.compiled,
            claims,
            self.received.claim_ids,
            self.versions,
            self.run,
            self.basis.content_hashes,
            self.remembered,
        )
        kept: list[Decided] = []
        try:
            groups = adjudicate(self.basis.compiled, claims, self.opening, threads, LINES_OF_A_PARTITION)
            for decided in groups:
                self.summary.add(claims, decided)
                if self.rules:
                    kept.append(decided)
                yield booker.rows(decided)
        except AmountTooLarge as found:
            raise AmountTooLarge(claims.claim_row[found.claims].tolist()) from None
        self.summary.check()
        if self.rules:
            flagged = flag(
                self.rules,
                self.basis.compiled,
                self.basis.tables,
                claims,
                kept,
                past,
                threads,
                rejections.universe,
            )
            claim_ids = self.received.claim_ids[claims.claim_row]
            yield {"flags": flag_rows(self.run, [*rejections.fired, *flagged], claims, claim_ids)}

    @property
    def _past(self) -> Past | None:
        if not self.rules or not self.look_back:
            return None
        return past_of(self.basis, self.look_back, self.rules)

    @property
    def encoded(self) -> Claims:
        """The claims as the kernels take them."""
        return claims_room.encode(self.basis.compiled.registers, self.received.claims, self.received.lines)


def past_of(basis: Basis, earlier: Sequence[Received], rules: Sequence[CompiledRule]) -> Past:
    """Make ready what rules look at of earlier claims."""
    received = ((part.claims, part.lines) for part in earlier)
    return Past.of(basis.compiled, basis.tables, received, Looked.at_by(rules))


def people_of(received: Received) -> pa.Array:
    """Give the distinct codes of the people whose claims these are."""
    return pc.unique(received.claims["insuree"].combine_chunks())


def without_valid_facility(basis: Basis, received: Received) -> npt.NDArray[np.bool_]:
    """Tell of each claim whether its facility is unknown or not valid on the target date (law, 4.1)."""
    registers = basis.compiled.registers
    facility = registers.facility_keys.encode(received.claims["facility"])
    date_from, date_to = (days(received.claims[name]) for name in ("date_from", "date_to"))
    target = np.where(date_to != NO_DATE, date_to, date_from)
    # A claim without any date is rejected for that, whatever its facility.
    homeless: npt.NDArray[np.bool_] = (facility < 0) | (
        (target != NO_DATE) & ~_valid(registers.facilities, facility, target)
    )
    return homeless


def _valid(facilities: Facilities, facility: Int32s, day: Any) -> npt.NDArray[np.bool_]:
    known = facility >= 0
    first = facilities.first_row[np.where(known, facility, 0)]
    end = facilities.first_row[np.where(known, facility, 0) + 1]
    valid = np.zeros(len(facility), np.bool_)
    for version in range(int((end - first).max(initial=0))):
        row = np.minimum(first + version, len(facilities.valid_from) - 1)
        holds = (facilities.valid_from[row] <= day) & (day <= facilities.valid_to[row])
        valid |= known & (first + version < end) & holds
    return valid
