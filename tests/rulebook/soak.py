"""How good the shipped rules are on many made-up schemes together, and not only on the one of CI.

``python -m tests.rulebook.soak --seeds 20`` generates one scheme after the other, adds up what each rule
finds, and holds the sums against the floors of :mod:`tests.rulebook.test_measure`. One scheme is small: six
caesareans that were planted, or a crowd at one health centre, say little alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from adjudicator.generation import generate
from adjudicator.trial import try_rules
from tests.rulebook.test_measure import FAMILIES, MONTHS, PRECISION, RECALL


def main() -> int:
    """Measure, print what was found, and tell by the exit code whether every floor holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many schemes")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    asked = parser.parse_args()
    right: Counter[str] = Counter()
    false: Counter[str] = Counter()
    found: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    for seed in range(asked.first, asked.first + asked.seeds):
        with tempfile.TemporaryDirectory() as folder:
            scheme = Path(folder) / "scheme"
            generate(scheme, FAMILIES, MONTHS, seed)
            trial = try_rules(scheme, sorted((scheme / "claims").iterdir()))
        for rule in trial.rules:
            right[rule.rule] += rule.right
            false[rule.rule] += rule.false
        for fault, (seen, there) in trial.faults.items():
            found[fault] += seen
            planted[fault] += there
        print(f"seed {seed}: {trial.claims} claims", flush=True)
    below = 0
    for name, floor in PRECISION.items():
        below += _told("precision", name, right[name], right[name] + false[name], floor)
    for name, floor in RECALL.items():
        below += _told("recall", name, found[name], planted[name], floor)
    return int(below > 0)


def _told(what: str, name: str, part: int, whole: int, floor: int) -> bool:
    below = part * 100 < floor * whole or not whole
    rate = f"{100 * part / whole:5.1f} %" if whole else "    – "
    print(f"{what:10} {name:32} {rate} of {whole:5}, at least {floor} %{'  BELOW' if below else ''}")
    return below


if __name__ == "__main__":
    sys.exit(main())
