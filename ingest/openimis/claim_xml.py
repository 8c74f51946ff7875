"""Claims as openIMIS's phone application sends them: an XML document for each.

A document has the element ``Claim`` with ``Details`` (who, where, when and why), ``Items`` and ``Services``.
Dates are written day/month/year by older applications, year-month-day by newer ones. The parser resolves
nothing, takes no document type, and stops at limits of size, depth and number of elements, so that a
document costs no more than its own bytes. A document that cannot be read whole is set aside whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from xml.parsers import expat

import pyarrow as pa

from adjudicator.problems import Place, Problem
from adjudicator.tables import CLAIMS
from adjudicator.vocabulary import OPENIMIS_LETTERS, Kind, VisitType
from adjudicator.words import Message, message
from ingest.openimis.cells import cleaned, read_date
from ingest.raw import Broken, Raw

SUFFIX: Final = ".xml"

LARGEST: Final = 4 << 20
"""Bytes that a document may have; one with a thousand lines has 200,000."""
DEEPEST: Final = 8
MOST_ELEMENTS: Final = 50_000
LONGEST_TEXT: Final = 10_000

_DETAILS: Final = {
    "ClaimCode": "claim",
    "HFCode": "facility",
    "CHFID": "insuree",
    "StartDate": "date_from",
    "EndDate": "date_to",
    "ClaimDate": "date_claimed",
    "VisitType": "visit_type",
    "ICDCode": "diagnosis",
    "ICDCode1": "diagnosis_1",
    "ICDCode2": "diagnosis_2",
    "ICDCode3": "diagnosis_3",
    "ICDCode4": "diagnosis_4",
    "ClaimAdmin": "administrator",
    "GuaranteeNo": "guarantee",
    "Comment": "explanation",
}
"""The elements of ``Details`` and our columns for them."""

_NOT_NEEDED: Final = frozenset(("Total",))
"""Elements that say again what follows from others."""

_LINES: Final = {"Items": ("Item", Kind.ITEM), "Services": ("Service", Kind.SERVICE)}
_LINE: Final = {"Code": "code", "Quantity": "quantity", "Price": "price_asked"}
_DATES: Final = frozenset(("date_from", "date_to", "date_claimed"))


class NotReadable(Exception):  # noqa: N818 - a document is not fit; nothing of the program's is in error
    """A document cannot be read, for a reason in words."""

    def __init__(self, key: str, /, **values: object) -> None:
        self.reason: Message = message(f"openimis.xml.{key}", **values)
        super().__init__(key)


@dataclass
class Element:
    """An element of a document, with what is inside it."""

    name: str
    children: list[Element] = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True)
class Claim:
    """A claim as a document has it: a row of claims, and its rows of claim_lines, as text."""

    row: dict[str, str | None]
    lines: list[dict[str, str | None]]
    ignored: tuple[str, ...]
    """Elements that mean nothing here."""


# Parsing.


def parse(data: bytes) -> Element:
    """Parse a document.

    Raises:
        NotReadable: it is no XML, declares a document type or entities, or is past a limit.
    """
    if len(data) > LARGEST:
        raise NotReadable("too_large", most=LARGEST)
    parser = expat.ParserCreate()
    building = _Building()
    parser.StartElementHandler = building.start
    parser.EndElementHandler = building.end
    parser.CharacterDataHandler = building.text
    parser.StartDoctypeDeclHandler = building.doctype
    parser.EntityDeclHandler = building.doctype
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotReadable("not_xml", line=error.lineno, column=error.offset + 1) from None
    except (ValueError, LookupError):
        raise NotReadable("encoding") from None
    assert building.root is not None
    return building.root


class _Building:
    """Puts elements together as the parser finds them."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) >= DEEPEST:
            raise NotReadable("too_deep", most=DEEPEST)
        if self._elements > MOST_ELEMENTS:
            raise NotReadable("too_many", most=MOST_ELEMENTS)
        # Newer senders put the names into a namespace.
        element = Element(name.rpartition(":")[2])
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, name: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        element = self._open[-1]
        if len(element.text) + len(data) > LONGEST_TEXT:
            raise NotReadable("text_too_long", element=element.name, most=LONGEST_TEXT)
        element.text += data

    def doctype(self, *declared: object) -> None:
        raise NotReadable("doctype")


def read_document(data: bytes) -> list[Claim]:
    """Read the claims of a document: the root is a ``Claim``, or holds several.

    Raises:
        NotReadable: the document is no claim of openIMIS, or cannot be read whole.
    """
    root = parse(data)
    if root.name == "Claims":
        if other := next((child.name for child in root.children if child.name != "Claim"), None):
            raise NotReadable("not_a_claim", element=other)
        return [_claim(child) for child in root.children]
    if root.name != "Claim":
        raise NotReadable("not_a_claim", element=root.name)
    return [_claim(root)]


