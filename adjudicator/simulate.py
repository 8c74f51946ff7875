"""Simulations from files to files: open a scheme and its claims, simulate, write, and do it again.

What is written appears whole under its name, or not at all, and holds no clock: the same inputs give the same
bytes, which :func:`simulate_again` shows.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator import claims as claims_room
from adjudicator import engine
from adjudicator.adjudication.adjudicate import AmountTooLarge
from adjudicator.folders import recover, whole_folder
from adjudicator.manifest import (
    check_out,
    file_hash,
    file_hashes,
    file_records,
    files_below,
    read_manifest,
    relative,
    write_manifest,
)
from adjudicator.problems import Place, Problem, Refused, problem_of, refused
from adjudicator.product.read import version_name
from adjudicator.rulebook.month import reject
from adjudicator.run import CARRIED_FOLDER, Inputs, Progress, no_progress, open_inputs, without_repeated
from adjudicator.simulation.desk import SWEEP_WISH, Desk, Wish
from adjudicator.simulation.folder import write_simulation
from adjudicator.simulation.results import Simulation
from adjudicator.simulation.scenario import ScenarioSource, read_scenarios
from adjudicator.simulation.simulating import simulate_scenarios, sweep_grid
from adjudicator.simulation.solving import read_question, solve_for
from adjudicator.simulation.walk import established
from adjudicator.tables import REGISTERS
from adjudicator.words import message
from ingest.tables import ClaimsReading, read_claims, read_tables

BESIDE: Final = ("contributions", "catchments")
"""Registers that simulations use and adjudication does not."""


@dataclass(frozen=True)
class Job:
    """A simulation as it is asked for."""

    kind: str
    """``scenarios``, ``sweep`` or ``solve``."""
    scenarios: tuple[Path, ...] = ()
    """Files, or folders of files; of a sweep or of solving one at most, which comes first."""
    grid: tuple[str, ...] = ()
    path: str = ""
    between: str = ""
    target: str = ""
    wish: Wish = field(default_factory=Wish)

    @property
    def parameters(self) -> dict[str, Any]:
        """All that is asked for, as plain values; of scenarios their names, as their texts are inputs."""
        asked: dict[str, Any] = {"kind": self.kind, "scenarios": [path.name for path in self.scenarios]}
        if self.grid:
            asked["grid"] = list(self.grid)
        if self.path:
            asked |= {"term": self.path, "between": self.between, "target": self.target}
        return asked | {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in vars(self.wish).items()
        }

    @classmethod
    def of(cls, parameters: Mapping[str, Any], scenarios: Sequence[Path]) -> Job:
        """Give the job of some parameters."""
        wish: dict[str, Any] = {
            name: tuple(parameters[name]) if isinstance(parameters[name], list) else parameters[name]
            for name in Wish.__dataclass_fields__
        }
        return cls(
            parameters["kind"],
            tuple(scenarios),
            tuple(parameters.get("grid", ())),
            parameters.get("term", ""),
            parameters.get("between", ""),
            parameters.get("target", ""),
            Wish(**wish),
        )


@dataclass(frozen=True)
class Opened:
    """A desk, and where what lies on it came from."""

    desk: Desk
    where: Mapping[str, Any]
    """For the manifest: places of files, or what was taken out of the books."""
    inputs: Mapping[Path, str] = field(default_factory=dict)
    """The SHA-256 of each file."""
    warnings: tuple[Problem, ...] = ()


Opener = Callable[[Path], Opened]
"""Opens a desk; told the folder that places are relative to."""


# Opening a desk.


def open_desk(
    scheme: Path,
    sources: Sequence[Path],
    opening: Path | None = None,
    out: Path | None = None,
    progress: Progress = no_progress,
) -> Opened:
    """Open a scheme and read claims.

    Args:
        scheme: its folder.
        sources: folders with the tables ``claims`` and ``claim_lines``.
        opening: the folder of the run before, if there was one.
        out: the folder that places are told relative to.
        progress: told how far it is.

    Raises:
        Refused: with everything that is wrong with them.
    """
    inputs = open_inputs(scheme, opening, progress)
    progress("run.reading_claims", 0, 1)
    decimals = inputs.scheme.settings.decimals
    reading = read_claims(sources, decimals, inputs.registers.tables["facilities"])
    desk = desk_of(inputs, without_repeated(reading, inputs))
    progress("run.reading_claims", 1, 1)
    files = [*inputs.scheme.files, *(rule.source.file for rule in inputs.rules)]
    claim_files = [path for source in sources for path in files_below(source)]
    carried: list[Path] = []
    if opening is not None:
        inner = opening / CARRIED_FOLDER
        carried = files_below(inner if inner.is_dir() else opening)
    read = file_hashes(dict.fromkeys(path.resolve() for path in [*files, *claim_files, *carried]))
    registers = {path.resolve(): digest for path, digest in inputs.register_hashes.items()}
    hashes = {
        "registers": _together(registers, scheme),
        "claims": _together({path.resolve(): read[path.resolve()] for path in claim_files}, None),
        "products": _of_products(desk),
    }
    if carried:
        hashes["opening"] = _together({path.resolve(): read[path.resolve()] for path in carried}, None)
    place = out if out is not None else scheme
    where = {
        "scheme": relative(scheme, place),
        "claims": sorted(relative(source, place) for source in sources),
        "opening": relative(opening, place) if opening is not None else None,
    }
    return Opened(_with_hashes(desk, hashes), where, registers | read, tuple(reading.warnings))


def desk_of(inputs: Inputs, reading: ClaimsReading) -> Desk:
    """Put a scheme and claims on a desk.

    Claims whose amounts cannot be counted are left out, as a run sets them aside; lines that a review rule
    rejects are rejected here too.
    """
    settings = inputs.scheme.settings
    beside = read_tables(
        inputs.scheme.registers, {name: REGISTERS[name] for name in BESIDE}, settings.decimals
    ).tables
    tables = {**inputs.registers.tables, **beside}
    while True:
        claims = claims_room.encode(inputs.compiled.registers, reading.claims, reading.lines)
        claims, _ = reject(inputs.rules, inputs.compiled, inputs.registers.tables, claims)
        try:
            established(inputs.compiled, claims.batch)
            break
        except AmountTooLarge as found:
            rows = claims.claim_row[found.claims]
            reading = reading.without(np.asarray(rows), message("run.amount_too_large"))
    return Desk(
        scheme=settings.scheme,
        currency=settings.currency,
        decimals=settings.decimals,
        sources=inputs.scheme.products,
        compiled=inputs.compiled,
        tables=tables,
        claims=claims,
        opening=inputs.opening,
    )


def _with_hashes(desk: Desk, hashes: Mapping[str, str]) -> Desk:
    return replace(desk, hashes={"engine": engine.fingerprint(), **hashes})


def _together(hashes: Mapping[Path, str], folder: Path | None) -> str:
    """Give one hash of some files, by their names and contents."""
    named = sorted(
        (relative(path, folder) if folder else path.name, digest) for path, digest in hashes.items()
    )
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def _of_products(desk: Desk) -> str:
    versions = sorted((version_name(source.definition), source.content_hash) for source in desk.sources)
    return hashlib.sha256(json.dumps(versions).encode()).hexdigest()


# Doing a job.


def carry_out(
    opened: Opened, job: Job, threads: int = 1, progress: Progress = no_progress
) -> tuple[Simulation, pa.Table | None]:
    """Do a simulation; give it, and what each claim is worth where that is asked for.

    Raises:
        Refused: with everything that is wrong with what is asked for.
    """
    scenarios = read_scenarios(job.scenarios)
    hashes = {
        f"scenario:{one.definition.scenario}": file_hash(one.source.file) for one in scenarios if one.source
    }
    desk = replace(opened.desk, parameters=job.parameters, hashes={**opened.desk.hashes, **hashes})
    return _carry_out(desk, job, scenarios, threads, progress)


def _carry_out(
    desk: Desk, job: Job, scenarios: Sequence[ScenarioSource], threads: int, progress: Progress
) -> tuple[Simulation, pa.Table | None]:
    def walked(done: int, total: int) -> None:
        progress("simulation.walking", done, total)

    if job.kind == "scenarios":
        simulation, paired = simulate_scenarios(desk, scenarios, job.wish, threads, walked)
        return simulation, None if paired is None else paired.claims
    if len(scenarios) > 1:
        raise refused("simulation.one_scenario", scenarios[1].place_of(()))
    first = scenarios[0] if scenarios else None
    if job.kind == "sweep":
        return sweep_grid(desk, job.grid, first, job.wish, threads, walked), None
    question = read_question(job.path, job.between, job.target, desk.decimals)
    return solve_for(desk, question, first, job.wish, threads, walked), None


def simulate_into(
    out: Path,
    opener: Opener,
    job: Job,
    threads: int = 1,
    replace_old: bool = False,
    progress: Progress = no_progress,
) -> Simulation:
    """Do a simulation and write it into a new folder.

    Args:
        out: the folder, which appears when everything is there.
        opener: opens the desk, told ``out``.
        job: what is asked for.
        threads: decides nothing but the time.
        replace_old: whether an earlier simulation in ``out`` may be replaced.
        progress: told how far it is.

    Raises:
        Refused: with everything that is wrong; nothing was written.
    """
    recover(out)
    check_out(out, replace_old)
    opened = opener(out)
    simulation, pairs = carry_out(opened, job, threads, progress)
    with whole_folder(out) as temporary:
        check_out(out, replace_old)
        write_simulation(temporary, simulation, pairs)
        write_manifest(temporary, _manifest(opened, job, out, temporary))
    return simulation


def _manifest(opened: Opened, job: Job, out: Path, written: Path) -> dict[str, Any]:
    scenario_files = _scenario_files(job)
    hashes = {**opened.inputs, **file_hashes(path.resolve() for path in scenario_files)}
    return {
        "simulation": job.kind,
        "engine": {"version": engine.version(), "fingerprint": engine.fingerprint()},
        "scheme": opened.desk.scheme,
        "parameters": job.parameters,
        "where": {**opened.where, "scenarios": [relative(path, out) for path in scenario_files]},
        "inputs": file_records(hashes, out),
        "outputs": file_records(file_hashes(files_below(written)), written),
    }


def _scenario_files(job: Job) -> list[Path]:
    return [one.source.file for one in read_scenarios(job.scenarios) if one.source]


# Doing it again.


@dataclass(frozen=True)
class Again:
    """A simulation that was done again."""

    folder: Path
    files: int
    """How many files were compared."""
    different: tuple[str, ...]
    """Those that came out otherwise."""
    same_engine: bool
    """Whether the engine is the one that wrote them."""

    @property
    def same(self) -> bool:
        """Whether all came out the same, to the byte."""
        return not self.different


BooksOpener = Callable[[Path, Mapping[str, Any]], Opened]
"""Opens a desk from the books; told the scheme's folder and what the manifest says was taken."""


