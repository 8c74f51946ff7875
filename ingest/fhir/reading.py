"""Resources in files as sources of our tables, beside CSV and Parquet: claims, their lines, registers.

A file gives a row of claims for each ``Claim``, good or bad, with its line or entry as the row's number,
and the rows of its lines. What a claim refers to is looked for in all files together, and only once
something is not said by the reference itself. So memory holds a block of a file, the rows, and an index
of what is referred to where it is needed.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator.problems import Place, Problem
from adjudicator.tables import CLAIMS, REGISTERS
from adjudicator.vocabulary import Word
from adjudicator.words import Message, message
from ingest.fhir.claim import ClaimRead, Row, claim_of
from ingest.fhir.context import KIND_OF, Index, Known, Lookup
from ingest.fhir.files import Block, Sent, blocks, head_of
from ingest.fhir.judge import Judge
from ingest.fhir.outcome import Issue
from ingest.fhir.profile import OWN_FILE, Profile, read_profile, recognised, shipped
from ingest.fhir.registers import MAIN_TABLE, rows_of
from ingest.fhir.resource import read_resource, too_deep
from ingest.fhir.scan import Look
from ingest.fhir.thorough import Unreadable, tree_of
from ingest.fhir.views import View
from ingest.raw import FIRST_ROW, Broken, Raw

CLAIM_COLUMNS: Final = tuple(column.name for column in CLAIMS.columns if column.name != "sequence")
LINE_COLUMNS: Final = ("claim", "facility", "line", "kind", "code", "quantity", "price_asked", "explanation")

REFERRED_TO: Final = frozenset((*KIND_OF, "Location", "Condition"))
"""The resources that others refer to."""

MOST_NOTICES: Final = 200
"""Kinds of notices that are told of a file."""


@dataclass
class _Notice:
    what: Message
    row: int
    expression: str
    count: int = 1


@dataclass
class Notices:
    """What was noticed in a file and is no reason to set anything aside: each kind once, with how often."""

    path: Path
    _kinds: dict[tuple[str, str], _Notice] = field(default_factory=dict)
    _not_read: dict[str, int] = field(default_factory=dict)

    def add(self, row: int, issues: Iterable[Issue]) -> None:
        """Note warnings and information about a resource."""
        for issue in issues:
            element = "".join(
                part.partition("]")[2] if place else part
                for place, part in enumerate(issue.expression.split("["))
            )
            kind = (issue.what.key, element)
            if kind in self._kinds:
                self._kinds[kind].count += 1
            elif len(self._kinds) < MOST_NOTICES:
                self._kinds[kind] = _Notice(issue.what, row, issue.expression)

    def pass_over(self, resource_type: str) -> None:
        """Note that a resource is nothing that is read."""
        name = resource_type[:40]
        if name in self._not_read or len(self._not_read) < MOST_NOTICES:
            self._not_read[name] = self._not_read.get(name, 0) + 1

    @property
    def passed_over(self) -> Mapping[str, int]:
        """How many resources of types that are not read were there."""
        return self._not_read

    def told(self) -> list[Problem]:
        """Give the notices as warnings."""
        return [
            Problem(
                message("fhir_intake.noticed", what=notice.what, count=notice.count),
                Place(self.path, row=notice.row, field=notice.expression or None),
                severity="warning",
            )
            for notice in self._kinds.values()
        ]


class Sending:
    """Some files of resources, and what is known of their senders."""

    def __init__(self, files: Sequence[Path], profile: Profile | None = None) -> None:
        self.files = list(files)
        self.profiles = _profiles(self.files, profile)
        self._notices = [Notices(path) for path in self.files]
        self.beside = _Beside(self)

    def claims(self) -> tuple[list[ClaimsFile], list[LinesFile]]:
        """Give the sources of claims and of their lines, by file; lines are there once claims were read."""
        claims = [
            ClaimsFile(path, profile, self.beside, notices)
            for path, profile, notices in zip(self.files, self.profiles, self._notices, strict=True)
        ]
        return claims, [LinesFile(source) for source in claims]

    def registers(self, wanted: Collection[str]) -> dict[str, list[RegisterFile]]:
        """Read everything and give the sources of registers: only those that hold rows.

        Raises:
            Refused: a file cannot be read.
        """
        found: dict[str, list[RegisterFile]] = {}
        told: set[tuple[object, ...]] = set()
        for path, profile, notices in zip(self.files, self.profiles, self._notices, strict=True):
            reading = _RegisterReading(profile, self.beside, notices, told)
            for block in blocks(path):
                reading.read(block)
            for table, pieces in reading.pieces.items():
                if table in wanted:
                    found.setdefault(table, []).append(RegisterFile(path, table, pieces))
        return found

    def warnings(self) -> list[Problem]:
        """Give what was noticed so far, in the order of the files."""
        passed: Counter[str] = Counter()
        places: dict[str, Path] = {}
        for notices in self._notices:
            for name, count in notices.passed_over.items():
                passed[name] += count
                places.setdefault(name, notices.path)
        return [problem for notices in self._notices for problem in notices.told()] + [
            Problem(
                message("fhir_intake.not_read", type=name, count=count),
                Place(places[name]),
                severity="warning",
            )
            for name, count in sorted(passed.items())
        ]

    def referred_to(self) -> Iterator[tuple[Block, Profile]]:
        """Give everything that was sent, with the profile of each file."""
        for path, profile in zip(self.files, self.profiles, strict=True):
            for block in blocks(path):
                yield block, profile


def _profiles(files: Sequence[Path], given: Profile | None) -> list[Profile]:
    """Find the profile of each file: the one given, that in its folder, or by what the file says.

    A file that says nothing goes with those in its folder that do, if they are of one sender.
    """
    if given is not None:
        return [given] * len(files)
    own: dict[Path, Profile | None] = {}
    for path in files:
        if path.parent not in own:
            held = path.parent / OWN_FILE
            own[path.parent] = read_profile(held) if held.is_file() else None
    found = [own[path.parent] or recognised(head_of(path)) for path in files]
    senders: dict[Path, set[Profile]] = {}
    for path, profile in zip(files, found, strict=True):
        if profile is not shipped():
            senders.setdefault(path.parent, set()).add(profile)
    return [
        next(iter(senders[path.parent]))
        if profile is shipped() and len(senders.get(path.parent, ())) == 1
        else profile
        for path, profile in zip(files, found, strict=True)
    ]


class _Beside:
    """Everything that was sent in all files, read when something is first looked for."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._index: Index | None = None
        self._lock = threading.Lock()

    def _read(self) -> Index:
        with self._lock:
            if self._index is None:
                index = Index()
                for block, profile in self._sending.referred_to():
                    _index(block, profile, index)
                self._index = index
            return self._index

    def find(self, reference: str) -> Known | None:
        """Give the resource that a reference leads to."""
        return (self._index or self._read()).find(reference)

    def group_of(self, reference: str) -> str | None:
        """Give the code of the group that has a resource among its members."""
        return (self._index or self._read()).group_of(reference)


