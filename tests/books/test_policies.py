"""What families owe for policies, worked by hand, and what becomes of what they pay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from adjudicator.books.books import open_books
from adjudicator.books.policies import owed_report, policy_accounts
from adjudicator.books.registers import load_registers
from adjudicator.problems import Refused
from adjudicator.remuneration.months import first_day, last_day, read_month
from adjudicator.tables import REGISTERS
from adjudicator.units import date_of, day_number
from adjudicator.vocabulary import PolicyStatus
from cli import main
from tests.books.clinic import REGISTERED_ROWS, Row, write_clinic
from tests.books.folders import write_rows
from tests.books.states import BY, MADE, State
from tests.remuneration.reference import earned_in

NewBooks = Callable[[Path, State], Path]

_PRODUCT = """
product: T
name: {en: Town, fr: Ville}
enrolment:
  insurance_period: 12 months
  cycles: [01-01, 07-01]
  members: {maximum: 6, threshold: 5}
  grace: {payment: 1 month, enrolment: 1 month}
contribution:
  lump_sum: 3500
  adult: 700
  child: 400
  registration: {lump_sum: 200}
  assembly: {per_member: 10}
  discount:
    enrolment: {percent: 5%, ahead: 2 months}
    renewal: {percent: 10%, ahead: 1 month}
  installments: 4
