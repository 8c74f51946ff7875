"""Much at a time, as HL7's bulk patterns have it: asked for, done beside, looked after at its own address.

An intake is a file of NDJSON that the facility sends; an export are files that it fetches. Both are jobs in
the books: a server that is stopped goes on with them when it is started again, and an intake that is done
twice decides nothing twice.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, aclosing, suppress
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from starlette.responses import FileResponse

from adjudicator.books.books import Books
from adjudicator.books.fhir.claims import Chosen, claims_of
from adjudicator.books.fhir.payments import payments_of
from adjudicator.books.submission.answers import echo_of, received_as
from adjudicator.books.submission.counter import REFUSALS, NotReceived, Read
from adjudicator.books.submission.counter import Sent as Taken
from adjudicator.books.submission.jobs import (
    CANCELLED,
    DONE,
    EXPORT,
    FAILED,
    IMPORT,
    WAITING,
    Job,
    add_job,
    find_job,
    forget_job,
    names_of_jobs,
    new_name,
    note_job,
    old_jobs,
    waiting_jobs,
)
from adjudicator.fhir.claim_response import claim_response
from adjudicator.fhir.decided import DecidedClaim
from adjudicator.fhir.explanation_of_benefit import explanation_of_benefit
from adjudicator.fhir.payments import State as PaymentState
from adjudicator.fhir.payments import payment_notice, payment_reconciliation
from adjudicator.fhir.systems import claim_response_id
from adjudicator.fhir.writing import encoded
from adjudicator.store.journal import now
from adjudicator.vocabulary import ClaimStatus
from adjudicator.web.fhir.bodies import check_depth, check_lines, type_of, unpacked
from adjudicator.web.fhir.claims import echo, issues_of
from adjudicator.web.fhir.desk import LOG, Desk, Done
from adjudicator.web.fhir.replies import (
    JSON,
    NDJSON,
    Declined,
    Reply,
    Resource,
    come_again,
    declined,
)
from adjudicator.web.fhir.service import Call
from adjudicator.words import Message, message
from ingest.fhir.claim import read_claim
from ingest.fhir.outcome import Issue, operation_outcome

FOLDER: Final = ".fhir"
"""Of the scheme's folder: the files of jobs."""

INTAKE: Final = "intake.ndjson"

BATCH: Final = 200
"""Claims of an intake that are decided together."""

ORPHANED: Final = 86_400
"""Seconds after which a folder that no job is of is nobody's: an intake takes minutes to come."""

PER_FILE: Final = 50_000
"""Resources of a file of an export."""

OF_CLAIMS: Final[Mapping[str, Callable[..., Resource]]] = {
    "ClaimResponse": claim_response,
    "ExplanationOfBenefit": explanation_of_benefit,
}
OF_PAYMENTS: Final = ("PaymentReconciliation", "PaymentNotice")
EXPORTED: Final = (*OF_CLAIMS, *OF_PAYMENTS)
"""The types of resources that can be exported."""

_NAME: Final = re.compile(r"[A-Za-z]+\.\d+\.ndjson")


# Asking.


async def start_import(call: Call) -> Reply:
    """Take a file of claims, to be decided beside."""
    check_lines(call.request)
    name = new_name()
    folder = folder_of(call.desk.books, name)
    with call.desk.coming(call.facility) as coming:
        await _check_room(call, coming)
        try:
            size = await _spooled(call, folder)
            request = {"language": call.language, "base": call.base, "bytes": size}
            books = call.desk.books
            await call.desk.run(add_job, books, name, IMPORT, call.facility, call.token.token, request)
        except BaseException:
            await call.desk.run(_removed, folder)
            raise
    return _accepted(call, name)


async def _spooled(call: Call, folder: Path) -> int:
    await call.desk.run(_made_folder, folder)
    settings, size = call.settings, 0
    with ExitStack() as stack:
        file = stack.enter_context((folder / INTAKE).open("wb"))
        async with aclosing(
            unpacked(call.request, settings.largest_import, settings.slow_body * 20)
        ) as parts:
            async for part in parts:
                size += len(part)
                await call.desk.run(file.write, part)
    if not size:
        raise declined(400, "required", "serve.no_body")
    return size


async def start_export(call: Call) -> Reply:
    """Begin to write what the books hold about a facility's claims and payments."""
    if "respond-async" not in ",".join(call.request.headers.getlist("prefer")).lower():
        raise declined(400, "required", "serve.prefer")
    given = dict(call.request.query_params)
    types = _types(given.pop("_type", None))
    since = _since(given.pop("_since", None))
    # A plus sign in an address is a blank.
    form = given.pop("_outputFormat", NDJSON).replace(" ", "+")
    if form not in (NDJSON, "application/ndjson", "ndjson"):
        raise declined(400, "not-supported", "serve.output_format", given=form[:50], wanted=NDJSON)
    if unknown := [name for name in given if name not in ("_format", "_pretty")]:
        known = ["_type", "_since", "_outputFormat"]
        raise declined(400, "not-supported", "serve.search_unknown", name=unknown[0][:50], known=known)
    await _check_room(call)
    name = new_name()
    request = {
        "language": call.language,
        "base": call.base,
        "types": types,
        "since": since,
        "asked": "?".join(part for part in (f"{call.base}/$export", call.request.url.query) if part),
    }
    await call.desk.run(add_job, call.desk.books, name, EXPORT, call.facility, call.token.token, request)
    return _accepted(call, name)


