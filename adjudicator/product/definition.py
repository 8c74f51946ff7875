"""What a product says: the shape of a product file, checked, with every number an integer.

Follows the product format. Each class is a part of the YAML file, with its keys; shorthand is written
out when a definition is read, so that ``ceiling.non_hospital: 25000`` and ``{amount: 25000}`` give the
same object. Money is in minor units of the scheme's currency (the decimals come with the validation
context), quantities and percentages in hundredths, days as day numbers, spans in months.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from adjudicator.units import LARGEST_AMOUNT, OPEN_END, OPEN_START, PERCENT_ALL, date_of, day_number, scaled
from adjudicator.vocabulary import (
    CLAIM_CATEGORIES,
    Care,
    Category,
    FacilityLevel,
    HospitalCare,
    Level,
    Limitation,
    PriceOrigin,
    ProvisionType,
    VisitType,
    Word,
)

NO_LIMIT: Final = -1
"""A limit that is lifted on purpose, among quantities, counts and amounts."""

OUTSIDE: Final = {
    "none": 0,
    "non_hospital": 1 << Care.NON_HOSPITAL,
    "hospital": 1 << Care.HOSPITAL,
    "both": (1 << Care.NON_HOSPITAL) | (1 << Care.HOSPITAL),
}
"""The kinds of care in which a provision stands outside ceilings, as a set of bits by :class:`Care`."""


def _wrong(key: str, **values: Any) -> PydanticCustomError:
    """Make an error whose type is a key of the catalogue."""
    return PydanticCustomError(key, key, values)  # type: ignore[arg-type]


def _scalar(value: Any, expected: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _wrong(f"product.expects_{expected}", given=_written(value))
    return str(value).strip()


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(str(key) for key in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return str(value)


def _money(value: Any, info: ValidationInfo) -> int:
    decimals = info.context["decimals"] if info.context else 2
    given = _scalar(value, "money")
    try:
        amount = scaled(given, decimals)
    except ValueError:
        raise _wrong("product.expects_money", given=given, decimals=decimals) from None
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise _wrong("product.amount_out_of_range", given=given)
    return amount


def _percentage(value: Any) -> int:
    given = _scalar(value, "percentage")
    try:
        if not given.endswith("%"):
            raise ValueError(given)
        percentage = scaled(given.removesuffix("%"), 2)
    except ValueError:
        raise _wrong("product.expects_percentage", given=given) from None
    if not 0 <= percentage <= PERCENT_ALL:
        raise _wrong("product.percentage_out_of_range", given=given)
    return percentage


def _months(value: Any) -> int:
    given = _scalar(value, "months")
    matched = re.fullmatch(r"(\d{1,4}) ?months?", given)
    if not matched:
        raise _wrong("product.expects_months", given=given)
    return int(matched[1])


def _quantity(value: Any) -> int:
    given = _scalar(value, "quantity")
    if given == "none":
        return NO_LIMIT
    try:
        quantity = scaled(given, 2)
    except ValueError:
        raise _wrong("product.expects_quantity", given=given) from None
    if not 0 <= quantity <= LARGEST_AMOUNT:
        raise _wrong("product.expects_quantity", given=given)
    return quantity


def _count(value: Any) -> int:
    given = _scalar(value, "count")
    if not re.fullmatch(r"\d{1,9}", given):
        raise _wrong("product.expects_count", given=given)
    return int(given)


def _day(value: Any) -> int:
    given = value.isoformat() if isinstance(value, dt.date) else _scalar(value, "date")
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", given):
            raise ValueError(given)
        return day_number(dt.date.fromisoformat(given))
    except ValueError:
        raise _wrong("product.expects_date", given=given) from None


def _month_day(value: Any) -> tuple[int, int]:
    given = _scalar(value, "month_day")
    matched = re.fullmatch(r"(\d{2})-(\d{2})", given)
    try:
        if not matched:
            raise ValueError(given)
        # A leap year, so that a cycle may start on 29 February.
        day = dt.date(2024, int(matched[1]), int(matched[2]))
    except ValueError:
        raise _wrong("product.expects_month_day", given=given) from None
    return day.month, day.day


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    given = _scalar(value, "truth")
    if given not in ("true", "false"):
        raise _wrong("product.expects_truth", given=given)
    return given == "true"


def _outside(value: Any) -> int:
    given = _scalar(value, "outside_ceiling")
    if given not in OUTSIDE:
        raise _wrong("product.expects_word", given=given, words=", ".join(OUTSIDE))
    return OUTSIDE[given]


def _text(value: Any) -> str:
    given = _scalar(value, "text")
    if not given:
        raise _wrong("product.expects_text", given=given)
    return given


def _word_of(*members: Word) -> BeforeValidator:
    def read(value: Any) -> Word:
        if isinstance(value, Word):
            return value
        given = _scalar(value, "text")
        for member in members:
            if member.word == given:
                return member
        raise _wrong("product.expects_word", given=given, words=", ".join(member.word for member in members))

    return BeforeValidator(read)


def _words_schema(*members: Word) -> WithJsonSchema:
    return WithJsonSchema({"enum": [member.word for member in members]})


_MONEY_SCHEMA: Final = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}],
    "description": "An amount in major units of the scheme's currency",
}
_QUANTITY_SCHEMA: Final = {
    "anyOf": [{"type": "number", "minimum": 0}, {"const": "none"}],
    "description": "A quantity with at most two decimals; none lifts an earlier limit",
}
_PERCENTAGE_SCHEMA: Final = {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,2})? ?%$"}
_MONTHS_SCHEMA: Final = {"type": "string", "pattern": r"^\d{1,4} ?months?$"}

Money = Annotated[int, BeforeValidator(_money), WithJsonSchema(_MONEY_SCHEMA)]
"""An amount, in minor units."""
Percent = Annotated[int, BeforeValidator(_percentage), WithJsonSchema(_PERCENTAGE_SCHEMA)]
"""A percentage written with its sign, in hundredths of a percent."""
Months = Annotated[int, BeforeValidator(_months), WithJsonSchema(_MONTHS_SCHEMA)]
"""A span of calendar months."""
QuantityLimit = Annotated[int, BeforeValidator(_quantity), WithJsonSchema(_QUANTITY_SCHEMA)]
"""A quantity, in hundredths; :data:`NO_LIMIT` where it says ``none``."""
Count = Annotated[int, BeforeValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]
"""A number of things."""
Day = Annotated[int, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A date, as a day number."""
MonthDay = Annotated[
    tuple[int, int], BeforeValidator(_month_day), WithJsonSchema({"type": "string", "pattern": r"^\d\d-\d\d$"})
]
"""A day of every year, month first."""
Truth = Annotated[bool, BeforeValidator(_truth), WithJsonSchema({"type": "boolean"})]
Code = Annotated[
    str, BeforeValidator(_text), WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]})
]
"""A code or a text, kept as written."""
OutsideCare = Annotated[int, BeforeValidator(_outside), WithJsonSchema({"enum": list(OUTSIDE)})]
"""Kinds of care, as a set of bits (see :data:`OUTSIDE`)."""

