"""Measure review rules: two hundred of them over a month, with a look back on the months before.

``python -m benchmarks.rules --folder /tmp/scheme --families 100000 --months 13``

The last month of the scheme is asked about; the months before it are looked back on. The shipped rules are
asked again and again, each time with other numbers, until there are as many as are wanted.
Results are written to
``benchmarks/RULES.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import re
import resource
import tempfile
import time
from pathlib import Path

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import adjudicate
from adjudicator.generation import generate
from adjudicator.rulebook.flags import fire
from adjudicator.rulebook.looked import Looked
from adjudicator.rulebook.now_and_past import universe_of_claims
from adjudicator.rulebook.past import Past
from adjudicator.rulebook.read import CompiledRule, read_rules
from adjudicator.run import open_inputs
from ingest.tables import read_claims

THREADS = 2
RULES = Path(__file__).parents[1] / "rules"


def many_rules(count: int, folder: Path) -> list[CompiledRule]:
    """Write the shipped rules out again and again with other numbers, and read them."""
    texts = [path.read_text("utf-8") for path in sorted(RULES.glob("*.yaml"))]
    for copy in range(count):
        text = texts[copy % len(texts)]
        round_ = copy // len(texts)
        text = re.sub(r"^rule: (\S+)", rf"rule: \1-{copy}", text, count=1, flags=re.M)
        text = re.sub(r"^status: .*$", "", text, flags=re.M)
        text = text.split("\nexamples:")[0] + "\nstatus: shadow\n"
        text = _widened(text, round_)
        (folder / f"{copy:03}.yaml").write_text(text, "utf-8")
    return read_rules(folder, 2)


def _widened(text: str, days: int) -> str:
    return re.sub(r"within (\d+) days", lambda found: f"within {int(found[1]) + days} days", text)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="of the scheme; made if not there")
    parser.add_argument("--families", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=13)
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("RULES.md"))
    given = parser.parse_args()
    if not given.folder.exists():
        generate(given.folder, given.families, given.months, 1)
    inputs = open_inputs(given.folder)
    decimals = inputs.scheme.settings.decimals
    *before, last = sorted((given.folder / "claims").iterdir())
    facilities = inputs.registers.tables["facilities"]
    now = read_claims([last], decimals, facilities)
    claims = claims_room.encode(inputs.compiled.registers, now.claims, now.lines)
    decided = list(adjudicate(inputs.compiled, claims))
    rows: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        rules = many_rules(given.rules, Path(folder))
        rows.append((f"compiling {len(rules)} rules, seconds", f"{time.perf_counter() - began:.1f}"))
    past, tables = None, inputs.registers.tables
    if before:
        began = time.perf_counter()
        months = (read_claims([month], decimals, facilities) for month in before)
        received = ((month.claims, month.lines) for month in months)
        past = Past.of(inputs.compiled, tables, received, Looked.at_by(rules))
        rows.append(("lines looked back on", f"{past.lines:,}"))
        rows.append(("reading and encoding these, seconds", f"{time.perf_counter() - began:.1f}"))
    universe = universe_of_claims(inputs.compiled, tables, claims, past, decided)
    began, worked = time.perf_counter(), time.process_time()
    flags = sum(len(one) for one in fire(rules, universe, rejecting=False, threads=THREADS))
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    lines = len(now.lines)
    rows += [
        ("lines asked about", f"{lines:,}"),
        (f"asking {len(rules)} rules, seconds", f"{seconds:.1f}"),
        ("the same, seconds of processors", f"{worked:.1f}"),
        ("flags", f"{flags:,}"),
        ("lines × rules a second", f"{lines * len(rules) / seconds / 1e6:.0f} million"),
        ("peak memory, GiB", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1048576:.1f}"),
    ]
    written = [
        "# Review rules",
        "",
        f"Measured on {dt.date.today():%d %B %Y}, Python {platform.python_version()}.",
        "",
        "| what | |",
        "|---|---:|",
        *(f"| {what} | {value} |" for what, value in rows),
        "",
    ]
    given.out.write_text("\n".join(written), "utf-8")
    print("\n".join(written))


if __name__ == "__main__":
    main()
