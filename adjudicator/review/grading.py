"""How much a case deserves a look: what speaks for one, and what it is expected to save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adjudicator.review.ranking import SCORE_ALL, expected_minutes, expected_saving, rank
from adjudicator.units import PERCENT_ALL
from adjudicator.vocabulary import Severity


@dataclass
class Grounds:
    """What speaks for a look at a claim."""

    rules: dict[str, int] = field(default_factory=dict)
    """By rule, its highest score."""
    queues: dict[str, str] = field(default_factory=dict)
    """By rule, the queue that it puts claims into."""
    lines: dict[int, int] = field(default_factory=dict)
    """By line, the highest score of what was said of it; 0 is the claim."""
    selections: dict[int, str] = field(default_factory=dict)
    """By selection, its method."""
    severity: Severity = Severity.LOW
    """How grave the gravest is."""

    def add(self, rule: str, queue: str, line: int, score: int, severity: Severity) -> None:
        """Add what a rule says of a line, or (line 0) of the claim."""
        self.rules[rule] = max(self.rules.get(rule, 0), score)
        self.queues[rule] = queue
        self.lines[line] = max(self.lines.get(line, 0), score)
        self.severity = max(self.severity, severity)

    @property
    def queue(self) -> str:
        """The queue of the rule that is surest, else the way in which the claim was selected."""
        if self.rules:
            return self.queues[max(sorted(self.rules), key=lambda rule: self.rules[rule])]
        return next(iter(self.selections.values()))


@dataclass(frozen=True)
class Grade:
    """What a case is put down to, and what a look at it is expected to save."""

    rules: Mapping[str, int]
    """By rule, its score."""
    selections: tuple[int, ...]
    queue: str
    severity: Severity
    score: int
    saving: int
    """In minor units."""
    minutes: int

    @property
    def rank(self) -> int:
        """Its place among cases; the lower, the sooner."""
        return rank(self.saving, self.minutes)

    def why(self) -> dict[str, Any]:
        """Give what it is put down to, as plain values for the record."""
        return {
            "rules": dict(self.rules),
            "selections": list(self.selections),
            "queue": self.queue,
            "severity": int(self.severity),
        }

    def as_record(self) -> dict[str, Any]:
        """Give it as plain values for the record."""
        return {**self.why(), "score": self.score, "saving": self.saving, "minutes": self.minutes}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Grade:
        """Read it back from the record."""
        selections, severity = tuple(record["selections"]), Severity(record["severity"])
        return cls(**{**record, "selections": selections, "severity": severity})


def grade(grounds: Grounds, amounts: Mapping[int, int], selected_score: int) -> Grade:
    """Grade a case.

    Args:
        grounds: what speaks for a look.
        amounts: by line, what it is valuated at now, in minor units.
        selected_score: the share of its amount that a look at a claim without flags is expected to save, in
            hundredths of a percent.
    """
    # A rule that draws a sample says nothing of how likely something is wrong, as a selection does.
    is_drawn = bool(grounds.selections) or 0 in grounds.rules.values()
    drawn = selected_score * SCORE_ALL // PERCENT_ALL if is_drawn else 0
    of_claim = max(grounds.lines.get(0, 0), drawn)
    stakes = [(max(of_claim, grounds.lines.get(line, 0)), amount) for line, amount in amounts.items()]
    return Grade(
        grounds.rules,
        tuple(sorted(grounds.selections)),
        grounds.queue,
        grounds.severity,
        max((of_claim, *grounds.lines.values())),
        expected_saving(stakes),
        expected_minutes(len(amounts)),
    )
