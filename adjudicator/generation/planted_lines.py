"""Faults in what is claimed for visits that did take place."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from adjudicator.generation.care import Lines
from adjudicator.generation.days import age_on
from adjudicator.generation.planting import Field, Marks, marks
from adjudicator.generation.stream import I64, Bools, Ints, Stream, Topic
from adjudicator.vocabulary import FacilityLevel, Sex

_PACKAGES: Final = {
    "DEL01": ("PRO03", "ANS03", "THE02"),
    "DEL02": ("PRO03", "ANS03", "THE02"),
    "DEL03": ("THE02", "PRO07", "PRO02"),
    "SUR01": ("SUR09", "PRO02", "PRO03"),
    "SUR02": ("THE02", "PRO02", "PRO01"),
    "SUR15": ("PRO01", "PRO02", "PRO04"),
    "PRO01": ("PRO02", "PRO04", "ANS03"),
    "LAB03": ("LAB04", "LAB02", "LAB23"),
    "DEN01": ("ANS03", "PRO04", "IMG09"),
}
"""Services that include others, and those that are claimed beside them."""

_ONCE_IN_A_LIFE: Final = ("SUR01", "SUR04", "SUR05", "SUR06", "SUR10", "SUR11", "SUR18")

_FOR_WOMEN: Final = "LAB18"
_FOR_MEN: Final = "SUR18"
_FOR_CHILDREN: Final = "PRV02"
_FOR_ADULTS: Final = "GIT14"
_GROWING: Final = "VIT04"
_GROWTH_BEGINS: Final = 2
"""Months after the start of the claims."""

_LATE: Final = (95, 60)
"""Days after which late claims are filed, and over how many they spread."""


def duplicates(field: Field, wanted: int) -> tuple[Field, Marks]:
    """File claims again under a new number, days or weeks later."""
    row = field.some(wanted, _all(field))
    copied = field.visits.take(row)
    later = copied.claimed + 2 + field.stream.below(40, len(row))
    field, places = field.touched(row).with_claims(
        replace(copied, claimed=later.astype(np.int32)), field.lines.take(row)
    )
    return field, marks(places, other=row)


def near_duplicates(field: Field, wanted: int) -> tuple[Field, Marks]:
    """File claims again with the date moved by a day and a line left out."""
    row = field.some(wanted, field.lines.counts >= 3)
    copied, lines = field.visits.take(row), field.lines.take(row)
    kept = np.ones(len(lines.price), np.bool_)
    kept[lines.first[1:] - 1] = False
    counts = lines.counts - 1
    shorter = replace(
        lines,
        first=np.concatenate([[0], np.cumsum(counts)]),
        provision=lines.provision[kept],
        quantity=lines.quantity[kept],
        price=lines.price[kept],
    )
    moved = replace(
        copied,
        first_day=(copied.first_day + 1).astype(np.int32),
        last_day=(copied.last_day + 1).astype(np.int32),
        claimed=(copied.claimed + 1 + field.stream.below(20, len(row))).astype(np.int32),
    )
    field, places = field.touched(row).with_claims(moved, shorter)
    return field, marks(places, other=row)


def unbundled(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Claim what a service includes beside it."""
    packages = {field.provisions.place(code): parts for code, parts in _PACKAGES.items()}
    row = field.some(wanted, field.any_of(tuple(_PACKAGES)))
    claims, lines = [], []
    for turn in range(max(len(parts) for parts in packages.values())):
        part = np.full(len(row), -1, np.int16)
        for whole, parts in packages.items():
            has = _has(field, row, whole)
            part[has] = field.provisions.place(parts[turn])
        field, number = field.with_lines(row, part, np.full(len(row), 100, np.int64))
        claims.append(row)
        lines.append(number)
    return field, marks(np.concatenate(claims), np.concatenate(lines))


