"""The queue of medical officers."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from commands.books import DAY, person_option, scheme_option
from commands.decisions import DecisionCommand, given_parts, read_decision
from commands.shared import EXIT_FINDINGS, language_option, out, told
from commands.shared import t as _t

if TYPE_CHECKING:
    from adjudicator.books.books import Books
    from adjudicator.books.review.cases import Case
    from adjudicator.books.review.delivery import Delivered, Trial

Command = TypeVar("Command", bound=Callable[..., Any])

STATES: Final = ("open", "held", "returned", "second-opinion")


@click.group(help=_t("review.help"))
def review() -> None:
    """Work the queue of cases."""


def case_argument(command: Command) -> Command:
    """Add the name of a case to a command."""
    return click.argument("case", metavar=_t("review.case"))(command)


def reason_options(command: Command) -> Command:
    """Add a coded reason and words to a command."""
    command = click.option("--words", help=_t("review.words"))(command)
    return click.option("--reason", help=_t("review.reason"))(command)


def confirm_option(command: Command) -> Command:
    """Add ``--confirm`` to a command."""
    return click.option("--confirm", is_flag=True, help=_t("review.confirm"))(command)


@review.command("list", help=_t("review.list.help"), epilog=_t("review.list.example"))
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help=_t("review.state"))
@click.option("--queue", help=_t("review.queue"))
@click.option("--officer", help=_t("review.officer"))
@click.option("--facility", help=_t("review.facility"))
@click.option("--due", type=DAY, help=_t("review.due"))
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help=_t("review.limit"))
@scheme_option
@person_option
@language_option
def review_list(
    states: tuple[str, ...],
    queue: str | None,
    officer: str | None,
    facility: str | None,
    due: dt.datetime | None,
    limit: int,
    scheme: Path,
    by: str | None,
    language: str,
) -> None:
    """List the open cases, those that come first first."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.cases import count_open, open_ones, this_moment
    from adjudicator.presentation.review import ReviewView
    from adjudicator.review.cases import State
    from adjudicator.words import text

    wanted = [State(state.replace("-", "_")) for state in states]
    with told(language), open_books(scheme) as books:
        _open_new(books, who(by), language)
        with books.database.reading() as connection:
            until = due.date() if due else None
            found = open_ones(connection, wanted, officer, facility, until, limit, queue)
            count = count_open(connection, wanted, officer, facility, until, queue)
        if not found:
            _print_none(books, language)
            return
        out().print(ReviewView(books, language).cases(found, this_moment()))
        if count > len(found):
            out().print(text("review.list.shown", language, shown=len(found), count=count), style="dim")


def _print_none(books: Books, language: str) -> None:
    """Say that no case waits, or which others do: a name may have been mistyped."""
    from adjudicator.books.review.cases import count_open, queues_with_cases
    from adjudicator.presentation.review import print_done
    from adjudicator.words import message

    with books.database.reading() as connection:
        count, queues = count_open(connection), queues_with_cases(connection)
    key = "review.list.none_such" if count else "review.list.empty"
    print_done(out(), message(key, count=count, queues=queues), language, "yellow" if count else "green")


def _open_new(books: Books, by: str, language: str) -> None:
    """Open the cases that claims deserve since last time, and say which came to another place."""
    from adjudicator.books.review.opening import open_cases
    from adjudicator.words import text

    brought = open_cases(books, by)
    for key, count in (("review.opened", brought.opened), ("review.regraded", brought.regraded)):
        if count:
            out().print(text(key, language, count=count), style="dim")


