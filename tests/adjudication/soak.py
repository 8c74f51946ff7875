"""Kernel against reference on as many random claims as asked for; prints the seed of the first difference.

``python -m tests.adjudication.soak --claims 1000000 --first-seed 0 --workers 2``

Everything about a world follows from its seed: its size, its hindrances, the months that its claims come in
(balances and earlier claims are carried from one to the next), threads, groups, and whether it is read by
ingest. A world in which the two differ is tried again with ``--first-seed SEED --claims 1``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count, pairwise
from multiprocessing import get_context
from random import Random
from typing import Any

from adjudicator.vocabulary import Cut, Reason
from tests.adjudication.comparison import kernel_rows, kernel_tables, opening_of, reference_rows
from tests.adjudication.reading import Read, in_order, only, read
from tests.adjudication.worlds import kinder, random_world

CLAIMS_OF_A_FAMILY = 50
"""At the most and on average: enough to use up what a product allows, and few enough to leave some."""

MOST_TOLD = 3
"""Differences of one world: most follow from the first."""

Rows = tuple[dict[tuple[str, str], dict[str, Any]], list[dict[str, Any]]]


@dataclass
class Compared:
    """What came of comparing worlds: how much agreed, and what did not."""

    worlds: int = 0
    claims: int = 0
    lines: Counter[str] = field(default_factory=Counter)
    """Accepted lines, lines by reason, and lines by cut."""
    differences: list[str] = field(default_factory=list)

    def add(self, other: Compared) -> None:
        """Count what came of others too."""
        self.worlds += other.worlds
        self.claims += other.claims
        self.lines += other.lines
        self.differences += other.differences


def compare(seed: int, most_families: int, ingest_every: int) -> Compared:
    """Compare kernel and reference on the world of a seed."""
    random = Random(seed)
    families = 1 + seed % most_families
    world = random_world(random, CLAIMS_OF_A_FAMILY * families, families)
    if random.randrange(3):
        world = kinder(world, random)
    r = read(world, by_ingest=seed % ingest_every == 0)
    by_kernel = by_months(r, random)
    by_reference = reference_rows(world.products, r.registers, world.adult_age, r.claims, r.lines)
    if by_kernel != by_reference:
        return Compared(differences=[f"seed {seed}: {told}" for told in differences(by_kernel, by_reference)])
    lines: Counter[str] = Counter()
    for claim in by_reference[0].values():
        for line in claim["lines"]:
            lines["accepted" if line["reason"] is None else Reason(line["reason"]).word] += 1
            lines.update(f"cut by {cut.word}" for cut in Cut if line[cut.word])
    return Compared(1, len(r.claims), lines)


def by_months(r: Read, random: Random) -> Rows:
    """Adjudicate with the kernel: at once or in a few months, each opened with what the one before left."""
    rows = in_order(r.claims)
    cuts = sorted(random.choices(range(len(rows) + 1), k=random.choice((0, 0, 1, 3))))
    decided: dict[tuple[str, str], dict[str, Any]] = {}
    balances: list[dict[str, Any]] = []
    opening = None
    for first, end in pairwise((0, *cuts, len(rows))):
        claims, lines = only(rows[first:end], r.claims, r.lines) if cuts else (r.claims, r.lines)
        tables = kernel_tables(
            r.scheme,
            claims,
            lines,
            opening,
            threads=random.choice((1, 1, 2)),
            lines_of_a_group=random.choice((7, 100, 100_000)),
        )
        month, balances = kernel_rows(tables)
        decided |= month
        opening = opening_of(r.scheme, tables)
    return decided, balances


def differences(by_kernel: Rows, by_reference: Rows) -> Iterator[str]:
    """Say which claims and balances differ; the first of them in adjudication order is the cause."""
    for key in dict.fromkeys((*by_reference[0], *by_kernel[0])):
        kernel, reference = by_kernel[0].get(key), by_reference[0].get(key)
        if kernel != reference:
            yield f"claim {key}\n    kernel    {kernel}\n    reference {reference}"
    if by_kernel[1] != by_reference[1]:
        yield f"balances\n    kernel    {by_kernel[1]}\n    reference {by_reference[1]}"


def in_turn(arguments: argparse.Namespace) -> Iterator[Compared]:
    """Compare the worlds of all seeds, one after another, in this process or in others."""
    seeds = ((seed, arguments.most_families, arguments.ingest_every) for seed in count(arguments.first_seed))
    if arguments.workers == 1:
        yield from (compare(*seed) for seed in seeds)
        return
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as pool:
        under_way: deque[Future[Compared]] = deque()
        try:
            for seed in seeds:
                under_way.append(pool.submit(compare, *seed))
                if len(under_way) > 4 * arguments.workers:
                    yield under_way.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def main() -> int:
    """Compare until there are enough claims, or a difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--claims", type=int, default=100_000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--most-families", type=int, default=8, help="of one world")
    parser.add_argument("--ingest-every", type=int, default=50, help="one world of so many goes by ingest")
    arguments = parser.parse_args()
    done = Compared()
    try:
        soak(arguments, done)
    finally:
        if done.claims < arguments.claims:
            # Worlds come in the order of their seeds, so that the next one is where it ended.
            print(
                f"again: python -m tests.adjudication.soak --first-seed {arguments.first_seed + done.worlds}"
                f" --claims 1 --most-families {arguments.most_families}"
                f" --ingest-every {arguments.ingest_every}"
            )
    if done.differences:
        return 1
    for what, number in done.lines.most_common():
        print(f"  {number:>9} lines {what}")
    return 0


def soak(arguments: argparse.Namespace, done: Compared) -> None:
    """Compare until there are enough claims, or a difference, and tell how far it is."""
    started = told = time.monotonic()
    for compared in in_turn(arguments):
        done.add(compared)
        now = time.monotonic()
        over = bool(done.differences) or done.claims >= arguments.claims
        if over or now - told > 30:
            told = now
            rate = done.claims / (now - started)
            print(
                f"{done.claims} claims of {done.worlds} worlds agree, from seed {arguments.first_seed} to"
                f" before {arguments.first_seed + done.worlds}; {rate:.0f} claims a second",
                flush=True,
            )
        if over:
            print(*done.differences[:MOST_TOLD], sep="\n")
            if len(done.differences) > MOST_TOLD:
                print(f"and {len(done.differences) - MOST_TOLD} more")
            return


if __name__ == "__main__":
    sys.exit(main())
