"""Random decisions about claims, in every state of a claim's life; amounts add up as the law has them."""

from __future__ import annotations

import datetime as dt
import string

from hypothesis import strategies as st

from adjudicator.fhir.claim_response import OF_THE_CLAIM
from adjudicator.fhir.decided import DecidedClaim, DecidedLine, Note, Paid
from adjudicator.fhir.grounds import Ground
from adjudicator.units import times_percentage, times_quantity
from adjudicator.vocabulary import (
    CLAIM_CATEGORIES,
    ClaimStatus,
    Cut,
    Kind,
    LineStatus,
    PriceOrigin,
    Reason,
    VisitType,
)
from adjudicator.words import message

CODES = st.text(string.ascii_letters + string.digits + "-./ é'\"\\<&", min_size=1, max_size=12).filter(
    lambda code: code == code.strip()
)
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31))
PRICES = st.one_of(st.integers(0, 500), st.integers(0, 5_000_000), st.just(10**14))
QUANTITIES = st.one_of(st.sampled_from([100, 200, 1000]), st.integers(0, 5000))
LINE_REASONS = [reason for reason in Reason if reason not in (Reason.ACCEPTED, *OF_THE_CLAIM)]
SAID = message("eligibility.adult")
"""Something that is said; what, is of no account."""


@st.composite
def accepted_lines(draw: st.DrawFn, number: int, settled: bool) -> DecidedLine:
    """Draw an accepted line, valued step by step (law, section 5)."""
    quantity_asked, price_asked = draw(QUANTITIES), draw(PRICES)
    quantity = draw(st.one_of(st.just(quantity_asked), QUANTITIES))
    price = draw(st.one_of(st.just(price_asked), PRICES))
    covered = times_quantity(price, quantity)
    cuts = {}
    for cut in Cut:
        taken = draw(st.sampled_from([0, 0, 0, 1, covered // 3, covered]))
        cuts[cut] = min(taken, covered)
        covered -= cuts[cut]
    origin = draw(st.sampled_from(PriceOrigin))
    by_head = draw(st.booleans()) and draw(st.booleans())
    remunerated: int | None = covered
    if not settled:
        remunerated = None
    elif by_head:
        remunerated = 0
    elif origin is PriceOrigin.RELATIVE:
        remunerated = times_percentage(covered, draw(st.integers(0, 20_000)))
    return DecidedLine(
        line=number,
        kind=draw(st.sampled_from(Kind)),
        code=draw(CODES),
        quantity_asked=quantity_asked,
        price_asked=price_asked,
        asked=times_quantity(price_asked, quantity_asked),
        status=LineStatus.ACCEPTED,
        policy=draw(st.sampled_from(["P1", "P 2"])),
        product="A",
        price_origin=origin,
        quantity=quantity,
        unit_price=price,
        cuts=cuts,
        valuated=covered,
        remunerated=remunerated,
        by_head=by_head,
        name=draw(st.one_of(st.none(), CODES)),
        quantity_reviewed=draw(st.booleans()),
        price_reviewed=draw(st.booleans()),
    )


@st.composite
def rejected_lines(draw: st.DrawFn, number: int, reason: Reason | None = None) -> DecidedLine:
    """Draw a rejected line."""
    quantity, price = draw(QUANTITIES), draw(PRICES)
    return DecidedLine(
        line=number,
        kind=draw(st.sampled_from(Kind)),
        code=draw(CODES),
        quantity_asked=quantity,
        price_asked=price,
        asked=times_quantity(price, quantity),
        status=LineStatus.REJECTED,
        reason=draw(st.sampled_from(LINE_REASONS)) if reason is None else reason,
        quantity=quantity,
        remunerated=draw(st.sampled_from([None, 0])),
        ground=draw(st.sampled_from([None, *Ground])),
    )


@st.composite
def decided_claims(draw: st.DrawFn) -> DecidedClaim:
    """Draw a claim in any state."""
    status = draw(st.sampled_from(ClaimStatus))
    numbers = sorted(draw(st.sets(st.integers(1, 999), min_size=0, max_size=6)))
    of_claim = status is ClaimStatus.REJECTED and draw(st.booleans())
    reason = draw(st.sampled_from(OF_THE_CLAIM)) if of_claim else None
    settled = status in (ClaimStatus.VALUATED, ClaimStatus.PAID)
    lines = []
    for number in numbers:
        if status is ClaimStatus.ENTERED:
            asked = draw(rejected_lines(number))
            kind, code, quantity, price = asked.kind, asked.code, asked.quantity_asked, asked.price_asked
            lines.append(DecidedLine(number, kind, code, quantity, price, asked.asked))
        elif status is ClaimStatus.REJECTED or draw(st.integers(0, 3)) == 0:
            lines.append(draw(rejected_lines(number, reason)))
        else:
            lines.append(draw(accepted_lines(number, settled)))
    of_lines = {line.reason for line in lines}
    shared = next(iter(of_lines)) if len(of_lines) == 1 else Reason.NOT_IN_REGISTER
    start = draw(st.one_of(st.none(), DAYS))
    end = (
        draw(st.one_of(st.none(), DAYS)) if start is None else start + dt.timedelta(draw(st.integers(-2, 9)))
    )
    paid = None
    if status is ClaimStatus.PAID:
        total, back = sum(line.remunerated or 0 for line in lines), draw(st.integers(0, 500))
        paid = Paid("17", draw(DAYS), total - back, -back)
    return DecidedClaim(
        scheme=draw(CODES),
        currency=draw(st.sampled_from(["KES", "XAF", "TND"])),
        facility=draw(CODES),
        claim=draw(CODES),
        insuree=draw(CODES),
        date_from=start,
        date_to=end,
        date_claimed=draw(DAYS),
        status=status,
        lines=tuple(lines),
        visit_type=draw(st.sampled_from(VisitType)),
        diagnoses=tuple(draw(st.lists(CODES, max_size=5))),
        reason=(reason or shared) if status is ClaimStatus.REJECTED else Reason.ACCEPTED,
        category=None if status is ClaimStatus.ENTERED else draw(st.sampled_from(CLAIM_CATEGORIES)),
        version=draw(st.integers(1, 4)),
        use=draw(st.sampled_from(["claim", "preauthorization", "predetermination"])),
        administrator=draw(st.one_of(st.none(), CODES)),
        guarantee=draw(st.one_of(st.none(), CODES)),
        held=draw(st.sampled_from([None, SAID])) if status is ClaimStatus.ENTERED else None,
        notes=draw(st.sampled_from([None, None, (Note(None, SAID),)])),
        paid=paid,
        ground=draw(st.sampled_from([None, *Ground])),
    )