@review.command("next", help=_t("review.next.help"))
@click.option("--queue", help=_t("review.queue"))
@click.option("--by-due-date", is_flag=True, help=_t("review.by_due_date"))
@click.option("--another", is_flag=True, help=_t("review.another"))
@scheme_option
@person_option
@language_option
def review_next(
    queue: str | None, by_due_date: bool, another: bool, scheme: Path, by: str | None, language: str
) -> None:
    """Give the officer the case that comes first."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.cases import count_open, this_moment
    from adjudicator.books.review.queue import held_by, take_next
    from adjudicator.presentation.review import in_hand, print_done
    from adjudicator.review.cases import State
    from adjudicator.words import message, text

    with told(language), open_books(scheme) as books:
        officer = who(by)
        _open_new(books, officer, language)
        with books.database.reading() as connection:
            held = held_by(connection, officer, this_moment())
        if held and not another:
            _show(books, str(held[0].case), language)
            out().print(text("review.next.still", language), style="yellow")
            return
        case = take_next(books, officer, by_due_date=by_due_date, queue=queue)
        if case is None:
            out().print(text("review.next.none", language, officer=officer), style="green")
            with books.database.reading() as connection:
                others = count_open(connection, [State.OPEN, State.HELD], queue=queue)
            if others:
                said = message("review.next.entered", officer=officer, count=others)
                print_done(out(), said, language, "yellow")
            elif queue is not None:
                _print_none(books, language)
            return
        _show(books, str(case.case), language)
        print_done(out(), in_hand(case), language)


def _show(books: Books, case: str, language: str) -> None:
    from adjudicator.books.review.case_file import case_file
    from adjudicator.books.review.cases import this_moment
    from adjudicator.presentation.review import ReviewView

    file = case_file(books, case)
    out().print(ReviewView(books, language).file(file, this_moment().date()))
    if not file.case.standing.closed:
        _show_proposals(books, case, language)


def _show_proposals(books: Books, case: str, language: str) -> None:
    """Show where the routing rules of the scheme would send a case."""
    from adjudicator.books.review.routing import facts_of_case, router_of_books, routing_of_books
    from adjudicator.presentation.routing import print_routed

    routing = routing_of_books(books)
    if not routing.rules:
        return
    out().print()
    router = router_of_books(books)
    try:
        result = router.route(facts_of_case(books, case))
    finally:
        router.close()
    out().print(_t("review.proposed"), style="bold")
    print_routed(out(), routing, result, books.decimals, language)


@review.command("show", help=_t("review.show.help"))
@case_argument
@scheme_option
@language_option
def review_show(case: str, scheme: Path, language: str) -> None:
    """Show a case with its claim."""
    from adjudicator.books.books import open_books

    with told(language), open_books(scheme) as books:
        _show(books, case, language)


@review.command("take", help=_t("review.take.help"))
@case_argument
@scheme_option
@person_option
@language_option
def review_take(case: str, scheme: Path, by: str | None, language: str) -> None:
    """Take a case in hand."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.queue import take
    from adjudicator.presentation.review import in_hand, print_done

    with told(language), open_books(scheme) as books:
        taken = take(books, case, who(by))
        _show(books, str(taken.case), language)
    print_done(out(), in_hand(taken), language)


@review.command("put-back", help=_t("review.put_back.help"))
@case_argument
@scheme_option
@person_option
@language_option
def review_put_back(case: str, scheme: Path, by: str | None, language: str) -> None:
    """Put a case back into the queue."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.queue import put_back
    from adjudicator.presentation.review import print_done
    from adjudicator.words import message

    with told(language), open_books(scheme) as books:
        done = put_back(books, case, who(by))
    print_done(out(), message("review.done.put_back", case=str(done.case)), language)


@review.command("assign", help=_t("review.assign.help"))
@case_argument
@click.option("--to", help=_t("review.to"))
@scheme_option
@person_option
@language_option
def review_assign(case: str, to: str | None, scheme: Path, by: str | None, language: str) -> None:
    """Reserve a case for an officer."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.queue import assign
    from adjudicator.presentation.review import print_done
    from adjudicator.words import message

    with told(language), open_books(scheme) as books:
        done = assign(books, case, to, who(by))
    officer = done.standing.officer
    key = "review.done.assigned" if officer else "review.done.unassigned"
    print_done(out(), message(key, case=str(done.case), officer=officer), language)


