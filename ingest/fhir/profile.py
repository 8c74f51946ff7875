"""What is known of a sender: where its codes and numbers stand, and what of R4 it breaks.

A profile is a YAML file; it ``extends`` another and says only what is different. ``profiles/README.md``
explains every key. Shipped: ``base`` (plain R4), ``openimis``, ``synthea``, ``bluebutton``, ``hcx``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, create_model

from adjudicator.problems import Place, Problem, Refused, refused
from adjudicator.product.definition import Label, Part
from adjudicator.product.mistakes import problems_of
from adjudicator.product.scalars import Code, one_of, word_of, wrong
from adjudicator.product.source import Source, parse_source, read_source
from adjudicator.vocabulary import (
    CareType,
    Category,
    FacilityLevel,
    Kind,
    LocationLevel,
    ProvisionType,
    Stage,
    VisitType,
)

SHIPPED: Final = ("base", "openimis", "synthea", "bluebutton", "hcx")
"""The profiles that come with the engine."""

OWN_FILE: Final = "fhir-profile.yaml"
"""A profile in a folder of resources: it holds for all of them."""

ALL: Final = "all"
"""Stands for every element, among what a profile tolerates."""

TOLERABLE: Final = (
    "code_unknown",
    "currency_mixed",
    "currency_unknown",
    "details_not_read",
    "empty",
    "huge_number",
    "more_diagnoses",
    "net_differs",
    "no_contained",
    "no_dates",
    "no_price",
    "no_register_price",
    "no_such_day",
    "no_zone",
    "not_active",
    "not_in_value_set",
    "not_whole",
    "one_of_many",
    "out_of_range",
    "partial_date",
    "referee",
    "required",
    "sequence_link",
    "target",
    "text",
    "total_differs",
    "unknown_element",
    "unknown_modifier",
    "wrong_type",
)
"""What a profile may turn from an error into a warning: keys of the catalogue, after ``fhir_intake.``."""

IDENTIFIED: Final = (
    "claim",
    "patient",
    "facility",
    "practitioner",
    "provision",
    "location",
    "group",
    "policy",
)
"""What is identified by a number or a code."""


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise wrong("fhir_intake.profile.zone", given=value)
    return value


Word = Annotated[str, BeforeValidator(one_of(IDENTIFIED))]
Zone = Annotated[Code, AfterValidator(_zone)]
CodeFrom = Annotated[str, BeforeValidator(one_of(("reference", "coding", "text")))]
FacilityFrom = Annotated[str, BeforeValidator(one_of(("provider", "facility")))]
PriceFrom = Annotated[str, BeforeValidator(one_of(("unit", "net", "unit_or_net")))]


class Wanted(Part):
    """Which of several identifiers is meant; what is left out may be anything."""

    system: Code | None = Field(default=None, examples=["http://npid.org/providerid"])
    """Its ``system``."""
    type: Code | None = Field(default=None, examples=["Code"])
    """A code of its ``type``."""


class Identifiers(Part):
    """The identifiers by which things are known to the scheme, in the order in which they are looked for."""

    claim: tuple[Wanted, ...] = ()
    """Of a claim: its number."""
    patient: tuple[Wanted, ...] = ()
    """Of a patient: the insuree's number."""
    facility: tuple[Wanted, ...] = ()
    """Of an organisation (or a location that provides): the facility's code."""
    practitioner: tuple[Wanted, ...] = ()
    """Of a practitioner: the claim administrator's code."""
    provision: tuple[Wanted, ...] = ()
    """Of a service or an item: its code."""
    location: tuple[Wanted, ...] = ()
    """Of an area: its code."""
    group: tuple[Wanted, ...] = ()
    """Of a group: the family's number."""
    policy: tuple[Wanted, ...] = ()
    """Of a coverage: the policy's number."""


class Visits(Part):
    """How the visit type of a claim is known."""

    codes: dict[Code, Annotated[VisitType, word_of(*VisitType)]] = Field(default_factory=dict)
    """Codes of ``Claim.type`` and the visit type that they mean."""
    otherwise: Annotated[VisitType, word_of(*VisitType)] | None = None
    """What any other code means; left out, it is an error."""


class Kinds(Part):
    """How it is known whether a line is for a service or an item."""

    codes: dict[Code, Annotated[Kind, word_of(*Kind)]] = Field(default_factory=dict)
    """Codes or texts of ``item.category``."""
    systems: dict[Code, Annotated[Kind, word_of(*Kind)]] = Field(default_factory=dict)
    """Code systems of ``item.productOrService``."""
    types: dict[Code, Annotated[Kind, word_of(*Kind)]] = Field(default_factory=dict)
    """Codes of ``Claim.type``."""
    otherwise: Annotated[Kind, word_of(*Kind)] | None = None
    """What a line is for when nothing says; left out, it is an error."""


