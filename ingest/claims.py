"""Claims and their lines, read whole or not at all: a claim of which any row is bad is set aside with all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.problems import Place, Problem
from adjudicator.tables import CLAIM_LINES, CLAIMS, DIAGNOSIS_COLUMNS
from adjudicator.units import LARGEST_AMOUNT
from adjudicator.words import Amount, Message, message
from ingest.amounts import claimed, too_large
from ingest.claim_index import AMBIGUOUS, NO_CLAIM, ClaimIndex, index_claims
from ingest.counts import Counts, Tally, Totals
from ingest.fhir.files import find_resources
from ingest.fhir.profile import Profile
from ingest.fhir.reading import Sending
from ingest.found import find
from ingest.intake import Intake, bad_rows
from ingest.memory import PyRows, in_memory
from ingest.openimis.claim_xml import find_documents
from ingest.rows import Bad, Batch, Origin, faults, read_rows
from ingest.set_aside import SetAside
from ingest.sources import Findings, Opened, Source, check_headers, open_table

REPEATING: Final = frozenset({"facility", "code", "administrator", "referred_from", *DIAGNOSIS_COLUMNS})
"""Columns of text that become ``dictionary<int32, string>``: their values are few."""

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
        places, following = np.flatnonzero(dropped), np.flatnonzero(dropped[of])
        bad = Bad(claims.at(places), "claim", why.key, numbers.take(pa.array(places)), why.values)
        files, file_rows = claims.origin.places(claims.at(of[following]))
        paths = pa.array([str(file) for file in self.files], pa.string())
        details = {"file": paths.take(pa.array(files)), "row": pa.array(file_rows)}
        values = numbers.take(pa.array(of[following]))
        with_it = Bad(lines.at(following), "claim", "ingest.with_its_claim", values, details)
        noted = [faults(CLAIMS.name, bad, claims.origin), faults(CLAIM_LINES.name, with_it, lines.origin)]
        set_aside = SetAside(self.files, self.set_aside.faults + noted)
        reading = self._kept(~dropped, ~dropped[of], set_aside)
        reading.totals.check()
        return reading

    def _kept(self, claims: Bools, lines: Bools, set_aside: SetAside) -> ClaimsReading:
        """Keep some of the claims and lines; count what is kept and what goes, each by itself."""
        index = (np.cumsum(claims) - 1).astype(np.int32)
        gone = self.lines.select(["quantity", "price_asked"]).filter(pa.array(~lines))
        kept = _filtered(self.lines, lines)
        kept = kept.set_column(0, "claim_index", pa.array(index[kept["claim_index"].to_numpy()]))
        tally = Tally(int(np.count_nonzero(claims)), kept.num_rows, *claimed(_columns(kept)))
        went = Tally(int(np.count_nonzero(~claims)), int(np.count_nonzero(~lines)), *claimed(_columns(gone)))
        return replace(
            self,
            claims=_filtered(self.claims, claims),
            lines=kept,
            set_aside=set_aside,
            totals=Totals(self.totals.received, tally, self.totals.set_aside + went),
            standing=(self.standing[0].kept(claims), self.standing[1].kept(lines)),
        )


def _columns(table: pa.Table) -> dict[str, pa.Array]:
    """Give the columns of a table, each in one piece."""
    return {name: table[name].combine_chunks() for name in table.column_names}


def _filtered(table: pa.Table, kept: Bools) -> pa.Table:
    mask = pa.array(kept)
    return pa.table({name: held.filter(mask) for name, held in _columns(table).items()})


def read_claims(
    sources: Sequence[Path], decimals: int, facilities: pa.Table | None, profile: Profile | None = None
) -> ClaimsReading:
    """Read claims and their lines from folders or files.

    A claim is taken whole or set aside whole: because a row of it cannot be read, its number is used twice by
    its facility, a line number stands twice in it, or its facility is unknown or not valid on its target date
    (law, section 4.1). What the law rejects by itself is no matter here: unknown provisions, insurees and
    diagnoses. A line need not name the facility where only one has a claim of its number.

    Args:
        sources: see :func:`ingest.found.find` for the files of a table and of FHIR resources, and
            :func:`ingest.openimis.claim_xml.find_documents` for claims that are documents of their own.
        decimals: of the scheme's currency.
        facilities: the typed register; None: facilities are not judged.
        profile: of who sent FHIR resources; None: found in their folder, or by what they say.

    Raises:
        Refused: files that cannot be read, or columns that are missing, twice there or of a wrong type.
    """
    found = find(sources, [CLAIMS.name, CLAIM_LINES.name])
    documents = find_documents(sources)
    resources = find_resources(found.resources)
    sending = Sending(resources.files, profile)
    of_claims, of_lines = sending.claims()
    sent: dict[str, Sequence[Source]] = {CLAIMS.name: of_claims, CLAIM_LINES.name: of_lines}
    warnings = [problem for problem in found.warnings if problem.place.file not in documents.files]
    findings = Findings(warnings=[*warnings, *documents.warnings, *resources.warnings])
    alone = not any(found.files.values()) and (documents.claims or sending.files)
    opened = {}
    for table in (CLAIMS, CLAIM_LINES):
        if not found.files[table.name] and not alone:
            what, remedy = (
                message(key, table=table.name) for key in ("ingest.no_table", "ingest.no_table.remedy")
            )
            findings.errors.append(Problem(what, Place(sources[0] if sources else None), remedy))
        tables = open_table(table, found.files[table.name], REPEATING, findings)
        others = (*documents.of(table.name), *sent[table.name])
        opened[table.name] = replace(tables, sources=(*tables.sources, *others))
    reading = _read(opened, decimals, facilities, findings)
    return replace(reading, warnings=reading.warnings + sending.warnings())


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
    claim_of = lines.columns.pop("claim_index", pa.array([], pa.int32()))
    intake = Intake(claims, lines, claim_of.to_numpy(), index, files)
    intake.judge_numbers()
    if facilities is not None:
        intake.judge_facilities(facilities)
    intake.judge_lines()
    sifted = intake.sift()
    received = Tally(claims.size, lines.size, joining.claimed, joining.unread)
    columns = {name: lines.columns[name] for name in lines.columns if name not in ("claim", "facility")}
    reading = ClaimsReading(
        pa.table(claims.columns),
        pa.table({"claim_index": claim_of, **columns}),
        sifted.set_aside,
        findings.warnings,
        Totals(received, received, Tally()),
        files,
        (Standing(claims.origin), Standing(lines.origin)),
    )
    if not (sifted.claims.all() and sifted.lines.all()):
        reading = reading._kept(sifted.claims, sifted.lines, sifted.set_aside)
    reading = replace(reading, claims=_without_partial_sequence(reading.claims, findings.warnings))
    reading.totals.check()
    return reading


class _Joining:
    """Puts lines and claims together, batch by batch, and adds up what the lines claim."""

    def __init__(self, index: ClaimIndex, decimals: int) -> None:
        self._index = index
        self._largest = Amount(LARGEST_AMOUNT, decimals)
        self._sums: list[tuple[int, int]] = []

    @property
    def claimed(self) -> int:
        """What all lines claim, as far as it is known."""
        return sum(amount for amount, _ in self._sums)

    @property
    def unread(self) -> int:
        """The lines whose amount is not known."""
        return sum(unread for _, unread in self._sums)

    def join(self, batch: Batch) -> Batch:
        """Put the index of its claim to each line, in place of the claim's number and facility."""
        columns = dict(batch.columns)
        numbers = columns.pop("claim")
        found = self._index.find(numbers, columns.pop("facility", None))
        broken = np.concatenate([np.zeros(0, np.int64), *(b.positions for b in batch.bad if b.field is None)])
        lost = broken[found[broken] == NO_CLAIM]
        if len(lost):
            # The cells of a broken row may have shifted: the number alone must do, where it is one claim's.
            found[lost] = np.maximum(self._index.find(numbers.take(pa.array(lost)), None), NO_CLAIM)
        ambiguous = found <= AMBIGUOUS
        columns["claim_index"] = pa.array(np.where(ambiguous, AMBIGUOUS - found, found), pa.int32())
        amount, unread = claimed(columns)
        self._sums.append((amount, unread))
        readable = np.ones(batch.size, np.bool_)
        for bad in batch.bad:
            readable[bad.positions] = False
        more = [
            bad_rows((found == NO_CLAIM) & readable, "claim", "ingest.line_without_claim", numbers),
            bad_rows(ambiguous, "claim", "ingest.ambiguous_claim", numbers),
        ]
        if unread:
            no_values = pa.nulls(batch.size, pa.string())
            more.append(
                bad_rows(too_large(columns), None, "ingest.line_too_large", no_values, largest=self._largest)
            )
        return replace(batch, columns=columns, bad=batch.bad + [bad for bad in more if len(bad.positions)])


def _without_partial_sequence(claims: pa.Table, warnings: list[Problem]) -> pa.Table:
    given = claims.num_rows - claims["sequence"].null_count
    if given in (0, claims.num_rows):
        return claims
    what = message("ingest.sequence_in_part", given=given, claims=claims.num_rows)
    remedy = message("ingest.sequence_in_part.remedy")
    warnings.append(Problem(what, Place(Path(CLAIMS.name), field="sequence"), remedy, "warning"))
    place = claims.column_names.index("sequence")
    return claims.set_column(place, "sequence", pa.nulls(claims.num_rows, pa.int64()))
