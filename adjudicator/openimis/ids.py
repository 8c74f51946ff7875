"""Numbers for rows of openIMIS: those that they had there, and new ones for what openIMIS does not know."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from ingest.openimis.names import WIDTH


class Ids:
    """Gives each code of a table its number.

    Args:
        path: the numbers that an import has kept; the file need not be there.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._known: dict[tuple[str, str], int] = {}
        self._last: dict[str, int] = {}
        if path is not None and path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    self._keep(row["table"], row["code"], int(row["id"]))

    def _keep(self, table: str, code: str, id_: int) -> int:
        if code:
            self._known[table, code] = id_
        self._last[table] = max(id_, self._last.get(table, 0))
        return id_

    def number(self, table: str, codes: Iterable[str]) -> None:
        """Give numbers to all codes that have none: in the order of the codes, behind the highest one."""
        wanted = sorted(set(codes))
        for code in wanted:
            if (own := _own_number(table, code)) is not None and (table, code) not in self._known:
                self._keep(table, code, own)
        for code in wanted:
            if (table, code) not in self._known:
                self._keep(table, code, self._last.get(table, 0) + 1)

    def of(self, table: str, code: str | None) -> int | None:
        """Give the number of a code; None for none, or for one that has no row."""
        return None if code is None else self._known.get((table, code))

    def new(self, table: str) -> int:
        """Give a number for a row without a code, such as an earlier version."""
        self._last[table] = self._last.get(table, 0) + 1
        return self._last[table]


_LETTERS = {"tblFamilies": "F", "tblPolicy": "P", "tblPremium": "C"}


def _own_number(table: str, code: str) -> int | None:
    """Take the number out of a code that an import has made of it."""
    matched = re.fullmatch(rf"{_LETTERS.get(table, '-')}([0-9]{{{WIDTH},}})", code)
    return int(matched[1]) if matched else None
