"""Answers at the counter are R4, in either language, and say what eligibility says."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.fhir.eligibility import EligibilityAsked, coverage_eligibility_response
from adjudicator.fhir.systems import BENEFIT_TYPE, OUR_LIMIT, Flavour
from adjudicator.units import date_of
from adjudicator.vocabulary import Category, Cut
from adjudicator.words import LANGUAGES, message
from tests.adjudication.test_eligibility_agrees import Counter, counters
from tests.fhir.reading import Resource, judged

CREATED = "2026-02-01T08:30:00+00:00"


def asked(counter: Counter, currency: str = "KES") -> EligibilityAsked:
    return EligibilityAsked("KHIF", currency, counter.insuree, date_of(counter.day), "request-1")


@settings(max_examples=15)
@given(counters, st.sampled_from(LANGUAGES), st.sampled_from(Flavour), st.sampled_from(["KES", "XAF"]))
def test_the_referee_takes_every_answer(
    counter: Counter, language: str, flavour: Flavour, currency: str
) -> None:
    found = counter.eligibility()
    answer = judged(
        coverage_eligibility_response(
            found, asked(counter, currency), created=CREATED, language=language, flavour=flavour
        )
    )
    assert answer["outcome"] == "complete"
    inforce = [one["inforce"] for one in answer.get("insurance", [])]
    assert inforce == [found.covered] * len(found.policies) + [False] * len(found.others)
    for insurance in answer.get("insurance", []):
        # R4's invariant ces-1, which the referee does not know.
        assert all(("category" in one) != ("productOrService" in one) for one in insurance.get("item", []))


def coded(item: Resource, system: str) -> str | None:
    coding = item.get("category", {}).get("coding", [{}])[0]
    code: str | None = coding["code"] if coding.get("system") == system else None
    return code


@settings(max_examples=25)
@given(counters)
def test_limits_and_what_was_asked_about_are_told_as_they_are(counter: Counter) -> None:
    found = counter.eligibility()
    answer = coverage_eligibility_response(found, asked(counter), created=CREATED)
    for standing, insurance in zip(found.policies, answer.get("insurance", []), strict=False):
        items = insurance.get("item", [])
        told = [item for item in items if coded(item, OUR_LIMIT)]
        assert len(told) == len(standing.limits)
        for limit, item in zip(standing.limits, told, strict=True):
            (benefit,) = item["benefit"]
            left = benefit["allowedMoney"]["value"] - benefit["usedMoney"]["value"]
            assert left == Decimal(limit.left).scaleb(-2)
            assert (benefit["type"]["coding"][0]["code"] == "deductible") is (limit.cut is Cut.DEDUCTIBLE)
        terms = [
            visit
            for provision in found.provisions
            for one in provision.policies
            if one.policy.policy == standing.cover.policy.policy
            for visit in one.visits
        ]
        about = [item for item in items if "productOrService" in item]
        gone = {one.code for one in found.provisions if one.provision is None}
        silent = [item for item in about if item["productOrService"]["coding"][0]["code"] in gone]
        assert len(silent) == len([one for one in found.provisions if one.provision is None])
        assert all(item["excluded"] and "register" in item["description"] for item in silent)
        about = [item for item in about if item not in silent]
        assert len(about) == len(terms)
        for visit, item in zip(terms, about, strict=True):
            assert item["excluded"] or visit.payable
            assert item["excluded"] is ("description" in item)


@settings(max_examples=15)
@given(counters)
def test_openimis_is_told_what_is_left_in_its_words(counter: Counter) -> None:
    found = counter.eligibility()
    answer = coverage_eligibility_response(found, asked(counter), created=CREATED, flavour=Flavour.OPENIMIS)
    for standing, insurance in zip(found.policies, answer.get("insurance", []), strict=False):
        figures = {item["category"]["text"]: item for item in insurance.get("item", [])}
        for counted in standing.categories:
            if counted.category is Category.VISIT and counted.left is not None:
                (benefit,) = figures["total_visits"]["benefit"]
                assert benefit["allowedUnsignedInt"] == counted.left
        if standing.version is not None:
            assert {f"is_{one.kind.word}_ok" for one in found.provisions} <= set(figures)


def test_somebody_unknown_is_an_error_and_so_is_what_cannot_be_answered() -> None:
    counter = EligibilityAsked("KHIF", "KES", "I-0", date_of(20_000), "r", purposes=("validation",))
    answer = judged(coverage_eligibility_response(None, counter, created=CREATED, language="fr"))
    assert (answer["outcome"], answer["error"][0]["code"]["coding"][0]["code"]) == ("error", "7")
    assert "insurance" not in answer
    said = message("eligibility.unknown_provision", code="X")
    answer = judged(coverage_eligibility_response(None, counter, created=CREATED, problems=[said]))
    assert [one["code"]["text"] for one in answer["error"]] == [
        "there is no service or item X in the register"
    ]


def test_what_the_sender_called_things_is_echoed() -> None:
    patient, request = {"reference": "Patient/1"}, {"reference": "CoverageEligibilityRequest/9"}
    question = EligibilityAsked(
        *("KHIF", "KES", "I-0", date_of(20_000), "9"), request=request, patient=patient, requestor=patient
    )
    answer = judged(coverage_eligibility_response(None, question, created=CREATED))
    assert (answer["patient"], answer["request"], answer["requestor"]) == (patient, request, patient)
    assert BENEFIT_TYPE not in str(answer)
