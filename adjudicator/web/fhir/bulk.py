"""Much at a time, as HL7's bulk patterns have it: asked for, done beside, looked after at its own address.

An intake is a file of NDJSON that the facility sends; an export are files that it fetches. Both are jobs in
the books: a server that is stopped goes on with them when it is started again, and an intake that is done
twice decides nothing twice.
"""

from __future__ import annotations

import datetime as dt
import re
from contextlib import ExitStack, aclosing
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from starlette.responses import FileResponse

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
    new_name,
    waiting_jobs,
)
from adjudicator.web.fhir.bodies import check_lines, unpacked
from adjudicator.web.fhir.bulk_export import EXPORTED
from adjudicator.web.fhir.bulk_files import (
    INTAKE,
    folder_of,
    forgotten,
    made_folder,
    removed,
)
from adjudicator.web.fhir.replies import (
    JSON,
    NDJSON,
    Reply,
    come_again,
    declined,
)
from adjudicator.web.fhir.service import Call

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
            await call.desk.run(removed, folder)
            raise
    return _accepted(call, name)


async def _spooled(call: Call, folder: Path) -> int:
    await call.desk.run(made_folder, folder)
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
    await call.desk.run(forgotten, call.desk.books, job)
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