def upcoded_quantities(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Multiply the quantity of a line."""
    line = _some_lines(field, wanted, field.lines.quantity >= 500)
    quantity = field.lines.quantity.copy()
    quantity[line] *= 3 + field.stream.below(4, len(line))
    return _with_lines(field, line, replace(field.lines, quantity=quantity))


def prices_above_list(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Ask several times the price of the list."""
    line = _some_lines(field, wanted, field.lines.price * field.lines.quantity >= 20_000)
    price = field.lines.price.copy()
    price[line] *= 3 + field.stream.below(6, len(line))
    return _with_lines(field, line, replace(field.lines, price=price))


def wrong_sex(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Claim for a man what is done for women, and the other way round."""
    man = field.world.persons.sex[field.visits.person] == Sex.MALE
    for_women = field.provisions.place(_FOR_WOMEN)
    for_men = field.provisions.place(_FOR_MEN)
    row = field.some(wanted, np.where(man, field.has_listed(_FOR_WOMEN), field.has_listed(_FOR_MEN)))
    provision = np.where(man[row], for_women, for_men).astype(np.int16)
    codes = field.world.diagnoses
    diagnosis = np.where(man[row], codes.place("N92"), codes.place("N47")).astype(np.int32)
    return _with_misfit(field, row, provision, diagnosis)


def wrong_age(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Claim for an adult what is done for children, and the other way round."""
    visits, persons = field.visits, field.world.persons
    adult = age_on(visits.last_day, persons.born[visits.person]) >= 18
    out = visits.first_day == visits.last_day
    row = field.some(
        wanted, out & np.where(adult, field.has_listed(_FOR_CHILDREN), field.has_listed(_FOR_ADULTS))
    )
    for_children, for_adults = field.provisions.place(_FOR_CHILDREN), field.provisions.place(_FOR_ADULTS)
    provision = np.where(adult[row], for_children, for_adults).astype(np.int16)
    codes = field.world.diagnoses
    diagnosis = np.where(adult[row], codes.place("J21"), codes.place("M17")).astype(np.int32)
    return _with_misfit(field, row, provision, diagnosis)


def repeated_surgery(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Claim an operation again that nobody has twice."""
    row = field.some(wanted, field.any_of(_ONCE_IN_A_LIFE))
    copied = field.visits.take(row)
    later = 20 + field.stream.below(50, len(row))
    repeated = replace(
        copied,
        first_day=(copied.first_day + later).astype(np.int32),
        last_day=(copied.last_day + later).astype(np.int32),
        claimed=(copied.claimed + later).astype(np.int32),
    )
    field, places = field.touched(row).with_claims(repeated, field.lines.take(row))
    return field, marks(places, other=row)


def filed_late(field: Field, wanted: int) -> tuple[Field, Marks]:
    """File claims months after the visit."""
    row = field.some(wanted, _all(field))
    after, over = _LATE
    claimed = field.visits.last_day[row] + after + field.stream.below(over, len(row))
    return field.changed(row, claimed=claimed.astype(np.int32)), marks(row)


def sudden_growth(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Add the same injection to the claims of a few health centres, from some month on."""
    facilities = field.world.facilities
    if field.month < field.world.start + _GROWTH_BEGINS:
        return field, marks(np.zeros(0, np.int64))
    centres = np.flatnonzero(facilities.level == FacilityLevel.HEALTH_CENTRE)
    known = Stream(field.world.seed, Topic.FAULTS, 2)
    bad = centres[known.some(len(centres), 1 + len(centres) // 40)]
    there = np.isin(field.visits.facility, bad) & ~field.any_of((_GROWING,))
    row = field.some(wanted, there)
    provision = np.full(len(row), field.provisions.place(_GROWING), np.int16)
    field, number = field.with_lines(row, provision, 100 * (2 + field.stream.below(4, len(row))))
    return field, marks(row, number)


def _all(field: Field) -> Bools:
    return np.ones(len(field.visits), np.bool_)


def _has(field: Field, row: I64, provision: int) -> Bools:
    lines = field.lines.take(row)
    sums = np.concatenate([[0], np.cumsum(lines.provision == provision)])
    return sums[lines.first[1:]] > sums[lines.first[:-1]]


def _some_lines(field: Field, wanted: int, among: Bools) -> I64:
    """Draw lines for which something holds, one of a claim at most."""
    sums = np.concatenate([[0], np.cumsum(among)])
    first = field.lines.first
    row = field.some(wanted, sums[first[1:]] > sums[first[:-1]])
    places = np.flatnonzero(among)
    return places[np.searchsorted(places, first[row])]


def _with_lines(field: Field, line: I64, lines: Lines) -> tuple[Field, Marks]:
    claim = np.searchsorted(lines.first, line, side="right") - 1
    return replace(field, lines=lines).touched(claim), marks(claim, line - lines.first[claim] + 1)


def _with_misfit(field: Field, row: I64, provision: Ints, diagnosis: Ints) -> tuple[Field, Marks]:
    """Add the line; every second claim gets a diagnosis to match."""
    told = field.stream.chance(50, len(row))
    field = field.changed(row, diagnosis=np.where(told, diagnosis, field.visits.diagnosis[row]))
    field, number = field.with_lines(row, provision.astype(np.int16), np.full(len(row), 100, np.int64))
    return field, marks(row, number)
