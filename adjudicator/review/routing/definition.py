"""What a routing rule says: the shape of its file, checked.

Each class is a part of the YAML file, with its keys; the text under each key is its description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, WithJsonSchema, model_validator
from pydantic.functional_validators import BeforeValidator

from adjudicator.product.definition import Label, Part
from adjudicator.product.scalars import Code, Count, Truth, one_of, wrong
from adjudicator.review.reasons import REASONS, Use

ACTS: Final = ("escalate", "second_officer", "fast_track")
"""To somebody senior; to a second officer besides the one who has it; to be closed without a long look."""

_RETURNS: Final = tuple(reason.code for reason in REASONS.values() if Use.RETURN in reason.uses)

Act = Annotated[str, BeforeValidator(one_of(ACTS)), WithJsonSchema({"enum": list(ACTS)})]
ReturnReason = Annotated[str, BeforeValidator(one_of(_RETURNS)), WithJsonSchema({"enum": list(_RETURNS)})]


class ToQueue(Part):
    """Put the case into a queue."""

    name: Code = Field(examples=["duplicates"])
    """The queue."""
    priority: Count = Field(examples=["50"])
    """Where several rules name queues the highest wins; among equals, the name that comes first."""


class Return(Part):
    """Ask the facility to complete the claim."""

    reason: ReturnReason = Field(examples=["DOC-01"])
    """The coded reason."""


class Conclusion(Part):
    """What follows: one of the four."""

    queue: ToQueue | None = None
    """The case belongs into a queue."""
    act: Act | None = None
    """escalate, second_officer or fast_track."""
    returned: Return | None = Field(default=None, alias="return")
    """The facility is to complete the claim."""
    finding: Code | None = None
    """Something that other rules go on from."""

    @model_validator(mode="after")
    def _one(self) -> Conclusion:
        parts = (self.queue, self.act, self.returned, self.finding)
        if sum(part is not None for part in parts) != 1:
            raise wrong("routing.one_then")
        return self


class CaseFacts(Part):
    """What is known of a case."""

    facts: tuple[Mapping[str, Mapping[str, Any]], ...] = Field(
        default=(), examples=["[flag: {rule: duplicate-claim}]"]
    )
    """Facts, each under its kind; fields left out are not known."""


class Example(CaseFacts):
    """A case of which the rule must or must not speak, findings of other rules among its facts."""

    title: Label | None = None
    """What it shows."""
    fires: Truth
    """Whether the rule fires."""


class RoutingRule(Part):
    """A routing rule."""

    route: Code = Field(examples=["two-grave-flags"])
    """The rule's name, for ever."""
    title: Label
    """What it sees, in a few words."""
    rationale: Label
    """Why the case then goes that way."""
    when: Mapping[str, Code] = Field(examples=["{first: flag where severity >= high}"])
    """Facts that must all be there, each another one, each with a name that later ones may speak of."""
    then: Conclusion
    """What follows."""
    explanation: Label
    """What the officer is told, with {name.field} of the facts."""
    examples: tuple[Example, ...] = ()
    """Cases of which it must and must not speak."""
