"""The small scheme of a newcomer: it is read, and shows every cut and the common rejections."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from adjudicator.generation.small_scheme import write_small_scheme
from adjudicator.problems import Refused
from adjudicator.run import run_month
from adjudicator.scheme import open_scheme
from adjudicator.vocabulary import Cut
from ingest.tables import read_registers


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "scheme"
    write_small_scheme(folder)
    return folder


def test_it_is_read_without_a_complaint(scheme: Path) -> None:
    opened = open_scheme(scheme)
    reading = read_registers(opened.registers, opened.settings.decimals)
    assert not reading.warnings
    assert not len(reading.set_aside)


def test_it_shows_each_cut_and_the_common_rejections(scheme: Path, tmp_path: Path) -> None:
    run_month(scheme, [scheme / "claims" / "2026-01"], tmp_path / "out", form="csv")
    with (tmp_path / "out" / "line_decisions.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert {cut.word for cut in Cut if any(float(line[cut.word]) for line in lines)} == {
        cut.word for cut in Cut
    }
    reasons = {line["reason"] for line in lines} - {""}
    assert reasons == {"1", "2", "3", "4", "5", "7", "8", "9", "10", "12", "16", "17", "21"}


def test_the_readme_speaks_of_every_claim(scheme: Path) -> None:
    readme = (scheme / "README.md").read_text("utf-8")
    with (scheme / "claims" / "2026-01" / "claims.csv").open(newline="") as file:
        claims = [row["claim"] for row in csv.DictReader(file)]
    assert len(claims) == 22
    unmentioned = [claim for claim in claims if claim not in readme and f"-{claim[-3:]}" not in readme]
    assert not unmentioned


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(Refused, match="not empty"):
        write_small_scheme(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    files = write_small_scheme(tmp_path)
    assert files
    assert all(file.is_file() for file in files)
    assert {file.name for file in tmp_path.iterdir()} == {
        "README.md",
        "scheme.yaml",
        "products",
        "registers",
        "rules",
        "claims",
    }
