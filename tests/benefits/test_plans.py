"""Plan files: what is wrong with them is told with its place, and the shipped ones do as they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adjudicator.benefits.cycles import cycle_of, examples
from adjudicator.benefits.definition import Plan
from adjudicator.benefits.examples import try_examples
from adjudicator.benefits.read import CompiledPlan, CompiledVouchers, read_plan, read_plans
from adjudicator.problems import Refused
from adjudicator.units import date_of

SHIPPED = Path(__file__).parents[2] / "benefits"

PLAN = """\
plan: P
title: {en: Plan, fr: Programme}
valid: {from: 2026-01-01, to: 2026-12-31}
attributes: {score: number, phone: text}
criteria: |
  attribute.score < 30
  and family.children_under_5 >= 1
with_member: member.sex = female
amount: {fixed: 20, per_child: {each: 1.50, at_most: 2}, at_most: 22}
cycle: two_months
payment: {by: mobile_money, account: phone}
examples:
  - receives: 22
    family: {attribute.score: 3}
    members:
      - {member.head: true, member.sex: female, member.age: 30}
      - {member.sex: male, member.birth_date: 2024-05-06}
      - {member.age: 8}
  - receives: nothing
    family: {attribute.score: 30}
    members: [{member.sex: female, member.age: 3}]
"""

VOUCHERS = """\
vouchers: V
title: Vouchers
given_to: member.sex = female and member.age between 12 and 55
visits:
  - {visit: antenatal, title: Antenatal, times: 4, amount: 5, valid_days: 280}
examples:
  - {receives: vouchers, member: {member.sex: female, member.age: 12}}
  - {receives: nothing, member: {member.sex: male, member.age: 12}}
