"""A month from files to decisions, without any database: read, adjudicate, write, prove that it adds up.

What a run gives appears whole under its name, or not at all. The same inputs give the same bytes, for any
number of threads and any order of rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator import claims as claims_room
from adjudicator import engine
from adjudicator.adjudication import opening as opening_room
from adjudicator.adjudication.adjudicate import (
    AmountTooLarge,
    CompiledScheme,
    Decided,
    adjudicate,
    compile_scheme,
)
from adjudicator.adjudication.decisions import Tabulator
from adjudicator.adjudication.opening import Opening
from adjudicator.adjudication.summary import Summary
from adjudicator.claims import Claims, claim_names
from adjudicator.files import TableWriter, write_table
from adjudicator.folders import recover, whole_folder
from adjudicator.look_back import look_back
from adjudicator.manifest import check_out, file_hashes, file_records, files_below, relative, write_manifest
from adjudicator.prepared import prepare
from adjudicator.problems import DoesNotAddUp, Place, Problem, Refused, refused
from adjudicator.product.check import RegisterCodes, check_products
from adjudicator.product.read import version_name
from adjudicator.rulebook.month import Rejections, flag, flags_table, reject, rules_of_claims
from adjudicator.rulebook.past import Past
from adjudicator.rulebook.read import CompiledRule, read_rules
from adjudicator.scheme import Scheme, open_scheme
from adjudicator.tables import CARRIED, DECISIONS, FLAGS
from adjudicator.words import message
from ingest.tables import ClaimsReading, Reading, read_claims, read_tables

CARRIED_FOLDER: Final = "carried"
"""Where a run puts what the next one is opened with."""

SET_ASIDE_FOLDER: Final = "set_aside"
SUMMARY_FILE: Final = "summary.json"

Progress = Callable[[str, int, int], None]
"""Told of a stage (a key of the catalogue), how much of it is done, and how much there is."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Inputs:
    """A scheme with its registers, read and compiled, and what earlier months left."""

    scheme: Scheme
    registers: Reading
    register_hashes: Mapping[Path, str]
    compiled: CompiledScheme
    opening: Opening
    carried: Mapping[str, pa.Table]
    warnings: tuple[Problem, ...]
    rules: tuple[CompiledRule, ...] = ()

    @property
    def content_hashes(self) -> list[str]:
        """The content hash of each product version, in the order of the compiled versions."""
        by_version = {
            (source.definition.product, source.definition.valid.start): source.content_hash
            for source in self.scheme.products
        }
        return [by_version[v.product, v.valid.start] for v in self.compiled.products.versions]


class Where(NamedTuple):
    """Where the inputs of a run are."""

    scheme: Path
    claims: tuple[Path, ...]
    opening: Path | None
    """The folder of the run before."""
    look_back: tuple[Path, ...] = ()
    """Claims of earlier months that review rules look back on."""


@dataclass(frozen=True)
class Run:
    """A run that is done: what it comes to, and where it lies."""

    name: str
    folder: Path
    summary: Summary
    registers: Reading
    claims: ClaimsReading
    warnings: tuple[Problem, ...]
    currency: str
    decimals: int
    flags: int
    """How many flags its review rules raised, rules on trial among them."""
    looked_back: int | None = None
    """On how many earlier claims its rules looked back; None where there are no rules."""


def open_inputs(
    scheme_folder: Path, opening_folder: Path | None = None, progress: Progress = no_progress
) -> Inputs:
    """Open a scheme with its registers, and what an earlier run handed on.

    Raises:
        Refused: with everything that is wrong with the settings, products or registers.
    """
    scheme = open_scheme(scheme_folder)
    decimals = scheme.settings.decimals
    progress("run.reading_registers", 0, 1)
    prepared = prepare(scheme)
    registers = prepared.reading
    problems = check_products(scheme.products, RegisterCodes.of(registers.tables))
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise Refused(errors)
    products = [source.definition for source in scheme.products]
    compiled = compile_scheme(registers.tables, products, scheme.settings.adult_age, prepared.enrolment)
    carried = read_carried(opening_folder, decimals) if opening_folder else {}
    opening = (
        opening_room.encode(compiled.registers, *(carried[name] for name in CARRIED))
        if carried
        else opening_room.nothing(compiled.registers)
    )
    progress("run.reading_registers", 1, 1)
    warnings = (*problems, *registers.warnings)
    rules = tuple(read_rules(scheme.rules, decimals))
    return Inputs(scheme, registers, prepared.hashes, compiled, opening, carried, warnings, rules)


def read_carried(folder: Path, decimals: int) -> dict[str, pa.Table]:
    """Read what an earlier run handed on: from its folder, or from a folder of just these tables.

    Raises:
        Refused: a table is missing, or any row of it cannot be read: half a balance is no balance.
    """
    recover(folder)
    inner = folder / CARRIED_FOLDER
    reading = read_tables(inner if inner.is_dir() else folder, CARRIED, decimals)
    if missing := [name for name in CARRIED if name not in reading.tables]:
        raise refused("run.opening_missing", Place(folder), folder=str(folder), tables=missing)
    if problems := [fault.problem() for fault in reading.set_aside]:
        raise Refused(problems)
    return dict(reading.tables)


