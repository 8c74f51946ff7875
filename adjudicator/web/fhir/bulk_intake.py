"""An intake: a file of claims that a facility sent is read, decided and answered, some claims at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from adjudicator.books.submission.answers import echo_of
from adjudicator.books.submission.jobs import (
    Job,
)
from adjudicator.books.submission.reading import NotReceived, Read
from adjudicator.books.submission.reading import Sent as Taken
from adjudicator.books.submission.submitted import REFUSALS
from adjudicator.fhir.claim_response import claim_response
from adjudicator.fhir.systems import claim_response_id
from adjudicator.web.fhir.bodies import check_depth, type_of
from adjudicator.web.fhir.bulk_files import (
    INTAKE,
    JobFiles,
    folder_of,
)
from adjudicator.web.fhir.claims import echo, issues_of
from adjudicator.web.fhir.desk import Desk, Done
from adjudicator.web.fhir.replies import (
    Declined,
    Resource,
    declined,
)
from adjudicator.words import Message, message
from ingest.fhir.claim import read_claim
from ingest.fhir.outcome import Issue, operation_outcome

BATCH: Final = 200
"""Claims of an intake that are decided together."""


class _Line(NamedTuple):
    number: int
    taken: Taken | None
    issues: list[Issue]


def take_in(desk: Desk, job: Job, writer: JobFiles) -> None:
    """Decide the claims of an intake, and write what is answered to each.

    Args:
        desk: that decides.
        job: the intake.
        writer: of its files.

    Raises:
        Stopped: it must not go on.
    """
    path = folder_of(desk.books, job.job) / INTAKE
    language = str(job.request["language"])
    context = dict(_beside(desk, path))
    batch: list[_Line] = []
    done = 0
    for line in _lines(desk, job, path, context):
        batch.append(line)
        if len(batch) == BATCH:
            done += _take(desk, writer, batch, language)
            batch = []
            writer.progress(f"{done} claims")
    _take(desk, writer, batch, language)
    with suppress(OSError):
        path.unlink()


def _numbered(desk: Desk, path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Give the lines of a file, None for one that is too long; blank ones are passed over."""
    most = desk.settings.largest
    with path.open("rb") as file:
        number = 0
        while part := file.readline(most + 1):
            number += 1
            if len(part) > most and not part.endswith(b"\n"):
                while part and not part.endswith(b"\n"):
                    part = file.readline(most)
                yield number, None
            elif part.strip():
                yield number, part.strip().removeprefix(b"\xef\xbb\xbf")


def _beside(desk: Desk, path: Path) -> Iterator[tuple[str, bytes]]:
    """Give the resources of a file that claims may refer to: what says who or what they are, and no more."""
    for _, line in _numbered(desk, path):
        if line is None or b'"Claim"' in line[:200]:
            continue
        with suppress(Declined, msgspec.MsgspecError):
            check_depth(line, desk.settings.deepest)
            kind = type_of(line)
            named = msgspec.json.decode(line, type=_Named)
            if kind not in ("", "Claim") and isinstance(named.id, str):
                yield f"{kind}/{named.id}", msgspec.json.encode(named)


class _Named(msgspec.Struct, omit_defaults=True):
    """What :func:`ingest.fhir.context.known_of` reads of a resource; portraits and the like are not kept."""

    resource_type: Any = msgspec.field(name="resourceType", default=None)
    id: Any = None
    identifier: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    code: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    extension: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def _lines(desk: Desk, job: Job, path: Path, context: Mapping[str, Any]) -> Iterator[_Line]:
    """Read the claims of a file."""
    for number, line in _numbered(desk, path):
        if line is None:
            most = message("serve.too_large", most=desk.settings.largest)
            yield _Line(number, None, [Issue("error", "too-long", most)])
            continue
        try:
            check_depth(line, desk.settings.deepest)
            if type_of(line) not in ("Claim", ""):
                continue
            taken = _claim(desk, job, line, context)
        except Declined as found:
            yield _Line(number, None, found.issues)
            continue
        yield _Line(number, taken, [])


def _claim(desk: Desk, job: Job, line: bytes, context: Mapping[str, Any]) -> Taken:
    read = read_claim(line, desk.settings.profile, context=context)
    if read.claim is None:
        raise Declined(422, read.outcome)
    facility, claim = str(read.claim.get("facility")), str(read.claim.get("claim"))
    if facility != job.facility:
        raise declined(403, "forbidden", "serve.other_facility", facility=job.facility)
    if read.use != "claim":
        raise declined(422, "not-supported", "serve.import_use", use=str(read.use))
    response = claim_response_id(desk.books.settings.scheme, facility, claim)
    return Taken(read.claim, read.lines, response, echo_of(echo(line)), job.token)


def _take(desk: Desk, writer: JobFiles, batch: Sequence[_Line], language: str) -> int:
    """Have claims received and decided, and write what is answered."""
    wrong: list[tuple[int, list[Issue]]] = [(line.number, line.issues) for line in batch if line.issues]
    good = [line for line in batch if line.taken is not None]
    read: list[tuple[int, Read]] = []
    found = desk.counter.read_many([line.taken for line in good if line.taken is not None])
    for line, one in zip(good, found, strict=True):
        if isinstance(one, NotReceived):
            wrong.append((line.number, issues_of(one)))
        else:
            read.append((line.number, one))
    answers: list[Resource] = []
    done: list[Done] = desk.decide([one for _, one in read]) if read else []
    for (number, one), what in zip(read, done, strict=True):
        if refusal := REFUSALS.get(what.submitted.state):
            facility, claim = one.name
            said = message(refusal, claim=claim, facility=facility)
            wrong.append((number, [Issue("error", "conflict", said)]))
            continue
        assert what.answer is not None
        decided = what.answer.decided
        flavour = desk.settings.flavour
        answers.append(
            claim_response(decided, created=what.answer.created, language=language, flavour=flavour)
        )
    writer.write("ClaimResponse", answers)
    outcomes = [
        operation_outcome([_in_line(number, issue) for issue in issues], language)
        for number, issues in sorted(wrong, key=lambda one: one[0])
    ]
    writer.write("OperationOutcome", outcomes)
    return len(batch)


def _in_line(number: int, issue: Issue) -> Issue:
    said: Message = message("serve.in_line", line=number, what=issue.what)
    return Issue(issue.severity, issue.code, said, issue.expression, issue.value)
