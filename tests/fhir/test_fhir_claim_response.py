"""A response adds up for every decision, is R4, and says all in either language."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.fhir.account import ADJUSTMENTS, Part, account_of, left_over, totals_of
from adjudicator.fhir.claim_response import claim_response, has_error
from adjudicator.fhir.decided import DecidedClaim, DecidedLine, Note, Paid, Sent
from adjudicator.fhir.explanation_of_benefit import explanation_of_benefit
from adjudicator.fhir.systems import CARC, CARC_GROUP, OUR_REASON, RARC, Flavour
from adjudicator.fhir.writing import encoded
from adjudicator.problems import DoesNotAddUp
from adjudicator.units import unscaled
from adjudicator.vocabulary import ClaimStatus, Cut, Kind, LineStatus, PriceOrigin, Reason
from adjudicator.words import LANGUAGES, message
from tests.fhir.decisions import decided_claims
from tests.fhir.reading import Resource, amounts, as_received, code_of, judged, monies, summed
from tests.fhir.reading import left_over as left_over_of

CREATED = "2026-02-01T08:30:00+00:00"

languages = st.sampled_from(LANGUAGES)
flavours = st.sampled_from(Flavour)


def judged_version(resource: Resource) -> str:
    """Give the version of a resource, which goes into addresses and headers."""
    found: str = resource["meta"]["versionId"]
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", found)
    return found


@given(decided_claims())
def test_every_account_adds_up_and_totals_are_its_sums(decided: DecidedClaim) -> None:
    accounts = [account_of(line) for line in decided.lines]
    for line, account in zip(decided.lines, accounts, strict=True):
        if line.status is not None:
            assert left_over(account) == 0
        assert all(account.get(part) != 0 for part in ADJUSTMENTS if part is not Part.REJECTED)
    totals = totals_of(accounts)
    assert sum(account[Part.SUBMITTED] for account in accounts) == totals.get(Part.SUBMITTED, 0)
    assert list(totals) == [part for part in Part if part in totals]


@given(decided_claims(), languages)
def test_a_response_adds_up_as_it_is_received(decided: DecidedClaim, language: str) -> None:
    received = as_received(claim_response(decided, created=CREATED, language=language))
    accounts = [amounts(item["adjudication"]) for item in received.get("item", [])]
    for account in accounts:
        account.pop("price-paid", None)
        if decided.status is not ClaimStatus.ENTERED:
            assert left_over_of(account) == 0
    assert amounts(received.get("total", [])) == summed(accounts)
    told = [] if has_error(decided) else [one.line for one in decided.lines]
    assert [item["itemSequence"] for item in received.get("item", [])] == told
    paid = [line.remunerated for line in decided.lines if line.accepted and line.remunerated is not None]
    if decided.status in (ClaimStatus.VALUATED, ClaimStatus.PAID) and paid:
        expected = unscaled(sum(paid), decided.decimals)
        assert amounts(received["total"])["benefit"] == expected
    if "payment" in received:
        payment = received["payment"]
        corrected = payment.get("adjustment", {"value": Decimal(0)})["value"]
        assert payment["amount"]["value"] == sum((one["benefit"] for one in accounts), Decimal(0)) + corrected


@given(decided_claims())
def test_money_has_the_digits_of_its_currency(decided: DecidedClaim) -> None:
    for money in monies(as_received(claim_response(decided, created=CREATED))):
        assert money["currency"] == decided.currency
        assert -Decimal(money["value"]).as_tuple().exponent == decided.decimals  # type: ignore[operator]


@settings(max_examples=30)
@given(decided_claims(), languages, flavours)
def test_the_referee_takes_every_response(decided: DecidedClaim, language: str, flavour: Flavour) -> None:
    judged(claim_response(decided, created=CREATED, language=language, flavour=flavour))


@settings(max_examples=30)
@given(decided_claims(), languages, flavours)
def test_the_referee_takes_every_explanation(decided: DecidedClaim, language: str, flavour: Flavour) -> None:
    judged(explanation_of_benefit(decided, created="2026-02-01", language=language, flavour=flavour))


@given(decided_claims())
def test_periods_end_after_they_begin_as_r4_has_them(decided: DecidedClaim) -> None:
    """Care that ends before it begins is told without its end: R4's invariant per-1."""
    told = explanation_of_benefit(decided, created=CREATED)
    periods = [one["servicedPeriod"] for one in told.get("item", []) if "servicedPeriod" in one]
    for period in [told["billablePeriod"], *periods] if "billablePeriod" in told else periods:
        assert period
        assert period.get("start", "") <= period.get("end", "9")
    assert ("billablePeriod" in told) is (decided.date_from is not None or decided.date_to is not None)


