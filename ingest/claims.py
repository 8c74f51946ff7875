"""Claims and their lines, read whole or not at all: a claim of which any row is bad is set aside with all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.compiled import compiled
from adjudicator.problems import Place, Problem
from adjudicator.tables import CLAIM_LINES, CLAIMS, DIAGNOSIS_COLUMNS
from adjudicator.units import LARGEST_AMOUNT, OPEN_END, OPEN_START, TOO_LARGE, multiply
from adjudicator.words import Amount, Message, message
from ingest.claim_index import AMBIGUOUS, NO_CLAIM, ClaimIndex, index_claims
from ingest.counts import Counts, Tally, Totals
from ingest.found import find
from ingest.memory import PyRows, in_memory
from ingest.rows import Bad, Batch, Origin, Rows, faults, read_rows
from ingest.set_aside import SetAside
from ingest.sources import Findings, Opened, check_headers, open_table

REPEATING: Final = frozenset({"facility", "code", "administrator", "referred_from", *DIAGNOSIS_COLUMNS})
"""Columns of text that become ``dictionary<int32, string>``: their values are few."""

_UNREAD: Final = -1
_TOO_LARGE: Final = -2

Bools = npt.NDArray[np.bool_]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Standing:
    """The rows of a table that are kept, by their position among all that were read."""

    origin: Origin
    positions: Int64s | None = None
    """None: all."""

    def at(self, places: Int64s) -> Int64s:
        """Give the positions of some of the rows."""
        return places if self.positions is None else self.positions[places]

    def kept(self, mask: Bools) -> Standing:
        """Keep some of the rows."""
        return Standing(self.origin, self.at(np.flatnonzero(mask)))


@dataclass(frozen=True)
class ClaimsReading:
    """Claims that were read."""

    claims: pa.Table
    """Typed, the columns of :data:`adjudicator.tables.CLAIMS`, in the order of the sources."""
    lines: pa.Table
    """Typed, the columns of :data:`adjudicator.tables.CLAIM_LINES`, in the order of the sources; instead of
    claim and facility ``claim_index``, ``int32``: the row of :attr:`claims`."""
    set_aside: SetAside
    warnings: list[Problem]
    totals: Totals
    files: list[Path]
    """The files that were read."""
    standing: tuple[Standing, Standing] = dataclasses.field(repr=False)
    """Where the rows of :attr:`claims` and of :attr:`lines` come from."""

    @property
    def counts(self) -> dict[str, Counts]:
        """The rows of claims and of claim_lines."""
        received, kept, aside = self.totals.received, self.totals.kept, self.totals.set_aside
        return {
            CLAIMS.name: Counts(received.claims, kept.claims, aside.claims),
            CLAIM_LINES.name: Counts(received.lines, kept.lines, aside.lines),
        }

    def without(self, rows: npt.NDArray[Any], why: Message) -> ClaimsReading:
        """Set more claims aside, with all their lines.

        Args:
            rows: of :attr:`claims`, in any order.
            why: the reason; what to do is under its key with ``.remedy``.
        """
        dropped = np.zeros(self.claims.num_rows, np.bool_)
        dropped[rows] = True
        numbers = self.claims["claim"].combine_chunks()
        of = self.lines["claim_index"].to_numpy()
        claims, lines = self.standing
        places = np.flatnonzero(dropped)
        bad = Bad(claims.at(places), "claim", why.key, numbers.take(pa.array(places)), why.values)
        following = np.flatnonzero(dropped[of])
        more = [faults(CLAIMS.name, bad, claims.origin)]
        if len(following):
            files, file_rows = claims.origin.places(claims.at(of[following]))
            paths = pa.array([str(file) for file in self.files], pa.string())
            details = {"file": paths.take(pa.array(files)), "row": pa.array(file_rows)}
            values = numbers.take(pa.array(of[following]))
            with_it = Bad(lines.at(following), "claim", "ingest.with_its_claim", values, details)
            more.append(faults(CLAIM_LINES.name, with_it, lines.origin))
        kept_claims, kept_lines = ~dropped, ~dropped[of]
        gone = Tally(len(places), len(following), _claimed(self.lines.filter(pa.array(~kept_lines)))[0])
        kept_table = _renumbered(self.lines.filter(pa.array(kept_lines)), kept_claims)
        kept = Tally(int(kept_claims.sum()), kept_table.num_rows, _claimed(kept_table)[0])
        reading = replace(
            self,
            claims=self.claims.filter(pa.array(kept_claims)),
            lines=kept_table,
            set_aside=SetAside(self.set_aside.files, self.set_aside.faults + more),
            totals=replace(self.totals, kept=kept, set_aside=self.totals.set_aside + gone),
            standing=(claims.kept(kept_claims), lines.kept(kept_lines)),
        )
        reading.totals.check()
        return reading


def read_claims(sources: Sequence[Path], decimals: int, facilities: pa.Table | None) -> ClaimsReading:
    """Read claims and their lines from folders or files.

    A claim is taken whole or set aside whole: because a row of it cannot be read, its number is used twice by
    its facility, a line number stands twice in it, or its facility is unknown or not valid on its target date
    (law, section 4.1). What the law rejects by itself is no matter here: unknown provisions, insurees and
    diagnoses. A line need not name the facility where only one has a claim of its number.

    Args:
        sources: see :func:`ingest.found.find` for the files of a table.
        decimals: of the scheme's currency.
        facilities: the typed register; None: facilities are not judged.

    Raises:
        Refused: files that cannot be read, or columns that are missing, twice there or of a wrong type.
    """
    found = find(sources, [CLAIMS.name, CLAIM_LINES.name])
    findings = Findings(warnings=found.warnings)
    opened = {}
    for table in (CLAIMS, CLAIM_LINES):
        if not found.files[table.name]:
            what, remedy = (
                message(key, table=table.name) for key in ("ingest.no_table", "ingest.no_table.remedy")
            )
            findings.errors.append(Problem(what, Place(sources[0] if sources else None), remedy))
        opened[table.name] = open_table(table, found.files[table.name], REPEATING, findings)
    return _read(opened, decimals, facilities, findings)


def claims_from_rows(
    claims: PyRows, lines: PyRows, decimals: int, facilities: pa.Table | None = None
) -> ClaimsReading:
    """Take claims from rows in memory, by the rules of :func:`read_claims`.

    Args:
        claims: rows of claims; values are text, whole numbers, decimals, dates, words or None.
        lines: rows of claim_lines; amounts are in major units. Row 2 is the first of each, as if a header
            were row 1.
        decimals: of the scheme's currency.
        facilities: the typed register; None: facilities are not judged.

    Raises:
        Refused: columns as in :func:`read_claims`.
    """
    findings = Findings()
    opened = {}
    for table, rows in ((CLAIMS, claims), (CLAIM_LINES, lines)):
        needed = [column.name for column in table.columns if column.needed]
        opened[table.name] = check_headers(table, [in_memory(table.name, rows, needed)], findings)
    return _read(opened, decimals, facilities, findings)


def _read(
    opened: Mapping[str, Opened], decimals: int, facilities: pa.Table | None, findings: Findings
) -> ClaimsReading:
    findings.refuse()
    files = [source.path for table in opened.values() for source in table.sources]
    claims = read_rows(opened[CLAIMS.name], 0, decimals, REPEATING)
    index = index_claims(claims.columns["claim"], claims.columns["facility"])
    joining = _Joining(index, decimals)
    first_file = len(opened[CLAIMS.name].sources)
    lines = read_rows(opened[CLAIM_LINES.name], first_file, decimals, REPEATING, joining.join)
    intake = _Intake(claims, lines, index, files)
    intake.judge_numbers()
    intake.judge_facilities(facilities)
    intake.judge_lines()
    return intake.finish(joining, findings.warnings)


class _Joining:
    """Puts lines and claims together, batch by batch, and adds up what the lines claim."""

    def __init__(self, index: ClaimIndex, decimals: int) -> None:
        self._index = index
        self._largest = Amount(LARGEST_AMOUNT, decimals)
        self._sums: list[tuple[int, int]] = []

    @property
    def claimed(self) -> int:
        """What all lines claim, as far as it can be read."""
        return sum(claimed for claimed, _ in self._sums)

    @property
    def unread(self) -> int:
        """The lines whose amount cannot be read."""
        return sum(unread for _, unread in self._sums)

    def join(self, batch: Batch) -> Batch:
        """Put the index of its claim to each line, in place of the claim's number and facility."""
        columns = dict(batch.columns)
        numbers = columns.pop("claim")
        found = self._index.find(numbers, columns.pop("facility", None))
        ambiguous = found <= AMBIGUOUS
        columns["claim_index"] = pa.array(np.where(ambiguous, AMBIGUOUS - found, found), pa.int32())
        amounts = _amounts(*_asked(columns))
        self._sums.append(_added_up(amounts))
        readable = np.ones(batch.size, np.bool_)
        for bad in batch.bad:
            readable[bad.positions] = False
        no_values = pa.nulls(batch.size, pa.string())
        more = [
            _bad((found == NO_CLAIM) & readable, "claim", "ingest.line_without_claim", numbers),
            _bad(ambiguous, "claim", "ingest.ambiguous_claim", numbers),
            _bad(amounts == _TOO_LARGE, None, "ingest.line_too_large", no_values, largest=self._largest),
        ]
        return replace(batch, columns=columns, bad=batch.bad + [bad for bad in more if len(bad.positions)])


