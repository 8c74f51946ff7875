"""Readers of tables: a scheme's registers, and claims with their lines, from CSV, Parquet or memory."""

from ingest.claims import ClaimsReading, claims_from_rows, read_claims
from ingest.counts import Counts, Tally, Totals
from ingest.registers import Reading, read_registers, read_tables, registers_from_rows
from ingest.set_aside import Fault, SetAside

__all__ = [
    "ClaimsReading",
    "Counts",
    "Fault",
    "Reading",
    "SetAside",
    "Tally",
    "Totals",
    "claims_from_rows",
    "read_claims",
    "read_registers",
    "read_tables",
    "registers_from_rows",
]
