"""Statements as files: one name for a facility and a month, and what is written under it."""

from __future__ import annotations

from pathlib import Path

from adjudicator.books.books import Books
from adjudicator.books.closing.statements import FacilityStatement, as_report
from adjudicator.files import replacing
from adjudicator.presentation.report import write_report
from adjudicator.remuneration.months import written_month


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
