"""What came of looking at FHIR resources, on a terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rich.table import Table

from adjudicator.words import number, text
from ingest.fhir.checking import Checked, Verdict


@dataclass
class Tally:
    """How many resources of each type there were, by what would become of them."""

    counts: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    problems: int = 0
    found: bool = False
    """Whether any would be set aside, or the referee objects."""

    def add(self, checked: Checked) -> None:
        """Count a resource."""
        self.counts[checked.resource_type, checked.verdict] += 1
        self.problems += len(checked.issues) + len(checked.objections)
        self.found = self.found or checked.verdict is Verdict.SET_ASIDE or bool(checked.objections)


def tally_table(tally: Tally, language: str) -> Table:
    """Tabulate what would become of resources, a type a row."""
    table = Table(text("fhir_intake.check.type", language), title=text("fhir_intake.check.title", language))
    for verdict in Verdict:
        table.add_column(text(f"fhir_intake.check.{verdict.value}", language), justify="right")
    for name in sorted({name for name, _ in tally.counts}):
        cells = [tally.counts[name, verdict] for verdict in Verdict]
        shown = [number(count, 0, language) if count else "" for count in cells]
        table.add_row(name or text("fhir_intake.check.unnamed", language), *shown)
    return table