def _bad(rows: Bools, field: str | None, reason: str, values: pa.Array, **details: Any) -> Bad:
    positions = np.flatnonzero(rows)
    return Bad(positions, field, reason, values.take(pa.array(positions)).cast(pa.string()), details)


class _Intake:
    """All claims and lines that were read, and what is found wrong with them when they are seen together."""

    def __init__(self, claims: Rows, lines: Rows, index: ClaimIndex, files: list[Path]) -> None:
        self._claims = claims
        self._lines = lines
        self._index = index
        self._files = files
        self._paths = pa.array([str(file) for file in files], pa.string())
        joined = lines.columns.pop("claim_index", None)
        self._claim_of: Int32s = (pa.array([], pa.int32()) if joined is None else joined).to_numpy()

    def judge_numbers(self) -> None:
        """Set aside claims that share facility and number, and those that lines cannot be told between."""
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
        for bad in [bad for bad in self._lines.bad if bad.reason == "ingest.ambiguous_claim"]:
            shared = np.zeros(self._claims.size, np.bool_)
            shared[self._index.sharing_number(self._claim_of[bad.positions])] = True
            self._claims.bad.append(_bad(shared, "claim", "ingest.ambiguous_number", numbers))

    def judge_facilities(self, facilities: pa.Table | None) -> None:
        """Set aside claims of a facility that is unknown, or not valid on the target date (law, 4.1)."""
        if facilities is None:
            return
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
        late = known & ~valid & judged
        for wrong, reason in ((unknown, "ingest.facility_unknown"), (late, "ingest.facility_not_valid")):
            if wrong.any():
                days = target.cast(pa.date32()).filter(pa.array(wrong)).cast(pa.string())
                details = {"date": days} if reason == "ingest.facility_not_valid" else {}
                self._claims.bad.append(_bad(wrong, "facility", reason, claimed, **details))

    def judge_lines(self) -> None:
        """Set aside claims with several lines of one number."""
        numbers = self._lines.columns["line"]
        repeated = _repeated_lines(self._claim_of, numbers.fill_null(-1).to_numpy(), self._claims.size)
        if repeated.any():
            self._lines.bad.append(_bad(repeated, "line", "ingest.line_repeated", numbers))

    def finish(self, joining: _Joining, warnings: list[Problem]) -> ClaimsReading:
        """Keep the claims that are good in all their rows, and prove that nothing was lost."""
        received = Tally(self._claims.size, self._lines.size, joining.claimed, joining.unread)
        own_claims, own_lines = self._claims.unreadable, self._lines.unreadable
        wrong = own_claims.copy()
        belongs = self._claim_of >= 0
        wrong[self._claim_of[own_lines & belongs]] = True
        self._note_followers(wrong, own_claims, own_lines)
        keep_lines = belongs & ~own_lines
        if wrong.any():
            keep_lines &= ~wrong[self._claim_of]
        into = SetAside(
            self._files,
            [faults(CLAIMS.name, bad, self._claims.origin) for bad in self._claims.bad]
            + [faults(CLAIM_LINES.name, bad, self._lines.origin) for bad in self._lines.bad],
        )
        columns = {column.name: self._lines.columns[column.name] for column in CLAIM_LINES.columns[2:]}
        lines = pa.table({"claim_index": pa.array(self._claim_of), **columns})
        claims = pa.table(self._claims.columns)
        standing = Standing(self._claims.origin), Standing(self._lines.origin)
        aside = Tally(into.rows_of(CLAIMS.name), into.rows_of(CLAIM_LINES.name))
        if aside != Tally():
            claimed, unread = _claimed(lines.filter(pa.array(~keep_lines)))
            aside = replace(aside, claimed=claimed, unread=unread)
            claims = claims.filter(pa.array(~wrong))
            lines = _renumbered(lines.filter(pa.array(keep_lines)), ~wrong)
            standing = standing[0].kept(~wrong), standing[1].kept(keep_lines)
        totals = Totals(received, Tally(claims.num_rows, lines.num_rows, *_claimed(lines)), aside)
        totals.check()
        claims = _without_partial_sequence(claims, warnings)
        return ClaimsReading(claims, lines, into, warnings, totals, self._files, standing)

    def _note_followers(self, wrong: Bools, own_claims: Bools, own_lines: Bools) -> None:
        """Give the good rows of wrong claims their reason: which row of the claim is bad."""
        if not wrong.any():
            return
        # The first bad line of each claim, in the order of files and rows.
        bad_lines = np.flatnonzero(own_lines & (self._claim_of >= 0))
        files, rows = self._lines.origin.places(bad_lines)
        backwards = bad_lines[np.lexsort((rows, files))][::-1]
        first_bad = np.full(self._claims.size, -1)
        first_bad[self._claim_of[backwards]] = backwards
        numbers = self._claims.columns["claim"]
        claims = np.flatnonzero(wrong & ~own_claims)
        if len(claims):
            self._claims.bad.append(self._follower(claims, claims, own_claims, first_bad, numbers))
        lines = np.flatnonzero((self._claim_of >= 0) & ~own_lines & wrong[self._claim_of])
        if len(lines):
            of = self._claim_of[lines].astype(np.int64)
            self._lines.bad.append(self._follower(lines, of, own_claims, first_bad, numbers))

    def _follower(
        self, positions: Int64s, of: Int64s, own_claims: Bools, first_bad: Int64s, numbers: pa.Array
    ) -> Bad:
        by_claim = own_claims[of]
        files = np.zeros(len(of), np.int32)
        rows = np.zeros(len(of), np.int64)
        files[by_claim], rows[by_claim] = self._claims.origin.places(of[by_claim])
        files[~by_claim], rows[~by_claim] = self._lines.origin.places(first_bad[of[~by_claim]])
        details = {"file": self._paths.take(pa.array(files)), "row": pa.array(rows)}
        return Bad(positions, "claim", "ingest.with_its_claim", numbers.take(pa.array(of)), details)


