"""Whole runs, from files to files: first and repeated, with nothing compiled, and as months grow."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from adjudicator.prepared import FOLDER
from benchmarks.alone import Took, run_alone
from benchmarks.month import generated
from benchmarks.table import Part, Row

LINES_OF_A_FAMILY = 3.5
"""About how many lines of claims a family has in a month."""


def measure_run(scheme: Path, repeat: int) -> Part:
    """Measure the run of a month: first with registers to prepare, then with registers prepared."""
    run_alone(scheme)
    first = []
    for _ in range(min(repeat, 3)):
        shutil.rmtree(scheme / FOLDER, ignore_errors=True)
        first.append(run_alone(scheme))
    again = [run_alone(scheme) for _ in range(repeat)]
    about = (
        "`adjudicator run` from Parquet to Parquet on 2 threads, each in a process of its own. {} {}".format(
            _profile("Stages of the first run", first), _profile("Of the repeated run", again)
        )
    )
    rows = [_row("first run, registers prepared in it", first), _row("repeated run", again)]
    return Part("A month from files to files", about, rows)


def measure_cold(scheme: Path, repeat: int) -> Part:
    """Measure whole processes that find no compiled code, and then their own."""
    cold, warm = [], []
    for _ in range(min(repeat, 3)):
        with tempfile.TemporaryDirectory() as cache:
            environment = {"NUMBA_CACHE_DIR": cache}
            cold.append(run_alone(scheme, environment=environment))
            warm.append(run_alone(scheme, environment=environment))
    about = "A small month; seconds of the whole process, with the start of Python and all imports."
    rows = [
        _row("first run of an installation, all code compiled in it", cold, whole_process=True),
        _row("second run", warm, whole_process=True),
    ]
    return Part("Nothing compiled yet", about, rows)


def measure_growth(folder: Path, sizes: Iterable[int], repeat: int) -> Part:
    """Measure runs of ever larger months, with prepared registers."""
    rows = []
    for size in sizes:
        scheme = generated(grown(folder, size), round(size / LINES_OF_A_FAMILY))
        run_alone(scheme)
        taken = [run_alone(scheme) for _ in range(min(repeat, 3))]
        rows.append(_row(f"about {size:,} lines", taken))
    about = "Repeated runs of larger and larger months of larger and larger populations, on 2 threads."
    return Part("Growth", about, rows)


def grown(folder: Path, size: int) -> Path:
    """Name the folder of a month of so many lines."""
    return folder / f"month-{size}"


def _row(what: str, taken: Sequence[Took], *, whole_process: bool = False) -> Row:
    seconds = statistics.median(took.process_seconds if whole_process else took.seconds for took in taken)
    return Row(what, taken[0].lines, seconds, max(took.mebibytes for took in taken))


def _profile(title: str, taken: Sequence[Took]) -> str:
    stages = {name: statistics.median(took.stages[name] for took in taken) for name in taken[0].stages}
    return f"{title}: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in stages.items()) + "."
