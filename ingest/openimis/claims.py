"""openIMIS's claims: those that wait, those that it has decided, and what these leave behind.

Claims that openIMIS has rejected, processed or valuated stay decided: they are what earlier months leave.
Claims that were submitted wait for a decision; claims that were only entered wait for their facility.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from adjudicator.vocabulary import (
    Category,
    ClaimStatus,
    Kind,
    Reason,
    ReviewStatus,
    VisitType,
)
from ingest.openimis.cells import SourceRow, Unfit
from ingest.openimis.left_behind import balances, category_of, is_in_patient
from ingest.openimis.names import Brought, Names
from ingest.openimis.registers import plain
from ingest.openimis.theirs import LINES, REJECTED_LINE, Key, TheirClaim, TheirLine, minor, their_line
from ingest.openimis.world import World, unknown

Row = dict[str, Any]

DECIDED: Final = (ClaimStatus.REJECTED, ClaimStatus.PROCESSED, ClaimStatus.VALUATED)
_DIAGNOSES: Final = ("ICDID", "ICDID1", "ICDID2", "ICDID3", "ICDID4")


@dataclass
class Group:
    """Claims with their lines, as rows of our tables, each with the row of openIMIS that it comes from."""

    claims: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    claim_sources: list[SourceRow] = field(default_factory=list)
    line_sources: list[SourceRow] = field(default_factory=list)


@dataclass(frozen=True)
class _Made:
    """A line that fits."""

    row: Row
    source: SourceRow
    theirs: TheirLine | None


@dataclass
class Claims:
    """Everything about claims that an installation holds."""

    submitted: Group = field(default_factory=Group)
    entered: Group = field(default_factory=Group)
    decided: Group = field(default_factory=Group)
    theirs: dict[Key, TheirClaim] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)
    balances: list[Row] = field(default_factory=list)
    earlier_claims: list[Row] = field(default_factory=list)
    earlier_lines: list[Row] = field(default_factory=list)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The three groups."""
        return self.submitted, self.entered, self.decided


def bring_claims(world: World, names: Names, brought: Brought, decimals: int) -> Claims:
    """Translate all claims; one that does not fit, with a row of it, is set aside whole."""
    claims = Claims()
    lines = {kind: _lines_by_claim(world, kind) for kind in Kind}
    categories = {
        row["code"]: row["category"]
        for row in brought.rows.get("provisions", ())
        if row["kind"] is Kind.SERVICE
    }
    decided: list[tuple[str, SourceRow, ClaimStatus, Row, list[_Made]]] = []
    for id_, row in sorted(world.rows("tblClaim").items()):
        _tell_history(row, world, names, claims, decimals)
        own = [line for kind in Kind for line in lines[kind].pop(id_, [])]
        if not world.is_current("tblClaim", id_):
            for line in own:
                world.follow(line)
            continue
        try:
            status = _status(row)
            claim = _claim(row, names)
            row.whole("RejectionReason")
            row.number("Valuated")
        except Unfit as unfit:
            world.put_aside(row, unfit)
            for line in own:
                world.put_aside(line, Unfit("ClaimID", line.text("ClaimID"), "openimis.with_its_claim"))
            continue
        made = _made_lines(world, names, claim, own, decimals if status in DECIDED else None)
        if made is None:
            world.put_aside(row, Unfit("ClaimID", str(id_), "openimis.with_its_line"))
            continue
        for one in (row, *own):
            world.bring(one.table, one.id)
        if status in DECIDED:
            stamp = row.text("ProcessStamp") or row.text("DateProcessed") or row.text("SubmitStamp") or ""
            decided.append((stamp, row, status, claim, made))
        else:
            _put(claims.entered if status is ClaimStatus.ENTERED else claims.submitted, row, claim, made)
    for kind in Kind:
        for lost in lines[kind].values():
            for line in lost:
                world.put_aside(line, unknown("ClaimID", line, "tblClaim"))
    # In the order in which openIMIS valued them, which is the order that used up ceilings.
    decided.sort(key=lambda one: (one[0], one[1].id))
    for sequence, (_, row, status, claim, made) in enumerate(decided):
        _put(claims.decided, row, claim | {"sequence": sequence}, made)
        theirs = _theirs(row, status, claim, made, decimals)
        claims.theirs[theirs.key] = theirs
        if theirs.total is not None and theirs.total != theirs.valuated:
            told = (plain(Decimal(amount).scaleb(-decimals)) for amount in (theirs.total, theirs.valuated))
            world.doubt(
                row,
                "Valuated",
                "openimis.total_otherwise",
                **dict(zip(("total", "lines"), told, strict=True)),
            )
        if status is not ClaimStatus.REJECTED:
            _leave_behind(claims, claim, made, theirs, categories)
    sources = claims.decided.claim_sources
    by_number = {source.id: claim for source, claim in zip(sources, claims.decided.claims, strict=True)}
    claims.balances = balances(world, names, brought, by_number, claims.theirs, decimals)
    return claims


