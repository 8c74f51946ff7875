"""A month is closed although rules were not asked about some of its claims: nobody overlooks that."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from rich.console import Console

from adjudicator.books.books import open_books
from adjudicator.books.submission.unasked import note_unasked
from adjudicator.presentation.asking import print_not_asked
from adjudicator.store.schema import CLAIMS
from cli import main
from tests.books.clinic import BOTH_DECIDED, write_clinic
from tests.books.conftest import NewBooks
from tests.books.dump import dump

NewClinic = Callable[[int], Path]


@pytest.fixture
def clinic(new_books: NewBooks, tmp_path: Path) -> NewClinic:
    """Makes clinics with two months decided; rules were not asked about so many claims of January."""
    scheme = write_clinic(tmp_path / "clinic")

    def made(count: int) -> Path:
        folder = new_books(scheme, BOTH_DECIDED)
        with open_books(folder) as books, books.database.writing() as connection:
            query = sa.select(CLAIMS.c.claim_id).order_by(CLAIMS.c.date_claimed).limit(count)
            claim_ids = list(connection.execute(query).scalars())
            note_unasked(connection, np.array(claim_ids, np.int64))
        return folder

    return made


def closed(folder: Path, *options: str, language: str = "en") -> str:
    command = ["close", "month", "2026-01", *options, "--by", "ada", "--scheme", str(folder)]
    done = CliRunner().invoke(main, [*command, "--lang", language])
    assert done.exit_code == 0, done.output
    return done.output


def listed(folder: Path) -> str:
    done = CliRunner().invoke(main, ["pay", "list", "--scheme", str(folder), "--lang", "en"])
    assert done.exit_code == 0, done.output
    return done.output


def last_words(output: str) -> str:
    """Give what stands in the frame that a command's output ends with, in one line."""
    frame = output[output.index("┏") :].rstrip()
    assert frame.endswith("┛")
    return " ".join(frame.replace("┃", " ").split())


def test_before_closing_it_is_said_last_what_to_do_and_of_how_many_claims(clinic: NewClinic) -> None:
    folder = clinic(2)
    said = last_words(closed(folder))
    assert "STOP" in said
    assert "2 claims filed up to the end of 2026-01 were decided one at a time" in said
    steps = [said.index(f"adjudicator {step}") for step in ("rules ask", "review list")]
    assert said.index("If you close the month now") < steps[0] < steps[1] < said.index("Then close")
    told = last_words(closed(folder, language="fr"))
    assert "ATTENTION" in told
    assert "2 prestations déposées jusqu’à la fin de 2026-01 ont été liquidées une à une" in told
    assert told.index("adjudicator rules ask") < told.index("Clôturez ensuite")


def test_once_closed_it_is_said_too_and_nothing_is_paid_otherwise(clinic: NewClinic) -> None:
    asked, unasked = clinic(0), clinic(1)
    assert "┏" not in closed(asked, "--confirm")
    said = last_words(closed(unasked, "--confirm"))
    assert "1 claim filed up to the end of 2026-01 was decided one at a time" in said
    assert "The month is closed" in said
    assert said.index("before you hand over any payment: adjudicator rules ask") < said.index("close reopen")
    assert "┏" not in listed(asked)
    assert "The month is closed" in last_words(listed(unasked))
    settled, also = dump(asked), dump(unasked)
    del settled["unasked"], also["unasked"]
    assert also == settled


def test_it_is_said_in_french_too_once_closed() -> None:
    console = Console(file=io.StringIO(), width=80)
    print_not_asked(console, 1, "2026-01", True, "fr")
    told = last_words(console.file.getvalue())  # type: ignore[attr-defined]
    assert "1 prestation déposée jusqu’à la fin de 2026-01 a été liquidée une à une" in told
    assert "Le mois est clôturé" in told
    assert "avant de remettre tout paiement : adjudicator rules ask" in told