def _types(given: str | None) -> list[str]:
    if given is None:
        return list(EXPORTED)
    asked = list(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))
    for one in asked:
        if one not in EXPORTED:
            raise declined(400, "not-supported", "serve.export_type", given=one[:50], types=list(EXPORTED))
    return asked or list(EXPORTED)


def _since(given: str | None) -> str | None:
    if given is None:
        return None
    try:
        # A plus sign in an address is a blank.
        moment = dt.datetime.fromisoformat(given.replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).isoformat()
    except (ValueError, OverflowError):
        raise declined(400, "value", "serve.since", given=given[:50]) from None


async def _check_room(call: Call, coming: int = 1) -> None:
    present = await call.desk.run(waiting_jobs, call.desk.books, call.facility)
    if len(present) + coming > call.settings.jobs:
        raise come_again(429, "throttled", "serve.jobs", 30, most=call.settings.jobs)


def _accepted(call: Call, name: str) -> Reply:
    return Reply(202, None, {"Content-Location": f"{call.base}/bulk/{name}"}, subject=name)


# Looking after.


async def status(call: Call) -> Reply:
    """Say how far a job is, or what came of it."""
    job = await _job(call)
    if job.state == WAITING:
        headers = {"X-Progress": str(job.record.get("progress", "waiting")), "Retry-After": "1"}
        return Reply(202, None, headers, subject=job.job)
    if job.state == FAILED:
        raise declined(500, "exception", "serve.job_failed", job=job.job)
    # A manifest is no resource, and so is plain JSON.
    headers = {"Content-Type": JSON, "Expires": _expires(job, call.settings.kept)}
    return Reply(200, dict(job.record["manifest"]), headers, subject=job.job)


def _expires(job: Job, days: int) -> str:
    """Tell from when on the files of a job may be gone, as HTTP writes it."""
    ends = dt.datetime.fromisoformat(job.at).astimezone(dt.UTC) + dt.timedelta(days=days)
    return format_datetime(ends, usegmt=True)


async def cancel(call: Call) -> Reply:
    """Cancel a job, or forget what came of it; its files are removed."""
    job = await _job(call)
    await call.desk.run(_forgotten, call.desk.books, job)
    return Reply(202, None, subject=job.job)


async def file_of(call: Call) -> Reply:
    """Give a file of a job."""
    job = await _job(call)
    name = call.request.path_params["file"]
    path = folder_of(call.desk.books, job.job) / name
    if job.state != DONE or not _NAME.fullmatch(name) or not path.is_file():
        raise declined(404, "not-found", "serve.no_file")
    written = FileResponse(path, media_type=NDJSON, filename=name)
    return Reply(200, subject=job.job, written=written)


async def _job(call: Call) -> Job:
    name = call.request.path_params["job"]
    found = None
    if re.fullmatch(r"[0-9a-f]{32}", name):
        found = await call.desk.run(find_job, call.desk.books, name, call.facility)
    if found is None or found.state == CANCELLED:
        raise declined(404, "not-found", "serve.no_job")
    return found


def folder_of(books: Books, job: str) -> Path:
    """Give the folder of a job's files."""
    return books.folder / FOLDER / job


