"""The actuary's reports from the books: what is read, handed to the pure rooms, and laid out as tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from adjudicator.books.actuarial.exposure import Earned, earned_contributions
from adjudicator.books.actuarial.known import Known, known_on
from adjudicator.books.actuarial.ledger import Booking, Chosen, Group, Measure, Origin, entries_of
from adjudicator.books.books import Books
from adjudicator.books.reports.about import check_product
from adjudicator.problems import Problem, Refused, refused
from adjudicator.remuneration.months import written_month
from adjudicator.reporting.report import Parameter, Part, Report, Unit
from adjudicator.simulation.actuarial import tables
from adjudicator.simulation.actuarial.back_testing import MOST_DIAGONALS, BackTest, back_tests, closest
from adjudicator.simulation.actuarial.diagnostics import Finding, findings
from adjudicator.simulation.actuarial.estimation import Expected, reserve
from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.simulation.actuarial.reserves import Method, Reserve, exposure_of, made_ready
from adjudicator.simulation.actuarial.tails import NO_TAIL_CHOSEN, TailChoice
from adjudicator.simulation.actuarial.triangles import Triangle, triangles
from adjudicator.store.schema import JOURNAL, RUNS
from adjudicator.units import PERCENT_ALL
from adjudicator.vocabulary import FacilityLevel
from adjudicator.words import Message, Percentage, message

MOST_REMARKS: Final = 9
"""How many remarks a report carries; the catalogue names so many."""

_UNITS: Final = {Measure.CLAIMS: Unit.NUMBER}


@dataclass(frozen=True)
class TriangleAsked:
    """Which triangle is asked for."""

    origin: Origin = Origin.SERVICE_MONTH
    booking: Booking = Booking.PAYMENT_MONTH
    measure: Measure = Measure.PAID
    grain: Grain = Grain.MONTH
    by: Group | None = None
    product: str | None = None
    first: int | None = None
    as_of: dt.date | None = None

    @property
    def chosen(self) -> Chosen:
        """What it takes to be read."""
        return Chosen(self.origin, self.booking, self.measure, self.by, self.product, self.first)

    @property
    def unit(self) -> Unit:
        """Of its cells."""
        return _UNITS.get(self.measure, Unit.MONEY)

    def parameters(self) -> list[Parameter]:
        """Give what a report says of it."""
        said = [
            Parameter("measure", message(f"actuary.measure.{self.measure.value}")),
            Parameter("origin", message(f"actuary.origin.{self.origin.value}")),
            Parameter("development", message(f"actuary.development.{self.booking.value}")),
            Parameter("grain", message(f"actuary.grain.{self.grain.value}")),
            Parameter("as_of", self.as_of or message("actuary.now")),
        ]
        if self.by is not None:
            said.append(Parameter("by", message(f"actuary.by.{self.by.value}")))
        if self.product is not None:
            said.append(Parameter("product", self.product))
        if self.first is not None:
            said.append(Parameter("from", written_month(self.first)))
        return said


def read_triangles(books: Books, asked: TriangleAsked) -> tuple[Triangle, ...]:
    """Read triangles from the ledger, one a group.

    Raises:
        Refused: nothing was loaded, or the triangle makes no sense (see :func:`entries_of`).
    """
    with books.database.reading() as connection:
        return triangles(entries_of(connection, known_on(connection, asked.as_of), asked.chosen), asked.grain)


def triangle_report(books: Books, asked: TriangleAsked, cumulative: bool) -> Report:
    """Make the report of a loss triangle, with its development factors.

    Raises:
        Refused: see :func:`read_triangles`.
    """
    check_product(books, asked.product)
    with books.database.reading() as connection:
        known = known_on(connection, asked.as_of)
        entries = entries_of(connection, known, asked.chosen)
        found = triangles(entries, asked.grain)
        parts = tables.triangle_parts(found, _name(asked.by), asked.unit, cumulative)
        remarks = []
        if found and found[0].partial:
            remarks.append(message("actuary.remark.partial", period=found[0].grain.written(found[0].last)))
        if any(one.early for one in found):
            remarks.append(message("actuary.remark.early"))
        return report_of(books, connection, known, "triangle", asked.parameters(), parts, remarks)


def _name(by: Group | None) -> str | None:
    return None if by is None else by.value


# Reserves.


@dataclass(frozen=True)
class Assumed:
    """What an estimate assumes beside its triangle."""

    loss_ratio: int | None = None
    """What Bornhuetter-Ferguson expects, in hundredths of a percent of contributions."""
    loss_ratio_error: int | None = None
    """Its standard error, in hundredths of a percent of contributions; None where it is taken for certain."""
    tail: TailChoice = NO_TAIL_CHOSEN
    back_tests: int = MOST_DIAGONALS
    """How many of the last diagonals are left out, to see how well they are predicted; 0 for none."""

    @property
    def expected(self) -> Expected | None:
        """What Bornhuetter-Ferguson is told."""
        if self.loss_ratio is None:
            return None
        error = self.loss_ratio_error
        return Expected(self.loss_ratio / PERCENT_ALL, None if error is None else error / PERCENT_ALL)

    def parameters(self) -> list[Parameter]:
        """Give what a report says of it."""
        tail = self.tail
        said = [
            Parameter(name, message("actuary.percent", share=Percentage(share)))
            for name, share in (("loss_ratio", self.loss_ratio), ("loss_ratio_error", self.loss_ratio_error))
            if share is not None
        ]
        said.append(
            Parameter(
                "tail",
                message(
                    f"actuary.tail.{tail.curve.value}",
                    above=Percentage(round((tail.factor - 1) * PERCENT_ALL)),
                    periods=tail.periods,
                ),
            )
        )
        return said


ASSUMED: Final = Assumed()


def reserve_report(
    books: Books, asked: TriangleAsked, methods: Sequence[Method], assumed: Assumed = ASSUMED
) -> Report:
    """Make the report of what is still to come (IBNR), by one or more methods.

    Args:
        books: the books.
        asked: the triangle that it is estimated from.
        methods: the methods.
        assumed: what is assumed beside it.

    Raises:
        Refused: a triangle cannot be projected, contributions are missing, or the library is.
    """
    check_product(books, asked.product)
    with books.database.reading() as connection:
        known = known_on(connection, asked.as_of)
        found = estimated(connection, known, asked, methods, assumed)
        by = _name(asked.by)
        summary, *details = tables.reserve_parts(found.reserves, by, asked.unit)
        parts = [summary, tables.finding_part(found.findings, by)]
        if found.tests:
            parts.append(tables.back_test_part(found.tests, by, asked.unit))
        parts += details
        said = [*asked.parameters(), *assumed.parameters()]
        remarks = [*found.left_out, *remarks_of(found.reserves, asked.by), *_closest(found, asked.by)]
        return report_of(books, connection, known, "reserve", said, parts, remarks)


def _closest(found: Estimated, by: Group | None) -> list[Message]:
    """Say which method predicted the last diagonals best, if several tried."""
    best: dict[Method, list[str | int | None]] = {}
    for group in dict.fromkeys(one.group for one in found.tests):
        method = closest([one for one in found.tests if one.group == group])
        if method is not None:
            best.setdefault(method, []).append(group)
    said = {
        method: message("actuary.remark.closest", method=message(f"reporting.method.{method.value}"))
        for method in best
    }
    return [
        said[method] if by is None else _about(groups, by, said[method]) for method, groups in best.items()
    ]


def _about(groups: Sequence[str | int | None], by: Group, what: Message) -> Message:
    return message("actuary.of_group", group=[_told(by, group) for group in groups], what=what)


@dataclass(frozen=True)
class Estimated:
    """What is still to come of each triangle, by each method, and how far that can be trusted."""

    reserves: list[Reserve]
    left_out: list[Message]
    """Which groups cannot be estimated, and why."""
    tests: list[BackTest]
    findings: list[tuple[str | int | None, Finding]]
    """What tests of each group's triangle found."""