def _renumbered(lines: pa.Table, kept: Bools) -> pa.Table:
    """Point lines to their claims among those that are kept."""
    new = (np.cumsum(kept) - 1).astype(np.int32)
    index = pa.array(new[lines["claim_index"].to_numpy()])
    return lines.set_column(0, "claim_index", index)


def _without_partial_sequence(claims: pa.Table, warnings: list[Problem]) -> pa.Table:
    given = claims.num_rows - claims["sequence"].null_count
    if given in (0, claims.num_rows):
        return claims
    what = message("ingest.sequence_in_part", given=given, claims=claims.num_rows)
    remedy = message("ingest.sequence_in_part.remedy")
    warnings.append(Problem(what, Place(Path(CLAIMS.name), field="sequence"), remedy, "warning"))
    place = claims.column_names.index("sequence")
    return claims.set_column(place, "sequence", pa.nulls(claims.num_rows, pa.int64()))


# Amounts.


def _asked(columns: Mapping[str, pa.Array]) -> tuple[Int64s, Int64s]:
    quantity, price = (columns[name].fill_null(_UNREAD).to_numpy() for name in ("quantity", "price_asked"))
    return quantity, price


def _claimed(lines: pa.Table) -> tuple[int, int]:
    """Add up what lines claim, and count those whose amount could not be read."""
    columns = {name: lines[name].combine_chunks() for name in ("quantity", "price_asked")}
    return _added_up(_amounts(*_asked(columns)))


