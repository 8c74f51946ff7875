"""The second back end: within its guards it agrees with the plain one, and whatever it does harms nobody."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.review.routing import durable, plain
from adjudicator.review.routing.durable import MOST_FAILURES, Chaining, Failed, Limits
from adjudicator.review.routing.facts import KINDS, fact
from adjudicator.review.routing.guards import ENDS, MOST_FACTS, Codes, OutsideGuards, lint, ruleset
from adjudicator.review.routing.read import routing_of
from adjudicator.review.routing.router import BackEnd, Router, route
from adjudicator.review.routing.rules import MOST_RULES, Routing
from adjudicator.shipped import shipped_routing
from tests.review.routing_worlds import some_case, some_routing

randoms = st.integers(0, 1 << 32).map(Random)
SHIPPED = routing_of(shipped_routing(), 2)
CASE = [fact("flag", rule="care-after-death", queue="identity", severity=3, score=90)]
QUICK = Limits(case_seconds=0.3)
PATIENT = Limits(start_seconds=120, case_seconds=120)
"""For what is not about time: a busy machine is no failure."""

needs_the_library = pytest.mark.skipif(
    not durable.installed(), reason="durable_rules is not installed (extra `chaining`)"
)

# With the library.


@needs_the_library
@settings(max_examples=15)
@given(randoms)
def test_both_back_ends_agree(random: Random) -> None:
    routing = some_routing(random, random.choice([1, 5, 20]))
    with Chaining(routing, PATIENT) as chaining:
        for _ in range(20):
            case = some_case(random)
            assert chaining.chain(case) == plain.chain(routing.rules, case)


@needs_the_library
def test_as_many_rules_as_there_may_be_agree() -> None:
    random = Random(7)
    routing = some_routing(random, MOST_RULES)
    with Chaining(routing, PATIENT) as chaining:
        for _ in range(30):
            case = some_case(random)
            assert chaining.chain(case) == plain.chain(routing.rules, case)


@needs_the_library
def test_the_shipped_examples_agree() -> None:
    with Router(SHIPPED, Chaining(SHIPPED, PATIENT)) as router, Router(SHIPPED) as other:
        for rule in SHIPPED.rules:
            for _, facts in rule.examples:
                ours, theirs = router.route(facts), other.route(facts)
                assert ours.replaced is None
                assert ours.why == theirs.why
                assert ours.back_end == "durable"


@needs_the_library
def test_a_child_is_replaced_before_it_has_had_too_many_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "MOST_CASES", 3)
    with Chaining(SHIPPED, PATIENT) as chaining:
        for _ in range(10):
            assert chaining.chain(CASE) == plain.chain(SHIPPED.rules, CASE)


# What is given to it.


@given(randoms)
def test_what_rules_become_is_within_the_guards(random: Random) -> None:
    lint(ruleset(some_routing(random, random.choice([1, 10, MOST_RULES])), Codes({})))


def shipped_ruleset() -> dict[str, Any]:
    return ruleset(SHIPPED, Codes({}))


def test_the_shipped_rules_are_within_the_guards() -> None:
    lint(shipped_ruleset())


def _joined(rules: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the conjuncts of the second pattern of a join."""
    number = [rule.name for rule in SHIPPED.rules].index("two-grave-flags")
    parts: list[dict[str, Any]] = rules[f"r{number}"]["all"][1][f"r{number}p1"]["$and"]
    return parts


def _first(rules: dict[str, Any]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = rules["r0"]["all"][0]["r0p0"]["$and"]
    return parts


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rules: rules.pop("ends"),
        lambda rules: rules["ends"].update(all=[]),
        lambda rules: rules.update({f"s{n}": copy.deepcopy(rules["r0"]) for n in range(MOST_RULES)}),
        lambda rules: rules["r0"].update(any=[]),
        lambda rules: rules["r0"].update(count=2),
        lambda rules: rules["r0"].update(dist=0),
        lambda rules: rules.update(r1=copy.deepcopy(rules["r0"])),
        lambda rules: rules["r0"].update(all=[]),
        lambda rules: rules["r0"]["all"].append({"x$not": {"$and": [{"kind": "flag"}]}}),
        lambda rules: rules["r0"]["all"].append({"x": {"$or": [{"kind": "flag"}]}}),
        lambda rules: rules["r0"]["all"].append({"x": {"kind": "flag"}}),
        lambda rules: _first(rules).pop(0),
        lambda rules: _first(rules).insert(1, {"$and": [{"score": 1}]}),
        lambda rules: _first(rules).insert(1, {"$or": [{"score": 1}, {"score": 2}]}),
        lambda rules: _first(rules).append({"name": "text"}),
        lambda rules: _first(rules).append({"name": True}),
        lambda rules: _first(rules).append({"nothing": 3}),
        lambda rules: _first(rules).append({"$mt": {"name": "a.*"}}),
        lambda rules: _first(rules).append({"$nex": {"name": 1}}),
        lambda rules: _first(rules).append({"$lt": {"name": 1}}),
        lambda rules: _first(rules).append({"name": {"$div": {"$l": 1, "$r": 0}}}),
        lambda rules: _joined(rules).pop(),
        lambda rules: _joined(rules).append({"score": 3}),
        lambda rules: _joined(rules).remove({"$ex": {"queue": 1}}),
        lambda rules: _joined(rules).insert(4, {"rule": {"nobody": "rule"}}),
    ],
)
def test_whatever_else_is_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    rules = shipped_ruleset()
    lint(rules)
    spoil(rules)
    with pytest.raises(OutsideGuards):
        lint(rules)


