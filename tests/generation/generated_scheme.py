"""A generated scheme as data frames, to be looked at by tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from adjudicator.generation import Made

FAMILIES = 800
MONTHS = 4
SEED = 7


@dataclass(frozen=True)
class Generated:
    """A generated scheme's tables; amounts are decimals, days are dates."""

    folder: Path
    made: Made

    def register(self, name: str) -> pd.DataFrame:
        """Read a register."""
        return _read(self.folder / "registers" / f"{name}.parquet")

    @cached_property
    def claims(self) -> pd.DataFrame:
        """All claims, with the month of their folder."""
        return self._of_months("claims")

    @cached_property
    def lines(self) -> pd.DataFrame:
        """All lines, with the month of their folder."""
        return self._of_months("claim_lines")

    @cached_property
    def faults(self) -> pd.DataFrame:
        """The planted faults."""
        return _read(self.folder / "faults.parquet")

    @cached_property
    def sound(self) -> pd.DataFrame:
        """The claims in which no fault was planted."""
        return self.claims[~self.claims["claim"].isin(self.faults["claim"])]

    def _of_months(self, name: str) -> pd.DataFrame:
        folders = sorted((self.folder / "claims").iterdir())
        return pd.concat([_read(one / f"{name}.parquet").assign(month=one.name) for one in folders])


def _read(path: Path) -> pd.DataFrame:
    table: Any = pq.read_table(path)
    plain = [
        column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    frame: pd.DataFrame = pa.Table.from_arrays(plain, names=table.column_names).to_pandas(
        types_mapper=pd.ArrowDtype
    )
    return frame
