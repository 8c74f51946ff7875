"""What would come of files of resources, and what would not: as an intake sees it, and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from adjudicator.problems import Place, Problem
from ingest.fhir.context import Lookup
from ingest.fhir.files import Sent, blocks, find_resources
from ingest.fhir.outcome import Issue
from ingest.fhir.profile import Profile
from ingest.fhir.reading import Sending, lookup_of, taken_claim, type_of
from ingest.fhir.registers import MAIN_TABLE, rows_of
from ingest.fhir.resource import read_resource
from ingest.found import RESOURCES


class Verdict(Enum):
    """What becomes of a resource."""

    TAKEN = "taken"
    REFERRED_TO = "referred_to"
    """It holds no row, but others may refer to it."""
    SET_ASIDE = "set_aside"
    NOT_READ = "not_read"


@dataclass(frozen=True)
class Checked:
    """A resource that was looked at."""

    file: Path
    row: int
    resource_type: str
    verdict: Verdict
    issues: list[Issue] = field(default_factory=list)
    objections: list[Issue] = field(default_factory=list)
    """What only the referee says against it."""

    def problems(self) -> list[Problem]:
        """Give everything that was found, each with its place."""
        return [
            Problem(
                issue.what,
                Place(self.file, row=self.row, field=issue.expression or None),
                issue.remedy,
                "error" if issue.refuses else "warning",
            )
            for issue in (*self.issues, *self.objections)
        ]


def resources_of(sources: Sequence[Path]) -> list[Path]:
    """Give the files of resources among files and folders, those in folders of folders as well.

    Raises:
        Refused: a manifest names a file that is not there.
    """
    found: list[Path] = []
    for source in sources:
        if source.is_dir():
            found += sorted(
                path for path in source.rglob("*") if path.is_file() and path.name.lower().endswith(RESOURCES)
            )
        else:
            found.append(source)
    return find_resources(found).files


def check_files(files: Sequence[Path], profile: Profile | None, referee: bool) -> Iterator[Checked]:
    """Look at every resource of some files.

    Args:
        files: see :func:`resources_of`.
        profile: of the sender; None: found as an intake finds it.
        referee: whether ``fhir.resources`` is asked as well, some hundreds of resources a second.

    Raises:
        Refused: a file cannot be read.
    """
    sending = Sending(files, profile)
    for path, of_file in zip(sending.files, sending.profiles, strict=True):
        for block in blocks(path):
            lookup = lookup_of(block, of_file, sending.beside)
            for sent in block.sent:
                yield _checked(path, sent, of_file, lookup, referee)


def _checked(path: Path, sent: Sent, profile: Profile, lookup: Lookup, referee: bool) -> Checked:
    kind, issue = type_of(sent)
    if issue is not None:
        return Checked(path, sent.row, kind, Verdict.SET_ASIDE, [issue])
    issues, verdict = _judged(sent, kind, profile, lookup)
    objections: list[Issue] = []
    if referee and verdict is not Verdict.NOT_READ:
        from ingest.fhir.referee import validate  # noqa: PLC0415 - it takes a second to be there

        said = validate(sent.body, kind, profile)
        objections = [one for one in said if one.what.key == "fhir_intake.referee"]
    return Checked(path, sent.row, kind, verdict, issues, objections)


def _judged(sent: Sent, kind: str, profile: Profile, lookup: Lookup) -> tuple[list[Issue], Verdict]:
    if kind == "Claim":
        read = taken_claim(sent, profile, lookup)
        return read.outcome, Verdict.TAKEN if read.accepted else Verdict.SET_ASIDE
    if kind in MAIN_TABLE:
        resource, judge = read_resource(sent.body, sent.seen, kind, profile)
        rows = rows_of(resource, kind, profile, judge, lookup) if resource is not None else []
        if judge.refuses:
            return judge.issues, Verdict.SET_ASIDE
        return judge.issues, Verdict.TAKEN if rows else Verdict.REFERRED_TO
    if kind in ("Practitioner", "PractitionerRole"):
        resource, judge = read_resource(sent.body, sent.seen, kind, profile)
        return judge.issues, Verdict.REFERRED_TO if resource is not None else Verdict.SET_ASIDE
    return [], Verdict.NOT_READ
