"""A generated month of claims: made once, read and encoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adjudicator import claims as claims_room
from adjudicator.claims import Claims
from adjudicator.generation import generate
from adjudicator.run import Inputs, open_inputs
from ingest.tables import ClaimsReading, read_claims


@dataclass(frozen=True)
class Month:
    """A month in memory: its scheme, its claims as read, and its claims as columns."""

    inputs: Inputs
    reading: ClaimsReading
    claims: Claims

    @property
    def lines(self) -> int:
        """How many lines the month has."""
        return len(self.reading.lines)


def generated(folder: Path, families: int) -> Path:
    """Give the folder of a scheme with one month of claims; what is there already is used again."""
    if not (folder / "scheme.yaml").is_file():
        generate(folder, families, 1, seed=1)
    return folder


def sources(folder: Path) -> list[Path]:
    """Give the folders of a scheme's claims."""
    return sorted((folder / "claims").iterdir())


def read_month(folder: Path) -> Month:
    """Read and encode a scheme and its month."""
    inputs = open_inputs(folder)
    decimals = inputs.scheme.settings.decimals
    reading = read_claims(sources(folder), decimals, inputs.registers.tables["facilities"])
    claims = claims_room.encode(inputs.compiled.registers, reading.claims, reading.lines)
    return Month(inputs, reading, claims)
