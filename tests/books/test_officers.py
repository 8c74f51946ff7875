"""Officers in the books, on both engines: who may act, what proves it, and what verify tells."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adjudicator.books.benefits.payrolls import approve
from adjudicator.books.benefits.payrolls import make as make_payroll
from adjudicator.books.books import Books, open_books
from adjudicator.books.closing.close import close
from adjudicator.books.closing.periods import month_given
from adjudicator.books.officers import proving
from adjudicator.books.officers.proving import prove
from adjudicator.books.officers.register import (
    add_officer,
    check_first_person,
    check_named,
    close_officer,
    names_with,
    officers,
    renew_key,
    today,
)
from adjudicator.books.officers.verification import check_officers, unproven
from adjudicator.books.registers import load_registers
from adjudicator.books.review.queue import is_senior, seniors
from adjudicator.books.status import status_of
from adjudicator.officers import keys
from adjudicator.officers.patience import wait
from adjudicator.officers.roles import REVIEWERS, Role
from adjudicator.problems import Refused
from adjudicator.store.journal import broken_links
from adjudicator.store.schema import JOURNAL, OFFICER_EVENTS
from tests.books.clinic import write_clinic
from tests.books.conftest import NewBooks
from tests.books.grants import GRANTS, write_grants
from tests.books.states import MADE, REGISTERED

AMA, BOLA = "Ama Boateng", "Bola"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "COST", 4)


@pytest.fixture
def folder(new_books: NewBooks, village: Path) -> Path:
    return new_books(village, MADE)


@pytest.fixture
def books(folder: Path) -> Iterator[Books]:
    with open_books(folder) as opened:
        yield opened


def key_of(act: Callable[[], object]) -> str:
    """Give the key of what an act is refused for."""
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.problems[0].what.key


def tried(books: Books, name: str, act: str, key: str) -> Callable[[], str | None]:
    return lambda: prove(books.folder, name, act, lambda _: key, lambda _: None)


def own_key(books: Books, name: str, *roles: Role) -> str:
    """Add an officer who makes their own key."""
    add_officer(books, name, roles, AMA)
    return renew_key(books, name, name)[1]


def test_books_without_officers_take_names_at_their_word(books: Books) -> None:
    assert tried(books, "Anybody", "payroll approve", "")() is None
    with books.database.reading() as connection:
        assert names_with(connection, Role.FINANCE) == ()
        check_named(connection, "Anybody", REVIEWERS)
        check_first_person(connection, 1, "Anybody")
        found = unproven(connection)
        assert check_officers(connection) == []
    assert found is not None
    assert found.key == "officers.none_proven"
    assert status_of(books.folder).officers == 0


def test_folders_without_books_have_no_officers(village: Path) -> None:
    assert prove(village, "Anybody", "db init", lambda _: "") is None


def test_from_the_first_officer_on_names_are_proven(books: Books) -> None:
    assert key_of(lambda: add_officer(books, AMA, [Role.FINANCE], "root")) == "officers.first"
    ama, key = add_officer(books, f" {AMA.replace(' ', '   ')}", [Role.ADMINISTRATOR, Role.CLERK], "root")

    assert (ama.name, ama.given_by, ama.roles) == (AMA, None, (Role.ADMINISTRATOR, Role.CLERK))
    assert tried(books, AMA.upper(), "load registers", key.lower())() == AMA
    assert key_of(tried(books, AMA, "load registers", "AAAA")) == "officers.wrong_key"
    assert key_of(tried(books, "root", "load registers", key)) == "officers.unknown"
    assert key_of(tried(books, AMA, "payroll approve", key)) == "officers.other_role"
    assert key_of(lambda: add_officer(books, BOLA, [Role.FINANCE], "root")) == "officers.unknown"
    assert key_of(lambda: add_officer(books, AMA.lower(), [Role.FINANCE], AMA)) == "officers.present"
    assert status_of(books.folder).officers == 1


def test_who_is_no_officer_is_not_asked_for_a_key(books: Books) -> None:
    add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        return "x"

    assert key_of(lambda: prove(books.folder, "root", "adjudicate", ask)) == "officers.unknown"
    assert asked == []
    assert key_of(lambda: prove(books.folder, "ama boateng", "adjudicate", ask)) == "officers.wrong_key"
    assert asked == [AMA]


def test_a_key_that_somebody_gave_is_renewed_first(books: Books) -> None:
    add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
    bola, given = add_officer(books, BOLA, [Role.FINANCE], AMA)

    assert bola.given_by == AMA
    assert key_of(tried(books, BOLA, "payroll approve", given)) == "officers.given_key"
    assert tried(books, BOLA, "officer renew", given)() == BOLA
    renewed, own = renew_key(books, BOLA, BOLA)
    assert renewed.given_by is None
    assert key_of(tried(books, BOLA, "payroll approve", given)) == "officers.wrong_key"
    assert tried(books, BOLA, "payroll approve", own)() == BOLA
    assert key_of(lambda: renew_key(books, AMA, BOLA)) == "officers.other_role"
    renew_key(books, BOLA, AMA)
    assert key_of(tried(books, BOLA, "payroll approve", own)) == "officers.wrong_key"


def test_who_is_closed_or_whose_time_is_over_acts_no_more(books: Books) -> None:
    _, key = add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
    own = own_key(books, BOLA, Role.FINANCE)
    close_officer(books, BOLA, AMA)
    # Two days, so that it is not yet today when midnight passes.
    add_officer(books, "Later", [Role.FINANCE], AMA, since=today() + dt.timedelta(days=2))

    assert key_of(tried(books, BOLA, "payroll approve", own)) == "officers.closed"
    assert key_of(tried(books, "Later", "payroll approve", own)) == "officers.not_yet"
    assert key_of(lambda: close_officer(books, AMA, AMA)) == "officers.last_administrator"
    yesterday = today() - dt.timedelta(days=1)
    over = key_of(lambda: add_officer(books, "Past", [Role.CLERK], AMA, until=yesterday))
    assert over == "officers.over"
    assert [one.name for one in officers(books)] == [AMA, BOLA, "Later"]
    assert status_of(books.folder).officers == 1
    assert tried(books, AMA, "officer add", key)() == AMA
    with books.database.reading() as connection:
        assert check_officers(connection) == []


def test_wrong_keys_are_on_the_journal_and_slow_down(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each is tried at the moment of the one before, however long that was ago.
    monkeypatch.setattr(proving, "wait", lambda tried, now: wait(tried, max(tried, default=now)))
    _, key = add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
    waited: list[float] = []
    for _ in range(6):
        with pytest.raises(Refused):
            prove(books.folder, AMA, "adjudicate", lambda _: "BAD-KEY", waited.append)

    assert waited
    assert 0 < max(waited) <= 8
    with books.database.reading() as connection:
        query = sa.select(JOURNAL).where(JOURNAL.c.what == proving.WRONG_KEY)
        entries = connection.execute(query).all()
        everything = connection.execute(sa.select(JOURNAL)).all()
        assert broken_links(connection) == []
        assert check_officers(connection) == []
    said = {"officer": AMA, "command": "adjudicate"}
    assert [json.loads(entry.content) for entry in entries] == [said] * 6
    assert all(text not in repr(everything) for text in (key, key.replace("-", ""), "BAD-KEY", "BADKEY"))
    # Nobody is locked out: the right key is good at once after a moment.
    assert prove(books.folder, AMA, "adjudicate", lambda _: key, waited.append) == AMA


def test_nothing_that_is_kept_tells_a_key(books: Books) -> None:
    _, key = add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
    with books.database.reading() as connection:
        kept = repr(connection.execute(sa.select(OFFICER_EVENTS)).all())
        kept += repr(connection.execute(sa.select(JOURNAL)).all())

    assert "scrypt" in kept
    assert not any(part in kept for part in (key, key.replace("-", ""), *key.split("-")))


def test_verify_tells_what_was_changed_behind_the_back(books: Books) -> None:
    add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
    _, other = add_officer(books, BOLA, [Role.FINANCE], AMA)
    hashes = sa.select(OFFICER_EVENTS.c.hash).where(OFFICER_EVENTS.c.officer == BOLA)

    def found() -> list[str]:
        with books.database.reading() as connection:
            return [what.key for what in check_officers(connection)]

    with books.database.writing() as connection:
        kept = connection.execute(hashes).scalar_one()
        connection.execute(sa.update(OFFICER_EVENTS).where(OFFICER_EVENTS.c.officer == AMA).values(hash=kept))
    assert tried(books, AMA, "officer add", other)() == AMA
    assert found() == ["officers.check.row"]
    with books.database.writing() as connection:
        connection.execute(sa.delete(OFFICER_EVENTS))
    assert found() == ["officers.check.row"] * 2
    with books.database.writing() as connection:
        row = {"journal": 1, "officer": "Eve", "what": "renew key", "hash": "x"}
        connection.execute(sa.insert(OFFICER_EVENTS).values(row))
    assert found() == ["officers.check.row"] * 3 + ["officers.damaged"]
    assert key_of(tried(books, AMA, "officer add", other)) == "officers.damaged"


def test_verify_tells_who_acted_without_being_an_officer(books: Books) -> None:
    add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
    own_key(books, BOLA, Role.CLERK)
    load_registers(books, books.folder / "registers", BOLA)
    with books.database.reading() as connection:
        assert check_officers(connection) == []
        assert unproven(connection) is None
    close_officer(books, BOLA, AMA)
    path = books.folder / "registers" / "insurees.csv"
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    load_registers(books, books.folder / "registers", BOLA, True)
    with books.database.reading() as connection:
        found = check_officers(connection)
    assert [(one.key, one.values["name"], one.values["count"]) for one in found] == [
        ("officers.check.stranger", BOLA, 1)
    ]


def test_what_was_done_before_is_told_to_be_unproven(new_books: NewBooks, village: Path) -> None:
    with open_books(new_books(village, REGISTERED)) as books:
        add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
        with books.database.reading() as connection:
            found = unproven(connection)
    assert found is not None
    assert (found.key, found.values) == ("officers.some_unproven", {"count": 1, "first": "3"})


def test_whoever_is_named_is_an_officer(books: Books) -> None:
    add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
    add_officer(books, BOLA, [Role.MEDICAL_OFFICER], AMA)
    with books.database.reading() as connection:
        check_named(connection, "bola", REVIEWERS)
        assert key_of(lambda: check_named(connection, AMA, REVIEWERS)) == "officers.other_role"
        assert key_of(lambda: check_named(connection, "Eve", REVIEWERS)) == "officers.unknown"


def test_seniors_are_those_of_the_scheme_and_of_the_register(books: Books) -> None:
    settings = books.settings.review
    named = settings.model_copy(update={"seniors": ("Chief", AMA)})
    with books.database.reading() as connection:
        assert seniors(connection, settings) == ()
    add_officer(books, AMA, [Role.ADMINISTRATOR, Role.SENIOR_MEDICAL_OFFICER], "root")
    add_officer(books, BOLA, [Role.MEDICAL_OFFICER], AMA)
    with books.database.reading() as connection:
        assert seniors(connection, settings) == (AMA,)
        assert seniors(connection, named) == ("Chief", AMA)
        assert is_senior(seniors(connection, settings), AMA.upper())
        assert not is_senior(seniors(connection, settings), BOLA)


def test_nobody_approves_a_list_of_a_name_that_was_not_proven(
    new_books: NewBooks, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scheme = write_grants(tmp_path_factory.mktemp("grants") / "scheme")
    with open_books(new_books(scheme, GRANTS)) as books:
        make_payroll(books, "Eve", "GRANT", "2026-01", confirm=True)
        add_officer(books, AMA, [Role.ADMINISTRATOR], "root")
        assert key_of(lambda: approve(books, AMA, 1)) == "officers.first_unproven"
        make_payroll(books, BOLA, "GRANT", "2026-02", confirm=True)
        assert approve(books, AMA, 2).approved is not None


def test_nobody_confirms_a_closing_of_a_name_that_was_not_proven(
    new_books: NewBooks, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = new_books(write_clinic(tmp_path_factory.mktemp("clinic") / "scheme"), REGISTERED)
    settings = folder / "scheme.yaml"
    settings.write_text(f"closing: {{second_person: true}}\n{settings.read_text('utf-8')}", "utf-8")
    month = month_given("2026-01")
    with open_books(folder) as books:
        close(books, "Eve", month, propose=True)
        add_officer(books, AMA, [Role.ADMINISTRATOR, Role.FINANCE], "root")
        unproven_one = key_of(lambda: close(books, AMA, month, confirm=True))
        assert unproven_one == "officers.first_unproven"
        close(books, BOLA, month, propose=True)
        assert close(books, AMA, month, confirm=True).booked == 1
