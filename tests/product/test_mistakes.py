"""What a person is told about a product file that is wrong: everything at once, with place and remedy."""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adjudicator.product
from adjudicator.problems import Problem, Refused
from adjudicator.product.read import read_product
from adjudicator.words import LANGUAGES, entries

BROKEN = """\
product: HIB-FAMILY
name: {en: Family health plan}
valid: {from: 2026-01-01, to: 2025-12-31}
location: R1
enrolment:
  insurance_period: 1 year
  cycle: [01-01]
  members: {maximum: a dozen, threshold: 5}
treshold: 4
contribution:
  lump_sum: 3,500
  adult: 700.505
  registration: {lump_sum: 200, per_member: 50}
  discount:
    enrolment: 5%
deductible: {per: family, amount: 500}
ceiling:
  per: insuree
  hospital: {amount: 100000, extra_member: 10000}
claim_categories:
  surgry: {claims: 2}
  visit: {ceiling: 500}
coverage:
  - services: all
    cover: 80
    price: relatif
  - services: M1
  - items: [D1]
    covered: yes
    cover: 110%
    cover: 80%
    quantity:
  - cover: 100%
  - services: {type: drug}
remuneration:
  relative_prices:
    period: quarter
    all: {share: [1%, 2%, 3%]}
  capitation:
    share: 20%
    weights: {population: 30%, visits: 40%}
"""

TOLD = """\
2:1: `fr` is missing → add it, as in `fr: Formule famille`
3:31: the version ends on 2025-12-31, before it begins on 2026-01-01 → write a `to` that is not before `from`
4:11: `R1` stands where keys are expected → write keys with values, as in `{region: R1}`
6:21: `1 year` is not a number of months → write `12 months`
7:3: `cycle` is no key that is known here → did you mean `cycles`?
8:22: `a dozen` is not a whole number → write a whole number, such as `4`
9:1: `treshold` is no key that is known here → `threshold` belongs under `enrolment.members`
11:13: `3,500` is not an amount → write `3500`
12:10: `700.505` has more decimals than the currency → write at most 2 decimals
13:17: a fee is for the family or for each member, and here it is not one of the two → write either \
`lump_sum` or `per_member`
15:16: `5%` stands where keys are expected → write keys with values, as in `{percent: 5%, ahead: 2 months}`
16:19: `family` is no word that is known here → write one of: `treatment`, `insuree`, `policy`
19:44: `extra_member` is for a ceiling per policy → write `per: policy`, or leave `extra_member` out
21:3: `surgry` is no key that is known here → did you mean `surgery`?
25:12: `80` is not a percentage → write `80%`
26:12: `relatif` is no word that is known here → did you mean `relative`?
27:15: `M1` does not say which provisions are meant → write `[M1]`
29:14: `yes` is neither true nor false → write `true`
30:12: `110%` is not between 0% and 100% → write a percentage from `0%` to `100%`
31:5: `cover` stands here twice; the first is on line 30 → keep one of them
32:5: `quantity` has no value → write its value, or leave the key out
33:5: the entry does not say which provisions it is about → add `services` or `items`, as in `services: all` \
or `items: [D1]`
34:22: `drug` is no word that is known here → write one of: `preventive`, `curative`
38:18: the list has 3 shares, and with `period: quarter` a year has 4 → write 4 shares, or one for all periods
39:3: `facilities` is missing → add it, as in `facilities: [{level: health_centre}]`
41:14: the weights add up to 70% → let them add up to 100%
"""

TOLD_IN_FRENCH = """\
2:1: il manque `fr` → ajoutez-le, par exemple `fr: Formule famille`
3:31: la version se termine le 2025-12-31, avant de commencer le 2026-01-01 → écrivez un `to` qui ne précède \
pas `from`
4:11: `R1` se trouve là où des clés sont attendues → écrivez des clés avec leurs valeurs, par exemple \
`{region: R1}`
6:21: `1 year` n’est pas un nombre de mois → écrivez `12 months`
7:3: la clé `cycle` n’est pas connue ici → vouliez-vous dire `cycles` ?
8:22: `a dozen` n’est pas un nombre entier → écrivez un nombre entier, par exemple `4`
9:1: la clé `treshold` n’est pas connue ici → `threshold` se place sous `enrolment.members`
11:13: `3,500` n’est pas un montant → écrivez `3500`
12:10: `700.505` a plus de décimales que la monnaie → écrivez au plus 2 décimales
13:17: un droit est dû par famille ou par membre, et ici ce n’est pas l’un des deux → écrivez soit \
`lump_sum`, soit `per_member`
"""