class Provisions(Part):
    """How the code of what was provided is found."""

    code_from: tuple[CodeFrom, ...] = ()
    """Where, in this order: ``reference`` (the extension that leads to it), ``coding``, ``text``."""
    systems: tuple[Code, ...] = ()
    """Code systems that come before others; the first coding otherwise."""
    categories: dict[Code, Annotated[Category, word_of(*Category)]] = Field(default_factory=dict)
    """Codes of a service's setting and its category."""
    types: dict[Code, Annotated[ProvisionType, word_of(*ProvisionType)]] = Field(default_factory=dict)
    """Codes of the finer type."""
    care: dict[Code, Annotated[CareType, word_of(*CareType)]] = Field(default_factory=dict)
    """Codes of where a provision is given."""


class Diagnoses(Part):
    """How diagnoses are read."""

    systems: tuple[Code, ...] = ()
    """Code systems that come before others; the first coding otherwise."""
    main: tuple[Code, ...] = ()
    """Codes of ``diagnosis.type`` that make it the main one; else the one of the lowest sequence is."""


class Supporting(Part):
    """Codes of ``supportingInfo.category`` that mean something to us."""

    guarantee: tuple[Code, ...] = ()
    """The number of a guarantee."""
    explanation: tuple[Code, ...] = ()
    """The facility's explanation of the claim."""
    referred_from: tuple[Code, ...] = ()
    """The facility that referred the patient; else the identifier of ``Claim.referral`` is taken."""
    line_explanation: tuple[Code, ...] = ()
    """Its explanation of a line, which names it in ``informationSequence``."""


class Extensions(Part):
    """How the URLs of extensions end."""

    provision: tuple[Code, ...] = ()
    """Of a claim's item: a reference to what was provided."""
    price: tuple[Code, ...] = ()
    """Of a service or an item: its price."""
    group: tuple[Code, ...] = ()
    """Of a patient: a reference to the family."""
    head: tuple[Code, ...] = ()
    """Of a patient: whether it is the family's head."""
    address: tuple[Code, ...] = ()
    """Of a group: its address."""
    location: tuple[Code, ...] = ()
    """Of an address: a reference to its location."""
    enrolled: tuple[Code, ...] = ()
    """Of a coverage: the day of enrolment."""
    usage: tuple[Code, ...] = ()
    """Of a medication: for whom and where it is."""
    frequency: tuple[Code, ...] = ()
    """Of a medication: how often it may be given."""
    provision_type: tuple[Code, ...] = ()
    """Of a medication: its finer type."""
    level: tuple[Code, ...] = ()
    """Of an organisation: its level."""


class Registers(Part):
    """What registers need and resources leave out."""

    facility_levels: dict[Code, Annotated[FacilityLevel, word_of(*FacilityLevel)]] = Field(
        default_factory=dict
    )
    """Codes of an organisation's level or type."""
    facility_level_otherwise: Annotated[FacilityLevel, word_of(*FacilityLevel)] | None = None
    """The level of an organisation that says none; left out, it is an error."""
    facility_care: Annotated[CareType, word_of(*CareType)] | None = None
    """The care that organisations give."""
    location_levels: dict[Code, Annotated[LocationLevel, word_of(*LocationLevel)]] = Field(
        default_factory=dict
    )
    """Codes of ``Location.physicalType``; locations of other types are no areas."""
    stage: Annotated[Stage, word_of(*Stage)] | None = None
    """The stage of a policy, which a coverage does not say."""
    product: tuple[Code, ...] = ()
    """Codes of ``Coverage.class.type`` whose value is the product."""


if TYPE_CHECKING:
    Tolerates = Part
else:
    Tolerates = create_model(
        "Tolerates",
        __base__=Part,
        __doc__="What is a warning only: of each kind of mistake the elements, or ``all``.",
        **{key: (tuple[Code, ...], Field(default=(), examples=["[all]"])) for key in TOLERABLE},
    )


