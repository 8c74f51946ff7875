"""Claims as facilities send them, one at a time: typed and checked by the rules of ``load claims``. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator.books.claims import claim_digests
from adjudicator.problems import Refused
from adjudicator.store.schema import CLAIMS
from ingest.claims import claims_from_rows
from ingest.set_aside import Fault

Row = Mapping[str, Any]

WITH_ITS_CLAIM: Final = "ingest.with_its_claim"
"""What is said of a row that is set aside only because another row of its claim is."""


@dataclass(frozen=True)
class Sent:
    """A claim as a facility sends it: rows of ``claims`` and ``claim_lines``, amounts in major units.

    ``response`` is the id that its answer goes by; ``echo`` what the answer repeats, as JSON; ``token`` what
    the sender is known by.
    """

    claim: Row
    lines: Sequence[Row]
    response: str
    echo: str = "{}"
    token: str | None = None


@dataclass(frozen=True)
class Read:
    """A claim that can be received: typed, one row, with its lines and digest."""

    claims: pa.Table
    lines: pa.Table
    digest: int
    sent: Sent

    @property
    def name(self) -> tuple[str, str]:
        """Its facility and number."""
        return str(self.claims["facility"][0].as_py()), str(self.claims["claim"][0].as_py())


class NotReceived(Refused):
    """A claim cannot be received, for the faults that it carries.

    The row of a fault of a line counts from 0, in the order in which the lines were sent.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        super().__init__(fault.problem() for fault in self.faults)


def rounds(names: Sequence[Hashable], most: int | None = None) -> Iterator[list[int]]:
    """Cut what has names into rounds, so that nothing of a name stands in a round with another of it.

    Args:
        names: one each; what has the same comes in their order, a round later.
        most: how many a round has at most; any number when left out.

    Yields:
        The places of a round.
    """
    left = list(range(len(names)))
    while left:
        taken: dict[Hashable, int] = {}
        for place in left:
            if most is None or len(taken) < most:
                taken.setdefault(names[place], place)
        places = list(taken.values())
        yield places
        chosen = set(places)
        left = [place for place in left if place not in chosen]


def read_claims(sent: Sequence[Sent], decimals: int, facilities: pa.Table) -> list[Read | NotReceived]:
    """Type and check claims, each by itself; those that name the same facility and number as well.

    Args:
        sent: the claims.
        decimals: of the currency.
        facilities: the register of them.

    Returns:
        What came of each, in their order.
    """
    found: dict[int, Read | NotReceived] = {}
    names = [(one.claim.get("facility"), one.claim.get("claim")) for one in sent]
    for places in rounds(names):
        read = _read([sent[place] for place in places], decimals, facilities)
        found.update(zip(places, read, strict=True))
    return [found[place] for place in range(len(sent))]


def _read(sent: Sequence[Sent], decimals: int, facilities: pa.Table) -> list[Read | NotReceived]:
    """Read claims of which no two name the same facility and number."""
    rows = [
        {**line, "claim": one.claim.get("claim"), "facility": one.claim.get("facility")}
        for one in sent
        for line in one.lines
    ]
    of_line = [place for place, one in enumerate(sent) for _ in one.lines]
    reading = claims_from_rows([one.claim for one in sent], rows, decimals, facilities)
    faults: dict[int, list[Fault]] = defaultdict(list)
    first_line: dict[int, int] = {}
    for row, place in enumerate(of_line):
        first_line.setdefault(place, row)
    for fault in reading.set_aside:
        # Row 2 is the first: row 1 would be the header.
        of_claim = fault.table == CLAIMS.name
        place = fault.row - 2 if of_claim else of_line[fault.row - 2]
        told = faults[place]
        if fault.reason.key != WITH_ITS_CLAIM:
            row = 0 if of_claim else fault.row - 2 - first_line[place]
            told.append(replace(fault, row=row))
    digests = claim_digests(reading.claims, reading.lines)
    index = reading.lines["claim_index"].to_numpy()
    order = np.argsort(index, kind="stable")
    lines = reading.lines.take(pa.array(order))
    bounds = np.searchsorted(index[order], np.arange(len(reading.claims) + 1)).tolist()
    found: list[Read | NotReceived] = []
    kept = 0
    for place, one in enumerate(sent):
        if place in faults:
            found.append(NotReceived(faults[place]))
            continue
        own = lines.slice(bounds[kept], bounds[kept + 1] - bounds[kept])
        own = own.set_column(0, "claim_index", pa.array(np.zeros(len(own), np.int32)))
        found.append(Read(reading.claims.slice(kept, 1), own, int(digests[kept]), one))
        kept += 1
    return found


def together(read: Sequence[Read]) -> tuple[pa.Table, pa.Table]:
    """Put claims one below another; lines point to their claims."""
    lines = []
    for place, one in enumerate(read):
        index = pa.array(np.full(len(one.lines), place, np.int32))
        lines.append(plain(one.lines.set_column(0, "claim_index", index)))
    claims = pa.concat_tables([plain(one.claims) for one in read])
    return claims.combine_chunks(), pa.concat_tables(lines).combine_chunks()


def plain(table: pa.Table) -> pa.Table:
    """Give a table whose texts are no dictionaries."""
    return pa.table(
        {
            name: table[name].cast(pa.string()) if pa.types.is_dictionary(table[name].type) else table[name]
            for name in table.column_names
        }
    )
