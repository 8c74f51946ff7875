"""Vouchers: given to a registered woman, used once, claimed by who took them, and paid once."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from adjudicator.benefits.numbers import payment_number
from adjudicator.books.benefits.handing import export
from adjudicator.books.benefits.payrolls import State, approve, cancel, payroll_of
from adjudicator.books.benefits.returns import reconcile
from adjudicator.books.benefits.tracing import trace
from adjudicator.books.benefits.voucher_claims import Claimed, Taken, claim, due, pay, vouchers_of_list
from adjudicator.books.benefits.vouchers import Voucher, acts_of, issue, use, voucher_of, vouchers
from adjudicator.books.benefits.vouchers import cancel as cancel_voucher
from adjudicator.books.books import Books, open_books
from adjudicator.books.verification import verify
from adjudicator.presentation.benefit_files import write_benefit_file
from adjudicator.problems import Refused
from adjudicator.store.schema import (
    SETTLED_VOUCHERS,
    VOUCHER_CLAIMS,
    VOUCHER_ENDS,
    VOUCHER_ISSUES,
    VOUCHERS,
)
from tests.books import states
from tests.books.clinic import receive
from tests.books.grants import GRANTS, refused, write_grants, wrong
from tests.books.test_payroll_orders import side_by_side

NewBooks = Callable[[Path, states.State], Path]
DAY = dt.date(2026, 2, 1)


def after(days: int) -> dt.date:
    return DAY + dt.timedelta(days=days)


@pytest.fixture(scope="session")
def birthplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_grants(tmp_path_factory.mktemp("birthplace") / "scheme")


@pytest.fixture
def folder(new_books: NewBooks, birthplace: Path) -> Path:
    return new_books(birthplace, GRANTS)


def given(books: Books, insuree: str = "I-1", day: dt.date = DAY) -> list[str]:
    return [one.number for one in issue(books, "Amina", insuree, "BIRTH", day).vouchers]


def held(books: Books, number: str) -> Voucher:
    with books.database.reading() as connection:
        return voucher_of(connection, number)


def claimed(books: Books, facility: str, *rows: str) -> Claimed:
    path = books.folder / "claimed.csv"
    path.write_text("\n".join(["voucher;date;claim", *rows]), "utf-8")
    return claim(books, "Bola", facility, path)


def taken(done: Claimed) -> list[Taken]:
    return [row.taken for row in done.rows]


def test_a_woman_is_given_one_voucher_for_each_visit(folder: Path) -> None:
    with open_books(folder) as books:
        issued = issue(books, "Amina", "I-1", "BIRTH", DAY)
        assert (issued.name, issued.round) == ("Name of I-1", 1)
        assert [(one.visit, one.place, one.amount, one.until) for one in issued.vouchers] == [
            ("antenatal", 1, 500, after(100)),
            ("antenatal", 2, 500, after(100)),
            ("delivery", 1, 6000, after(300)),
        ]
        first = issued.vouchers[0]
        assert [first.state(after(days)) for days in (0, 100, 101)] == ["open", "open", "expired"]
        assert refused(lambda: given(books, day=after(199))) == ["has_vouchers"]
        assert issue(books, "Amina", "I-1", "BIRTH", after(200)).round == 2
        assert wrong(books) == []


NONE_FOR = (
    ("I-2", DAY, "not_for_her"),
    ("I-3", DAY, "not_for_her"),
    ("I-7", DAY, "not_for_her"),
    ("I-99", DAY, "no_insuree"),
    ("I-1", dt.date(2027, 1, 1), "vouchers_not_in_force"),
)


def test_who_is_given_none(folder: Path) -> None:
    with open_books(folder) as books:
        for insuree, day, why in NONE_FOR:
            assert refused(partial(given, books, insuree, day)) == [why]
        assert refused(lambda: issue(books, "Amina", "I-1", "GRANT", DAY)) == ["other_kind.cash"]


def test_a_plan_may_ask_about_her_family(folder: Path) -> None:
    plan = folder / "benefits" / "birth.yaml"
    condition = (
        'given_to: family.insured and family.region = "R1" and family.members >= 2 and not member.head'
    )
    example = "{receives: vouchers, family: {family.insured: true, family.members: 2, family.region: R1}, "
    text = plan.read_text("utf-8").replace(
        "given_to: member.sex = female and member.age between 14 and 50", condition
    )
    text = text.replace("{receives: vouchers, ", example).replace("member.age: 14}", "member.head: false}")
    plan.write_text(text.replace("sex: male, member.head: false", "sex: male"), "utf-8")
    with open_books(folder) as books:
        # I-1 is the head, I-4 is of a family without a policy.
        assert refused(lambda: given(books, "I-1")) == ["not_for_her"]
        assert refused(lambda: given(books, "I-4")) == ["not_for_her"]
        assert len(given(books, "I-2")) == 3


def test_a_voucher_is_used_once(folder: Path) -> None:
    receive(
        folder,
        [
            {
                "claim": "A",
                "facility": "H1",
                "insuree": "I-1",
                "date_from": DAY,
                "date_claimed": DAY,
                "diagnosis": "A00",
            },
            {
                "claim": "B",
                "facility": "H1",
                "insuree": "I-6",
                "date_from": DAY,
                "date_claimed": DAY,
                "diagnosis": "A00",
            },
        ],
        [],
    )
    with open_books(folder) as books:
        first, second, delivery = given(books)
        assert refused(lambda: use(books, "Bola", first, "X9", DAY)) == ["no_facility"]
        # Numbers are drawn: what is mistyped has to differ from this one.
        mistyped = ("1" if first[0] == "0" else "0") + first[1:]
        assert refused(lambda: use(books, "Bola", mistyped, "H1", DAY)) in (
            ["voucher_mistyped"],
            ["no_voucher"],
        )
        assert refused(lambda: use(books, "Bola", first, "H1", after(-1))) == ["voucher.too_early"]
        assert refused(lambda: use(books, "Bola", first, "H1", after(101))) == ["voucher.expired"]
        assert refused(lambda: use(books, "Bola", delivery, "C1", DAY)) == ["voucher.not_taken"]
        assert refused(lambda: use(books, "Bola", first, "H1", DAY, "B")) == ["voucher.other_claim"]
        used = use(books, "Bola", first.lower().replace("-", " "), "H1", after(100), "A")
        assert (used.facility, used.date, used.claim, used.state(DAY)) == ("H1", after(100), "A", "used")
        assert refused(lambda: use(books, "Bola", first, "H1", DAY)) == ["voucher.used"]
        assert refused(lambda: use(books, "Bola", first, "C1", DAY)) == ["voucher.used_elsewhere"]
        assert refused(lambda: cancel_voucher(books, "Amina", first, "lost")) == ["voucher.used_before"]
        use(books, "Bola", second, "C1", DAY, "not here yet")
        use(books, "Bola", delivery, "H1", after(300))
        assert wrong(books) == []


def test_what_is_cancelled_is_not_used_and_may_be_given_again(folder: Path) -> None:
    with open_books(folder) as books:
        first, second, delivery = given(books)
        assert refused(lambda: cancel_voucher(books, "Amina", first, "")) == ["no_reason"]
        cancel_voucher(books, "Amina", first, "lost")
        assert refused(lambda: use(books, "Bola", first, "H1", DAY)) == ["voucher.cancelled"]
        assert refused(lambda: cancel_voucher(books, "Amina", first, "lost")) == ["voucher.cancelled"]
        assert refused(lambda: given(books)) == ["has_vouchers"]
        gone = cancel_voucher(books, "Amina", first, "she moved", whole=True)
        assert [one.number for one in gone] == [second, delivery]
        assert refused(lambda: cancel_voucher(books, "Amina", first, "x", whole=True)) == ["none_to_cancel"]
        assert len(given(books)) == 3
        with books.database.reading() as connection:
            acts = acts_of(connection, voucher_of(connection, first))
        assert [what for what, *_ in acts] == ["issue vouchers", "cancel vouchers"]
        assert wrong(books) == []


def test_a_facility_claims_what_it_took(folder: Path) -> None:
    with open_books(folder) as books:
        first, second, delivery = given(books)
        use(books, "Bola", first, "C1", DAY)
        rows = (
            f"{first};{DAY};",
            f"{second.lower()};{after(3)};A",
            f"{second};{after(3)};",
            f"{delivery};{after(3)};",
            f"{delivery};soon;",
            "7K3M-9QXD-T;2026-03-01;",
        )
        done = claimed(books, "C1", *rows)
        assert taken(done)[:5] == [
            *(Taken.ACCEPTED, Taken.ACCEPTED, Taken.DUPLICATE, Taken.NOT_TAKEN, Taken.UNREADABLE)
        ]
        assert taken(done)[5] in (Taken.UNKNOWN, Taken.UNREADABLE)
        assert (done.amount, len(done.findings)) == (1000, 3)
        again = claimed(books, "C1", *rows)
        assert (taken(again)[:3], again.amount) == ([Taken.DUPLICATE] * 3, 0)
        assert taken(claimed(books, "H1", f"{first};{DAY};", f"{delivery};{after(301)};")) == [
            *(Taken.USED_ELSEWHERE, Taken.EXPIRED)
        ]
        with books.database.reading() as connection:
            assert [(one.facility, one.vouchers, one.amount) for one in due(connection, "BIRTH")] == [
                ("C1", 2, 1000)
            ]
        assert wrong(books) == []


def test_facilities_are_paid_once_for_each_voucher(folder: Path) -> None:
    with open_books(folder) as books:
        first, second, delivery = given(books)
        claimed(books, "C1", f"{first};{DAY};", f"{second};{DAY};")
        claimed(books, "H1", f"{delivery};{after(9)};")
        assert (pay(books, "Amina", "BIRTH").total, pay(books, "Amina", "BIRTH").payroll) == (7000, None)
        assert pay(books, "Amina", "BIRTH", confirm=True).payroll == 1
        assert refused(lambda: pay(books, "Amina", "BIRTH", confirm=True)) == ["no_vouchers_due"]
        cancel(books, "Amina", 1, "too early")
        assert held(books, first).state(DAY) == "claimed"
        assert pay(books, "Amina", "BIRTH", confirm=True).payroll == 2
        approve(books, "Bola", 2)
        file = export(books, "Bola", 2)
        assert file.rows["account"].to_pylist() == ["4021", "4011"]
        assert file.rows["amount"].to_pylist() == [1000, 6000]
        written = write_benefit_file(books, file, folder / "bank")
        listed = list(csv.DictReader(io.StringIO(written[1].read_text("utf-8"))))
        assert [(row["facility"], row["voucher"], row["amount"]) for row in listed] == [
            *(("C1", first, "5.00"), ("C1", second, "5.00"), ("H1", delivery, "60.00"))
        ]
        assert held(books, first).state(DAY) == "listed"
        path = folder / "returned.csv"
        path.write_text(
            f"transaction,status\n{payment_number(3)},paid\n{payment_number(4)},failed\n", "utf-8"
        )
        reconcile(books, "Bola", path)
        assert [held(books, number).state(DAY) for number in (first, delivery)] == ["paid", "listed"]
        assert export(books, "Bola", 2).rows["payee"].to_pylist() == ["H1"]
        with books.database.reading() as connection:
            assert [one.number for one in vouchers_of_list(connection, 2)] == [first, second, delivery]
            assert payroll_of(connection, 2).state is State.EXPORTED
            assert [one.state for one in trace(connection, "C1")] == ["cancelled", "paid"]
        assert wrong(books) == []


def test_keys_let_no_voucher_be_used_or_paid_twice(folder: Path) -> None:
    with open_books(folder) as books:
        first, _, delivery = given(books)
        claimed(books, "C1", f"{first};{DAY};")
        use(books, "Bola", delivery, "H1", DAY)
        pay(books, "Amina", "BIRTH", confirm=True)
        ends = sa.insert(VOUCHER_ENDS)
        forbidden: list[sa.Insert] = [
            ends.values(voucher=1, journal=1, what="used", facility="H1", date=DAY),
            ends.values(voucher=1, journal=1, what="cancelled", reason="x"),
            ends.values(voucher=2, journal=1, what="used"),
            sa.insert(VOUCHER_CLAIMS).values(voucher=1, journal=1, what="used", facility="C1"),
            sa.insert(VOUCHER_CLAIMS).values(voucher=2, journal=1, what="used", facility="C1"),
            sa.insert(VOUCHER_CLAIMS).values(voucher=3, journal=1, what="used", facility="C1"),
            sa.insert(SETTLED_VOUCHERS).values(voucher=1, transaction=1),
            sa.insert(SETTLED_VOUCHERS).values(voucher=3, transaction=1),
            sa.insert(VOUCHERS).values(
                voucher=9, number=first, issue=1, visit="x", place=1, amount=1, until=DAY
            ),
            sa.insert(VOUCHERS).values(
                voucher=9, number="x", issue=1, visit="delivery", place=1, amount=1, until=DAY
            ),
        ]
        for row in forbidden:
            with pytest.raises(Refused) as caught, books.database.writing() as connection:
                connection.execute(row)
            assert [problem.what.key for problem in caught.value.problems] == ["store.constraint"], row


def test_side_by_side_a_voucher_is_given_and_used_once(folder: Path) -> None:
    found = side_by_side(folder, *[lambda books: given(books, "I-6")] * 3)
    assert sorted(len(one) for one in found) == [1, 1, 3]
    assert sum(one == ["benefits.has_vouchers"] for one in found) == 2
    with open_books(folder) as books, books.database.reading() as connection:
        (number, *_) = [one.number for one in vouchers(connection)]
    found = side_by_side(
        folder, *[lambda books, at=at: use(books, "Bola", number, at, DAY) for at in ("H1", "C1", "H1")]
    )
    assert sum(isinstance(one, Voucher) for one in found) == 1
    with open_books(folder) as books, books.database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(VOUCHER_ISSUES)).scalar() == 1


def test_verification_finds_what_was_done_behind_its_back(folder: Path) -> None:
    with open_books(folder) as books:
        first, *_ = given(books)
        claimed(books, "C1", f"{first};{DAY};")
        pay(books, "Amina", "BIRTH", confirm=True)
        changes = {
            "check.voucher_sums": sa.update(VOUCHERS).where(VOUCHERS.c.voucher == 1).values(amount=1),
            "check.voucher_acts": sa.update(VOUCHER_ENDS).values(date=after(1)),
            "check.voucher_numbers": sa.update(VOUCHERS).where(VOUCHERS.c.voucher == 2).values(number="x"),
        }
        for key, change in changes.items():
            with books.database.writing() as connection:
                connection.execute(change)
            told = [finding.what.key.removeprefix("benefits.") for finding in verify(books).findings]
            assert key in told
