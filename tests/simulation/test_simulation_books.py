"""Claims of the books: what was decided there is the base, month by month, and again to the byte."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from adjudicator.books.books import make_books
from adjudicator.books.simulation import open_desk_of_books
from adjudicator.generation import generate
from adjudicator.problems import Refused
from adjudicator.run import run_month
from adjudicator.simulation.desk import SWEEP_WISH
from adjudicator.simulation.simulating import simulate_scenarios
from cli import main
from tests.books.states import BY, decide, load, receive


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a scheme with two months in its books, decided one after the other."""
    made = tmp_path_factory.mktemp("books") / "scheme"
    generate(made, 30, 2, seed=6)
    make_books(made, BY)
    load(made)
    for month in (0, 1):
        receive(made, month)
        decide(made)
    return made


def test_the_base_is_what_the_books_decided(folder: Path, tmp_path: Path) -> None:
    months = sorted((folder / "claims").iterdir())
    run_month(folder, [months[0]], tmp_path / "one")
    run_month(folder, [months[1]], tmp_path / "two", opening_folder=tmp_path / "one")
    for first, last, run in (
        (None, dt.date(2026, 1, 31), "one"),
        (dt.date(2026, 2, 1), None, "two"),
    ):
        desk = open_desk_of_books(folder, first, last, tmp_path).desk
        base = simulate_scenarios(desk, [], SWEEP_WISH)[0].base
        decided = json.loads((tmp_path / run / "summary.json").read_text("utf-8"))["decided"]
        assert base.totals["claimed"] == decided["claimed"]
        assert base.totals["valuated"] == decided["valuated"]
        assert {name: base.totals[name] for name in decided["cuts"]} == decided["cuts"]


def test_claims_of_the_books_are_simulated_again(folder: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "cap.yaml"
    scenario.write_text("scenario: cap\nchange: {BASIC: {ceiling: {amount: 900}}}\n", "utf-8")
    arguments = [str(folder), "--scenario", str(scenario), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, ["simulate", *arguments, "--from", "2026-02-01"])
    assert done.exit_code == 0, done.output
    again = CliRunner().invoke(main, ["simulate", "again", str(tmp_path / "out")])
    assert again.exit_code == 0, again.output
    manifest = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    manifest["where"]["books"]["claims"] = "0" * 64
    (tmp_path / "out/manifest.json").write_text(json.dumps(manifest), "utf-8")
    changed = CliRunner().invoke(main, ["simulate", "again", str(tmp_path / "out")])
    assert changed.exit_code == 3
    assert "the claims of these days" in changed.output


def test_days_without_claims_are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no claims from 1 January 1999"):
        open_desk_of_books(folder, dt.date(1999, 1, 1), dt.date(1999, 12, 31), tmp_path)
