"""Questions of eligibility: whom somebody asks about, for which day and what; and the answer of the books."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from adjudicator.books.eligibility import Answer, eligibility_of
from adjudicator.fhir.eligibility import EligibilityAsked, coverage_eligibility_response
from adjudicator.problems import Refused
from adjudicator.store.journal import now
from adjudicator.web.fhir.bodies import Sent, read_body, resource_in
from adjudicator.web.fhir.replies import Declined, Reply
from adjudicator.web.fhir.service import Call
from adjudicator.words import Message, message, say
from ingest.fhir.outcome import Issue
from ingest.fhir.thorough import Unreadable, tree_of

NAME: Final = "CoverageEligibilityRequest"

PURPOSES: Final = ("auth-requirements", "benefits", "discovery", "validation")

MOST_ITEMS: Final = 50
"""Provisions that are answered about at a time."""

_UNKNOWN: Final = ("eligibility.unknown_insuree", "eligibility.unknown_provision")
"""What a scheme answers, and does not refuse."""

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_NO_LETTER: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What JSON can spell and no text of FHIR may hold."""

Tree = Any


@dataclass(frozen=True)
class Question:
    """What is asked."""

    insuree: str
    day: dt.date
    codes: tuple[str, ...]
    asked: EligibilityAsked


async def ask(call: Call) -> Reply:
    """Answer whether, and for what, somebody is covered."""
    sent = resource_in(await read_body(call.request, call.settings), NAME)
    return await call.desk.run(_answered, call, sent)


def _answered(call: Call, sent: Sent) -> Reply:
    question = read_question(call, sent)
    found: Answer | None = None
    sources = call.desk.counter.prepared().sources
    problems: list[Message] = []
    for code in question.codes or (None,):
        try:
            one = eligibility_of(call.desk.books, question.insuree, question.day, code, sources)
        except Refused as refused:
            said = [problem.what for problem in refused.problems]
            if not all(what.key in _UNKNOWN for what in said):
                raise
            # Whose numbers are near to one that is not there is nobody's business here.
            problems += [what for what in said if what not in problems]
            continue
        found = one if found is None else _together(found, one)
    if found is None and question.codes and not _nobody(problems):
        found = eligibility_of(call.desk.books, question.insuree, question.day, None, sources)
    resource = coverage_eligibility_response(
        found.eligibility if found else None,
        question.asked,
        created=now(),
        language=call.language,
        flavour=call.settings.flavour,
        problems=() if found else problems,
    )
    if found and problems:
        # About the others there is an answer.
        resource["outcome"] = "partial"
        resource["error"] = [{"code": {"text": say(said, call.language)}} for said in problems]
    return Reply(200, resource, subject=question.insuree)


def _nobody(problems: Sequence[Message]) -> bool:
    return any(said.key == _UNKNOWN[0] for said in problems)


def _together(found: Answer, more: Answer) -> Answer:
    """Put what was found about several provisions together."""
    provisions = (*found.eligibility.provisions, *more.eligibility.provisions)
    return replace(found, eligibility=replace(found.eligibility, provisions=provisions))


# Reading a question.


def read_question(call: Call, sent: Sent) -> Question:
    """Read whom a request asks about, for which day, and which provisions.

    Raises:
        Declined: it does not say whom it asks about, or says something that cannot be read.
    """
    try:
        tree = tree_of(sent.body)
    except Unreadable as unreadable:
        raise Declined(400, [unreadable.issue]) from None
    issues: list[Issue] = []
    insuree = _insuree(tree, sent.context, issues)
    day = _day(tree, issues)
    codes = _codes(tree, issues)
    purposes = tuple(one for one in _list(tree, "purpose") if one in PURPOSES)
    if issues or insuree is None:
        raise Declined(422, issues)
    settings = call.desk.books.settings
    name = _text(tree, "id")
    asked = EligibilityAsked(
        scheme=settings.scheme,
        currency=settings.currency,
        insuree=insuree,
        day=day,
        key=hashlib.sha256(call.facility.encode() + b"\x1f" + sent.body).hexdigest()[:32],
        purposes=purposes or ("benefits",),
        request={"reference": f"{NAME}/{name}"} if name and _ID.fullmatch(name) else None,
        patient=_reference(tree, "patient"),
        requestor=_reference(tree, "provider"),
        insurer=_reference(tree, "insurer"),
    )
    return Question(insuree, day, codes, asked)


