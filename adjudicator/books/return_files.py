"""Files that come back from banks, payers and facilities: CSV as people's programs write it."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, Literal

from adjudicator.problems import Place, Problem, Refused, refused
from adjudicator.units import scaled
from adjudicator.words import message

Row = dict[str, str]

Said = Literal["paid", "failed"]

_SAID: Final[Mapping[str, Said]] = {
    **dict.fromkeys(("paid", "yes", "payé", "paye", "payée", "oui"), "paid"),
    **dict.fromkeys(("failed", "no", "échoué", "echoue", "échouée", "non"), "failed"),
}
"""How payers say it, in the languages that they work in."""


def csv_reader(text: str) -> csv.DictReader[str]:
    """Read CSV: comma or semicolon, whichever its first row has more of."""
    head = text.partition("\n")[0]
    return csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")


def read_rows(path: Path, content: bytes, needed: Sequence[str]) -> list[Row]:
    """Read the rows of a CSV file: any case of the heading, blanks taken off.

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
        raise refused("return_file.not_text", Place(path)) from None
    reader = csv_reader(text)
    try:
        columns = [name.strip().lower() for name in reader.fieldnames or ()]
        missing = [name for name in needed if name not in columns]
        if missing:
            raise refused("return_file.no_columns", Place(path), missing=missing, needed=list(needed))
        reader.fieldnames = columns
        return [
            {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
            for row in reader
        ]
    except csv.Error as error:
        what = message("return_file.no_csv", line=reader.line_num, said=str(error))
        raise Refused([Problem(what, Place(path), message("return_file.not_text.remedy"))]) from None


def said_in(row: Mapping[str, str]) -> Said | None:
    """Give what the status of a row says, in any case; None where it says neither."""
    return _SAID.get(unicodedata.normalize("NFC", row["status"]).lower())


def amount_in(row: Mapping[str, str], decimals: int) -> int | None:
    """Give the amount of a row in minor units; None where it says none.

    Raises:
        ValueError: it is no amount, or has more decimals than the currency.
    """
    if not row.get("amount"):
        return None
    try:
        return scaled(str(Decimal(row["amount"])), decimals)
    except InvalidOperation:
        raise ValueError(row["amount"]) from None
