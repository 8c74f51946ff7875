"""What a product says: the shape of a product file, checked, with every number an integer.

Follows the product format. Each class is a part of the YAML file, with its keys; shorthand is written
out when a definition is read, so that ``ceiling.non_hospital: 25000`` and ``{amount: 25000}`` give the
same object. Money is in minor units of the scheme's currency (the decimals come with the validation
context), quantities and percentages in hundredths, days as day numbers, spans in months.

The text under each key is its description in the published JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from adjudicator.product.scalars import NO_LIMIT as NO_LIMIT  # noqa: PLC0414 - a value of definitions
from adjudicator.product.scalars import OUTSIDE as OUTSIDE  # noqa: PLC0414 - likewise
from adjudicator.product.scalars import (
    Code,
    Count,
    Day,
    Index,
    Money,
    MonthDay,
    Months,
    OutsideCare,
    Percent,
    QuantityLimit,
    Truth,
    one_of,
    read_money,
    read_percentage,
    word_of,
    words_schema,
    written_shape,
    wrong,
)
from adjudicator.units import OPEN_END, OPEN_START, PERCENT_ALL, date_of
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
)
from adjudicator.words import Percentage

Schema = dict[str, Any]

LEVELS: Final = (Level.TREATMENT, Level.INSUREE, Level.POLICY)
SERVICE_TYPES: Final = (ProvisionType.PREVENTIVE, ProvisionType.CURATIVE)
ITEM_TYPES: Final = (ProvisionType.DRUG, ProvisionType.CONSUMABLE)

LimitLevel = Annotated[Level, word_of(*LEVELS), words_schema(*LEVELS)]
ClaimCategory = Annotated[Category, word_of(*CLAIM_CATEGORIES), words_schema(*CLAIM_CATEGORIES)]
ServiceCategory = Annotated[Category, word_of(*Category), words_schema(*Category)]
TypeOfProvision = Annotated[ProvisionType, word_of(*ProvisionType), words_schema(*ProvisionType)]
Price = Annotated[PriceOrigin, word_of(*PriceOrigin), words_schema(*PriceOrigin)]
BasisOfHospitalCare = Annotated[HospitalCare, word_of(*HospitalCare), words_schema(*HospitalCare)]
LevelOfFacility = Annotated[FacilityLevel, word_of(*FacilityLevel), words_schema(*FacilityLevel)]


class Part(BaseModel):
    """A part of a product file: its keys are checked, and what it says does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _or_plain(key: str) -> Callable[[Schema], None]:
    """Make the schema of a part that may also be written as the plain value of one of its keys."""

    def widen(schema: Schema) -> None:
        plain = {k: v for k, v in schema["properties"][key].items() if k not in ("title", "description")}
        _widen(schema, plain)

    return widen


def _widen(schema: Schema, *shorthands: Schema) -> None:
    """Let a part's schema accept shorthands beside the mapping that it describes."""
    mapping = {key: schema.pop(key) for key in list(schema) if key not in ("title", "description")}
    schema["anyOf"] = [*shorthands, mapping]


def _says_nothing(value: Any) -> bool:
    return isinstance(value, dict) and not value


