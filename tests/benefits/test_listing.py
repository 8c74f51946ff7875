"""Lists are what the plan says of each family in plain words, in any order of the registers."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.benefits.listing import answer, entitled
from adjudicator.benefits.read import CompiledPlan, read_plan
from adjudicator.benefits.universe import Families
from adjudicator.rulebook.fields import Type
from tests.benefits.households import ADULT_AGE, DAY, households

_NUMBERS = (
    *("family.members", "family.adults", "family.children", "family.children_under_2"),
    *("family.children_under_5", "family.elderly", "head.age", "attribute.score"),
)
_SIGNS = ("=", "!=", "<", "<=", ">", ">=")


def _compared(paths: tuple[str, ...], most: int) -> st.SearchStrategy[str]:
    return st.builds(
        lambda path, sign, number: f"{path} {sign} {number}",
        st.sampled_from(paths),
        st.sampled_from(_SIGNS),
        st.integers(0, most),
    )


_FAMILY = st.one_of(
    _compared(_NUMBERS, 8),
    _compared(("head.age",), 70),
    st.sampled_from(
        [
            "family.insured",
            "family.products in [A]",
            "family.products not in [A]",
            'family.region = "R1"',
            "family.village in [R1D1W1V*]",
            "family.ward is given",
            "family.location = family.district",
            "family.district is missing",
            "head.sex = female",
            "head.sex is missing",
            'attribute.sector != "farm"',
            "cycle.day - family.enrolled >= 90",
            "head.birth_date < 1990-01-01",
            "2 * family.children > family.members",
        ]
    ),
)
_MEMBER = st.one_of(
    _compared(("member.age",), 30),
    _compared(("member.age_days",), 800),
    st.sampled_from(
        [
            "member.sex = female",
            "member.head",
            "member.birth_date is missing",
            "family.insured and member.age < 18",
            "not member.head",
        ]
    ),
)


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        parts,
        lambda inner: st.one_of(
            st.builds(lambda a, b: f"({a} and {b})", inner, inner),
            st.builds(lambda a, b: f"({a} or {b})", inner, inner),
            st.builds(lambda a: f"not ({a})", inner),
        ),
        max_leaves=4,
    )


_AMOUNT = st.fixed_dictionaries(
    {},
    optional={
        "fixed": st.integers(0, 50),
        "per_member": st.integers(0, 9),
        "per_child": st.builds(
            lambda each, most: f"{{each: {each}, at_most: {most}}}", *[st.integers(0, 5)] * 2
        ),
        "per": st.builds(
            lambda where, each: f"[{{each: {each}, where: '{where}'}}]", _joined(_MEMBER), st.integers(0, 9)
        ),
        "tiers": st.builds(
            lambda when, first, second: f"[{{when: '{when}', amount: {first}}}, {{amount: {second}}}]",
            _joined(_FAMILY),
            *[st.integers(0, 9)] * 2,
        ),
        "at_most": st.integers(1, 60),
    },
).filter(lambda amount: any(value != 0 for name, value in amount.items() if name != "at_most"))

_PLAN = """\
plan: P
title: P
attributes: {{score: number, sector: text}}
criteria: |
  {criteria}
{with_member}
amount: {{{amount}}}
cycle: month
payment: {{by: post}}
examples:
  - {{receives: nothing}}
  - {{receives: 1}}
"""


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


def plan_of(folder: Path, criteria: str, with_member: str | None, amount: dict[str, object]) -> CompiledPlan:
    text = _PLAN.format(
        criteria=criteria,
        with_member=f"with_member: |\n  {with_member}" if with_member else "",
        amount=", ".join(f"{name}: {value}" for name, value in amount.items()),
    )
    path = folder / "plan.yaml"
    path.write_text(text, "utf-8")
    plan = read_plan(path, 2, ADULT_AGE)
    assert isinstance(plan, CompiledPlan)
    return plan


@settings(max_examples=30)
@given(st.integers(0, 40), _joined(_FAMILY), st.none() | _joined(_MEMBER), _AMOUNT)
def test_a_list_is_what_the_plan_says_of_each_family(
    plans: Path, seed: int, criteria: str, with_member: str | None, amount: dict[str, object]
) -> None:
    plan = plan_of(plans, criteria, with_member, amount)
    world = households(seed)
    codes = sorted(row["family"] for row in world.families)
    answers = {code: answer(plan, world.plain(code)) for code in codes}
    wanted = {code: one.amount for code, one in answers.items() if one.amount}
    for random in (None, Random(seed)):
        families = Families(world.tables(random), DAY, ADULT_AGE, {"score": Type.NUMBER, "sector": Type.TEXT})
        found = entitled(plan, families.universe)
        assert dict(zip(families.codes(found.rows), found.amounts.tolist(), strict=True)) == wanted
        assert found.qualifying == sum(one.criteria and one.with_member for one in answers.values())
        assert families.codes(found.rows) == sorted(wanted)


def test_attributes_that_cannot_be_read_are_told(plans: Path) -> None:
    world = households(3)
    told = Families(world.tables(), DAY, ADULT_AGE, {"score": Type.NUMBER, "sector": Type.TEXT}).unreadable()
    many = sum('"many"' in (row["attributes"] or "") for row in world.families)
    assert [(one.attribute, one.families, one.example) for one in told] == [("score", many, "many")]


def test_the_name_of_the_head_goes_with_the_list() -> None:
    world = households(5)
    families = Families(world.tables(Random(1)), DAY, ADULT_AGE, {})
    codes = [row["family"] for row in world.families]
    places = [families.place_of(code) for code in codes]
    assert None not in places
    assert families.place_of("NOBODY") is None
    names = families.head_names(np.array(places, np.int64))
    for code, name in zip(codes, names, strict=True):
        row = world.plain(code)
        heads = [one["member.insuree"] for one in row.lines if one.get("member.head") == 1]
        known = {one["insuree"]: one["name"] for one in world.insurees}
        assert name == (known[min(heads)] if heads else None)