@review.command("return", help=_t("review.return.help"), epilog=_t("review.return.example"))
@case_argument
@reason_options
@click.option("--until", type=DAY, required=True, help=_t("review.until"))
@scheme_option
@person_option
@language_option
def review_return(
    case: str,
    reason: str | None,
    words: str | None,
    until: dt.datetime,
    scheme: Path,
    by: str | None,
    language: str,
) -> None:
    """Return a claim to its facility for completion."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.queue import return_to_facility
    from adjudicator.presentation.review import print_done
    from adjudicator.words import message

    with told(language), open_books(scheme) as books:
        done = return_to_facility(books, case, reason, until.date(), words, who(by))
    values = {"case": str(done.case), "facility": done.facility, "until": until.date()}
    print_done(out(), message("review.done.returned", **values), language)


@review.command("received", help=_t("review.received.help"))
@case_argument
@click.option("--words", help=_t("review.words"))
@scheme_option
@person_option
@language_option
def review_received(case: str, words: str | None, scheme: Path, by: str | None, language: str) -> None:
    """Note that the facility completed a claim."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.queue import receive_back
    from adjudicator.presentation.review import print_done
    from adjudicator.words import message

    with told(language), open_books(scheme) as books:
        done = receive_back(books, case, who(by), words)
    values = {"case": str(done.case), "due": done.standing.due, "officer": done.standing.officer}
    print_done(out(), message("review.done.received", **values), language)


@review.command("release", help=_t("review.release.help"), epilog=_t("review.release.example"))
@case_argument
@reason_options
@scheme_option
@person_option
@language_option
def review_release(
    case: str, reason: str | None, words: str | None, scheme: Path, by: str | None, language: str
) -> None:
    """Take a claim out of review."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.queue import release
    from adjudicator.presentation.review import print_done
    from adjudicator.words import message

    with told(language), open_books(scheme) as books:
        done = release(books, case, reason, words, who(by))
        if done.standing.closed:
            said = message("review.done.released", case=str(done.case), claim=done.name)
            print_done(out(), said, language)
        else:
            _print_proposed(books, done, language)


def _print_proposed(books: Books, case: Case, language: str) -> None:
    from adjudicator.presentation.review import print_done
    from adjudicator.words import Amount, message

    above = books.settings.review.second_opinion_above
    if above is None or case.standing.second:
        said = message("review.done.proposed_second", case=str(case.case))
    else:
        values = {"amount": Amount(above, books.decimals), "currency": books.settings.currency}
        said = message("review.done.proposed", case=str(case.case), **values)
    print_done(out(), said, language, "yellow")


# Deciding.


@review.command(
    "decide", cls=DecisionCommand, help=_t("review.decide.help"), epilog=_t("review.decide.example")
)
@case_argument
@click.option("--accept", is_flag=True, help=_t("review.accept"))
@click.option("--line", "lines", type=click.IntRange(0), multiple=True, help=_t("review.line"))
@click.option(
    "--quantity", "quantities", multiple=True, metavar=_t("metavar.number"), help=_t("review.quantity")
)
@click.option("--price", "prices", multiple=True, metavar=_t("metavar.number"), help=_t("review.price"))
@click.option(
    "--reject-line", "rejected", type=click.IntRange(0), multiple=True, help=_t("review.reject_line")
)
@click.option("--reject", is_flag=True, help=_t("review.reject"))
@click.option("--reason", "reasons", multiple=True, help=_t("review.reason"))
@click.option("--words", "words", multiple=True, help=_t("review.words"))
@click.option("--afresh", is_flag=True, help=_t("review.afresh"))
@click.option("--above-claimed", is_flag=True, help=_t("review.above_claimed"))
@confirm_option
@scheme_option
@person_option
@language_option
def review_decide(
    case: str,
    afresh: bool,
    above_claimed: bool,
    confirm: bool,
    scheme: Path,
    by: str | None,
    language: str,
    **_in_order: Any,
) -> None:
    """Decide about a case: show the difference, and deliver it when it is confirmed."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.delivery import deliver, try_decision

    with told(language), open_books(scheme) as books:
        decision = read_decision(
            given_parts(click.get_current_context()), afresh, above_claimed, books.decimals
        )
        trial = try_decision(books, case, decision)
        if _confirmed(books, trial, confirm, language):
            _applied(books, trial, deliver(books, trial, who(by)), who(by), language)


