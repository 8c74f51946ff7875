"""The steps of a line's valuation, from what was asked to what is paid: each can be done again.

A step carries all that its replay needs, so that a reader can check every amount with a pencil.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adjudicator.adjudication.reference import LineDecision, Step
from adjudicator.adjudication.telling import Teller, Term, given, term_of
from adjudicator.units import times_percentage, times_quantity
from adjudicator.vocabulary import Cut
from adjudicator.words import Message, Percentage, Quantity, message


@dataclass(frozen=True)
class ExplainedStep:
    """A step from what was asked to what is paid: a row of the table, and all that its replay needs.

    Amounts are minor units, quantities hundredths, percentages hundredths of a percent. The first step has
    no ``cut``: it makes the gross amount of ``quantity`` and ``unit``. A fixed limit multiplies the same two;
    co-insurance takes ``percentage``; the others take from, or up to, the balance ``left_before``.
    """

    cut: Cut | None
    label: Message
    before: int | None
    taken: int
    after: int
    left_before: int | None = None
    left_after: int | None = None
    quantity: int | None = None
    unit: int | None = None
    percentage: int | None = None
    term: Term | None = None

    def replay(self, amount: int) -> int:
        """Do the step again, from its own values, on the amount that the step before gives."""
        match self.cut:
            case None:
                return times_quantity(given(self.unit), given(self.quantity))
            case Cut.LIMIT_EXCESS:
                return min(amount, times_quantity(given(self.unit), given(self.quantity)))
            case Cut.DEDUCTIBLE:
                return amount - min(amount, given(self.left_before))
            case Cut.CO_INSURANCE:
                return times_percentage(amount, given(self.percentage))
            case _:
                return min(amount, given(self.left_before))


def replay(steps: Iterable[ExplainedStep]) -> int:
    """Do all steps again, one after the other: gives the valuated amount of the line (minor units)."""
    amount = 0
    for step in steps:
        amount = step.replay(amount)
    return amount


def steps_of(line: LineDecision, teller: Teller) -> Iterator[ExplainedStep]:
    """Give the steps of a line; a rejected line has none."""
    for step in line.steps:
        if step.cut is None:
            yield _gross_step(line, step, teller)
            continue
        limit = step.facts.get("limit")
        yield ExplainedStep(
            step.cut,
            _step_label(step, teller),
            step.before,
            step.taken,
            step.after,
            step.left_before,
            step.left_after,
            quantity=line.quantity if limit is not None else None,
            unit=limit,
            percentage=step.facts.get("percentage"),
            term=term_of(line, step.path, teller),
        )


def _gross_step(line: LineDecision, step: Step, teller: Teller) -> ExplainedStep:
    price = given(line.unit_price)
    approved = line.facts["price_approved"] is not None
    return ExplainedStep(
        None,
        message("explanation.step.gross", quantity=Quantity(line.quantity), price=teller.plain(price)),
        None,
        0,
        step.after,
        quantity=line.quantity,
        unit=price,
        # A reviewer's price stands above what the product says of prices.
        term=None if approved else term_of(line, line.facts["price_path"], teller),
    )


def _step_label(step: Step, teller: Teller) -> Message:
    match step.cut:
        case Cut.LIMIT_EXCESS:
            return message("explanation.step.limit_excess", limit=teller.plain(step.facts["limit"]))
        case Cut.CO_INSURANCE:
            percentage = Percentage(step.facts["percentage"])
            return message("explanation.step.co_insurance", percentage=percentage)
        case Cut.CATEGORY_EXCESS:
            return message("explanation.step.category_excess", category=step.facts["category"])
        case _:
            assert step.cut is not None
            return message(f"explanation.step.{step.cut.word}")
