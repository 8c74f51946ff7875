"""Bundles of requests, as FHIR has them (http.html#transaction): a transaction is done whole or not at all.

Of a ``batch``, each entry is a request of its own, which succeeds or fails by itself; a ``transaction`` is
one change of the books. What changes books here are claims, and so a transaction is of claims that are
submitted: all of them are received and decided in one transaction of the database, and the answer is theirs,
or an ``OperationOutcome`` that says what stood in the way, and nothing was done. The same Bundle again is
answered the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from starlette.requests import Request

from adjudicator.books.submission.reading import NotReceived, Read
from adjudicator.books.submission.submitted import REFUSALS
from adjudicator.web.fhir import claims, eligibility
from adjudicator.web.fhir.bodies import ENTRIES, decoded, read_body, resource_in, type_of
from adjudicator.web.fhir.replies import Declined, Reply, Resource, declined
from adjudicator.web.fhir.service import Call
from adjudicator.words import message
from ingest.fhir.claim import read_claim
from ingest.fhir.outcome import Issue

TRANSACTION: Final = "transaction"
BATCH: Final = "batch"

SUBMIT: Final = "Claim/$submit"

Handler = Callable[[Call], Awaitable[Reply]]

_POSTED: Final[dict[str, Handler]] = {
    SUBMIT: claims.submit,
    eligibility.NAME: eligibility.ask,
    f"{eligibility.NAME}/$submit": eligibility.ask,
}
"""What an entry may post, by its address."""

_JSON: Final = [(b"content-type", b"application/fhir+json")]


class _Asked(msgspec.Struct):
    method: Any = None
    url: Any = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"")
    request: _Asked | None = None

    @property
    def body(self) -> bytes:
        return bytes(self.resource)

    @property
    def method(self) -> str:
        return str(self.request.method).upper() if self.request else "–"

    @property
    def url(self) -> str:
        return str(self.request.url)[:500] if self.request else "–"


class _Bundle(msgspec.Struct):
    type: Any = None
    entry: list[_Entry] = []


async def take(call: Call) -> Reply:
    """Do what the entries of a Bundle ask for."""
    body = await read_body(call.request, call.settings)
    kind = type_of(body)
    if kind != "Bundle":
        raise declined(400, "structure", "serve.other_type", given=kind or "–", wanted="Bundle")
    bundle = decoded(body, _Bundle)
    if bundle.type not in (TRANSACTION, BATCH):
        given = bundle.type if isinstance(bundle.type, str) else "–"
        raise declined(400, "structure", "serve.bundle_of_requests", given=given[:50])
    if len(bundle.entry) > ENTRIES:
        raise declined(400, "too-long", "serve.bundle_entries", most=ENTRIES)
    if bundle.type == BATCH:
        return await _batch(call, bundle.entry)
    return await _transaction(call, bundle.entry)


# One by one.


async def _batch(call: Call, entries: Sequence[_Entry]) -> Reply:
    answered, subjects = [], []
    for entry in entries:
        try:
            reply = await _alone(call, entry)
        except Declined as found:
            reply = found.reply(call.language)
        subjects.append(reply.subject)
        answered.append(_answer(reply))
    return _replied("batch-response", answered, subjects)


async def _alone(call: Call, entry: _Entry) -> Reply:
    """Do what an entry asks for, as if it had come by itself."""
    address = urlsplit(_below(call, entry.url))
    kind, _, rest = address.path.partition("/")
    handler: Handler | None = None
    parameters: dict[str, str] = {}
    if entry.method == "POST":
        handler = _POSTED.get(address.path)
    elif entry.method == "GET" and kind == "ClaimResponse":
        handler = claims.read if rest else claims.search
        parameters = {"id": unquote(rest)} if rest else {}
    if handler is None or "/" in parameters.get("id", ""):
        raise _not_taken(entry, "serve.entry")
    query = address.query.encode("ascii", "replace")
    return await handler(replace(call, request=_request(call, entry, query, parameters)))


def _request(call: Call, entry: _Entry, query: bytes, parameters: Mapping[str, str]) -> Request:
    """Make a request of an entry."""
    scope = dict(call.request.scope) | {
        "method": entry.method,
        "query_string": query,
        "headers": _JSON,
        "path_params": dict(parameters),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": entry.body, "more_body": False}

    return Request(scope, receive)


def _below(call: Call, url: str) -> str:
    """Give an address below the server's own."""
    return url.removeprefix(f"{call.base}/").removeprefix("/")


