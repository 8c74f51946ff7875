"""Measure sweeps: a hundred variants over a million claims in one pass, and what else there is.

``python -m benchmarks.simulate --folder /tmp/adjudicator-benchmarks --families 1200000``

What belongs together is measured in one process, the smaller before the larger, so that the most memory
that it held is that of the larger. Results are written to ``benchmarks/SIMULATE.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from adjudicator.adjudication.adjudicate import adjudicate
from adjudicator.adjudication.summary import Summary
from adjudicator.simulate import open_desk
from adjudicator.simulation.asking import ask_grid
from adjudicator.simulation.desk import SWEEP_WISH, Desk, Wish
from adjudicator.simulation.results import DIMENSIONS
from adjudicator.simulation.simulating import simulate_asked
from adjudicator.simulation.variant import compile_variant
from benchmarks.alone import _peak, run_alone
from benchmarks.month import generated, sources

RESULTS = Path(__file__).with_name("SIMULATE.md")
GRIDS = {
    1: ("ceiling.amount=3000", "cover.services=55%"),
    10: ("ceiling.amount=3000..30000:3000", "cover.services=55%"),
    50: ("ceiling.amount=3000..30000:3000", "cover.services=55%..75%:5%"),
    100: ("ceiling.amount=3000..30000:3000", "cover.services=55%..100%:5%"),
}
KINDS = {
    "sums": SWEEP_WISH,
    "all breakdowns": replace(SWEEP_WISH, dimensions=DIMENSIONS),
    "200 samples": replace(SWEEP_WISH, samples=200),
    "as a scenario": Wish(order=False),
}
SEPARATE = 3
"""How many variants are run one by one; each takes the same."""


@dataclass(frozen=True)
class Measured:
    """One thing measured."""

    variants: int
    claims: int
    lines: int
    opening: float
    """Seconds until the claims are read, encoded, sorted, and looked at."""
    seconds: float
    """Of the variants, the base among them."""
    cpu: float
    mebibytes: float


Asked = tuple[int, int, str]
"""How many variants, on how many threads, and what is kept of them."""


def measure(folder: Path, asked: Sequence[Asked]) -> list[Measured]:
    """Measure sweeps here, one after the other."""
    start = time.perf_counter()
    desk = open_desk(folder, sources(folder)).desk
    for wish in {KINDS.get(kind, SWEEP_WISH).dimensions: KINDS.get(kind) for _, _, kind in asked}.values():
        _ = desk.material((wish or SWEEP_WISH).dimensions).cells
    _warm(desk)
    opening = time.perf_counter() - start
    return [_measure(desk, opening, *one) for one in asked]


def _measure(desk: Desk, opening: float, variants: int, threads: int, kind: str) -> Measured:
    begun, cpu = time.perf_counter(), time.process_time()
    if kind == "one by one":
        _one_by_one(desk, variants, threads)
    else:
        axes, asked = ask_grid(desk, GRIDS[variants])
        simulate_asked(desk, "sweep", asked, axes, KINDS[kind], threads)
    return Measured(
        variants,
        len(desk.claims.batch.insuree),
        int(desk.claims.batch.first_line[-1]),
        opening,
        time.perf_counter() - begun,
        time.process_time() - cpu,
        _peak(),
    )


def _warm(desk: Desk) -> None:
    """Load what is compiled, and touch the memory."""
    axes, asked = ask_grid(desk, GRIDS[1])
    simulate_asked(desk, "sweep", asked, axes, replace(SWEEP_WISH, samples=1), 1)


def _one_by_one(desk: Desk, variants: int, threads: int) -> None:
    """Adjudicate each variant for itself: facts, decisions, and a summary, all in memory."""
    _, asked = ask_grid(desk, GRIDS[100])
    for one in asked[:variants]:
        scheme = compile_variant(desk.compiled, desk.tables, one).scheme
        summary = Summary()
        for decided in adjudicate(scheme, desk.claims, desk.opening, threads):
            summary.add(desk.claims, decided)
        summary.check()


def measured(folder: Path, *asked: Asked) -> list[Measured]:
    """Measure sweeps in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.simulate", "--folder", str(folder), "--these"]
    done = subprocess.run(
        [*command, json.dumps(asked)], check=True, stdout=subprocess.PIPE, text=True, cwd=_root()
    )
    return [Measured(**one) for one in json.loads(done.stdout.splitlines()[-1])]


def _root() -> Path:
    return Path(__file__).parents[1]


