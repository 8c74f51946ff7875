"""What a rule says: the shape of a rule file, checked.

Each class is a part of the YAML file, with its keys; the text under each key is its description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from adjudicator.product.definition import Label, Part, Period
from adjudicator.product.scalars import (
    Code,
    Count,
    Percent,
    Truth,
    word_of,
    words_schema,
    written_shape,
    wrong,
)
from adjudicator.rulebook.fields import Level
from adjudicator.vocabulary import Severity

STATUSES: Final = ("draft", "shadow", "active", "retired")
"""A draft is only checked; a shadow rule is counted and stops nothing; a retired one stays for the record."""


MOST_TIMES: Final = 1_000
"""So often can another claim of an example be there."""

_SURE: Final = 100
"""The score of what is surely wrong."""

_NAME: Final = re.compile(r"\w[\w.-]{0,79}")
_HISTORIES: Final = ("person", "patient", "insuree", "family", "facility", "history")


def _level(value: Any) -> Level:
    if isinstance(value, Level):
        return value
    if value in _HISTORIES:
        raise wrong("rules.level_of_history", given=str(value))
    if value not in ("claim", "line"):
        raise wrong("product.expects_word", given=str(value), words=["claim", "line"])
    return Level(value)


def _status(value: Any) -> str:
    if value not in STATUSES:
        raise wrong("product.expects_word", given=str(value), words=list(STATUSES))
    return str(value)


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise wrong("rules.rule_name", given=written_shape(value))
    return value


def _score(value: int) -> int:
    if value > _SURE:
        raise wrong("rules.score", given=str(value))
    return value


def _drawn(value: int) -> int:
    if value == 0:
        raise wrong("rules.share_of_none", given="0%")
    return value


def _times(value: int) -> int:
    if value > MOST_TIMES:
        raise wrong("rules.times", given=str(value), most=MOST_TIMES)
    return value


def _keys(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise wrong("rules.expects_keys", given=written_shape(value))
    return value


_Of = TypeVar("_Of")
Named = Annotated[Mapping[str, _Of], BeforeValidator(_keys)]
"""What its author gives names to, or fields by their names."""
RuleName = Annotated[Code, AfterValidator(_name)]
Score = Annotated[Count, AfterValidator(_score)]
Drawn = Annotated[Percent, AfterValidator(_drawn)]
Times = Annotated[Count, AfterValidator(_times)]
RuleLevel = Annotated[Level, BeforeValidator(_level), WithJsonSchema({"enum": ["claim", "line"]})]
Status = Annotated[str, BeforeValidator(_status), WithJsonSchema({"enum": list(STATUSES)})]
SeverityWord = Annotated[Severity, word_of(*Severity), words_schema(*Severity)]


class Flag(Part):
    """Put it before a medical officer."""

    queue: Code = Field(examples=["duplicates"])
    """The queue that such cases wait in."""
    score: Score = Field(examples=["70"])
    """How likely something is wrong, from 0 to 100."""


class Reject(Part):
    """Reject it at once, with a reason that facilities are told."""

    reason: Label = Field(examples=["{en: claimed twice, fr: facturé deux fois}"])
    """Why, in a sentence."""


class Sample(Part):
    """Put a part of such cases before a medical officer, drawn at random."""

    queue: Code = Field(examples=["sample"])
    """The queue that they wait in."""
    share: Drawn = Field(examples=["5%"])
    """How many of them."""


class Then(Part):
    """What happens when the rule fires: one of the three."""

    flag: Flag | None = None
    """Put it before a medical officer."""
    reject: Reject | None = None
    """Reject it."""
    sample: Sample | None = None
    """Put a part of them before a medical officer."""

    @model_validator(mode="after")
    def _one(self) -> Then:
        if sum(part is not None for part in (self.flag, self.reject, self.sample)) != 1:
            raise wrong("rules.one_then")
        return self


class ExampleClaim(Part):
    """A claim of an example: fields by name, and its lines."""

    claim: Named[Any] = Field(default_factory=dict, examples=["{claim.date_from: 2026-03-02}"])
    """Fields of the claim, its patient and its facility; what is not given is missing."""
    lines: tuple[Named[Any], ...] = ()
    """Fields of each line."""


class OtherClaim(ExampleClaim):
    """Another claim of an example, once or several times over."""

    times: Times = 1
    """How many such claims there are."""


class Example(ExampleClaim):
    """A case that must or must not fire."""

    title: Label | None = None
    """What it shows."""
    fires: Truth = Field(examples=["true"])
    """Whether the rule fires (on any line)."""
    others: tuple[OtherClaim, ...] = ()
    """Other claims, all filed earlier, in their order."""


class Rule(Part):
    """A review rule."""

    rule: RuleName = Field(examples=["duplicate-claim"])
    """The rule's name, for ever."""
    title: Label = Field(examples=["{en: a long stay, fr: un long séjour}"])
    """What it finds, in a few words."""
    rationale: Label = Field(examples=["{en: Days are paid., fr: On paie des journées.}"])
    """Why it is worth a look."""
    source: Code = Field(examples=["openIMIS manual, claim review"])
    """Where it comes from: a guideline, a manual, a publication."""
    status: Status = "active"
    """draft, shadow, active or retired."""
    severity: SeverityWord = Field(examples=["medium"])
    """low, medium, high or critical."""
    level: RuleLevel = Field(examples=["claim"])
    """Whether it speaks of whole claims or of lines."""
    sets: Named[tuple[Code, ...]] = Field(default_factory=dict)
    """Sets of codes that the condition names with @."""
    when: Code = Field(examples=["provision.sex = female and patient.sex = male"])
    """The condition."""
    values: Named[Code] = Field(default_factory=dict)
    """What the explanation tells, computed when the rule fires."""
    explanation: Label = Field(examples=["{en: '{claim.nights} nights', fr: '{claim.nights} nuits'}"])
    """The explanation, with {names} of values and of fields."""
    then: Then = Field(examples=["{flag: {queue: stays, score: 60}}"])
    """What happens."""
    valid: Period = Field(default_factory=Period)
    """On which target dates it is in force."""
    finds: tuple[Code, ...] = ()
    """Faults of the generator that it is meant to find, to measure it by."""
    false_alarms: Label | None = None
    """When it fires although nothing is wrong."""
    examples: tuple[Example, ...] = ()
    """Cases that must and must not fire."""
