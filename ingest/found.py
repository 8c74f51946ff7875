"""Which files of a folder make up which table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adjudicator import tables
from adjudicator.problems import Place, Problem, Refused, problem_of
from adjudicator.words import message

SUFFIXES: Final = (".csv", ".csv.gz", ".parquet")
"""The kinds of files that tables are read from."""

RESOURCES: Final = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz", ".json", ".json.gz")
"""The kinds of files that FHIR resources are read from; they may hold rows of any table."""

KNOWN: Final = frozenset(
    {
        *tables.REGISTERS,
        *tables.CARRIED,
        *tables.DECISIONS,
        tables.CLAIMS.name,
        tables.CLAIM_LINES.name,
        "set_aside",
    }
)
"""The tables that a folder may hold; a reader passes over those that it was not asked for."""


@dataclass(frozen=True)
class Found:
    """The files of each table, in the order of their paths, and warnings about those that belong to none."""

    files: dict[str, list[Path]] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    resources: list[Path] = field(default_factory=list)
    """Files of FHIR resources, in the order of their paths."""


def find(sources: Iterable[Path], wanted: Sequence[str]) -> Found:
    """Find the files of the wanted tables.

    A table's files are ``<table>.csv``, ``.csv.gz`` or ``.parquet``, the same with anything after a ``-``,
    ``_`` or ``.`` behind the table's name, and all such files in a folder named as the table. Where two
    tables fit, the longer name rules: ``claim_lines-1.csv`` holds lines. Files of FHIR resources
    (``.ndjson``, ``.json``, packed or not) may have any name.

    Args:
        sources: folders, or single files.
        wanted: names of tables.

    Raises:
        Refused: a source does not exist.
    """
    sources = list(sources)
    missing = [source for source in sources if not source.exists()]
    if missing:
        raise Refused(problem_of("ingest.no_such_source", Place(source)) for source in missing)
    found = Found({table: [] for table in wanted})
    seen: set[Path] = set()
    for path, table in (file for source in sources for file in _files(source)):
        if path.resolve() in seen:
            continue
        seen.add(path.resolve())
        if path.name.lower().endswith(RESOURCES):
            found.resources.append(path)
        elif table is None or not _has_suffix(path):
            found.warnings.append(
                Problem(
                    message("ingest.ignored_file"),
                    Place(path),
                    message("ingest.ignored_file.remedy", tables=sorted(wanted)),
                    "warning",
                )
            )
        elif table in found.files:
            found.files[table].append(path)
    for files in found.files.values():
        files.sort(key=str)
    found.resources.sort(key=str)
    found.warnings.sort(key=lambda problem: str(problem.place))
    return found


def _files(source: Path) -> Iterator[tuple[Path, str | None]]:
    """Give the files of a source, each with the table that it is of."""
    if source.is_file():
        yield source, _table_of(source.name)
        return
    for entry in sorted(source.iterdir()):
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_file():
            yield entry, _table_of(entry.name)
        elif entry.name.lower() in KNOWN:
            for part in sorted(entry.iterdir()):
                if part.is_file() and not part.name.startswith((".", "_")):
                    yield part, entry.name.lower()


def _has_suffix(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES)


def _table_of(name: str) -> str | None:
    stem = name.lower()
    for suffix in SUFFIXES:
        stem = stem.removesuffix(suffix)
    fitting = [
        table for table in KNOWN if stem == table or stem.startswith((f"{table}-", f"{table}_", f"{table}."))
    ]
    return max(fitting, key=len, default=None)
