"""One resource, read: the quick way, and where that says nothing the thorough way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from adjudicator.words import message
from ingest.fhir.elements import elements_by_name
from ingest.fhir.judge import Judge
from ingest.fhir.outcome import Issue
from ingest.fhir.profile import Profile
from ingest.fhir.quick import decode
from ingest.fhir.scan import DEEPEST, Look, Seen, look_at
from ingest.fhir.thorough import Unreadable, findings, tree_of, without
from ingest.fhir.views import View

LONGEST: Final = 1 << 24
"""Bytes of the longest resource that is read."""


def read_resource(body: bytes, seen: Seen | None, resource_type: str, profile: Profile) -> tuple[Any, Judge]:
    """Read a resource of a type that is expected.

    Args:
        body: the resource.
        seen: what the look said of it; None: it is still to be looked at.
        resource_type: one of those that are read.
        profile: of the sender.

    Returns:
        A struct, or a view of what may be used; None where it cannot be. And the judge, with what was found.
    """
    judge = Judge(profile, resource_type)
    issue = out_of_bounds(body, seen)
    if issue is not None:
        judge.issues.append(issue)
        return None, judge
    if seen is None:
        seen = next(look_at(body, False), None)
        if seen is None:
            judge.issues.append(
                Issue("fatal", "structure", message("fhir_intake.not_json", line=1, column=1))
            )
            return None, judge
    resource = decode(body, resource_type, seen, profile.missing)
    if resource is not None:
        for path in lacking(resource, resource_type, profile.missing):
            judge.wrong("required", "required", path, name=path.rpartition(".")[2])
        return resource, judge
    if seen.look is Look.TOO_DEEP:
        judge.issues.append(too_deep())
        return None, judge
    try:
        tree = tree_of(body)
    except Unreadable as unreadable:
        judge.issues.append(unreadable.issue)
        return None, judge
    return weighed(tree, judge, resource_type), judge


def lacking(resource: Any, resource_type: str, missing: frozenset[str]) -> Iterator[str]:
    """Give the elements that a resource has not, of those that need not be there."""
    for names in _paths(resource_type, missing):
        yield from _lacking(resource, resource_type, names, "")


@cache
def _paths(resource_type: str, missing: frozenset[str]) -> list[list[str]]:
    return [name.split(".")[1:] for name in sorted(missing) if name.startswith(f"{resource_type}.")]


def _lacking(value: Any, type_name: str, names: list[str], path: str) -> Iterator[str]:
    name, *others = names
    element = elements_by_name(type_name).get(name)
    if element is None:
        return
    held = getattr(value, element.attribute)
    here = f"{path}.{name}" if path else name
    if held is None:
        if not others:
            yield here
    elif others and element.inner is not None:
        for place, one in enumerate(held) if element.many else ((None, held),):
            inside = here if place is None else f"{here}[{place}]"
            yield from _lacking(one, element.inner, others, inside)


def weighed(tree: Any, judge: Judge, resource_type: str) -> View | None:
    """Look through a resource thoroughly; give what may be used of it, or None."""
    tolerated = judge.found(findings(tree, resource_type))
    return None if judge.refuses else View(without(tree, tolerated))


def too_deep() -> Issue:
    """Say that a resource is nested deeper than any that is read."""
    return Issue("fatal", "too-costly", message("fhir_intake.too_deep", most=DEEPEST))


def out_of_bounds(body: bytes, seen: Seen | None = None) -> Issue | None:
    """Say that a resource is longer than any that is read."""
    if len(body) <= LONGEST:
        return None
    return Issue("fatal", "too-long", message("fhir_intake.too_large", most=LONGEST >> 20))
