"""One pass over the sorted claims for any number of variants.

Claims are read, encoded and sorted once, and what the registers say about them is established once. Then
families are walked a group at a time: the group is adjudicated by the base, then by each variant while its
claims are still close to the processor, and only small sums are kept. So a variant costs the kernel, and
nothing that a run costs besides.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.adjudication.adjudicate import AmountTooLarge, CompiledScheme, facts_of
from adjudicator.adjudication.balances import Opened, Touched, room_for_touched
from adjudicator.adjudication.facts import Facts
from adjudicator.adjudication.kernel import Room, adjudicate_units, largest, room_for
from adjudicator.adjudication.opening import Opening
from adjudicator.adjudication.results import Results
from adjudicator.adjudication.results import room_for as room_for_results
from adjudicator.claims import Batch, Claims
from adjudicator.registers import Int8s, Int64s
from adjudicator.simulation import assumed
from adjudicator.simulation.dimensions import Cells, cells_of
from adjudicator.simulation.drawing import draws
from adjudicator.simulation.income import Income
from adjudicator.simulation.resampling import BLOCK, weights_of
from adjudicator.simulation.results import MEASURES
from adjudicator.simulation.tally import (
    WAYS,
    Lens,
    OfFamilies,
    OfReplicate,
    OfUnit,
    Payment,
    Replicates,
    Sums,
    Work,
    tally,
)
from adjudicator.simulation.variant import Facilities, Variant, facilities_of, payment_of
from adjudicator.units import TOO_LARGE
from adjudicator.vocabulary import Care, Reason

LINES_OF_A_GROUP: Final = 32_768
"""About how many lines are adjudicated at a time: few enough to stay close to the processor."""

MOST_NAMED: Final = 50
"""How many winners and losers are named."""

LARGEST_SUM: Final = 4e18
"""Sums beyond this might not fit into 64 bits."""

Progress = Callable[[int, int], None]
"""Told how many of the lines are done."""


class TooLargeToAddUp(Exception):  # noqa: N818 - it says what is the matter
    """The claims together are worth more than 64 bits can count."""


@dataclass(frozen=True)
class Material:
    """What all variants share: registers, claims, and what earlier months left."""

    scheme: CompiledScheme
    tables: Mapping[str, pa.Table]
    """The registers, typed; with ``contributions`` and ``catchments`` where they are known."""
    claims: Claims
    opening: Opening
    dimensions: tuple[str, ...] = ()

    @cached_property
    def facts(self) -> Facts:
        """What the registers say about the claims."""
        return established(self.scheme, self.claims.batch)

    @cached_property
    def cells(self) -> Cells:
        """The cells of the claims."""
        return cells_of(self.dimensions, self.scheme, self.tables, self.claims, self.facts)

    @cached_property
    def facilities(self) -> Facilities:
        """The facilities, as the register has them last."""
        return facilities_of(self.scheme.registers, self.tables["facilities"])

    def drawn(self, seed: int) -> npt.NDArray[np.uint64]:
        """Draw for each claim: (C,)."""
        rows = pa.array(self.claims.claim_row)
        names = [self.claims.received[name].take(rows) for name in ("facility", "claim")]
        return draws(seed, *(_text(name) for name in names))


def _text(column: pa.ChunkedArray) -> pa.Array:
    plain = column.cast(pa.string())
    return pa.concat_arrays(plain.chunks or [pa.array([], pa.string())])


def established(scheme: CompiledScheme, batch: Batch) -> Facts:
    """Establish the facts about all claims of a batch.

    Raises:
        AmountTooLarge: what some of the claims claim cannot be counted.
    """
    facts = facts_of(scheme, batch)
    if len(batch.rejected_by_rule):
        facts.line_reason[batch.rejected_by_rule != 0] = Reason.RULE
    if (facts.claimed == TOO_LARGE).any():
        raise AmountTooLarge(np.flatnonzero(facts.claimed == TOO_LARGE).tolist())
    return facts


def part_of(facts: Facts, claims: slice, lines: slice) -> Facts:
    """Give the facts about some claims and lines that stand together."""
    of_lines = ("row", "list_price", "line_reason")
    return Facts(*(getattr(facts, name)[lines if name in of_lines else claims] for name in Facts._fields))


@dataclass(frozen=True)
class Kept:
    """What is kept of a walk besides sums."""

    facilities: bool = True
    """What each facility is paid."""
    families: int = MOST_NAMED
    """How many winners and losers."""
    values: bool = False
    """What each claim is worth."""
    samples: int = 0
    seed: int = 0
    incomes: tuple[Income, ...] = ()
    """The contributions that are sampled, of each variant; the same object is sampled once."""


@dataclass
class Named:
    """Families that gain or lose the most: by unit, (n,) each."""

    unit: Int64s
    claims: Int64s
    base: Int64s
    value: Int64s

    @classmethod
    def nobody(cls) -> Named:
        """Give none."""
        return cls(*(np.zeros(0, np.int64) for _ in range(4)))

    def joined(self, other: Named, most: int, sign: int) -> Named:
        """Put two lists together and keep the first; ``sign`` is 1 for winners, -1 for losers."""
        unit, claims, base, value = (
            np.concatenate((getattr(self, name), getattr(other, name)))
            for name in ("unit", "claims", "base", "value")
        )
        difference = (value - base) * sign
        order = np.lexsort((unit, -difference))
        order = order[difference[order] > 0][:most]
        return Named(unit[order], claims[order], base[order], value[order])


@dataclass
class Walked:
    """What a walk comes to, of one variant."""

    sums: Sums
    replicates: Replicates
    winners: Named = field(default_factory=Named.nobody)
    losers: Named = field(default_factory=Named.nobody)

    def add(self, other: Walked, most: int) -> None:
        """Add what another thread did."""
        for mine, theirs in ((self.sums, other.sums), (self.replicates, other.replicates)):
            for total, more in zip(mine, theirs, strict=True):
                np.add(total, more, out=total)
        self.winners = self.winners.joined(other.winners, most, 1)
        self.losers = self.losers.joined(other.losers, most, -1)


@dataclass
class _Place:
    """Where one thread adds up."""

    walked: list[Walked]
    drawn: Int64s
    earned: dict[int, Int64s]

    def add(self, other: _Place, most: int) -> None:
        """Add what another thread did."""
        for mine, theirs in zip(self.walked, other.walked, strict=True):
            mine.add(theirs, most)
        self.drawn += other.drawn
        for key, amounts in other.earned.items():
            self.earned[key] += amounts


@dataclass(frozen=True)
class _Course:
    """How a variant is walked."""

    variant: Variant
    payment: Payment
    batch: Batch
    facts: Facts
    lens: Lens
    times: bool
    """Whether claims are made more or less often."""
    responds: bool
    """Whether patients respond to what they pay."""
    drawn: npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Outcome:
    """What a walk comes to: the base first, then the variants."""

    walked: tuple[Walked, ...]
    values: tuple[Int64s, ...]
    """(claims,) of each, where they were asked for: what claims are worth, copies with their originals."""
    drawn_families: Int64s
    """(samples,): how many families each sample has."""
    earned: Mapping[int, Int64s]
    """By the ``id`` of an income: (products, months, samples)."""


def walk(
    material: Material,
    variants: Sequence[Variant],
    kept: Kept | None = None,
    threads: int = 1,
    lines_of_a_group: int = LINES_OF_A_GROUP,
    progress: Progress | None = None,
) -> Outcome:
    """Adjudicate claims under several variants at once.

    Args:
        material: registers and claims.
        variants: the base, and those that are compared with it.
        kept: what is kept besides sums.
        threads: decides nothing but the time.
        lines_of_a_group: decides nothing but the time.
        progress: told how far it is.

    Raises:
        AmountTooLarge: an amount cannot be counted under one of the variants.
        TooLargeToAddUp: the sums could pass 64 bits.
    """
    walker = _Walker(material, variants, kept or Kept(), lines_of_a_group)
    return walker.walk(threads, progress)


class _Walker:
    def __init__(
        self, material: Material, variants: Sequence[Variant], kept: Kept, lines_of_a_group: int
    ) -> None:
        self._material, self._kept = material, kept
        self._edges = difference_edges()
        self._copies = any(_varies(variant) for variant in variants)
        count = len(material.claims.batch.insuree)
        batch = material.claims.batch
        lens = material.cells.lens
        if self._copies:
            batch = assumed.with_copies(batch)
            lens = Lens(*(np.ascontiguousarray(np.repeat(column, 2, axis=0)) for column in lens))
        self._batch, self._lens = batch, lens
        self._facts = established(material.scheme, batch) if self._copies else material.facts
        self._base_present = assumed.originals(2 * count) if self._copies else np.zeros(0, np.int8)
        self._batches: dict[tuple[int, int], tuple[Batch, Facts]] = {}
        self._courses = [self._course(variant) for variant in variants]
        self._groups = list(pairwise(self._group_edges(lines_of_a_group)))
        size = (2 if self._copies else 1) * count if kept.values else 0
        self._values = [np.zeros(size, np.int64) for _ in variants]

    def _course(self, variant: Variant) -> _Course:
        assume = variant.asked.assume
        cells, registers = self._material.cells, self._material.scheme.registers
        weight = np.zeros(0, np.int32)
        if assume.enrolment is not None:
            weight = assumed.family_weights(assume.enrolment.growth, assume.seed, registers)
        payment = payment_of(variant, self._material.facilities, cells.first_month, cells.months, weight)
        trend = (assume.trend.prices, assume.trend.years)
        if trend not in self._batches:
            batch, facts = assumed.with_prices(self._batch, assume.trend), self._facts
            if batch is not self._batch:
                # What is claimed grows with the prices, and has to be counted again.
                facts = assumed.with_list_prices(established(self._material.scheme, batch), assume.trend)
            self._batches[trend] = batch, facts
        batch, facts = self._batches[trend]
        varies = _varies(variant)
        drawn = self._material.drawn(assume.seed) if varies else np.zeros(0, np.uint64)
        return _Course(
            variant, payment, batch, facts, self._lens, varies, assume.utilisation is not None, drawn
        )

    def _group_edges(self, lines_of_a_group: int) -> list[int]:
        """Cut the units into groups of about so many lines, whole blocks of families each."""
        batch, units = self._batch, self._material.scheme.registers.units + 1
        marks = np.arange(lines_of_a_group, max(int(batch.first_line[-1]), 1), lines_of_a_group)
        claims_before = np.searchsorted(batch.first_line, marks, side="left")
        edges = np.searchsorted(batch.first_of_unit[: units + 1], claims_before, side="left")
        edges = edges // BLOCK * BLOCK
        return [0, *np.unique(edges[(edges > 0) & (edges < units)]).tolist(), units]

    def walk(self, threads: int, progress: Progress | None) -> Outcome:
        places: queue.SimpleQueue[_Place] = queue.SimpleQueue()
        held: list[_Place] = []
        for _ in range(max(threads, 1)):
            held.append(self._place())
            places.put(held[-1])

        def work(group: tuple[int, int]) -> int:
            place = places.get()
            try:
                return self._group(*group, place)
            finally:
                places.put(place)

        total = int(self._batch.first_line[-1])
        for done in _spread(work, self._groups, threads):
            if progress:
                progress(done, total)
        whole, *others = held
        for other in others:
            whole.add(other, self._kept.families)
        if any(float(one.sums.size[0]) > LARGEST_SUM for one in whole.walked):
            raise TooLargeToAddUp
        values = tuple(self._whole(values) for values in self._values)
        return Outcome(tuple(whole.walked), values, whole.drawn, whole.earned)

    def _place(self) -> _Place:
        samples, months = self._kept.samples, self._material.cells.months
        earned: dict[int, Int64s] = {}
        for course, income in zip(self._courses, self._kept.incomes, strict=False):
            shape = (len(course.variant.codes), months, samples)
            earned.setdefault(id(income), np.zeros(shape, np.int64))
        return _Place([self._empty(course) for course in self._courses], np.zeros(samples, np.int64), earned)

    def _whole(self, values: Int64s) -> Int64s:
        if not (self._copies and self._kept.values):
            return values
        together: Int64s = values.reshape(-1, 2).sum(axis=1)
        return together

    def _empty(self, course: _Course) -> Walked:
        cells = self._material.cells
        products, months = len(course.variant.codes), cells.months
        facilities = len(self._material.facilities.codes)
        detailed = facilities if self._kept.facilities else 0
        of_products = len(self._material.scheme.products.products)
        samples = self._kept.samples
        sums = Sums(
            cells=np.zeros((cells.count, len(MEASURES)), np.int64),
            products=np.zeros((of_products + 1, len(MEASURES)), np.int64),
            paid=np.zeros((products, len(Care), months, WAYS), np.int64),
            lines=np.zeros((products, len(Care), months), np.int64),
            places=np.zeros((facilities, 3), np.int64),
            paid_at=np.zeros((detailed, products, len(Care), months, WAYS), np.int64),
            visits=np.zeros((detailed, products, months), np.int64),
            families=np.zeros(len(OfFamilies), np.int64),
            bands=np.zeros((len(self._edges) + 1, 2), np.int64),
            size=np.zeros(1, np.float64),
        )
        replicates = Replicates(
            weights=np.zeros((0, samples), np.int64),
            paid=np.zeros((products if samples else 0, len(Care), months, WAYS, samples), np.int64),
            others=np.zeros((len(OfReplicate), samples), np.int64),
        )
        return Walked(sums, replicates)

    def _group(self, first_unit: int, end_unit: int, place: _Place) -> int:
        """Adjudicate a group of units under every variant; give where its lines end."""
        group = _Group(self._material, self._batch, first_unit, end_unit)
        samples = self._kept.samples
        weights = np.zeros((0, 0), np.int64)
        if samples:
            weights = weights_of(self._kept.seed, first_unit, end_unit, samples)
            place.drawn += weights[: self._material.scheme.registers.units - first_unit].sum(axis=0)
            first_month = self._material.cells.first_month
            for income in {id(income): income for income in self._kept.incomes}.values():
                income.sampled(first_unit, end_unit, weights, first_month, place.earned[id(income)])
        if group.claims.start == group.claims.stop:
            return group.lines.stop
        base_value = np.zeros(group.count, np.int64)
        base_borne: tuple[Int64s, Int64s] | None = None
        responds = any(course.responds for course in self._courses)
        for number, course in enumerate(self._courses):
            present = self._base_present[group.claims] if self._copies else self._base_present
            facts = part_of(course.facts, group.claims, group.lines)
            if course.times:
                after = None
                if course.responds:
                    results = group.adjudicate(course, _absent(facts, present))
                    after = group.borne(course.batch, results)
                present = self._present(course, group, base_borne, after)
            results = group.adjudicate(course, _absent(facts, present) if len(present) else facts)
            if number == 0 and responds:
                base_borne = group.borne(course.batch, results)
            values = self._values[number][group.claims] if self._kept.values else self._values[number]
            mine = place.walked[number]
            tally(
                first_unit,
                end_unit,
                course.batch,
                facts,
                results,
                present,
                course.lens,
                course.payment,
                base_value,
                number == 0,
                values,
                self._edges,
                mine.replicates._replace(weights=weights),
                group.work(len(course.variant.codes), self._material.cells.months),
                mine.sums,
            )
            if self._kept.families and number:
                self._name(group, first_unit, mine)
        return group.lines.stop

    def _present(
        self,
        course: _Course,
        group: _Group,
        before: tuple[Int64s, Int64s] | None,
        after: tuple[Int64s, Int64s] | None,
    ) -> Int8s:
        """Choose the claims of a group that are made; what patients bear is of originals and copies."""
        claims = slice(group.claims.start // 2, group.claims.stop // 2)

        def originals(borne: tuple[Int64s, Int64s] | None) -> tuple[Int64s, Int64s] | None:
            return None if borne is None else (borne[0][::2], borne[1][::2])

        times = assumed.times_made(
            course.variant.asked.assume, originals(before), originals(after), claims.stop - claims.start
        )
        return assumed.made_claims(times, course.drawn[claims])

    def _name(self, group: _Group, first_unit: int, walked: Walked) -> None:
        units = group.units
        difference = units[:, OfUnit.VALUE] - units[:, OfUnit.BASE]
        for sign, name in ((1, "winners"), (-1, "losers")):
            mine = np.flatnonzero(difference * sign > 0)
            if len(mine):
                columns = (OfUnit.CLAIMS, OfUnit.BASE, OfUnit.VALUE)
                these = Named(mine + first_unit, *(units[mine, column] for column in columns))
                setattr(walked, name, getattr(walked, name).joined(these, self._kept.families, sign))


def _varies(variant: Variant) -> bool:
    assume = variant.asked.assume
    return assume.utilisation is not None or assume.trend.claims != 0


def _absent(facts: Facts, present: Int8s) -> Facts:
    """Give facts by which the claims that are not made are passed over."""
    if len(present) == 0:
        return facts
    reason = np.where(present != 0, facts.reason, np.int8(assumed.ABSENT)).astype(np.int8)
    return facts._replace(reason=reason)


class _Group:
    """Some units with their claims, and room to adjudicate them again and again."""

    def __init__(self, material: Material, batch: Batch, first_unit: int, end_unit: int) -> None:
        self._material = material
        self._first_unit, self._end_unit = first_unit, end_unit
        self.claims = slice(*(int(batch.first_of_unit[unit]) for unit in (first_unit, end_unit)))
        self.lines = slice(*(int(batch.first_line[claim]) for claim in (self.claims.start, self.claims.stop)))
        self.count = self.claims.stop - self.claims.start
        registers, history = material.scheme.registers, material.opening.history
        lines = self.lines.stop - self.lines.start
        needed = largest(first_unit, end_unit, batch, registers.policies, registers.covers, history)
        self._room: Room = room_for(*needed)
        self._results: Results = room_for_results(self.count, lines)
        self._touched: Touched = room_for_touched(lines)
        self.units: Int64s = np.zeros((end_unit - first_unit, len(OfUnit)), np.int64)
        self._works: dict[tuple[int, int], Work] = {}
        opening, policies = material.opening, registers.policies
        ends = (int(policies.first_of_unit[unit]) for unit in (first_unit, end_unit))
        start, end = np.searchsorted(opening.policy, tuple(ends)).tolist()
        self._opened = Opened(opening.policy[start:end], opening.cover[start:end], opening.used[start:end])

    def work(self, products: int, months: int) -> Work:
        """Give room for sums of so many products and months."""
        if (products, months) not in self._works:
            size = products * len(Care) * months * WAYS
            self._works[products, months] = Work(
                measures=np.zeros(len(MEASURES), np.int64),
                units=self.units,
                paid=np.zeros(size, np.int64),
                touched=np.zeros(size, np.int64),
                visited=np.zeros(products, np.int32),
            )
        return self._works[products, months]

    def adjudicate(self, course: _Course, facts: Facts) -> Results:
        """Adjudicate the units; the results are overwritten by the next time.

        Raises:
            AmountTooLarge: an amount cannot be counted.
        """
        return self.decide(course.variant.scheme, course.batch, facts)

    def decide(self, scheme: CompiledScheme, batch: Batch, facts: Facts) -> Results:
        """Adjudicate the units by a scheme."""
        registers = scheme.registers
        _, uncountable = adjudicate_units(
            self._first_unit,
            self._end_unit,
            batch,
            facts,
            registers.provisions,
            registers.people,
            registers.policies,
            registers.covers,
            scheme.products.terms,
            scheme.remembered,
            self._material.opening.history,
            self._opened,
            self._room,
            self._results,
            self._touched,
        )
        if uncountable:
            raise AmountTooLarge((np.flatnonzero(self._results.status < 0) + self.claims.start).tolist())
        return self._results

    def borne(self, batch: Batch, results: Results) -> tuple[Int64s, Int64s]:
        """Give what patients bear of each claim, and what is claimed."""
        patient, claimed = np.zeros(self.count, np.int64), np.zeros(self.count, np.int64)
        assumed.bear(self.claims.start, self.claims.stop, batch, results, patient, claimed)
        return patient, claimed


def difference_edges() -> Int64s:
    """Give the upper ends of bands of differences: 1, 2 and 5 times powers of ten, on both sides of none."""
    sizes = [one * 10**power for power in range(2, 12) for one in (1, 2, 5)]
    return np.array([*(-size for size in reversed(sizes)), -1, 0, *sizes], np.int64)


def _spread(
    work: Callable[[tuple[int, int]], int], groups: Sequence[tuple[int, int]], threads: int
) -> Iterator[int]:
    """Do all groups, and give the end of each in order."""
    if threads <= 1:
        yield from map(work, groups)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[int]] = deque()
        for group in groups:
            waiting.append(pool.submit(work, group))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
