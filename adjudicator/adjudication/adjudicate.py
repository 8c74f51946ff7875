"""Columns + terms + balances → decisions: the pure function that everything else stands on.

:func:`compile_scheme` prepares what does not change from batch to batch; :func:`adjudicate` walks a batch
in groups of units, on as many threads as asked for, and gives the groups in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from adjudicator import registers as registers_room
from adjudicator.adjudication import facts as facts_room
from adjudicator.adjudication.balances import Opened, room_for_touched
from adjudicator.adjudication.facts import Facts
from adjudicator.adjudication.kernel import adjudicate_units, largest, room_for
from adjudicator.adjudication.memory import HAS_FREQUENCY, quantity_bit
from adjudicator.adjudication.opening import Opening, nothing
from adjudicator.adjudication.results import UNCOUNTABLE, Results
from adjudicator.adjudication.results import room_for as room_for_results
from adjudicator.claims import Batch, Claims
from adjudicator.product.definition import Product
from adjudicator.product.terms import CompiledProducts, compile_terms
from adjudicator.registers import Enrolment, Int64s, Registers
from adjudicator.units import TOO_LARGE
from adjudicator.vocabulary import Reason

LINES_OF_A_GROUP = 524_288
"""About how many lines are adjudicated at a time: few enough to be cheap in memory, and as many as make
columns that a system gives in large pages, which are quicker to write to."""


class AmountTooLarge(Exception):  # noqa: N818 - it says what is the matter
    """Lines whose quantity × amount cannot be counted (law, section 2); nothing wrapped around.

    ``claims`` are places in the batch.
    """

    def __init__(self, claims: Sequence[int]) -> None:
        self.claims = list(claims)
        super().__init__(f"{len(self.claims)} claims with an amount too large to count")


@dataclass(frozen=True)
class CompiledScheme:
    """Registers and products as arrays: all that decides, besides claims and balances."""

    registers: Registers
    products: CompiledProducts
    adult_age: int
    remembered: Int64s
    """(provisions,), bits: what has to be remembered of a provision's accepted lines."""


def compile_scheme(
    tables: Mapping[str, pa.Table],
    products: Sequence[Product],
    adult_age: int,
    enrolment: Enrolment | None = None,
) -> CompiledScheme:
    """Compile a scheme's typed registers and its products.

    Args:
        tables: typed tables by name (see :mod:`adjudicator.tables`), references and periods checked.
        products: all versions of all products, checked.
        adult_age: completed years from which on a person is an adult.
        enrolment: of the same tables and products, if it was kept.
    """
    codes = tuple(sorted({product.product for product in products}))
    registers = registers_room.encode(tables, codes, enrolment)
    compiled = compile_terms(products, registers.selectable)
    return CompiledScheme(registers, compiled, adult_age, looked_back_on(registers, compiled))


def looked_back_on(registers: Registers, products: CompiledProducts) -> Int64s:
    """Say of each provision whether a frequency or the quantity limit of a product looks back on it.

    Returns:
        (provisions,), bits: what has to be remembered of its accepted lines.
    """
    terms, provisions = products.terms, registers.provisions
    provision_of_row = np.repeat(np.arange(len(provisions.first_row) - 1), np.diff(provisions.first_row))
    remembered = np.zeros(len(provisions.first_row) - 1, np.int64)
    np.bitwise_or.at(remembered, provision_of_row, (provisions.frequency > 0) * np.int64(HAS_FREQUENCY))
    limited_term = np.append((terms.quantity >= 0).any(axis=1), False)
    for product, (first, end) in enumerate(pairwise(terms.first_version.tolist())):
        limited_row = limited_term[terms.coverage[first:end]].any(axis=(0, 2))
        np.bitwise_or.at(remembered, provision_of_row, limited_row * np.int64(quantity_bit(product)))
    return remembered


@dataclass(frozen=True)
class Decided:
    """The decisions of a group of units: claims and lines from ``first`` to ``end`` of the batch."""

    first_claim: int
    end_claim: int
    first_line: int
    end_line: int
    facts: Facts
    results: Results
    carrier: registers_room.Int32s
    """(N,): the covers whose balances were touched."""
    used: Int64s
    """(N, 2, care), minor units: what is used of each after the batch: deducted and covered."""


