"""A case with all that an officer wants to see of it: the claim, why it is here, and who the patient is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.books import Books
from adjudicator.books.ledger import current_decisions, rows_of_decisions
from adjudicator.books.review.cases import Case, events_of, find_case
from adjudicator.books.review.delivery import earlier_review
from adjudicator.books.review.feedback import Answered, answers_of
from adjudicator.books.review.flags import Flag, flags_of_claims
from adjudicator.books.review.settled import Settled, settled
from adjudicator.review.cases import Event
from adjudicator.review.decision import ReviewedLine
from adjudicator.store import runs
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    CLAIM_LINES,
    CLAIMS,
    JOURNAL,
    LINE_DECISIONS,
    REGISTERS,
    SELECTED,
    SELECTIONS,
)
from adjudicator.tables import DIAGNOSIS_COLUMNS
from adjudicator.units import completed_years, day_number
from adjudicator.vocabulary import Category, ClaimStatus, Cut, Kind, Reason, Sex

HISTORY: Final = 6
"""How many other claims of the insuree are shown: those nearest in time."""


@dataclass(frozen=True)
class Selection:
    """A draw that the claim was in."""

    selection: int
    method: str
    by: str
    at: str
    stratum: str | None
    probability: tuple[int, int]


@dataclass(frozen=True)
class FileLine:
    """A line: what is asked, what the list says, and what was decided; money in minor units."""

    line: int
    kind: Kind
    code: str
    name: str | None
    quantity_asked: int
    price_asked: int
    list_price: int | None
    explanation: str | None
    reason: Reason
    quantity: int
    cuts: Mapping[Cut, int]
    valuated: int


@dataclass(frozen=True)
class OtherClaim:
    """Another claim of the insuree."""

    facility: str
    claim: str
    date_from: dt.date | None
    days_apart: int | None
    diagnosis: str | None
    status: ClaimStatus
    category: Category
    claimed: int
    valuated: int


@dataclass(frozen=True)
class Patient:
    """The insuree, as the register knows them on the day of the claim."""

    insuree: str
    name: str | None
    sex: Sex | None
    years: int | None
    family: str | None


@dataclass(frozen=True)
class CaseFile:
    """All that is shown of a case."""

    case: Case
    patient: Patient
    facility_name: str | None
    date_from: dt.date | None
    date_to: dt.date | None
    date_claimed: dt.date
    diagnoses: Sequence[tuple[str, str | None]]
    explanation: str | None
    status: ClaimStatus
    category: Category
    claimed: int
    valuated: int
    lines: Sequence[FileLine]
    flags: Sequence[Flag]
    selections: Sequence[Selection]
    history: Sequence[OtherClaim]
    others: int
    """How many other claims the insuree has."""
    earlier: Mapping[int, ReviewedLine]
    """What the claim's last review says, by line."""
    events: Sequence[Event]
    settled: Settled | None = None
    """The statement that the claim is on already."""
    answered: Answered | None = None
    """What the patient said, where somebody asked."""


def case_file(books: Books, name: str) -> CaseFile:
    """Read all that is shown of a case.

    Args:
        books: the books.
        name: of the case, see :func:`adjudicator.books.review.cases.find_case`.

    Raises:
        Refused: there is no such case.
    """
    with books.database.reading() as connection:
        case = find_case(connection, name)
        last = runs.last_run(connection)
        claim = connection.execute(sa.select(CLAIMS).where(CLAIMS.c.claim_id == case.claim_id)).one()
        decisions = current_decisions(connection, np.array([case.claim_id], np.int64), last)
        decided = decisions.to_pylist()[0]
        lines = rows_of_decisions(connection, LINE_DECISIONS, decisions).to_pylist()
        day = claim.date_to or claim.date_from or claim.date_claimed
        _, earlier = earlier_review(connection, case.claim_id)
        others = _others(connection, claim, last)
        codes = [code for name in DIAGNOSIS_COLUMNS if (code := claim._mapping[name])]
        names = _names(connection, "diagnoses", "code", codes, day)
        return CaseFile(
            case,
            _patient(connection, claim.insuree, day),
            _names(connection, "facilities", "code", [case.facility], day).get(case.facility),
            claim.date_from,
            claim.date_to,
            claim.date_claimed,
            [(code, names.get(code)) for code in codes],
            claim.explanation,
            ClaimStatus(decided["status"]),
            Category(decided["category"]),
            decided["claimed"],
            decided["valuated"],
            _lines(connection, case, lines, day),
            flags_of_claims(books, connection, [case.claim_id], last).get(case.claim_id, []),
            _selections(connection, case.claim_id),
            others[:HISTORY],
            len(others),
            earlier,
            events_of(connection, [case.case])[case.case],
            settled(connection, case.claim_id, case.facility),
            next(answers_of(connection, books.decimals, [case.claim_id]), None),
        )


# Registers, as they hold on a day.


