"""Decided claims out of the folder of a run, without any books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from adjudicator.claims import claim_names
from adjudicator.explain import inputs_of_run
from adjudicator.fhir.assembling import Known, decided_claims
from adjudicator.fhir.decided import DecidedClaim
from adjudicator.fhir.grounds import rows_in
from adjudicator.files import HUNDREDTHS
from adjudicator.manifest import file_hash, read_manifest
from adjudicator.prepared import prepare
from adjudicator.problems import Place, Problem, Refused, refused
from adjudicator.product.meant import NEAR_CODE, nearest
from adjudicator.scheme import open_scheme
from adjudicator.tables import CLAIM_DECISIONS, DECISIONS, LINE_DECISIONS, Column, Table, Type
from adjudicator.units import currency_decimals
from adjudicator.words import message
from ingest.tables import read_claims

Int64s = npt.NDArray[np.int64]

BATCH: Final = 8192
"""Claims that are put together at a time."""


@dataclass(frozen=True)
class RunFolder:
    """What a run decided, with what it decided about: tables with ``claim_id``, in no order."""

    scheme: str
    currency: str
    claims: pa.Table
    """Those that were decided; who was set aside is in no decision."""
    lines: pa.Table
    claim_decisions: pa.Table
    """As they were written: words as text, amounts in major units; likewise the next."""
    line_decisions: pa.Table
    names: Mapping[tuple[int, str], str]
    """Of provisions."""
    registers: Mapping[str, pa.Table]

    @property
    def as_of(self) -> str:
        """The last day on which a claim of it was claimed: a run keeps no clock."""
        last = pc.max(self.claims["date_claimed"]).as_py()
        return (last or dt.date(1970, 1, 1)).isoformat()

    def decided(
        self,
        facilities: Sequence[str] | None = None,
        first: dt.date | None = None,
        last: dt.date | None = None,
    ) -> Iterator[tuple[DecidedClaim, str]]:
        """Give its claims, by facility and number.

        Args:
            facilities: codes of those whose claims are wanted; all when left out.
            first: the first day on which they were claimed.
            last: the last day.

        Yields:
            A claim, and the day on which it was claimed.

        Raises:
            Refused: a facility has no claim in the run.
        """
        claims = self.claims
        if facilities is not None:
            self._check_facilities(facilities)
            claims = claims.filter(pc.is_in(claims["facility"], value_set=pa.array(facilities, pa.string())))
        if first is not None:
            claims = claims.filter(pc.greater_equal(claims["date_claimed"], pa.scalar(first)))
        if last is not None:
            claims = claims.filter(pc.less_equal(claims["date_claimed"], pa.scalar(last)))
        claims = claims.sort_by([("facility", "ascending"), ("claim", "ascending")])
        tables = [
            _Ordered(rows, claims["claim_id"].to_numpy())
            for rows in (self.lines, self.claim_decisions, self.line_decisions)
        ]
        decimals, known = currency_decimals(self.currency), Known(self.names, rows_of=rows_in(self.registers))
        for start in range(0, len(claims), BATCH):
            batch = claims.slice(start, BATCH)
            lines, claim_decisions, line_decisions = (rows.between(start, start + BATCH) for rows in tables)
            decided = decided_claims(
                self.scheme,
                self.currency,
                batch,
                lines,
                _typed(claim_decisions, CLAIM_DECISIONS, decimals),
                _typed(line_decisions, LINE_DECISIONS, decimals),
                known,
            )
            for claim, _ in decided:
                yield claim, claim.date_claimed.isoformat()

    def _check_facilities(self, codes: Sequence[str]) -> None:
        known = pc.unique(self.claims["facility"]).to_pylist()
        if problems := [unknown_facility(code, known) for code in codes if code not in known]:
            raise Refused(problems)


def unknown_facility(code: str, known: Sequence[str]) -> Problem:
    """Say that there is no such facility, and whose code is near."""
    near = nearest(code, sorted(known), NEAR_CODE)
    what = message("fhir.no_facility", facility=code)
    remedy = message("reporting.did_you_mean", near=near) if near else message("fhir.no_facility.remedy")
    return Problem(what, remedy=remedy)


class _Ordered:
    """Rows in the order of the claims that they are of, to be taken a batch of claims at a time."""

    def __init__(self, rows: pa.Table, claim_ids: Int64s) -> None:
        number = rows["claim_id"].to_numpy()
        most = max(int(claim_ids.max(initial=-1)), int(number.max(initial=-1)))
        rank_of = np.full(most + 1, -1, np.int64)
        rank_of[claim_ids] = np.arange(len(claim_ids))
        rank = rank_of[number]
        order = np.argsort(rank, kind="stable")
        order = order[np.searchsorted(rank[order], 0) :]
        self._rows, self._rank = rows.take(pa.array(order)), rank[order]

    def between(self, start: int, end: int) -> pa.Table:
        """Give the rows of the claims from a place on, up to before another."""
        first, last = np.searchsorted(self._rank, (start, end))
        return self._rows.slice(first, last - first)


def read_run(folder: Path) -> RunFolder:
    """Read what a run decided, and about what.

    Args:
        folder: of the run.

    Raises:
        Refused: there is no run, or what went into it or came out of it is gone or has changed.
    """
    scheme_folder, sources, *_ = inputs_of_run(folder)
    _check_outputs(folder)
    scheme = open_scheme(scheme_folder)
    settings = scheme.settings
    registers = prepare(scheme).reading.tables
    reading = read_claims(sources, settings.decimals, registers["facilities"])
    claims = reading.claims
    for name in ("facility", "claim"):
        claims = claims.set_column(claims.column_names.index(name), name, claims[name].cast(pa.string()))
    numbers = pa.array(np.arange(len(claims), dtype=np.int64))
    claims = claims.append_column("claim_id", numbers)
    claim_decisions, line_decisions = (
        _numbered(_written(folder, name), claims) for name in (CLAIM_DECISIONS.name, LINE_DECISIONS.name)
    )
    decided = pc.is_in(numbers, value_set=claim_decisions["claim_id"].combine_chunks())
    rows = registers["provisions"].select(["kind", "code", "name"]).to_pylist()
    return RunFolder(
        scheme=settings.scheme,
        currency=settings.currency,
        claims=claims.filter(decided),
        lines=reading.lines.append_column("claim_id", reading.lines["claim_index"].cast(pa.int64())),
        claim_decisions=claim_decisions,
        line_decisions=line_decisions,
        names={(row["kind"], row["code"]): row["name"] for row in rows if row["name"]},
        registers=registers,
    )


def decisions_of_run(folder: Path, decimals: int) -> dict[str, pa.Table]:
    """Read the tables of decisions that a run wrote, typed (see :mod:`adjudicator.tables`), by name.

    Raises:
        Refused: one of them is gone or has changed.
    """
    _check_outputs(folder)
    return {name: _typed(_written(folder, name), shape, decimals) for name, shape in DECISIONS.items()}


def _check_outputs(folder: Path) -> None:
    """Make sure that the decisions are those that the run wrote."""
    for one in read_manifest(folder)["outputs"]:
        path = folder / one["path"]
        if path.stem in DECISIONS and (not path.is_file() or file_hash(path) != one["sha256"]):
            raise refused("run.input_changed", Place(path))


def _written(folder: Path, name: str) -> pa.Table:
    """Read a table as the run wrote it, its cells as they are."""
    parquet = folder / f"{name}.parquet"
    if parquet.is_file():
        return pq.read_table(parquet)
    path = folder / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        columns = file.readline().rstrip("\n").split(",")
    options = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    return pa.csv.read_csv(path, convert_options=options, parse_options=parsing)


def _typed(rows: pa.Table, shape: Table, decimals: int) -> pa.Table:
    """Turn cells into the typed columns of a table (see :mod:`adjudicator.tables`)."""
    columns = {name: rows[name] for name in rows.column_names if name == "claim_id"}
    for column in shape.columns:
        if column.name in rows.column_names:
            text = rows[column.name].cast(pa.string())
            columns[column.name] = _column(text, column, decimals)
    return pa.table(columns)


def _column(text: pa.ChunkedArray, column: Column, decimals: int) -> Any:
    if column.type is Type.WORD:
        assert column.words is not None
        numbers = pa.array([int(member) for member in column.words], pa.int8())
        return numbers.take(pc.index_in(text, value_set=pa.array(column.words.words(), pa.string())))
    if column.type in (Type.MONEY, Type.QUANTITY):
        places = decimals if column.type is Type.MONEY else HUNDREDTHS
        fixed = text.cast(pa.decimal128(38, places)).cast(pa.string())
        return pc.replace_substring(fixed, ".", "").cast(pa.int64())
    return text.cast(pa.int64()) if column.type is Type.NUMBER else text


def _numbered(rows: pa.Table, claims: pa.Table) -> pa.Table:
    """Give rows of decisions with the number of their claim, in place of the name of the run."""
    place = pc.index_in(claim_names(rows), value_set=claim_names(claims))
    return rows.drop_columns(["run"]).append_column("claim_id", place.cast(pa.int64()))
