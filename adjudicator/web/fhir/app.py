"""The application: its routes, its beginning and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adjudicator.books.submission.counter import Counter
from adjudicator.problems import Refused
from adjudicator.store.runs import last_run
from adjudicator.web.fhir import bulk, bundles, claims, eligibility, validation
from adjudicator.web.fhir.bulk_jobs import Jobs
from adjudicator.web.fhir.capability import ANY, capability
from adjudicator.web.fhir.desk import LOG, Desk
from adjudicator.web.fhir.replies import Declined, Reply, asked_language, declined
from adjudicator.web.fhir.service import Operation, Service, base_of, check_accepted, finished
from adjudicator.web.fhir.settings import Settings

_QUESTION: Final = eligibility.NAME

OPERATIONS: Final = (
    Operation("POST", "/fhir", "bundle", bundles.take, interaction="transaction batch"),
    Operation("POST", "/fhir/Claim/$submit", "submit", claims.submit, "Claim", name="submit"),
    Operation("GET", "/fhir/ClaimResponse", "search", claims.search, "ClaimResponse", "search-type"),
    Operation("POST", "/fhir/ClaimResponse/_search", "search", claims.search, "ClaimResponse", "search-type"),
    Operation("GET", "/fhir/ClaimResponse/{id}", "read", claims.read, "ClaimResponse", "read"),
    # It keeps nothing, and so is no "create" of FHIR's: openIMIS's clients ask in this way.
    Operation("POST", f"/fhir/{_QUESTION}", "eligibility", eligibility.ask, _QUESTION),
    Operation("POST", f"/fhir/{_QUESTION}/$submit", "eligibility", eligibility.ask, _QUESTION, name="submit"),
    Operation("POST", "/fhir/{type}/$validate", "validate", validation.validate, ANY, name="validate"),
    Operation("POST", "/fhir/$import", "import", bulk.start_import, name="import"),
    Operation("GET", "/fhir/$export", "export", bulk.start_export, name="export"),
    Operation("GET", "/fhir/bulk/{job}", "job", bulk.status),
    Operation("DELETE", "/fhir/bulk/{job}", "cancel", bulk.cancel),
    Operation("GET", "/fhir/bulk/{job}/{file}", "file", bulk.file_of),
)
"""Everything that facilities can have done: the routes and the CapabilityStatement are made of it."""


def make_app(counter: Counter, settings: Settings | None = None) -> Starlette:
    """Make the application for the books of a counter.

    Args:
        counter: of the books; it is closed when the application ends.
        settings: bounds and habits.
    """
    settings = settings or Settings()
    desk = Desk(counter, settings)
    service = Service(desk)

    async def metadata(request: Request) -> Response:
        language = _language(request, settings)
        try:
            check_accepted(request)
        except Declined as found:
            return finished(found.reply(language), request)
        said = capability(OPERATIONS, base_of(request, settings), settings, language)
        return finished(Reply(200, said), request)

    async def health(request: Request) -> Response:
        try:
            run = await desk.run(_last_run, desk)
        except (Declined, Refused):
            return JSONResponse({"status": "fail", **desk.load}, 503)
        return JSONResponse({"status": "pass", "run": run, **desk.load})

    async def not_there(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        missing = error.status_code == 404
        key = "serve.no_route" if missing else "serve.no_method"
        code = "not-found" if missing else "not-supported"
        found = declined(error.status_code, code, key, method=request.method, path=request.url.path[:200])
        reply = found.reply(_language(request, settings))
        reply.headers.update(error.headers or {})
        return finished(reply, request)

    async def failed(request: Request, error: Exception) -> Response:
        LOG.exception("request to %s", request.url.path, exc_info=error)
        reply = declined(500, "exception", "serve.failed", request="?").reply(_language(request, settings))
        return finished(reply, request)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        jobs = Jobs(desk)
        desk.start()
        jobs.start()
        try:
            yield
        finally:
            await asyncio.to_thread(jobs.stop)
            await asyncio.to_thread(desk.stop)

    routes = [
        Route("/health", health, methods=["GET"]),
        Route("/fhir/metadata", metadata, methods=["GET"]),
        *(Route(one.path, service.endpoint(one), methods=[one.method]) for one in OPERATIONS),
    ]
    handlers = {HTTPException: not_there, 500: failed}
    return Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)


def _language(request: Request, settings: Settings) -> str:
    return asked_language(request.headers.get("accept-language"), settings.language)


def _last_run(desk: Desk) -> int:
    with desk.books.database.reading() as connection:
        return last_run(connection)
