"""Files that are handed over to a payer: lists as CSV, all written whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from adjudicator.books.books import Books
from adjudicator.files import replacing
from adjudicator.units import unscaled


def write_contents(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files into a folder, each whole or not at all.

    Args:
        folder: is made where there is none.
        contents: of the files, by their names.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in contents.items():
        path = folder / name
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        written.append(path)
    return written


def as_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Write rows as CSV, UTF-8."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue().encode()


def amount_of(books: Books, minor: int) -> str:
    """Write an amount of minor units in major ones."""
    return format(unscaled(minor, books.decimals), "f")
