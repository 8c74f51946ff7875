"""What a benefit plan says: the shape of its file, checked, with every amount in minor units.

Each class is a part of the YAML file, with its keys; the text under each key is its description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from adjudicator.benefits.fields import ATTRIBUTE_TYPES
from adjudicator.product.definition import Label, Part, Period
from adjudicator.product.scalars import Code, Count, Day, one_of, read_money, wrong
from adjudicator.remuneration.months import month_number
from adjudicator.units import OPEN_START

MOST: Final = 10**10
"""The largest amount of a plan, in minor units: what a family receives can then be computed in ``int64``."""

MONTHS_OF_CYCLE: Final = {"month": 1, "two_months": 2, "quarter": 3, "half_year": 6, "year": 12}

NOTHING: Final = -1
"""What an example that receives nothing says."""


def _schema(*words: str) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(words)})


AttributeType = Annotated[str, BeforeValidator(one_of(tuple(ATTRIBUTE_TYPES))), _schema(*ATTRIBUTE_TYPES)]
Every = Annotated[str, BeforeValidator(one_of(tuple(MONTHS_OF_CYCLE))), _schema(*MONTHS_OF_CYCLE)]
Judged = Annotated[str, BeforeValidator(one_of(("first_day", "last_day"))), _schema("first_day", "last_day")]
Provider = Annotated[
    str,
    BeforeValidator(one_of(("mobile_money", "bank", "post"))),
    _schema("mobile_money", "bank", "post"),
]
Given = Annotated[str, BeforeValidator(one_of(("vouchers", "nothing"))), _schema("vouchers", "nothing")]


def _checked(amount: int) -> int:
    if amount > MOST:
        raise wrong("benefits.amount_too_large", most=str(MOST))
    return amount


def _benefit(value: Any, info: Any) -> int:
    return value if isinstance(value, int) else _checked(read_money(value, info))


Benefit = Annotated[int, BeforeValidator(_benefit), WithJsonSchema({"type": ["number", "string"]})]
"""An amount that a family receives, in minor units."""


def _receives(value: Any, info: Any) -> int:
    return NOTHING if value == "nothing" else _benefit(value, info)


def _month(value: Any) -> int:
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", str(value))
    if not found:
        raise wrong("benefits.expects_month", given=str(value))
    return month_number(int(found[1]), int(found[2]))


Month = Annotated[
    int, BeforeValidator(_month), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$"})
]


class Each(Part):
    """An amount for each of some members; a plain amount is one for all of them."""

    each: Benefit = Field(examples=["250"])
    """The amount for one."""
    at_most: Count | None = None
    """How many are counted."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"each": value} if isinstance(value, str | int) else value


class EachOf(Each):
    """An amount for each member of whom a condition holds."""

    where: Code = Field(examples=["member.age < 5"])
    """The condition, on a member."""


class Tier(Part):
    """An amount for families of whom a condition holds; of all others, where there is none."""

    amount: Benefit = Field(examples=["3000"])
    """The amount."""
    when: Code | None = None
    """The condition; the first tier that holds counts."""


class Amount(Part):
    """What a family receives: the sum of these, capped."""

    fixed: Benefit = 0
    """The same for every family."""
    tiers: tuple[Tier, ...] = ()
    """By family; the first that holds."""
    per_member: Each | None = None
    """For each member."""
    per_child: Each | None = None
    """For each member under the scheme's adult age."""
    per: tuple[EachOf, ...] = Field(default=(), max_length=5)
    """For each member of whom something holds."""
    at_most: Benefit | None = None
    """The most that a family receives."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"fixed": value} if isinstance(value, str | int) else value

    @model_validator(mode="after")
    def _something(self) -> Amount:
        if not (self.fixed or self.tiers or self.per_member or self.per_child or self.per):
            raise wrong("benefits.no_amount")
        for place, tier in enumerate(self.tiers[:-1]):
            if tier.when is None:
                raise wrong("benefits.tier_hidden", at=("tiers", place + 1))
        return self


class Rhythm(Part):
    """When it is paid: in a rhythm of months, or for some days that are named."""

    every: Every | None = Field(default=None, examples=["two_months"])
    """month, two_months, quarter, half_year or year."""
    first: Month | None = None
    """The month in which the first cycle begins; else that of the plan, else January."""
    dates: tuple[Day, ...] = ()
    """The days on which cycles begin, rising, instead of a rhythm."""
    judged_on: Judged = "first_day"
    """first_day or last_day: the day of the cycle by which ages, policies and members are taken."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"every": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> Rhythm:
        if (self.every is None) == (not self.dates) or (self.dates and self.first is not None):
            raise wrong("benefits.one_rhythm")
        if list(self.dates) != sorted({*self.dates}):
            raise wrong("benefits.dates_rise", at=("dates",))
        return self


