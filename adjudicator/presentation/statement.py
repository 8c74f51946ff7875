"""Statements as files: one name for a facility and a month, and what is written under it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator.books.books import Books
from adjudicator.books.closing.statements import FacilityStatement, as_report
from adjudicator.files import replacing
from adjudicator.presentation.report import write_report
from adjudicator.remuneration.months import written_month

MANY_LINES: Final = 200_000
"""From so many lines on it pays to start processes that write side by side."""

AT_A_TIME: Final = 8
"""Statements that a process is given at a time."""

Progress = Callable[[str, int, int], None]


def file_name(one: FacilityStatement) -> str:
    """Name the files of a statement, such as ``2026-03-HF0003``; a location comes between."""
    parts = [written_month(one.closing.month), one.closing.location, one.facility]
    safe = (
        "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in part)
        for part in parts
        if part
    )
    return "-".join(safe)


def write_statement(
    books: Books, one: FacilityStatement, form: str, folder: Path, language: str
) -> list[Path]:
    """Write a statement into a folder.

    Args:
        books: the books.
        one: the statement.
        form: ``csv``, ``xlsx``, ``json`` or ``pdf``.
        folder: where to; it is made.
        language: of its reader.

    Returns:
        The files.

    Raises:
        Refused: a workbook cannot hold that many lines.
    """
    path = folder / f"{file_name(one)}.{form}"
    if form != "pdf":
        return write_report(as_report(books, one), form, path, language)
    # Drawing needs a library that nothing else does.
    from adjudicator.presentation.statement_pdf import statement_pdf  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_bytes(statement_pdf(books, one, language))
    return [path]


def write_statements(
    books: Books,
    found: Sequence[FacilityStatement],
    forms: Sequence[str],
    folder: Path,
    language: str,
    processes: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Path]:
    """Write many statements, side by side where they are many; the files are the same however many write.

    Args:
        books: the books.
        found: the statements.
        forms: as for :func:`write_statement`.
        folder: where to.
        language: of their readers.
        processes: how many write; as many as there are processors when left out.
        progress: is told how far it is.

    Yields:
        The files, in the order of the statements.

    Raises:
        Refused: a workbook cannot hold that many lines.
    """
    workers = min(processes or os.cpu_count() or 1, len(found))
    if workers <= 1 or sum(len(one.made.lines) for one in found) * len(forms) < MANY_LINES:
        done = map(partial(_written, books, forms, folder, language), found)
        yield from _told(done, len(found), progress)
        return
    # Who writes files needs no database, and cannot have this one.
    nowhere: Any = None
    write = partial(_written, Books(books.folder, books.settings, nowhere), forms, folder, language)
    # A process that is forked would share locks and connections with this one.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from _told(pool.map(write, map(_apart, found), chunksize=AT_A_TIME), len(found), progress)


def _apart(one: FacilityStatement) -> FacilityStatement:
    """Give a statement with lines of its own: a part of a table is sent with all of the table."""
    lines, back = (rows.take(pa.array(np.arange(len(rows)))) for rows in (one.made.lines, one.made.back))
    return replace(one, made=replace(one.made, lines=lines, back=back))


def _written(
    books: Books, forms: Sequence[str], folder: Path, language: str, one: FacilityStatement
) -> list[Path]:
    return [path for form in forms for path in write_statement(books, one, form, folder, language)]


def _told(written: Iterator[list[Path]], count: int, progress: Progress | None) -> Iterator[Path]:
    for number, paths in enumerate(written, 1):
        if progress is not None:
            progress("closing.writing", number, count)
        yield from paths