def _lines_by_claim(world: World, kind: Kind) -> dict[int, list[SourceRow]]:
    by_claim: dict[int, list[SourceRow]] = defaultdict(list)
    for row in world.current(LINES[kind][0]):
        try:
            claim = row.reference("ClaimID")
            if claim is None:
                raise Unfit("ClaimID", None, "openimis.empty")
        except Unfit as unfit:
            world.put_aside(row, unfit)
            continue
        by_claim[claim].append(row)
    return by_claim


def _status(row: SourceRow) -> ClaimStatus:
    given = row.whole("ClaimStatus")
    try:
        return ClaimStatus(given or 0)
    except ValueError:
        known = [str(int(status)) for status in ClaimStatus if status is not ClaimStatus.PAID]
        raise Unfit("ClaimStatus", row.text("ClaimStatus"), "openimis.no_letter", known=known) from None


def _claim(row: SourceRow, names: Names) -> Row:
    return {
        "claim": row.needed("ClaimCode"),
        "facility": names.facility(row),
        "insuree": names.insuree(row),
        "date_from": row.date("DateFrom"),
        "date_to": row.date("DateTo"),
        "date_claimed": row.date("DateClaimed"),
        "visit_type": row.letter("VisitType", VisitType, VisitType.OTHER),
        "diagnosis": names.diagnosis(row, "ICDID"),
        **{f"diagnosis_{place}": names.diagnosis(row, name) for place, name in enumerate(_DIAGNOSES[1:], 1)},
        "administrator": names.administrator(row),
        "guarantee": row.text("GuaranteeId"),
        "referred_from": None if row.text("ReferFrom") is None else names.facility(row, "ReferFrom"),
        "explanation": row.text("Explanation"),
    }


def _made_lines(
    world: World, names: Names, claim: Row, own: Sequence[SourceRow], decimals: int | None
) -> list[_Made] | None:
    """Translate the lines of a claim, items first; None where one does not fit, and all are set aside.

    What openIMIS decided about them is read where the decimals of its amounts are given.
    """
    made: list[_Made] = []
    bad: set[tuple[str, int]] = set()
    for number, line in enumerate(own, 1):
        try:
            row = _line(line, names, claim, number)
            theirs = None if decimals is None else their_line(row, line, names, decimals)
            made.append(_Made(row, line, theirs))
        except Unfit as unfit:
            world.put_aside(line, unfit)
            bad.add((line.table, line.id))
    if bad:
        for line in own:
            if (line.table, line.id) not in bad:
                world.put_aside(line, Unfit("ClaimID", line.text("ClaimID"), "openimis.with_its_claim"))
        return None
    return made