def _index(block: Block, profile: Profile, index: Index) -> None:
    for sent in block.sent:
        kind = sent.seen.resource_type
        if kind not in REFERRED_TO or sent.issue is not None:
            continue
        if kind == "Condition":
            try:
                tree = tree_of(sent.body)
            except Unreadable:
                continue
            resource: Any = View(tree) if isinstance(tree, dict) else None
        else:
            resource, _ = read_resource(sent.body, sent.seen, kind, profile)
        if resource is not None:
            index.add(resource, kind, profile, sent.full_url)


def lookup_of(block: Block, profile: Profile, beside: Lookup) -> Lookup:
    """Give what finds resources for those of a block: a document's own come first."""
    if not block.together:
        return beside
    index = Index(beside)
    _index(block, profile, index)
    return index


def type_of(sent: Sent) -> tuple[str, Issue | None]:
    """Say of what type a resource is, or why that cannot be said."""
    if sent.issue is not None or sent.seen.resource_type:
        return sent.seen.resource_type, sent.issue
    if sent.seen.look is Look.TOO_DEEP:
        return "", too_deep()
    try:
        tree = tree_of(sent.body)
    except Unreadable as unread:
        return "", unread.issue
    except RecursionError:
        tree = None
    kind = tree.get("resourceType") if isinstance(tree, dict) else None
    if isinstance(kind, str) and kind:
        return kind, None
    return "", Issue("fatal", "structure", message("fhir_intake.no_type"))


