"""Every way into a resource agrees: the quick one, the thorough one, and the referee."""

import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.fhir import referee
from ingest.fhir.claim import ClaimRead, read_claim
from ingest.fhir.elements import root_types
from ingest.fhir.profile import shipped
from ingest.fhir.quick import decode
from ingest.fhir.resource import read_resource
from ingest.fhir.scan import look_at
from ingest.fhir.thorough import Unreadable, findings, tree_of
from tests.ingest.fhir_material import EXAMPLES, changed, claim, every_step, examples, lacking, written
from tests.ingest.fhir_soak import check
from tests.ingest.fhir_spoiling import spoilt_bytes, spoilt_tree

BASE = shipped()
OPENIMIS = shipped("openimis")

needs_examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not here")


def quickly(body: bytes, resource_type: str) -> bool:
    """Whether the quick way says yes."""
    seen = next(look_at(body, False), None)
    return seen is not None and decode(body, resource_type, seen, frozenset()) is not None


def thoroughly(body: bytes, resource_type: str) -> bool:
    """Whether the thorough way finds nothing."""
    try:
        return not findings(tree_of(body), resource_type)
    except Unreadable:
        return False


def same(read: ClaimRead, judged: ClaimRead) -> bool:
    return (read.claim, read.lines) == (judged.claim, judged.lines)


def agree(body: bytes, resource_type: str = "Claim") -> None:
    if quickly(body, resource_type):
        assert thoroughly(body, resource_type), findings(tree_of(body), resource_type)
    if resource_type == "Claim":
        read, judged = read_claim(body, OPENIMIS), referee.read_claim(body, OPENIMIS)
        assert read.accepted == judged.accepted, (read.outcome, judged.outcome)
        assert same(read, judged)


@needs_examples
@pytest.mark.parametrize("resource_type", root_types())
def test_the_examples_are_judged_alike(resource_type: str) -> None:
    seen = 0
    for place, (name, body, profile) in enumerate(examples(resource_type)):
        if quickly(body, resource_type):
            assert thoroughly(body, resource_type), name
        # The referee is slow, and Synthea's claims are all alike.
        if place % (23 if place > 20 else 2):
            continue
        ours, theirs = (way(body, resource_type, profile)[1] for way in (_read, referee.read_resource))
        assert ours.refuses == theirs.refuses, (name, theirs.issues)
        if resource_type == "Claim":
            assert same(read_claim(body, profile), referee.read_claim(body, profile)), name
        seen += 1
    assert seen or resource_type in ("Bundle", "ChargeItemDefinition")


def _read(body: bytes, resource_type: str, profile: Any) -> Any:
    return read_resource(body, None, resource_type, profile)


@needs_examples
def test_what_hl7_shows_is_taken_the_quick_way() -> None:
    """The quick way is no quick way if the standard's own claims are doubtful to it."""
    bodies = [body for name, body, _ in examples("Claim") if name.startswith("Claim-")]
    assert sum(quickly(body, "Claim") for body in bodies) > len(bodies) * 0.6


def test_a_claim_of_openimis_goes_the_quick_way() -> None:
    assert quickly(written(claim()), "Claim")
    read = read_claim(written(claim()), OPENIMIS)
    assert read.accepted
    assert not read.outcome


STEPS = sorted(every_step(claim()), key=str)

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(float),
    st.sampled_from(
        ["", " ", "a b", "ﬁ", "2021-02-30", "2021-02", "2021-02-03T10:00:00", "0", "a" * 70, "\u0001"]
    ),
    st.sampled_from(
        ["Patient/1", "Group/1", "urn:uuid:1", "#1", "https://x/fhir/Patient/1", "_", "http://a b"]
    ),
    st.text(max_size=8),
    st.sampled_from([[], {}, [[]], [None], {"value": "1"}, {"coding": []}, [{}], {"a": 1}]),
)


@given(st.sampled_from(STEPS), JUNK)
@settings(max_examples=120)
def test_a_changed_element_is_judged_alike(steps: tuple[str | int, ...], value: Any) -> None:
    agree(written(changed(claim(), steps, value)))


@given(st.sampled_from(STEPS))
@settings(max_examples=30)
def test_a_missing_element_is_judged_alike(steps: tuple[str | int, ...]) -> None:
    agree(written(lacking(claim(), *steps)))


