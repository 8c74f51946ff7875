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
from adjudicator.claims import claim_names
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
        now: the claims that are decided now; where a source has them as well, they are not of the past, nor
            are claims that were filed after the last of them.
        rules: that look.
        progress: told how many sources are read.

    Raises:
        Refused: a source that cannot be used.
    """
    if not rules or not sources or not len(now):
        return NOTHING
    # A folder that is named twice holds its claims once.
    sources = list({source.resolve(): source for source in sources}.values())
    unread, last = 0, pc.max(now["date_claimed"])
    names = claim_names(now)

    def received() -> Iterator[tuple[pa.Table, pa.Table]]:
        nonlocal unread
        for done, reading in enumerate(_one_ahead(sources, decimals, tables["facilities"])):
            progress("run.looking_back", done, len(sources))
            unread += sum(count.set_aside for count in reading.counts.values())
            yield _earlier(reading, names, last)

    past = Past.of(scheme, tables, received(), Looked.at_by(rules))
    progress("run.looking_back", len(sources), len(sources))
    return LookBack(past, unread)


def _one_ahead(sources: Sequence[Path], decimals: int, facilities: pa.Table) -> Iterator[ClaimsReading]:
    """Read a source while the one before is made use of."""
    with ThreadPoolExecutor(1) as pool:
        reading = [pool.submit(read_claims, [sources[0]], decimals, facilities)]
        for source in sources[1:]:
            reading.append(pool.submit(read_claims, [source], decimals, facilities))
            yield reading.pop(0).result()
        yield reading.pop().result()


def _earlier(reading: ClaimsReading, names: pa.Array, last: pa.Scalar) -> tuple[pa.Table, pa.Table]:
    """Give what was read without the claims that are decided now, and those that were filed later."""
    now = pc.is_in(claim_names(reading.claims), value_set=names)
    kept = pc.less_equal(reading.claims["date_claimed"], last).combine_chunks()
    kept = pc.and_not(kept, now).to_numpy(zero_copy_only=False)
    if kept.all():
        return reading.claims, reading.lines
    place = (np.cumsum(kept) - 1).astype(np.int32)
    lines = reading.lines.filter(pa.array(kept[reading.lines["claim_index"].to_numpy()]))
    column = lines.schema.get_field_index("claim_index")
    lines = lines.set_column(column, "claim_index", pa.array(place[lines["claim_index"].to_numpy()]))
    return reading.claims.filter(pa.array(kept)), lines