def _made_folder(folder: Path) -> None:
    """Make the folder of a job's files; what is in it is of patients, and nobody else's to read."""
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _removed(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def sweep(books: Books) -> None:
    """Remove the folders that no job is of: of intakes that were cut off with their server."""
    before = time.time() - ORPHANED
    left = [one for one in (books.folder / FOLDER).glob("*") if one.stat().st_mtime < before]
    if left:
        known = names_of_jobs(books)
        for folder in left:
            if folder.name not in known:
                _removed(folder)


def _forgotten(books: Books, job: Job) -> None:
    if not note_job(books, job.job, CANCELLED, {}):
        forget_job(books, job.job)
    _removed(folder_of(books, job.job))


# Doing.


class Jobs:
    """A thread that does jobs, one after the other.

    Args:
        desk: that they ask.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin; jobs that were under way when the server stopped are begun again."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is gone on with next time."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        tidied = ""
        while not self._ended.wait(0.2):
            try:
                if tidied != (today := now()[:10]):
                    self._tidy()
                    tidied = today
                for job in waiting_jobs(self._desk.books)[:1]:
                    self._do(job)
            except Exception:
                LOG.exception("jobs could not be looked at")
                self._ended.wait(5)

    def _tidy(self) -> None:
        kept = dt.timedelta(days=self._desk.settings.kept)
        before = (dt.datetime.now(dt.UTC) - kept).isoformat(timespec="seconds")
        for job in old_jobs(self._desk.books, before):
            _forgotten(self._desk.books, job)
        sweep(self._desk.books)

    def _do(self, job: Job) -> None:
        writer = _Writer(self._desk, job, self._ended)
        try:
            (_import if job.kind == IMPORT else _export)(self._desk, job, writer)
        except _Stopped:
            return
        except Exception:
            LOG.exception("job %s", job.job)
            note_job(self._desk.books, job.job, FAILED, {})
            return
        note_job(self._desk.books, job.job, DONE, {"manifest": writer.manifest()})


class _Stopped(Exception):  # noqa: N818 - it says what happened
    """The server stops, or the job was cancelled."""


@dataclass
class _Writer:
    """Writes the files of a job."""

    desk: Desk
    job: Job
    ended: threading.Event
    files: dict[str, list[int]] = field(default_factory=dict)
    """By type, how many resources each file has."""
    moment: str = field(default_factory=now)

    def __post_init__(self) -> None:
        folder = folder_of(self.desk.books, self.job.job)
        _made_folder(folder)
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
            path = folder_of(self.desk.books, self.job.job) / _file(kind, len(counts))
            with path.open("ab") as file:
                file.writelines(encoded(one) + b"\n" for one in some)
            counts[-1] += len(some)
            left = left[len(some) :]

    def progress(self, said: str) -> None:
        """Say how far it is.

        Raises:
            _Stopped: it must not go on.
        """
        if self.ended.is_set() or not note_job(self.desk.books, self.job.job, WAITING, {"progress": said}):
            raise _Stopped

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


# An intake.


class _Line(NamedTuple):
    number: int
    taken: Taken | None
    issues: list[Issue]


def _import(desk: Desk, job: Job, writer: _Writer) -> None:
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


def _take(desk: Desk, writer: _Writer, batch: Sequence[_Line], language: str) -> int:
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


# An export.


def _export(desk: Desk, job: Job, writer: _Writer) -> None:
    types = [str(one) for one in job.request["types"]]
    if wanted := [one for one in types if one in OF_CLAIMS]:
        _export_claims(desk, job, writer, wanted)
    if wanted := [one for one in types if one in OF_PAYMENTS]:
        _export_payments(desk, job, writer, wanted)


def _export_claims(desk: Desk, job: Job, writer: _Writer, types: Sequence[str]) -> None:
    batch: list[tuple[DecidedClaim, str]] = []

    def write() -> None:
        told = _as_received(desk.books, batch)
        for kind in types:
            writer.write(kind, [_made(desk, job, OF_CLAIMS[kind], *one) for one in told])
        batch.clear()

    done = 0
    with desk.books.database.reading() as connection:
        for decided, created in claims_of(desk.books, connection, Chosen([job.facility])):
            done += 1
            if _is_later(job, decided.changed or created):
                batch.append((decided, created))
            if done % BATCH == 0:
                write()
                writer.progress(f"{done} claims")
    write()


def _as_received(books: Books, batch: Sequence[tuple[DecidedClaim, str]]) -> list[tuple[DecidedClaim, str]]:
    """Let claims be told of in the words of their senders, as the answers to them were."""
    names = [claim_response_id(one.scheme, one.facility, one.claim) for one, _ in batch]
    known = received_as(books, names)
    found = []
    for name, (decided, created) in zip(names, batch, strict=True):
        sent, held = known.get(name, (decided.sent, None))
        held = held if decided.status is ClaimStatus.ENTERED else None
        found.append((replace(decided, sent=sent, held=held), created))
    return found


def _made(
    desk: Desk, job: Job, make: Callable[..., Resource], decided: DecidedClaim, created: str
) -> Resource:
    language = str(job.request["language"])
    return make(decided, created=created, language=language, flavour=desk.settings.flavour)


def _export_payments(desk: Desk, job: Job, writer: _Writer, types: Sequence[str]) -> None:
    language, flavour = str(job.request["language"]), desk.settings.flavour
    with desk.books.database.reading() as connection:
        paid = payments_of(desk.books, connection, facilities=[job.facility])
    for one in paid:
        made = {"PaymentReconciliation": payment_reconciliation(one, language=language, flavour=flavour)}
        if one.state is not PaymentState.DUE:
            made["PaymentNotice"] = payment_notice(one, language=language, flavour=flavour)
        for kind in types:
            if kind in made and _is_later(job, str(made[kind].get("created", "9"))):
                writer.write(kind, [made[kind]])


def _is_later(job: Job, moment: str) -> bool:
    """Tell whether something is of the time that was asked for; of a day alone, all that day is."""
    since = job.request["since"]
    return since is None or moment >= str(since)[: len(moment)]
