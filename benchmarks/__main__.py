"""Measure everything and write ``benchmarks/RESULTS.md``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.kernel import measure_kernel
from benchmarks.month import generated, read_month
from benchmarks.others import measure_others
from benchmarks.runs import grown, measure_cold, measure_growth, measure_run
from benchmarks.table import document

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    options = _options()
    families = options.families or (30_000 if options.quick else 1_200_000)
    sizes = [10**4, 10**5] if options.quick else [10**4, 10**5, 10**6]
    sizes += [10**7] if options.large else []
    folder: Path = options.folder
    scheme = generated(folder / f"families-{families}", families)
    runs = measure_run(scheme, options.repeat)
    growth = measure_growth(folder, sizes, options.repeat)
    cold = measure_cold(grown(folder, sizes[0]), options.repeat)
    month = read_month(scheme)
    kernel, base = measure_kernel(month, max(5, options.repeat))
    others = measure_others(month, 300 if options.quick else 2_000, options.repeat)
    command = " ".join(["python -m benchmarks", *_said(sys.argv[1:])])
    text = document([kernel, others, runs, cold, growth], base, command)
    options.out.write_text(text, "utf-8")
    print(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--families", type=int, help="of the month (1,200,000: about four million lines)")
    folder = Path(tempfile.gettempdir(), "adjudicator-benchmarks")
    parser.add_argument(
        "--folder", type=Path, default=folder, help="of the generated months, used again if there"
    )
    parser.add_argument("--repeat", type=int, default=5, help="how often each thing is done")
    parser.add_argument("--quick", action="store_true", help="small months, to see that it works")
    parser.add_argument("--large", action="store_true", help="also a month of ten million lines")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the file of the results")
    return parser.parse_args()


def _said(words: list[str]) -> list[str]:
    """Give the options that say what was measured; where files were is nobody's concern."""
    places = [at for at, word in enumerate(words) if word in ("--folder", "--out")]
    left_out = {at + step for at in places for step in (0, 1)}
    return [word for at, word in enumerate(words) if at not in left_out]


if __name__ == "__main__":
    main()