"""


def read(folder: Path, text: str, decimals: int = 2) -> CompiledPlan | CompiledVouchers:
    path = folder / "plan.yaml"
    path.write_text(text, "utf-8")
    return read_plan(path, decimals)


def refused(folder: Path, text: str) -> list[tuple[str, int | None, int | None]]:
    with pytest.raises(Refused) as caught:
        read(folder, text)
    for problem in caught.value.problems:
        assert problem.told("fr") != problem.told("en")
    return [(problem.what.key, problem.place.line, problem.place.column) for problem in caught.value.problems]


def test_a_plan_does_as_its_examples_say(tmp_path: Path) -> None:
    plan = read(tmp_path, PLAN)
    assert try_examples(plan).problems == ()
    assert (plan.code, [wanted for wanted, _ in plan.examples]) == ("P", [2200, -1])
    vouchers = read(tmp_path, VOUCHERS)
    assert isinstance(vouchers, CompiledVouchers)
    assert try_examples(vouchers).problems == ()


def test_examples_that_come_out_otherwise_are_told(tmp_path: Path) -> None:
    plan = read(tmp_path, PLAN.replace("receives: 22", "receives: 23").replace("score: 30}", "score: 29}"))
    told = [(problem.what.key, problem.place.line) for problem in try_examples(plan).problems]
    assert told == [("benefits.example_differs", 13), ("benefits.example_differs", 19)]
    vouchers = read(tmp_path, VOUCHERS.replace("sex: male", "sex: female"))
    assert [problem.what.key for problem in try_examples(vouchers).problems] == ["benefits.example_given"]


def test_the_hash_is_of_what_the_plan_says(tmp_path: Path) -> None:
    said = read(tmp_path, PLAN).content_hash
    assert (
        read(tmp_path, "# a remark\n" + PLAN.replace("receives: 22\n", "receives: 22.00\n")).content_hash
        == said
    )
    assert read(tmp_path, PLAN.replace("fixed: 20", "fixed: 21")).content_hash != said


@pytest.mark.parametrize(
    ("old", "new", "key", "line", "column"),
    [
        ("attribute.score < 30", "attribute.scor < 30", "benefits.unknown_field", 6, 3),
        ("family.children_under_5", "family.childrn", "benefits.unknown_field", 7, 7),
        ("family.children_under_5 >= 1", "member.age < 5", "benefits.member_in_family", 7, 7),
        ("family.children_under_5 >= 1", "exists(claims of insuree)", "benefits.no_look", 7, 7),
        ("attribute.score < 30", 'attribute.score = "x"', "rules.types_differ", 6, 19),
        ("attribute.score < 30", "attribute.score <", "rules.unexpected", 7, 3),
        ("member.sex = female", "member.sex = femal", "rules.unknown_word", 8, 27),
        ("account: phone", "account: fone", "benefits.account", 11, 38),
        (", account: phone", "", "benefits.needs_account", 11, 10),
        ("cycle: two_months", "cycle: fortnight", "product.expects_word", 10, 8),
        ("cycle: two_months", "cycle: {every: month, dates: [2026-01-01]}", "benefits.one_rhythm", 10, 8),
        ("cycle: two_months", "cycle: {dates: [2026-02-01, 2026-01-01]}", "benefits.dates_rise", 10, 16),
        ("cycle: two_months", "cycle: {every: month, first: 2026-13}", "benefits.expects_month", 10, 30),
        ("fixed: 20", "fixed: 20.005", "product.too_many_decimals", 9, 17),
        ("fixed: 20", "fixed: 100000001", "benefits.amount_too_large", 9, 17),
        ("fixed: 20", "fixd: 20", "product.unknown_key", 9, 10),
        ("{fixed: 20, per_child: {each: 1.50, at_most: 2}, at_most: 22}", "0", "benefits.no_amount", 9, 9),
        ("member.age: 8", "member.aged: 8", "benefits.example_field", 18, 23),
        ("attribute.score: 3}", "attribute.score: x}", "benefits.example_value", 14, 31),
        ("receives: 22", "receives: nothing", "benefits.examples_missing", 13, 3),
    ],
)
def test_mistakes_are_told_with_their_place(
    tmp_path: Path, old: str, new: str, key: str, line: int, column: int
) -> None:
    assert old in PLAN
    found = refused(tmp_path, PLAN.replace(old, new))
    assert (key.removesuffix(".near"), line) in [(told.removesuffix(".near"), at) for told, at, _ in found], (
        found
    )
    if key not in ("benefits.examples_missing", "benefits.example_field", "product.unknown_key"):
        assert (key, line, column) in [(told.removesuffix(".near"), *at) for told, *at in found], found


def test_all_mistakes_of_a_condition_are_told(tmp_path: Path) -> None:
    wrong = (
        "  attribute.scor < 30\n"
        "  and (family.childrn >= 1 or member.age < 5)\n"
        "  and not (exists(claims of insuree) or attribute.score = 1.5%)\n"
        "  and count(claims of family, where claim.nights > many) > 2\n"
    )
    begin = PLAN.index("  attribute.score < 30")
    text = PLAN[:begin] + wrong + PLAN[PLAN.index("with_member") :]
    found = [(told.removesuffix(".near"), *at) for told, *at in refused(tmp_path, text)]
    conditions = [
        ("benefits.unknown_field", 6, 3),
        ("benefits.unknown_field", 7, 8),
        ("benefits.member_in_family", 7, 31),
        ("benefits.no_look", 8, 12),
        ("rules.types_differ", 8, 57),
        ("benefits.no_look", 9, 7),
    ]
    assert found == conditions
    # What is wrong with the form of the file hides none of them.
    found = [
        (told.removesuffix(".near"), *at) for told, *at in refused(tmp_path, text.replace("by:", "buy:"))
    ]
    assert [one for one in found if one[0] != "product.unknown_key"][:6] == conditions


def test_an_item_of_a_set_is_shown_where_it_is_written(tmp_path: Path) -> None:
    text = PLAN.replace(
        "with_member: member.sex = female", "sets: {some: [male, femal]}\nwith_member: member.sex in @some"
    )
    [(key, line, column)] = refused(tmp_path, text)
    assert (key, line, column) == ("rules.unknown_word", 8, 21)


def test_tiers_that_are_never_reached_are_refused(tmp_path: Path) -> None:
    text = PLAN.replace("fixed: 20", "tiers: [{amount: 3}, {when: family.members > 1, amount: 4}]")
    assert [key for key, *_ in refused(tmp_path, text)] == ["benefits.tier_hidden"]


def test_a_plan_of_another_name_is_needed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(PLAN, "utf-8")
    with pytest.raises(Refused) as caught:
        read_plans(tmp_path, 2)
    assert [problem.what.key for problem in caught.value.problems] == ["benefits.plan_twice"]
    assert read_plans(tmp_path / "nowhere", 2) == []


@pytest.mark.parametrize("decimals", [0, 2, 3])
def test_the_shipped_plans_are_in_order(decimals: int) -> None:
    plans = read_plans(SHIPPED, decimals)
    assert {plan.code for plan in plans} >= {"FAMILY-GRANT", "MATERNITY"}
    for plan in plans:
        assert try_examples(plan).problems == ()


def test_the_documented_plans_are_in_order(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (SHIPPED / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert try_examples(read(tmp_path, block)).problems == ()


def cycles(
    folder: Path, cycle: str, *given: str, valid: str = "{from: 2026-01-01, to: 2026-12-31}"
) -> list[str]:
    text = PLAN.replace("cycle: two_months", f"cycle: {cycle}").replace(
        "{from: 2026-01-01, to: 2026-12-31}", valid
    )
    definition = read(folder, text).definition
    assert isinstance(definition, Plan)
    found = []
    for one in given:
        try:
            span = cycle_of(definition, one)
        except Refused as told:
            found.append(told.problems[0].what.key.removeprefix("benefits."))
        else:
            days = [date_of(day).isoformat() for day in (span.first, span.last, span.judged)]
            found.append(" ".join([span.name, *days]))
    return found


def test_cycles_of_months(tmp_path: Path) -> None:
    assert cycles(tmp_path, "two_months", "2026-03", "2", "2026-02", "2027-01", "0", "soon", "2026-3") == [
        "2026-03 2026-03-01 2026-04-30 2026-03-01",
        "2026-03 2026-03-01 2026-04-30 2026-03-01",
        *("no_cycle", "not_in_force", "no_cycle", "no_cycle", "no_cycle"),
    ]
    assert cycles(tmp_path, "{every: quarter, judged_on: last_day}", "2026-Q2", "2026-04", "2026-05") == [
        "2026-Q2 2026-04-01 2026-06-30 2026-06-30",
        "2026-Q2 2026-04-01 2026-06-30 2026-06-30",
        "no_cycle",
    ]
    assert cycles(tmp_path, "half_year", "2026-H2", "2") == ["2026-H2 2026-07-01 2026-12-31 2026-07-01"] * 2
    assert cycles(tmp_path, "year", "2026", "1") == ["2026 2026-01-01 2026-12-31 2026-01-01"] * 2
    # Without a beginning there is no first cycle.
    assert cycles(tmp_path, "month", "1", "2020-02", valid="{}") == [
        "no_cycle",
        "2020-02 2020-02-01 2020-02-29 2020-02-01",
    ]


def test_cycles_of_dates(tmp_path: Path) -> None:
    rhythm = "{dates: [2026-01-15, 2026-06-15]}"
    assert cycles(tmp_path, rhythm, "2026-01-15", "2", "3", "2026-01-16", "x") == [
        "2026-01-15 2026-01-15 2026-06-14 2026-01-15",
        "2026-06-15 2026-06-15 2026-06-15 2026-06-15",
        *("no_cycle", "no_cycle", "no_cycle"),
    ]
    plan = read(tmp_path, PLAN).definition
    assert isinstance(plan, Plan)
    assert examples(plan) == ["2026-01", "2026-03", "2026-05"]
