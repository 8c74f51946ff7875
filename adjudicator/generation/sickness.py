"""What people fall ill with and what is done for them: ``country/sicknesses.yaml`` as arrays.

That file explains its own words. Here a sickness gets a place (short-lived ones first, then long-term ones,
then those of maternity), and the lines of its care become *slots*, one table for each sickness, level of
facility and kind of stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from adjudicator.generation.diagnoses import Diagnoses
from adjudicator.generation.knowledge import knowledge
from adjudicator.generation.provisions import Provisions
from adjudicator.generation.stream import F64, I8, I16, I32, I64, U64, Bools, rows_of_thresholds, threshold
from adjudicator.units import scaled
from adjudicator.vocabulary import AgeGroup, CareType, FacilityLevel, Sex

AGE_BOUNDS: Final = (1, 5, 15, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75)
"""Ages at which the bands of rates begin, after the first."""

BANDS: Final = len(AGE_BOUNDS) + 1
REGIONS: Final = 6
SEXES: Final = (Sex.MALE, Sex.FEMALE)

OUT_PATIENT: Final = 0
IN_PATIENT: Final = 1

_STEPS: Final = 4
"""The first bands, for which the file's rates hold as they stand; the others lie between them."""

_MIDDLES: Final = (20.0, 35.0, 55.0, 72.0)
"""The middle ages of the file's bands, from the last of the first bands on."""

LEAK: Final = 7.0
"""Percent of the care meant for other levels that a facility gives all the same, and claims in vain."""

_USUAL_EMERGENCY: Final = 2.0
_USUAL_REFERRAL: Final = 15.0
_OLDEST: Final = 200

_AGES: Final = {
    "infant": (0, 0),
    "under5": (0, 4),
    "school": (5, 17),
    "child": (0, 17),
    "adult": (18, _OLDEST),
    "elder": (50, _OLDEST),
}
_PLACES: Final = {"in": IN_PATIENT, "out": OUT_PATIENT}
_LINE: Final = re.compile(
    r"(?P<code>[A-Z]{3}\d{2}) (?P<chance>[\d.]+)%"
    r"(?: (?P<low>[\d.]+)(?:-(?P<high>[\d.]+))?)?(?P<words>(?: [a-z_][a-z_0-9]*)*)"
)


@dataclass(frozen=True)
class CareLine:
    """One line of care as the file says it."""

    code: str
    chance: float
    low: int
    """Hundredths."""
    high: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Slots:
    """Lines that a claim may get; L of them, grouped by template (sickness, level, stay)."""

    first: I32
    """(templates + 1,): where each template's slots begin."""
    choices: I32
    """(templates,): how many independent draws a template needs."""
    choice: I16
    """(L,): which of the template's draws decides on the slot."""
    low: U64
    """(L,): the line is there where the draw is at least this …"""
    high: U64
    """… and below this."""
    provision: I16
    least: I64
    """(L,), hundredths."""
    steps: I64
    """(L,): how many quantities there are, each one unit above the other."""
    nightly: Bools
    youngest: I16
    """(L,), completed years."""
    oldest: I16
    sex: I8
    """(L,), :class:`Sex`; any is any."""


@dataclass(frozen=True)
class Sicknesses:
    """All sicknesses; S of them."""

    names: list[str]
    acute: int
    """How many are short-lived: the first ones."""
    long_term: int
    """How many are long-term: those after them."""
    rate: F64
    """(12, BANDS, SEXES, REGIONS, acute): episodes per person and month."""
    prevalence: F64
    """(BANDS, SEXES, REGIONS, long_term): the share of persons who live with it."""
    visits: F64
    """(long_term,): the chance, in percent, of being seen in a month."""
    seen_at: U64
    """Rows of thresholds: sickness × 2 + town, to :class:`FacilityLevel`."""
    diagnosis: U64
    """Rows of thresholds: sickness to a place among `diagnoses`."""
    diagnoses: I32
    """(S, most)."""
    main_diagnosis: I32
    """(S,)."""
    admitted: U64
    """(S,): thresholds."""
    fewest_nights: I64
    most_nights: I64
    emergency: U64
    referred: U64
    slots: Slots

    def place(self, name: str) -> int:
        """Give the place of a sickness."""
        return self.names.index(name)

    def template(self, sickness: I16, level: I8, stay: Bools) -> I64:
        """Give the template of slots for columns of sicknesses, levels and stays."""
        return (sickness.astype(np.int64) * len(FacilityLevel) + level) * 2 + stay


