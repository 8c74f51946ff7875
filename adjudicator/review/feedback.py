"""What patients say about their claims, and what of it contradicts what was billed.

Pure: answers and the facts of a claim go in, findings come out. An answer that was not given says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adjudicator.tables import Column, Table, Type
from adjudicator.vocabulary import Severity, Word
from adjudicator.words import Amount, Message, message

QUESTIONS: Final = ("care_rendered", "payment_asked", "drugs_prescribed", "drugs_received")
"""What is answered by yes or no."""

MARKS: Final = (0, 5)
"""The lowest and the highest mark that a patient can give."""


class Answer(Word):
    """What a file says to a question."""

    NO = 0
    YES = 1


def _optional(name: str, type_: Type) -> Column:
    return Column(name, type_, needed=False, filled=False)


ANSWERS: Final = Table(
    "feedback",
    (
        Column("facility"),
        Column("claim"),
        *(Column(name, Type.WORD, needed=False, filled=False, words=Answer) for name in QUESTIONS),
        _optional("mark", Type.NUMBER),
        _optional("words", Type.TEXT),
    ),
    ("facility", "claim"),
)
"""Feedback as a file holds it."""


@dataclass(frozen=True)
class Feedback:
    """What a patient said about a claim; None where a question was not answered."""

    care_rendered: bool | None = None
    payment_asked: bool | None = None
    drugs_prescribed: bool | None = None
    drugs_received: bool | None = None
    mark: int | None = None
    """From 0, the worst, to 5."""
    words: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was said at all."""
        return self == Feedback()


@dataclass(frozen=True)
class Billed:
    """The facts of a claim that feedback is held against; amounts in minor units."""

    valuated: int
    """What the claim was valued at."""
    patient_share: int
    """What is the patient's to pay of what was accepted: deductible, co-insurance and excess."""
    drug_lines: int
    """How many accepted lines are items that are not known to be consumables."""
    drugs_valuated: int
    """What these lines were valued at."""


@dataclass(frozen=True)
class Finding:
    """Something that a patient said and that does not go with the claim."""

    severity: Severity
    what: Message
    amount: int
    """What was valued for it, in minor units."""


def contradictions(said: Feedback, billed: Billed, decimals: int) -> tuple[Finding, ...]:
    """Find what contradicts a claim, the gravest first.

    * Care was not rendered: whatever was billed is in doubt, and nothing else is asked.
    * Drugs were billed and not received, or, less gravely, not even prescribed (they may have been given
      during treatment).
    * Payment was asked of a patient who had nothing to pay. Where the patient has a share to pay, that it was
      asked contradicts nothing.
    """
    if said.care_rendered is False:
        what = message("review_selection.finding.care", amount=Amount(billed.valuated, decimals))
        return (Finding(Severity.HIGH, what, billed.valuated),)
    found = []
    drugs = {"lines": billed.drug_lines, "amount": Amount(billed.drugs_valuated, decimals)}
    if billed.drug_lines and said.drugs_received is False:
        what = message("review_selection.finding.drugs_received", **drugs)
        found.append(Finding(Severity.HIGH, what, billed.drugs_valuated))
    elif billed.drug_lines and said.drugs_prescribed is False:
        what = message("review_selection.finding.drugs_prescribed", **drugs)
        found.append(Finding(Severity.LOW, what, billed.drugs_valuated))
    if said.payment_asked and billed.valuated and not billed.patient_share:
        what = message("review_selection.finding.payment")
        found.append(Finding(Severity.MEDIUM, what, 0))
    return tuple(sorted(found, key=lambda finding: -finding.severity))
