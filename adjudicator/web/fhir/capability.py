"""What the server says of itself: made from the list that its routes are made of, and so true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adjudicator import engine
from adjudicator.web.fhir.bulk_export import EXPORTED
from adjudicator.web.fhir.claims import SEARCHED_BY
from adjudicator.web.fhir.replies import Resource
from adjudicator.web.fhir.service import Operation
from adjudicator.web.fhir.settings import Settings
from adjudicator.web.fhir.validation import TYPES
from adjudicator.words import text

R4: Final = "4.0.1"

DATE: Final = "2026-11-22"
"""When this statement last changed."""

_DEFINITIONS: Final = {
    "submit": "http://hl7.org/fhir/OperationDefinition/{resource}-submit",
    "validate": "http://hl7.org/fhir/OperationDefinition/Resource-validate",
    "import": "urn:adjudicator:operation:import",
    "export": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
}
"""What each operation is defined by."""

ANY: Final = "{type}"
"""Stands for the type, in the resource of an operation that holds for several."""


def capability(operations: Sequence[Operation], base: str, settings: Settings, language: str) -> Resource:
    """Make the ``CapabilityStatement``.

    Args:
        operations: that are served.
        base: the server's address.
        settings: of the server.
        language: of what is said in words.
    """
    types = sorted({*_types(operations), *(TYPES if _validates(operations) else ())})
    return {
        "resourceType": "CapabilityStatement",
        "language": language,
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "adjudicator", "version": engine.version()},
        "implementation": {"description": text("serve.capability.what", language), "url": base},
        "fhirVersion": R4,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": text("serve.capability.rest", language, types=", ".join(EXPORTED)),
                "security": {
                    "description": text(
                        "serve.capability.security",
                        language,
                        rate=round(settings.rate),
                        most=settings.largest,
                    )
                },
                "resource": [_resource(operations, one, language) for one in types],
                "interaction": [{"code": code} for one in operations for code in _of_whole(one)],
                "operation": [_operation(one, None) for one in operations if _of_server(one)],
            }
        ],
    }


def _types(operations: Sequence[Operation]) -> list[str]:
    return [one.resource for one in operations if one.resource not in (None, ANY)]


def _validates(operations: Sequence[Operation]) -> bool:
    return any(one.resource == ANY and one.name == "validate" for one in operations)


def _of_server(operation: Operation) -> bool:
    return operation.resource is None and operation.name is not None


def _of_whole(operation: Operation) -> list[str]:
    """Give the interactions with the server as a whole."""
    return (operation.interaction or "").split() if operation.resource is None else []


def _resource(operations: Sequence[Operation], kind: str, language: str) -> Resource:
    own = [one for one in operations if one.resource == kind]
    interactions = dict.fromkeys(one.interaction for one in own if one.interaction)
    named = {one.name: _operation(one, kind) for one in own if one.name}
    if kind in TYPES:
        named |= {one.name: _operation(one, kind) for one in operations if one.resource == ANY and one.name}
    found: Resource = {"type": kind}
    key = f"serve.capability.{kind}"
    if kind in ("Claim", "ClaimResponse", "CoverageEligibilityRequest"):
        found["documentation"] = text(key, language)
    if interactions:
        found["interaction"] = [{"code": code} for code in interactions]
    if "search-type" in interactions:
        found["searchParam"] = [{"name": name, "type": type_} for name, type_ in SEARCHED_BY.items()]
    if named:
        found["operation"] = list(named.values())
    return found


def _operation(operation: Operation, kind: str | None) -> Resource:
    assert operation.name is not None
    definition = _DEFINITIONS[operation.name].format(resource=kind)
    return {"name": operation.name, "definition": definition}
