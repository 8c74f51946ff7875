"""From files to files: the command line, the notebook, and the same bytes once more."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from adjudicator.generation import generate
from adjudicator.run import run_month
from adjudicator.simulation import open_claims, read, simulate, sweep
from adjudicator.simulation.folder import read_simulation
from adjudicator.simulation.results import DIMENSIONS, FIGURES, MEASURES
from cli import main
from tests.simulation.simulation_examples import columns_equal

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a small generated country."""
    folder = tmp_path_factory.mktemp("desk")
    generate(folder / "myscheme", 60, 1, seed=4)
    return folder


@pytest.fixture(autouse=True)
def _here(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(main, ["simulate", *arguments])


GIVEN = ("myscheme", "--claims", "myscheme/claims/2026-01")


def test_scenarios_from_files_to_files(place: Path) -> None:
    done = run(*GIVEN, "--scenario", str(SCENARIOS), "--out", "all", "--bootstrap", "30", "--lang", "fr")
    assert done.exit_code == 0, done.output
    assert "solde du fonds" in done.output
    simulation = read_simulation(place / "all")
    assert len(simulation.variants) == len(list(SCENARIOS.glob("*.yaml")))
    assert simulation.dimensions == DIMENSIONS
    for variant in simulation.variants:
        assert set(variant.totals) == set(MEASURES)
        assert set(variant.figures) == set(FIGURES)
        for dimension in DIMENSIONS:
            assert variant.breakdowns[dimension].column_names == ["key", *MEASURES]
    run_month(place / "myscheme", [place / "myscheme/claims/2026-01"], place / "run")
    summary = json.loads((place / "run/summary.json").read_text("utf-8"))["decided"]
    assert simulation.base.totals["valuated"] == summary["valuated"]
    assert simulation.base.totals["claimed"] == summary["claimed"]
    assert {name: simulation.base.totals[name] for name in summary["cuts"]} == summary["cuts"]
    again = run("again", "all")
    assert again.exit_code == 0, again.output
    assert "Same" in again.output


def test_a_changed_result_or_input_is_found(place: Path) -> None:
    scenario = place / "mine.yaml"
    scenario.write_text("scenario: mine\nassume: {contributions: 5%}\n", "utf-8")
    assert run(*GIVEN, "--scenario", "mine.yaml", "--out", "mine").exit_code == 0
    (place / "mine/extra.txt").write_text("not of the simulation", "utf-8")
    assert run("again", "mine").exit_code == 0
    manifest = json.loads((place / "mine/manifest.json").read_text("utf-8"))
    manifest["outputs"][0]["sha256"] = "0" * 64
    (place / "mine/manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert run("again", "mine").exit_code == 1
    scenario.write_text("scenario: mine\nassume: {contributions: 6%}\n", "utf-8")
    refused = run("again", "mine")
    assert refused.exit_code == 3
    assert "mine.yaml" in refused.output


def test_grids_and_questions(place: Path) -> None:
    grid = ("--grid", "ceiling.amount=9000..12000:1000", "cover.visit=60%,80%")
    done = run(*GIVEN, *grid, "--out", "grid", "--per", "product,region")
    assert done.exit_code == 0, done.output
    simulation = read_simulation(place / "grid")
    assert len(simulation.variants) == 8
    assert [axis.path for axis in simulation.axes] == ["ceiling.amount", "cover.visit"]
    assert set(simulation.base.breakdowns) == {"product", "region"}
    assert run("again", "grid").exit_code == 0
    solved = run(
        *("solve", *GIVEN, "--term", "BASIC:cover.services", "--between", "50%..100%"),
        *("--target", "patient=150000", "--out", "solved"),
    )
    assert solved.exit_code == 0, solved.output
    solution = read_simulation(place / "solved").solution
    assert solution is not None
    assert solution.tried.num_rows > 10
    assert run("again", "solved").exit_code == 0
    assert run(*GIVEN, "--out", "nothing").exit_code == 2
    assert run(*GIVEN, "--scenario", "grid", "--per", "colour", "--out", "nothing").exit_code == 2
    wrong = run(*GIVEN, "--grid", "colour=red", "--out", "nothing")
    assert wrong.exit_code == 3
    assert not (place / "nothing").exists()


def test_what_is_written_is_read_back(place: Path) -> None:
    desk = open_claims("myscheme", "myscheme/claims/2026-01")
    cap = {"change": {"BASIC": {"ceiling": {"amount": 500}}}}
    result = simulate(desk, cap, samples=25, pairs=True)
    result.write(place / "written")
    other = read(place / "written")
    for one, two in zip(result.simulation.variants, other.simulation.variants, strict=True):
        assert one.changes == two.changes
        assert one.products == two.products
        assert one.totals == two.totals
        assert all(columns_equal(one.breakdowns[name], two.breakdowns[name]) for name in DIMENSIONS)
    assert result.figures.equals(other.figures)
    assert result.bands.equals(other.bands)
    assert result.pairs.equals(other.pairs)
    before, after = result.figures["paid"].tolist()
    assert after < before
    assert result.changes("scenario-1", "fr")


def test_claims_may_be_frames(place: Path) -> None:
    folder = place / "myscheme/claims/2026-01"
    claims, lines = (pd.read_parquet(folder / f"{name}.parquet") for name in ("claims", "claim_lines"))
    lines["price_asked"] = lines["price_asked"].astype(float)
    shuffled = lines.sample(frac=1, random_state=Random(1).randrange(100))
    of_frames = sweep(open_claims("myscheme", (claims, shuffled)), "cover.all=50%").figures
    of_files = sweep(open_claims("myscheme", str(folder)), "cover.all=50%").figures
    assert of_frames.equals(of_files)


def test_examples_for_notebooks_run() -> None:
    text = (SCENARIOS / "README.md").read_text("utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert examples
    names: dict[str, object] = {}
    for example in examples:
        exec(compile(example, "scenarios/README.md", "exec"), names)
    assert pq.read_table("out/cap/variants.parquet").num_rows == 2
    assert isinstance(pq.read_table("out/cap/pairs.parquet"), pa.Table)


def test_example_in_the_readme_is_a_scenario(tmp_path: Path) -> None:
    from adjudicator.simulation.scenario import read_scenario

    text = (SCENARIOS / "README.md").read_text("utf-8")
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert example
    file = tmp_path / "example.yaml"
    file.write_text(example[1], "utf-8")
    assert read_scenario(file).definition.assume.trend.years == 2