def sicknesses_of(provisions: Provisions, diagnoses: Diagnoses) -> Sicknesses:
    """Read the sicknesses against the registers of provisions and diagnoses.

    Raises:
        ValueError: a line of care cannot be read, or names what the registers do not have.
    """
    said = knowledge("sicknesses.yaml")
    acute, long_term, maternity = said["sicknesses"], said["long_term"], said["maternity"]
    described = {**acute, **long_term, **maternity}
    levels = [level.word for level in FacilityLevel]
    seen_at = np.array(
        [
            [one["seen_at"].get(level, 0) * weight for level, weight in zip(levels, weights, strict=True)]
            for one in described.values()
            # In a town the hospital is nearer.
            for weights in ((1.0, 1.0, 1.0), (1.35, 1.0, 0.6))
        ]
    )
    most = max(len(one["diagnoses"]) for one in described.values())
    weights = np.zeros((len(described), most))
    places = np.zeros((len(described), most), np.int32)
    for row, one in enumerate(described.values()):
        for column, (code, weight) in enumerate(one["diagnoses"].items()):
            weights[row, column] = weight
            places[row, column] = diagnoses.place(code)
    nights = [_range(one.get("nights", "1")) for one in described.values()]
    return Sicknesses(
        names=list(described),
        acute=len(acute),
        long_term=len(long_term),
        rate=_rates(acute, said["seasons"], said["zones"]),
        prevalence=_prevalence(long_term, said["zones"]),
        visits=np.array([_percent(one["visits"]) for one in long_term.values()]),
        seen_at=rows_of_thresholds(seen_at),
        diagnosis=rows_of_thresholds(weights),
        diagnoses=places,
        main_diagnosis=places[:, 0],
        admitted=_chances(described, "admitted", 0.0),
        fewest_nights=np.array([low for low, _ in nights], np.int64),
        most_nights=np.array([high for _, high in nights], np.int64),
        emergency=_chances(described, "emergency", _USUAL_EMERGENCY),
        referred=_chances(described, "referred", _USUAL_REFERRAL),
        slots=_slots(described, said["bundles"], provisions),
    )


def _percent(text: str) -> float:
    return float(text.removesuffix("%"))


def _range(text: Any) -> tuple[int, int]:
    low, _, high = str(text).partition("-")
    return int(low), int(high or low)


def _chances(described: Mapping[str, Any], key: str, usual: float) -> U64:
    percents = [_percent(one[key]) if key in one else usual for one in described.values()]
    return np.array([threshold(percent) for percent in percents], np.uint64)


def _sex_factors(one: Mapping[str, Any]) -> F64:
    return np.array([float(one.get(sex.word, 1)) for sex in SEXES])


def _by_age(said: Sequence[float]) -> F64:
    """Give the rate of each band from the file's seven, without a jump at 45 and at 65."""
    values = [float(value) / 1000 for value in said]
    rates = values[:_STEPS]
    for bound, following in zip(AGE_BOUNDS[_STEPS - 1 :], (*AGE_BOUNDS[_STEPS:], 80), strict=True):
        age = min(max((bound + following) / 2, _MIDDLES[0]), _MIDDLES[-1])
        place = min(sum(age >= middle for middle in _MIDDLES), len(_MIDDLES) - 1)
        low, high = values[_STEPS - 2 + place], values[_STEPS - 1 + place]
        share = (age - _MIDDLES[place - 1]) / (_MIDDLES[place] - _MIDDLES[place - 1])
        rates.append(low + (high - low) * share)
    return np.array(rates)


def _rates(acute: Mapping[str, Any], seasons: Mapping[str, Any], zones: Mapping[str, Any]) -> F64:
    rates = np.zeros((12, BANDS, len(SEXES), REGIONS, len(acute)))
    for place, one in enumerate(acute.values()):
        season = np.array(seasons[one.get("season", "even")], np.float64)
        zone = np.array(zones[one.get("zone", "everywhere")], np.float64)
        by_age = _by_age(one["rate"])
        rates[..., place] = (
            season[:, None, None, None]
            * by_age[None, :, None, None]
            * _sex_factors(one)[None, None, :, None]
            * zone[None, None, None, :]
        )
    return rates