ADDED = (
    "extension modifierExtension id _status _created contained text related foo Status procedure careTeam "
    "net factor detail servicedDate servicedPeriod valueString"
)
NAMES = st.sampled_from(ADDED.split())
VALUES = st.sampled_from(
    [
        [{"url": "http://x", "valueDecimal": 1.5}],
        [{"url": "http://x", "valueDecimal": 1, "valueString": "x"}],
        [{"url": "http://x", "_valueString": {"id": "a"}}],
        {"extension": [{"url": "http://x", "valueCode": "y"}]},
        [{"resourceType": "Device", "id": "d"}],
        [{"resourceType": "Patient", "id": "p", "gender": "foo"}],
        [{"resourceType": "Group", "id": "g", "type": "person", "actual": True}],
        {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
        [{"sequence": 1, "procedureCodeableConcept": {"text": "x"}}],
        [{"sequence": 1}],
        {"value": 21, "currency": "EUR"},
        {"value": 21.001, "currency": "XXY"},
        1.5,
        "2021-02-03",
        {"start": "2021-02-03", "end": "2021-02-04T10:00:00Z"},
    ]
)


@given(st.sampled_from([(), ("item", 0), ("item", 1), ("diagnosis", 0), ("patient",)]), NAMES, VALUES)
@settings(max_examples=80)
def test_an_added_element_is_judged_alike(where: tuple[str | int, ...], name: str, value: Any) -> None:
    agree(written(changed(claim(), (*where, name), value)))


def test_whatever_json_says_is_seen_by_every_way() -> None:
    """What Python's reader or msgspec would let pass."""
    good = written(claim()).decode()
    for old, new in (
        ('"status":"active"', '"status":"active","status":"active"'),
        ('"value":10.5', '"value":"10.5"'),
        ('"value":10.5', '"value":1E+400'),
        ('"value":10.5', '"value":NaN'),
        ('"value":10.5', '"value":010.5'),
        ('"sequence":1', '"sequence":1.0'),
        ('"sequence":1', '"sequence":true'),
        ('"C00001"', '"C\\u0000"'),
        ('"C00001"', '"C\\ud800"'),
        ('"2021-02-05"', '"2021-02-29"'),
        ('"2021-02-05"', '"0000-02-05"'),
        ('{"resourceType"', '{"resourceType":"Claim","resourceType"'),
    ):
        body = good.replace(old, new, 1).encode()
        assert body != good.encode()
        agree(body)
        assert not read_claim(body, OPENIMIS).accepted, new


def test_amounts_keep_their_digits() -> None:
    body = (
        written(claim(1, 1))
        .replace(b"10.5", b"12.345678901234567890")
        .replace(b"21,", b"24.691357802469135780,")
    )
    read, judged = read_claim(body, OPENIMIS), referee.read_claim(body, OPENIMIS)
    assert str(read.lines[0]["price_asked"]) == "12.345678901234567890"
    assert same(read, judged)


OTHERS = [one for one in root_types() if one not in ("Claim", "Bundle")]


@needs_examples
@pytest.mark.parametrize("resource_type", OTHERS)
def test_other_resources_are_judged_alike_when_spoilt(resource_type: str) -> None:
    """Every element in turn is gone, or something else; the soak does the same with everything there is."""
    held = next((body for _, body, _ in examples(resource_type)), None)
    if held is None:
        return
    tree = json.loads(held)
    tree.pop("text", None)
    for place, steps in enumerate(sorted(every_step(tree), key=str)):
        for spoilt in (lacking(tree, *steps), changed(tree, steps, SPOILS[place % len(SPOILS)])):
            body = written(spoilt)
            if quickly(body, resource_type):
                assert thoroughly(body, resource_type), (steps, findings(tree_of(body), resource_type))


SPOILS: list[Any] = [None, "", [], {}, 1, "1", True, ["x"], {"value": "1"}, "2021-02-30", "a b"]


@given(st.data())
@settings(max_examples=25)
def test_two_changes_are_judged_alike(data: st.DataObject) -> None:
    tree = changed(claim(), data.draw(st.sampled_from(STEPS)), data.draw(JUNK))
    steps = data.draw(st.sampled_from(sorted(every_step(tree), key=str)))
    agree(written(changed(tree, steps, data.draw(JUNK))))


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_claims_have_an_answer(seed: int) -> None:
    """A sip of the soak."""
    chance = random.Random(seed)
    sound = claim(1, 2)
    for number in range(60):
        spoilt = spoilt_tree(sound, chance) if number % 2 else spoilt_bytes(written(sound), chance)
        assert check(spoilt, "Claim", OPENIMIS, number % 6 == 0) is None, spoilt


def test_huge_and_deep_things_are_answered_soon() -> None:
    body = written(claim()).decode()
    for spoilt in (
        body.replace('"value":2', '"value":' + "9" * 100_000, 1),
        body.replace('"value":2', '"value":1e' + "9" * 1000, 1),
        body.replace('"C00001"', '"' + "a" * (2 << 20) + '"', 1),
        body.replace('"status"', '"x":' + "[" * 100_000 + '1,"status"', 1),
        body.replace('"status"', '"x":' + '{"a":' * 40 + "1" + "}" * 40 + ',"status"', 1),
        body.replace('"status"', ",".join(f'"k{n}":1' for n in range(20_000)) + ',"status"', 1),
        body.replace('"status"', '"status":1,' * 20_000 + '"status"', 1),
        body.replace('"item":[', '"item":[' + '{"sequence":1},' * 20_000, 1),
    ):
        began = time.thread_time()
        read = read_claim(spoilt.encode(), OPENIMIS)
        assert not read.accepted
        assert read.outcome
        assert len(read.outcome) <= 200
        assert time.thread_time() - began < 5


def test_the_committed_types_are_the_generated_ones() -> None:
    import ast
    import inspect

    from ingest.fhir import structs
    from ingest.fhir.generate import written as generated

    assert ast.dump(ast.parse(generated())) == ast.dump(ast.parse(inspect.getsource(structs)))


def test_json_of_any_kind_has_an_answer() -> None:
    for body in (
        b"",
        b" ",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{}",
        b"{",
        b"\xff\xfe",
        b'{"resourceType":1}',
        b"[" * 99,
    ):
        assert not read_claim(body, BASE).accepted
        assert read_claim(body, BASE).outcome
        assert not referee.read_claim(body, BASE).accepted
    assert json.loads(written(claim()))["resourceType"] == "Claim"
