"""The registers of a scheme, read from a folder of CSV and Parquet files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.problems import Problem
from adjudicator.tables import REGISTERS, Table
from ingest.counts import Counts
from ingest.fhir.files import find_resources
from ingest.fhir.profile import Profile
from ingest.fhir.reading import Sending
from ingest.found import find
from ingest.memory import PyRows, in_memory
from ingest.references import REFERENCES, Columns, astray, dangling, doubts
from ingest.rows import Bad, Rows, faults, read_rows
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

Int64s = npt.NDArray[np.int64]


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
    found = find([folder], list(wanted))
    resources = find_resources(found.resources)
    sending = Sending(resources.files, profile)
    sent: Mapping[str, Sequence[Source]] = sending.registers(wanted)
    findings = Findings(warnings=found.warnings + resources.warnings + sending.warnings())
    opened = {
        name: _with(open_table(table, found.files[name], (), findings), sent.get(name, ()))
        for name, table in wanted.items()
        if found.files[name] or name in sent
    }
    return _read(opened, decimals, findings)


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
    for name in sorted(opened, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)):
        sources = opened[name].sources
        rows = read_rows(opened[name], len(files), decimals)
        files.extend(source.path for source in sources)
        read[name] = rows.size
        standing[name] = _judged(opened[name].table, rows, standing, files, into)
    into.files = files
    tables = {name: pa.table(standing[name]) for name in opened}
    counts = {name: Counts(read[name], tables[name].num_rows, into.rows_of(name)) for name in opened}
    return Reading(tables, into, findings.warnings + doubts(standing), counts, files)


def _judged(
    table: Table, rows: Rows, others: Mapping[str, Columns], files: Sequence[Path], into: SetAside
) -> Columns:
    """Tell good rows from bad: first each by itself, then by what it names, then among its likes."""
    judgement = _Judgement(table, rows, files, into)
    judgement.drop_unreadable()
    judgement.drop_reversed_periods()
    for column, target, key in REFERENCES.get(table.name, ()):
        if target in others:
            judgement.drop_dangling(column, target, others[target][key])
    judgement.drop_clashes()
    if table.name == "locations":
        judgement.drop_astray()
    return judgement.columns


class _Judgement:
    """The rows of a table that still stand, and where they are among all that were read."""

    def __init__(self, table: Table, rows: Rows, files: Sequence[Path], into: SetAside) -> None:
        self.columns = rows.columns
        self._positions = np.arange(rows.size)
        self._table = table
        self._rows = rows
        self._files = pa.array([str(file) for file in files], pa.string())
        self._into = into

    def drop_unreadable(self) -> None:
        for bad in self._rows.bad:
            self._into.faults.append(faults(self._table.name, bad, self._rows.origin))
        self._keep(np.flatnonzero(~self._rows.unreadable))

    def drop_reversed_periods(self) -> None:
        start, end = self._table.period or ("effective", "expiry")
        if start in self.columns and end in self.columns:
            wrong = pc.less(self.columns[end], self.columns[start]).fill_null(False)
            places = np.flatnonzero(wrong.to_numpy(zero_copy_only=False))
            begins = self.columns[start].take(pa.array(places)).cast(pa.string())
            self._note(places, end, "ingest.ends_before_it_starts", start=start, begins=begins)
            self._drop(places)

    def drop_dangling(self, column: str, target: str, targets: pa.Array) -> None:
        places = dangling(self.columns[column], targets)
        self._note(places, column, "ingest.unknown_reference", table=target)
        self._drop(places)

    def drop_clashes(self) -> None:
        judged = judge(self.columns, self._table)
        clash = "ingest.same_key" if self._table.period is None else "ingest.overlapping_version"
        for pairs, reason in ((judged.repeated, "ingest.repeated_row"), (judged.overlapping, clash)):
            files, rows = self._rows.origin.places(self._positions[pairs[:, 1]])
            others = self._files.take(pa.array(files))
            self._note(pairs[:, 0], self._table.key[-1], reason, file=others, row=pa.array(rows))
        self._keep(judged.order)

    def drop_astray(self) -> None:
        places = astray(self.columns)
        unknown = np.intersect1d(places, dangling(self.columns["parent"], self.columns["code"]))
        self._note(unknown, "parent", "ingest.unknown_reference", table=self._table.name)
        self._note(np.setdiff1d(places, unknown), "parent", "ingest.parent_astray")
        self._drop(places)

    def _note(self, places: Int64s, column: str, reason: str, **details: Any) -> None:
        if len(places):
            values = self.columns[column].take(pa.array(places)).cast(pa.string())
            bad = Bad(self._positions[places], column, reason, values, details)
            self._into.faults.append(faults(self._table.name, bad, self._rows.origin))

    def _drop(self, places: Int64s) -> None:
        self._keep(np.delete(np.arange(len(self._positions)), places))

    def _keep(self, places: Int64s) -> None:
        """Keep some of the rows, in the order given."""
        if np.array_equal(places, np.arange(len(self._positions))):
            return
        self._positions = self._positions[places]
        taken = pa.array(places)
        self.columns = {name: held.take(taken) for name, held in self.columns.items()}