class Label(Part):
    """A name in English and in French; a plain text stands for both."""

    model_config = ConfigDict(json_schema_extra=_or_plain("en"))

    en: Code = Field(examples=["Family health plan"])
    """The name in English."""
    fr: Code = Field(examples=["Formule famille"])
    """The name in French."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"en": value, "fr": value} if isinstance(value, str) else value


class Period(Part):
    """When the version is in force; both days included, an absent end is open."""

    start: Day = Field(default=OPEN_START, alias="from")
    """The first day, written year-month-day; open when left out."""
    end: Day = Field(default=OPEN_END, alias="to")
    """The last day, included; open when left out."""

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.end < self.start:
            start, end = date_of(self.start).isoformat(), date_of(self.end).isoformat()
            raise wrong("product.period_reversed", at=("to",), start=start, end=end)
        return self

    def holds(self, day: int) -> bool:
        """Tell whether the period includes a day."""
        return self.start <= day <= self.end


class Location(Part):
    """Where the product is sold."""

    region: Code = Field(examples=["R1"])
    """Code of a region in the register of locations."""
    district: Code | None = None
    """Code of a district of that region; the whole region when left out."""


class Members(Part):
    """How many members a family may have, and up to how many the lump sum and the ceiling stand."""

    maximum: Count | None = None
    """The most members that a policy may have; no limit when left out."""
    threshold: Count | None = None
    """Members that the lump sum is for, and above which a ceiling per policy grows."""


class Grace(Part):
    """Months of grace for paying, and for enrolling and renewing into a cycle that has begun."""

    payment: Months = 0
    """Months after its effective date in which a policy that is not fully paid stays in force."""
    enrolment: Months = 0
    """Months after a cycle's start in which an enrolment still falls into it."""
    renewal: Months = 0
    """Months after a cycle's start in which a renewal still falls into it."""


class Enrolment(Part):
    """How families join and how long they are covered."""

    insurance_period: Months = 12
    """How long a policy covers; 12 months when left out."""
    administration_period: Months = 0
    """Months from enrolment to the start of cover, where there are no cycles."""
    cycles: Annotated[tuple[MonthDay, ...], Field(max_length=4)] = ()
    """Fixed days of the year on which cover starts, written month-day; at most four."""
    members: Members = Members()
    """How many members a family may have."""
    grace: Grace = Grace()
    """Months of grace."""
    renewal_without_registration_fee: Months = 0
    """Months after expiry in which a renewal owes no registration fee."""


class Fee(Part):
    """A fee for the family, or for each member."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    lump_sum: Money | None = None
    """One amount for the family."""
    per_member: Money | None = None
    """An amount for each member."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Fee:
        if (self.lump_sum is None) == (self.per_member is None):
            raise wrong("product.fee_one_of_two")
        return self


class Discount(Part):
    """A discount for those who come early enough."""

    percent: Percent = Field(examples=["5%"])
    """What is taken off the contribution."""
    ahead: Months = Field(examples=["2 months"])
    """How early one must come to have it."""


class Discounts(Part):
    """Discounts on first enrolment and on renewal."""

    enrolment: Discount | None = None
    """For enrolling ahead of a cycle's start."""
    renewal: Discount | None = None
    """For renewing ahead of the expiry."""


class Contribution(Part):
    """What a family owes for a policy."""

    lump_sum: Money = 0
    """For the family, up to the threshold of members; without it all members pay by head."""
    adult: Money = 0
    """For each adult above the threshold."""
    child: Money = 0
    """For each child above the threshold."""
    registration: Fee | None = None
    """The registration fee, owed once."""
    assembly: Fee | None = None
    """The assembly fee, owed at enrolment and at each renewal."""
    discount: Discounts = Discounts()
    """Discounts for coming early."""
    installments: Count = 1
    """The most payments in which the contribution may come; 1 when left out."""


