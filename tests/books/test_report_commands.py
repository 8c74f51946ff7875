"""The commands that look at the books: what they print, where they write, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adjudicator.vocabulary import Kind
from cli import main
from tests.books.states import DECIDED, Shelf
from tests.databases import engine_of


@pytest.fixture(scope="module")
def folder(shelf: Shelf, village: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The village's books after its first month."""
    return shelf.books(engine_of("sqlite"), village, DECIDED, tmp_path_factory.mktemp("books") / "scheme")


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--scheme", str(folder)])


def test_eligibility_is_printed_or_given_as_json(folder: Path) -> None:
    overview = json.loads(run(folder, "report", "claims", "--format", "json").output)
    insuree = next(row["insuree"] for row in overview["parts"]["claims"] if row["status"] == "valuated")
    shown = run(folder, "eligibility", insuree, "--date", "2024-08-01", "--provision", "SC", "--lang", "fr")
    assert (shown.exit_code, insuree in shown.output) == (0, True)
    record = json.loads(run(folder, "eligibility", insuree, "--provision", "SC", "--format", "json").output)
    assert (record["insuree"], record["provisions"][0]["kind"]) == (insuree, Kind.SERVICE.word)


def test_an_unknown_insuree_ends_with_3(folder: Path) -> None:
    result = run(folder, "eligibility", "F0X")
    assert result.exit_code == 3
    assert "F00" in result.output


@pytest.mark.parametrize("ending", ["csv", "xlsx", "json", "parquet"])
def test_the_ending_of_the_file_is_the_format(folder: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new" / f"ageing.{ending}"
    result = run(folder, "report", "ageing", "--on", "2026-01-01", "--out", str(path))
    assert result.exit_code == 0
    assert path.stat().st_size


@pytest.mark.parametrize(
    "arguments",
    [
        ("claims", "--format", "xlsx"),
        ("claims", "--out", "claims.txt"),
        ("indicators",),
        ("rejections", "--from", "yesterday"),
        ("claims", "--per", "product"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(folder: Path, arguments: tuple[str, ...]) -> None:
    assert run(folder, "report", *arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("rejections",),
        ("history", "F00"),
        ("indicators", "--from", "2024-01-01", "--to", "2024-12-31", "--per", "region"),
        ("claims", "--from", "2024-01-01", "--facility", "HFH", "--details"),
    ],
)
def test_reports_are_printed(folder: Path, arguments: tuple[str, ...]) -> None:
    result = run(folder, "report", *arguments)
    assert result.exit_code == 0
    assert "WORLD" in result.output


def test_a_period_that_ends_before_it_begins_ends_with_3(folder: Path) -> None:
    period = ("--from", "2024-02-01", "--to", "2024-01-01")
    assert run(folder, "report", "indicators", *period).exit_code == 3