def adjudicate(
    scheme: CompiledScheme,
    claims: Claims,
    opening: Opening | None = None,
    threads: int = 1,
    lines_of_a_group: int = LINES_OF_A_GROUP,
) -> Iterator[Decided]:
    """Adjudicate a batch by the whole law (sections 3 to 5, and delivered reviews of section 7).

    Args:
        scheme: the compiled scheme.
        claims: the batch, encoded against the scheme's registers.
        opening: balances and earlier claims and lines; none for a first month.
        threads: how many threads walk groups of units side by side; decides nothing but the time.
        lines_of_a_group: about how many lines a group has; decides nothing but the memory.

    Yields:
        The groups in order; together they are the batch.

    Raises:
        AmountTooLarge: some lines' amounts cannot be counted; no group is given that has one.

    """
    opening = nothing(scheme.registers) if opening is None else opening
    edges = _group_edges(claims, scheme.registers.units + 1, lines_of_a_group)
    groups = list(pairwise(edges))
    if threads <= 1:
        for first, end in groups:
            yield _adjudicate_group(scheme, claims, opening, first, end)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Decided]] = deque()
        for first, end in groups:
            waiting.append(pool.submit(_adjudicate_group, scheme, claims, opening, first, end))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _group_edges(claims: Claims, units: int, lines_of_a_group: int) -> list[int]:
    """Cut the units into groups of about so many lines."""
    batch = claims.batch
    marks = np.arange(lines_of_a_group, max(int(batch.first_line[-1]), 1), lines_of_a_group)
    claims_before = np.searchsorted(batch.first_line, marks, side="left")
    edges = np.searchsorted(batch.first_of_unit[: units + 1], claims_before, side="left")
    return [0, *np.unique(edges[(edges > 0) & (edges < units)]).tolist(), units]


def facts_of(scheme: CompiledScheme, batch: Batch, claims: slice | None = None) -> Facts:
    """Establish the facts about the claims of a batch, or a run of them (see :func:`facts.establish`)."""
    registers = scheme.registers
    return facts_room.establish(
        batch,
        registers.provisions,
        registers.price_lists,
        registers.facilities,
        registers.diagnoses,
        registers.people,
        scheme.adult_age,
        claims,
    )


def _adjudicate_group(
    scheme: CompiledScheme, claims: Claims, opening: Opening, first_unit: int, end_unit: int
) -> Decided:
    batch, registers = claims.batch, scheme.registers
    people, policies, covers = registers.people, registers.policies, registers.covers
    first_claim, end_claim = (int(batch.first_of_unit[unit]) for unit in (first_unit, end_unit))
    first_line, end_line = (int(batch.first_line[claim]) for claim in (first_claim, end_claim))
    facts = facts_of(scheme, batch, slice(first_claim, end_claim))
    if len(batch.rejected_by_rule):
        facts.line_reason[batch.rejected_by_rule[first_line:end_line] != 0] = Reason.RULE
    results = room_for_results(end_claim - first_claim, end_line - first_line)
    touched = room_for_touched(end_line - first_line)
    touched_count, uncountable = adjudicate_units(
        first_unit,
        end_unit,
        batch,
        facts,
        registers.provisions,
        people,
        policies,
        covers,
        scheme.products.terms,
        scheme.remembered,
        opening.history,
        _opened(opening, *(int(policies.first_of_unit[unit]) for unit in (first_unit, end_unit))),
        room_for(*largest(first_unit, end_unit, batch, policies, covers, opening.history)),
        results,
        touched,
    )
    wrong = facts.claimed == TOO_LARGE
    if uncountable:
        wrong |= results.status == UNCOUNTABLE
    if wrong.any():
        raise AmountTooLarge((np.flatnonzero(wrong) + first_claim).tolist())
    return Decided(
        first_claim,
        end_claim,
        first_line,
        end_line,
        facts,
        results,
        carrier=touched.carrier[:touched_count].copy(),
        used=touched.used[:touched_count].copy(),
    )


def _opened(opening: Opening, first_policy: int, end_policy: int) -> Opened:
    """Take what the opening says of some policies."""
    start, end = np.searchsorted(opening.policy, (first_policy, end_policy)).tolist()
    return Opened(opening.policy[start:end], opening.cover[start:end], opening.used[start:end])