def taken_claim(sent: Sent, profile: Profile, lookup: Lookup) -> ClaimRead:
    """Read a claim of a file, which holds claims only: nothing that is asked beforehand."""
    resource, judge = read_resource(sent.body, sent.seen, "Claim", profile)
    if resource is None:
        return ClaimRead(None, outcome=judge.issues)
    if resource.use != "claim":
        judge.wrong("not_a_claim", "business-rule", "use", resource.use or "", use=resource.use or "")
    return claim_of(resource, judge, profile, lookup)


@dataclass
class ClaimsFile:
    """The claims of a file."""

    path: Path
    profile: Profile
    beside: Lookup
    notices: Notices
    lines: dict[int, Raw] = field(default_factory=dict)
    """The lines of each block that was read."""
    header: tuple[str, ...] = CLAIM_COLUMNS

    def pieces(self, wanted: Sequence[str], keys: Collection[str]) -> Iterator[Callable[[], Raw]]:
        """Give the file in pieces, each to be read by a call; see :class:`ingest.sources.Source`.

        Raises:
            Refused: the file cannot be read to its end.
        """
        for number, block in enumerate(blocks(self.path)):
            yield partial(self._read, number, block, wanted)

    def _read(self, number: int, block: Block, wanted: Sequence[str]) -> Raw:
        lookup = lookup_of(block, self.profile, self.beside)
        rows: list[Row] = []
        records: list[int] = []
        lines: list[Row] = []
        line_records: list[int] = []
        broken: list[Broken] = []
        for sent in block.sent:
            record = sent.row - block.first
            kind, issue = type_of(sent)
            if issue is not None:
                broken += broken_by([issue], record)
                continue
            if kind != "Claim":
                if kind not in REFERRED_TO and kind not in MAIN_TABLE:
                    self.notices.pass_over(kind)
                continue
            read = taken_claim(sent, self.profile, lookup)
            if read.claim is None:
                broken += broken_by(read.outcome, record)
                continue
            if read.outcome:
                self.notices.add(sent.row, read.outcome)
            rows.append(read.claim)
            records.append(record)
            lines += read.lines
            line_records += [record] * len(read.lines)
        self.lines[number] = raw_of(lines, LINE_COLUMNS, line_records, [], block.rows)
        return raw_of(rows, wanted, records, broken, block.rows)


@dataclass(frozen=True)
class LinesFile:
    """The lines of a file's claims, once these were read."""

    claims: ClaimsFile
    header: tuple[str, ...] = LINE_COLUMNS

    @property
    def path(self) -> Path:
        """The file."""
        return self.claims.path

    def pieces(self, wanted: Sequence[str], keys: Collection[str]) -> Iterator[Callable[[], Raw]]:
        """Give the lines in the pieces that the claims came in."""
        for number in sorted(self.claims.lines):
            yield partial(self._read, number, wanted)

    def _read(self, number: int, wanted: Sequence[str]) -> Raw:
        held = self.claims.lines.pop(number)
        return Raw({name: held.columns[name] for name in wanted}, held.records, held.numbers)


@dataclass(frozen=True)
class RegisterFile:
    """The rows of one register that a file gives."""

    path: Path
    table: str
    held: list[Raw]

    @property
    def header(self) -> tuple[str, ...]:
        """The columns, all of the table."""
        return tuple(column.name for column in REGISTERS[self.table].columns)

    def pieces(self, wanted: Sequence[str], keys: Collection[str]) -> Iterator[Callable[[], Raw]]:
        """Give the rows in the pieces that they came in."""
        for raw in self.held:
            yield partial(
                Raw, {name: raw.columns[name] for name in wanted}, raw.records, raw.numbers, raw.broken
            )


