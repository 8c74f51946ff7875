"""Rules tried on a generated scheme, whose faults are known: read, decide, flag and measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import adjudicate
from adjudicator.claims import Claims, claim_names
from adjudicator.encoding import integers
from adjudicator.generation.faults import FAULTS, Fault
from adjudicator.problems import Place, Refused, refused
from adjudicator.rulebook.flags import WHOLE_CLAIM
from adjudicator.rulebook.measure import Faults, Measured, measured, together, unknown_faults
from adjudicator.rulebook.month import flag, reject
from adjudicator.rulebook.read import read_rules
from adjudicator.run import Progress, no_progress, open_inputs
from ingest.tables import read_claims

_COLUMNS: Final = {"claim": pa.string(), "facility": pa.string(), "line": pa.int64(), "fault": pa.string()}
"""Columns of the table of faults (see :data:`adjudicator.generation.faults.FAULTS`) that are asked for."""


@dataclass(frozen=True)
class Trial:
    """What came of trying a rulebook."""

    claims: int
    rules: tuple[Measured, ...]
    """Each rule that is not a draft or retired, in the order of their files."""
    faults: Mapping[str, tuple[int, int]]
    """Of each fault: claims that the rules find together, and claims that have it."""


def try_rules(
    scheme_folder: Path,
    sources: Sequence[Path],
    rules_folder: Path | None = None,
    threads: int = 1,
    progress: Progress = no_progress,
) -> Trial:
    """Flag the claims of a generated scheme and hold the flags against the faults that were planted.

    Args:
        scheme_folder: a scheme that ``generate`` wrote, with its table of faults.
        sources: folders of claims; all are flagged, and looked at, together.
        rules_folder: rules to try; those of the scheme when left out.
        threads: decides nothing but the time.
        progress: told how far it is.

    Raises:
        Refused: the scheme, its rules or claims cannot be read, a rule means to find what nobody plants,
            or the scheme has no table of faults.
    """
    inputs = open_inputs(scheme_folder, progress=progress)
    decimals = inputs.scheme.settings.decimals
    rules = tuple(read_rules(rules_folder, decimals)) if rules_folder else inputs.rules
    if not rules:
        folder = rules_folder or inputs.scheme.rules
        raise refused("rules.none", Place(folder), folder=str(folder))
    if problems := unknown_faults(rules, Fault.words()):
        raise Refused(problems)
    planted = _planted(scheme_folder)
    progress("run.reading_claims", 0, 1)
    reading = read_claims(sources, decimals, inputs.registers.tables["facilities"])
    progress("run.reading_claims", 1, 1)
    scheme, tables = inputs.compiled, inputs.registers.tables
    claims = claims_room.encode(scheme.registers, reading.claims, reading.lines)
    claims, rejections = reject(rules, scheme, tables, claims)
    decided = list(adjudicate(scheme, claims, inputs.opening, threads))
    progress("run.flagging", 0, 1)
    fired = [*rejections.fired, *flag(rules, scheme, tables, claims, decided)]
    progress("run.flagging", 1, 1)
    faults = faults_of(planted, claims)
    by_rule = {one.rule.name: measured(one, faults) for one in fired}
    in_order = tuple(by_rule[rule.name] for rule in rules if rule.name in by_rule)
    count = len(claims.claim_row)
    return Trial(count, in_order, together(fired, faults, count))


def faults_of(planted: pa.Table, claims: Claims) -> Faults:
    """Find the claims and lines that labels speak of; labels of other claims are left out.

    Args:
        planted: the table of faults.
        claims: encoded.
    """
    row = pc.index_in(claim_names(planted), value_set=claim_names(claims.received))
    place_of_row = np.full(len(claims.received), -1, np.int64)
    place_of_row[claims.claim_row] = np.arange(len(claims.claim_row))
    labels = np.flatnonzero(pc.is_valid(row).to_numpy(zero_copy_only=False))
    claim = place_of_row[integers(row, np.int64, 0)[labels]]
    numbers = integers(planted["line"], np.int64, WHOLE_CLAIM)[labels]
    first = claims.batch.first_line
    lines = np.full(len(claim), WHOLE_CLAIM)
    for place in np.flatnonzero(numbers != WHOLE_CLAIM).tolist():
        begin, end = int(first[claim[place]]), int(first[claim[place] + 1])
        lines[place] = begin + int(np.flatnonzero(claims.line_number[begin:end] == numbers[place])[0])
    names = planted["fault"].take(pa.array(labels)).to_pylist()
    return Faults(claim, lines, tuple(map(str, names)))


def _planted(folder: Path) -> pa.Table:
    """Read the labels, which only ``generate`` writes."""
    parquet, csv = (folder / f"{FAULTS.name}.{form}" for form in ("parquet", "csv"))
    if parquet.is_file():
        table = pq.read_table(parquet)
    elif csv.is_file():
        table = pacsv.read_csv(csv, convert_options=pacsv.ConvertOptions(column_types=_COLUMNS))
    else:
        raise refused("rules.no_faults", Place(folder), folder=str(folder))
    return table.select(list(_COLUMNS)).cast(pa.schema(_COLUMNS))
