"""From the tables of claims and decisions to decided claims, a batch at a time.

Tables are typed Arrow tables whose rows belong together by ``claim_id``, whoever gave those numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from adjudicator.fhir.decided import DecidedClaim, DecidedLine, Paid
from adjudicator.fhir.grounds import Ground, RowsOf, grounds_of
from adjudicator.tables import DIAGNOSIS_COLUMNS
from adjudicator.units import times_quantity
from adjudicator.vocabulary import (
    Category,
    ClaimStatus,
    Cut,
    Kind,
    LineStatus,
    PriceOrigin,
    Reason,
    VisitType,
)
from adjudicator.words import Message

Row = dict[str, Any]
Line = tuple[int, int]
"""The number of a claim, and that of its line."""

FIRST_VERSION: Final = 1

_CUTS: Final = tuple((cut, cut.word) for cut in Cut)


@dataclass(frozen=True)
class Share:
    """What a closed period pays a line, minor units."""

    amount: int
    by_head: bool


@dataclass(frozen=True)
class Known:
    """What else is known of a batch of claims."""

    names: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """Of provisions, by kind and code."""
    shares: Mapping[Line, Share] = field(default_factory=dict)
    """Of the lines of claims whose period is closed."""
    settled: Mapping[int, str] = field(default_factory=dict)
    """The claims whose decision stands on a statement, and since when."""
    paid: Mapping[int, tuple[Paid, str]] = field(default_factory=dict)
    """The payments of claims, and since when."""
    reviewed: Mapping[Line, tuple[int | None, int | None]] = field(default_factory=dict)
    """The quantity and the price that a medical officer set."""
    held: Mapping[int, Message] = field(default_factory=dict)
    """Why claims wait."""
    rows_of: RowsOf | None = None
    """Looks into the registers by which they were decided, where these are at hand."""


def decided_claims(
    scheme: str,
    currency: str,
    claims: pa.Table,
    lines: pa.Table,
    claim_decisions: pa.Table,
    line_decisions: pa.Table,
    known: Known,
) -> Iterator[tuple[DecidedClaim, int | None]]:
    """Put claims together with what was decided about them.

    Args:
        scheme: its code.
        currency: ISO 4217.
        claims: ``claim_id`` and the columns of :data:`adjudicator.tables.CLAIMS`, in the order wanted.
        lines: ``claim_id`` and the columns of :data:`adjudicator.tables.CLAIM_LINES`.
        claim_decisions: ``claim_id`` and the columns of ``CLAIM_DECISIONS``; of a claim that waits, none.
        line_decisions: the same of lines.
        known: what else is known.

    Yields:
        A claim, and the run that decided it, as ``claim_decisions`` has it.
    """
    decision_of = {row["claim_id"]: row for row in claim_decisions.to_pylist()}
    decided_lines = {(row["claim_id"], row["line"]): row for row in line_decisions.to_pylist()}
    lines_of: dict[int, list[Row]] = defaultdict(list)
    for row in lines.to_pylist():
        lines_of[row["claim_id"]].append(row)
    rows = claims.to_pylist()
    grounds = grounds_of(rows, lines_of, decision_of, decided_lines, known.rows_of)
    for row in rows:
        number = row["claim_id"]
        decision = decision_of.get(number)
        asked = sorted(lines_of[number], key=lambda line: int(line["line"]))
        of_claim = grounds.of_claim.get(number)
        made = tuple(
            _line(
                number,
                line,
                decided_lines.get((number, line["line"])),
                known,
                grounds.of_line.get((number, line["line"]), of_claim),
            )
            for line in asked
        )
        yield _claim(scheme, currency, row, made, decision, known, of_claim), decision and decision.get("run")


def _claim(
    scheme: str,
    currency: str,
    row: Row,
    lines: tuple[DecidedLine, ...],
    decision: Row | None,
    known: Known,
    ground: Ground | None,
) -> DecidedClaim:
    number = row["claim_id"]
    paid, since = known.paid.get(number, (None, None))
    status = ClaimStatus.ENTERED if decision is None else ClaimStatus(decision["status"])
    if number in known.settled and status is not ClaimStatus.REJECTED:
        status = ClaimStatus.VALUATED if paid is None else ClaimStatus.PAID
        since = since or known.settled[number]
    category = None if decision is None else Category(decision["category"])
    return DecidedClaim(
        scheme=scheme,
        currency=currency,
        facility=row["facility"],
        claim=row["claim"],
        insuree=row["insuree"],
        date_from=row["date_from"],
        date_to=row["date_to"],
        date_claimed=row["date_claimed"],
        status=status,
        lines=lines,
        visit_type=VisitType(row["visit_type"] or 0),
        diagnoses=tuple(code for name in DIAGNOSIS_COLUMNS if (code := row[name])),
        reason=_reason(decision),
        category=category,
        product_versions=None if decision is None else decision["product_versions"],
        version=(decision and decision.get("version")) or FIRST_VERSION,
        administrator=row["administrator"],
        guarantee=row["guarantee"],
        # Why it waited is of no account once it is decided.
        held=known.held.get(number) if decision is None else None,
        paid=paid,
        changed=since,
        ground=ground,
    )


def _reason(decision: Row | None) -> Reason:
    return Reason((decision and decision["reason"]) or 0)


def _line(claim: int, asked: Row, decision: Row | None, known: Known, ground: Ground | None) -> DecidedLine:
    number, quantity, price = asked["line"], asked["quantity"], asked["price_asked"]
    key = (claim, number)
    kind, code = Kind(asked["kind"]), asked["code"]
    name = known.names.get((asked["kind"], code))
    total = times_quantity(price, quantity)
    if decision is None:
        return DecidedLine(number, kind, code, quantity, price, total, name=name)
    share = known.shares.get(key)
    if share is None and claim in known.settled:
        # A line that is worth nothing stands on no statement.
        share = Share(0, by_head=False)
    approved = known.reviewed.get(key, (asked["quantity_approved"], asked["price_approved"]))
    origin = decision["price_origin"]
    accepted = decision["status"] == LineStatus.ACCEPTED
    return DecidedLine(
        line=number,
        kind=kind,
        code=code,
        quantity_asked=quantity,
        price_asked=price,
        asked=total,
        status=LineStatus(decision["status"]),
        reason=_reason(decision),
        policy=decision["policy"],
        product=decision["product"],
        price_origin=None if origin is None else PriceOrigin(origin),
        quantity=decision["quantity"],
        unit_price=decision["unit_price"],
        cuts={cut: amount for cut, word in _CUTS if (amount := decision[word])},
        valuated=decision["valuated"],
        remunerated=decision["remunerated"] if share is None else share.amount,
        by_head=share is not None and share.by_head,
        name=name,
        quantity_reviewed=accepted and approved[0] is not None,
        price_reviewed=accepted and approved[1] is not None,
        ground=ground,
    )
