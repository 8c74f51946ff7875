"""Rules that look farther than a family and fire often, so that the counter leaves them out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

RULE: Final = """
rule: {name}
title: {{en: a {name}, fr: une {name}}}
rationale: {{en: a, fr: b}}
source: nobody
status: {status}
severity: low
level: {level}
when: {when}
explanation: {{en: "{{claim.insuree}} {{claim.facility}}", fr: "{{claim.insuree}} {{claim.facility}}"}}
then:
  {then}
examples: [{{fires: true, claim: {{claim.facility: A}}}}, {{fires: false, claim: {{claim.facility: B}}}}]
"""

FLAG: Final = "flag: {queue: q, score: 50}"

Rules = dict[str, tuple[str, str, str]]
"""By name: the level, the condition and what is done."""

WIDE: Final[Rules] = {
    "busy": ("claim", "count(claims of facility, this claim too) >= 3", FLAG),
    "same-day": ("claim", "count(patients of facility, same day) >= 2", FLAG),
    "often": ("line", "count(lines of facility and provision, within 300 days before) >= 1", FLAG),
    "dear": ("line", "line.price_asked >= typical(line.price_asked, lines of provision, at least 2)", FLAG),
    "drawn": ("claim", "count(claims of diagnosis) >= 1", "sample: {queue: q, share: 40%}"),
}
"""Rules that do not ask what was decided."""

ALWAYS: Final = "count(claims of facility, this claim too) >= 1"

OF_DECISIONS: Final[Rules] = {
    "paid": ("claim", f"claim_decision.valuated > 0 and {ALWAYS}", FLAG),
    "rejected": ("line", f"line_decision.status = rejected and {ALWAYS}", FLAG),
    "priced": ("line", f"line_decision.unit_price > 0 and {ALWAYS}", FLAG),
}
"""Rules that ask what was decided, which depends on the order in which claims come."""

TWO: Final[Rules] = {name: WIDE[name] for name in ("busy", "dear")}


def write_rules(folder: Path, rules: Rules, status: str = "active") -> None:
    """Write rules into a scheme's folder, beside those that are there."""
    (folder / "rules").mkdir(exist_ok=True)
    for name, (level, when, then) in rules.items():
        text = RULE.format(name=name, level=level, when=when, then=then, status=status)
        (folder / "rules" / f"{name}.yaml").write_text(text, "utf-8")