# All or none.


async def _transaction(call: Call, entries: Sequence[_Entry]) -> Reply:
    read = await call.desk.run(_read, call, entries)
    done = await call.desk.run(call.desk.decide_whole, read)
    wrong = [
        (place, declined(409, "conflict", refusal, claim=one.name[1], facility=one.name[0]))
        for place, (one, what) in enumerate(zip(read, done, strict=True))
        if (refusal := REFUSALS.get(what.submitted.state))
    ]
    if wrong:
        raise _failed(wrong)
    replies = [claims.answered(call, what.answer) for what in done if what.answer is not None]
    return _replied(
        "transaction-response", [_answer(reply) for reply in replies], [one.subject for one in replies]
    )


def _read(call: Call, entries: Sequence[_Entry]) -> list[Read]:
    """Read the claims of a transaction.

    Raises:
        Declined: one of them cannot be taken; with all that is wrong with any.
    """
    wrong: list[tuple[int, Declined]] = []
    sent = []
    for place, entry in enumerate(entries):
        try:
            if (entry.method, _below(call, entry.url)) != ("POST", SUBMIT):
                raise _not_taken(entry, "serve.entry_of_transaction")
            claim = resource_in(entry.body, "Claim")
            read = read_claim(claim.body, call.settings.profile, context=claim.context)
            if read.claim is not None and read.use != claims.CLAIM:
                raise declined(422, "not-supported", "serve.entry_use", use=str(read.use))
            sent.append((place, claims.to_take(call, read, claim.body)))
        except Declined as found:
            wrong.append((place, found))
    looked = call.desk.counter.read_many([one for _, one in sent])
    taken: dict[tuple[str, str], int] = {}
    good: list[Read] = []
    for (place, _), one in zip(sent, looked, strict=True):
        if isinstance(one, NotReceived):
            wrong.append((place, Declined(422, claims.issues_of(one))))
        elif (other := taken.setdefault(one.name, place)) != place:
            # As FHIR has it, no two entries of a transaction are of the same.
            wrong.append((place, declined(400, "duplicate", "serve.entry_twice", other=other)))
        else:
            good.append(one)
    if wrong:
        raise _failed(wrong)
    return good


def _failed(wrong: Sequence[tuple[int, Declined]]) -> Declined:
    """Tell all that stands in the way of a transaction; the first of it says what the status is."""
    wrong = sorted(wrong, key=lambda one: one[0])
    issues = [Issue("error", "processing", message("serve.transaction_failed"))]
    issues += [_in_entry(place, issue) for place, found in wrong for issue in found.issues]
    return Declined(wrong[0][1].status, issues)


def _in_entry(place: int, issue: Issue) -> Issue:
    where = f"Bundle.entry[{place}].resource"
    if issue.expression.startswith("Claim"):
        where += issue.expression.removeprefix("Claim")
    return Issue(issue.severity, issue.code, issue.what, where, issue.value)


def _not_taken(entry: _Entry, key: str) -> Declined:
    return declined(400, "not-supported", key, method=entry.method[:20], url=entry.url[:100])


# Answers.


def _replied(kind: str, entries: Sequence[Resource], subjects: Sequence[str | None]) -> Reply:
    bundle: Resource = {"resourceType": "Bundle", "type": kind}
    if entries:
        bundle["entry"] = list(entries)
    named = ", ".join(dict.fromkeys(subject for subject in subjects if subject))
    return Reply(200, bundle, subject=named or None)


def _answer(reply: Reply) -> Resource:
    """Give the answer to one entry."""
    said: Resource = {"status": f"{reply.status} {HTTPStatus(reply.status).phrase}"}
    if etag := reply.headers.get("ETag"):
        said["etag"] = etag
    resource = reply.resource
    if resource is not None and resource["resourceType"] == "OperationOutcome":
        return {"response": said | {"outcome": resource}}
    entry: Resource = {}
    if address := reply.headers.get("Content-Location"):
        entry["fullUrl"] = said["location"] = address
    if resource is not None:
        moment = resource.get("meta", {}).get("lastUpdated")
        said |= {"lastModified": moment} if moment else {}
        entry["resource"] = resource
    return entry | {"response": said}