class Payment(Part):
    """How it gets to the family."""

    by: Provider = Field(examples=["mobile_money"])
    """mobile_money, bank or post."""
    name: Code | None = None
    """Who pays it out: the operator, the bank."""
    account: Code | None = None
    """The attribute of families that holds the number that is paid to; none is needed at the post."""

    @model_validator(mode="after")
    def _account_known(self) -> Payment:
        if self.by != "post" and self.account is None:
            raise wrong("benefits.needs_account", by=self.by)
        return self


class Example(Part):
    """A family that must or must not receive something."""

    title: Label | None = None
    """What it shows."""
    receives: Annotated[int, BeforeValidator(_receives)] = Field(examples=["3600"])
    """The amount, or ``nothing``."""
    family: Mapping[str, Any] = Field(default_factory=dict)
    """Fields of the family and its head; what is not given, and does not follow, is missing."""
    members: tuple[Mapping[str, Any], ...] = ()
    """Fields of each member."""


class Declared(Part):
    """What every plan says of itself, whether it is of transfers or of vouchers."""

    title: Label
    """What it is called."""
    purpose: Label | None = None
    """What it is for."""
    source: Code | None = None
    """The law or decision that it rests on."""
    valid: Period = Field(default_factory=Period)
    """The days on which cycles may be judged, or vouchers issued."""
    attributes: Mapping[str, AttributeType] = Field(default_factory=dict)
    """What further columns of the register of families are: text, number, day or truth."""
    sets: Mapping[str, tuple[Code, ...]] = Field(default_factory=dict)
    """Sets that conditions name with @."""


class Plan(Declared):
    """A benefit plan."""

    plan: Code = Field(examples=["NAFA"])
    """The plan's code, for ever."""
    criteria: Code = Field(examples=["attribute.poverty_quintile = 1"])
    """Which families receive it."""
    with_member: Code | None = None
    """A condition that must hold of at least one member."""
    amount: Amount
    """What they receive."""
    cycle: Rhythm
    """When."""
    payment: Payment
    """How."""
    examples: tuple[Example, ...] = ()
    """Families that must and must not receive it."""

    @property
    def begins(self) -> int | None:
        """The first day of the plan, where it has one."""
        return None if self.valid.start == OPEN_START else self.valid.start


class Visit(Part):
    """A kind of visit that vouchers are given for."""

    visit: Code = Field(examples=["antenatal"])
    """Its code, for ever."""
    title: Label
    """What it is called."""
    times: Count = 1
    """How many vouchers of this kind there are."""
    amount: Benefit = Field(examples=["500"])
    """What the facility is paid for one."""
    valid_days: Count = Field(examples=["280"])
    """How many days after its issue a voucher can be used."""
    at: tuple[Code, ...] = ()
    """The levels of facilities that take it: hospital, health_centre, dispensary; all when left out."""

    @model_validator(mode="after")
    def _some(self) -> Visit:
        if not 1 <= self.times <= 50:
            raise wrong("benefits.times", at=("times",), given=self.times)
        if self.amount == 0:
            raise wrong("benefits.no_amount", at=("amount",))
        return self


class VoucherExample(Part):
    """A woman who must or must not receive vouchers."""

    title: Label | None = None
    """What it shows."""
    receives: Given
    """``vouchers`` or ``nothing``."""
    family: Mapping[str, Any] = Field(default_factory=dict)
    """Fields of her family."""
    member: Mapping[str, Any] = Field(default_factory=dict)
    """Her own."""


class VoucherPlan(Declared):
    """A plan of vouchers: for whom, and for which visits."""

    vouchers: Code = Field(examples=["MATERNITY"])
    """The plan's code, for ever."""
    given_to: Code = Field(examples=["member.sex = female and member.age between 12 and 55"])
    """Who receives them: a condition on a member and her family."""
    visits: tuple[Visit, ...] = Field(min_length=1)
    """What for."""
    again_after_days: Count = 270
    """How many days after their issue a woman can be given the next ones."""
    examples: tuple[VoucherExample, ...] = ()
    """Women who must and must not receive them."""

    @model_validator(mode="after")
    def _once(self) -> VoucherPlan:
        kinds = [visit.visit for visit in self.visits]
        for place, kind in enumerate(kinds):
            if kind in kinds[:place]:
                raise wrong("benefits.visit_twice", at=("visits", place, "visit"), name=kind)
        return self
