"""Eligibility from the books agrees with what the books then decide, on each engine."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.eligibility import eligibility_of
from adjudicator.books.reports import history_report
from adjudicator.presentation.eligibility import as_record, eligibility_view
from adjudicator.problems import Refused
from adjudicator.store.schema import ACCEPTED_CLAIMS, BALANCE_ENTRIES
from adjudicator.words import LANGUAGES
from tests.books.conftest import NewBooks
from tests.books.states import BY, DECIDED, MADE, REGISTERED, load

DAY = dt.date(2026, 6, 15)

PRODUCT = """\
product: P
name: {en: The plan, fr: La formule}
enrolment: {members: {threshold: 2}}
deductible: {per: insuree, amount: 50}
ceiling: {per: policy, amount: 100, extra_member: 20, maximum: 130}
claim_categories: {consultation: {claims: 2}}
coverage:
  - services: all
    price: claimed
  - services: [SCAN]
    waiting: 2 months
    emergency: {waiting: 0 months}
  - items: all
    cover: {up_to: 3}
    quantity: {adult: 5}
"""

REGISTERS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "provisions": [
        {
            "kind": "service",
            "code": "CONS",
            "name": "Consultation",
            "category": "consultation",
            "price": "10",
        },
        {"kind": "service", "code": "SCAN", "name": "Scan", "price": "40", "frequency_days": "30"},
        {"kind": "item", "code": "PILL", "name": "Pill", "price": "1"},
    ],
    "price_lists": [
        {"price_list": "L", "kind": kind, "code": code}
        for kind, code in (("service", "CONS"), ("service", "SCAN"), ("item", "PILL"))
    ],
    "facilities": [
        {
            "code": "H",
            "name": "H",
            "level": "hospital",
            "care_type": "both",
            "service_price_list": "L",
            "item_price_list": "L",
        }
    ],
    "diagnoses": [{"code": "A00", "name": "Cholera"}],
    "families": [{"family": "F"}, {"family": "G"}],
    "insurees": [
        {
            "insuree": code,
            "family": code[0],
            "sex": "female",
            "birth_date": "1990-01-01",
            "name": f"Ms {code}",
        }
        for code in ("F001", "F002", "F003", "F004", "G001")
    ],
    "policies": [
        {
            "policy": policy,
            "family": policy[1],
            "product": "P",
            "effective": effective,
            "expiry": expiry,
            "stage": stage,
            "status": status,
        }
        for policy, effective, expiry, stage, status in (
            ("PF", "2026-06-01", "2027-05-31", "new", "active"),
            ("PF-old", "2025-06-01", "2026-05-31", "new", "expired"),
            ("PG", "2026-06-01", "2027-05-31", "new", "suspended"),
        )
    ],
    "covers": [
        *(
            {"policy": "PF", "insuree": code, "effective": "2026-06-01", "expiry": "2027-05-31"}
            for code in ("F001", "F002", "F003")
        ),
        {"policy": "PF", "insuree": "F004", "effective": "2026-07-01", "expiry": "2027-05-31"},
        {"policy": "PF-old", "insuree": "F001", "effective": "2025-06-01", "expiry": "2026-05-31"},
        {"policy": "PG", "insuree": "G001", "effective": "2026-06-01", "expiry": "2027-05-31"},
    ],
}


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A family of four with little left of anything."""
    folder = tmp_path_factory.mktemp("counter") / "scheme"
    (folder / "products").mkdir(parents=True)
    (folder / "scheme.yaml").write_text("scheme: COUNTER\ncurrency: KES\n", "utf-8")
    (folder / "products" / "p.yaml").write_text(PRODUCT, "utf-8")
    for name, rows in REGISTERS.items():
        write(folder / "registers" / f"{name}.csv", rows)
    return folder


