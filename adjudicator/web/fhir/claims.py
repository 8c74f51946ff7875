"""Claims: sent, decided and answered; tried out; answers read again and looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from adjudicator.books.submission.answers import (
    Answer,
    Asked,
    echo_of,
    find_claims,
    tried_out,
)
from adjudicator.books.submission.reading import NotReceived, Read
from adjudicator.books.submission.reading import Sent as Taken
from adjudicator.books.submission.submitted import REFUSALS
from adjudicator.fhir.claim_response import claim_response
from adjudicator.fhir.decided import Sent as Echo
from adjudicator.fhir.systems import claim_response_id
from adjudicator.store.journal import now
from adjudicator.web.fhir.bodies import Sent, read_body, resource_in, unpacked
from adjudicator.web.fhir.replies import Declined, Reply, Resource, declined, note
from adjudicator.web.fhir.service import Call
from adjudicator.words import text
from ingest.fhir.claim import ClaimRead, read_claim
from ingest.fhir.outcome import Issue

CLAIM: Final = "claim"
PREAUTHORIZATION: Final = "preauthorization"
PREDETERMINATION: Final = "predetermination"

LONGEST_ELEMENT: Final = 4_000
"""Letters of an element that is repeated in answers; a longer one is not."""

LONGEST_FORM: Final = 1 << 16
"""Bytes of the form of a search."""

SEARCHED_BY: Final = {
    "_id": "token",
    "identifier": "token",
    "request": "reference",
    "patient": "reference",
}
"""What answers are looked for by, with FHIR's type of the parameter."""

_PAGING: Final = ("_count", "_offset", "_format", "_pretty")


# Sending.


async def submit(call: Call) -> Reply:
    """Decide a claim, or try it out, as its ``use`` says."""
    sent = resource_in(await read_body(call.request, call.settings), "Claim")
    read, claim = await call.desk.run(_read, call, sent)
    if read.use == CLAIM:
        return await _decided(call, claim)
    return await call.desk.run(_tried, call, claim, str(read.use))


def _read(call: Call, sent: Sent) -> tuple[ClaimRead, Read]:
    read = read_claim(sent.body, call.settings.profile, context=sent.context)
    taken = to_take(call, read, sent.body)
    try:
        return read, call.desk.counter.read(taken)
    except NotReceived as refused:
        raise Declined(422, issues_of(refused), subject=str(taken.claim.get("claim"))) from None


def to_take(call: Call, read: ClaimRead, body: bytes) -> Taken:
    """Give a claim that was read as the counter takes it.

    Raises:
        Declined: it could not be read, or is another facility's.
    """
    if read.claim is None:
        raise Declined(422, read.outcome)
    facility, claim = str(read.claim.get("facility")), str(read.claim.get("claim"))
    if facility != call.facility:
        found = declined(403, "forbidden", "serve.other_facility", facility=call.facility)
        found.issues[0] = Issue("error", "forbidden", found.issues[0].what, "Claim.provider", facility[:100])
        raise found
    response = claim_response_id(call.desk.books.settings.scheme, facility, claim)
    return Taken(read.claim, read.lines, response, echo_of(echo(body)), call.token.token)


async def _decided(call: Call, claim: Read) -> Reply:
    done = await call.desk.submit(claim)
    facility, number = claim.name
    if refusal := REFUSALS.get(done.submitted.state):
        found = declined(409, "conflict", refusal, claim=number, facility=facility)
        found.subject = number
        raise found
    assert done.answer is not None
    return answered(call, done.answer)


def answered(call: Call, answer: Answer) -> Reply:
    """Answer about a claim as it stands in the books."""
    resource = resource_of(call, answer)
    headers = {
        "Content-Location": f"{call.base}/ClaimResponse/{resource['id']}",
        "ETag": f'W/"{resource["meta"]["versionId"]}"',
    }
    return Reply(200, resource, headers, answer.decided.claim)


def resource_of(call: Call, answer: Answer) -> Resource:
    """Write what stands in the books about a claim."""
    return claim_response(
        answer.decided, created=answer.created, language=call.language, flavour=call.settings.flavour
    )


