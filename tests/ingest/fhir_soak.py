"""``python -m tests.ingest.fhir_soak --seconds 60``: spoils every example in every way, as long as you like.

Whatever comes: there is an answer, soon; the quick way says yes to nothing that the thorough way finds
wrong; the referee judges as we do (every so many resources, as it is slow); rows are the same; and memory
does not grow.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import sys
import time
from typing import Any

from ingest.fhir import referee
from ingest.fhir.claim import read_claim
from ingest.fhir.elements import root_types
from ingest.fhir.outcome import operation_outcome
from ingest.fhir.profile import Profile, shipped
from ingest.fhir.quick import decode
from ingest.fhir.resource import read_resource
from ingest.fhir.scan import look_at
from ingest.fhir.thorough import Unreadable, findings, tree_of
from tests.ingest.fhir_material import claim, examples, written
from tests.ingest.fhir_spoiling import spoilt_bytes, spoilt_tree

SLOWEST = 2.0
"""Seconds of the processor that one resource may take."""


def check(body: bytes, resource_type: str, profile: Profile, ask: bool) -> str | None:
    """Look at a resource in every way; say what is not as it should be."""
    seen = next(look_at(body, False), None)
    quick = seen is not None and decode(body, resource_type, seen, frozenset()) is not None
    if quick:
        try:
            found = findings(tree_of(body), resource_type)
        except Unreadable as unread:
            return f"quick says yes, JSON says {unread.issue}"
        if found:
            return f"quick says yes, thorough says {found[:3]}"
    _, judge = read_resource(body, None, resource_type, profile)
    operation_outcome(judge.issues, "fr")
    if resource_type == "Claim":
        read = read_claim(body, profile)
        if not read.accepted and not read.outcome:
            return "refused without a reason"
        if ask:
            other = referee.read_claim(body, profile)
            if (other.claim, other.lines) != (read.claim, read.lines):
                return f"the referee has other rows: {other.outcome[:3]} {read.outcome[:3]}"
    elif ask:
        _, other_judge = referee.read_resource(body, resource_type, profile)
        if other_judge.refuses != judge.refuses:
            return f"the referee says {other_judge.issues[:3]}, we say {judge.issues[:3]}"
    return None


def material() -> list[tuple[str, Any, bytes, Profile]]:
    """Every example that is there, and claims of openIMIS."""
    held = [("Claim", claim(number), written(claim(number)), shipped("openimis")) for number in range(1, 4)]
    for resource_type in root_types():
        for place, (_, body, profile) in enumerate(examples(resource_type)):
            if place < 40 and len(body) < 40_000:
                held.append((resource_type, json.loads(body), body, profile))
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--referee", type=int, default=5, help="ask the referee about every so many resources"
    )
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    held = material()
    until = time.monotonic() + asked.seconds
    done, slowest, wrong, memory = 0, 0.0, 0, 0
    while time.monotonic() < until:
        resource_type, tree, body, profile = chance.choice(held)
        spoilt = spoilt_bytes(body, chance) if chance.random() < 0.4 else spoilt_tree(tree, chance)
        began = time.thread_time()
        try:
            said = check(spoilt, resource_type, profile, done % asked.referee == 0)
        except Exception as error:  # whatever it is, it must not come out
            said = f"raised {type(error).__name__}: {error}"
        took = time.thread_time() - began
        slowest = max(slowest, took)
        if said is None and took > SLOWEST and done > 100:
            said = f"took {took:.1f} s"
        if said is not None:
            wrong += 1
            print(f"{resource_type}: {said}\n  {spoilt!r}", file=sys.stderr)
            if wrong > 10:
                break
        done += 1
        if done == 2000:
            gc.collect()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) >> 10 if memory else 0
    print(f"{done} resources, {wrong} wrong, slowest {slowest:.2f} s, memory grew by {grown} MB after 2000")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
