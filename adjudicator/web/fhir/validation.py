"""Trying a resource: all that is wrong with it, and nothing done."""

from __future__ import annotations

from typing import Final

from adjudicator.books.submission.reading import NotReceived
from adjudicator.web.fhir import eligibility
from adjudicator.web.fhir.bodies import Sent, check_depth, read_body, resource_in
from adjudicator.web.fhir.claims import issues_of, to_take
from adjudicator.web.fhir.replies import Declined, Reply, declined
from adjudicator.web.fhir.service import Call
from ingest.fhir.claim import read_claim
from ingest.fhir.elements import root_types
from ingest.fhir.outcome import Issue, operation_outcome
from ingest.fhir.thorough import Unreadable, findings, tree_of

TYPES: Final = tuple(sorted({*root_types()} - {"Bundle"}))
"""The types of resources that can be tried."""


async def validate(call: Call) -> Reply:
    """Say all that is wrong with a resource, as this server would take it."""
    kind = call.request.path_params["type"]
    if kind not in TYPES:
        raise declined(404, "not-supported", "serve.validates", given=kind[:50], types=list(TYPES))
    body = await read_body(call.request, call.settings)
    sent = resource_in(body, kind)
    issues = await call.desk.run(_issues, call, sent)
    return Reply(200, operation_outcome(issues, call.language))


def _issues(call: Call, sent: Sent) -> list[Issue]:
    if sent.resource_type == "Claim":
        return _of_claim(call, sent)
    check_depth(sent.body, call.settings.deepest)
    try:
        tree = tree_of(sent.body)
    except Unreadable as unreadable:
        return [unreadable.issue]
    issues = [finding.issue(sent.resource_type) for finding in findings(tree, sent.resource_type)]
    if sent.resource_type == eligibility.NAME:
        try:
            eligibility.read_question(call, sent)
        except Declined as found:
            issues += found.issues
    return issues


def _of_claim(call: Call, sent: Sent) -> list[Issue]:
    """Try a claim as it would be received: read, and held against the registers."""
    read = read_claim(sent.body, call.settings.profile, context=sent.context)
    issues = list(read.outcome)
    if read.claim is None:
        return issues
    try:
        call.desk.counter.read(to_take(call, read, sent.body))
    except NotReceived as refused:
        issues += issues_of(refused)
    except Declined as found:
        issues += found.issues
    return issues
