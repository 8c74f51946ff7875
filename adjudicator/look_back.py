"""Claims of earlier months, from files: review rules look back on them, and nobody decides them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.adjudication.adjudicate import CompiledScheme
from adjudicator.problems import Problem
from adjudicator.rulebook.looked import Looked
from adjudicator.rulebook.past import Past
from adjudicator.rulebook.read import CompiledRule
from adjudicator.words import message
from ingest.tables import ClaimsReading, read_claims


@dataclass(frozen=True)
class LookBack:
    """What rules look back on."""

    past: Past | None
    """None where there is nothing to look back on, or nobody who looks."""
    unread: int
    """Rows that could not be read: rules do not see them."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is said of rows that could not be read."""
        if not self.unread:
            return ()
        what = message("run.look_back_unread", count=self.unread)
        return (Problem(what, remedy=message("run.look_back_unread.remedy"), severity="warning"),)


NOTHING = LookBack(None, 0)


def look_back(
    scheme: CompiledScheme,
    tables: Mapping[str, pa.Table],
    decimals: int,
    sources: Sequence[Path],
    now: pa.Table,
    rules: Sequence[CompiledRule],
    progress: Callable[[str, int, int], None],
) -> LookBack:
    """Read earlier claims, source by source, and keep what the rules look at.

    Args:
        scheme: the compiled scheme.
        tables: its registers, typed.
        decimals: of the currency.
        sources: folders with the tables ``claims`` and ``claim_lines``; each claim is in one of them.
        now: the claims that are decided now; where a source has them as well, they are not of the past.
        rules: that look.
        progress: told how many sources are read.

    Raises:
        Refused: a source that cannot be used.
    """
    if not rules or not sources:
        return NOTHING
    unread = 0
    names = claim_names(now).combine_chunks()

    def received() -> Iterator[tuple[pa.Table, pa.Table]]:
        nonlocal unread
        for done, reading in enumerate(_one_ahead(sources, decimals, tables["facilities"])):
            progress("run.looking_back", done, len(sources))
            unread += sum(count.set_aside for count in reading.counts.values())
            yield _but_for(reading, names)

    past = Past.of(scheme, tables, received(), Looked.at_by(rules))
    progress("run.looking_back", len(sources), len(sources))
    return LookBack(past, unread)


def claim_names(claims: pa.Table) -> pa.ChunkedArray:
    """Name claims: a facility and its number."""
    columns = [claims[name].cast(pa.string()) for name in ("facility", "claim")]
    return pa.chunked_array([pc.binary_join_element_wise(*columns, "\x1f").combine_chunks()])


def _one_ahead(sources: Sequence[Path], decimals: int, facilities: pa.Table) -> Iterator[ClaimsReading]:
    """Read a source while the one before is made use of."""
    with ThreadPoolExecutor(1) as pool:
        reading = [pool.submit(read_claims, [sources[0]], decimals, facilities)]
        for source in sources[1:]:
            reading.append(pool.submit(read_claims, [source], decimals, facilities))
            yield reading.pop(0).result()
        yield reading.pop().result()


def _but_for(reading: ClaimsReading, names: pa.Array) -> tuple[pa.Table, pa.Table]:
    """Give what was read without the claims that are decided now."""
    again = pc.is_in(claim_names(reading.claims), value_set=names).to_numpy(zero_copy_only=False)
    if not again.any():
        return reading.claims, reading.lines
    place = (np.cumsum(~again) - 1).astype(np.int32)
    of = reading.lines["claim_index"].to_numpy()
    lines = reading.lines.filter(pa.array(~again[of]))
    column = lines.schema.get_field_index("claim_index")
    lines = lines.set_column(column, "claim_index", pa.array(place[lines["claim_index"].to_numpy()]))
    return reading.claims.filter(pa.array(~again)), lines