def run_month(
    scheme_folder: Path,
    sources: Sequence[Path],
    out: Path,
    *,
    opening_folder: Path | None = None,
    looked_back: Sequence[Path] = (),
    name: str | None = None,
    form: str = "parquet",
    threads: int = 1,
    replace: bool = False,
    progress: Progress = no_progress,
) -> Run:
    """Adjudicate claims from files and write the decisions into a new folder.

    Args:
        scheme_folder: the scheme.
        sources: folders with the tables ``claims`` and ``claim_lines``.
        out: the folder to be written; it appears when everything is there.
        opening_folder: the folder of the run before, if there was one.
        looked_back: folders with claims of earlier months, which review rules look back on; claims of this
            run among them are passed over.
        name: of the run, kept with every decision; the months in which the claims came when left out.
        form: ``parquet`` or ``csv``.
        threads: decides nothing but the time.
        replace: whether an earlier run in ``out`` may be replaced.
        progress: told how far it is.

    Raises:
        Refused: inputs that cannot be used; nothing was written.
        DoesNotAddUp: amounts do not add up, which must never happen; nothing was written.
    """
    recover(out)
    check_out(out, replace)
    inputs = open_inputs(scheme_folder, opening_folder, progress)
    decimals = inputs.scheme.settings.decimals
    progress("run.reading_claims", 0, 1)
    reading = read_claims(sources, decimals, inputs.registers.tables["facilities"])
    progress("run.reading_claims", 1, 1)
    reading = without_repeated(reading, inputs)
    with whole_folder(out) as temporary:
        # Another run may have been faster.
        check_out(out, replace)
        name = name or _months(reading)
        earlier = look_back(
            inputs.compiled,
            inputs.registers.tables,
            decimals,
            looked_back,
            reading.claims,
            inputs.rules,
            progress,
        )
        adjudicated = _adjudicated(inputs, reading, earlier.past, temporary, name, form, threads, progress)
        reading, summary, flags = adjudicated
        summary.check()
        _check_totals(reading, summary)
        reading.set_aside.write(temporary / SET_ASIDE_FOLDER)
        inputs.registers.set_aside.write(temporary / SET_ASIDE_FOLDER / "registers")
        (temporary / SUMMARY_FILE).write_text(_json(_record(inputs, reading, name, summary)), "utf-8")
        where = Where(inputs.scheme.folder, tuple(sources), opening_folder, tuple(looked_back))
        manifest = _manifest(inputs, where, out, temporary, name, progress)
        write_manifest(temporary, manifest)
    settings = inputs.scheme.settings
    return Run(
        name,
        out,
        summary,
        inputs.registers,
        reading,
        (*inputs.warnings, *earlier.warnings),
        settings.currency,
        settings.decimals,
        flags,
        (earlier.past.claims if earlier.past else 0) if inputs.rules else None,
    )


def without_repeated(reading: ClaimsReading, inputs: Inputs) -> ClaimsReading:
    """Set aside claims that an earlier run accepted already: nobody is paid twice."""
    if not inputs.carried:
        return reading
    earlier = inputs.carried["earlier_claims"]
    again = pc.is_in(claim_names(reading.claims), value_set=claim_names(earlier))
    rows = np.flatnonzero(again.to_numpy(zero_copy_only=False))
    return reading.without(rows, message("run.already_accepted")) if len(rows) else reading


def _months(reading: ClaimsReading) -> str:
    """Name a run after the months in which its claims came in."""
    if len(reading.claims) == 0:
        return "nothing"
    span = pc.min_max(reading.claims["date_claimed"]).as_py()
    first, last = (f"{day:%Y-%m}" for day in (span["min"], span["max"]))
    return first if first == last else f"{first}..{last}"


def _adjudicated(
    inputs: Inputs,
    reading: ClaimsReading,
    past: Past | None,
    folder: Path,
    name: str,
    form: str,
    threads: int,
    progress: Progress,
) -> tuple[ClaimsReading, Summary, int]:
    """Adjudicate and write; claims with amounts that cannot be counted are set aside, and it begins anew."""
    while True:
        claims = claims_room.encode(inputs.compiled.registers, reading.claims, reading.lines)
        claims, rejections = reject(inputs.rules, inputs.compiled, inputs.registers.tables, claims, past)
        try:
            done = _write_decisions(inputs, claims, rejections, past, folder, name, form, threads, progress)
            return reading, *done
        except AmountTooLarge as found:
            rows = claims.claim_row[found.claims]
            reading = reading.without(rows, message("run.amount_too_large"))


