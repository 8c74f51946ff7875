"""From a claim's number to its explanation: find the inputs, find the claim, retrace it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from adjudicator.adjudication.explanation import Explanation, explain
from adjudicator.adjudication.trace import retrace
from adjudicator.manifest import MANIFEST, file_hash, read_manifest
from adjudicator.problems import Place, Problem, Refused
from adjudicator.product.definition import Product
from adjudicator.product.terms import Path as Steps
from adjudicator.run import Inputs, open_inputs, without_repeated
from adjudicator.words import message
from ingest.tables import ClaimsReading, read_claims


def inputs_of_run(folder: Path) -> tuple[Path, tuple[Path, ...], Path | None]:
    """Find the inputs of a run by its manifest: the scheme, the claims, and the run before.

    Raises:
        Refused: there is no run, or what went into it is gone or has changed.
    """
    try:
        manifest = read_manifest(folder)
        where = manifest["where"]
        scheme, opening = folder / where["scheme"], where["opening"] and folder / where["opening"]
        sources = tuple(folder / path for path in where["claims"])
        files = [(folder / one["path"], one["bytes"], one["sha256"]) for one in manifest["inputs"]]
    except (OSError, ValueError, KeyError, TypeError):
        what = message("run.no_run", folder=str(folder))
        raise Refused([Problem(what, Place(folder / MANIFEST), message("run.no_run.remedy"))]) from None
    if problems := [problem for file in files if (problem := _changed(*file))]:
        raise Refused(problems)
    return scheme, sources, opening


def _changed(path: Path, size: int, digest: str) -> Problem | None:
    remedy = message("run.input_changed.remedy")
    if not path.is_file():
        return Problem(message("run.input_gone"), Place(path), remedy)
    if path.stat().st_size != size or file_hash(path) != digest:
        return Problem(message("run.input_changed"), Place(path), remedy)
    return None


def explain_claim(
    claim: str,
    scheme: Path,
    sources: Sequence[Path],
    opening: Path | None = None,
    facility: str | None = None,
) -> Explanation:
    """Explain the decision about a claim.

    Args:
        claim: its number.
        scheme: the scheme's folder.
        sources: folders with the claims, all of the batch that it was adjudicated in.
        opening: the folder of the run before.
        facility: whose claim it is, where several facilities use the number.

    Raises:
        Refused: there is no such claim, or it is not clear which is meant, or an input cannot be used.
    """
    inputs = open_inputs(scheme, opening)
    settings = inputs.scheme.settings
    reading = read_claims(sources, settings.decimals, inputs.registers.tables["facilities"])
    reading = without_repeated(reading, inputs)
    place = _find(reading, claim, facility)
    decision = retrace(
        inputs.compiled.registers,
        inputs.registers.tables,
        inputs.compiled.products.versions,
        settings.adult_age,
        reading.claims,
        reading.lines,
        place,
        inputs.carried,
    )
    return explain(decision, _places(inputs), settings.decimals, settings.currency)


def _places(inputs: Inputs) -> Any:
    sources = {(s.definition.product, s.definition.valid.start): s for s in inputs.scheme.products}

    def place_of(version: Product, steps: Steps) -> Place | None:
        source = sources.get((version.product, version.valid.start))
        return source.place_of(steps) if source else None

    return place_of


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
        what = message("run.claim_of_several", claim=claim, facilities=sorted(set(facilities.values())))
        raise Refused([Problem(what, remedy=message("run.claim_of_several.remedy"))])
    return int(found[0])
