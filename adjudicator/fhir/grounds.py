"""What it was about a patient, a date or a cover that a reason of the law speaks of, and X12's code for it.

The law has one reason where X12 has several codes: *patient category* is 7 where the provision is not for
the patient's sex and 6 where it is not for the age. Which it was follows from the registers by which the
claim was decided. Where they are not at hand, the code stands that fits a reason in general.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.vocabulary import CARC_OF_REASON, LineStatus, PolicyStatus, Reason, Sex

Row = Mapping[str, Any]
Period = tuple[dt.date, dt.date]

RowsOf = Callable[[Any, str, str, Collection[str]], pa.Table]
"""Gives the rows of a register as a run found it: of the run, the register, a column and its values."""


class Ground(Enum):
    """What a reason of the law speaks of in a case."""

    SEX = auto()
    AGE = auto()
    NO_DATE = auto()
    ENDS_BEFORE_IT_STARTS = auto()
    CLAIMED_BEFORE_IT_STARTS = auto()
    NO_LINES = auto()
    UNKNOWN = auto()
    """Nobody of the scheme, or nobody whom a policy ever covered."""
    BEFORE = auto()
    """The target date lies before all that could cover it."""
    AFTER = auto()
    BETWEEN = auto()
    NOT_ACTIVE = auto()
    """A cover is of the day, and its policy is idle, ready or suspended."""


@dataclass(frozen=True)
class Code:
    """A claim adjustment reason code (CARC) with its group, and a remark (RARC) where it asks for one."""

    group: str
    carc: str
    remark: str | None = None


_OF_GROUND: Final[dict[tuple[Reason, Ground], Code]] = {
    (Reason.PATIENT_CATEGORY, Ground.SEX): Code("CO", "7"),
    (Reason.PATIENT_CATEGORY, Ground.AGE): Code("CO", "6"),
    (Reason.TARGET_DATE, Ground.NO_DATE): Code("CO", "16", "M52"),
    (Reason.TARGET_DATE, Ground.ENDS_BEFORE_IT_STARTS): Code("CO", "16", "M59"),
    (Reason.TARGET_DATE, Ground.CLAIMED_BEFORE_IT_STARTS): Code("CO", "110"),
    (Reason.NOT_IN_REGISTER, Ground.NO_LINES): Code("CO", "16", "M51"),
    (Reason.INSUREE, Ground.UNKNOWN): Code("PR", "31"),
    (Reason.NO_COVERAGE, Ground.UNKNOWN): Code("PR", "31"),
    (Reason.NO_COVERAGE, Ground.NOT_ACTIVE): Code("PR", "177"),
    **{
        (reason, ground): Code("PR", carc)
        for reason in (Reason.INSUREE, Reason.NO_COVERAGE)
        for ground, carc in ((Ground.BEFORE, "26"), (Ground.AFTER, "27"), (Ground.BETWEEN, "200"))
    },
}

_REMARKS: Final = {Reason.NOT_IN_PRICE_LIST: "N448"}
"""RARC where the code of a reason asks for a remark: not in the fee schedule."""


def code_of(reason: Reason, ground: Ground | None) -> Code | None:
    """Give the code of a reason, by its ground where that is known; None of what is no reason."""
    found = _OF_GROUND.get((reason, ground)) if ground is not None else None
    if found is None and (pair := CARC_OF_REASON.get(reason)) is not None:
        found = Code(*pair, _REMARKS.get(reason))
    return found


@dataclass(frozen=True)
class Grounds:
    """The grounds of rejections."""

    of_claim: Mapping[int, Ground] = field(default_factory=dict)
    of_line: Mapping[tuple[int, int], Ground] = field(default_factory=dict)
    """Of lines that were rejected by themselves, by claim and number."""


def rows_in(registers: Mapping[str, pa.Table]) -> RowsOf:
    """Look into registers that are at hand, for any run."""

    def rows(run: Any, register: str, column: str, values: Collection[str]) -> pa.Table:
        table = registers[register]
        return table.filter(pc.is_in(table[column], value_set=pa.array(sorted(values), pa.string())))

    return rows


def grounds_of(
    claims: Sequence[Row],
    lines: Mapping[int, Sequence[Row]],
    decisions: Mapping[int, Row],
    line_decisions: Mapping[tuple[int, int], Row],
    rows_of: RowsOf | None,
) -> Grounds:
    """Find the grounds of rejections.

    Args:
        claims: rows of claims, with ``claim_id``.
        lines: of each, by ``claim_id``.
        decisions: about claims, by ``claim_id``; with ``run``.
        line_decisions: about lines, by ``claim_id`` and number.
        rows_of: looks into the registers; None where they are not at hand.
    """
    by_run: dict[Any, list[Row]] = {}
    of_claim: dict[int, Ground] = {}
    not_for: dict[int, list[Row]] = {}
    for claim in claims:
        number = claim["claim_id"]
        decision = decisions.get(number)
        if decision is None:
            continue
        reason = Reason(decision["reason"] or 0)
        if reason is Reason.TARGET_DATE:
            of_claim[number] = of_dates(claim)
        elif reason is Reason.NOT_IN_REGISTER and not lines.get(number):
            of_claim[number] = Ground.NO_LINES
        elif reason in (Reason.INSUREE, Reason.NO_COVERAGE):
            by_run.setdefault(decision.get("run"), []).append(claim)
        for line in lines.get(number, ()):
            decided = line_decisions.get((number, line["line"]))
            if decided is not None and _rejected(decided, Reason.PATIENT_CATEGORY):
                not_for.setdefault(number, []).append(line)
        if number in not_for:
            by_run.setdefault(decision.get("run"), []).append(claim)
    of_line: dict[tuple[int, int], Ground] = {}
    if rows_of is None:
        return Grounds(of_claim)
    for run, asked in by_run.items():
        registers = _Registers(run, asked, not_for, rows_of)
        for claim in asked:
            number, reason = claim["claim_id"], Reason(decisions[claim["claim_id"]]["reason"] or 0)
            found = registers.of_person(claim) if reason is Reason.INSUREE else None
            if reason is Reason.NO_COVERAGE:
                found = registers.of_covers(claim)
            if found is not None:
                of_claim[number] = found
            for line in not_for.get(number, ()):
                if (ground := registers.of_category(claim, line)) is not None:
                    of_line[number, line["line"]] = ground
    return Grounds(of_claim, of_line)


def _rejected(decision: Row, reason: Reason) -> bool:
    return bool(decision["status"] == LineStatus.REJECTED and decision["reason"] == reason)


def of_dates(claim: Row) -> Ground:
    """Tell what is wrong with the dates of a claim that was rejected for them (law, section 4.1)."""
    start, end = claim["date_from"], claim["date_to"]
    if start is None and end is None:
        return Ground.NO_DATE
    if start is not None and end is not None and end < start:
        return Ground.ENDS_BEFORE_IT_STARTS
    return Ground.CLAIMED_BEFORE_IT_STARTS


def where_in(day: dt.date, periods: Iterable[Period]) -> Ground | None:
    """Tell where a day lies among periods; None where it lies in one of them."""
    periods = list(periods)
    if not periods:
        return Ground.UNKNOWN
    if any(start <= day <= end for start, end in periods):
        return None
    if all(day < start for start, _ in periods):
        return Ground.BEFORE
    return Ground.AFTER if all(end < day for _, end in periods) else Ground.BETWEEN


class _Registers:
    """What registers say of the people and provisions of some claims, as a run found them."""

    def __init__(
        self, run: Any, claims: Sequence[Row], not_for: Mapping[int, Sequence[Row]], rows_of: RowsOf
    ) -> None:
        people = {claim["insuree"] for claim in claims}
        codes = {line["code"] for claim in claims for line in not_for.get(claim["claim_id"], ())}

        def rows(register: str, column: str, values: Collection[str]) -> list[Row]:
            return list(rows_of(run, register, column, values).to_pylist()) if values else []

        self._people = _by(rows("insurees", "insuree", people), "insuree")
        self._provisions = _by(rows("provisions", "code", codes), "kind", "code")
        covers = rows("covers", "insuree", people)
        self._covers = _by(covers, "insuree")
        policies = rows("policies", "policy", {cover["policy"] for cover in covers})
        self._policies = {policy["policy"]: policy for policy in policies}

    def of_person(self, claim: Row) -> Ground | None:
        return where_in(_target(claim), (_valid(row) for row in self._people.get((claim["insuree"],), ())))

    def of_covers(self, claim: Row) -> Ground | None:
        day = _target(claim)
        periods: list[Period] = []
        others: list[Period] = []
        for cover in self._covers.get((claim["insuree"],), ()):
            policy = self._policies.get(cover["policy"])
            if policy is not None:
                start = max(cover["effective"], policy["effective"])
                end = min(cover["expiry"], policy["expiry"])
                counts = policy["status"] in (PolicyStatus.ACTIVE, PolicyStatus.EXPIRED)
                (periods if counts else others).append((start, end))
        if any(start <= day <= end for start, end in others):
            return Ground.NOT_ACTIVE
        return where_in(day, periods or others)

    def of_category(self, claim: Row, line: Row) -> Ground | None:
        day = _target(claim)
        provision = _on(self._provisions.get((line["kind"], line["code"]), ()), day)
        person = _on(self._people.get((claim["insuree"],), ()), day)
        if provision is None or person is None:
            return None
        # Who is neither counts as a man, where a provision is for one of them (law, section 3).
        woman = person["sex"] == Sex.FEMALE
        if provision["sex"] == (Sex.MALE if woman else Sex.FEMALE):
            return Ground.SEX
        return Ground.AGE


def _by(rows: Iterable[Row], *columns: str) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[column] for column in columns), []).append(row)
    return found


def _target(claim: Row) -> dt.date:
    """Give the target date (law, section 3) of a claim that has one."""
    day: dt.date = claim["date_to"] or claim["date_from"]
    return day


def _valid(row: Row) -> Period:
    return row["valid_from"] or dt.date.min, row["valid_to"] or dt.date.max


def _on(rows: Iterable[Row], day: dt.date) -> Row | None:
    return next((row for row in rows if _valid(row)[0] <= day <= _valid(row)[1]), None)