class SideLimit(Part):
    """An amount for one kind of care; a plain amount is short for ``{amount: …}``."""

    model_config = ConfigDict(json_schema_extra=_or_plain("amount"))

    per: LimitLevel | None = None
    """What the amount is counted over, where hospital and non-hospital care differ in it."""
    amount: Money = Field(examples=["25000"])
    """The amount, in major units of the scheme's currency."""
    extra_member: Money | None = None
    """What each member above the threshold adds to a ceiling per policy."""
    maximum: Money | None = None
    """The most that a ceiling per policy grows to; no end when left out."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return value if isinstance(value, dict | SideLimit) else {"amount": value}


class BalanceLimit(Part):
    """A deductible or a ceiling: an amount per treatment, insuree or policy, for all care or split."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["per", "amount"]},
                {"anyOf": [{"required": ["hospital"]}, {"required": ["non_hospital"]}]},
            ],
        }
    )

    per: LimitLevel | None = None
    """What the amount is counted over: treatment (one claim), insuree or policy."""
    amount: Money | None = None
    """The amount for all care; left out where it is split."""
    extra_member: Money | None = None
    """What each member above the threshold adds to a ceiling per policy."""
    maximum: Money | None = None
    """The most that a ceiling per policy grows to; no end when left out."""
    hospital: SideLimit | None = None
    """The amount for hospital care."""
    non_hospital: SideLimit | None = None
    """The amount for non-hospital care."""

    @model_validator(mode="after")
    def _one_place(self) -> BalanceLimit:
        sides = {
            name: side
            for name, side in (("hospital", self.hospital), ("non_hospital", self.non_hospital))
            if side is not None
        }
        if self.amount is not None and sides:
            raise wrong("product.amount_beside_split", at=("amount",))
        if self.amount is None and not sides:
            raise wrong("product.amount_or_split")
        if sides and (self.extra_member is not None or self.maximum is not None):
            name = "maximum" if self.extra_member is None else "extra_member"
            raise wrong("product.growth_beside_split", at=(name,), name=name)
        for name, side in sides.items():
            if side.per is None and self.per is None:
                raise wrong("product.per_missing", at=(name,))
            if side.per is not None and self.per is not None:
                raise wrong("product.per_twice", at=(name, "per"))
        if not sides and self.per is None:
            raise wrong("product.per_missing")
        for steps, limit in limits_of(self):
            for name in ("extra_member", "maximum"):
                level = limit.per or self.per
                if getattr(limit, name) is not None and level is not Level.POLICY:
                    raise wrong("product.growth_needs_policy", at=(*steps, name), name=name)
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


def limits_of(limit: BalanceLimit) -> list[tuple[tuple[str, ...], BalanceLimit | SideLimit]]:
    """Give the limit for all care and those for one kind of care, each with the steps that lead to it."""
    sides: list[tuple[tuple[str, ...], BalanceLimit | SideLimit]] = [
        ((name,), side)
        for name, side in (("hospital", limit.hospital), ("non_hospital", limit.non_hospital))
        if side is not None
    ]
    return [((), limit), *sides]


class CategoryLimit(Part):
    """How many claims of a category an insuree may have in an insurance period, and a ceiling for each."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    claims: Count | None = None
    """Claims per insuree and insurance period; 0 allows none, no limit when left out."""
    ceiling: Money | None = None
    """The most that is paid for one claim of the category."""

    @model_validator(mode="before")
    @classmethod
    def _something(cls, value: Any) -> Any:
        if _says_nothing(value):
            raise wrong("product.says_nothing")
        return value


class CoverLimit(Part):
    """What the scheme pays of one unit: a percentage, or a fixed amount (``value`` None: without a limit)."""

    limitation: Limitation
    value: int | None


def _cover_limit(value: Any, info: ValidationInfo) -> CoverLimit:
    if isinstance(value, CoverLimit):
        return value
    if not isinstance(value, dict):
        return CoverLimit(limitation=Limitation.CO_INSURANCE, value=read_percentage(value))
    if set(value) != {"up_to"}:
        raise wrong("product.expects_cover", given=written_shape(value))
    if value["up_to"] == "none":
        return CoverLimit(limitation=Limitation.FIXED, value=None)
    try:
        return CoverLimit(limitation=Limitation.FIXED, value=read_money(value["up_to"], info))
    except PydanticCustomError as error:
        raise wrong(error.type, **{**(error.context or {}), "at": ("up_to",)}) from None


def _schema_of(annotated: Any) -> Schema:
    schemas = (note.json_schema for note in annotated.__metadata__ if isinstance(note, WithJsonSchema))
    return next(schemas) or {}


CoverTerm = Annotated[
    CoverLimit,
    BeforeValidator(_cover_limit),
    WithJsonSchema(
        {
            "anyOf": [
                _schema_of(Percent),
                {
                    "type": "object",
                    "properties": {
                        "up_to": {
                            "title": "Up To",
                            "description": "A fixed amount per unit; none for the whole price",
                            "anyOf": [*_schema_of(Money)["anyOf"], {"const": "none"}],
                        }
                    },
                    "required": ["up_to"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""A percentage of the price, or a fixed amount per unit."""


