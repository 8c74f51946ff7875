"""A handful of claims as plain rows: for examples, for tests, and for one claim at the counter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjudicator.rulebook.fields import FIELDS, IDENTITY, PROVISION, SHORT, Field, Type
from adjudicator.rulebook.universe import Column, Universe
from adjudicator.units import date_of

Row = Mapping[str, int | str]
"""Values by the path of their field; what is missing is not there."""


@dataclass(frozen=True)
class ClaimRow:
    """One claim; ``several`` holds the fields that a claim has several of."""

    fields: Row
    lines: tuple[Row, ...]
    order: int
    """The rank by when it was filed."""
    current: bool = True
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def completed(row: Row, several: Mapping[str, tuple[str, ...]]) -> tuple[Row, Mapping[str, tuple[str, ...]]]:
    """Add what follows from what is given: the target date, the nights, the weekday, the ages."""
    done = dict(row)
    if "claim.date_to" in done or "claim.date_from" in done:
        done.setdefault("claim.target_date", done.get("claim.date_to", done.get("claim.date_from", 0)))
    target, begin = done.get("claim.target_date"), done.get("claim.date_from")
    if isinstance(target, int):
        end = done.get("claim.date_to")
        if isinstance(begin, int) and isinstance(end, int):
            done.setdefault("claim.nights", end - begin)
            done.setdefault("claim.in_patient", int(end > begin))
        else:
            done.setdefault("claim.in_patient", 0)
        done.setdefault("claim.weekday", date_of(target).isoweekday())
        if isinstance(claimed := done.get("claim.date_claimed"), int):
            done.setdefault("claim.days_to_file", claimed - target)
        if isinstance(born := done.get("patient.birth_date"), int):
            done.setdefault("patient.age_days", target - born)
            on, then = date_of(target), date_of(born)
            before = (on.month, on.day) < (then.month, then.day)
            done.setdefault("patient.age", on.year - then.year - before)
    diagnoses = dict(several)
    if "claim.diagnosis" in done:
        diagnoses.setdefault("claim.diagnoses", (str(done["claim.diagnosis"]),))
    return done, diagnoses


def universe_of(claims: Sequence[ClaimRow], fields: Mapping[str, Field] = FIELDS) -> Universe:
    """Make a universe of a handful of claims, or of whatever else has these fields."""
    lines = [line for claim in claims for line in claim.lines]
    claim_of_line = np.repeat(np.arange(len(claims)), [len(claim.lines) for claim in claims])
    texts = _texts(claims, lines, fields)
    providers: dict[str, Any] = {}
    for one in fields.values():
        rows = lines if one.level.value == "line" else [claim.fields for claim in claims]
        if one.several:
            most = max((len(claim.several.get(one.path, ())) for claim in claims), default=0)
            for place in range(most):
                one_each: list[str | None] = [
                    given[place] if place < len(given := claim.several.get(one.path, ())) else None
                    for claim in claims
                ]
                providers[f"{one.path}/{place}"] = _provider(one_each, texts.get(one.domain or ""))
            continue
        cells = [row.get(one.path) for row in rows]
        providers[one.path] = _provider(cells, texts.get(one.domain or "") if one.type is Type.TEXT else None)
    providers[IDENTITY] = _provider(list(range(len(claims))), None)
    names = [
        f"{line.get('line.kind')}\x1f{line['line.code']}" if "line.code" in line else None for line in lines
    ]
    providers[PROVISION] = _provider(names, sorted({name for name in names if name}))
    return Universe(
        len(claims),
        claim_of_line,
        np.array([claim.order for claim in claims], np.int64),
        np.array([claim.current for claim in claims], np.bool_),
        providers,
    )


def _provider(cells: Sequence[Any], texts: Sequence[str] | None) -> Any:
    def column() -> Column:
        given = np.array([cell is not None for cell in cells], np.bool_)
        if texts is None:
            return Column(np.array([0 if cell is None else int(cell) for cell in cells], np.int64), given)
        places = {text: place for place, text in enumerate(texts)}
        codes = [places[str(cell)] if cell is not None else 0 for cell in cells]
        return Column(np.array(codes, np.int64), given, texts)

    return column


def _texts(
    claims: Sequence[ClaimRow], lines: Sequence[Row], fields: Mapping[str, Field]
) -> dict[str, list[str]]:
    """Collect the texts of each domain, so that equal texts of two fields are equal numbers."""
    found: dict[str, set[str]] = {}
    for row in (*(claim.fields for claim in claims), *lines):
        for path, value in row.items():
            one = fields.get(path)
            if one is not None and one.type is Type.TEXT:
                found.setdefault(one.domain or "", set()).add(str(value))
    for claim in claims:
        for path, values in claim.several.items():
            found.setdefault(fields[path].domain or "", set()).update(values)
    return {
        one.domain or "": sorted(found.get(one.domain or "", set())) for one in fields.values() if one.domain
    }


def full_path(name: str) -> str:
    """Give the path of a field that may be written by its short name."""
    return SHORT.get(name, name)