class Profile(Part):
    """What is known of a sender."""

    profile: Code = Field(examples=["district-hospital"])
    """Its name."""
    extends: Code | None = None
    """The shipped profile that holds where this one says nothing; ``base`` where left out."""
    title: Label | None = None
    """What it is for."""
    recognised_by: tuple[Code, ...] = ()
    """Texts in the first resources by which a file of this sender is known, such as its code systems."""
    identifiers: Identifiers = Identifiers()
    """What identifies what."""
    known_by_id: tuple[Word, ...] = ()
    """What may be known by the id of its resource where no identifier is found."""
    facility_from: tuple[FacilityFrom, ...] = ()
    """Which reference leads to the facility, in this order."""
    visits: Visits = Visits()
    """How the patient came."""
    kinds: Kinds = Kinds()
    """Services and items."""
    provisions: Provisions = Provisions()
    """Codes of provisions."""
    diagnoses: Diagnoses = Diagnoses()
    """Codes of diagnoses."""
    prices: PriceFrom = "unit_or_net"
    """Whether the price asked is ``unitPrice``, ``net`` by the quantity, or the first that is there."""
    zone: Zone | None = None
    """The time zone in which days are reckoned, and that times without one are in; as written if left out."""
    currencies: dict[Code, Code] = Field(default_factory=dict)
    """What the sender writes in place of a currency's code."""
    supporting: Supporting = Supporting()
    """What else comes with a claim."""
    extensions: Extensions = Extensions()
    """Extensions that are understood."""
    registers: Registers = Registers()
    """What registers need."""
    tolerates: Tolerates = Tolerates()
    """What is a warning only, and of which elements: ``required: [Claim.insurance]``, ``no_zone: [all]``."""

    def __hash__(self) -> int:
        return hash(self.profile)

    def tolerated(self, key: str, expression: str) -> bool:
        """Tell whether something is no more than a warning.

        Args:
            key: of the catalogue.
            expression: the element, as FHIRPath.
        """
        elements = getattr(self.tolerates, key.removeprefix("fhir_intake.").removesuffix(".near"), ())
        if not elements:
            return False
        return ALL in elements or "".join(_without_places(expression)) in elements

    @cached_property
    def missing(self) -> frozenset[str]:
        """The elements that may be missing."""
        return frozenset(getattr(self.tolerates, "required", ()))

    @cached_property
    def clock(self) -> ZoneInfo | None:
        """The zone in which days are reckoned."""
        return ZoneInfo(self.zone) if self.zone else None


def _without_places(expression: str) -> list[str]:
    return [part.partition("]")[2] if place else part for place, part in enumerate(expression.split("["))]


@cache
def shipped(name: str = "base") -> Profile:
    """Give a profile that comes with the engine.

    Raises:
        Refused: there is none of this name.
    """
    if name not in SHIPPED:
        raise refused("fhir_intake.profile.unknown", name=name, names=list(SHIPPED))
    path = resources.files("ingest.fhir").joinpath("profiles", f"{name}.yaml")
    return _profile(parse_source(path.read_text("utf-8"), Path(f"{name}.yaml")))


def read_profile(path: Path) -> Profile:
    """Read a profile from a file.

    Raises:
        Refused: with everything that is wrong with it, each with file, line and column.
    """
    return _profile(read_source(path))


def find_profile(name: str) -> Profile:
    """Give a profile by its name, or by the path of its file.

    Raises:
        Refused: there is none, or with what is wrong with it.
    """
    return read_profile(Path(name)) if name.endswith((".yaml", ".yml")) else shipped(name)


def recognised(head: bytes) -> Profile:
    """Give the shipped profile of the sender of a file, by what its beginning says; else ``base``."""
    for name in SHIPPED:
        if any(mark.encode() in head for mark in shipped(name).recognised_by):
            return shipped(name)
    return shipped()


def _profile(source: Source) -> Profile:
    try:
        given = Profile.model_validate(source.tree)
    except ValidationError as error:
        problems = [*source.problems, *problems_of(error, source, Profile)]
        problems.sort(key=lambda problem: (problem.place.line or 0, problem.place.column or 0))
        raise Refused(problems) from None
    if source.problems:
        raise Refused(source.problems)
    if given.profile == "base":
        return given
    try:
        below = shipped(given.extends or "base")
    except Refused as refusal:
        place: Place = source.place_of(("extends",))
        raise Refused(Problem(problem.what, place, problem.remedy) for problem in refusal.problems) from None
    return _merged(below, given)


def _merged(below: Profile, above: Profile) -> Profile:
    """Put one profile over another: what it says holds, mappings are joined, what it leaves out stays."""
    changes: dict[str, Any] = {}
    for name in above.model_fields_set:
        said = getattr(above, name)
        if name not in ("profile", "extends", "title", "recognised_by"):
            said = _joined(getattr(below, name), said)
        changes[name] = said
    return below.model_copy(update={"recognised_by": (), "title": None, **changes})


def _joined(below: Any, above: Any) -> Any:
    if isinstance(above, Part):
        return below.model_copy(
            update={
                name: _joined(getattr(below, name), getattr(above, name)) for name in above.model_fields_set
            }
        )
    if isinstance(above, Mapping):
        return {**below, **above}
    return above