LEVELS: Final = (Level.TREATMENT, Level.INSUREE, Level.POLICY)
LimitLevel = Annotated[Level, _word_of(*LEVELS), _words_schema(*LEVELS)]


class Part(BaseModel):
    """A part of a product file: its keys are checked, and what it says does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(Part):
    """A name in English and French; a plain text stands for both."""

    en: Code
    fr: Code

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"en": value, "fr": value} if isinstance(value, str) else value


class Period(Part):
    """When the version is in force; both days included, an absent end is open."""

    start: Day = Field(default=OPEN_START, alias="from")
    end: Day = Field(default=OPEN_END, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.end < self.start:
            raise _wrong("product.period_reversed", start=date_of(self.start), end=date_of(self.end))
        return self

    def holds(self, day: int) -> bool:
        """Tell whether the period includes a day."""
        return self.start <= day <= self.end


class Location(Part):
    """Where the product is sold."""

    region: Code
    district: Code | None = None


class Members(Part):
    """How many members a family may have, and up to how many the lump sum and the ceiling stand."""

    maximum: Count | None = None
    threshold: Count | None = None


class Grace(Part):
    """Months of grace for paying, and for enrolling and renewing into a cycle that has begun."""

    payment: Months = 0
    enrolment: Months = 0
    renewal: Months = 0


class Enrolment(Part):
    """How families join and how long they are covered."""

    insurance_period: Months = 12
    administration_period: Months = 0
    cycles: Annotated[tuple[MonthDay, ...], Field(max_length=4)] = ()
    members: Members = Members()
    grace: Grace = Grace()
    renewal_without_registration_fee: Months = 0


class Fee(Part):
    """A fee for the family, or for each member."""

    lump_sum: Money | None = None
    per_member: Money | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Fee:
        if (self.lump_sum is None) == (self.per_member is None):
            raise _wrong("product.fee_one_of_two")
        return self


class Discount(Part):
    """A discount for those who come early enough."""

    percent: Percent
    ahead: Months


class Discounts(Part):
    """Discounts on first enrolment and on renewal."""

    enrolment: Discount | None = None
    renewal: Discount | None = None


class Contribution(Part):
    """What a family owes for a policy."""

    lump_sum: Money = 0
    adult: Money = 0
    child: Money = 0
    registration: Fee | None = None
    assembly: Fee | None = None
    discount: Discounts = Discounts()
    installments: Count = 1


class SideLimit(Part):
    """An amount for one kind of care; a plain amount is short for ``{amount: …}``."""

    per: LimitLevel | None = None
    amount: Money
    extra_member: Money | None = None
    maximum: Money | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"amount": value}


class BalanceLimit(Part):
    """A deductible or a ceiling: an amount per treatment, insuree or policy, for all care or split."""

    per: LimitLevel | None = None
    amount: Money | None = None
    extra_member: Money | None = None
    maximum: Money | None = None
    hospital: SideLimit | None = None
    non_hospital: SideLimit | None = None

    @model_validator(mode="after")
    def _one_place(self) -> BalanceLimit:
        sides = [side for side in (self.hospital, self.non_hospital) if side]
        if (self.amount is None) == (not sides):
            raise _wrong("product.amount_or_split")
        if self.amount is not None and self.per is None:
            raise _wrong("product.per_missing")
        if sides and (self.extra_member is not None or self.maximum is not None):
            raise _wrong("product.growth_beside_split")
        for side in sides:
            if side.per is None and self.per is None:
                raise _wrong("product.per_missing")
            if side.per is not None and self.per is not None:
                raise _wrong("product.per_twice")
        grown = [self, *sides]
        for limit in grown:
            level = limit.per or self.per
            if (limit.extra_member is not None or limit.maximum is not None) and level is not Level.POLICY:
                raise _wrong("product.growth_needs_policy")
        return self

    @property
    def split(self) -> bool:
        """Whether hospital and non-hospital care are counted apart."""
        return self.amount is None

    def side(self, care: Care) -> SideLimit | None:
        """Give the limit that holds for a kind of care, with its level; None where there is none."""
        if self.amount is not None:
            return SideLimit.model_construct(
                per=self.per, amount=self.amount, extra_member=self.extra_member, maximum=self.maximum
            )
        side = self.hospital if care is Care.HOSPITAL else self.non_hospital
        return side and side.model_copy(update={"per": side.per or self.per})


class CategoryLimit(Part):
    """How many claims of a category an insuree may have in an insurance period, and a ceiling for each."""

    claims: Count | None = None
    ceiling: Money | None = None


ClaimCategory = Annotated[Category, _word_of(*CLAIM_CATEGORIES), _words_schema(*CLAIM_CATEGORIES)]


class CoverLimit(Part):
    """What the scheme pays of one unit: a percentage, or a fixed amount (``value`` None: without a limit)."""

    limitation: Limitation
    value: int | None


def _cover_limit(value: Any, info: ValidationInfo) -> CoverLimit:
    if isinstance(value, CoverLimit):
        return value
    if not isinstance(value, dict):
        return CoverLimit(limitation=Limitation.CO_INSURANCE, value=_percentage(value))
    if set(value) != {"up_to"}:
        raise _wrong("product.expects_cover", given=_written(value))
    if value["up_to"] == "none":
        return CoverLimit(limitation=Limitation.FIXED, value=None)
    return CoverLimit(limitation=Limitation.FIXED, value=_money(value["up_to"], info))


_COVER_LIMIT_SCHEMA: Final = {
    "anyOf": [
        _PERCENTAGE_SCHEMA,
        {
            "type": "object",
            "properties": {"up_to": {"anyOf": [_MONEY_SCHEMA, {"const": "none"}]}},
            "required": ["up_to"],
            "additionalProperties": False,
        },
    ]
}
CoverTerm = Annotated[CoverLimit, BeforeValidator(_cover_limit), WithJsonSchema(_COVER_LIMIT_SCHEMA)]


class ByAge(Part):
    """Terms for adults and for children; one value stands for both, an absent one says nothing."""

    @model_validator(mode="before")
    @classmethod
    def _both(cls, value: Any) -> Any:
        if isinstance(value, dict) and not set(value) - {"adult", "child"}:
            return value
        if isinstance(value, dict) and "up_to" not in value:
            return value
        return {"adult": value, "child": value}


class Cover(ByAge):
    """How much of the price the scheme pays."""

    adult: CoverTerm | None = None
    child: CoverTerm | None = None


class Waiting(ByAge):
    """Months after an insuree's effective date in which the provision is not paid."""

    adult: Months | None = None
    child: Months | None = None