@review.command("agree", help=_t("review.agree.help"))
@case_argument
@confirm_option
@scheme_option
@person_option
@language_option
def review_agree(case: str, confirm: bool, scheme: Path, by: str | None, language: str) -> None:
    """Agree to a decision that waits for a second opinion."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.delivery import agree, proposed

    with told(language), open_books(scheme) as books:
        trial = proposed(books, case, who(by))
        if _confirmed(books, trial, confirm, language):
            _applied(books, trial, agree(books, trial, who(by)), who(by), language)


@review.command("disagree", help=_t("review.disagree.help"))
@case_argument
@click.option("--words", required=True, help=_t("review.words"))
@scheme_option
@person_option
@language_option
def review_disagree(case: str, words: str, scheme: Path, by: str | None, language: str) -> None:
    """Refuse a second opinion."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.delivery import disagree
    from adjudicator.presentation.review import print_done
    from adjudicator.words import message

    with told(language), open_books(scheme) as books:
        done = disagree(books, case, words, who(by))
    print_done(out(), message("review.done.disagreed", case=str(done.case)), language)


def _confirmed(books: Books, trial: Trial, confirm: bool, language: str) -> bool:
    """Show what a decision changes, and ask whether it is meant."""
    from adjudicator.presentation.review import ReviewView
    from adjudicator.words import text

    out().print(ReviewView(books, language).trial(trial))
    if confirm:
        return True
    if sys.stdin.isatty() and click.confirm(text("review.confirm", language)):
        return True
    out().print(text("review.done.unconfirmed", language), style="yellow")
    return False


def _applied(books: Books, trial: Trial, delivered: Delivered, by: str, language: str) -> None:
    """Decide the claim again by a delivered review, and say what came of it."""
    from adjudicator.books.review.applied import unapplied
    from adjudicator.books.review.delivery import apply_review
    from adjudicator.presentation.review import print_done
    from adjudicator.words import Amount, message

    case = delivered.case
    if delivered.review is None:
        _print_proposed(books, case, language)
        return
    values = {"case": str(case.case), "review": str(delivered.review)}
    print_done(out(), message("review.done.decided", **values), language)
    done = apply_review(books, delivered, by)
    if done is None:
        print_done(out(), message("review.done.waits", claim=case.name), language, "yellow")
        return
    if done.booked:
        net = sum(one.net for one in done.differences)
        before = trial.amounts[0]
        amounts = {
            "before": Amount(before, books.decimals),
            "after": Amount(before + net, books.decimals),
            "currency": books.settings.currency,
        }
        said = message("review.done.applied", claim=case.name, run=done.run, **amounts)
    else:
        said = message("review.done.same", claim=case.name)
    print_done(out(), said, language, "bold green")
    with books.database.reading() as connection:
        others = len(unapplied(connection))
    if others:
        print_done(out(), message("review.done.others_wait", count=others), language, "yellow")


# Figures.


@review.command("stats", help=_t("review.stats.help"))
@scheme_option
@language_option
def review_stats(scheme: Path, language: str) -> None:
    """Tell how the queue stands, and what rules and selections were worth."""
    from adjudicator.books.books import open_books
    from adjudicator.books.review.applied import unapplied
    from adjudicator.books.review.queue_figures import figures
    from adjudicator.presentation.review import ReviewView

    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            found = figures(connection, calendar=books.settings.review.calendar)
            waiting = len(unapplied(connection))
        out().print(ReviewView(books, language).figures(found, waiting))


@review.command("reasons", help=_t("review.reasons.help"))
@language_option
def review_reasons(language: str) -> None:
    """List the coded reasons."""
    from adjudicator.presentation.review import reasons_table

    out().print(reasons_table(language))


@review.command("route", help=_t("review.route.help"), epilog=_t("review.route.example"))
@click.argument("cases", nargs=-1, metavar=_t("review.route.cases"))
@click.option("--confirm", is_flag=True, help=_t("review.route.confirm"))
@scheme_option
@person_option
@language_option
def review_route(cases: tuple[str, ...], confirm: bool, scheme: Path, by: str | None, language: str) -> None:
    """Send cases where the routing rules want them."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.dispatch import dispatch
    from adjudicator.presentation.review_dispatch import print_dispatched

    with told(language), open_books(scheme) as books:
        _open_new(books, who(by), language)
        done = list(dispatch(books, who(by), cases, confirm))
        print_dispatched(out(), books, done, confirm, language)
    if any(one.refused for one in done):
        raise click.exceptions.Exit(EXIT_FINDINGS)
