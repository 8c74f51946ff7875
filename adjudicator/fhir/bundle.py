"""Bundles of type *collection*: resources that belong together, in one file, written as they come."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any, BinaryIO

from adjudicator.fhir.systems import resource_id
from adjudicator.fhir.writing import encoded

Resource = dict[str, Any]


def write_bundle(file: BinaryIO, key: tuple[str, ...], timestamp: str, resources: Iterable[Resource]) -> int:
    """Write a collection; no more than one resource is held at a time.

    Args:
        file: where to.
        key: what the bundle is of, from which its id follows.
        timestamp: of the newest state in it, as an ISO 8601 time with its zone.
        resources: in the order in which they are to stand.

    Returns:
        How many resources there were.
    """
    head = {
        "resourceType": "Bundle",
        "id": resource_id("Bundle", *key),
        "type": "collection",
        "timestamp": timestamp,
    }
    file.write(encoded(head)[:-1])
    seen: set[str] = set()
    for resource in resources:
        file.write(b",\n" if seen else b',"entry":[\n')
        file.write(encoded({"fullUrl": f"urn:uuid:{resource['id']}", "resource": _within(resource, seen)}))
        seen.add(f"{resource['resourceType']}/{resource['id']}")
    file.write(b"\n]}\n" if seen else b"}\n")
    return len(seen)


def _within(resource: Resource, seen: Set[str]) -> Resource:
    """Let references to resources of the bundle name their addresses in it."""
    changed = {
        name: value | {"reference": f"urn:uuid:{value['reference'].partition('/')[2]}"}
        for name, value in resource.items()
        if isinstance(value, dict) and value.get("reference") in seen
    }
    return resource | changed if changed else resource