class _RegisterReading:
    """Rows of registers from one file."""

    def __init__(
        self, profile: Profile, beside: Lookup, notices: Notices, told: set[tuple[object, ...]]
    ) -> None:
        self.pieces: dict[str, list[Raw]] = {}
        self._told = told
        self._profile = profile
        self._beside = beside
        self._notices = notices
        self._rows_before = 0

    def read(self, block: Block) -> None:
        """Take in a block."""
        lookup = lookup_of(block, self._profile, self._beside)
        rows: dict[str, list[Row]] = {}
        records: dict[str, list[int]] = {}
        broken: dict[str, list[Broken]] = {}
        for sent in block.sent:
            record = sent.row - block.first
            kind, issue = type_of(sent)
            if issue is not None and issue.what.key == "fhir_intake.no_type" and block.rows == 1:
                # A file of something else.
                self._notices.add(sent.row, [issue])
                continue
            if issue is not None:
                broken.setdefault(MAIN_TABLE.get(kind, "insurees"), []).extend(broken_by([issue], record))
                continue
            if kind not in MAIN_TABLE:
                if kind not in REFERRED_TO and kind != "Claim":
                    self._notices.pass_over(kind)
                continue
            judge, found = self._rows(sent, kind, lookup)
            if judge.refuses:
                broken.setdefault(MAIN_TABLE[kind], []).extend(broken_by(judge.issues, record))
                continue
            self._notices.add(sent.row, judge.issues)
            for table, row in found:
                if self._is_new(table, row, block.together):
                    rows.setdefault(table, []).append(row)
                    records.setdefault(table, []).append(record)
        self._take(rows, records, broken, block)

    def _rows(self, sent: Sent, kind: str, lookup: Lookup) -> tuple[Judge, list[tuple[str, Row]]]:
        resource, judge = read_resource(sent.body, sent.seen, kind, self._profile)
        if resource is None:
            return judge, []
        return judge, rows_of(resource, kind, self._profile, judge, lookup)

    def _is_new(self, table: str, row: Row, together: bool) -> bool:
        """Whether a row is not just what another resource said.

        Several members tell of one family and one policy, and each Bundle brings what its resources refer to.
        """
        if not together and table not in ("policies", "families"):
            return True
        key = (table, *row.values())
        if key in self._told:
            return False
        self._told.add(key)
        return True

    def _take(
        self,
        rows: dict[str, list[Row]],
        records: dict[str, list[int]],
        broken: dict[str, list[Broken]],
        block: Block,
    ) -> None:
        for table in dict.fromkeys((*rows, *broken)):
            held = self.pieces.setdefault(table, [])
            if not held and self._rows_before:
                # Rows are counted from the file's first.
                held.append(raw_of([], _columns(table), [], [], self._rows_before))
            held.append(
                raw_of(
                    rows.get(table, []),
                    _columns(table),
                    records.get(table, []),
                    broken.get(table, []),
                    block.rows,
                )
            )
        for table, held in self.pieces.items():
            if table not in rows and table not in broken:
                held.append(raw_of([], _columns(table), [], [], block.rows))
        self._rows_before += block.rows


def _columns(table: str) -> tuple[str, ...]:
    return tuple(column.name for column in REGISTERS[table].columns)


def broken_by(issues: Iterable[Issue], record: int) -> list[Broken]:
    """Give the errors of a resource that is set aside."""
    return [
        Broken(record, issue.what, issue.value, issue.expression or None) for issue in issues if issue.refuses
    ]


def raw_of(
    rows: Sequence[Row], names: Sequence[str], records: Sequence[int], broken: Sequence[Broken], size: int
) -> Raw:
    """Put rows into columns of text, those that are broken last, with nothing in them.

    Args:
        rows: by the names of the columns.
        names: of the columns.
        records: the line or entry of each row in its block, from 0.
        broken: what is wrong, resource by resource.
        size: lines or entries of the block.
    """
    lost = list(dict.fromkeys(one.record for one in broken))
    columns = {name: _column([row.get(name) for row in rows], len(lost)) for name in names}
    # A table's first record stands in the row below its header; here there is none.
    numbers = np.array([*records, *lost], np.int64) - (FIRST_ROW - 1)
    return Raw(columns, size, numbers, tuple(broken))


def _column(values: list[Any], nothing: int) -> pa.Array:
    """Write values as text, and so many times nothing after them."""
    values += [None] * nothing
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        # Most columns are text; this one is not.
        return pa.array([_written(value) for value in values], pa.string())


def _written(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    if type(value) is Decimal:
        text = str(value)
        return f"{value:f}" if "E" in text else text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Word):
        return value.word
    return str(value)
