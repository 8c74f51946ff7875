"""A rule that cannot be computed sets its claim aside with the reason, and the others go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from adjudicator.rulebook.flags import ODD, explanation, fire
from adjudicator.rulebook.read import read_rule
from adjudicator.rulebook.rows import ClaimRow, universe_of

HUGE = 2**62


@pytest.mark.parametrize(
    "when",
    [
        "3 * claim.claimed > 100",
        "sum(claim.claimed, claims of insuree, this claim too) > 100",
    ],
)
def test_an_amount_that_is_too_large(when: str, tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(
        f"rule: large\ntitle: large\nrationale: large\nsource: a test\nseverity: low\nlevel: claim\n"
        f"when: {when}\nexplanation: large\nstatus: shadow\nthen: {{flag: {{queue: q, score: 1}}}}\n"
    )
    rule = read_rule(path, 2)
    claims = [
        ClaimRow({"claim.claimed": amount, "claim.insuree": person}, (), place)
        for place, (amount, person) in enumerate([(HUGE, "A"), (20_000, "B"), (50, "C")])
    ]
    fired, *odd = fire([rule], universe_of(claims), rejecting=False)
    told = [claim for one in odd for claim in one.claim.tolist() if one.told(0)[ODD]]
    assert 0 in told
    assert 0 not in fired.claim.tolist()
    assert "too large" in explanation(rule, odd[0].told(0), 2, "en")


def test_a_claim_that_fired_is_not_set_aside_as_well(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(
        "rule: large\ntitle: large\nrationale: large\nsource: a test\nseverity: low\nlevel: line\n"
        "when: 3 * line.claimed > 100\nexplanation: '{line.claimed} of {claim.number}'\nstatus: shadow\n"
        "then: {flag: {queue: q, score: 1}}\n"
    )
    rule = read_rule(path, 2)
    lines = tuple({"line.claimed": amount} for amount in (HUGE, 20_000))
    claims = [ClaimRow({"claim.number": "{line.claimed}"}, lines, 0)]
    (fired,) = [one for one in fire([rule], universe_of(claims), rejecting=False) if len(one)]
    assert fired.line.tolist() == [1]


def test_what_looks_like_a_name_in_a_text_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(
        "rule: braces\ntitle: braces\nrationale: braces\nsource: a test\nseverity: low\nlevel: claim\n"
        "when: claim.claimed > 100\nexplanation: '{claim.number} of {claim.facility}'\nstatus: shadow\n"
        "then: {flag: {queue: q, score: 1}}\n"
    )
    rule = read_rule(path, 2)
    fields: dict[str, int | str] = {
        "claim.claimed": 20_000,
        "claim.number": "{claim.facility}",
        "claim.facility": "H1",
    }
    (fired,) = fire([rule], universe_of([ClaimRow(fields, (), 0)]), rejecting=False)
    assert explanation(rule, fired.told(0), 2, "en") == "{claim.facility} of H1"