def _added_up(amounts: Int64s) -> tuple[int, int]:
    # In two halves, as the sum of many amounts may pass what 64 bits hold.
    read = amounts[amounts >= 0]
    return (int((read >> 32).sum()) << 32) + int((read & 0xFFFF_FFFF).sum()), len(amounts) - len(read)


@compiled
def _amounts(quantities: Any, prices: Any) -> Int64s:
    """Multiply quantities and prices; below zero where one is not known or the product is too large."""
    amounts = np.empty(len(quantities), np.int64)
    for line in range(len(quantities)):
        quantity = quantities[line]
        price = prices[line]
        if quantity < 0 or price < 0:
            amounts[line] = _UNREAD
        else:
            amount = multiply(price, quantity)
            amounts[line] = _TOO_LARGE if amount == TOO_LARGE else amount
    return amounts


# Rows against each other.


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


@compiled
def _repeated_lines(claim_of: Any, numbers: Any, claims: int) -> Bools:
    """Say of each line whether its claim has another one of its number; below zero is no number."""
    size = len(claim_of)
    repeated = np.zeros(size, np.bool_)
    rising = True
    for line in range(1, size):
        step = claim_of[line] - claim_of[line - 1]
        if step < 0 or (step == 0 and numbers[line] <= numbers[line - 1]):
            rising = False
            break
    if rising:
        return repeated
    bounds = np.zeros(claims + 1, np.int64)
    for line in range(size):
        if claim_of[line] >= 0:
            bounds[claim_of[line] + 1] += 1
    for claim in range(claims):
        bounds[claim + 1] += bounds[claim]
    place = bounds.copy()
    lines = np.empty(size, np.int64)
    for line in range(size):
        if claim_of[line] >= 0:
            lines[place[claim_of[line]]] = line
            place[claim_of[line]] += 1
    for claim in range(claims):
        own = lines[bounds[claim] : bounds[claim + 1]]
        rising = True
        for at in range(1, len(own)):
            if numbers[own[at]] <= numbers[own[at - 1]]:
                rising = False
        if rising:
            continue
        order = own[np.argsort(numbers[own])]
        for at in range(1, len(order)):
            if numbers[order[at]] == numbers[order[at - 1]] and numbers[order[at]] >= 0:
                repeated[order[at]] = True
                repeated[order[at - 1]] = True
    return repeated