@given(decided_claims())
def test_what_changes_without_a_decision_is_a_new_version_too(decided: DecidedClaim) -> None:
    def version(one: DecidedClaim) -> str:
        found: str = judged_version(claim_response(one, created=CREATED))
        assert judged_version(explanation_of_benefit(one, created=CREATED)) == found
        return found

    if decided.status is ClaimStatus.ENTERED:
        assert version(decided) == f"{decided.version}-entered"
    else:
        assert version(decided) == str(decided.version)
        later = replace(decided, changed="2026-03-01T00:00:00+00:00")
        assert version(later) == f"{decided.version}-{decided.status.word}"


@given(decided_claims())
def test_an_explanation_of_benefit_says_the_same(decided: DecidedClaim) -> None:
    response = as_received(claim_response(decided, created=CREATED))
    explained = as_received(explanation_of_benefit(decided, created=CREATED))
    adjudicated = () if has_error(decided) else ("total", "payment")
    for name in (*adjudicated, "processNote", "outcome", "disposition", "type", "patient"):
        assert explained.get(name) == response.get(name)
    # An explanation tells of the lines of a claim that could not be adjudicated as well: it has no errors.
    assert len(explained.get("item", [])) == len(decided.lines)
    for one, other in zip(explained.get("item", []), response.get("item", []), strict=not has_error(decided)):
        assert (one["sequence"], one["adjudication"]) == (other["itemSequence"], other["adjudication"])
        assert Decimal(one["net"]["value"]) == amounts(one["adjudication"])["submitted"]
    assert explained["claimResponse"]["reference"] == f"ClaimResponse/{response['id']}"


@given(decided_claims(), languages, flavours)
def test_notes_are_numbered_and_every_number_is_there(
    decided: DecidedClaim, language: str, flavour: Flavour
) -> None:
    resource = claim_response(decided, created=CREATED, language=language, flavour=flavour)
    notes = resource.get("processNote", [])
    assert [note["number"] for note in notes] == list(range(1, len(notes) + 1))
    assert len({note["text"] for note in notes}) == len(notes)
    named = {number for item in resource.get("item", []) for number in item.get("noteNumber", [])}
    assert named <= {note["number"] for note in notes}
    assert all(note["language"]["coding"][0]["code"] == language for note in notes)


@given(decided_claims(), languages, flavours)
def test_the_same_decision_gives_the_same_bytes(
    decided: DecidedClaim, language: str, flavour: Flavour
) -> None:
    first, second = (
        encoded(claim_response(decided, created=CREATED, language=language, flavour=flavour)) for _ in "12"
    )
    assert first == second


@given(decided_claims(), flavours)
def test_errors_and_adjudications_exclude_each_other(decided: DecidedClaim, flavour: Flavour) -> None:
    """As R4 has it: what could not be adjudicated has errors, what was has lines with their reasons."""
    resource = claim_response(decided, created=CREATED, flavour=flavour)
    standard = flavour is Flavour.STANDARD
    if has_error(decided):
        assert resource["error"]
        assert not standard or resource["outcome"] == "error"
        assert not standard or not {"item", "total", "payment"} & set(resource)
    elif standard:
        assert "error" not in resource
        assert resource["outcome"] != "error"
    rejected = {line.line for line in decided.lines if line.status is LineStatus.REJECTED}
    reasons = [error["code"] for error in resource.get("error", [])]
    if standard:
        for item in resource.get("item", []):
            found = [one["reason"] for one in item["adjudication"] if code_of(one) == "rejected"]
            assert bool(found) is (item["itemSequence"] in rejected)
            reasons += found
    for reason in reasons:
        systems = [coding["system"] for coding in reason["coding"]]
        assert systems in ([OUR_REASON, CARC, CARC_GROUP], [OUR_REASON, CARC, CARC_GROUP, RARC])
        codes = {coding["system"]: coding["code"] for coding in reason["coding"]}
        # X12 lets these two stand only with a remark.
        assert (codes[CARC] in ("16", "96")) is (RARC in codes)


