"""The kernel alone: claims and registers are in memory, and decisions stay there."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from adjudicator.adjudication import facts as facts_room
from adjudicator.adjudication.adjudicate import LINES_OF_A_GROUP, adjudicate
from adjudicator.adjudication.balances import Opened, room_for_touched
from adjudicator.adjudication.facts import Facts
from adjudicator.adjudication.kernel import adjudicate_units, largest, room_for
from adjudicator.adjudication.opening import Opening, nothing
from adjudicator.adjudication.results import Results
from adjudicator.adjudication.results import room_for as room_for_results
from benchmarks.month import Month
from benchmarks.table import Part, Row, median_seconds

Group = tuple[int, int]
"""The first unit of a group, and the unit after its last."""


def measure_kernel(month: Month, repeat: int) -> tuple[Part, Row]:
    """Measure the kernel, its halves, and copying; give the row that all else is compared with."""
    whole = {threads: _whole(month, threads, repeat) for threads in (1, 2)}
    halves = [row for threads in (1, 2) for row in _halves(month, threads, repeat)]
    copied, row = _copying(month, repeat)
    about = (
        "Facts from the registers, then the law over every unit, with every product in use; claims, "
        f"registers and decisions are in memory. Copying takes the same {copied:,} bytes, of claims and "
        f"of decisions, into memory that is there already; adjudicating them takes "
        f"{whole[1].seconds / row.seconds:.1f} times as long."
    )
    return Part("The kernel", about, [whole[1], whole[2], *halves, row]), whole[1]


def _whole(month: Month, threads: int, repeat: int) -> Row:
    scheme, opening = month.inputs.compiled, nothing(month.inputs.compiled.registers)

    def work() -> None:
        deque(adjudicate(scheme, month.claims, opening, threads), maxlen=0)

    return Row(f"facts and kernel, {_threads(threads)}", month.lines, median_seconds(work, repeat))


def _halves(month: Month, threads: int, repeat: int) -> list[Row]:
    groups, opening = _groups(month), nothing(month.inputs.compiled.registers)
    with ThreadPoolExecutor(threads) as pool:
        known = list(pool.map(lambda group: _facts(month, group), groups))
        facts = median_seconds(
            lambda: deque(pool.map(lambda group: _facts(month, group), groups), maxlen=0), repeat
        )
        kernel = median_seconds(
            lambda: deque(
                pool.map(lambda at: _decide(month, opening, *at), zip(groups, known, strict=True)), 0
            ),
            repeat,
        )
    return [
        Row(f"facts only, {_threads(threads)}", month.lines, facts),
        Row(f"kernel only, {_threads(threads)}", month.lines, kernel),
    ]


def _threads(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def _groups(month: Month) -> list[Group]:
    """Cut the units as a run does."""
    batch, units = month.claims.batch, month.inputs.compiled.registers.units + 1
    lines_before = batch.first_line[batch.first_of_unit[: units + 1]]
    marks = np.arange(LINES_OF_A_GROUP, max(month.lines, 1), LINES_OF_A_GROUP)
    edges = np.unique(np.searchsorted(lines_before, marks))
    return list(pairwise([0, *edges[(edges > 0) & (edges < units)].tolist(), units]))


def _facts(month: Month, group: Group) -> Facts:
    scheme, batch = month.inputs.compiled, month.claims.batch
    registers = scheme.registers
    return facts_room.establish(
        batch,
        registers.provisions,
        registers.price_lists,
        registers.facilities,
        registers.diagnoses,
        registers.people,
        scheme.adult_age,
        slice(*(int(batch.first_of_unit[unit]) for unit in group)),
    )


def _decide(month: Month, opening: Opening, group: Group, facts: Facts) -> Results:
    scheme, batch = month.inputs.compiled, month.claims.batch
    registers = scheme.registers
    covers, policies = registers.covers, registers.policies
    results = room_for_results(len(facts.target), len(facts.row))
    adjudicate_units(
        *group,
        batch,
        facts,
        registers.provisions,
        registers.people,
        policies,
        covers,
        scheme.products.terms,
        scheme.remembered,
        opening.history,
        Opened(opening.policy, opening.cover, opening.used),
        room_for(*largest(*group, batch, policies, covers, opening.history)),
        results,
        room_for_touched(len(facts.row)),
    )
    return results


def _copying(month: Month, repeat: int) -> tuple[int, Row]:
    """Copy the columns of claims and decisions; give how many bytes that were."""
    columns: list[np.ndarray[Any, Any]] = [
        *month.claims.batch,
        *room_for_results(len(month.claims.batch.insuree), month.lines),
    ]
    places = [np.zeros_like(column) for column in columns]

    def work() -> None:
        for place, column in zip(places, columns, strict=True):
            np.copyto(place, column)

    size = sum(column.nbytes for column in columns)
    return size, Row("copying the same columns, 1 thread", month.lines, median_seconds(work, repeat))