def _prevalence(long_term: Mapping[str, Any], zones: Mapping[str, Any]) -> F64:
    shares = np.zeros((BANDS, len(SEXES), REGIONS, len(long_term)))
    for place, one in enumerate(long_term.values()):
        zone = np.array(zones[one.get("zone", "everywhere")], np.float64)
        by_age = _by_age(one["prevalence"])
        shares[..., place] = by_age[:, None, None] * _sex_factors(one)[None, :, None] * zone
    return shares


def _care_line(text: str) -> CareLine:
    matched = _LINE.fullmatch(text)
    if not matched:
        raise ValueError(f"no line of care: {text}")
    low = scaled(matched["low"] or "1", 2)
    words = tuple(matched["words"].split())
    known = {*_AGES, *_PLACES, "male", "female", "nightly", *(level.word for level in FacilityLevel)}
    if unknown := set(words) - known:
        raise ValueError(f"{text}: {', '.join(sorted(unknown))}")
    return CareLine(
        matched["code"],
        float(matched["chance"]),
        low,
        scaled(matched["high"], 2) if matched["high"] else low,
        words,
    )


def _choices(care: list[Any], bundles: Mapping[str, Any]) -> Iterator[list[CareLine]]:
    """Write out bundles; every item is a draw with the lines that it decides between."""
    for item in care:
        if isinstance(item, list):
            yield [_care_line(text) for text in item]
        elif item in bundles:
            yield from _choices(bundles[item], bundles)
        else:
            yield [_care_line(item)]


def _slots(described: Mapping[str, Any], bundles: Mapping[str, Any], provisions: Provisions) -> Slots:
    first, choices, rows = [0], [], []
    for one in described.values():
        drawn = list(_choices(one["care"], bundles))
        for level in FacilityLevel:
            for stay in (OUT_PATIENT, IN_PATIENT):
                choices.append(len(drawn))
                for choice, lines in enumerate(drawn):
                    low = 0.0
                    for line in lines:
                        if (row := _slot(line, low, level, stay, provisions)) is not None:
                            rows.append((choice, *row))
                        low += line.chance
                first.append(len(rows))
    columns = list(zip(*rows, strict=True))
    return Slots(
        first=np.array(first, np.int32),
        choices=np.array(choices, np.int32),
        choice=np.array(columns[0], np.int16),
        low=np.array(columns[1], np.uint64),
        high=np.array(columns[2], np.uint64),
        provision=np.array(columns[3], np.int16),
        least=np.array(columns[4], np.int64),
        steps=np.array(columns[5], np.int64),
        nightly=np.array(columns[6], np.bool_),
        youngest=np.array(columns[7], np.int16),
        oldest=np.array(columns[8], np.int16),
        sex=np.array(columns[9], np.int8),
    )


def _slot(
    line: CareLine, low: float, level: FacilityLevel, stay: int, provisions: Provisions
) -> tuple[Any, ...] | None:
    """Make a line's slot at a level and kind of stay, None where it has none there."""
    place = provisions.place(line.code)
    words = set(line.words)
    levels = words & {member.word for member in FacilityLevel}
    if levels and level.word not in levels:
        return None
    if words & _PLACES.keys() and stay not in {_PLACES[word] for word in words & _PLACES.keys()}:
        return None
    if provisions.care_type[place] == (CareType.OUT_PATIENT if stay else CareType.IN_PATIENT):
        return None
    youngest, oldest, sex = 0, _OLDEST, Sex.ANY
    for word in words & _AGES.keys():
        youngest, oldest = max(youngest, _AGES[word][0]), min(oldest, _AGES[word][1])
    if provisions.age[place] == AgeGroup.ADULT:
        youngest = max(youngest, 18)
    if provisions.age[place] == AgeGroup.CHILD:
        oldest = min(oldest, 17)
    if restricted := words & {"male", "female"}:
        sex = Sex.of(restricted.pop())
    if provisions.sex[place] != Sex.ANY:
        sex = Sex(int(provisions.sex[place]))
    chance = line.chance if provisions.listed[level, place] else line.chance * LEAK / 100
    bounds = threshold(low), threshold(low + chance)
    steps = (line.high - line.low) // 100 + 1
    return *bounds, place, line.low, steps, "nightly" in words, youngest, oldest, int(sex)