def line(number: int, **changes: object) -> DecidedLine:
    values: dict[str, object] = {
        "line": number,
        "kind": Kind.SERVICE,
        "code": f"S{number}",
        "quantity_asked": 200,
        "price_asked": 6000,
        "asked": 12_000,
        "status": LineStatus.ACCEPTED,
        "policy": "P1",
        "product": "A",
        "price_origin": PriceOrigin.PRICE_LIST,
        "quantity": 100,
        "unit_price": 5000,
        "cuts": {Cut.DEDUCTIBLE: 1000, Cut.CO_INSURANCE: 800},
        "valuated": 3200,
        "remunerated": 3200,
    }
    return DecidedLine(**(values | changes))  # type: ignore[arg-type]


CLAIM = DecidedClaim(
    scheme="KHIF",
    currency="KES",
    facility="H042",
    claim="C-17",
    insuree="I-1",
    date_from=dt.date(2026, 1, 2),
    date_to=dt.date(2026, 1, 5),
    date_claimed=dt.date(2026, 1, 6),
    status=ClaimStatus.VALUATED,
    lines=(line(4), line(9)),
)


def test_a_line_leads_from_what_was_asked_to_what_is_paid() -> None:
    received = as_received(claim_response(CLAIM, created=CREATED))
    assert amounts(received["item"][0]["adjudication"]) == {
        "submitted": Decimal("120.00"),
        "quantity-cut": Decimal("60.00"),
        "price-cut": Decimal("10.00"),
        "price-paid": Decimal("50.00"),
        "eligible": Decimal("50.00"),
        "deductible": Decimal("10.00"),
        "co-insurance": Decimal("8.00"),
        "benefit": Decimal("32.00"),
    }
    assert amounts(received["total"])["benefit"] == Decimal("64.00")
    assert received["disposition"] == "Decided: KES\u00a064.00 of KES\u00a0240.00 claimed is to be paid."
    assert [item["noteNumber"] for item in received["item"]] == [[1, 2, 3, 4], [1, 2, 3, 4]]
    by_carc = {
        coding["code"]
        for one in received["item"][0]["adjudication"]
        for coding in one.get("reason", {"coding": []})["coding"]
        if coding["system"] == CARC
    }
    assert by_carc == {"119", "45", "1", "2"}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (ClaimStatus.ENTERED, "queued"),
        (ClaimStatus.PROCESSED, "partial"),
        (ClaimStatus.VALUATED, "complete"),
        (ClaimStatus.PAID, "complete"),
        # Without any lines, it could not be adjudicated.
        (ClaimStatus.REJECTED, "error"),
    ],
)
def test_the_outcome_follows_from_the_state(status: ClaimStatus, outcome: str) -> None:
    lines = tuple(replace(one, status=None) for one in CLAIM.lines) if status is ClaimStatus.ENTERED else ()
    assert claim_response(replace(CLAIM, status=status, lines=lines), created=CREATED)["outcome"] == outcome


def test_a_reviewers_values_are_the_medical_officers() -> None:
    reviewed = replace(CLAIM, lines=(line(1, quantity_reviewed=True, price_reviewed=True),))
    resource = claim_response(reviewed, created=CREATED, language="fr")
    said = [note["text"] for note in resource["processNote"]]
    assert said[0] == "Sur la quantité demandée (2), le médecin-conseil a retenu 1."
    reasons = [
        one["reason"]["coding"][0]["code"] for one in resource["item"][0]["adjudication"] if "reason" in one
    ]
    assert reasons[:2] == ["-1", "-1"]