coverage: [{services: all}]
"""


def _policy(code: str, enrolled: str, year: int, stage: str) -> Row:
    return {
        "policy": code,
        "family": "F9",
        "product": "T",
        "enrolled": enrolled,
        "effective": f"{year}-01-01",
        "expiry": f"{year}-12-31",
        "stage": stage,
        "status": "active",
    }


def _member(number: int, born: str) -> Row:
    return {"insuree": f"T-{number}", "family": "F9", "sex": "female", "birth_date": born}


MEMBERS = [_member(number, "1980-01-01") for number in range(4)] + [
    _member(number, "2015-01-01") for number in range(4, 8)
]
"""Four adults and four children, the last of whom joins later."""

PAID = [("2025-10-15", "1085.38"), ("2026-01-10", "1085.38"), ("2026-02-20", "2170.74")]


def _load(folder: Path) -> None:
    covers = [
        {
            "policy": "T1",
            "insuree": one["insuree"],
            "effective": "2026-03-01" if one["insuree"] == "T-7" else "2026-01-01",
            "expiry": "2026-12-31",
        }
        for one in MEMBERS
    ]
    covers += [
        {"policy": "T2", "insuree": one["insuree"], "effective": "2027-01-01", "expiry": "2027-12-31"}
        for one in MEMBERS[:7]
    ]
    more: dict[str, list[Row]] = {
        "locations": [{"code": "R1V", "name": "Village", "level": "village", "parent": "R1"}],
        "families": [{"family": "F9", "location": "R1V"}],
        "insurees": MEMBERS,
        "policies": [
            _policy("T1", "2025-10-15", 2026, "new"),
            _policy("T2", "2026-11-15", 2027, "renewal"),
        ],
        "covers": covers,
        "contributions": [
            {"contribution": f"T1-{number}", "policy": "T1", "paid": paid, "amount": amount}
            for number, (paid, amount) in enumerate(PAID, 1)
        ],
    }
    for name, rows in more.items():
        write_rows(folder / "registers" / f"{name}.csv", REGISTERS[name], [*REGISTERED_ROWS[name], *rows])
    with open_books(folder) as books:
        load_registers(books, folder / "registers", BY)


TOWN = State("a town's policies", MADE, _load)


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_clinic(tmp_path_factory.mktemp("hall") / "scheme")
    (folder / "products" / "t.yaml").write_text(_PRODUCT.lstrip(), "utf-8")
    return folder


@pytest.fixture
def folder(new_books: NewBooks, hall: Path) -> Path:
    return new_books(hall, TOWN)


def test_a_new_policy_worked_by_hand(folder: Path) -> None:
    with open_books(folder) as books:
        (one,) = policy_accounts(books, "T1", dt.date(2026, 2, 10))
    # The lump sum is for the four adults and one child; two children pay. October is early enough.
    assert dict(one.owed) == {
        "lump_sum": 350_000,
        "adults": 0,
        "children": 80_000,
        "registration": 20_000,
        "assembly": 7000,
        "discount": 22_850,
    }
    assert (one.adults, one.children, one.late, one.too_many) == (4, 3, 1, True)
    assert one.total == 434_150
    assert one.instalments == (108_538, 108_538, 108_537, 108_537)
    assert (one.paid, one.missing) == (217_076, 217_074)
    assert (one.start, one.in_full_on) == (dt.date(2026, 1, 1), dt.date(2026, 2, 20))
    assert one.grace_until == dt.date(2026, 1, 31)
    assert (one.status, one.registered) == (PolicyStatus.SUSPENDED, PolicyStatus.ACTIVE)
    assert [(date_of(change.day), change.status) for change in one.changes] == [
        (dt.date(2025, 10, 15), PolicyStatus.IDLE),
        (dt.date(2026, 1, 1), PolicyStatus.ACTIVE),
        (dt.date(2026, 2, 1), PolicyStatus.SUSPENDED),
        (dt.date(2026, 2, 20), PolicyStatus.ACTIVE),
        (dt.date(2027, 1, 1), PolicyStatus.EXPIRED),
    ]


def test_what_was_paid_is_allocated_to_the_last_minor_unit(folder: Path) -> None:
    with open_books(folder) as books:
        (one,) = policy_accounts(books, "T1", dt.date(2026, 12, 31))
    assert sum(amount for _, amount in one.earned) == 434_150
    begins, ends = (day_number(dt.date(2026, month, day)) for month, day in ((1, 1), (12, 31)))
    for month, amount in one.earned:
        by_hand = [
            earned_in(
                each.amount, day_number(each.paid), begins, ends, int(first_day(month)), int(last_day(month))
            )
            for each in one.contributions
        ]
        assert amount == sum(by_hand)
    assert [month for month, _ in one.earned] == [read_month("2026-01") + place for place in range(12)]


def test_a_renewal_worked_by_hand(folder: Path) -> None:
    with open_books(folder) as books:
        latest, first = policy_accounts(books, "F9", dt.date(2026, 11, 20))
    assert (latest.policy, first.policy) == ("T2", "T1")
    # No registration fee; a tenth is taken off, more than a month before the first day after the old one.
    assert (latest.owed["registration"], latest.owed["discount"], latest.total) == (0, 43_700, 393_300)
    assert (latest.status, latest.in_full_on, latest.missing) == (PolicyStatus.IDLE, None, 393_300)


def test_what_is_owed_at_a_place(folder: Path) -> None:
    with open_books(folder) as books:
        owed = owed_report(books, dt.date(2026, 2, 10), "R1", "T")
        settled = owed_report(books, dt.date(2026, 2, 20), "R1V", "T")
        every = owed_report(books, dt.date(2026, 2, 20), None, None, every=True)
        with pytest.raises(Refused) as caught:
            owed_report(books, dt.date(2026, 2, 20), "R9")
    totals, listed = (part.rows.to_pylist() for part in owed.parts)
    assert [(row["policy"], row["missing"], row["grace_until"]) for row in listed] == [
        ("T1", 217_074, dt.date(2026, 1, 31))
    ]
    assert [(row["product"], row["policies"], row["behind"], row["missing"]) for row in totals] == [
        ("T", 1, 1, 217_074)
    ]
    assert len(settled.parts[1].rows) == 0
    assert every.parts[1].rows["policy"].to_pylist() == ["PM", "PQ", "T1"]
    assert caught.value.problems[0].what.key == "reporting.unknown_location"


def test_commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADJUDICATOR_SCHEME", str(folder))

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["policy", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    shown = run("show", "F9", "--date", "2026-02-10", "--lang", "en")
    for said in ("4,341.50", "suspended", "1,085.38 + 1,085.38 + 1,085.37 + 1,085.37", "more members"):
        assert said in shown
    assert "4\u00a0341,50" in run("show", "T1", "--date", "2026-02-10", "--lang", "fr")
    assert '"missing": "2170.74"' in run("show", "T1", "--date", "2026-02-10", "--format", "json")
    assert "2,170.74" in run("owed", "--location", "R1", "--date", "2026-02-10", "--lang", "en")
    (folder / "products" / "t.yaml").unlink()
    assert "no product T" in run("show", "T1", "--lang", "en", code=3)
    assert "no policy or family T3" in run("show", "T3", "--lang", "en", code=3)