class QuantityLimits(ByAge):
    """Quantity per insuree and insurance period."""

    adult: QuantityLimit | None = None
    child: QuantityLimit | None = None


class OutsideCeiling(ByAge):
    """In which care the provision stands outside the ceiling."""

    adult: OutsideCare | None = None
    child: OutsideCare | None = None


PRICE_ORIGINS: Final = tuple(PriceOrigin)
Price = Annotated[PriceOrigin, _word_of(*PRICE_ORIGINS), _words_schema(*PRICE_ORIGINS)]


class Terms(Part):
    """What may be said of a provision; what is left out says nothing."""

    covered: Truth | None = None
    cover: Cover | None = None
    price: Price | None = None
    waiting: Waiting | None = None
    quantity: QuantityLimits | None = None
    outside_ceiling: OutsideCeiling | None = None


_SERVICE_CATEGORY: Final = _word_of(*Category)
_PROVISION_TYPE: Final = _word_of(*ProvisionType)


class Selector(Part):
    """Which provisions an entry is about: all, those of a category or type, or the codes listed."""

    all: bool = False
    codes: tuple[Code, ...] = ()
    category: Annotated[Category, _SERVICE_CATEGORY, _words_schema(*Category)] | None = None
    type: Annotated[ProvisionType, _PROVISION_TYPE, _words_schema(*ProvisionType)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if value == "all":
            return {"all": True}
        if isinstance(value, list):
            if not value:
                raise _wrong("product.selector_empty")
            return {"codes": value}
        if not isinstance(value, dict):
            raise _wrong("product.expects_selector", given=_written(value))
        if not value or "all" in value or "codes" in value:
            raise _wrong("product.expects_selector", given=_written(value))
        return value


class CoverageEntry(Terms):
    """Terms for some provisions; later entries refine earlier ones, field by field."""

    services: Selector | None = None
    items: Selector | None = None
    emergency: Terms | None = None
    referral: Terms | None = None

    @model_validator(mode="after")
    def _about_something(self) -> CoverageEntry:
        if self.services is None and self.items is None:
            raise _wrong("product.entry_about_nothing")
        if self.items and self.items.category is not None:
            raise _wrong("product.category_of_items")
        return self

    def for_visit(self, visit_type: VisitType) -> Terms | None:
        """Give what the entry says of a visit type only."""
        match visit_type:
            case VisitType.EMERGENCY:
                return self.emergency
            case VisitType.REFERRAL:
                return self.referral
            case _:
                return None


class PeriodShares(Part):
    """Shares of the contributions of each period: the same in all, or one for each."""

    share: tuple[Percent, ...]

    @model_validator(mode="before")
    @classmethod
    def _single(cls, value: Any) -> Any:
        if isinstance(value, dict) and "share" in value and not isinstance(value["share"], list | tuple):
            return {**value, "share": [value["share"]]}
        return value


class IndexLimit(Part):
    """A cap on the relative index, as a decimal with at most four places, in ten-thousandths."""

    maximum: Annotated[
        int,
        BeforeValidator(lambda value: _index(value)),
        WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
    ]


def _index(value: Any) -> int:
    given = _scalar(value, "index")
    try:
        index = scaled(given, 4)
    except ValueError:
        raise _wrong("product.expects_index", given=given) from None
    if index <= 0:
        raise _wrong("product.expects_index", given=given)
    return index


PERIODS_OF_YEAR: Final = {"month": 12, "quarter": 4, "year": 1}


class RelativePrices(Part):
    """How a pool of contributions is shared over lines with a relative price."""

    period: Literal["month", "quarter", "year"] = "month"
    all: PeriodShares | None = None
    hospital: PeriodShares | None = None
    non_hospital: PeriodShares | None = None
    index: IndexLimit | None = None

    @model_validator(mode="after")
    def _shares(self) -> RelativePrices:
        if (self.all is None) == (self.hospital is None and self.non_hospital is None):
            raise _wrong("product.shares_or_split")
        periods = PERIODS_OF_YEAR[self.period]
        for shares in (self.all, self.hospital, self.non_hospital):
            if shares and len(shares.share) not in (1, periods):
                raise _wrong("product.shares_count", given=len(shares.share), expected=periods)
        return self


class FacilityClass(Part):
    """Facilities of a level, or of one sublevel of it."""

    level: Annotated[FacilityLevel, _word_of(*FacilityLevel), _words_schema(*FacilityLevel)]
    sublevel: Code | None = None


class CapitationWeights(Part):
    """How the capitation pot is split over the six criteria; together 100%."""

    population: Percent = 0
    families: Percent = 0
    insured_population: Percent = 0
    insured_families: Percent = 0
    visits: Percent = 0
    adjusted_amount: Percent = 0

    @model_validator(mode="after")
    def _whole(self) -> CapitationWeights:
        total = (
            self.population
            + self.families
            + self.insured_population
            + self.insured_families
            + self.visits
            + self.adjusted_amount
        )
        if total != PERCENT_ALL:
            raise _wrong("product.weights_total", total=total)
        return self


class Capitation(Part):
    """Facilities paid by head, and how their share of the contributions is split."""

    facilities: Annotated[tuple[FacilityClass, ...], Field(min_length=1)]
    share: Percent
    weights: CapitationWeights


class Remuneration(Part):
    """How facilities are paid at the close of a period."""

    relative_prices: RelativePrices | None = None
    capitation: Capitation | None = None


class Accounts(Part):
    """Account codes for the accounting system."""

    remuneration: Code | None = None
    contribution: Code | None = None


HOSPITAL_CARE: Final = tuple(HospitalCare)


class Product(Part):
    """One version of a product, valid between two dates."""

    product: Code
    name: Label | None = None
    valid: Period = Period()
    location: Location | None = None
    replaces_on_renewal: Code | None = None
    enrolment: Enrolment = Enrolment()
    contribution: Contribution = Contribution()
    hospital_care: Annotated[HospitalCare, _word_of(*HOSPITAL_CARE), _words_schema(*HOSPITAL_CARE)] = (
        HospitalCare.BY_CLAIM
    )
    deductible: BalanceLimit | None = None
    ceiling: BalanceLimit | None = None
    claim_categories: Mapping[ClaimCategory, CategoryLimit] = Field(default_factory=dict)
    coverage: tuple[CoverageEntry, ...] = ()
    remuneration: Remuneration = Remuneration()
    accounts: Accounts = Accounts()

    @model_validator(mode="after")
    def _meaning(self) -> Product:
        if self.deductible:
            for limit in (self.deductible, self.deductible.hospital, self.deductible.non_hospital):
                if limit and (limit.extra_member is not None or limit.maximum is not None):
                    raise _wrong("product.deductible_grows")
        visits = self.claim_categories.get(Category.VISIT)
        if visits and visits.ceiling is not None:
            raise _wrong("product.visit_ceiling")
        return self