def problems_in(text: str, folder: Path, decimals: int = 2) -> list[Problem]:
    file = folder / "p.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_product(file, decimals)
    return refused.value.problems


def told(text: str, folder: Path, language: str = "en", decimals: int = 2) -> list[str]:
    before = f"{folder / 'p.yaml'}:"
    return [problem.told(language).removeprefix(before) for problem in problems_in(text, folder, decimals)]


def test_all_mistakes_of_a_file_are_told_at_once_in_its_order(tmp_path: Path) -> None:
    assert told(BROKEN, tmp_path) == TOLD.splitlines()


def test_they_are_told_in_french_too(tmp_path: Path) -> None:
    lines = [line.replace("\u00a0", " ") for line in told(BROKEN, tmp_path, "fr")]
    assert lines[: len(TOLD_IN_FRENCH.splitlines())] == TOLD_IN_FRENCH.splitlines()
    assert len(lines) == len(TOLD.splitlines())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: X", "1:1: `product` is missing → add it, as in `product: HIB-FAMILY`"),
        (
            "product: A\nmembers: {maximum: 3}",
            "2:1: `members` is no key that is known here → `members` belongs under `enrolment`",
        ),
        (
            "product: A\nenrolment: {coverage: 3}",
            "2:13: `coverage` is no key that is known here → `coverage` belongs at the top of the file, "
            "without indentation",
        ),
        (
            "product: A\nvalid: {xyz: 1}",
            "2:9: `xyz` is no key that is known here → known here: `from`, `to`",
        ),
        (
            "product: A\nvalid: {from: 31.12.2026}",
            "2:15: `31.12.2026` is not a date → write `2026-12-31`",
        ),
        (
            "product: A\nvalid: {from: 2026-02-30}",
            "2:15: `2026-02-30` is not a date → write year-month-day, such as `2026-01-31`",
        ),
        (
            "product: A\nenrolment: {cycles: 01-01}",
            "2:21: `01-01` stands where a list is expected → write `[…, …]`, or each entry on a line of its "
            "own after `- `",
        ),
        (
            "product: A\nenrolment: {cycles: [01-01, 02-01, 03-01, 04-01, 31-05]}",
            "2:50: `31-05` is not a day of the year → write `05-31`",
        ),
        (
            "product: A\nenrolment: {cycles: [01-01, 02-01, 03-01, 04-01, 05-01]}",
            "2:21: the list has 5 entries → keep at most 4",
        ),
        (
            "product: A\ndeductible: {amount: 5}",
            "2:13: nothing says what the amount is counted over → add `per: treatment`, `per: insuree` or "
            "`per: policy`",
        ),
        (
            "product: A\ndeductible: {per: policy}",
            "2:13: the amount is missing → write `amount` for all care, or `hospital` and `non_hospital`",
        ),
        (
            "product: A\ndeductible: {per: policy, amount: 5, hospital: 6}",
            "2:35: `amount` is for all care, but `hospital` or `non_hospital` stands beside it → keep "
            "`amount`, or the split",
        ),
        (
            "product: A\ndeductible: {per: policy, hospital: {per: policy, amount: 5}}",
            "2:43: `per` stands here and above the split → keep one of the two",
        ),
        (
            "product: A\ndeductible: {per: policy, amount: 5, maximum: 6}",
            "2:47: `maximum` is for a ceiling; a deductible does not grow with the family → leave "
            "`maximum` out",
        ),
        (
            "product: A\nceiling: {per: policy, maximum: 6, hospital: 7}",
            "2:33: `maximum` is for all care, but the ceiling is split → write `maximum` under `hospital` or "
            "`non_hospital`",
        ),
        (
            "product: A\nclaim_categories: {visit: {ceiling: 5}}",
            "2:37: there is no ceiling for visits → leave it out; `claims` limits their number",
        ),
        (
            "product: A\nclaim_categories: {visit: {}}",
            "2:27: nothing stands between the braces → write a term, or leave the key out",
        ),
        (
            "product: A\ncoverage: [{services: []}]",
            "2:23: the list of codes is empty → write the codes, or `all`",
        ),
        (
            "product: A\ncoverage: [{items: {category: surgery}}]",
            "2:31: items have no category → write `all`, `{type: drug}`, `{type: consumable}` or a list "
            "of codes",
        ),
        (
            "product: A\ncoverage: [{items: all, cover: {adult: {upto: 5}}}]",
            "2:40: `{upto}` does not say how much is paid → write a percentage such as `80%`, or an amount "
            "per unit such as `{up_to: 150}`",
        ),
        (
            "product: A\ncoverage: [{items: all, cover: {up_to: 1 500}}]",
            "2:40: `1 500` is not an amount → write `1500`",
        ),
        (
            "product: A\ncoverage: [{items: all, quantity: {child: -1}}]",
            "2:43: `-1` is not a quantity → write a number with at most two decimals, such as `2` or `0.5`, "
            "or `none` for no limit",
        ),
        (
            "product: A\ncoverage: [{items: all, outside_ceiling: non-hospital}]",
            "2:42: `non-hospital` is no word that is known here → did you mean `non_hospital`?",
        ),
        (
            "product: A\ncontribution: {lump_sum: -5}",
            "2:26: `-5` is no amount that can be computed with → write an amount from 0 to 9223372036854.77",
        ),
        (
            "product: A\nremuneration: {relative_prices: {period: month}}",
            "2:33: the share of the contributions is missing → write `all: {share: 60%}`, or the same for "
            "`hospital` and `non_hospital`",
        ),
        (
            "product: A\nremuneration: {capitation: {facilities: [], share: 5%, weights: {visits: 100%}}}",
            "2:41: the list is empty → write at least one entry",
        ),
    ],
)
def test_one_mistake(text: str, expected: str, tmp_path: Path) -> None:
    assert told(text + "\n", tmp_path) == [expected]


