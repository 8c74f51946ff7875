"""Files of a table, opened: is every column there that must be, and can each be read?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Protocol

from adjudicator.problems import Place, Problem, Refused, problem_of
from adjudicator.tables import Column, Table
from adjudicator.words import message
from ingest.columnar import Columnar, admits, open_columnar
from ingest.delimited import open_delimited
from ingest.raw import Raw

_RENAME: Final = "ingest.unknown_column.rename"


class Source(Protocol):
    """Something that holds rows of a table: a file, or rows in memory."""

    @property
    def path(self) -> Path:
        """Where it is, for those who must find a row again."""

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns; one without a name is empty."""

    def pieces(self, wanted: Sequence[str], keys: Collection[str]) -> Iterator[Callable[[], Raw]]:
        """Give the rows in pieces, each to be read by a call, on any thread."""


@dataclass(frozen=True)
class Opened:
    """The sources of a table, fit to be read."""

    table: Table
    sources: tuple[Source, ...]
    others: tuple[str, ...] = ()
    """Columns that are not declared and kept as text."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the result: those declared, then the others."""
        return self.table.columns + tuple(Column(name, needed=False, filled=False) for name in self.others)


@dataclass
class Findings:
    """What was found wrong on the way: errors, which are raised together, and warnings."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def refuse(self) -> None:
        """Raise the errors, if there are any."""
        if self.errors:
            raise Refused(self.errors)


def open_table(table: Table, files: Iterable[Path], repeating: Collection[str], findings: Findings) -> Opened:
    """Open the files of a table and check their headers.

    Args:
        table: the declaration.
        files: in the order of their paths.
        repeating: columns of text that are read as dictionaries.
        findings: takes what is wrong.
    """
    sources: list[Source] = []
    for path in files:
        try:
            parquet = path.name.lower().endswith(".parquet")
            sources.append(open_columnar(path, repeating) if parquet else open_delimited(path))
        except Refused as refused:
            findings.errors.extend(refused.problems)
    return check_headers(table, sources, findings)


def check_headers(table: Table, sources: Sequence[Source], findings: Findings) -> Opened:
    """Check the columns of sources against a table's declaration."""
    for source in sources:
        _check_header(table, source, findings)
    declared = {column.name for column in table.columns}
    others: set[str] = set()
    if table.keeps_other_columns:
        others = {name for source in sources for name in source.header if name} - declared
    return Opened(table, tuple(sources), tuple(sorted(others)))


def _check_header(table: Table, source: Source, findings: Findings) -> None:
    declared = {column.name: column for column in table.columns}
    counted = Counter(name for name in source.header if name)
    findings.errors.extend(
        problem_of("ingest.column_twice", Place(source.path, field=name))
        for name, count in counted.items()
        if count > 1
    )
    unknown = [name for name in counted if name not in declared]
    missing = [column.name for column in table.columns if column.needed and column.name not in counted]
    for name in missing:
        near = _near(name, unknown)
        remedy = (
            message("ingest.missing_column.rename", near=near, name=name)
            if near
            else message("ingest.missing_column.remedy", table=table.name, needed=_needed(table))
        )
        findings.errors.append(
            Problem(
                message("ingest.missing_column", table=table.name), Place(source.path, field=name), remedy
            )
        )
    if isinstance(source, Columnar):
        _check_types(table, source, findings)
    if table.keeps_other_columns:
        return
    absent = [name for name in declared if name not in counted]
    for name in unknown:
        near = _near(name, absent)
        remedy = (
            message(_RENAME, near=near)
            if near
            else message("ingest.unknown_column.remedy", known=list(declared))
        )
        findings.warnings.append(
            Problem(message("ingest.unknown_column"), Place(source.path, field=name), remedy, "warning")
        )


def misspelt(warning: Problem) -> bool:
    """Tell whether a warning is about a column that looks like one which is not there."""
    return warning.remedy is not None and warning.remedy.key == _RENAME


def _check_types(table: Table, source: Columnar, findings: Findings) -> None:
    columns = {column.name: column for column in table.columns}
    for held in source.schema:
        column = columns.get(held.name) or (Column(held.name) if table.keeps_other_columns else None)
        if column is not None and not admits(column, held.type):
            findings.errors.append(
                problem_of(
                    "ingest.column_type",
                    Place(source.path, field=held.name),
                    held=str(held.type),
                    expected=message(f"ingest.type.{column.type.value}"),
                )
            )


def _needed(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.needed]


def _near(name: str, names: Sequence[str]) -> str | None:
    folded = {other.strip().lower().replace(" ", "_"): other for other in names}
    near = get_close_matches(name.lower().replace(" ", "_"), folded, 1)
    return folded[near[0]] if near else None
