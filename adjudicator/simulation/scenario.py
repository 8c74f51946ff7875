"""A scenario: a few lines of YAML that change products and say what is assumed.

It is read as product files are, so that every mistake is told with its line, its column and what would be
right. What it says of products is a patch in their own words (:mod:`adjudicator.simulation.revising`).

The assumptions, each left out meaning that nothing changes:

``trend``
    Claims of a later year: prices (asked, on price lists, in the catalogue, approved by a reviewer) grow by
    a percentage a year, and claims get more numerous or fewer by another, over a whole number of years.
    Prices are multiplied by the exact power and rounded once, half away from zero. Amounts that a product
    names (ceilings, deductibles, fixed limits) do not grow by themselves.
``utilisation``
    What patients do when their share of a claim changes: an arc elasticity *e* between −0.33 and 0. Of
    the claims of which the patient bore *p* and bears *q* now, the part (1 + e·a) ÷ (1 − e·a) is made, where
    a = (q − p) ÷ (q + p). A claim that is not made uses up no balance; a claim that is made twice is
    adjudicated twice. It is taken once, from the claims as they were.
``enrolment``
    Growth of the number of families: as many families, drawn by the seed, stand for two as make the growth
    exact (or for none, where it is negative); their contributions count with them.
``contributions``
    Percentages by which what families pay changes, for all products or by product; contributions of
    policies that take effect before the scenario begins stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator

from adjudicator.problems import Place, Problem, Refused, of_all, problem_of, refused
from adjudicator.product.definition import Label, Location, Part
from adjudicator.product.mistakes import problems_of
from adjudicator.product.read import SUFFIXES
from adjudicator.product.scalars import Code, Count, Day, Unit, read_text, written_shape, wrong
from adjudicator.product.source import Source, Steps, Tree, read_source
from adjudicator.simulation.revising import Patch
from adjudicator.units import scaled

MOST_GROWTH: Final = 100_000
"""The largest growth that is believed, in hundredths of a percent: a thousand percent."""

_CHANGE: Final = "change"


def _signed_percent(value: Any) -> int:
    given = written_shape(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[-+−]?[0-9]+(\.[0-9]{1,2})? ?%", given):
        raise wrong("simulation.expects_growth", given=given)
    number = scaled(given.replace("−", "-").removeprefix("+").removesuffix("%").strip(), 2)
    if not -10_000 <= number <= MOST_GROWTH:
        raise wrong("simulation.growth_out_of_range", given=given)
    return number


def _elasticity(value: Any) -> int:
    given = written_shape(value).replace("−", "-")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]+(\.[0-9]{1,2})?", given):
        raise wrong("simulation.expects_elasticity", given=given)
    number = scaled(given, 2)
    if not -33 <= number <= 0:
        raise wrong("simulation.expects_elasticity", given=given)
    return number


Growth = Annotated[
    int,
    BeforeValidator(_signed_percent),
    WithJsonSchema({"type": "string", "pattern": r"^[-+]?[0-9]+(\.[0-9]{1,2})? ?%$"}),
    Unit.PERCENT,
]
"""A percentage that may be negative, in hundredths of a percent."""

Elasticity = Annotated[
    int,
    BeforeValidator(_elasticity),
    WithJsonSchema({"type": "number", "minimum": -0.33, "maximum": 0}),
    Unit.TEXT,
]
"""An elasticity, in hundredths."""


class Trend(Part):
    """How claims change from year to year."""

    prices: Growth = Field(default=0, examples=["5%"])
    """By how much prices grow each year."""
    claims: Growth = Field(default=0, examples=["2%"])
    """By how much the number of claims grows each year."""
    years: Count = 1
    """How many years lie between the claims and the time that is simulated; 1 when left out."""

    @model_validator(mode="after")
    def _believable(self) -> Trend:
        if self.years > 50:
            raise wrong("simulation.too_many_years", at=("years",), given=self.years)
        # Every claim can be made twice, but not more often.
        if (10_000 + self.claims) ** self.years > 2 * 10_000**self.years:
            raise wrong("simulation.claims_more_than_double", at=("claims",))
        return self


class Utilisation(Part):
    """What patients do when their share of a claim changes."""

    elasticity: Elasticity = Field(examples=["-0.2"])
    """The arc elasticity of claims to what the patient pays, from -0.33 to 0."""


class EnrolmentGrowth(Part):
    """How the number of families changes."""

    growth: Growth = Field(examples=["3%"])
    """By how much it grows."""

    @model_validator(mode="after")
    def _at_most_double(self) -> EnrolmentGrowth:
        if self.growth > 10_000:
            raise wrong("simulation.growth_more_than_double", at=("growth",))
        return self


def _by_product(value: Any) -> Any:
    if isinstance(value, dict):
        return {read_text(code): _signed_percent(growth) for code, growth in value.items()}
    return {"": _signed_percent(value)}


ContributionGrowth = Annotated[
    dict[str, int],
    BeforeValidator(_by_product),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}]}),
]
"""Growth by the code of the product; under the empty code for all the others."""


class Assumptions(Part):
    """What is assumed besides the products."""

    trend: Trend = Trend()
    """How claims change from year to year."""
    utilisation: Utilisation | None = None
    """What patients do when their share of a claim changes."""
    enrolment: EnrolmentGrowth | None = None
    """How the number of families changes."""
    contributions: ContributionGrowth = Field(default_factory=dict)
    """By how much what families pay changes: for all products, or by product."""
    seed: Count = 1
    """Of all that is drawn: which claims are not made, and which families are more; 1 when left out."""

    @property
    def nothing(self) -> bool:
        """Whether nothing is assumed."""
        return self == Assumptions(seed=self.seed)


class Scenario(Part):
    """A change of products, and assumptions."""

    scenario: Code = Field(examples=["out-patient-ceiling"])
    """The scenario's code, which names it in results."""
    title: Label | None = None
    """What it is about, in English and French."""
    description: Label | None = None
    """Why it is asked, in English and French."""
    start: Day | None = Field(default=None, alias="from")
    """The first day of the change; all days when left out."""
    where: Location | None = None
    """The change is for the families who live there; for everybody when left out."""
    change: dict[Code, Any] = Field(default_factory=dict)
    """By the code of a product: a piece of a product file that is laid over it."""
    assume: Assumptions = Assumptions()
    """What is assumed besides."""


