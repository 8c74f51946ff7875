"""The register of diagnoses: codes in the manner of ICD-10, with names in words of this project's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from adjudicator.generation.days import first_of_month
from adjudicator.generation.knowledge import rows_of
from adjudicator.generation.provisions import HISTORY, NO_END
from adjudicator.generation.stream import I32


@dataclass(frozen=True)
class Diagnoses:
    """Diagnoses; N of them."""

    codes: list[str]
    names: list[str]
    begins: I32
    """(N,), day number."""
    ends: I32
    """(N,), day number of the last day, or that of no end."""
    followed_by: I32
    """(N,), the place of the code that replaces an ended one, else its own."""

    def place(self, code: str) -> int:
        """Give the place of a code."""
        return self.codes.index(code)


def diagnoses_of(start: int) -> Diagnoses:
    """Read the diagnoses for claims that start in a month."""
    rows = rows_of("diagnoses.csv")
    codes = [row["code"] for row in rows]
    ends = [first_of_month(start + int(row["ends"])) - 1 if row["ends"] else NO_END for row in rows]
    replaced = {row["followed_by"]: end for row, end in zip(rows, ends, strict=True) if row["followed_by"]}
    beginning = first_of_month(start - HISTORY)
    return Diagnoses(
        codes=codes,
        names=[row["name"] for row in rows],
        begins=np.array([replaced[code] + 1 if code in replaced else beginning for code in codes], np.int32),
        ends=np.array(ends, np.int32),
        followed_by=np.array([codes.index(row["followed_by"] or row["code"]) for row in rows], np.int32),
    )


def register_of_diagnoses(diagnoses: Diagnoses) -> Any:
    """Make the register of diagnoses: a typed table."""
    return pa.table(
        {
            "code": diagnoses.codes,
            "name": diagnoses.names,
            "valid_from": pa.array(diagnoses.begins, pa.date32()),
            "valid_to": pa.array(diagnoses.ends, pa.date32(), mask=diagnoses.ends == NO_END),
        }
    )