def simulate_again(
    folder: Path, books: BooksOpener | None = None, threads: int = 1, progress: Progress = no_progress
) -> Again:
    """Do a simulation again from its manifest, and compare every file.

    Args:
        folder: of the simulation.
        books: opens the books, for a simulation that was made from them.
        threads: decides nothing but the time.
        progress: told how far it is.

    Raises:
        Refused: there is no simulation in the folder, or what went in is not what it was.
    """
    try:
        manifest = read_manifest(folder)
        where, parameters = manifest["where"], manifest["parameters"]
        listed = {record["path"]: record["sha256"] for record in manifest["outputs"]}
        inputs = {record["path"]: record["sha256"] for record in manifest["inputs"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise refused("simulation.no_result", Place(folder)) from None
    _check_inputs(folder, inputs)
    scheme = folder / where["scheme"]
    job = Job.of(parameters, [folder / path for path in where["scenarios"]])
    if "books" in where:
        assert books is not None
        opened = books(scheme, where["books"])
    else:
        opening = folder / where["opening"] if where["opening"] else None
        opened = open_desk(scheme, [folder / source for source in where["claims"]], opening, folder, progress)
    with tempfile.TemporaryDirectory(prefix="adjudicator-again-") as temporary:
        written = Path(temporary)
        simulation, pairs = carry_out(opened, job, threads, progress)
        # The parameters name scenarios as they were given then: files, or a folder of them.
        simulation = replace(simulation, parameters=parameters)
        write_simulation(written, simulation, pairs)
        found = {record["path"]: record["sha256"] for record in _records(written)}
    names = sorted({*listed, *found})
    different = tuple(name for name in names if listed.get(name) != found.get(name))
    same_engine = manifest["engine"]["fingerprint"] == engine.fingerprint()
    return Again(folder, len(names), different, same_engine)


def _records(folder: Path) -> list[dict[str, Any]]:
    return file_records(file_hashes(files_below(folder)), folder)


def _check_inputs(folder: Path, inputs: Mapping[str, str]) -> None:
    """Make sure that what went in is what it was.

    Raises:
        Refused: with every file that is gone or changed.
    """
    problems = []
    for name, digest in inputs.items():
        path = folder / name
        if not path.is_file():
            problems.append(problem_of("simulation.input_gone", Place(path.resolve())))
        elif file_hash(path) != digest:
            problems.append(problem_of("simulation.input_changed", Place(path.resolve())))
    if problems:
        raise Refused(problems)


__all__ = [
    "SWEEP_WISH",
    "Again",
    "Job",
    "Opened",
    "carry_out",
    "open_desk",
    "simulate_again",
    "simulate_into",
]