def _by_age_schema(schema: Schema) -> None:
    schema["minProperties"] = 1
    _or_plain("adult")(schema)


class ByAge(Part):
    """Terms for adults and for children; one value stands for both, an absent one says nothing."""

    model_config = ConfigDict(json_schema_extra=_by_age_schema)

    @model_validator(mode="before")
    @classmethod
    def _both(cls, value: Any) -> Any:
        if _says_nothing(value):
            raise wrong("product.says_nothing")
        if isinstance(value, ByAge) or (isinstance(value, dict) and "up_to" not in value):
            return value
        return {"adult": value, "child": value}


class Cover(ByAge):
    """How much of the price the scheme pays: a percentage, or ``{up_to: …}`` per unit."""

    adult: CoverTerm | None = None
    """For adults."""
    child: CoverTerm | None = None
    """For children."""


class Waiting(ByAge):
    """Months after an insuree's effective date in which the provision is not paid."""

    adult: Months | None = None
    """For adults."""
    child: Months | None = None
    """For children."""


class QuantityLimits(ByAge):
    """Quantity per insuree and insurance period; ``none`` lifts an earlier limit."""

    adult: QuantityLimit | None = None
    """For adults."""
    child: QuantityLimit | None = None
    """For children."""


class OutsideCeiling(ByAge):
    """In which care the provision stands outside the ceiling: hospital, non_hospital, both or none."""

    adult: OutsideCare | None = None
    """For adults."""
    child: OutsideCare | None = None
    """For children."""


class Terms(Part):
    """What may be said of a provision; what is left out says nothing."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    covered: Truth | None = None
    """Whether it is covered at all; true when left out."""
    cover: Cover | None = None
    """How much of the price the scheme pays; 100% where nobody says otherwise."""
    price: Price | None = None
    """Where the unit price comes from; the price list where nobody says otherwise."""
    waiting: Waiting | None = None
    """Months after an insuree's effective date in which it is not paid."""
    quantity: QuantityLimits | None = None
    """The quantity per insuree and insurance period."""
    outside_ceiling: OutsideCeiling | None = None
    """In which care it stands outside the ceiling."""

    @model_validator(mode="before")
    @classmethod
    def _something(cls, value: Any) -> Any:
        if _says_nothing(value):
            raise wrong("product.says_nothing")
        return value


def _selector_schema(schema: Schema) -> None:
    codes = {"type": "array", "items": _schema_of(Code), "minItems": 1}
    for name in ("all", "codes"):
        del schema["properties"][name]
    schema["minProperties"] = 1
    _widen(schema, {"const": "all"}, codes)


