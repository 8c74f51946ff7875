"""The registers of a scheme, read from a folder of CSV and Parquet files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from adjudicator.problems import Problem
from adjudicator.tables import REGISTERS, Table
from ingest.counts import Counts
from ingest.fhir.files import find_resources
from ingest.fhir.profile import Profile
from ingest.fhir.reading import Sending
from ingest.found import find
from ingest.judgement import Judgement
from ingest.memory import PyRows, in_memory
from ingest.references import REFERENCES, Columns, astray, dangling, doubts
from ingest.rows import Rows, read_rows
from ingest.set_aside import SetAside
from ingest.sources import Findings, Opened, Source, check_headers, open_table
from ingest.versions import judge

_ORDER: Final = (
    "locations",
    "provisions",
    "price_lists",
    "facilities",
    "catchments",
    "diagnoses",
    "families",
    "insurees",
    "policies",
    "covers",
    "contributions",
)
"""The registers, each after those that its rows name."""


@dataclass(frozen=True)
class Reading:
    """Registers that were read."""

    tables: dict[str, pa.Table]
    """Typed, by name, each in the order of its key and its period; only those that were found."""
    set_aside: SetAside
    warnings: list[Problem]
    counts: dict[str, Counts]
    files: list[Path]
    """The files that were read."""


def read_registers(folder: Path, decimals: int, profile: Profile | None = None) -> Reading:
    """Read every register that is found in a folder.

    Args:
        folder: see :func:`ingest.found.find` for the files of a table; FHIR resources may stand beside them.
        decimals: of the scheme's currency.
        profile: of who sent FHIR resources; None: found in their folder, or by what they say.

    Raises:
        Refused: files that cannot be read, columns that are missing, twice there or of a wrong type: with
            everything that is wrong with any table. A bad row is no reason; it is set aside.
    """
    return read_tables(folder, REGISTERS, decimals, profile)


def read_tables(
    folder: Path, wanted: Mapping[str, Table], decimals: int, profile: Profile | None = None
) -> Reading:
    """Read tables of any declaration, as :func:`read_registers` does.

    Raises:
        Refused: as there.
    """
    findings = Findings()
    return _read(open_tables(folder, wanted, findings, profile), decimals, findings)


def open_tables(
    folder: Path, wanted: Mapping[str, Table], findings: Findings, profile: Profile | None = None
) -> dict[str, Opened]:
    """Open the files of those tables that are found in a folder; what is wrong with any goes to the findings.

    Raises:
        Refused: there is no such folder.
    """
    found = find([folder], list(wanted))
    resources = find_resources(found.resources)
    sending = Sending(resources.files, profile)
    sent: Mapping[str, Sequence[Source]] = sending.registers(wanted)
    findings.warnings += found.warnings + resources.warnings + sending.warnings()
    return {
        name: _with(open_table(table, found.files[name], (), findings), sent.get(name, ()))
        for name, table in wanted.items()
        if found.files[name] or name in sent
    }


def _with(opened: Opened, others: Sequence[Source]) -> Opened:
    return replace(opened, sources=(*opened.sources, *others))


def registers_from_rows(rows: Mapping[str, PyRows], decimals: int) -> Reading:
    """Take registers from rows in memory, by the rules of :func:`read_registers`.

    Args:
        rows: by table; values are text, whole numbers, decimals, dates, truths, words or None. Amounts are
            in major units. Row 2 is the first, as if a header were row 1.
        decimals: of the scheme's currency.

    Raises:
        Refused: an unknown table's name is a ``KeyError``; columns as in :func:`read_registers`.
    """
    findings = Findings()
    opened = {}
    for name, given in rows.items():
        table = REGISTERS[name]
        needed = [column.name for column in table.columns if column.needed]
        opened[name] = check_headers(table, [in_memory(name, given, needed)], findings)
    return _read(opened, decimals, findings)


def _read(opened: Mapping[str, Opened], decimals: int, findings: Findings) -> Reading:
    findings.refuse()
    into = SetAside()
    files: list[Path] = []
    standing: dict[str, Columns] = {}
    read: dict[str, int] = {}
    for name in in_order(opened):
        sources = opened[name].sources
        rows = read_rows(opened[name], len(files), decimals)
        files.extend(source.path for source in sources)
        read[name] = rows.size
        standing[name] = _judged(opened[name].table, rows, standing, files, into)
    into.files = files
    tables = {name: pa.table(standing[name]) for name in opened}
    counts = {name: Counts(read[name], tables[name].num_rows, into.rows_of(name)) for name in opened}
    return Reading(tables, into, findings.warnings + doubts(standing), counts, files)


def in_order(names: Iterable[str]) -> list[str]:
    """Put registers in order, each after those that its rows name; other tables come last."""
    return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def _judged(
    table: Table, rows: Rows, others: Mapping[str, Columns], files: Sequence[Path], into: SetAside
) -> Columns:
    """Tell good rows from bad: first each by itself, then by what it names, then among its likes."""
    judgement = Judgement(table, rows, files, into)
    judgement.drop_unreadable()
    judgement.drop_reversed_periods()
    for column, target, key in REFERENCES.get(table.name, ()):
        if target in others:
            places = dangling(judgement.columns[column], others[target][key])
            judgement.drop(places, column, "ingest.unknown_reference", table=target)
    _drop_clashes(judgement)
    if table.name == "locations":
        drop_astray(judgement, judgement.columns)
    return judgement.columns


def _drop_clashes(judgement: Judgement) -> None:
    table = judgement.table
    judged = judge(judgement.columns, table)
    clash = "ingest.same_key" if table.period is None else "ingest.overlapping_version"
    for pairs, reason in ((judged.repeated, "ingest.repeated_row"), (judged.overlapping, clash)):
        judgement.note(pairs[:, 0], table.key[-1], reason, **judgement.whereabouts(pairs[:, 1]))
    judgement.keep(judged.order)


def drop_astray(judgement: Judgement, locations: Columns) -> None:
    """Drop locations that have no way up.

    Args:
        judgement: of locations.
        locations: theirs first, and then those above them that were not read with them.
    """
    places = astray(locations)
    places = places[places < len(judgement)]
    unknown = np.intersect1d(places, dangling(judgement.columns["parent"], locations["code"]))
    judgement.note(unknown, "parent", "ingest.unknown_reference", table=judgement.table.name)
    judgement.note(np.setdiff1d(places, unknown), "parent", "ingest.parent_astray")
    judgement.keep(np.delete(np.arange(len(judgement)), places))
