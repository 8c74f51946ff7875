"""From a claim's number to its explanation: find the inputs, find the claim, retrace it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator import claims as claims_room
from adjudicator.adjudication.explanation import Explanation, explain
from adjudicator.adjudication.reference import AmountTooLarge
from adjudicator.adjudication.telling import places_in
from adjudicator.adjudication.trace import retrace
from adjudicator.folders import recover
from adjudicator.look_back import look_back
from adjudicator.manifest import MANIFEST, file_hash, read_manifest
from adjudicator.problems import Place, Problem, Refused, refused
from adjudicator.rulebook.month import reject, with_rejections
from adjudicator.run import Inputs, Where, no_progress, open_inputs, without_repeated
from adjudicator.units import date_of
from adjudicator.vocabulary import Kind
from adjudicator.words import message
from ingest.tables import ClaimsReading, read_claims


def inputs_of_run(folder: Path) -> Where:
    """Find the inputs of a run by its manifest.

    Raises:
        Refused: there is no run, or what went into it is gone or has changed.
    """
    recover(folder)
    try:
        manifest = read_manifest(folder)
        where = manifest["where"]
        scheme, opening = folder / where["scheme"], where["opening"] and folder / where["opening"]
        sources, earlier = (tuple(folder / path for path in where[name]) for name in ("claims", "look_back"))
        files = [(folder / one["path"], one["bytes"], one["sha256"]) for one in manifest["inputs"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise refused("run.no_run", Place(folder / MANIFEST), folder=str(folder)) from None
    if problems := [problem for file in files if (problem := _changed(*file))]:
        raise Refused(problems)
    return Where(scheme, sources, opening, earlier)


def _changed(path: Path, size: int, digest: str) -> Problem | None:
    remedy = message("run.input_changed.remedy")
    if not path.is_file():
        return Problem(message("run.input_gone"), Place(path), remedy)
    if path.stat().st_size != size or file_hash(path) != digest:
        return Problem(message("run.input_changed"), Place(path), remedy)
    return None


def explain_claim(claim: str, where: Where, facility: str | None = None) -> Explanation:
    """Explain the decision about a claim.

    Args:
        claim: its number.
        where: the inputs; with all claims of the batch that it was adjudicated in.
        facility: whose claim it is, where several facilities use the number.

    Raises:
        Refused: there is no such claim, or it is not clear which is meant, or it was set aside because its
            amounts cannot be counted, or an input cannot be used.
    """
    inputs = open_inputs(where.scheme, where.opening)
    settings = inputs.scheme.settings
    reading = read_claims(where.claims, settings.decimals, inputs.registers.tables["facilities"])
    reading = without_repeated(reading, inputs)
    place = _find(reading, claim, facility)
    lines = lines_as_asked(inputs, reading, where.look_back)
    try:
        decision = retrace(
            inputs.compiled.registers,
            inputs.registers.tables,
            inputs.compiled.products.versions,
            settings.adult_age,
            reading.claims,
            lines,
            place,
            inputs.carried,
        )
    except AmountTooLarge as found:
        raise Refused([_too_large(found)]) from None
    names = _names(inputs.registers.tables["provisions"], decision.claim.target_date)
    return explain(decision, places_in(inputs.scheme.products), settings.decimals, settings.currency, names)


def lines_as_asked(inputs: Inputs, reading: ClaimsReading, looked_back: Sequence[Path]) -> pa.Table:
    """Give the lines of claims as they were decided: with what review rules rejected."""
    rules = tuple(rule for rule in inputs.rules if rule.definition.then.reject is not None)
    if not rules:
        return reading.lines
    tables, decimals = inputs.registers.tables, inputs.scheme.settings.decimals
    encoded = claims_room.encode(inputs.compiled.registers, reading.claims, reading.lines)
    earlier = look_back(inputs.compiled, tables, decimals, looked_back, reading.claims, rules, no_progress)
    _, rejections = reject(rules, inputs.compiled, tables, encoded, earlier.past)
    return with_rejections(reading.lines, encoded, rejections)


def _too_large(found: AmountTooLarge) -> Problem:
    what = message("run.claim_too_large", claim=found.claim.claim, line=found.line.number)
    return Problem(what, remedy=message("run.amount_too_large.remedy"))


def _names(provisions: pa.Table, day: int | None) -> dict[tuple[Kind, str], str]:
    """Give what provisions are called on a day, or else at another time."""
    rows = provisions.select(["kind", "code", "name", "valid_from", "valid_to"]).to_pylist()
    on = date_of(day) if day is not None else date.max

    def in_force(row: dict[str, Any]) -> bool:
        return (row["valid_from"] or date.min) <= on <= (row["valid_to"] or date.max)

    # Of several versions the last one stays: that of the day.
    rows.sort(key=lambda row: (in_force(row), row["valid_from"] or date.min))
    return {(Kind(row["kind"]), row["code"]): row["name"] for row in rows if row["name"]}


def _find(reading: ClaimsReading, claim: str, facility: str | None) -> int:
    """Find the row of a claim.

    Raises:
        Refused: there is none, or there are several.
    """
    numbers = pc.cast(reading.claims["claim"], "string")
    found = np.flatnonzero(pc.equal(numbers, claim).to_numpy(zero_copy_only=False)).tolist()
    facilities = {row: reading.claims["facility"][row].as_py() for row in found}
    if facility is not None:
        found = [row for row in found if facilities[row] == facility]
    if not found:
        near = get_close_matches(claim, numbers.slice(0, 100_000).to_pylist(), 1)
        key = "run.no_such_claim.near" if near else "run.no_such_claim.remedy"
        remedy = message(key, near=near[0]) if near else message(key)
        raise Refused([Problem(message("run.no_such_claim", claim=claim), remedy=remedy)])
    if len(found) > 1:
        raise refused("run.claim_of_several", claim=claim, facilities=sorted(set(facilities.values())))
    return int(found[0])
