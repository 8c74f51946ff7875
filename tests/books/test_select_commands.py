"""The commands of selection and feedback as their users meet them."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

import cli
from adjudicator.books.books import open_books
from adjudicator.books.review.selection import draw_again
from adjudicator.review.estimate import THIN
from adjudicator.store.schema import CASES, SELECTED
from adjudicator.words import text
from tests.books.conftest import NewBooks
from tests.books.states import DECIDED
from tests.books.test_patients_feedback import names
from tests.databases import engine_of
from tests.review.reviewing import review

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


@pytest.mark.parametrize(("language", "told"), [("en", "97.5%"), ("fr", "97,5\u00a0%")])
def test_an_estimate_says_how_far_it_can_be_trusted(folder: Path, language: str, told: str) -> None:
    def ask(*arguments: str) -> Result:
        return call(folder, *arguments, "--lang", language)

    assert "95" in ask("select", "review", "--method", "random", "--n", "20", "--seed", "s").output
    single = ask("select", "review", "--method", "random", "--n", "1", "--seed", "s", "--dry-run").output
    assert text("review_selection.promise.none", language) in single
    early = ask("select", "estimate", "1", "--partial")
    assert early.exit_code == DATA
    assert text("review_selection.stratum.all", language) in early.output
    with open_books(folder) as books, books.database.reading() as connection:
        chosen = draw_again(connection, 1)[1].claim_ids.tolist()
    review(folder, chosen[:-2], chosen[:3])
    for arguments in ((), ("--partial",)):
        estimated = ask("select", "estimate", "1", *arguments)
        assert estimated.exit_code == (OK if arguments else DATA)
    assert "Student" in estimated.output
    assert told in estimated.output
    assert "{" not in estimated.output
    assert text("review_selection.estimate.unseen", language) in estimated.output
    assert f" {THIN}, " in estimated.output


@pytest.mark.parametrize("language", ["en", "fr"])
def test_claims_that_were_released_are_told_apart_from_those_that_wait(folder: Path, language: str) -> None:
    def ask(*arguments: str) -> Result:
        return call(folder, *arguments, "--lang", language)

    ask("select", "review", "--method", "random", "--n", "8", "--seed", "s", "--by", "ama")
    ask("review", "list")
    with open_books(folder) as books, books.database.reading() as connection:
        case = sa.select(CASES.c.case).join(SELECTED, SELECTED.c.claim_id == CASES.c.claim_id)
        number = connection.execute(case.order_by(CASES.c.case).limit(1)).scalar_one()
        chosen = draw_again(connection, 1)[1].claim_ids.tolist()
        of_case = sa.select(CASES.c.claim_id).where(CASES.c.case == number)
        left = connection.execute(of_case).scalar_one()
    assert ask("review", "release", str(number), "--reason", "REL-04", "--by", "eve").exit_code == OK
    review(folder, [claim for claim in chosen if claim != left], [])
    told = text("review_selection.released", language, claims=1)
    assert told in ask("select", "estimate", "1").output
    partial = ask("select", "estimate", "1", "--partial")
    assert partial.exit_code == OK
    assert text("review_selection.estimate.released", language, claims=1) in partial.output


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
