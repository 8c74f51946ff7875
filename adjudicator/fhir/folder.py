"""A folder of resources: bundles, one for each facility, or NDJSON, one file for each type; with a manifest.

The manifest is that of HL7's bulk data: which file has what type, how many, and the SHA-256 of its bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from adjudicator.fhir.bundle import write_bundle
from adjudicator.fhir.writing import encoded, laid_out
from adjudicator.manifest import MANIFEST

Resource = dict[str, Any]

OfFacility = tuple[str, Resource]
"""The code of a facility, and a resource that is for it."""

SHA256: Final = "urn:adjudicator:sha256"
"""What a manifest calls the hash of a file."""


class Form(Enum):
    """How resources lie in the folder."""

    BUNDLE = "bundle"
    NDJSON = "ndjson"


@dataclass
class Written:
    """What was written: how many resources, by type."""

    counts: dict[str, int] = field(default_factory=dict)
    files: int = 0


class FolderWriter:
    """Writes resources into a folder that is there and empty, and ends with the manifest.

    Args:
        folder: where to.
        form: bundles or NDJSON.
        scheme: its code, for the ids of bundles.
        as_of: the moment that everything is as of, as an ISO 8601 time with its zone, or a day.
        request: what was asked for, for the manifest.
        base: the address that the files will have; they are named without one when left out.
    """

    def __init__(
        self, folder: Path, form: Form, scheme: str, as_of: str, request: str, base: str = ""
    ) -> None:
        self._folder, self._form, self._scheme = folder, form, scheme
        self._as_of = as_of if "T" in as_of else f"{as_of}T00:00:00+00:00"
        self._request, self._base = request, base
        self._outputs: list[Resource] = []
        self.written = Written()

    def write(self, what: str, resources: Iterable[OfFacility]) -> None:
        """Write resources of one kind of export.

        Args:
            what: the kind, for the names of bundles.
            resources: those of a facility one after the other.
        """
        if self._form is Form.NDJSON:
            self._lines(resource for _, resource in resources)
            return
        for facility, theirs in groupby(resources, key=lambda pair: pair[0]):
            name = f"{what}-{quote(facility, safe=' ')}.json"
            counted = self._counted(resource for _, resource in theirs)
            with (self._folder / name).open("wb") as file:
                number = write_bundle(file, (self._scheme, what, facility, self._as_of), self._as_of, counted)
            self._put_down("Bundle", name, number)

    def finish(self) -> Written:
        """Write the manifest."""
        manifest = {
            "transactionTime": self._as_of,
            "request": self._request,
            "requiresAccessToken": False,
            "output": self._outputs,
            "error": [],
        }
        (self._folder / MANIFEST).write_bytes(laid_out(manifest))
        return self.written

    def _lines(self, resources: Iterable[Resource]) -> None:
        files: dict[str, BinaryIO] = {}
        counts: dict[str, int] = {}
        try:
            for resource in self._counted(resources):
                kind = resource["resourceType"]
                if kind not in files:
                    files[kind] = (self._folder / f"{kind}.ndjson").open("wb")
                    counts[kind] = 0
                files[kind].write(encoded(resource) + b"\n")
                counts[kind] += 1
        finally:
            for file in files.values():
                file.close()
        for kind in sorted(files):
            self._put_down(kind, f"{kind}.ndjson", counts[kind])

    def _counted(self, resources: Iterable[Resource]) -> Iterator[Resource]:
        for resource in resources:
            counts, kind = self.written.counts, resource["resourceType"]
            counts[kind] = counts.get(kind, 0) + 1
            yield resource

    def _put_down(self, kind: str, name: str, count: int) -> None:
        with (self._folder / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.written.files += 1
        self._outputs.append(
            {"type": kind, "url": self._base + name, "count": count, "extension": {SHA256: digest}}
        )
