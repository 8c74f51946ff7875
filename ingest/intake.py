"""Claims and lines seen together: which claims are good in all their rows, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.compiled import compiled
from adjudicator.tables import CLAIM_LINES, CLAIMS
from adjudicator.units import OPEN_END, OPEN_START
from ingest.claim_index import NO_CLAIM, ClaimIndex
from ingest.rows import Bad, Rows, faults
from ingest.set_aside import SetAside

Bools = npt.NDArray[np.bool_]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


def bad_rows(rows: Bools, field: str | None, reason: str, values: pa.Array, **details: Any) -> Bad:
    """Give rows that have something wrong with them.

    Args:
        rows: a mask over the rows of a table.
        field: the field that is wrong.
        reason: a key of the catalogue.
        values: what stands in the field, for every row of the table.
        details: the values of the reason's text: one for all, or an array with one for each wrong row.

    """
    positions = np.flatnonzero(rows)
    return Bad(positions, field, reason, values.take(pa.array(positions)).cast(pa.string()), details)


@dataclass(frozen=True)
class Sifted:
    """Which rows are kept, as masks over all that were read, and why the others are not."""

    claims: Bools
    lines: Bools
    set_aside: SetAside


class Intake:
    """All claims and lines that were read, the bad ones among them.

    ``claim_of`` gives the claim of each line, below zero where it has none. Rules note what is wrong with
    rows; :meth:`sift` then takes each claim whole or not at all.
    """

    def __init__(
        self, claims: Rows, lines: Rows, claim_of: Int32s, index: ClaimIndex, files: Sequence[Path]
    ) -> None:
        self._claims = claims
        self._lines = lines
        self._claim_of = claim_of
        self._index = index
        self._files = files
        self._paths = pa.array([str(file) for file in files], pa.string())

    def judge_numbers(self) -> None:
        """Note claims that share facility and number, and those that lines cannot be told between."""
        numbers = self._claims.columns["claim"]
        groups = self._index.repeated()
        if groups:
            positions = np.concatenate(groups)
            files, rows = self._claims.origin.places(positions)
            places = [f"{self._files[file]}:{row}" for file, row in zip(files, rows, strict=True)]
            bounds = np.cumsum([0, *(len(group) for group in groups)])
            told = [
                ", ".join(sorted(places[start:stop]))
                for start, stop in pairwise(bounds)
                for _ in range(start, stop)
            ]
            values = numbers.take(pa.array(positions))
            self._claims.bad.append(
                Bad(positions, "claim", "ingest.claim_repeated", values, {"rows": pa.array(told)})
            )
        ambiguous = [bad.positions for bad in self._lines.bad if bad.reason == "ingest.ambiguous_claim"]
        if ambiguous:
            lines = np.concatenate(ambiguous)
            shared = np.zeros(self._claims.size, np.bool_)
            shared[self._index.sharing_number(self._claim_of[lines])] = True
            self._claims.bad.append(bad_rows(shared, "claim", "ingest.ambiguous_number", numbers))
            # From here on they belong to none of them.
            self._claim_of = self._claim_of.copy()
            self._claim_of[lines] = NO_CLAIM

    def judge_facilities(self, facilities: pa.Table) -> None:
        """Note claims of a facility that is unknown, or not valid on the target date (law, section 4.1).

        Args:
            facilities: the typed register.

        """
        columns = self._claims.columns
        claimed = columns["facility"]
        target = pc.coalesce(columns["date_to"], columns["date_from"]).cast(pa.int32())
        judged = ~self._claims.unreadable & target.is_valid().to_numpy(zero_copy_only=False)
        codes = facilities["code"].combine_chunks().cast(pa.string())
        places = pc.index_in(codes, claimed.dictionary).fill_null(-1).to_numpy()
        order = np.argsort(places, kind="stable")
        bounds = np.searchsorted(places[order], np.arange(len(claimed.dictionary) + 1))
        starts, ends = (
            facilities[name].combine_chunks().cast(pa.int32()).fill_null(open_).to_numpy()[order]
            for name, open_ in (("valid_from", OPEN_START), ("valid_to", OPEN_END))
        )
        facility = claimed.indices.cast(pa.int32()).fill_null(-1).to_numpy()
        valid = _valid_on(facility, target.fill_null(0).to_numpy(), bounds, starts, ends)
        # Claims without a facility take the last place.
        known = np.append(bounds[1:] > bounds[:-1], False)[facility]
        unknown = ~known & claimed.is_valid().to_numpy(zero_copy_only=False)
        out_of_time = known & ~valid & judged
        if unknown.any():
            self._claims.bad.append(bad_rows(unknown, "facility", "ingest.facility_unknown", claimed))
        if out_of_time.any():
            days = target.cast(pa.date32()).filter(pa.array(out_of_time)).cast(pa.string())
            self._claims.bad.append(
                bad_rows(out_of_time, "facility", "ingest.facility_not_valid", claimed, date=days)
            )

    def judge_lines(self) -> None:
        """Note lines of a claim that share a number."""
        numbers = self._lines.columns["line"]
        repeated = _repeated_lines(self._claim_of, numbers.fill_null(-1).to_numpy())
        if repeated.any():
            self._lines.bad.append(bad_rows(repeated, "line", "ingest.line_repeated", numbers))

    def sift(self) -> Sifted:
        """Keep the claims that are good in all their rows."""
        own_claims, own_lines = self._claims.unreadable, self._lines.unreadable
        belongs = self._claim_of >= 0
        wrong = own_claims.copy()
        wrong[self._claim_of[own_lines & belongs]] = True
        kept = belongs & ~own_lines
        if wrong.any():
            kept &= ~wrong[self._claim_of]
            self._note_followers(wrong, own_claims, own_lines)
        noted = [faults(CLAIMS.name, bad, self._claims.origin) for bad in self._claims.bad]
        noted += [faults(CLAIM_LINES.name, bad, self._lines.origin) for bad in self._lines.bad]
        return Sifted(~wrong, kept, SetAside(self._files, noted))

    def _note_followers(self, wrong: Bools, own_claims: Bools, own_lines: Bools) -> None:
        """Give the good rows of wrong claims their reason: which row of the claim is bad."""
        # The first bad line of each claim, in the order of files and rows.
        bad_lines = np.flatnonzero(own_lines & (self._claim_of >= 0))
        files, rows = self._lines.origin.places(bad_lines)
        backwards = bad_lines[np.lexsort((rows, files))][::-1]
        first_bad = np.full(self._claims.size, -1)
        first_bad[self._claim_of[backwards]] = backwards

        def follow(rows: Rows, positions: Int64s, of: Int64s) -> None:
            if not len(positions):
                return
            by_claim = own_claims[of]
            files = np.zeros(len(of), np.int32)
            numbers = np.zeros(len(of), np.int64)
            files[by_claim], numbers[by_claim] = self._claims.origin.places(of[by_claim])
            files[~by_claim], numbers[~by_claim] = self._lines.origin.places(first_bad[of[~by_claim]])
            details = {"file": self._paths.take(pa.array(files)), "row": pa.array(numbers)}
            values = self._claims.columns["claim"].take(pa.array(of))
            rows.bad.append(Bad(positions, "claim", "ingest.with_its_claim", values, details))

        claims = np.flatnonzero(wrong & ~own_claims)
        lines = np.flatnonzero((self._claim_of >= 0) & ~own_lines & wrong[self._claim_of])
        follow(self._claims, claims, claims)
        follow(self._lines, lines, self._claim_of[lines].astype(np.int64))


@compiled
def _valid_on(facilities: Any, days: Any, bounds: Any, starts: Any, ends: Any) -> Bools:
    """Say of each claim whether any version of its facility holds on a day.

    The versions of facility ``f`` are those from ``bounds[f]`` up to ``bounds[f + 1]``.
    """
    valid = np.zeros(len(facilities), np.bool_)
    for claim in range(len(facilities)):
        facility = facilities[claim]
        if facility < 0:
            continue
        for version in range(bounds[facility], bounds[facility + 1]):
            if starts[version] <= days[claim] <= ends[version]:
                valid[claim] = True
    return valid


def _repeated_lines(claim_of: Int32s, numbers: Int64s) -> Bools:
    """Say of each line whether its claim has another one of its number; below zero is no claim or number."""
    repeated = np.zeros(len(claim_of), np.bool_)
    if _rising(claim_of, numbers):
        return repeated
    order = np.lexsort((numbers, claim_of))
    claims, sorted_numbers = claim_of[order], numbers[order]
    same = (claims[1:] == claims[:-1]) & (sorted_numbers[1:] == sorted_numbers[:-1])
    same &= (claims[1:] >= 0) & (sorted_numbers[1:] >= 0)
    repeated[order[1:][same]] = True
    repeated[order[:-1][same]] = True
    return repeated


@compiled
def _rising(claim_of: Any, numbers: Any) -> bool:
    """Say whether lines come by claim, and those of a claim by number, none twice."""
    for line in range(1, len(claim_of)):
        step = claim_of[line] - claim_of[line - 1]
        if step < 0 or (step == 0 and numbers[line] <= numbers[line - 1]):
            return False
    return True