def test_what_the_index_and_capitation_take_is_told() -> None:
    relative = line(1, price_origin=PriceOrigin.RELATIVE, remunerated=4000)
    by_head = line(2, remunerated=0, by_head=True)
    received = as_received(claim_response(replace(CLAIM, lines=(relative, by_head)), created=CREATED))
    first, second = (amounts(item["adjudication"]) for item in received["item"])
    assert (first["relative-index"], first["benefit"]) == (Decimal("-8.00"), Decimal("40.00"))
    assert (second["capitation"], second["benefit"]) == (Decimal("32.00"), Decimal("0.00"))
    waiting = replace(CLAIM, status=ClaimStatus.PROCESSED, lines=(replace(relative, remunerated=None),))
    received = as_received(claim_response(waiting, created=CREATED))
    assert amounts(received["total"])["waiting-for-index"] == Decimal("32.00")
    assert "benefit" not in amounts(received["total"])


def test_money_that_comes_from_nowhere_is_refused() -> None:
    with pytest.raises(DoesNotAddUp):
        claim_response(replace(CLAIM, lines=(line(1, remunerated=1),)), created=CREATED)


def test_what_the_sender_called_things_is_echoed() -> None:
    sent = Sent(
        claim={"reference": "Claim/abc"},
        patient={"reference": "Patient/p1"},
        provider={"reference": "Organization/o1"},
        coverage={"reference": "Coverage/c1"},
        type={"text": "dental"},
        identifier={"system": "http://h042.example/claims", "value": "17"},
    )
    resource = claim_response(replace(CLAIM, sent=sent), created=CREATED)
    assert resource["request"] == {
        "type": "Claim",
        "identifier": {"system": "http://h042.example/claims", "value": "17"},
        "reference": "Claim/abc",
    }
    assert (resource["patient"], resource["requestor"]) == (sent.patient, sent.provider)
    assert resource["type"] == sent.type
    explained = explanation_of_benefit(replace(CLAIM, sent=sent), created=CREATED)
    assert explained["insurance"] == [{"focal": True, "coverage": sent.coverage}]


def test_notes_that_are_given_take_the_place_of_those_of_the_amounts() -> None:
    said = Note(9, message("eligibility.adult"))
    resource = claim_response(replace(CLAIM, notes=(said,)), created=CREATED, language="fr")
    assert [note["text"] for note in resource["processNote"]] == ["Adulte"]
    assert [item.get("noteNumber") for item in resource["item"]] == [None, [1]]


def test_a_payment_takes_back_what_an_earlier_one_had() -> None:
    paid = Paid("12", dt.date(2026, 3, 4), 5400, -1000)
    received = as_received(
        claim_response(replace(CLAIM, status=ClaimStatus.PAID, paid=paid), created=CREATED)
    )
    assert received["payment"]["amount"]["value"] == Decimal("54.00")
    assert received["payment"]["adjustment"]["value"] == Decimal("-10.00")
    nothing = replace(CLAIM, status=ClaimStatus.PAID, paid=Paid("12", dt.date(2026, 3, 4), 0))
    assert "payment" not in claim_response(nothing, created=CREATED)


def test_openimis_finds_state_price_and_quantity_in_one_place() -> None:
    rejected = DecidedLine(
        9, Kind.ITEM, "I1", 100, 400, 400, LineStatus.REJECTED, Reason.NOT_IN_PRICE_LIST, quantity=100
    )
    decided = replace(CLAIM, lines=(line(4), rejected), administrator="ADM1")
    received = as_received(claim_response(decided, created=CREATED, flavour=Flavour.OPENIMIS))
    first, second = received["item"]
    assert [one["category"]["coding"][0]["code"] for one in first["adjudication"]] == ["2", "4", "8", "16"]
    assert [(one["amount"]["value"], one["value"]) for one in first["adjudication"]] == [
        (Decimal("60.00"), 2),
        (Decimal("50.00"), 1),
        (Decimal("50.00"), 1),
        (Decimal("32.00"), 1),
    ]
    (only,) = second["adjudication"]
    assert only["category"]["coding"][0]["code"] == "1"
    assert only["reason"]["coding"][0]["code"] == "2"
    assert [one["amount"]["value"] for one in received["total"]] == [
        Decimal("124.00"),
        Decimal("50.00"),
        Decimal("50.00"),
        Decimal("32.00"),
    ]
    assert received["requestor"]["reference"] == "Practitioner/ADM1"
    assert received["insurer"] == {"reference": "openIMIS"}
    assert first["extension"][0]["valueReference"]["reference"] == "ActivityDefinition/S4"
    assert second["extension"][0]["valueReference"]["type"] == "Medication"
