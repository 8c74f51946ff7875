"""Where our amounts differ from what openIMIS had valuated, by how much, and why.

The difference of a line is cut into parts that add up to it: what comes from the price, the quantity, the
limitation, the deductible, the ceilings. Where openIMIS is known to count otherwise than its own manual
says, the cause is called by that name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import AmountTooLarge as TooLarge
from adjudicator.adjudication.adjudicate import adjudicate
from adjudicator.adjudication.decisions import Tabulator
from adjudicator.adjudication.explanation import explain
from adjudicator.adjudication.reference import AmountTooLarge
from adjudicator.adjudication.telling import places_in
from adjudicator.adjudication.trace import retrace
from adjudicator.run import Inputs, open_inputs
from adjudicator.units import times_quantity
from adjudicator.vocabulary import ClaimStatus, Cut, Kind, LineStatus, Reason
from adjudicator.words import Message, message
from ingest.openimis.theirs import Key, TheirClaim, TheirLine
from ingest.tables import ClaimsReading, read_claims

MOST_EXPLAINED: Final = 200
"""Claims that are explained step by step; the others have their cause all the same."""

Row = dict[str, Any]


REJECTIONS: Final = ("rejected_here", "rejected_there", "other_reason")
"""Causes that come with the code of a rejection, where it has one that is known here."""


@dataclass(frozen=True)
class Part:
    """A part of a difference: its cause, and how much more (or less) we pay for it, in minor units."""

    cause: str
    """A key of the catalogue under ``openimis.cause``."""
    amount: int
    reason: Reason | None = None
    """The rejection that it comes from."""

    @property
    def said(self) -> Message:
        """The cause in words."""
        if self.reason is None:
            unknown = "_unknown" if self.cause in REJECTIONS else ""
            return message(f"openimis.cause.{self.cause}{unknown}")
        return message(f"openimis.cause.{self.cause}", code=int(self.reason), reason=self.reason)


@dataclass(frozen=True)
class LineDifference:
    """A line of a claim that came out otherwise. Amounts are minor units."""

    facility: str
    claim: str
    line: int
    kind: Kind
    code: str
    theirs: int
    ours: int
    their_reason: int
    our_reason: int
    parts: tuple[Part, ...]
    about_claim: tuple[Message, ...] = ()
    """How the decision about the whole claim came about here, where it was explained."""
    sentences: tuple[Message, ...] = ()
    """How ours came about, where the claim was explained."""

    @property
    def difference(self) -> int:
        """How much more we pay."""
        return self.ours - self.theirs


@dataclass(frozen=True)
class Comparison:
    """All claims that openIMIS had decided, decided again here."""

    claims: int
    alike: int
    """Claims that came out the same in status and amount."""
    theirs: int
    ours: int
    lines: tuple[LineDifference, ...]
    """Lines that came out otherwise, the largest difference first."""
    not_compared: tuple[Key, ...] = ()
    """Claims that were set aside when they were decided here."""
    totals: Mapping[tuple[str, Reason | None], tuple[int, int]] = field(default_factory=dict)
    """By cause: in how many lines, and how much more we pay."""


def compare(scheme: Path, claims_folder: Path, theirs: Mapping[Key, TheirClaim]) -> Comparison:
    """Decide claims that openIMIS had decided, from nothing and in its order, and compare.

    Args:
        scheme: the scheme's folder.
        claims_folder: the tables of the claims.
        theirs: what openIMIS decided, by facility and number.

    Raises:
        Refused: the scheme or its claims cannot be used.
    """
    inputs = open_inputs(scheme)
    reading = read_claims(
        [claims_folder], inputs.scheme.settings.decimals, inputs.registers.tables["facilities"]
    )
    claims, lines = _decided(inputs, reading)
    cover, unit = _Cover(inputs), 10**inputs.scheme.settings.decimals
    found: list[LineDifference] = []
    alike = 0
    compared = [key for key in theirs if key in claims]
    for key in sorted(compared):
        claim, differing = theirs[key], []
        for line in claim.lines:
            ours = lines[key][line.line]
            if (one := _difference(claim, line, ours, cover, unit)) is not None:
                differing.append(one)
        same_status = (claim.status is ClaimStatus.REJECTED) == (
            claims[key]["status"] == ClaimStatus.REJECTED
        )
        alike += not differing and same_status
        found += differing
    found.sort(key=lambda one: (-abs(one.difference), one.facility, one.claim, one.line))
    totals: dict[tuple[str, Reason | None], list[int]] = defaultdict(lambda: [0, 0])
    for one in found:
        for part in one.parts:
            totals[part.cause, part.reason][0] += 1
            totals[part.cause, part.reason][1] += part.amount
    return Comparison(
        len(compared),
        alike,
        sum(theirs[key].valuated for key in compared),
        sum(claims[key]["valuated"] for key in compared),
        tuple(_explained(found, inputs, reading.claims, reading.lines)),
        tuple(sorted(set(theirs) - set(claims))),
        {
            key: (count, amount)
            for key, (count, amount) in sorted(totals.items(), key=lambda one: (one[0][0], one[0][1] or 0))
        },
    )


def _decided(inputs: Inputs, reading: ClaimsReading) -> tuple[dict[Key, Row], dict[Key, dict[int, Row]]]:
    """Decide claims; those with amounts that cannot be counted are left out."""
    while True:
        encoded = claims_room.encode(inputs.compiled.registers, reading.claims, reading.lines)
        tabulator = Tabulator(inputs.compiled, encoded, "openimis")
        claims: dict[Key, Row] = {}
        lines: dict[Key, dict[int, Row]] = defaultdict(dict)
        try:
            for group in adjudicate(inputs.compiled, encoded, inputs.opening):
                for row in tabulator.claim_decisions(group).to_pylist():
                    claims[row["facility"], row["claim"]] = row
                for row in tabulator.line_decisions(group).to_pylist():
                    lines[row["facility"], row["claim"]][row["line"]] = row
        except TooLarge as found:
            reading = reading.without(encoded.claim_row[found.claims], message("run.amount_too_large"))
        else:
            return claims, lines


def _difference(
    claim: TheirClaim, theirs: TheirLine, ours: Row, cover: _Cover, unit: int
) -> LineDifference | None:
    accepted = ours["status"] == LineStatus.ACCEPTED
    our_reason = ours["reason"] or 0
    parts: list[Part] = []
    if accepted and theirs.accepted:
        if claim.status is ClaimStatus.PROCESSED:
            return None
        parts = [part for part in parts_of(theirs, _ours(ours), unit) if part.amount]
    elif accepted:
        parts = [Part("rejected_there", ours["valuated"], known_reason(theirs.reason))]
    elif theirs.accepted:
        cause = cover.why_not(theirs, Reason(our_reason))
        parts = [Part(cause, -theirs.valuated, Reason(our_reason) if cause == "rejected_here" else None)]
    elif our_reason != theirs.reason:
        parts = [Part("other_reason", 0, Reason(our_reason))]
    if not parts:
        return None
    return LineDifference(
        claim.facility,
        claim.claim,
        theirs.line,
        theirs.kind,
        theirs.code,
        theirs.valuated,
        ours["valuated"],
        theirs.reason,
        our_reason,
        tuple(parts),
    )


def known_reason(code: int) -> Reason | None:
    """Give the reason of a code; None for none, or for one that is not known here."""
    try:
        return Reason(code) or None
    except ValueError:
        return None


class Valued(Protocol):
    """A line with its amounts, in minor units."""

    @property
    def unit_price(self) -> int:
        """What a unit is valued at."""

    @property
    def gross(self) -> int:
        """Quantity × unit price."""

    @property
    def cuts(self) -> Mapping[Cut, int]:
        """What is taken off."""

    @property
    def valuated(self) -> int:
        """What is left."""


@dataclass(frozen=True)
class _Ours:
    """A line as it was decided here."""

    unit_price: int
    gross: int
    cuts: Mapping[Cut, int]
    valuated: int


def _ours(row: Row) -> _Ours:
    return _Ours(row["unit_price"], row["gross"], {cut: row[cut.word] for cut in Cut}, row["valuated"])


def parts_of(theirs: TheirLine, ours: Valued, unit: int) -> Iterator[Part]:
    """Cut the difference of a line that both accepted into parts that add up to it.

    Args:
        theirs: the line as openIMIS decided it.
        ours: the line as it is decided here.
        unit: minor units of a whole unit of the currency; openIMIS cuts amounts down to whole ones.
    """
    price = times_quantity(ours.unit_price, theirs.quantity) - theirs.gross
    yield Part("price", price)
    if theirs.quantity == 0 and theirs.valuated:
        # All that openIMIS paid, it paid for a quantity that its officer had brought down to nothing.
        yield Part("approved_zero_ignored", ours.valuated - theirs.valuated - price)
        return
    yield Part("quantity", ours.gross - theirs.gross - price)
    # openIMIS keeps no share of the patient, and most versions nothing that the ceiling of a category cut.
    by_category = Cut.CATEGORY_EXCESS if theirs.cuts[Cut.CATEGORY_EXCESS] == 0 else None
    rest = [cut for cut in Cut if cut in (Cut.LIMIT_EXCESS, Cut.CO_INSURANCE, by_category)]
    yield from _rest(theirs, sum(ours.cuts[cut] for cut in rest), sum(theirs.cuts[cut] for cut in rest), unit)
    for cut in Cut:
        if cut not in rest:
            amount = theirs.cuts[cut] - ours.cuts[cut]
            yield Part("whole_units" if 0 < abs(amount) < unit else _CAUSE[cut], amount)


_CAUSE: Final = {
    Cut.DEDUCTIBLE: "deductible",
    Cut.CATEGORY_EXCESS: "category_ceiling",
    Cut.CEILING_EXCESS: "ceiling",
}


def _rest(theirs: TheirLine, here: int, there: int, unit: int) -> Iterator[Part]:
    """Give what comes from what openIMIS does not keep: it is what is left between gross and valuated."""
    deducted = theirs.cuts[Cut.DEDUCTIBLE]
    if deducted and (there < 0 or deducted == theirs.valuated == _fixed(theirs, unit)):
        paid = min(deducted, theirs.valuated)
        yield Part("deductible_paid_as_well", -paid)
        there += paid
    if theirs.limit == 0 and theirs.valuated:
        yield Part("zero_percent" if theirs.limitation == "C" else "zero_fixed", there - here)
    else:
        yield Part("whole_units" if 0 < abs(there - here) < unit else "limitation", there - here)


def _fixed(theirs: TheirLine, unit: int) -> int | None:
    """Give what a fixed amount leaves of a line; None where there is none."""
    if theirs.limitation != "F" or theirs.limit is None:
        return None
    return min(theirs.gross, times_quantity(int(theirs.limit * unit), theirs.quantity))


class _Cover:
    """Tells why nothing covered somebody here whom openIMIS held for covered."""

    def __init__(self, inputs: Inputs) -> None:
        tables = inputs.registers.tables
        self._policies = {row["policy"]: row for row in tables["policies"].to_pylist()}
        self._covers: dict[str, list[Row]] = defaultdict(list)
        """By policy."""
        for row in tables["covers"].to_pylist():
            self._covers[row["policy"]].append(row)

    def why_not(self, line: TheirLine, reason: Reason) -> str:
        """Name the cause: a rejection, or what lies behind it."""
        if reason not in (Reason.NO_COVERAGE, Reason.INSUREE):
            return "rejected_here"
        if line.policy is not None and line.policy not in self._policies:
            return "policy_gone"
        policy = self._policies.get(line.policy or "")
        if policy is not None and reason is Reason.NO_COVERAGE:
            covers = self._covers[policy["policy"]]
            meet = any(
                row["effective"] <= policy["expiry"] and row["expiry"] >= policy["effective"]
                for row in covers
            )
            if covers and not meet:
                return "dates_apart"
        return "rejected_here"


def _explained(
    found: Sequence[LineDifference], inputs: Inputs, claims: pa.Table, lines: pa.Table
) -> Iterator[LineDifference]:
    """Put the sentences of the explanation to lines, those of the largest differences first."""
    settings = inputs.scheme.settings
    rows = {
        (str(facility), str(claim)): place
        for place, (facility, claim) in enumerate(
            zip(claims["facility"].to_pylist(), claims["claim"].to_pylist(), strict=True)
        )
    }
    told: dict[Key, dict[int, tuple[Message, ...]]] = {}
    about: dict[Key, tuple[Message, ...]] = {}
    for one in found:
        key = one.facility, one.claim
        if key not in told and len(told) < MOST_EXPLAINED:
            told[key] = {}
            try:
                decision = retrace(
                    inputs.compiled.registers,
                    inputs.registers.tables,
                    inputs.compiled.products.versions,
                    settings.adult_age,
                    claims,
                    lines,
                    rows[key],
                )
            except AmountTooLarge:
                continue
            explained = explain(
                decision, places_in(inputs.scheme.products), settings.decimals, settings.currency
            )
            about[key] = tuple(sentence.said for sentence in explained.sentences)
            for line in explained.lines:
                told[key][line.decided.line.number] = tuple(sentence.said for sentence in line.sentences)
        sentences = told.get(key, {}).get(one.line, ())
        yield replace(one, about_claim=about.get(key, ()), sentences=sentences)
