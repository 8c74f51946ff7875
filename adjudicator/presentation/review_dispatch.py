"""Where routing sends cases, as people read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from adjudicator.books.books import Books
from adjudicator.books.review.dispatch import Dispatched, Step
from adjudicator.books.review.routing import routing_of_books
from adjudicator.presentation.problems import problem_line
from adjudicator.presentation.review import plain_table
from adjudicator.review.routing.outcome import explanation
from adjudicator.words import Message, message, say, text


def print_dispatched(
    console: Console, books: Books, done: Sequence[Dispatched], confirmed: bool, language: str
) -> None:
    """List the cases that routing does something with, what, and why; then count them.

    Args:
        console: where to.
        books: the books.
        done: of each case what was done, or would be.
        confirmed: whether it was done.
        language: of the reader.
    """
    routing = routing_of_books(books)
    table = plain_table()
    for name in ("case", "claim", "step", "why"):
        table.add_column(text(f"review.route.{name}", language), overflow="fold", no_wrap=name == "claim")
    moved = [one for one in done if one.step is not Step.NOTHING]
    for one in moved:
        why = "\n".join(
            explanation(routing.by_name[firing.rule], firing, books.decimals, language)
            for firing in one.routed.why
        )
        table.add_row(str(one.case.case), one.case.name, say(_step(one), language), why)
    if moved:
        console.print(table)
    for one in moved:
        for problem in one.refused:
            case = f"{one.case.case} {one.case.name}"
            told = message("review.told", what=case, more=problem_line(problem, language).plain)
            console.print(Text(say(told, language), style="red"), soft_wrap=True)
    counts = Counter(one.step for one in done if not one.refused)
    values = {step.value: counts[step] for step in Step}
    console.print(text("review.route.count", language, **values), style="bold")
    if moved and not confirmed:
        console.print(text("review.route.confirm", language), style="yellow")


def _step(one: Dispatched) -> Message:
    if one.step is Step.MOVE:
        key = "move_second" if one.second and not one.case.standing.second else "move"
        return message(f"review.route.step.{key}", queue=one.queue)
    if one.step is Step.RETURN:
        reason = one.routed.returns[0]
        label = message(f"review.reason.{reason.lower().replace('-', '_')}")
        return message("review.route.step.return", reason=reason, label=label)
    return message("review.route.step.release")
