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
import os
import platform
import re
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import adjudicate
from adjudicator.generation import generate
from adjudicator.look_back import look_back
from adjudicator.rulebook import syntax, typed
from adjudicator.rulebook.evaluate import Evaluator
from adjudicator.rulebook.fields import Level
from adjudicator.rulebook.flags import fire
from adjudicator.rulebook.now_and_past import universe_of_claims
from adjudicator.rulebook.read import CompiledRule, read_rules
from adjudicator.rulebook.universe import Universe
from adjudicator.run import no_progress, open_inputs
from ingest.tables import read_claims

Row = tuple[str, str]

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


def asked(rules: list[CompiledRule], universe: Universe) -> list[Row]:
    """Ask all rules, and tell what it took."""
    began, worked = time.perf_counter(), time.process_time()
    flags = sum(len(one) for one in fire(rules, universe, rejecting=False, threads=THREADS))
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    lines = len(universe.current_lines)
    return [
        ("lines asked about", f"{lines:,}"),
        ("lines looked back on", f"{universe.lines - lines:,}"),
        (f"asking {len(rules)} rules, seconds", f"{seconds:.1f}"),
        ("the same, seconds of processors", f"{worked:.1f}"),
        ("flags", f"{flags:,}"),
        ("lines × rules a second", f"{lines * len(rules) / seconds / 1e6:.0f} million"),
    ]


def beside_pandas(universe: Universe) -> list[Row]:
    """Count the same provision for the same person within thirty days before, here and with pandas."""
    text = "count(lines of insuree and provision, within 30 days before) >= 0"
    condition = typed.condition(syntax.parse(text), Level.LINE, typed.Context({}, 2))
    assert isinstance(condition, typed.Compare)
    rows = universe.current_lines
    began = time.process_time()
    ours, _ = Evaluator(universe).value(condition.left, Level.LINE, rows)
    our_seconds = time.process_time() - began
    claim = universe.claim_of_line[rows]
    keys = {
        "insuree": universe.column("claim.insuree").values[claim],
        "day": universe.column("claim.target_date").values[claim],
        "provision": universe.column("line.provision").values[rows],
    }
    lines = pd.DataFrame({"row": np.arange(len(rows)), "claim": claim, **keys})
    began = time.process_time()
    known = lines[lines["insuree"] >= 0]
    pairs = known.merge(known, on=["insuree", "provision"])
    before = pairs["day_x"] - pairs["day_y"]
    seen = pairs[(pairs["claim_x"] != pairs["claim_y"]) & (before >= 0) & (before <= 30)]
    theirs = seen.groupby("row_x").size().reindex(lines["row"], fill_value=0).to_numpy()
    their_seconds = time.process_time() - began
    assert (ours == theirs).all()
    return [
        ("one look at what a person had before, seconds of a processor", f"{our_seconds:.2f}"),
        ("the same by joining with pandas", f"{their_seconds:.2f}"),
        ("pandas takes so many times as long", f"{their_seconds / our_seconds:.1f}"),
    ]


def table(rows: list[Row]) -> list[str]:
    """Write rows as a table."""
    return ["| what | |", "|---|---:|", *(f"| {what} | {value} |" for what, value in rows), ""]


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
    decimals, tables = inputs.scheme.settings.decimals, inputs.registers.tables
    *before, last = sorted((given.folder / "claims").iterdir())
    now = read_claims([last], decimals, tables["facilities"])
    claims = claims_room.encode(inputs.compiled.registers, now.claims, now.lines)
    decided = list(adjudicate(inputs.compiled, claims))
    with tempfile.TemporaryDirectory() as folder:
        rules = many_rules(given.rules, Path(folder))
    written = [
        "# Review rules",
        "",
        f"Measured on {dt.date.today():%d %B %Y}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {THREADS} threads.",
        "",
        "The claims of a month, without a look back:",
        "",
    ]
    universe = universe_of_claims(inputs.compiled, tables, claims, None, decided)
    written += table([*asked(rules, universe), *beside_pandas(universe), memory()])
    # What was put in order for the month alone is let go, so that it is not counted with what follows.
    del universe
    if before:
        began = time.perf_counter()
        past = look_back(inputs.compiled, tables, decimals, before, now.claims, rules, no_progress).past
        opened = ("reading and encoding the months before, seconds", f"{time.perf_counter() - began:.1f}")
        universe = universe_of_claims(inputs.compiled, tables, claims, past, decided)
        written += [f"The same, with a look back on the {len(before)} months before:", ""]
        written += table([opened, *asked(rules, universe), memory()])
    given.out.write_text("\n".join(written), "utf-8")
    print("\n".join(written))


def memory() -> Row:
    """Tell how much memory was held at the most until now."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1048576
    return "peak memory, GiB", f"{peak:.1f}"


if __name__ == "__main__":
    main()