def _line(row: SourceRow, names: Names, claim: Row, number: int) -> Row:
    kind = Kind.ITEM if row.table == LINES[Kind.ITEM][0] else Kind.SERVICE
    quantity, price = row.positive("QtyProvided"), row.positive("PriceAsked")
    if quantity is None or price is None:
        raise Unfit("QtyProvided" if quantity is None else "PriceAsked", None, "openimis.empty")
    line: Row = {
        "claim": claim["claim"],
        "facility": claim["facility"],
        "line": number,
        "kind": kind,
        "code": names.provision(row, kind),
        "quantity": plain(quantity),
        "price_asked": plain(price),
        "quantity_approved": None,
        "price_approved": None,
        "review": None,
        "explanation": row.text("Explanation"),
    }
    reason = row.whole("RejectionReason")
    if reason == Reason.MEDICAL_OFFICER:
        line["review"] = ReviewStatus.REJECTED
    elif row.whole(LINES[kind][1]) != REJECTED_LINE:
        # On lines that a check rejected openIMIS writes 0: that is no officer's decision.
        for name, column in (("quantity_approved", "QtyApproved"), ("price_approved", "PriceApproved")):
            approved = row.positive(column)
            line[name] = None if approved is None else plain(approved)
    return line


def _put(group: Group, row: SourceRow, claim: Row, made: Iterable[_Made]) -> None:
    group.claims.append(claim)
    group.claim_sources.append(row)
    for line in made:
        group.lines.append(line.row)
        group.line_sources.append(line.source)


def _tell_history(row: SourceRow, world: World, names: Names, claims: Claims, decimals: int) -> None:
    """Keep every state of a claim that openIMIS kept, the present one last."""
    try:
        facility: str | None = names.facility(row)
    except Unfit:
        facility = None
    legacy = row.link("LegacyID")
    claims.history.append(
        {
            "facility": facility,
            "claim": row.text("ClaimCode"),
            "openimis_claim": row.id if legacy is None or row.text("ValidityTo") is None else legacy,
            "openimis_row": row.id,
            "since": row.text("ValidityFrom"),
            "until": row.text("ValidityTo"),
            "status": _word_of_status(row.text("ClaimStatus")),
            "review": _STATES.get(row.text("ReviewStatus") or ""),
            "feedback": _STATES.get(row.text("FeedbackStatus") or ""),
            "submitted": row.text("SubmitStamp"),
            "processed": row.text("ProcessStamp") or row.text("DateProcessed"),
            "batch_run": row.text("RunID"),
            "claimed": row.text("Claimed"),
            "approved": row.text("Approved"),
            "valuated": row.text("Valuated"),
            "remunerated": row.text("Remunerated"),
        }
    )


_STATES: Final = {"1": "idle", "2": "not_selected", "4": "selected", "8": "delivered", "16": "bypassed"}


def _word_of_status(given: str | None) -> str | None:
    try:
        return ClaimStatus(int(given or 0)).word
    except ValueError:
        return given


# What openIMIS decided.


def _theirs(
    row: SourceRow, status: ClaimStatus, claim: Row, made: Sequence[_Made], decimals: int
) -> TheirClaim:
    total = row.number("Valuated") if status is ClaimStatus.VALUATED else None
    lines = tuple(line.theirs for line in made if line.theirs is not None)
    return TheirClaim(
        claim["facility"],
        claim["claim"],
        status,
        row.whole("RejectionReason") or 0,
        row.text("ClaimCategory"),
        sum(line.asked for line in lines),
        lines,
        row.id,
        None if total is None else minor(total, decimals),
    )


def _leave_behind(
    claims: Claims,
    claim: Row,
    made: Sequence[_Made],
    theirs: TheirClaim,
    categories: Mapping[str, Category],
) -> None:
    """Keep what later claims look back on: that the claim was accepted, and its accepted lines."""
    target = claim["date_to"] or claim["date_from"]
    if target is None:
        return
    billed = [line.row["code"] for line in made if line.row["kind"] is Kind.SERVICE]
    services = [categories[code] for code in billed if code in categories]
    about = {
        "facility": claim["facility"],
        "claim": claim["claim"],
        "insuree": claim["insuree"],
        "target_date": target,
    }
    claims.earlier_claims.append(about | {"category": category_of(is_in_patient(claim), services)})
    for line in theirs.lines:
        if line.accepted:
            claims.earlier_lines.append(
                about
                | {
                    "line": line.line,
                    "kind": line.kind,
                    "code": line.code,
                    "quantity": plain(Decimal(line.quantity).scaleb(-2)),
                }
            )
