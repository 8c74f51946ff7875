"""What was given out as FHIR, in a few lines."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from adjudicator.fhir.folder import Written
from adjudicator.words import text


def print_export(console: Console, done: Written, folder: Path, language: str) -> None:
    """Say how many resources of each type were written, and where."""
    for kind, count in sorted(done.counts.items()):
        console.print(text("fhir.exported", language, count=count, kind=kind))
    key = "fhir.exported_to" if done.counts else "fhir.exported_nothing"
    console.print(text(key, language, folder=str(folder), files=done.files), soft_wrap=True)
