"""A month's run in a process of its own, so that its memory and its compiled code are its own.

``python -m benchmarks.alone SCHEME THREADS`` runs the month and prints what it took as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from adjudicator.run import run_month
from benchmarks.month import sources

STAGES = {
    ("run.reading_registers", True): "reading registers",
    ("run.reading_claims", True): "reading claims",
    ("run.reading_claims", False): "encoding claims",
    ("run.adjudicating", True): "adjudicating and writing",
    ("run.hashing", True): "manifest",
}
"""What begins when a stage is begun (True) or ended."""


@dataclass(frozen=True)
class Took:
    """What a run took."""

    lines: int
    seconds: float
    """Of the run, without the start of the process."""
    process_seconds: float
    """With the start of the process, and all imports."""
    mebibytes: float
    stages: Mapping[str, float]


class Clock:
    """Listens to the progress of a run, and notes when a stage began."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note the time, where something begins."""
        if (name := STAGES.get((stage, done == 0))) is not None:
            self.began[name] = time.perf_counter()

    def stages(self, end: float) -> dict[str, float]:
        """Give the seconds of each stage: each lasts until the next begins."""
        ends = [*list(self.began.values())[1:], end]
        return {name: until - start for (name, start), until in zip(self.began.items(), ends, strict=True)}


def run_alone(scheme: Path, threads: int = 2, environment: Mapping[str, str] | None = None) -> Took:
    """Run a scheme's month in a process of its own."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.alone", str(scheme), str(threads)]
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
        cwd=Path(__file__).parents[1],
    )
    return Took(**json.loads(done.stdout) | {"process_seconds": time.perf_counter() - start})


def _run_here(scheme: Path, threads: int) -> Took:
    clock = Clock()
    with tempfile.TemporaryDirectory(dir=scheme.parent) as folder:
        start = time.perf_counter()
        run = run_month(scheme, sources(scheme), Path(folder) / "run", threads=threads, progress=clock)
        end = time.perf_counter()
    return Took(run.summary.lines.total(), end - start, 0.0, _peak(), clock.stages(end))


def _peak() -> float:
    """Give the most memory that this process held, in MiB."""
    try:
        # What getrusage says begins with the peak of the process that started this one.
        status = Path("/proc/self/status").read_text("ascii", "replace")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError, ValueError):
        unit = 1024**2 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    print(json.dumps(asdict(_run_here(Path(sys.argv[1]), int(sys.argv[2])))))
