"""The batch of a scheme and the plain reference flag the same claims, by every shipped rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import adjudicate
from adjudicator.generation import generate
from adjudicator.rulebook.fields import FIELDS, Level, Type
from adjudicator.rulebook.flags import fire
from adjudicator.rulebook.looked import Looked
from adjudicator.rulebook.now_and_past import universe_of_claims
from adjudicator.rulebook.past import Past
from adjudicator.rulebook.plain import fires
from adjudicator.rulebook.read import CompiledRule, read_rules
from adjudicator.rulebook.rows import ClaimRow
from adjudicator.rulebook.universe import Universe
from adjudicator.run import open_inputs
from adjudicator.units import day_number
from adjudicator.words import message
from ingest.tables import read_claims

RULES = Path(__file__).parents[2] / "rules"
EVERYTHING = Looked(frozenset({*FIELDS, "line.code", "line.kind"}), frozenset(FIELDS))
"""Every field may be looked at, as it is here by who is no rule."""
PAST = 3
"""One claim in so many is taken for one of the past."""


@pytest.fixture(scope="module")
def universe(tmp_path_factory: pytest.TempPathFactory) -> Universe:
    folder = tmp_path_factory.mktemp("country") / "scheme"
    generate(folder, 220, 2, 11)
    inputs = open_inputs(folder)
    months = sorted((folder / "claims").iterdir())
    decimals = inputs.scheme.settings.decimals
    reading = read_claims(months, decimals, inputs.registers.tables["facilities"])
    registers = inputs.compiled.registers
    part = np.arange(len(reading.claims)) % PAST
    # What is not of now is of the past, which comes in two parts.
    now, *earlier = (
        reading.without(np.flatnonzero(other), message("run.already_accepted"))
        for other in (part == 0, part != 0, (part != 0) | (np.arange(len(part)) % 2 == 0))
    )
    earlier[0] = earlier[0].without(
        np.flatnonzero(np.isin(np.flatnonzero(part == 0) % 2, 1)), message("run.already_accepted")
    )
    claims = claims_room.encode(registers, now.claims, now.lines)
    decided = list(adjudicate(inputs.compiled, claims, lines_of_a_group=100))
    tables = inputs.registers.tables
    received = [(one.claims, one.lines) for one in earlier]
    past = Past.of(inputs.compiled, tables, received, EVERYTHING)
    return universe_of_claims(inputs.compiled, tables, claims, past, decided)


def as_rows(universe: Universe) -> list[ClaimRow]:
    """Write a universe out as plain rows."""
    cells: dict[str, list[object]] = {}
    for path, field in FIELDS.items():
        if not field.several:
            column = universe.column(path)
            count = universe.lines if field.level is Level.LINE else universe.claims
            values, given = column.at(np.arange(count))
            cells[path] = [
                (_cell(column.texts, value) if field.type is Type.TEXT else value) if known else None
                for value, known in zip(values.tolist(), given.tolist(), strict=True)
            ]
    diagnoses = [
        (column, *column.at(np.arange(universe.claims))) for column in universe.several("claim.diagnoses")
    ]
    first = np.searchsorted(universe.claim_of_line, np.arange(universe.claims + 1))
    rows = []
    for claim in range(universe.claims):
        fields = _given(cells, Level.CLAIM, claim)
        lines = tuple(_given(cells, Level.LINE, line) for line in range(first[claim], first[claim + 1]))
        several = tuple(
            str(_cell(column.texts, int(values[claim])))
            for column, values, given in diagnoses
            if given[claim]
        )
        rows.append(
            ClaimRow(
                fields,  # type: ignore[arg-type]
                lines,  # type: ignore[arg-type]
                int(universe.order[claim]),
                bool(universe.current[claim]),
                {"claim.diagnoses": several},
            )
        )
    return rows


def _cell(texts: Sequence[str | None] | None, value: int) -> str | None:
    return texts[value] if texts is not None else None


def _given(cells: dict[str, list[object]], level: Level, row: int) -> dict[str, object]:
    return {
        path: values[row]
        for path, values in cells.items()
        if FIELDS[path].level is level and values[row] is not None
    }


@pytest.fixture(scope="module")
def rows(universe: Universe) -> list[ClaimRow]:
    return as_rows(universe)


@pytest.mark.parametrize("rule", read_rules(RULES, 2), ids=lambda rule: rule.name)
def test_the_batch_and_the_reference_agree(
    rule: CompiledRule, universe: Universe, rows: list[ClaimRow]
) -> None:
    rejecting = rule.definition.then.reject is not None
    fired = list(fire([rule], universe, rejecting))
    if not fired or rule.definition.then.sample is not None:
        pytest.skip("a draft asks nothing, and a sample is drawn from what fires")
    first = np.searchsorted(universe.claim_of_line, np.arange(universe.claims + 1))
    by_batch = {
        (claim, None if line < 0 else line - int(first[claim]))
        for claim, line in zip(fired[0].claim.tolist(), fired[0].line.tolist(), strict=True)
    }
    valid = rule.definition.valid
    by_reference = {
        (claim, line)
        for claim, row in enumerate(rows)
        if row.current and valid.holds(int(row.fields.get("claim.target_date", valid.start)))
        for line in fires(rule.condition, rule.level, rows, claim)
    }
    assert by_batch == by_reference


def test_covered_since_goes_back_over_covers_without_a_gap(tmp_path: Path) -> None:
    folder = tmp_path / "scheme"
    generate(folder, 150, 2, 3)
    inputs = open_inputs(folder)
    facilities = inputs.registers.tables["facilities"]
    reading = read_claims(sorted((folder / "claims").iterdir()), 2, facilities)
    claims = claims_room.encode(inputs.compiled.registers, reading.claims, reading.lines)
    universe = universe_of_claims(inputs.compiled, inputs.registers.tables, claims)
    everything = np.arange(universe.claims)
    (since, given), (target, _), (insuree, known) = (
        universe.values(FIELDS[path], Level.CLAIM, everything)
        for path in ("patient.covered_since", "claim.target_date", "claim.insuree")
    )
    names = universe.column("claim.insuree").texts or ()
    covers: dict[str, list[tuple[int, int]]] = {}
    table = inputs.registers.tables["covers"]
    for who, first, last in zip(
        table["insuree"].to_pylist(), table["effective"].to_pylist(), table["expiry"].to_pylist(), strict=True
    ):
        covers.setdefault(who, []).append((day_number(first), day_number(last)))
    found = []
    for claim in range(universe.claims):
        mine = covers.get(str(names[insuree[claim]]), []) if known[claim] else []
        held = [first for first, last in mine if first <= target[claim] <= last]
        day = min(held, default=None)
        while day is not None and (before := [f for f, last in mine if f < day <= last + 1]):
            day = min(before)
        found.append(day)
    assert found == [int(day) if there else None for day, there in zip(since, given, strict=True)]
    assert given.any()
