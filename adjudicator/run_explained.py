"""Every claim of a run explained in full, as notes: the reference decides the whole run once more.

That is the readable law and not the kernel, some hundreds of claims a second: for a facility's month, not for
a nation's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from adjudicator.adjudication import reference
from adjudicator.adjudication.explanation import explain
from adjudicator.adjudication.records import claim_records, world
from adjudicator.adjudication.reference import AmountTooLarge, ClaimDecision
from adjudicator.adjudication.telling import places_in
from adjudicator.adjudication.trace import history_of
from adjudicator.explain import inputs_of_run, lines_as_asked
from adjudicator.fhir.decided import Note
from adjudicator.fhir.notes import notes_of_explanation
from adjudicator.run import Inputs, open_inputs, without_repeated
from adjudicator.vocabulary import Kind
from ingest.tables import ClaimsReading, read_claims

Notes = Mapping[tuple[str, str], tuple[Note, ...]]
"""Of claims, by facility and number."""


def explained_run(folder: Path) -> Notes:
    """Explain all claims of a run.

    Args:
        folder: of the run.

    Raises:
        Refused: there is no run, or what went into it is gone or has changed.
    """
    where = inputs_of_run(folder)
    inputs = open_inputs(where.scheme, where.opening)
    settings, tables = inputs.scheme.settings, inputs.registers.tables
    reading = read_claims(where.claims, settings.decimals, tables["facilities"])
    reading = without_repeated(reading, inputs)
    place_of = places_in(inputs.scheme.products)
    names = {
        (Kind(row["kind"]), row["code"]): row["name"]
        for row in tables["provisions"].select(["kind", "code", "name"]).to_pylist()
        if row["name"]
    }
    return {
        (decision.claim.facility, decision.claim.claim): notes_of_explanation(
            explain(decision, place_of, settings.decimals, settings.currency, names)
        )
        for decision in _decided(inputs, reading, lines_as_asked(inputs, reading, where.look_back))
    }


def _decided(inputs: Inputs, reading: ClaimsReading, lines: pa.Table) -> list[ClaimDecision]:
    """Decide as the run did; claims whose amounts cannot be counted are passed over, as it set them aside."""
    known = world(
        inputs.compiled.products.versions, inputs.registers.tables, inputs.scheme.settings.adult_age
    )
    records = claim_records(reading.claims, lines)
    while True:
        try:
            return reference.adjudicate(known, records, history_of(inputs.carried))
        except AmountTooLarge as found:
            records.remove(found.claim)
