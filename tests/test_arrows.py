"""The arrows of the house: which room may import which (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FACES = ("cli", "commands", "adjudicator.presentation", "adjudicator.web")
SHELL = ("sqlalchemy", "adjudicator.store", "adjudicator.books", *FACES)

FORBIDDEN = {
    "adjudicator/adjudication": (*SHELL, "ingest", "adjudicator.rulebook", "adjudicator.review"),
    "adjudicator/product": (*SHELL, "ingest", "adjudicator.adjudication"),
    "adjudicator/rulebook": (*SHELL, "ingest"),
    "adjudicator/review": (*SHELL, "ingest"),
    "adjudicator/remuneration": (*SHELL, "ingest"),
    "adjudicator/officers": (*SHELL, "ingest"),
    "adjudicator/reporting": (*SHELL, "ingest"),
    "adjudicator/simulation": (*SHELL, "ingest"),
    "adjudicator/benefits": (*SHELL, "ingest"),
    "adjudicator/fhir": (*SHELL, "ingest"),
    "adjudicator/charts": (*SHELL, "ingest", "adjudicator.reporting", "adjudicator.simulation"),
    "adjudicator/store": ("adjudicator.adjudication", "adjudicator.remuneration", "ingest", *FACES),
    "adjudicator/books": FACES,
    "adjudicator": ("cli", "commands"),
    "ingest": ("adjudicator.store", "adjudicator.books", *FACES),
    "commands": ("cli",),
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    found = {
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for module in imported(path)
        for forbidden in FORBIDDEN[room]
        if module == forbidden or module.startswith(f"{forbidden}.")
    }
    assert not found