@dataclass(frozen=True)
class ScenarioSource:
    """A scenario as its file gives it."""

    definition: Scenario
    source: Source | None = None
    """None for a scenario that was made in a program."""

    @property
    def label(self) -> Label:
        """The title, or the code."""
        code = self.definition.scenario
        return self.definition.title or Label(en=code, fr=code)

    def place_of(self, steps: Steps) -> Place:
        """Give the place of a value."""
        return self.source.place_of(steps) if self.source else Place()

    @property
    def patches(self) -> dict[str, list[Patch]]:
        """The changes, by product."""
        return {code: [self._patch(code, tree)] for code, tree in self.definition.change.items()}

    def _patch(self, code: str, tree: Mapping[str, Tree]) -> Patch:
        if self.source is None:
            return Patch(tree)
        values, keys = (
            {steps[2:]: spot for steps, spot in spots.items() if steps[:2] == (_CHANGE, code)}
            for spots in (self.source.values, self.source.keys)
        )
        return Patch(tree, self.source.file, values, keys)


def read_scenario(file: Path) -> ScenarioSource:
    """Read a scenario.

    Raises:
        Refused: with everything that is wrong with the file.
    """
    source = read_source(file)
    problems = [*source.problems, *_no_mappings(source)]
    try:
        definition = Scenario.model_validate(source.tree)
    except ValidationError as error:
        problems += problems_of(error, source, Scenario)
    if problems:
        raise Refused(
            sorted(problems, key=lambda problem: (problem.place.line or 0, problem.place.column or 0))
        )
    return ScenarioSource(definition, source)


def scenario_of(tree: Mapping[str, Any], name: str = "scenario") -> ScenarioSource:
    """Take a scenario from a mapping as a program writes it; numbers and truth values are taken as written.

    Raises:
        Refused: with everything that is wrong with it.
    """
    written = {"scenario": name, **_as_written(dict(tree))}
    source = Source(Path(f"<{written['scenario']}>"), written, {(): (1, 1)}, {})
    problems = _no_mappings(source)
    try:
        definition = Scenario.model_validate(written)
    except ValidationError as error:
        problems += problems_of(error, source, Scenario)
    if problems:
        raise Refused(problems)
    return ScenarioSource(definition)


def _as_written(value: Any) -> Any:
    """Write values of a program as a file would."""
    match value:
        case dict():
            return {str(key): _as_written(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_as_written(inner) for inner in value]
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
        case _:
            return str(value)


def _no_mappings(source: Source) -> list[Problem]:
    """Find changes that are no pieces of a product file."""
    change = source.tree.get(_CHANGE)
    if not isinstance(change, dict):
        return []
    return [
        problem_of(
            "simulation.expects_patch",
            source.place_of((_CHANGE, code)),
            code=code,
            given=written_shape(patch),
        )
        for code, patch in change.items()
        if not isinstance(patch, dict)
    ]


def read_scenarios(paths: Sequence[Path]) -> list[ScenarioSource]:
    """Read scenarios from files and folders of files.

    Raises:
        Refused: with everything that is wrong with any of them; two have the same code; a folder has none.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
            if not inside:
                raise refused("simulation.no_scenarios", Place(path))
            files += inside
        else:
            files.append(path)
    found = of_all(read_scenario, files)
    check_names(found)
    return found


def check_names(scenarios: Sequence[ScenarioSource]) -> None:
    """Make sure that scenarios can be told apart.

    Raises:
        Refused: two have the same code, or one is called as the base is.
    """
    problems = []
    seen = {"base"}
    for source in scenarios:
        code = source.definition.scenario
        if code in seen:
            problems.append(problem_of("simulation.name_twice", source.place_of(("scenario",)), name=code))
        seen.add(code)
    if problems:
        raise Refused(problems)
