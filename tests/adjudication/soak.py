"""Kernel against reference on as many random claims as asked for; prints the seed of the first difference.

``python -m tests.adjudication.soak --claims 1000000 --first-seed 0``
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from random import Random

from adjudicator.adjudication.adjudicate import compile_scheme
from adjudicator.vocabulary import Cut, Reason
from ingest.claims import claims_from_rows
from ingest.registers import registers_from_rows
from tests.adjudication.comparison import kernel_rows, kernel_tables, reference_rows
from tests.adjudication.worlds import random_world


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=100_000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--most-claims", type=int, default=40, help="of one world")
    arguments = parser.parse_args()
    seed, claims, started = arguments.first_seed, 0, time.monotonic()
    reasons: Counter[int | None] = Counter()
    cuts: Counter[str] = Counter()
    while claims < arguments.claims:
        random = Random(seed)
        world = random_world(random, arguments.most_claims)
        registers = registers_from_rows(world.registers, world.decimals).tables
        reading = claims_from_rows(world.claims, world.claim_lines, world.decimals, registers["facilities"])
        scheme = compile_scheme(registers, world.products, world.adult_age)
        by_kernel = kernel_rows(
            kernel_tables(
                scheme,
                reading.claims,
                reading.lines,
                threads=random.choice((1, 2)),
                lines_of_a_group=random.choice((1, 7, 1000)),
            )
        )
        by_reference = reference_rows(
            world.products, registers, world.adult_age, reading.claims, reading.lines
        )
        if by_kernel != by_reference:
            print(f"seed {seed}: the kernel and the reference differ")
            for key, expected in by_reference[0].items():
                if by_kernel[0].get(key) != expected:
                    print(f"  {key}\n    kernel    {by_kernel[0].get(key)}\n    reference {expected}")
            return 1
        for claim in by_reference[0].values():
            for line in claim["lines"]:
                reasons[line["reason"]] += 1
                cuts.update(cut.word for cut in Cut if line[cut.word])
        claims += len(reading.claims)
        seed += 1
    seconds = time.monotonic() - started
    print(f"{claims} claims of {seed - arguments.first_seed} worlds agree ({seconds:.0f} s)")
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
        print(f"  {count:>9} lines {'accepted' if reason is None else Reason(reason).word}")
    for cut, count in cuts.most_common():
        print(f"  {count:>9} lines cut by {cut}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
