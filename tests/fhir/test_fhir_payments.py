"""Payments add up claim by claim, are R4, and a bundle's references lead to what is in it."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.fhir.bundle import write_bundle
from adjudicator.fhir.payments import (
    Detail,
    FacilityPayment,
    State,
    What,
    payment_notice,
    payment_reconciliation,
)
from adjudicator.fhir.systems import Flavour
from adjudicator.problems import DoesNotAddUp
from adjudicator.words import LANGUAGES
from tests.fhir.decisions import CODES, DAYS
from tests.fhir.reading import Resource, judged


@st.composite
def details(draw: st.DrawFn) -> Detail:
    what = draw(st.sampled_from(What))
    amount = draw(st.integers(0, 10**12))
    return Detail(
        closing=draw(st.integers(1, 9)),
        month=draw(st.sampled_from(["2026-01", "2026-02", "2026-03/R1"])),
        what=what,
        amount=-amount if what is What.TAKEN_BACK else amount,
        claim=None if what is What.CAPITATION else draw(CODES),
        product=draw(CODES) if what is What.CAPITATION else None,
        committed=draw(DAYS),
    )


@st.composite
def facility_payments(draw: st.DrawFn) -> FacilityPayment:
    parts = tuple(draw(st.lists(details(), min_size=1, max_size=6)))
    state = draw(st.sampled_from(State))
    return FacilityPayment(
        scheme=draw(CODES),
        currency=draw(st.sampled_from(["KES", "XAF", "TND"])),
        facility=draw(CODES),
        name=draw(st.one_of(st.none(), CODES)),
        payment=None if state is State.DUE else str(draw(st.integers(1, 99))),
        state=state,
        date=draw(DAYS),
        changed="2026-02-01T08:30:00+00:00",
        amount=sum(part.amount for part in parts),
        statements=tuple(sorted({(part.closing, part.month) for part in parts})),
        details=parts,
        reference=draw(st.sampled_from([None, "BANK-1"])),
    )


@settings(max_examples=30)
@given(facility_payments(), st.sampled_from(LANGUAGES), st.sampled_from(Flavour))
def test_details_add_up_and_the_referee_takes_it(
    paid: FacilityPayment, language: str, flavour: Flavour
) -> None:
    made = judged(payment_reconciliation(paid, language=language, flavour=flavour))
    total = sum((Decimal(one["amount"]["value"]) for one in made["detail"]), Decimal(0))
    assert total == Decimal(made["paymentAmount"]["value"])
    assert len(made["detail"]) == len(paid.details)
    notice = judged(payment_notice(paid, language=language, flavour=flavour))
    assert notice["amount"] == made["paymentAmount"]
    assert notice["payment"]["reference"] == f"PaymentReconciliation/{made['id']}"


@given(facility_payments(), st.integers(1, 100))
def test_details_that_do_not_add_up_are_refused(paid: FacilityPayment, more: int) -> None:
    with pytest.raises(DoesNotAddUp):
        payment_reconciliation(replace(paid, amount=paid.amount + more))


def test_a_state_is_told_in_the_words_of_r4_where_it_has_them() -> None:
    one = Detail(1, "2026-01", What.CLAIM, 500, "C1", None, dt.date(2026, 2, 1))
    paid = FacilityPayment(
        *("KHIF", "KES", "H1", "Hospital", "7", State.PAID, dt.date(2026, 2, 3), "2026-02-03", 500),
        *(((1, "2026-01"),), (one,)),
    )
    notice = payment_notice(paid, language="fr")
    assert [coding["code"] for coding in notice["paymentStatus"]["coding"]] == ["paid", "paid"]
    made = payment_reconciliation(paid, language="fr")
    assert made["disposition"] == "5,00\u00a0KES pour 2026-01\u00a0: réglé le 3 février 2026."
    assert (made["outcome"], made["period"]) == ("complete", {"start": "2026-01", "end": "2026-01"})
    owed = replace(paid, payment=None, state=State.DUE, amount=-500, details=(replace(one, amount=-500),))
    assert "set off" in payment_reconciliation(owed)["disposition"]
    exported = payment_notice(replace(paid, state=State.EXPORTED))
    assert [coding["code"] for coding in exported["paymentStatus"]["coding"]] == ["exported"]


def bundled(resources: list[Resource]) -> Resource:
    file = io.BytesIO()
    assert write_bundle(file, ("x",), "2026-02-03T00:00:00+00:00", resources) == len(resources)
    read: Resource = json.loads(file.getvalue())
    return judged(read)


def test_references_inside_a_bundle_lead_to_its_entries() -> None:
    one = Detail(1, "2026-01", What.CLAIM, 500, "C1")
    paid = FacilityPayment(
        *("KHIF", "KES", "H1", None, "7", State.PAID, dt.date(2026, 2, 3), "2026-02-03", 500),
        *(((1, "2026-01"),), (one,)),
    )
    made, notice = payment_reconciliation(paid), payment_notice(paid)
    bundle = bundled([made, notice])
    first, second = bundle["entry"]
    assert second["resource"]["payment"]["reference"] == first["fullUrl"] == f"urn:uuid:{made['id']}"
    # Alone, the same reference is an address as others.
    (alone,) = bundled([notice])["entry"]
    assert alone["resource"]["payment"]["reference"] == f"PaymentReconciliation/{made['id']}"
    assert "entry" not in bundled([])
