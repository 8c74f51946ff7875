"""Measure FHIR intake: claims as openIMIS sends them, of eight lines, by every way that reads them.

``python -m benchmarks.fhir --claims 20000``

Rates are resources per second of one core's time (``time.thread_time``), the best of several rounds, as other
work on the machine only ever makes them slower. Results are written to ``benchmarks/FHIR.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from ingest.claims import read_claims
from ingest.fhir import referee
from ingest.fhir.claim import NOWHERE, claim_in, read_claim
from ingest.fhir.profile import shipped
from ingest.fhir.quick import decoder
from ingest.fhir.reading import Sending
from ingest.fhir.scan import look_at

LINES: Final = 8
GUIDE: Final = "https://openimis.github.io/openimis_fhir_r4_ig"
ONE_BY_ONE: Final = 400


def _identifier(value: str) -> dict[str, Any]:
    coding = {"system": f"{GUIDE}/CodeSystem/openimis-identifiers", "code": "Code"}
    return {"type": {"coding": [coding]}, "value": value}


def _reference(resource_type: str, code: str) -> dict[str, Any]:
    named = f"{resource_type}/76aca309-f8cf-4890-8f2e-b416d78de00b"
    return {"reference": named, "type": resource_type, "identifier": _identifier(code)}


def _coded(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{GUIDE}/CodeSystem/{system}", "code": code, "display": display}]}


def made_up_claim(number: int) -> dict[str, Any]:
    """Make up a claim of eight lines."""
    items: list[dict[str, Any]] = []
    for line in range(1, LINES + 1):
        kind = "service" if line % 2 else "item"
        led = _reference("ActivityDefinition" if line % 2 else "Medication", f"M{line}")
        items.append(
            {
                "extension": [
                    {"url": f"{GUIDE}/StructureDefinition/claim-item-reference", "valueReference": led}
                ],
                "sequence": line,
                "category": _coded("claim-item-category", kind, kind.title()),
                "productOrService": {"text": f"M{line}"},
                "quantity": {"value": 2},
                "unitPrice": {"value": 10.25 + line, "currency": "EUR"},
            }
        )
    total = sum(2 * item["unitPrice"]["value"] for item in items)
    return {
        "resourceType": "Claim",
        "id": f"claim-{number}",
        "identifier": [_identifier(f"C{number:07}")],
        "status": "active",
        "type": _coded("claim-visit-type", "O", "Other"),
        "use": "claim",
        "patient": _reference("Patient", f"{number % 100_000:09}"),
        "billablePeriod": {"start": "2026-02-03", "end": "2026-02-04"},
        "created": "2026-02-05",
        "enterer": _reference("Practitioner", "ADM1"),
        "provider": _reference("Organization", f"HF{number % 300:04}"),
        "priority": {"coding": [{"code": "normal"}]},
        "supportingInfo": [
            {
                "sequence": 1,
                "category": _coded("claim-supporting-info-category", "guarantee", "Guarantee"),
                "valueString": "G-1234",
            }
        ],
        "diagnosis": [
            {"sequence": 1, "diagnosisCodeableConcept": _coded("diagnosis-ICD10-level1", "A02", "Salmonella")}
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/1"}}],
        "item": items,
        "total": {"value": total, "currency": "EUR"},
    }


def rate(work: Callable[[], object], resources: int, rounds: int) -> float:
    """Give resources a second of one thread's time, in the best round."""
    best = float("inf")
    for _ in range(rounds):
        began = time.thread_time()
        work()
        best = min(best, time.thread_time() - began)
    return resources / best