def test_a_currency_without_decimals_is_told_so(tmp_path: Path) -> None:
    text = 'product: A\ncontribution: {lump_sum: 10.50, adult: abc, child: "10,50"}\n'
    whole = "write a whole amount, such as `1500`; the currency has no decimals"
    assert told(text, tmp_path, decimals=0) == [
        f"2:26: `10.50` has more decimals than the currency → {whole}",
        f"2:40: `abc` is not an amount → {whole}",
        f"2:52: `10,50` is not an amount → {whole}",
    ]


def test_a_value_that_was_left_out_is_not_reported_again(tmp_path: Path) -> None:
    assert told("product:\ncoverage: [{services: , cover: 80%}]\n", tmp_path) == [
        "1:1: `product` has no value → write its value, or leave the key out",
        "2:13: `services` has no value → write its value, or leave the key out",
    ]


MARKS = st.sampled_from([*" \n\t:-,{}[]'\"#&*!|>%@`?~", "80%", "all", "\n  ", ": ", "\x00", "é"])


def problems_of_bytes(data: bytes) -> list[Problem]:
    """Read a file of some bytes; anything but a product or problems is a failure of the test."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "p.yaml"
        file.write_bytes(data)
        try:
            read_product(file, 2)
        except Refused as refused:
            return refused.problems
    return []


@settings(max_examples=100)
@given(st.data())
def test_whatever_is_written_nothing_but_problems_with_places_comes_out(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([BROKEN, "product: A\n"]))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        text = text[:place] + data.draw(MARKS) + text[place + data.draw(st.integers(0, 3)) :]
    for problem in problems_of_bytes(text.encode()):
        assert problem.place.line is not None
        assert problem.place.line <= text.count("\n") + 1
        assert all(problem.told(language) for language in LANGUAGES)


@given(st.binary(max_size=40))
def test_bytes_that_are_no_product_are_refused(data: bytes) -> None:
    assert problems_of_bytes(data) != []


def test_every_mistake_has_words_and_a_remedy() -> None:
    known = entries()
    folder = Path(adjudicator.product.__path__[0])
    raised = {
        call.args[0].value
        for file in folder.glob("*.py")
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "wrong"
        and isinstance(call.args[0], ast.Constant)
    }
    assert len(raised) > 30
    assert {str(key) for key in raised if key not in known or f"{key}.remedy" not in known} == set()