def fnv(text: str) -> int:
    found = 0x811C9DC5
    for byte in text.encode():
        found = (found * 16777619 & 0xFFFFFFFF) ^ byte
    return found


def test_no_two_names_that_it_is_given_are_one_to_it() -> None:
    numbers = [ENDS, *(str(number) for number in range(MOST_FACTS + MOST_RULES + durable.MOST_CASES))]
    assert len({fnv(number) for number in numbers}) == len(numbers)
    fields = {"id", "sid", "kind", "always", "$s", *(name for fields in KINDS.values() for name in fields)}
    assert len({fnv(name) for name in fields}) == len(fields)
    patterns = {f"r{rule}p{place}" for rule in range(MOST_RULES) for place in range(4)}
    assert len({fnv(name) for name in patterns}) == len(patterns)


# Whatever it does: a library that misbehaves stands in its place.

ENGINE = """
import os, time
def create_ruleset(name, rules):
    {create}
    return 1
def assert_fact(handle, one):
    {put}
    return (1, 1)
def start_action_for_state(handle, state):
    {start}
    return ("", '{{"ends":{{}}}}')
def complete_and_start_action(handle, state):
    {complete}
def delete_state(handle, session):
    pass
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give a function that puts a library in the place of the real one."""

    def put(**does: str) -> None:
        parts = {name: does.get(name, "pass") for name in ("create", "put", "start", "complete")}
        (tmp_path / "durable_rules_engine.py").write_text(ENGINE.format(**parts), "utf-8")

    put()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return put


@pytest.mark.parametrize(
    ("does", "key"),
    [
        ({"put": "time.sleep(60)"}, "routing.too_slow"),
        ({"start": "\n    while True: pass"}, "routing.too_slow"),
        ({"put": "os.abort()"}, "routing.ended"),
        ({"put": "os._exit(0)"}, "routing.ended"),
        ({"create": "raise ValueError('113')"}, "routing.ended"),
        ({"put": "bytearray(1 << 34)"}, "routing.ended"),
        ({"put": "return (2, 1)"}, "routing.ended"),
        ({"put": "os.write(1, b'{nonsense\\n')"}, "routing.no_answer"),
        ({"start": """return ("", '{"r0":{}}')""", "complete": """return '{"r0":{}}'"""}, "routing.ended"),
        ({}, "routing.differs"),
    ],
)
def test_what_it_does_wrong_is_replaced_and_logged(
    does: dict[str, str], key: str, engine: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    engine(**does)
    expected = route(CASE, SHIPPED)
    limits = QUICK if key == "routing.too_slow" else PATIENT
    with caplog.at_level(logging.WARNING), Router(SHIPPED, Chaining(SHIPPED, limits)) as router:
        found = router.route(CASE)
    assert found.replaced is not None
    assert found.replaced.key == key
    assert (found.back_end, found.why, found.queue) == ("plain", expected.why, expected.queue)
    [record] = caplog.records
    assert "plain evaluation" in record.getMessage()


def test_after_some_failures_it_is_asked_no_more(engine: Callable[..., None]) -> None:
    engine(put="os._exit(3)")
    with Chaining(SHIPPED, PATIENT) as chaining:
        keys = []
        for _ in range(MOST_FAILURES + 1):
            with pytest.raises(Failed) as caught:
                chaining.chain(CASE)
            keys.append(caught.value.why.key)
    assert keys == ["routing.ended"] * MOST_FAILURES + ["routing.given_up"]


def test_what_is_outside_of_the_guards_is_never_given_out(
    engine: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adjudicator.review.routing.guards.MOST_RULES", 5)
    with Chaining(SHIPPED) as chaining, pytest.raises(Failed) as caught:
        chaining.chain(CASE)
    assert caught.value.why.key == "routing.outside_guards"


def test_a_case_with_too_many_facts_is_not_given_out(engine: Callable[..., None]) -> None:
    case = [fact("flag", score=number) for number in range(MOST_FACTS + 1)]
    with Chaining(Routing(SHIPPED.rules)) as chaining, pytest.raises(Failed) as caught:
        chaining.chain(case)
    assert caught.value.why.key == "routing.too_many_facts"


def test_where_the_library_is_absent_nothing_changes_but_a_word_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(durable, "installed", lambda: False)
    with caplog.at_level(logging.WARNING), Router.by(BackEnd.DURABLE, SHIPPED) as router:
        found = [router.route(CASE) for _ in range(5)]
    assert {one.why for one in found} == {route(CASE, SHIPPED).why}
    assert [one.replaced.key for one in found if one.replaced] == ["routing.not_installed"] * 5
    assert len(caplog.records) == 1
