"""The same by way of ``fhir.resources`` (R4B): slow, well kept, and asked whether the quick way is right.

JSON is read by Python's own reader, types are judged by ``fhir.resources`` first and by our check list
after it, and rows come by the same mapping. What both refuse is refused; what only ``fhir.resources``
refuses is told as such. Where it is known to be wrong it is not asked:

* it takes numbers through ``float``, so that amounts come from Python's reader;
* it raises a bare ``KeyError`` for a contained type that it does not know, and looks into contained
  resources and entries of Bundles that are none of ours: these are left out;
* it refuses a primitive's extension among the values of an extension (``_valueString``): it is left out;
* it does not know ``Z`` after a leap second.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from adjudicator.words import message
from ingest.fhir.claim import NOWHERE, ClaimRead, claim_of
from ingest.fhir.context import Given, Lookup
from ingest.fhir.elements import root_types
from ingest.fhir.judge import Judge
from ingest.fhir.outcome import Issue
from ingest.fhir.profile import Profile
from ingest.fhir.resource import out_of_bounds, too_deep
from ingest.fhir.scan import Look, look_at
from ingest.fhir.thorough import Finding, Steps, Unreadable, findings, tree_of, without
from ingest.fhir.views import View

MOST_TOLD: Final = 50
"""Objections of ``fhir.resources`` that are told of one resource."""


def read_claim(body: bytes, profile: Profile, *, context: Mapping[str, Any] | None = None) -> ClaimRead:
    """Read one ``Claim`` as :func:`ingest.fhir.claim.read_claim` does, by way of the referee."""
    beside: Lookup = Given(context, profile) if context else NOWHERE
    resource, judge = read_resource(body, "Claim", profile)
    if resource is None:
        return ClaimRead(None, outcome=judge.issues)
    return claim_of(resource, judge, profile, beside)


def validate(body: bytes, resource_type: str, profile: Profile) -> list[Issue]:
    """Judge one resource of a type that is read, as ``$validate`` does.

    Args:
        body: the resource.
        resource_type: what it is expected to be.
        profile: of its sender, which says what is a warning.

    Returns:
        What is wrong with it; nothing where all is well.
    """
    _, judge = read_resource(body, resource_type, profile)
    return judge.issues


def read_resource(body: bytes, resource_type: str, profile: Profile) -> tuple[View | None, Judge]:
    """Read a resource; as :func:`ingest.fhir.resource.read_resource`."""
    judge = Judge(profile, resource_type)
    try:
        tree = _tree(body)
    except Unreadable as unread:
        judge.issues.append(unread.issue)
        return None, judge
    ours = findings(tree, resource_type)
    tolerated = judge.found(ours)
    tolerated += judge.found(_only_theirs(tree, resource_type, ours))
    return None if judge.refuses else View(without(tree, tolerated)), judge


def _tree(body: bytes) -> Any:
    issue = out_of_bounds(body)
    if issue is not None:
        raise Unreadable(issue)
    seen = next(look_at(body, False), None)
    if seen is not None and seen.look is Look.TOO_DEEP:
        raise Unreadable(too_deep())
    return tree_of(body)


def _only_theirs(tree: Any, resource_type: str, ours: list[Finding]) -> list[Finding]:
    """Give what ``fhir.resources`` objects to where our check list says nothing."""
    told = [finding.steps for finding in ours]
    found = []
    for steps, said in objections(tree, resource_type):
        if any(steps[: len(other)] == other or other[: len(steps)] == steps for other in told):
            continue
        found.append(Finding("invalid", message("fhir_intake.referee", said=said), steps))
        if len(found) == MOST_TOLD:
            break
    return found


def objections(tree: Any, resource_type: str) -> Iterator[tuple[Steps, str]]:
    """Give what ``fhir.resources`` says against a resource: the steps to the element, and its words."""
    if not isinstance(tree, dict):
        return
    try:
        get_fhir_model_class(resource_type).model_validate(_fit(copy.deepcopy(tree)))
    except ValidationError as error:
        for details in error.errors(include_url=False):
            yield tuple(details["loc"]), details["msg"]
    except (KeyError, AttributeError, TypeError, ValueError, ArithmeticError) as error:
        # It stumbled; what over is not known.
        yield (), f"{type(error).__name__}: {error}"


def _fit(value: Any) -> Any:
    """Leave out what the referee is known to be wrong about."""
    if isinstance(value, list):
        return [_fit(one) for one in value]
    if not isinstance(value, dict):
        return value
    fit = {name: _fit(one) for name, one in value.items() if not name.startswith("_value")}
    held = fit.get("contained")
    if isinstance(held, list):
        kept = [one for one in held if isinstance(one, dict) and one.get("resourceType") in root_types()]
        fit["contained"] = kept
        if not kept:
            del fit["contained"]
    if "url" in fit and "valueUuid" in fit:
        del fit["valueUuid"]
    return fit
