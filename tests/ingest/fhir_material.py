"""What tests of FHIR intake share: the examples, a claim as openIMIS sends it, and ways to spoil one."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.fhir.files import blocks
from ingest.fhir.profile import Profile, recognised

EXAMPLES = Path(__file__).parents[3] / "shared" / "fhir-examples"

IMIS = "https://openimis.github.io/openimis_fhir_r4_ig"

Tree = dict[str, Any]


def identifier(kind: str, value: str) -> Tree:
    return {
        "type": {"coding": [{"system": f"{IMIS}/CodeSystem/openimis-identifiers", "code": kind}]},
        "value": value,
    }


def reference(resource_type: str, code: str) -> Tree:
    uuid = "76aca309-f8cf-4890-8f2e-b416d78de00b"
    named = f"{resource_type}/{uuid}"
    return {"reference": named, "type": resource_type, "identifier": identifier("Code", code)}


def item(number: int, kind: str = "service") -> Tree:
    led = reference("ActivityDefinition" if kind == "service" else "Medication", f"M{number}")
    system = f"{IMIS}/CodeSystem/claim-item-category"
    return {
        "extension": [{"url": f"{IMIS}/StructureDefinition/claim-item-reference", "valueReference": led}],
        "sequence": number,
        "category": {"coding": [{"system": system, "code": kind, "display": kind.title()}]},
        "productOrService": {"text": f"M{number}"},
        "quantity": {"value": 2},
        "unitPrice": {"value": 10.50, "currency": "EUR"},
    }


def claim(number: int = 1, lines: int = 3) -> Tree:
    """A claim as openIMIS sends it."""
    return {
        "resourceType": "Claim",
        "id": f"claim-{number}",
        "identifier": [identifier("Code", f"C{number:05d}")],
        "status": "active",
        "type": {"coding": [{"system": f"{IMIS}/CodeSystem/claim-visit-type", "code": "O"}]},
        "use": "claim",
        "patient": reference("Patient", f"{number % 100:09d}"),
        "billablePeriod": {"start": "2021-02-03", "end": "2021-02-04"},
        "created": "2021-02-05",
        "enterer": reference("Practitioner", "ADM1"),
        "provider": reference("Organization", f"HF{number % 7}"),
        "priority": {"coding": [{"code": "normal"}]},
        "supportingInfo": [
            {"sequence": 1, "category": {"coding": [{"code": "guarantee"}]}, "valueString": "G-7"},
            {"sequence": 2, "category": {"coding": [{"code": "explanation"}]}, "valueString": "fièvre"},
        ],
        "diagnosis": [
            {"sequence": 1, "diagnosisCodeableConcept": {"coding": [{"system": "urn:icd", "code": "A02"}]}}
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/1"}}],
        "item": [item(n, "service" if n % 2 else "item") for n in range(1, lines + 1)],
        "total": {"value": 21 * lines, "currency": "EUR"},
    }


def written(tree: Any) -> bytes:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()


def changed(tree: Tree, steps: tuple[str | int, ...], value: Any) -> Tree:
    """A copy in which one element is another."""
    other = copy.deepcopy(tree)
    holder: Any = other
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] = value
    return other


def lacking(tree: Tree, *steps: str | int) -> Tree:
    """A copy without one element."""
    other = copy.deepcopy(tree)
    holder: Any = other
    for step in steps[:-1]:
        holder = holder[step]
    del holder[steps[-1]]
    return other


def every_step(tree: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The steps to every element below a resource."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, one in inner:
        yield (*steps, step)
        yield from every_step(one, (*steps, step))


def examples(resource_type: str) -> Iterator[tuple[str, bytes, Profile]]:
    """All examples of a type, with the profile that each is known by."""
    for path in sorted(EXAMPLES.rglob("*.json")):
        if "postman" in str(path) or "hcx" in str(path) or "bulk" in str(path):
            continue
        profile = recognised(path.read_bytes()[: 1 << 16])
        for block in blocks(path):
            for sent in block.sent:
                if sent.seen.resource_type == resource_type:
                    yield f"{path.name}:{sent.row}", sent.body, profile
