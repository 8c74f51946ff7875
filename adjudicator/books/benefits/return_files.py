"""Files that come back from payers and facilities: CSV as people's programs write it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from adjudicator.problems import Place, Problem, Refused
from adjudicator.words import message

Row = dict[str, str]


def read_rows(path: Path, content: bytes, needed: Sequence[str]) -> list[Row]:
    """Read the rows of a CSV file: comma or semicolon, any case of the heading, blanks taken off.

    Args:
        path: names it in what is said.
        content: its bytes, UTF-8.
        needed: the columns that must be there.

    Raises:
        Refused: it is no such file.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        what = message("payment.not_text")
        raise Refused([Problem(what, Place(path), message("payment.not_text.remedy"))]) from None
    head = text.splitlines()[0] if text.strip() else ""
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")
    columns = [name.strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in needed if name not in columns]
    if missing:
        what = message("benefits.no_columns", missing=missing)
        remedy = message("benefits.no_columns.remedy", needed=list(needed))
        raise Refused([Problem(what, Place(path), remedy)])
    reader.fieldnames = columns
    try:
        return [
            {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
            for row in reader
        ]
    except csv.Error as error:
        what = message("benefits.no_csv", line=reader.line_num, said=str(error))
        raise Refused([Problem(what, Place(path), message("benefits.no_csv.remedy"))]) from None