def process_rate(work: Callable[[], object], resources: int, rounds: int) -> float:
    """Give resources a second of all threads' time together, in the best round."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return resources / best


def each(call: Callable[[bytes], object], bodies: Sequence[bytes]) -> Callable[[], None]:
    """Call something with every body."""

    def work() -> None:
        for body in bodies:
            call(body)

    return work


def measure(claims: int, rounds: int, folder: Path) -> list[tuple[str, str]]:
    """Measure everything; give what was measured, and how much it is."""
    profile = shipped("openimis")
    bodies = [json.dumps(made_up_claim(n), separators=(",", ":")).encode() for n in range(claims)]
    few = bodies[:ONE_BY_ONE]
    block = b"\n".join(few) + b"\n"
    plain, packed = folder / "claims.ndjson", folder / "claims.ndjson.gz"
    plain.write_bytes(b"\n".join(bodies) + b"\n")
    packed.write_bytes(gzip.compress(plain.read_bytes(), 6))
    # A time without a zone is doubtful, and let pass by the profile: it goes the thorough way.
    doubtful = [body.replace(b'"2026-02-05"', b'"2026-02-05T10:00:00"') for body in few]
    bad = [body.replace(b'"status":"active"', b'"status":"foo"') for body in few]
    assert all(read_claim(body, profile).accepted for body in (*few[:9], *doubtful[:9]))
    assert not read_claim(bad[0], profile).accepted

    def looked_and_mapped() -> None:
        for seen in look_at(block, True):
            claim_in(block[seen.start : seen.stop], seen, profile, NOWHERE)

    def to_columns() -> None:
        sources, _ = Sending([plain], profile).claims()
        for call in sources[0].pieces(sources[0].header, ()):
            call()

    def few_rate(work: Callable[[], object]) -> str:
        return f"{rate(work, len(few), rounds * 3):,.0f}"

    return [
        ("bytes of a claim", f"{sum(map(len, few)) // len(few):,}"),
        ("JSON to untyped values, msgspec", few_rate(each(msgspec.json.Decoder().decode, few))),
        ("JSON to untyped values, Python's own", few_rate(each(json.loads, few))),
        ("JSON to strict structs of R4, msgspec", few_rate(each(decoder("Claim").decode, few))),
        ("the look at the bytes alone", few_rate(lambda: list(look_at(block, True)))),
        ("**quick way: look, decode, check, map to rows**", few_rate(looked_and_mapped)),
        ("the same, one by one (`read_claim`, as the server does)", few_rate(each(_read(profile), few))),
        ("thorough way (doubtful claims)", few_rate(each(_read(profile), doubtful))),
        ("refused claims, every reason told", few_rate(each(_read(profile), bad))),
        (
            "referee: `fhir.resources`, check list, map to rows",
            f"{rate(each(_judge(profile), few[:60]), 60, 2):,.0f}",
        ),
        ("**NDJSON file to columns of text**", f"{rate(to_columns, claims, rounds):,.0f}"),
        (
            "NDJSON file to typed, joined, judged tables, all threads' time",
            f"{process_rate(lambda: read_claims([plain], 2, None, profile), claims, rounds):,.0f}",
        ),
        (
            "the same, packed",
            f"{process_rate(lambda: read_claims([packed], 2, None, profile), claims, rounds):,.0f}",
        ),
    ]


def _read(profile: Any) -> Callable[[bytes], object]:
    return lambda body: read_claim(body, profile)


def _judge(profile: Any) -> Callable[[bytes], object]:
    return lambda body: referee.read_claim(body, profile)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--claims", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("FHIR.md"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(given.claims, given.rounds, Path(folder))
    today = dt.date.today()
    written = [
        "# FHIR intake",
        "",
        f"Measured on {today.day} {today:%B %Y}, Python {platform.python_version()}, with",
        f"`python -m benchmarks.fhir --claims {given.claims}`: a claim as openIMIS sends it, of {LINES}",
        "lines; a second of one core's time, best of several rounds.",
        "",
        "| what | resources a second |",
        "|---|---:|",
        *(f"| {what} | {much} |" for what, much in measured),
        "",
    ]
    given.out.write_text("\n".join(written), "utf-8")
    print("\n".join(written))


if __name__ == "__main__":
    main()