def _write_decisions(
    inputs: Inputs,
    claims: Claims,
    rejections: Rejections,
    past: Past | None,
    folder: Path,
    name: str,
    form: str,
    threads: int,
    progress: Progress,
) -> tuple[Summary, int]:
    decimals = inputs.scheme.settings.decimals
    groups: Iterable[Decided] = adjudicate(inputs.compiled, claims, inputs.opening, threads)
    flags, raised = None, 0
    if inputs.rules:
        # Rules speak of decisions, and decisions name the rules that flagged them.
        groups = list(groups)
        path = folder / f"{FLAGS.name}.{form}"
        flags, raised = _flag(inputs, claims, groups, rejections, past, path, threads, progress)
    tabulator = Tabulator(inputs.compiled, claims, name, inputs.content_hashes, flags)
    summary = Summary()
    carried_folder = folder / CARRIED_FOLDER
    carried_folder.mkdir(exist_ok=True)
    lines = int(claims.batch.first_line[-1])
    touched: list[np.ndarray[Any, np.dtype[np.int32]]] = []
    with ExitStack() as stack:
        writers = {
            spec.name: stack.enter_context(TableWriter(where / f"{spec.name}.{form}", spec, decimals))
            for where, specs in ((folder, DECISIONS), (carried_folder, CARRIED))
            for spec in specs.values()
        }
        for table in ("earlier_claims", "earlier_lines"):
            if inputs.carried:
                writers[table].write(inputs.carried[table])
        progress("run.adjudicating", 0, lines)
        for decided in groups:
            summary.add(claims, decided)
            for table, writer in writers.items():
                writer.write(getattr(tabulator, table)(decided))
            touched.append(decided.carrier)
            progress("run.adjudicating", decided.end_line, lines)
        writers["balances"].write(tabulator.untouched(inputs.opening, np.concatenate(touched)))
    return summary, raised


def _flag(
    inputs: Inputs,
    claims: Claims,
    decided: Sequence[Decided],
    rejections: Rejections,
    past: Past | None,
    path: Path,
    threads: int,
    progress: Progress,
) -> tuple[pa.Array, int]:
    """Ask the review rules, write what they flag, name the rules of each claim, and count the flags."""
    progress("run.flagging", 0, 1)
    flagged = flag(
        inputs.rules,
        inputs.compiled,
        inputs.registers.tables,
        claims,
        decided,
        past,
        threads,
        rejections.universe,
    )
    fired = [*rejections.fired, *flagged]
    decimals = inputs.scheme.settings.decimals
    facilities = inputs.compiled.registers.facility_keys.values
    write_table(path, flags_table(fired, claims, facilities, decimals), FLAGS, decimals)
    progress("run.flagging", 1, 1)
    return rules_of_claims(fired, len(claims.claim_row)), sum(len(one) for one in fired)


def _check_totals(reading: ClaimsReading, summary: Summary) -> None:
    """Make sure that every claim that came in was decided or set aside, with its amount.

    Raises:
        DoesNotAddUp: some are missing, or there are too many.
    """
    reading.totals.check()
    if summary.claims.total() != len(reading.claims) or summary.lines.total() != len(reading.lines):
        raise DoesNotAddUp(f"{len(reading.claims)} claims were read, {summary.claims.total()} decided")
    if summary.claimed != reading.totals.kept.claimed:
        raise DoesNotAddUp(f"claimed {reading.totals.kept.claimed}, decided about {summary.claimed}")


def _record(inputs: Inputs, reading: ClaimsReading, name: str, summary: Summary) -> dict[str, Any]:
    """Give the run's summary as plain values, for programs; amounts in minor units."""
    settings = inputs.scheme.settings
    return {
        "run": name,
        "scheme": settings.scheme,
        "currency": settings.currency,
        "decimals": settings.decimals,
        "received": reading.totals.as_record(),
        "decided": summary.as_record(),
    }


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _manifest(
    inputs: Inputs,
    where: Where,
    out: Path,
    written: Path,
    name: str,
    progress: Progress,
) -> dict[str, Any]:
    """Say what went in and what came out. Inputs are hashed as they are now, outputs as written."""
    progress("run.hashing", 0, 1)
    settings = inputs.scheme.settings
    read = [*inputs.scheme.files, *(rule.source.file for rule in inputs.rules)]
    read += [path for source in (*where.claims, *where.look_back) for path in files_below(source)]
    if where.opening:
        inner = where.opening / CARRIED_FOLDER
        read += files_below(inner if inner.is_dir() else where.opening)
    hashes = {path.resolve(): digest for path, digest in inputs.register_hashes.items()}
    hashes |= file_hashes(dict.fromkeys(path.resolve() for path in read))
    manifest = {
        "run": name,
        "engine": {"version": engine.version(), "fingerprint": engine.fingerprint()},
        "scheme": {"scheme": settings.scheme, "currency": settings.currency, "adult_age": settings.adult_age},
        "products": [
            {
                "product": source.definition.product,
                "version": version_name(source.definition),
                "content_hash": source.content_hash,
                "file": relative(source.path, out),
            }
            for source in inputs.scheme.products
        ],
        "where": {
            "scheme": relative(where.scheme, out),
            "claims": sorted(relative(source, out) for source in where.claims),
            "opening": relative(where.opening, out) if where.opening else None,
            "look_back": sorted(relative(source, out) for source in where.look_back),
        },
        "inputs": file_records(hashes, out),
        "outputs": file_records(file_hashes(files_below(written)), written),
    }
    progress("run.hashing", 1, 1)
    return manifest