def _claim(element: Element) -> Claim:
    parts = _single(element)
    if "Details" not in parts:
        raise NotReadable("no_details")
    row: dict[str, str | None] = {}
    ignored = [name for name in parts if name not in ("Details", *_LINES)]
    for name, child in _single(parts["Details"]).items():
        if name in _DETAILS:
            row[_DETAILS[name]] = _value(_DETAILS[name], _text(child))
        elif name not in _NOT_NEEDED:
            ignored.append(f"Details/{name}")
    lines: list[dict[str, str | None]] = []
    for group, (one, kind) in _LINES.items():
        for child in parts[group].children if group in parts else ():
            if child.name != one:
                raise NotReadable("unexpected", element=child.name, within=group)
            lines.append(_line(child, kind, len(lines) + 1, ignored))
    for line in lines:
        line |= {"claim": row.get("claim"), "facility": row.get("facility")}
    return Claim(row, lines, tuple(dict.fromkeys(ignored)))


def _line(element: Element, kind: Kind, number: int, ignored: list[str]) -> dict[str, str | None]:
    line: dict[str, str | None] = {"line": str(number), "kind": kind.word}
    for name, child in _single(element).items():
        column = _LINE.get(name.removeprefix(element.name)) if name.startswith(element.name) else None
        if column is not None:
            line[column] = _text(child)
        elif child.children:
            raise NotReadable("package", element=name)
        else:
            ignored.append(f"{element.name}/{name}")
    return line


def _single(element: Element) -> dict[str, Element]:
    """Give the elements inside another by name; none may be there twice."""
    found: dict[str, Element] = {}
    for child in element.children:
        if child.name in found:
            raise NotReadable("twice", element=child.name, within=element.name)
        found[child.name] = child
    return found


def _text(element: Element) -> str | None:
    if element.children:
        raise NotReadable("unexpected", element=element.children[0].name, within=element.name)
    return cleaned(element.text)


def _value(column: str, given: str | None) -> str | None:
    """Put a value as our tables have it; what cannot be put so stays, for the reader of cells to name."""
    if given is None:
        return None
    if column in _DATES:
        day = read_date(given)
        return given if day is None else day.isoformat()
    if column == "visit_type":
        word = OPENIMIS_LETTERS[VisitType].get(given.upper())
        return given if word is None else word.word
    return given


# As sources of tables.


@dataclass(frozen=True)
class Rows:
    """The rows that a document has of a table; or a row that is broken, with the reason."""

    path: Path
    header: tuple[str, ...]
    rows: Sequence[dict[str, str | None]]
    broken: Broken | None = None

    def pieces(self, wanted: Sequence[str], keys: Collection[str]) -> Iterator[Callable[[], Raw]]:
        """Give all rows in one piece."""
        yield partial(self._read, wanted)

    def _read(self, wanted: Sequence[str]) -> Raw:
        rows = [*self.rows, {}] if self.broken else self.rows
        columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in wanted}
        return Raw(columns, len(rows), broken=(self.broken,) if self.broken else ())


@dataclass(frozen=True)
class Documents:
    """The documents that were found, as sources of claims and of lines."""

    claims: tuple[Rows, ...] = ()
    lines: tuple[Rows, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def files(self) -> frozenset[Path]:
        """The documents."""
        return frozenset(rows.path for rows in self.claims)

    def of(self, table: str) -> tuple[Rows, ...]:
        """Give the sources of a table."""
        return self.claims if table == CLAIMS.name else self.lines


_CLAIM_HEADER: Final = tuple(_DETAILS.values())
_LINE_HEADER: Final = ("claim", "facility", "line", "kind", *_LINE.values())


def find_documents(sources: Iterable[Path]) -> Documents:
    """Read the claim documents among files and folders: those that end in ``.xml``, in the order of names."""
    paths: dict[Path, Path] = {}
    for source in sources:
        listed = [source] if source.is_file() else sorted(source.iterdir()) if source.is_dir() else []
        for path in listed:
            if path.name.lower().endswith(SUFFIX) and path.is_file() and not path.name.startswith((".", "_")):
                paths.setdefault(path.resolve(), path)
    claims, lines, warnings = [], [], []
    for path in sorted(paths.values(), key=str):
        try:
            # No more than one byte above the limit is ever read.
            with path.open("rb") as file:
                read = read_document(file.read(LARGEST + 1))
        except NotReadable as found:
            claims.append(Rows(path, _CLAIM_HEADER, (), Broken(0, found.reason, path.name)))
            continue
        claims.append(Rows(path, _CLAIM_HEADER, [claim.row for claim in read]))
        lines.append(Rows(path, _LINE_HEADER, [line for claim in read for line in claim.lines]))
        if ignored := list(dict.fromkeys(name for claim in read for name in claim.ignored)):
            what = message("openimis.xml.ignored", elements=ignored)
            warnings.append(Problem(what, Place(path), message("openimis.xml.ignored.remedy"), "warning"))
    return Documents(tuple(claims), tuple(lines), tuple(warnings))