def _tried(call: Call, claim: Read, use: str) -> Reply:
    """Answer what would be decided; nothing is booked, and nothing reserved."""
    desk = call.desk
    trial = desk.counter.predetermine(claim)
    decided = tried_out(desk.books, trial, echo_from(claim), use, desk.names())
    resource = claim_response(decided, created=now(), language=call.language, flavour=call.settings.flavour)
    # It is kept nowhere, and so has no address and no number of its own.
    for name in ("id", "meta", "identifier"):
        resource.pop(name, None)
    resource["disposition"] = text("serve.tried", call.language, said=resource["disposition"])
    notes: list[Resource] = resource.setdefault("processNote", [])
    said = text(f"serve.note.{use}", call.language)
    notes.append(note(1 + max((one["number"] for one in notes), default=0), said, call.language))
    return Reply(200, resource, subject=decided.claim)


# What is repeated.


class _Repeated(msgspec.Struct):
    id: Any = None
    identifier: Any = None
    patient: Any = None
    provider: Any = None
    insurer: Any = None
    insurance: Any = None
    type: Any = None


def echo(body: bytes) -> Echo:
    """Take what an answer repeats of a claim: what its sender called things.

    Args:
        body: the claim, which was read and found to be one.
    """
    said = msgspec.json.decode(body, type=_Repeated)
    insurance = _first(said.insurance)
    return Echo(
        claim={"reference": f"Claim/{said.id}"} if isinstance(said.id, str) else None,
        patient=_element(said.patient),
        provider=_element(said.provider),
        insurer=_element(said.insurer),
        coverage=_element(insurance.get("coverage")) if isinstance(insurance, dict) else None,
        type=_element(said.type),
        identifier=_element(_first(said.identifier)),
    )


def echo_from(claim: Read) -> Echo:
    """Give what an answer repeats of a claim that was taken."""
    return Echo(**msgspec.json.decode(claim.sent.echo))


def _first(given: Any) -> Any:
    return given[0] if isinstance(given, list) and given else None


def _element(given: Any) -> Mapping[str, Any] | None:
    if not isinstance(given, dict) or not given:
        return None
    # A reference to something that stood in the claim itself leads nowhere in an answer.
    if str(given.get("reference", "")).startswith("#"):
        given = {name: value for name, value in given.items() if name != "reference"}
    return given if given and len(msgspec.json.encode(given)) <= LONGEST_ELEMENT else None


# What is wrong with a claim.

_ELEMENTS: Final = {
    "claim": "Claim.identifier",
    "facility": "Claim.provider",
    "insuree": "Claim.patient",
    "date_from": "Claim.billablePeriod.start",
    "date_to": "Claim.billablePeriod.end",
    "date_claimed": "Claim.created",
    "visit_type": "Claim.type",
    "quantity": "quantity",
    "price_asked": "unitPrice",
    "code": "productOrService",
    "line": "sequence",
}
"""Where what the books call a column stands in a claim."""


def issues_of(refused: NotReceived) -> list[Issue]:
    """Tell what is wrong with a claim in FHIR's words."""
    return [
        Issue(
            "error",
            "business-rule",
            fault.reason,
            _place(fault.table, fault.row, fault.field),
            fault.value or "",
        )
        for fault in refused.faults
    ]


def _place(table: str, row: int, field: str | None) -> str:
    named = _ELEMENTS.get(field or "", "")
    if table != "claim_lines":
        return named or "Claim"
    item = f"Claim.item[{row}]"
    return f"{item}.{named}" if named and not named.startswith("Claim") else item


# Reading again.


async def read(call: Call) -> Reply:
    """Read the answer to a claim, as it stands now."""
    asked = Asked(call.facility, response=call.request.path_params["id"].replace("\x00", ""))
    found, _ = await call.desk.run(find_claims, call.desk.books, asked, 1)
    if not found:
        raise declined(404, "not-found", "serve.no_answer")
    told = await call.desk.run(call.desk.answers, found)
    return answered(call, told[found[0]])