def main() -> None:
    """Measure all, or one thing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    folder = Path(tempfile.gettempdir(), "adjudicator-benchmarks")
    parser.add_argument("--folder", type=Path, default=folder, help="of the generated schemes")
    parser.add_argument("--families", type=int, default=1_200_000)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--these", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.these:
        done = measure(given.folder, json.loads(given.these))
        print(json.dumps([asdict(one) for one in done]))
        return
    scheme = generated(given.folder / f"families-{given.families}", given.families)
    text = _document(scheme, given.threads)
    given.out.write_text(text, "utf-8")
    print(text)


def _document(scheme: Path, threads: int) -> str:
    asked: list[Asked] = [(variants, threads, "sums") for variants in GRIDS]
    *growth, alone = measured(scheme, *asked, (100, 1, "sums"))
    whole = growth[-1]
    scenario, breakdowns, samples, separate = measured(
        scheme,
        (1, threads, "as a scenario"),
        (100, threads, "all breakdowns"),
        (100, threads, "200 samples"),
        (SEPARATE, threads, "one by one"),
    )
    kinds = (("all breakdowns", breakdowns), ("200 samples", samples))
    run = run_alone(scheme, threads)
    per_variant = whole.seconds / (whole.variants + 1)
    one = separate.seconds / SEPARATE
    return "\n".join(
        [
            "# Sweeps, measured",
            "",
            f"`python -m benchmarks.simulate`, {dt.date.today().isoformat()}, Python "
            f"{platform.python_version()}, {os.cpu_count()} cores, {threads} threads unless it says "
            "otherwise. Where CPU seconds are far below seconds times threads, something else was running.",
            "",
            f"A generated month of {whole.claims:,} claims and {whole.lines:,} lines; grids of "
            "`ceiling.amount` and `cover.services` over all products. Seconds are of all from the grid "
            "to the results: products patched, checked and compiled, every claim adjudicated under every "
            "variant and under the base, and paired. Reading, encoding and sorting the claims, and the "
            f"registers, take {whole.opening:.1f} s before that, once.",
            "",
            "## A hundred variants",
            "",
            *_table(
                [
                    ("100 variants, sums by cause, families, fund", whole),
                    ("the same, 1 thread", alone),
                    *((f"100 variants, {kind}", one_kind) for kind, one_kind in kinds),
                    ("1 scenario with all breakdowns, facilities and named families", scenario),
                ]
            ),
            "",
            "*200 samples* draws families 200 times and gives a band for every figure of every variant.",
            "",
            "## Growth with the number of variants",
            "",
            *_table([(f"{one.variants} variants", one) for one in growth]),
            "",
            "The base is adjudicated as well, so that there is always one more than the grid has.",
            "",
            "## One run per variant",
            "",
            "| what | seconds a variant | × of the sweep |",
            "| --- | ---: | ---: |",
            f"| sweep, 100 variants in one pass | {per_variant:.2f} | 1.0 |",
            f"| claims kept in memory; facts, decisions and a summary for each variant | {one:.2f} | "
            f"{one / per_variant:.1f} |",
            f"| `adjudicator run` for each variant, from files to files | {run.seconds:.2f} | "
            f"{run.seconds / per_variant:.1f} |",
            "",
            "## Beside others",
            "",
            "OpenFisca and Tax-Calculator compute a reform as they compute the law: the whole system once "
            "more for each reform (a second simulation on a reformed system; a second `Calculator` with a "
            "reformed policy), over all records, and users compare the two. `reforms.py` measures them in an "
            "environment of their own (`REFORMS.md`). They compute other things than claims: this is about "
            "the way, not about the amounts:",
            "",
            "| what | records × variants per CPU-second |",
            "| --- | ---: |",
            f"| sweep: claims | {whole.claims * (whole.variants + 1) / whole.cpu:,.0f} |",
            f"| sweep: lines | {whole.lines * (whole.variants + 1) / whole.cpu:,.0f} |",
            "",
        ]
    )


def _table(rows: Sequence[tuple[str, Measured]]) -> list[str]:
    head = [
        "| what | seconds | CPU seconds | seconds a variant | line-variants/s | peak MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    return head + [
        f"| {what} | {one.seconds:.1f} | {one.cpu:.1f} | {one.seconds / (one.variants + 1):.2f} | "
        f"{one.lines * (one.variants + 1) / one.seconds:,.0f} | {one.mebibytes:,.0f} |"
        for what, one in rows
    ]


if __name__ == "__main__":
    main()
