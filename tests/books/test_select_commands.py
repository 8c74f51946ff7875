"""The commands of selection and feedback as their users meet them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from tests.books.conftest import NewBooks
from tests.books.states import DECIDED
from tests.books.test_patients_feedback import names
from tests.databases import engine_of

OK, USAGE, DATA = 0, 2, 3


@pytest.fixture(params=["sqlite"])
def engine(request: pytest.FixtureRequest) -> object:
    """One engine is enough for what is printed."""
    return engine_of(request.param)


@pytest.fixture
def folder(new_books: NewBooks, country: Path) -> Path:
    return new_books(country, DECIDED)


def call(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, [*arguments, "--scheme", str(folder)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--method", "random", "--percent", "5"), "--seed"),
        (("--method", "random", "--seed", "1"), "--percent / --n"),
        (("--method", "random", "--seed", "1", "--percent", "5", "--n", "3"), "--percent / --n"),
        (("--method", "random", "--seed", "1", "--percent", "0"), "--percent"),
        (("--method", "random", "--seed", "1", "--percent", "1,5"), "1,5"),
        (("--method", "value"), "--above"),
        (("--method", "value", "--above", "-3"), "-3"),
        (("--method", "all", "--seed", "1"), "--seed"),
        (("--method", "variance"), "--percent"),
        (("--method", "stratified", "--seed", "1", "--n", "9"), "--strata"),
        (("--method", "random", "--seed", "1", "--n", "9", "--per-level"), "--per-level"),
    ],
)
def test_options_that_do_not_go_together_are_told(
    folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = call(folder, "select", "review", *arguments)
    assert done.exit_code == USAGE
    assert told in done.output


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_reviewers_way(folder: Path, language: str) -> None:
    def ask(*arguments: str) -> Result:
        return call(folder, *arguments, "--lang", language)

    stratified = ("--method", "stratified", "--strata", "level", "--strata", "amount", "--classes", "2")
    draw = ("select", "review", *stratified, "--n", "20", "--seed", "s", "--allocation", "neyman")
    tried = ask(*draw, "--dry-run")
    assert tried.exit_code == OK
    assert "{" not in tried.output
    assert ask("select", "list").output.count("\n") == 1
    assert ask(*draw, "--by", "ama").exit_code == OK
    assert ask(*draw).exit_code == DATA
    assert "ama" in ask("select", "list").output
    shown = ask("select", "show", "1", "--all")
    assert shown.exit_code == OK
    assert shown.output.count("/") >= 20
    assert ask("select", "estimate", "1").exit_code == DATA
    variance = ask("select", "review", "--method", "variance", "--percent", "10", "--per-level", "--dry-run")
    assert variance.exit_code == OK
    assert ask("select", "feedback", "--method", "all").exit_code == OK
    name = names(folder, 1)[0]
    said = ask("feedback", "record", name, "--care-rendered", "no", "--mark", "0")
    assert said.exit_code == OK
    assert name in said.output
    assert ask("feedback", "list", "--contradictions").exit_code == OK
    estimated = ask("select", "estimate", "2", "--partial")
    assert estimated.exit_code == DATA