class Selector(Part):
    """Which provisions an entry is about: all, a list of codes, or those of a category or type."""

    model_config = ConfigDict(json_schema_extra=_selector_schema)

    all: bool = False
    """Every one of the register."""
    codes: tuple[Code, ...] = ()
    """The codes listed."""
    category: ServiceCategory | None = None
    """Those of a category of services."""
    type: TypeOfProvision | None = None
    """Those of a type: preventive or curative services, drugs or consumables among items."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, Selector):
            return value
        if value == "all":
            return {"all": True}
        if isinstance(value, list):
            if not value:
                raise wrong("product.selector_empty")
            return {"codes": value}
        if not isinstance(value, dict) or not value or "all" in value or "codes" in value:
            raise wrong("product.expects_selector", given=written_shape(value))
        return value


class CoverageEntry(Terms):
    """Terms for some provisions; later entries refine earlier ones, field by field."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["services"]}, {"required": ["items"]}]}
    )

    services: Selector | None = Field(
        default=None,
        json_schema_extra={"properties": {"type": {"enum": [word.word for word in SERVICE_TYPES]}}},
    )
    """Which services the entry is about: all, a list of codes, or {category: …}, {type: …}."""
    items: Selector | None = Field(
        default=None,
        json_schema_extra={
            "properties": {"type": {"enum": [word.word for word in ITEM_TYPES]}, "category": False}
        },
    )
    """Which items the entry is about: all, a list of codes, or {type: drug}, {type: consumable}."""
    emergency: Terms | None = None
    """Other terms for emergency visits."""
    referral: Terms | None = None
    """Other terms for patients who were referred."""

    @model_validator(mode="after")
    def _about_something(self) -> CoverageEntry:
        if self.services is None and self.items is None:
            raise wrong("product.entry_about_nothing")
        if self.items and self.items.category is not None:
            raise wrong("product.category_of_items", at=("items", "category"))
        for name, selector, types in (
            ("services", self.services, SERVICE_TYPES),
            ("items", self.items, ITEM_TYPES),
        ):
            if selector and selector.type is not None and selector.type not in types:
                raise wrong(
                    "product.expects_word",
                    at=(name, "type"),
                    given=selector.type.word,
                    words=[member.word for member in types],
                )
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


PERIODS_OF_YEAR: Final = {"month": 12, "quarter": 4, "year": 1}


