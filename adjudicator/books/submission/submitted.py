"""What became of claims that were sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from adjudicator.books.submission.in_books import InBooks
from adjudicator.books.submission.reading import Read

NO_CLAIM: Final = 0
"""Stands for the number of a claim that is not in the books."""


class State(Enum):
    """How far a claim that was sent is."""

    DECIDED = "decided"
    QUEUED = "queued"
    """It is in the books, and decided as soon as they are free."""
    HELD = "held"
    """It is in the books, and cannot be decided as it is; ``why`` says what is the matter."""
    DIFFERS = "differs"
    """It is in the books with another content; nothing was done."""
    ACCEPTED_BEFORE = "accepted before"
    """An earlier system accepted it before the books began; nothing was done."""


REFUSALS: Final = {State.DIFFERS: "serve.differs", State.ACCEPTED_BEFORE: "books.claim_before_books"}
"""What is said of claims with which nothing was done: keys of the catalogue."""


@dataclass(frozen=True)
class Submitted:
    """What became of a claim that was sent."""

    claim_id: int
    state: State
    before: bool
    """Whether it was in the books already."""
    why: str | None = None
    """A key of the catalogue, of what is said about a claim that is held."""


class InTheWay(Exception):  # noqa: N818 - it says what happened
    """With some of the claims that are taken all or none, nothing can be done."""

    def __init__(self, submitted: list[Submitted]) -> None:
        self.submitted = submitted


def check_whole(
    asked: Sequence[Read], batch: Sequence[Read], before: Mapping[tuple[str, str], InBooks]
) -> None:
    """Make sure that something can be done with every claim.

    Args:
        asked: the claims.
        batch: those of them that no earlier system accepted.
        before: what the books had of them.

    Raises:
        InTheWay: with one it cannot.
    """
    takeable = {one.name for one in batch}
    states: list[State | None] = []
    for one in asked:
        known = before.get(one.name)
        if one.name not in takeable:
            states.append(State.ACCEPTED_BEFORE)
        else:
            states.append(State.DIFFERS if known is not None and known.digest != one.digest else None)
    if any(states):
        # Of the others it is only said that they wait: they were not received.
        raise InTheWay([Submitted(NO_CLAIM, state or State.QUEUED, state is not None) for state in states])


def told(one: Read, present: InBooks, before: bool, undecided: Mapping[int, str | None]) -> Submitted:
    """Say what became of a claim.

    Args:
        one: the claim.
        present: what the books have now by its name.
        before: whether they had it already.
        undecided: claims that are not decided, each with why it is held, if it is.
    """
    if present.digest != one.digest:
        return Submitted(present.claim_id, State.DIFFERS, True)
    if present.claim_id not in undecided:
        return Submitted(present.claim_id, State.DECIDED, before)
    why = undecided[present.claim_id]
    return Submitted(present.claim_id, State.HELD if why else State.QUEUED, before, why)
