"""What every request goes through: who asks, how often, what goes wrong, and what is written down of it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adjudicator.books.submission.audit import Access
from adjudicator.books.submission.tokens import Token
from adjudicator.problems import Refused
from adjudicator.store.journal import now
from adjudicator.web.fhir.callers import Callers, Rates
from adjudicator.web.fhir.desk import Desk
from adjudicator.web.fhir.replies import (
    Declined,
    Reply,
    asked_language,
    come_again,
    declined,
    response,
)
from adjudicator.web.fhir.settings import Settings

LOG: Final = logging.getLogger("adjudicator.serve")

REQUEST_ID: Final = "X-Request-Id"


@dataclass(frozen=True)
class Call:
    """A request of which it is known who asks."""

    request: Request
    token: Token
    language: str
    desk: Desk

    @property
    def facility(self) -> str:
        """The code of the facility that asks."""
        return self.token.facility

    @property
    def settings(self) -> Settings:
        """Of the server."""
        return self.desk.settings

    @property
    def base(self) -> str:
        """The address of the server's FHIR resources."""
        return base_of(self.request, self.settings)


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True)
class Operation:
    """Something that the server does, at an address."""

    method: str
    path: str
    """As Starlette has it, below the server's root."""
    what: str
    """How an access is called when it is written down."""
    handler: Handler
    resource: str | None = None
    """The type of resource that it is of; None: of the whole server."""
    interaction: str | None = None
    """FHIR's code of the interaction, where it is one; several stand apart by blanks."""
    name: str | None = None
    """The name of the operation, where it is one, without ``$``."""


def base_of(request: Request, settings: Settings) -> str:
    """Give the address of the server's FHIR resources, as its readers know it."""
    return f"{settings.base or str(request.base_url).rstrip('/')}/fhir"


class Service:
    """Serves operations.

    Args:
        desk: that they ask.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._settings = desk, desk.settings
        self._callers = Callers(desk.books)
        self._rates = Rates(self._settings.rate, self._settings.burst)
        self._guesses = Rates(self._settings.guesses / 60, self._settings.guesses)

    def endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        """Make what Starlette calls."""

        async def serve(request: Request) -> Response:
            return await self._serve(operation, request)

        return serve

    async def _serve(self, operation: Operation, request: Request) -> Response:
        name = secrets.token_hex(8)
        language = asked_language(request.headers.get("accept-language"), self._settings.language)
        token: Token | None = None
        try:
            token = await self._known(request)
            reply = await self._answered(operation, request, token, language)
        except Declined as found:
            reply = found.reply(language)
        except Exception:
            LOG.exception("request %s", name)
            reply = declined(500, "exception", "serve.failed", request=name).reply(language)
        reply = await self._written_down(operation, request, token, reply, name, language)
        reply.headers[REQUEST_ID] = name
        return finished(reply, request)

    async def _known(self, request: Request) -> Token:
        """Find out who asks.

        Raises:
            Declined: nobody whom the books know, or one who comes too often.
        """
        address = request.client.host if request.client else "?"
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        token = self._callers.known(given)
        if token is None:
            if self._guesses.left(address) < 1:
                raise come_again(429, "throttled", "serve.guesses", 60)
            if given:
                token = await self._desk.run(self._callers.look_up, given)
        if token is None:
            self._guesses.take(address)
            raise _unknown(bool(given))
        wait = self._rates.take(token.token)
        if wait:
            raise come_again(429, "throttled", "serve.rate", wait, rate=round(self._settings.rate))
        return token

    async def _answered(self, operation: Operation, request: Request, token: Token, language: str) -> Reply:
        check_accepted(request)
        try:
            return await operation.handler(Call(request, token, language, self._desk))
        except Refused as refused:
            # What is wrong with the scheme itself is the operator's to know.
            LOG.error("%s", refused)
            raise come_again(503, "exception", "serve.scheme", 60) from None

    async def _written_down(
        self,
        operation: Operation,
        request: Request,
        token: Token | None,
        reply: Reply,
        name: str,
        language: str,
    ) -> Reply:
        """Write down who asked for what; what cannot be written down is not answered."""
        # Not every database keeps a text with this letter in it.
        path = request.url.path.replace("\x00", "")
        resource = path.partition("/fhir/")[2][:200] or path[:200]
        access = Access(
            now(),
            token.facility if token else None,
            token.token if token else None,
            operation.what,
            resource,
            reply.subject,
            reply.status,
            name,
        )
        if token is None and reply.status == 429:
            # Who comes too often shall not fill the books with it.
            return reply
        try:
            await self._desk.note(access)
        except Declined as found:
            return found.reply(language)
        except Exception:
            LOG.exception("request %s could not be written down", name)
            return come_again(503, "transient", "serve.books_away", self._settings.retry).reply(language)
        return reply


def finished(reply: Reply, request: Request) -> Response:
    """Write an answer with the headers that all have."""
    reply.headers.setdefault("Cache-Control", "no-store")
    reply.headers.setdefault("X-Content-Type-Options", "nosniff")
    reply.headers.setdefault("Vary", "Accept-Language")
    return response(reply, request.query_params.get("_pretty") == "true")


def check_accepted(request: Request) -> None:
    """Make sure that the reader takes JSON.

    Raises:
        Declined: it wants something else.
    """
    asked = request.query_params.get("_format")
    accepted = asked if asked is not None else ",".join(request.headers.getlist("accept")).lower()
    if accepted and "json" not in accepted and "*" not in accepted:
        raise declined(406, "not-supported", "serve.accept", given=accepted[:100])


def _unknown(given: bool) -> Declined:
    found = declined(401, "login", "serve.unknown_bearer" if given else "serve.no_bearer")
    # Who shows nothing is told what to show, and not that it is wrong (RFC 6750, section 3.1).
    wrong = ', error="invalid_token"' if given else ""
    found.headers["WWW-Authenticate"] = f'Bearer realm="adjudicator"{wrong}'
    return found