class Desk:
    """The counter: claims come in and are decided, and questions are asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._claims = 0

    def treat(self, insuree: str, *lines: tuple[str, str, str, str], day: dt.date = DAY) -> dict[str, Any]:
        """Have a claim of lines (kind, code, quantity, price) decided; give its lines by code."""
        self._claims += 1
        claim = f"C{self._claims}"
        folder = self.folder / "incoming" / claim
        row = {"claim": claim, "facility": "H", "insuree": insuree, "date_from": day, "date_claimed": day}
        write(folder / "claims.csv", [row | {"diagnosis": "A00"}])
        names = ("kind", "code", "quantity", "price_asked")
        write(
            folder / "claim_lines.csv",
            [
                {"claim": claim, "line": number} | dict(zip(names, line, strict=True))
                for number, line in enumerate(lines, 1)
            ],
        )
        with open_books(self.folder) as books:
            load_claims(books, [folder], BY)
            adjudicate_books(books, BY)
            parts = history_report(books, insuree).parts
        found = [line for line in parts[1].rows.to_pylist() if line["claim"] == claim]
        return {line["provision"]: line for line in found}

    def ask(self, insuree: str, code: str | None = None, day: dt.date = DAY) -> dict[str, Any]:
        """Ask what an insuree is covered for."""
        with open_books(self.folder) as books:
            return as_record(eligibility_of(books, insuree, day, code), books.decimals, "KES")


@pytest.fixture
def desk(new_books: NewBooks, scheme: Path) -> Desk:
    """The counter of the family, before anything was claimed."""
    return Desk(new_books(scheme, REGISTERED))


def limits(record: Mapping[str, Any]) -> dict[str, tuple[str, str, str]]:
    (policy,) = record["policies"]
    return {one["limit"]: (one["amount"], one["used"], one["left"]) for one in policy["limits"]}


def test_what_is_left_is_paid_and_one_cent_more_is_cut(desk: Desk) -> None:
    # Three members are covered in June, one above the threshold.
    assert limits(desk.ask("F001")) == {
        "deductible": ("50.00", "0.00", "50.00"),
        "ceiling": ("120.00", "0.00", "120.00"),
    }
    desk.treat("F001", ("service", "CONS", "1", "80"))
    assert limits(desk.ask("F001")) == {
        "deductible": ("50.00", "50.00", "0.00"),
        "ceiling": ("120.00", "30.00", "90.00"),
    }
    # The ceiling is the policy's, the deductible each insuree's.
    assert limits(desk.ask("F002")) == {
        "deductible": ("50.00", "0.00", "50.00"),
        "ceiling": ("120.00", "30.00", "90.00"),
    }
    line = desk.treat("F002", ("service", "CONS", "1", "139.99"))["CONS"]
    assert line["valuated"] == 8999
    assert limits(desk.ask("F003"))["ceiling"] == ("120.00", "119.99", "0.01")
    line = desk.treat("F001", ("service", "CONS", "1", "0.02"))["CONS"]
    assert (line["approved"], line["valuated"]) == (2, 1)
    # In July there are four members; the most that it grows to is said.
    july = desk.ask("F001", day=dt.date(2026, 7, 1))
    assert limits(july)["ceiling"] == ("130.00", "120.00", "10.00")
    (ceiling,) = (one for one in july["policies"][0]["limits"] if one["limit"] == "ceiling")
    assert (ceiling["basic_amount"], ceiling["extra_member"], ceiling["maximum"]) == (
        "100.00",
        "20.00",
        "130.00",
    )


def test_counts_and_quantities_run_out_where_they_say(desk: Desk) -> None:
    def left(code: str) -> tuple[int, str]:
        record = desk.ask("F001", code)
        (category,) = record["policies"][0]["categories"]
        (visit,) = record["provisions"][0]["policies"][0]["visits"]
        return category["left"], visit["quantity_left"]

    assert left("PILL") == (2, "5.00")
    desk.treat("F001", ("service", "CONS", "1", "1"), ("item", "PILL", "3.5", "1"))
    assert left("PILL") == (1, "1.50")
    lines = desk.treat("F001", ("service", "CONS", "1", "1"), ("item", "PILL", "1.51", "1"))
    assert lines["PILL"]["quantity"] == 150
    assert left("PILL") == (0, "0.00")
    lines = desk.treat("F001", ("service", "CONS", "1", "1"), ("item", "PILL", "1", "1"))
    assert {lines["CONS"]["code"], lines["PILL"]["code"]} == {13, 16}


def test_a_waiting_period_and_a_frequency_name_their_first_day(desk: Desk) -> None:
    (provision,) = desk.ask("F001", "SCAN")["provisions"]
    visits = {tuple(one["visit_types"]): one for one in provision["policies"][0]["visits"]}
    assert visits["other", "referral"]["waiting_until"] == "2026-08-01"
    assert not visits["other", "referral"]["payable"]
    assert visits[("emergency",)]["waiting_until"] is None
    assert desk.treat("F001", ("service", "SCAN", "1", "40"), day=dt.date(2026, 7, 31))["SCAN"]["code"] == 17
    first = dt.date(2026, 8, 1)
    assert desk.treat("F001", ("service", "SCAN", "1", "40"), day=first)["SCAN"]["code"] is None
    (provision,) = desk.ask("F001", "SCAN", first)["provisions"]
    assert (provision["next_date"], provision["last_date"]) == ("2026-08-31", "2026-08-01")
    day = dt.date(2026, 8, 30)
    assert desk.treat("F001", ("service", "SCAN", "1", "40"), day=day)["SCAN"]["code"] == 5
    assert desk.ask("F001", "SCAN", dt.date(2026, 8, 31))["provisions"][0]["next_date"] is None
    assert (
        desk.treat("F001", ("service", "SCAN", "1", "40"), day=dt.date(2026, 8, 31))["SCAN"]["code"] is None
    )


def test_policies_that_do_not_count_say_why(desk: Desk) -> None:
    suspended = desk.ask("G001")
    assert not suspended["covered"]
    assert [one["why"] for one in suspended["other_policies"]] == ["status"]
    assert [one["why"] for one in desk.ask("F001")["other_policies"]] == ["over"]
    earlier = desk.ask("F004", day=dt.date(2026, 6, 30))
    assert (earlier["covered"], earlier["other_policies"][0]["why"]) == (False, "not_yet")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_shown_in_both_languages(desk: Desk, language: str) -> None:
    desk.treat("F001", ("service", "CONS", "1", "80"))
    for code in (None, "SCAN", "PILL"):
        with open_books(desk.folder) as books:
            answer = eligibility_of(books, "F001", DAY, code)
            file = StringIO()
            view = eligibility_view(answer, books.decimals, "KES", language)
            Console(file=file, width=140).print(view)
        shown = file.getvalue()
        for expected in ("F001", "Ms F001", "90.00" if language == "en" else "90,00", "PF-old"):
            assert expected in shown
        json.dumps(as_record(answer, 2, "KES"))
    assert ("The plan" if language == "en" else "La formule") in shown


@pytest.mark.parametrize(
    ("given", "near"), [("F0O1", "F001"), ("F0011", "F001"), ("001", "F001"), ("0F01", "F001"), ("Z9", None)]
)
def test_an_unknown_insuree_is_told_who_is_near(desk: Desk, given: str, near: str | None) -> None:
    with open_books(desk.folder) as books, pytest.raises(Refused) as refused:
        eligibility_of(books, given, DAY)
    told = refused.value.problems[0].told()
    assert given in told
    assert (near in told) if near else ("card" in told)


def test_an_unknown_provision_is_told_which_is_near(desk: Desk) -> None:
    with open_books(desk.folder) as books, pytest.raises(Refused, match="did you mean SCAN"):
        eligibility_of(books, "F001", DAY, "SCAM")


def test_used_is_what_the_ledger_holds(new_books: NewBooks, country: Path) -> None:
    folder = new_books(country, DECIDED)
    with open_books(folder) as books:
        with books.database.reading() as connection:
            entries = BALANCE_ENTRIES.c
            query = sa.select(
                entries.policy,
                entries.insuree,
                sa.func.sum(entries.covered_hospital + entries.covered_non_hospital).label("covered"),
            ).group_by(entries.policy, entries.insuree)
            used = [tuple(row) for row in connection.execute(query.order_by(entries.policy)).all()]
            accepted = sa.select(ACCEPTED_CLAIMS.c.insuree, sa.func.count()).group_by(
                ACCEPTED_CLAIMS.c.insuree
            )
            counted = {row[0]: int(row[1]) for row in connection.execute(accepted).all()}
        compared = 0
        for policy, insuree, _ in used[:12]:
            record = as_record(eligibility_of(books, insuree, dt.date(2026, 1, 15)), 2, "XTS")
            for standing in record["policies"]:
                if standing["policy"] != policy:
                    continue
                assert sum(one["used"] for one in standing["categories"]) <= counted[insuree]
                for limit in standing["limits"]:
                    if limit["limit"] == "ceiling" and limit["per"] != "treatment" and limit["care"] is None:
                        mine = [
                            int(row[2])
                            for row in used
                            if row[0] == policy and (limit["per"] == "policy" or row[1] == insuree)
                        ]
                        assert limit["used"] == f"{sum(mine) / 100:.2f}"
                compared += 1
        assert compared


def test_books_without_a_run_have_eligibility(new_books: NewBooks, scheme: Path) -> None:
    folder = new_books(scheme, MADE)
    with open_books(folder) as books, pytest.raises(Refused):
        eligibility_of(books, "F001", DAY)
    load(folder)
    with open_books(folder) as books:
        answer = eligibility_of(books, "F001", DAY)
    assert answer.run == 0
    assert answer.eligibility.covered