def _insuree(tree: Tree, context: Mapping[str, Any], issues: list[Issue]) -> str | None:
    """Find the insuree's number: in the reference, or in the patient that it leads to."""
    patient = tree.get("patient")
    found = _identifier(patient)
    reference = _text(patient, "reference")
    if found is None and reference:
        beside = _beside(tree, context, reference)
        found = _identifier(beside, "identifier") if beside is not None else None
        if found is None and beside is None and not reference.startswith(("#", "urn:")):
            found = reference.rpartition("/")[2]
    if not found or len(found) > 100 or not found.isprintable():
        issues.append(Issue("error", "required", message("serve.no_patient"), f"{NAME}.patient"))
        return None
    return found


def _beside(tree: Tree, context: Mapping[str, Any], reference: str) -> Tree | None:
    """Find what a reference leads to, in the request or beside it."""
    if reference.startswith("#"):
        for one in _list(tree, "contained"):
            if isinstance(one, dict) and one.get("id") == reference[1:]:
                return one
        return None
    raw = context.get(reference)
    if raw is None:
        return None
    try:
        found = tree_of(raw)
    except Unreadable:
        return None
    return found if isinstance(found, dict) else None


def _identifier(element: Tree, name: str = "identifier") -> str | None:
    given = element.get(name) if isinstance(element, dict) else None
    for one in given if isinstance(given, list) else [given]:
        if value := _text(one, "value"):
            return value.strip()
    return None


def _day(tree: Tree, issues: list[Issue]) -> dt.date:
    """Find the day that is asked about; today where none is."""
    period = tree.get("servicedPeriod")
    for element, name, place in (
        (tree, "servicedDate", "serviced"),
        (period, "start", "serviced.start"),
    ):
        given = element.get(name) if isinstance(element, dict) else None
        if given is None:
            continue
        try:
            return dt.date.fromisoformat(str(given)[:10])
        except ValueError:
            what = message("serve.no_day", given=str(given)[:40])
            issues.append(Issue("error", "value", what, f"{NAME}.{place}"))
            return dt.date.min
    return dt.datetime.now(dt.UTC).date()


def _codes(tree: Tree, issues: list[Issue]) -> tuple[str, ...]:
    """Find the provisions that are asked about."""
    found: dict[str, None] = {}
    items = _list(tree, "item")
    if len(items) > MOST_ITEMS:
        issues.append(Issue("error", "too-long", message("serve.items", most=MOST_ITEMS), f"{NAME}.item"))
        return ()
    for place, item in enumerate(items):
        service = item.get("productOrService") if isinstance(item, dict) else None
        if service is None:
            continue
        codes = [_text(coding, "code") for coding in _list(service, "coding")]
        code = next((one for one in [*codes, _text(service, "text")] if one), None)
        if not code or len(code) > 100 or not code.isprintable():
            where = f"{NAME}.item[{place}].productOrService"
            issues.append(Issue("error", "required", message("serve.no_code"), where))
            continue
        found[code.strip()] = None
    return tuple(found)


def _reference(tree: Tree, name: str) -> dict[str, Any] | None:
    """Give a reference to be repeated: its texts, and not one to something within the request."""
    given = tree.get(name)
    if not isinstance(given, dict):
        return None
    found: dict[str, Any] = {}
    for part in ("reference", "type", "display"):
        said = _text(given, part)
        if said and not (part == "reference" and said.startswith("#")):
            found[part] = said
    identifier = given.get("identifier")
    if isinstance(identifier, dict):
        texts = {part: said for part in ("system", "value") if (said := _text(identifier, part))}
        if texts:
            found["identifier"] = texts
    return found or None


def _text(element: Tree, name: str) -> str | None:
    found = element.get(name) if isinstance(element, dict) else None
    return _NO_LETTER.sub("\ufffd", found) if isinstance(found, str) else None


def _list(element: Tree, name: str) -> list[Any]:
    found = element.get(name) if isinstance(element, dict) else None
    return found if isinstance(found, list) else []
