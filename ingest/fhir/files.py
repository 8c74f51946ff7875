"""Resources in files, in bounds: NDJSON by the line, single resources, Bundles, manifests; plain or gzip.

Nothing is ever held but a block of lines, or one document of limited size. A file that grows out of
proportion as it is unpacked is refused before it fills the machine.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, cast
from urllib.parse import unquote, urlsplit

import msgspec
import numpy as np

from adjudicator.problems import Place, Problem, Refused, problem_of, refused
from adjudicator.words import Message, message
from ingest.delimited import unreadable
from ingest.fhir import structs
from ingest.fhir.outcome import Issue
from ingest.fhir.resource import LONGEST, too_deep
from ingest.fhir.scan import Look, Seen, look_at
from ingest.fhir.thorough import Unreadable, findings, tree_of

BLOCK: Final = 1 << 22
"""Bytes of lines that are read at a time."""

LARGEST_DOCUMENT: Final = 1 << 27
"""Bytes of the largest file that is one JSON document."""

FREE: Final = 1 << 26
"""Unpacked bytes that any packed file may have."""

LARGEST_RATIO: Final = 200
"""Unpacked bytes for each packed one, beyond :data:`FREE`; FHIR packs to a tenth or a thirtieth."""

TAKEN_BUNDLES: Final = frozenset(("transaction", "batch", "collection", "searchset"))

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Sent(NamedTuple):
    """A resource as it was sent."""

    row: int
    """The line of its file, or the number of its entry in a Bundle, from 1."""
    body: bytes
    seen: Seen
    full_url: str | None = None
    issue: Issue | None = None
    """Why it cannot even be looked at."""


@dataclass(frozen=True)
class Block:
    """Resources that stand together in a file."""

    rows: int
    """Lines or entries, those without a resource as well."""
    first: int
    """The row of the first."""
    sent: list[Sent]
    together: bool = False
    """Whether they are one document, whose references lead to each other."""


@dataclass
class Found:
    """The files of resources among sources, and what else is to be said of them."""

    files: list[Path] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


class TooMuch(Exception):  # noqa: N818 - the file is
    """A file unpacks to more than is reasonable."""


class _Bounded:
    """A packed file that is unpacked as long as it is in proportion."""

    def __init__(self, path: Path) -> None:
        self._file = gzip.open(path, "rb")  # noqa: SIM115 - closed by its user
        self._left = FREE + LARGEST_RATIO * path.stat().st_size

    def read(self, size: int) -> bytes:
        """Read at most so many bytes."""
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise TooMuch
        return data

    def __enter__(self) -> _Bounded:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def find_resources(files: Iterable[Path]) -> Found:
    """Take manifests for the files that they name.

    Args:
        files: of resources, by their names (``RESOURCES``).

    Returns:
        The files of resources, in the order of their paths, each once; files that a manifest lists as errors
        are left out.

    Raises:
        Refused: a manifest names a file that is not there.
    """
    found = Found()
    taken: dict[Path, Path] = {}
    left_out: set[Path] = set()
    problems: list[Problem] = []
    for path in files:
        manifest = _manifest(path)
        if manifest is None:
            taken.setdefault(path.resolve(), path)
            continue
        for entry in manifest.output or ():
            held = _held_at(path, entry.url)
            if held is None:
                problems.append(problem_of("fhir_intake.manifest.missing", Place(path), url=entry.url))
            else:
                taken.setdefault(held.resolve(), held)
        for entry in (*(manifest.error or ()), *(manifest.outcome or ()), *(manifest.deleted or ())):
            held = _held_at(path, entry.url)
            if held is not None:
                left_out.add(held.resolve())
        if manifest.deleted:
            what = message("fhir_intake.manifest.deleted", files=len(manifest.deleted))
            remedy = message("fhir_intake.manifest.deleted.remedy")
            found.warnings.append(Problem(what, Place(path), remedy, "warning"))
    if problems:
        raise Refused(problems)
    found.files = sorted((path for key, path in taken.items() if key not in left_out), key=str)
    return found


class _Output(msgspec.Struct):
    url: str
    type: str | None = None


class _Manifest(msgspec.Struct, rename="camel"):
    """A manifest of HL7 Bulk Data, as far as it matters."""

    transaction_time: str
    output: list[_Output] | None = None
    error: list[_Output] | None = None
    outcome: list[_Output] | None = None
    deleted: list[_Output] | None = None


_MANIFEST: Final = msgspec.json.Decoder(_Manifest)
_LARGEST_MANIFEST: Final = 1 << 24


def _manifest(path: Path) -> _Manifest | None:
    """Read a manifest, if a file is one."""
    name = path.name.lower()
    if not name.endswith((".json", ".json.gz")):
        return None
    try:
        with _opened(path) as file:
            head = file.read(_LARGEST_MANIFEST)
        if b'"transactionTime"' not in head or b'"resourceType"' in head:
            return None
        return _MANIFEST.decode(head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TooMuch, OSError, EOFError, zlib.error):
        # What is wrong with it is told when it is read.
        return None


def _held_at(manifest: Path, url: str) -> Path | None:
    """Find the file that a manifest means: below its own folder, by its path or by its name alone."""
    folder = manifest.parent.resolve()
    path = unquote(urlsplit(url).path)
    for name in (path, path.rpartition("/")[2]):
        try:
            held = (folder / name).resolve()
            if name and held.is_relative_to(folder) and held.is_file():
                return manifest.parent / held.relative_to(folder)
        except (OSError, ValueError):
            continue
    return None


def head_of(path: Path, size: int = 1 << 16) -> bytes:
    """Read the beginning of a file.

    Raises:
        Refused: it cannot be read.
    """
    try:
        with _opened(path) as file:
            return cast(bytes, file.read(size))
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from None


def blocks(path: Path) -> Iterator[Block]:
    """Read the resources of a file.

    Raises:
        Refused: it cannot be read to its end, or unpacks to more than is reasonable.
    """
    try:
        with _opened(path) as file:
            if path.name.lower().endswith((".json", ".json.gz")):
                yield _document(path, file)
            else:
                yield from _lines(file)
    except TooMuch:
        raise refused("fhir_intake.unpacks_too_much", Place(path), ratio=LARGEST_RATIO) from None
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from None


def _opened(path: Path) -> Any:
    return _Bounded(path) if path.name.lower().endswith(".gz") else path.open("rb")


def _lines(file: Any) -> Iterator[Block]:
    """Read lines, in blocks of whole ones; a line that is too long is passed over, and told."""
    carry = b""
    first = 1
    too_long = False
    at_start = True
    at_end = False
    while not at_end:
        read = file.read(BLOCK)
        if at_start:
            read = read.removeprefix(_BYTE_ORDER_MARK)
            at_start = False
        at_end = not read
        if too_long:
            # The rest of a line whose beginning was let go.
            stop = read.find(b"\n")
            if stop < 0 and not at_end:
                continue
            read = read[stop + 1 :] if stop >= 0 else b""
            too_long = False
            yield Block(1, first, [_too_long(first)])
            first += 1
        data = carry + read
        stop = len(data) if at_end else data.rfind(b"\n") + 1
        carry = data[stop:]
        if len(carry) > LONGEST:
            carry, too_long = b"", True
        if stop:
            block = _block(data[:stop], first)
            first += block.rows
            yield block


def _too_long(row: int) -> Sent:
    issue = Issue("fatal", "too-long", message("fhir_intake.too_large", most=LONGEST >> 20))
    return Sent(row, b"", Seen(0, 0, Look.DOUBTFUL, ""), issue=issue)


def _block(data: bytes, first: int) -> Block:
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    seen = list(look_at(data, True))
    rows = np.searchsorted(ends, [one.start for one in seen]).tolist() if seen else []
    lines = len(ends) + (0 if data.endswith(b"\n") else 1)
    sent = [Sent(first + row, data[one.start : one.stop], one) for row, one in zip(rows, seen, strict=True)]
    return Block(lines, first, sent)


def _document(path: Path, file: Any) -> Block:
    """Read a file that is one document: a resource, or a Bundle of them."""
    data: bytes = file.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise refused("fhir_intake.too_large", Place(path), most=LARGEST_DOCUMENT >> 20)
    data = data.removeprefix(_BYTE_ORDER_MARK)
    seen = next(look_at(data, False), None)
    if seen is None:
        return Block(0, 1, [])
    if seen.resource_type != "Bundle":
        return Block(1, 1, [Sent(1, data, seen)])
    return _bundle(data, seen)


def bundle_issues(data: bytes, seen: Seen) -> tuple[structs.Bundle | None, list[Issue]]:
    """Read a Bundle, its resources still as bytes.

    Args:
        data: the Bundle.
        seen: what the look said of it.

    Returns:
        It, or what is wrong with its own elements, its resources aside.
    """
    if seen.look is Look.TOO_DEEP:
        return None, [too_deep()]
    issues: list[Issue] = []
    if seen.look is Look.DOUBTFUL:
        try:
            tree = tree_of(data)
        except Unreadable as unread:
            return None, [unread.issue]
        for entry in tree.get("entry", ()) if isinstance(tree.get("entry"), list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
                # Each of them is judged by itself.
                entry["resource"] = {"resourceType": "Basic"}
        issues = [finding.issue("Bundle") for finding in findings(tree, "Bundle")]
    if issues:
        return None, issues
    try:
        bundle = _BUNDLE.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what = message("fhir_intake.bundle", why=str(error))
        return None, [Issue("error", "structure", what)]
    if bundle.type not in TAKEN_BUNDLES:
        what = message("fhir_intake.bundle_type", type=bundle.type)
        return None, [Issue("error", "not-supported", what, "Bundle.type", bundle.type)]
    return bundle, []


_BUNDLE: Final = msgspec.json.Decoder(structs.Bundle)


def _bundle(data: bytes, seen: Seen) -> Block:
    bundle, issues = bundle_issues(data, seen)
    if bundle is None:
        return Block(1, 1, [Sent(1, data, seen, issue=issues[0])])
    sent = []
    entries = bundle.entry or []
    for row, entry in enumerate(entries, 1):
        body = bytes(entry.resource)
        if not body:
            continue
        looked = next(look_at(body, False))
        issue = None
        if entry.request is not None and entry.request.method == "DELETE":
            what: Message = message("fhir_intake.bundle_delete")
            issue = Issue("error", "not-supported", what, f"Bundle.entry[{row - 1}].request.method", "DELETE")
        sent.append(Sent(row, body, looked, entry.full_url, issue))
    return Block(len(entries), 1, sent, together=True)
