"""Where our amounts differ from what openIMIS had valuated: its claims, decided again here, and explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import AmountTooLarge as TooLarge
from adjudicator.adjudication.adjudicate import adjudicate
from adjudicator.adjudication.decisions import Tabulator
from adjudicator.adjudication.explanation import explain
from adjudicator.adjudication.reference import AmountTooLarge
from adjudicator.adjudication.telling import places_in
from adjudicator.adjudication.trace import retrace
from adjudicator.openimis.differences import (
    LineDifference,
    Part,
    Totals,
    known_reason,
    largest_first,
    parts_of,
    totals_of,
)
from adjudicator.run import Inputs, open_inputs
from adjudicator.vocabulary import ClaimStatus, Cut, LineStatus, Reason
from adjudicator.words import Message, message
from ingest.openimis.theirs import Key, TheirClaim, TheirLine
from ingest.tables import ClaimsReading, read_claims

MOST_EXPLAINED: Final = 200
"""Claims that are explained step by step; the others have their cause all the same."""

Row = dict[str, Any]


@dataclass(frozen=True)
class ExplainedDifference(LineDifference):
    """A line that came out otherwise here than openIMIS had decided it."""

    their_reason: int
    our_reason: int
    about_claim: tuple[Message, ...] = ()
    """How the decision about the whole claim came about here, where it was explained."""
    sentences: tuple[Message, ...] = ()
    """How ours came about, where the claim was explained."""


@dataclass(frozen=True)
class Comparison:
    """All claims that openIMIS had decided, decided again here."""

    claims: int
    alike: int
    """Claims that came out the same in status and amount."""
    theirs: int
    ours: int
    lines: tuple[ExplainedDifference, ...]
    """Lines that came out otherwise, the largest difference first."""
    not_compared: tuple[Key, ...] = ()
    """Claims that were set aside when they were decided here."""
    totals: Totals = field(default_factory=dict)


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
    found: list[ExplainedDifference] = []
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
    return Comparison(
        len(compared),
        alike,
        sum(theirs[key].valuated for key in compared),
        sum(claims[key]["valuated"] for key in compared),
        tuple(_explained(largest_first(found), inputs, reading.claims, reading.lines)),
        tuple(sorted(set(theirs) - set(claims))),
        totals_of(found),
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
) -> ExplainedDifference | None:
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
    return ExplainedDifference(
        claim.facility,
        claim.claim,
        theirs.line,
        theirs.kind,
        theirs.code,
        theirs.valuated,
        ours["valuated"],
        tuple(parts),
        theirs.reason,
        our_reason,
    )


@dataclass(frozen=True)
class _Ours:
    """A line as it was decided here."""

    unit_price: int
    gross: int
    cuts: Mapping[Cut, int]
    valuated: int


def _ours(row: Row) -> _Ours:
    return _Ours(row["unit_price"], row["gross"], {cut: row[cut.word] for cut in Cut}, row["valuated"])


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
    found: Sequence[ExplainedDifference], inputs: Inputs, claims: pa.Table, lines: pa.Table
) -> Iterator[ExplainedDifference]:
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
