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