def _rows(
    connection: sa.Connection, register: str, column: str, values: Sequence[str], day: dt.date
) -> list[Mapping[str, Any]]:
    """Read the rows of a register with some codes: what holds on the day comes last, else the latest."""
    table = REGISTERS[register]
    query = sa.select(table).where(table.c[column].in_(list(values)), table.c.until.is_(None))
    rows: list[Mapping[str, Any]] = [dict(row._mapping) for row in connection.execute(query)]

    def place(row: Mapping[str, Any]) -> tuple[bool, dt.date]:
        start, end = row["valid_from"] or dt.date.min, row["valid_to"] or dt.date.max
        return start <= day <= end, start

    return sorted(rows, key=place)


def _names(
    connection: sa.Connection, register: str, column: str, values: Sequence[str], day: dt.date
) -> dict[str, str]:
    rows = _rows(connection, register, column, values, day)
    return {row[column]: row["name"] for row in rows if row["name"]}


def _patient(connection: sa.Connection, insuree: str, day: dt.date) -> Patient:
    rows = _rows(connection, "insurees", "insuree", [insuree], day)
    if not rows:
        return Patient(insuree, None, None, None, None)
    row = rows[-1]
    born = row["birth_date"]
    years = completed_years(day_number(born), day_number(day)) if born else None
    return Patient(insuree, row["name"], Sex(row["sex"]), years, row["family"])


def _lines(
    connection: sa.Connection, case: Case, decided: Sequence[Mapping[str, Any]], day: dt.date
) -> list[FileLine]:
    query = sa.select(CLAIM_LINES).where(CLAIM_LINES.c.claim_id == case.claim_id).order_by(CLAIM_LINES.c.line)
    asked = [row._mapping for row in connection.execute(query)]
    codes = sorted({row["code"] for row in asked})
    provisions = {
        (row["kind"], row["code"]): row for row in _rows(connection, "provisions", "code", codes, day)
    }
    prices = _list_prices(connection, case.facility, codes, day)
    by_line = {row["line"]: row for row in decided}
    found = []
    for row in asked:
        key = (row["kind"], row["code"])
        provision, decision = provisions.get(key), by_line[row["line"]]
        price = prices.get(key)
        if price is None and key in prices and provision is not None:
            # A list that names no price means the catalogue's (law, section 5).
            price = provision["price"]
        found.append(
            FileLine(
                row["line"],
                Kind(row["kind"]),
                row["code"],
                provision["name"] if provision is not None else None,
                row["quantity"],
                row["price_asked"],
                price,
                row["explanation"],
                Reason(decision["reason"] or 0),
                decision["quantity"],
                {cut: decision[cut.word] for cut in Cut if decision[cut.word]},
                decision["valuated"],
            )
        )
    return found


def _list_prices(
    connection: sa.Connection, facility: str, codes: Sequence[str], day: dt.date
) -> dict[tuple[int, str], int | None]:
    """Give the prices of the facility's lists on a day; None where a list names no price of its own."""
    rows = _rows(connection, "facilities", "code", [facility], day)
    if not rows:
        return {}
    of_kind = {Kind.ITEM: rows[-1]["item_price_list"], Kind.SERVICE: rows[-1]["service_price_list"]}
    return {
        (row["kind"], row["code"]): row["price"]
        for row in _rows(connection, "price_lists", "code", codes, day)
        if row["price_list"] == of_kind[Kind(row["kind"])]
    }


# Why it is here.


def _selections(connection: sa.Connection, claim_id: int) -> list[Selection]:
    query = (
        sa.select(SELECTED, SELECTIONS.c.method, JOURNAL.c.by, JOURNAL.c.at)
        .join(SELECTIONS, SELECTIONS.c.selection == SELECTED.c.selection)
        .join(JOURNAL, JOURNAL.c.number == SELECTIONS.c.journal)
        .where(SELECTED.c.claim_id == claim_id, SELECTIONS.c.purpose == "review")
        .order_by(SELECTED.c.selection)
    )
    return [
        Selection(row.selection, row.method, row.by, row.at, row.stratum, (row.probability, row.of))
        for row in connection.execute(query)
    ]


def _others(connection: sa.Connection, claim: Any, last: int) -> list[OtherClaim]:
    """Read the decided claims of the same insuree, those nearest in time first."""
    table, later = CLAIM_DECISIONS, CLAIM_DECISIONS.alias("later")
    query = (
        sa.select(CLAIMS, table.c.status, table.c.category, table.c.claimed, table.c.valuated)
        .join(table, table.c.claim_id == CLAIMS.c.claim_id)
        .where(
            CLAIMS.c.insuree == claim.insuree,
            CLAIMS.c.claim_id != claim.claim_id,
            table.c.entry == DECISION,
            table.c.run <= last,
            ~sa.exists().where(
                later.c.claim_id == CLAIMS.c.claim_id,
                later.c.entry == DECISION,
                later.c.run > table.c.run,
                later.c.run <= last,
            ),
        )
    )

    def apart(row: Any) -> int | None:
        both = row.date_from is not None and claim.date_from is not None
        return (row.date_from - claim.date_from).days if both else None

    rows = sorted(
        connection.execute(query),
        key=lambda row: (apart(row) is None, abs(apart(row) or 0), row.facility, row.claim),
    )
    return [
        OtherClaim(
            row.facility,
            row.claim,
            row.date_from,
            apart(row),
            row.diagnosis,
            ClaimStatus(row.status),
            Category(row.category),
            row.claimed,
            row.valuated,
        )
        for row in rows
    ]