@dataclass(frozen=True)
class Search:
    """A search, as it was asked."""

    asked: Asked
    count: int
    offset: int
    given: tuple[tuple[str, str], ...]


async def search(call: Call) -> Reply:
    """Look for answers."""
    given = await _given(call)
    wanted = _search(call, given)
    found, total = await call.desk.run(
        find_claims, call.desk.books, wanted.asked, wanted.count, wanted.offset
    )
    told = await call.desk.run(call.desk.answers, found)
    bundle = await call.desk.run(_bundle, call, wanted, [told[number] for number in found], total)
    subject = wanted.asked.insuree or wanted.asked.claim
    return Reply(200, bundle, subject=subject)


async def _given(call: Call) -> list[tuple[str, str]]:
    request = call.request
    given = list(request.query_params.multi_items())
    if request.method == "POST":
        # Numbers of patients do not belong into addresses, which servers on the way write down.
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/x-www-form-urlencoded":
            wanted = "application/x-www-form-urlencoded"
            raise declined(415, "not-supported", "serve.content_type", given=kind, wanted=wanted, name="form")
        async with aclosing(unpacked(request, LONGEST_FORM, call.settings.slow_body)) as parts:
            body = b"".join([part async for part in parts])
        given += parse_qsl(body.decode("utf-8", "replace"))
    return given


def _search(call: Call, given: Sequence[tuple[str, str]]) -> Search:
    settings = call.settings
    asked: dict[str, str] = {}
    numbers = {"_count": settings.page, "_offset": 0}
    for name, value in given:
        if name in numbers:
            if not (value.isascii() and value.isdigit()) or len(value) > 9:
                raise declined(400, "value", "serve.search_number", name=name, value=value[:50])
            numbers[name] = int(value)
        elif name in SEARCHED_BY and name not in asked:
            asked[name] = value
        elif name not in _PAGING:
            known = [*SEARCHED_BY, "_count", "_offset"]
            raise declined(400, "not-supported", "serve.search_unknown", name=name[:50], known=known)
    claims = {_number(asked[name]) for name in ("identifier", "request") if name in asked}
    insuree = _number(asked["patient"]) if "patient" in asked else None
    # Two different numbers are nobody's; and so is an empty one.
    claim = None if not claims else claims.pop() if len(claims) == 1 else ""
    response = asked["_id"].replace("\x00", "") if "_id" in asked else None
    wanted = Asked(call.facility, response, claim, insuree)
    count = min(numbers["_count"], settings.largest_page)
    return Search(wanted, count, numbers["_offset"], tuple(asked.items()))


def _number(given: str) -> str:
    """Take a number out of ``system|number``, of an address, or as it is; of an answer, that of its claim."""
    system, _, number = given.replace("\x00", "").rpartition("|")
    if ":claim-response:" in system:
        number = number.rpartition("/")[0]
    if "|" not in given and number.startswith(("Claim/", "Patient/", "http://", "https://")):
        number = number.rpartition("/")[2]
    return number


def _bundle(call: Call, wanted: Search, found: Sequence[Answer], total: int) -> Resource:
    links = [{"relation": "self", "url": _address(call, wanted, wanted.offset)}]
    after = wanted.offset + wanted.count
    if wanted.count and after < total:
        links.append({"relation": "next", "url": _address(call, wanted, after)})
    if wanted.offset:
        before = max(0, wanted.offset - wanted.count)
        links.append({"relation": "previous", "url": _address(call, wanted, before)})
    entries = []
    for answer in found:
        resource = resource_of(call, answer)
        address = f"{call.base}/ClaimResponse/{resource['id']}"
        entries.append({"fullUrl": address, "resource": resource, "search": {"mode": "match"}})
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    return bundle | ({"entry": entries} if entries else {})


def _address(call: Call, wanted: Search, offset: int) -> str:
    given = [*wanted.given, ("_count", str(wanted.count)), ("_offset", str(offset))]
    return f"{call.base}/ClaimResponse?{urlencode(given)}"