def estimated(
    connection: sa.Connection,
    known: Known,
    asked: TriangleAsked,
    methods: Sequence[Method],
    assumed: Assumed,
) -> Estimated:
    """Estimate what is still to come of each triangle, by each method.

    Raises:
        Refused: nothing can be estimated.
    """
    found = triangles(entries_of(connection, known, asked.chosen), asked.grain)
    if not found:
        raise refused("actuary.reserve.empty")
    earned = _earned_for(connection, known, asked, methods, found[0])
    expected = assumed.expected
    reserves: list[Reserve] = []
    problems: list[Problem] = []
    tests: list[BackTest] = []
    tested: list[tuple[str | int | None, Finding]] = []
    for one in found:
        weights = None if earned is None else exposure_of(one, _of_triangle(earned, asked, one))
        try:
            reserves += [reserve(one, method, weights, expected, assumed.tail) for method in methods]
        except Refused as why:
            group = _told(asked.by, one.group)
            problems += [
                replace(each, what=message("actuary.of_group", group=group, what=each.what))
                if asked.by is not None
                else each
                for each in why.problems
            ]
            continue
        ratio = None if expected is None else expected.ratio
        tests += back_tests(one, methods, assumed.tail, weights, ratio, assumed.back_tests)
        tested += [(one.group, each) for each in findings(made_ready(one, methods[0]))]
    if not reserves:
        raise Refused(problems)
    return Estimated(reserves, list(dict.fromkeys(problem.what for problem in problems)), tests, tested)


