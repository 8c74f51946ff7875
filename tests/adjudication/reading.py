"""A random world, read and compiled: what the kernel and the reference both start from."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme, compile_scheme
from adjudicator.tables import REJECTED_BY_RULE
from ingest.claims import claims_from_rows
from ingest.registers import registers_from_rows
from tests.adjudication.typed import typed_claims, typed_registers
from tests.adjudication.worlds import RandomWorld


@dataclass(frozen=True)
class Read:
    """A random world, read and compiled."""

    world: RandomWorld
    registers: dict[str, pa.Table]
    claims: pa.Table
    lines: pa.Table
    scheme: CompiledScheme


def read(world: RandomWorld, *, by_ingest: bool = False) -> Read:
    """Type and compile a world: at once, or by the way that files take, which is ten times as slow."""
    if by_ingest:
        registers = registers_from_rows(world.registers, world.decimals).tables
        reading = claims_from_rows(world.claims, world.claim_lines, world.decimals, registers["facilities"])
        claims, lines = reading.claims, reading.lines
    else:
        registers = typed_registers(world.registers, world.decimals)
        claims, lines = typed_claims(world.claims, world.claim_lines, world.decimals)
    scheme = compile_scheme(registers, world.products, world.adult_age)
    return Read(world, registers, claims, _with_rules(lines), scheme)


def _with_rules(lines: pa.Table) -> pa.Table:
    """Let a review rule reject some lines of one world in three, as it does before they are decided."""
    random = Random(len(lines))
    if random.randrange(3):
        return lines
    rules = [None if random.randrange(8) else "a-rule" for _ in range(len(lines))]
    return lines.append_column(REJECTED_BY_RULE, pa.array(rules, pa.string()))


def in_order(claims: pa.Table) -> list[int]:
    """Give the rows of claims in adjudication order (law, section 3)."""
    names = ("sequence", "date_claimed", "claim", "facility")
    rows = list(zip(*(claims[name].to_pylist() for name in names), strict=True))
    return sorted(range(len(rows)), key=lambda row: (rows[row][0] or 0, *rows[row][1:]))


def only(rows: list[int], claims: pa.Table, lines: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Give some of the claims, with their lines."""
    place = np.full(len(claims), -1, np.int32)
    place[rows] = np.arange(len(rows))
    index = place[lines["claim_index"].to_numpy()]
    lines = lines.set_column(lines.schema.get_field_index("claim_index"), "claim_index", pa.array(index))
    return claims.take(pa.array(rows, pa.int64())), lines.filter(pa.array(index >= 0))
