"""The files of jobs: a folder for each, what is written there, and its going."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adjudicator.books.books import Books
from adjudicator.books.submission.jobs import (
    CANCELLED,
    WAITING,
    Job,
    forget_job,
    names_of_jobs,
    note_job,
)
from adjudicator.fhir.writing import encoded
from adjudicator.store.journal import now
from adjudicator.web.fhir.replies import (
    Resource,
)

FOLDER: Final = ".fhir"
"""Of the scheme's folder: the files of jobs."""

INTAKE: Final = "intake.ndjson"

ORPHANED: Final = 86_400
"""Seconds after which a folder that no job is of is nobody's: an intake takes minutes to come."""

PER_FILE: Final = 50_000
"""Resources of a file of an export."""


def folder_of(books: Books, job: str) -> Path:
    """Give the folder of a job's files."""
    return books.folder / FOLDER / job


def made_folder(folder: Path) -> None:
    """Make the folder of a job's files; what is in it is of patients, and nobody else's to read."""
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def removed(folder: Path) -> None:
    """Remove a folder of files, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def sweep(books: Books) -> None:
    """Remove the folders that no job is of: of intakes that were cut off with their server."""
    before = time.time() - ORPHANED
    left = [one for one in (books.folder / FOLDER).glob("*") if one.stat().st_mtime < before]
    if left:
        known = names_of_jobs(books)
        for folder in left:
            if folder.name not in known:
                removed(folder)


def forgotten(books: Books, job: Job) -> None:
    """Cancel a job, or forget one that is done; its files go."""
    if not note_job(books, job.job, CANCELLED, {}):
        forget_job(books, job.job)
    removed(folder_of(books, job.job))


class Stopped(Exception):  # noqa: N818 - it says what happened
    """The server stops, or the job was cancelled."""


@dataclass
class JobFiles:
    """Writes the files of a job."""

    books: Books
    job: Job
    ended: threading.Event
    files: dict[str, list[int]] = field(default_factory=dict)
    """By type, how many resources each file has."""
    moment: str = field(default_factory=now)

    def __post_init__(self) -> None:
        folder = folder_of(self.books, self.job.job)
        made_folder(folder)
        for left in folder.glob("*.*.ndjson"):
            left.unlink()

    def write(self, kind: str, resources: Sequence[Resource]) -> None:
        """Add resources to the files of a type."""
        counts = self.files.setdefault(kind, [])
        left = list(resources)
        while left:
            if not counts or counts[-1] >= PER_FILE:
                counts.append(0)
            some = left[: PER_FILE - counts[-1]]
            path = folder_of(self.books, self.job.job) / _file(kind, len(counts))
            with path.open("ab") as file:
                file.writelines(encoded(one) + b"\n" for one in some)
            counts[-1] += len(some)
            left = left[len(some) :]

    def progress(self, said: str) -> None:
        """Say how far it is.

        Raises:
            Stopped: it must not go on.
        """
        if self.ended.is_set() or not note_job(self.books, self.job.job, WAITING, {"progress": said}):
            raise Stopped

    def manifest(self) -> Resource:
        """Say which files there are."""
        base = str(self.job.request["base"])
        found: Resource = {
            "transactionTime": self.moment,
            "request": self.job.request.get("asked", f"{base}/$import"),
            "requiresAccessToken": True,
            "output": [],
            "error": [],
        }
        for kind, counts in self.files.items():
            of = "error" if kind == "OperationOutcome" else "output"
            for number, count in enumerate(counts, 1):
                url = f"{base}/bulk/{self.job.job}/{_file(kind, number)}"
                found[of].append({"type": kind, "url": url, "count": count})
        return found


def _file(kind: str, number: int) -> str:
    return f"{kind}.{number}.ndjson"