def _told(by: Group | None, group: str | int | None) -> str | FacilityLevel | Message:
    if group is None:
        return message("actuary.nobody")
    return FacilityLevel(int(group)) if by is Group.LEVEL else str(group)


def _earned_for(
    connection: sa.Connection, known: Known, asked: TriangleAsked, methods: Sequence[Method], one: Triangle
) -> Earned | None:
    if set(methods) <= {Method.MACK}:
        return None
    if asked.by is Group.LEVEL:
        raise refused("actuary.no_exposure_by_level")
    if asked.measure is Measure.CLAIMS:
        raise refused("actuary.no_exposure_of_claims")
    by = Group.PRODUCT if asked.product is not None else asked.by
    first = one.grain.first_month(one.first)
    return earned_contributions(
        connection, known, by, first, one.grain.first_month(one.last) + one.grain.months - 1
    )


def _of_triangle(earned: Earned, asked: TriangleAsked, one: Triangle) -> dict[int, int]:
    if asked.product is not None:
        return earned.of(asked.product)
    return earned.all if asked.by is None else earned.of(one.group)


def remarks_of(found: Sequence[Reserve], by: Group | None) -> list[Message]:
    """Give the remarks about reserves, each once; those that are not about all groups name theirs."""
    about: dict[str, tuple[Message, list[str | int | None]]] = {}
    for one in found:
        for remark in one.remarks:
            _, groups = about.setdefault(repr(remark), (remark, []))
            groups += [] if one.group in groups else [one.group]
    everybody = len({one.group for one in found})
    return [
        remark if by is None or len(groups) == everybody else _about(groups, by, remark)
        for remark, groups in about.values()
    ]


# What every report says of itself.


def report_of(
    books: Books,
    connection: sa.Connection,
    known: Known,
    name: str,
    parameters: Sequence[Parameter],
    parts: Sequence[Part],
    remarks: Sequence[Message],
) -> Report:
    """Put a report together: what it was asked for, the state of the books, and what to mind."""
    settings = books.settings
    about = [Parameter("scheme", settings.scheme), Parameter("currency", settings.currency), *parameters]
    run = connection.execute(sa.select(RUNS.c.run, RUNS.c.name).where(RUNS.c.run == known.run)).first()
    about.append(Parameter("last_run", f"{run.run} ({run.name})" if run else message("reporting.no_run")))
    entry = connection.execute(
        sa.select(JOURNAL.c.number, JOURNAL.c.hash).order_by(JOURNAL.c.number.desc()).limit(1)
    ).first()
    if entry is not None:
        about += [Parameter("journal", entry.number), Parameter("journal_hash", entry.hash)]
    about += [
        Parameter(f"remark_{number}", remark) for number, remark in enumerate(remarks[:MOST_REMARKS], 1)
    ]
    return Report(name, tuple(about), tuple(parts), books.decimals)
