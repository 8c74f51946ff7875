"""A decision as it is written on a command line: options in order, each about what was named before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from adjudicator.problems import Problem
    from adjudicator.review.decision import Decision

PARTS: Final = frozenset(
    ("--line", "--reject-line", "--reject", "--accept", "--quantity", "--price", "--reason", "--words")
)
"""Options whose order means something: a reason belongs to the line that was named before it."""

Given = Sequence[tuple[str, str | None]]
"""Options in their order, each with its value; None of a flag."""

_ORDER: Final = "adjudicator.decision"


class DecisionCommand(click.Command):
    """A command that keeps the order in which the parts of a decision were given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the order, and parse as ever."""
        takes_value = {
            name
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        given: list[tuple[str, str | None]] = []
        rest = iter(args)
        for word in rest:
            if word == "--":
                break
            name, equals, value = word.partition("=")
            said = None
            if name in takes_value:
                said = value if equals else next(rest, None)
            if name in PARTS:
                given.append((name, said))
        ctx.meta[_ORDER] = given
        return super().parse_args(ctx, args)


def given_parts(ctx: click.Context) -> Given:
    """Give the parts of the decision that a command was called with, in order."""
    given: Given = ctx.meta[_ORDER]
    return given


def read_decision(given: Given, afresh: bool, above_claimed: bool, decimals: int) -> Decision:
    """Read a decision. What is given before any line, a reason and words, is of all lines without a reason.

    Args:
        given: its parts.
        afresh: whether an earlier review is dropped.
        above_claimed: whether more than was claimed may be approved.
        decimals: of the currency.

    Raises:
        Refused: with everything that is not clear.
    """
    from adjudicator.problems import Refused, problem_of
    from adjudicator.review.decision import Decision, LineChange, Verdict

    problems: list[Problem] = []
    lines: list[LineChange] = []
    verdicts: list[Verdict] = []
    whole: dict[str, str | None] = {}
    about_a_line = False
    for option, value in given:
        match option:
            case "--line" | "--reject-line":
                lines.append(LineChange(int(value or 0), rejected=option == "--reject-line"))
                about_a_line = True
            case "--reject" | "--accept":
                verdicts.append(Verdict(option[2:]))
                about_a_line = False
            case "--quantity" | "--price" if not about_a_line:
                problems.append(problem_of("review.stray_option", option=option))
            case "--quantity" | "--price":
                number, problem = _number(option, value or "", decimals)
                problems += [problem] if problem else []
                is_price = option == "--price"
                lines[-1] = (
                    replace(lines[-1], price=number) if is_price else replace(lines[-1], quantity=number)
                )
            case "--reason" if about_a_line:
                lines[-1] = replace(lines[-1], reason=value)
            case "--words" if about_a_line:
                lines[-1] = replace(lines[-1], words=value)
            case _:
                whole[option[2:]] = value
    if len(set(verdicts)) > 1:
        problems.append(problem_of("review.several_verdicts"))
    if problems:
        raise Refused(problems)
    # To drop an earlier review is a decision by itself.
    unsaid = Verdict.ACCEPT if afresh and not lines else Verdict.CHANGE
    verdict = verdicts[0] if verdicts else unsaid
    reason, words = whole.get("reason"), whole.get("words")
    shared = tuple(
        line if line.reason else replace(line, reason=reason, words=line.words or words) for line in lines
    )
    return Decision(verdict, shared, reason, words, afresh, above_claimed)


def _number(option: str, given: str, decimals: int) -> tuple[int | None, Problem | None]:
    """Read a quantity in hundredths, or a price in minor units."""
    from adjudicator.problems import problem_of
    from adjudicator.units import LARGEST_AMOUNT, scaled
    from adjudicator.words import message

    is_price = option == "--price"
    places = decimals if is_price else 2
    try:
        number = scaled(given, places)
        if abs(number) <= LARGEST_AMOUNT:
            return number, None
    except ValueError:
        pass
    what = message("review.a_price" if is_price else "review.a_quantity")
    example = "2.5" if not is_price else "1250." + "0" * places if places else "1250"
    return None, problem_of("review.number_unreadable", given=given, what=what, example=example)
