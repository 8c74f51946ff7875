"""Resources that were set aside, written as they came, each with an ``OperationOutcome`` that says why."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adjudicator.files import replacing
from adjudicator.problems import Refused
from adjudicator.words import Message
from ingest.fhir.files import blocks
from ingest.fhir.outcome import Issue, operation_outcome
from ingest.found import RESOURCES

_CODES: Final = {
    "fhir_intake.required": "required",
    "fhir_intake.not_in_value_set": "code-invalid",
    "fhir_intake.not_json": "structure",
    "fhir_intake.not_utf8": "structure",
    "fhir_intake.too_large": "too-long",
    "fhir_intake.too_deep": "too-costly",
}


@dataclass(frozen=True)
class Wrong:
    """One thing for which a resource was set aside."""

    file: Path
    row: int
    expression: str | None
    value: str | None
    reason: Message


def is_resources(path: Path) -> bool:
    """Whether a file is one of resources, by its name."""
    return path.name.lower().endswith(RESOURCES)


def write_resources(folder: Path, wrong: Iterable[Wrong]) -> list[Path]:
    """Read resources again and write them with their outcomes, a line each.

    Args:
        folder: where to write.
        wrong: what is wrong; several rows of tables may come of one resource.

    Returns:
        What was written: ``resources.ndjson`` and ``outcomes.ndjson``, line by line of the same resources.
    """
    by_file: dict[Path, dict[int, list[Wrong]]] = {}
    for one in wrong:
        by_file.setdefault(one.file, {}).setdefault(one.row, []).append(one)
    if not by_file:
        return []
    targets = [folder / "resources.ndjson", folder / "outcomes.ndjson"]
    with (
        replacing(targets[0]) as resources,
        replacing(targets[1]) as outcomes,
        resources.open("wb") as bodies,
        outcomes.open("w", encoding="utf-8") as reasons,
    ):
        for path in sorted(by_file, key=str):
            for row, body in _bodies(path, by_file[path].keys()):
                bodies.write(body + b"\n")
                issues = [_issue(one) for one in dict.fromkeys(by_file[path][row])]
                outcome = operation_outcome(issues)
                reasons.write(json.dumps(outcome, ensure_ascii=False, separators=(",", ":")) + "\n")
    return targets


def _bodies(path: Path, rows: Iterable[int]) -> Iterable[tuple[int, bytes]]:
    """Give resources on one line each: no text in JSON holds a line end."""
    wanted = set(rows)
    try:
        for block in blocks(path):
            for sent in block.sent:
                if sent.row in wanted:
                    yield sent.row, sent.body.replace(b"\r", b" ").replace(b"\n", b" ")
    except Refused:
        # It could be read a moment ago; what is gone by now cannot be mended here.
        return


def _issue(wrong: Wrong) -> Issue:
    key = wrong.reason.key
    code = _CODES.get(key, "invalid" if key.startswith("fhir_intake.") else "business-rule")
    expression = wrong.expression or ""
    return Issue("error", code, wrong.reason, expression, wrong.value or "")