def _shares(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class PeriodShares(Part):
    """Shares of the contributions of each period: the same in all, or one for each."""

    share: Annotated[
        tuple[Percent, ...],
        BeforeValidator(_shares),
        WithJsonSchema(
            {
                "anyOf": [
                    _schema_of(Percent),
                    *(
                        {"type": "array", "items": _schema_of(Percent), "minItems": n, "maxItems": n}
                        for n in sorted(PERIODS_OF_YEAR.values(), reverse=True)
                    ),
                ]
            }
        ),
    ] = Field(examples=["60%"])
    """A percentage for each period, or a list: 12 for months, 4 for quarters, 1 for a year."""


class IndexLimit(Part):
    """A cap on the relative index."""

    maximum: Index = Field(examples=["1"])
    """The most that the index may be, a decimal with at most four places."""


class RelativePrices(Part):
    """How a pool of contributions is shared over lines with a relative price."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["all"]},
                {"anyOf": [{"required": ["hospital"]}, {"required": ["non_hospital"]}]},
            ]
        }
    )

    period: Annotated[
        Literal["month", "quarter", "year"], BeforeValidator(one_of(tuple(PERIODS_OF_YEAR)))
    ] = "month"
    """How often the pool is closed: month, quarter or year; month when left out."""
    all: PeriodShares | None = None
    """The pool for all care; left out where it is split."""
    hospital: PeriodShares | None = None
    """The pool for hospital care."""
    non_hospital: PeriodShares | None = None
    """The pool for non-hospital care."""
    index: IndexLimit | None = None
    """A cap on the index; none when left out."""

    @model_validator(mode="after")
    def _pools(self) -> RelativePrices:
        if self.all is not None and (self.hospital is not None or self.non_hospital is not None):
            raise wrong("product.shares_beside_split", at=("all",))
        if self.all is None and self.hospital is None and self.non_hospital is None:
            raise wrong("product.shares_or_split")
        periods = PERIODS_OF_YEAR[self.period]
        for name, shares in (
            ("all", self.all),
            ("hospital", self.hospital),
            ("non_hospital", self.non_hospital),
        ):
            if shares and len(shares.share) not in (1, periods):
                raise wrong(
                    "product.shares_count",
                    at=(name, "share"),
                    given=len(shares.share),
                    expected=periods,
                    period=self.period,
                )
        return self


class FacilityClass(Part):
    """Facilities of a level, or of one sublevel of it."""

    level: LevelOfFacility = Field(examples=["health_centre"])
    """hospital, health_centre or dispensary."""
    sublevel: Code | None = None
    """A sublevel as the register of facilities writes it; all of the level when left out."""


class CapitationWeights(Part):
    """How the capitation pot is split over the six criteria; together 100%."""

    population: Percent = 0
    """Inhabitants of the catchment."""
    families: Percent = 0
    """Families of the catchment."""
    insured_population: Percent = 0
    """Insured persons of the catchment."""
    insured_families: Percent = 0
    """Insured families of the catchment."""
    visits: Percent = 0
    """Claims of the facility."""
    adjusted_amount: Percent = 0
    """Value of the facility's claims."""

    @model_validator(mode="after")
    def _whole(self) -> CapitationWeights:
        total: int = sum(getattr(self, name) for name in type(self).model_fields)
        if total != PERCENT_ALL:
            raise wrong("product.weights_total", total=Percentage(total))
        return self


class Capitation(Part):
    """Facilities paid by head, and how their share of the contributions is split."""

    facilities: Annotated[tuple[FacilityClass, ...], Field(min_length=1)] = Field(
        examples=["[{level: health_centre}]"]
    )
    """The levels and sublevels of facilities that are paid by capitation."""
    share: Percent = Field(examples=["20%"])
    """The share of the allocated contributions that goes to capitation."""
    weights: CapitationWeights = Field(examples=["{population: 50%, visits: 50%}"])
    """How the pot is split over the criteria; together 100%."""


class Remuneration(Part):
    """How facilities are paid at the close of a period."""

    relative_prices: RelativePrices | None = None
    """The pools of relative prices."""
    capitation: Capitation | None = None
    """Payment by capitation."""


class Accounts(Part):
    """Account codes for the accounting system."""

    remuneration: Code | None = None
    """The account that payments to facilities go to."""
    contribution: Code | None = None
    """The account that contributions go to."""


class Product(Part):
    """One version of a product, valid between two dates."""

    product: Code = Field(examples=["HIB-FAMILY"])
    """The product's code; files with the same code are its versions."""
    name: Label | None = None
    """The product's name, in English and French."""
    valid: Period = Period()
    """When this version is in force; always when left out."""
    location: Location | None = None
    """Where the product is sold; national when left out."""
    replaces_on_renewal: Code | None = None
    """Code of the product that this one takes the place of when a policy is renewed."""
    enrolment: Enrolment = Enrolment()
    """How families join and how long they are covered."""
    contribution: Contribution = Contribution()
    """What a family owes for a policy."""
    hospital_care: BasisOfHospitalCare = HospitalCare.BY_CLAIM
    """What makes care hospital care: by_claim (an in-patient stay, the default) or by_facility."""
    deductible: BalanceLimit | None = Field(
        default=None, json_schema_extra={"properties": {"extra_member": False, "maximum": False}}
    )
    """What the patient bears before the scheme pays; none when left out."""
    ceiling: BalanceLimit | None = None
    """The most that the scheme pays; none when left out."""
    claim_categories: Mapping[ClaimCategory, CategoryLimit] = Field(default_factory=dict)
    """Limits on whole claims, by their category."""
    coverage: tuple[CoverageEntry, ...] = ()
    """What is covered and how; later entries refine earlier ones, field by field."""
    remuneration: Remuneration = Remuneration()
    """How facilities are paid at the close of a period."""
    accounts: Accounts = Accounts()
    """Account codes for the accounting system."""

    @field_validator("deductible")
    @classmethod
    def _does_not_grow(cls, deductible: BalanceLimit | None) -> BalanceLimit | None:
        if deductible is not None:
            for steps, limit in limits_of(deductible):
                for name in ("extra_member", "maximum"):
                    if getattr(limit, name) is not None:
                        raise wrong("product.deductible_grows", at=(*steps, name), name=name)
        return deductible

    @field_validator("claim_categories")
    @classmethod
    def _no_visit_ceiling(
        cls, categories: Mapping[Category, CategoryLimit]
    ) -> Mapping[Category, CategoryLimit]:
        visits = categories.get(Category.VISIT)
        if visits and visits.ceiling is not None:
            raise wrong("product.visit_ceiling", at=("visit", "ceiling"))
        return categories
