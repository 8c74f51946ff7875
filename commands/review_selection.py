"""Selecting claims for review or feedback, estimating from them, and what patients say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from commands.books import DAY, person_option, scheme_option
from commands.shared import language_option, out, told
from commands.shared import t as _t

if TYPE_CHECKING:
    from adjudicator.books.books import Books
    from adjudicator.books.review.selection_plan import Plan

Command = TypeVar("Command", bound=Callable[..., Any])

METHODS: Final = ("all", "random", "value", "variance", "stratified")
STRATA: Final = ("amount", "level", "facility", "diagnosis", "category", "visit_type", "month")
YES_OR_NO: Final = click.Choice(("yes", "no"))

_NEEDED: Final = {
    "random": (("seed",), ("percent", "size")),
    "value": (("least",),),
    "variance": (("percent",),),
    "stratified": (("seed",), ("percent", "size"), ("strata",)),
}
"""By method, the options that it needs: one of each group."""

_OPTION: Final = {
    "seed": "--seed",
    "percent": "--percent",
    "size": "--n",
    "least": "--above",
    "strata": "--strata",
    "take_all": "--take-all",
    "allocation": "--allocation",
    "classes": "--classes",
    "by_level": "--per-level",
    "fewest": "--fewest",
    "history_start": "--history-from",
    "history_end": "--history-to",
}

_ONLY_WITH: Final = {
    "seed": ("random", "stratified"),
    "percent": ("random", "stratified", "variance"),
    "size": ("random", "stratified"),
    "strata": ("stratified",),
    "take_all": ("stratified",),
    "allocation": ("stratified",),
    "classes": ("stratified",),
    "by_level": ("variance",),
    "fewest": ("variance",),
    "history_start": ("variance",),
    "history_end": ("variance",),
}
"""By option, the methods that it goes with; the others go with all."""


@click.group(help=_t("select.help"), epilog=_t("select.example"))
def select() -> None:
    """Select claims, and estimate from what was selected."""


def _drawing(command: Command) -> Command:
    """Add the options of a draw."""
    for option in reversed(
        (
            click.option("--method", type=click.Choice(METHODS), required=True, help=_t("select.method")),
            click.option("--seed", help=_t("select.seed")),
            click.option("--percent", metavar=_t("metavar.number"), help=_t("select.percent")),
            click.option("--n", "size", type=click.IntRange(1), help=_t("select.n")),
            click.option("--above", "least", metavar=_t("metavar.number"), help=_t("select.above")),
            click.option("--strata", type=click.Choice(STRATA), multiple=True, help=_t("select.strata")),
            click.option(
                "--allocation", type=click.Choice(("proportional", "neyman")), help=_t("select.allocation")
            ),
            click.option("--classes", type=click.IntRange(2, 20), help=_t("select.classes")),
            click.option("--take-all", metavar=_t("metavar.number"), help=_t("select.take_all")),
            click.option("--per-level", "by_level", is_flag=True, default=None, help=_t("select.per_level")),
            click.option("--fewest", type=click.IntRange(1), help=_t("select.fewest")),
            click.option("--history-from", "history_start", type=DAY, help=_t("select.history_from")),
            click.option("--history-to", "history_end", type=DAY, help=_t("select.history_to")),
            click.option("--from", "start", type=DAY, help=_t("select.from")),
            click.option("--to", "end", type=DAY, help=_t("select.to")),
            click.option("--facility", help=_t("report.facility")),
            click.option("--dry-run", is_flag=True, help=_t("dry_run.help")),
            scheme_option,
            person_option,
            language_option,
        )
    ):
        command = option(command)
    return command


@select.command("review", help=_t("select.review.help"), epilog=_t("select.review.example"))
@_drawing
def review(**given: Any) -> None:
    """Select claims for review."""
    _select("review", **given)


@select.command("feedback", help=_t("select.feedback.help"), epilog=_t("select.feedback.example"))
@_drawing
def feedback_of_patients(**given: Any) -> None:
    """Select claims whose patients are asked."""
    _select("feedback", **given)


def _select(purpose: str, scheme: Path, by: str | None, dry_run: bool, language: str, **given: Any) -> None:
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.selection import select as draw
    from adjudicator.presentation.review_selection import print_drawn

    _check_options(given)
    with told(language), open_books(scheme) as books:
        drawn = draw(books, _plan(books, purpose, given), who(by), dry_run)
        print_drawn(out(), books, drawn, dry_run, language)


def _check_options(given: dict[str, Any]) -> None:
    """Refuse options that a method lacks, or that it has no use for."""
    method = given["method"]
    for name, methods in _ONLY_WITH.items():
        if given[name] not in (None, ()) and method not in methods:
            options = {"option": _OPTION[name], "method": method, "methods": ", ".join(methods)}
            raise click.UsageError(_t("select.not_with", **options))
    for names in _NEEDED.get(method, ()):
        present = [name for name in names if given[name] not in (None, ())]
        options = {"method": method, "options": " / ".join(_OPTION[name] for name in names)}
        if not present:
            raise click.UsageError(_t("select.needs", **options))
        if len(present) > 1:
            raise click.UsageError(_t("select.one_of", **options))


def _plan(books: Books, purpose: str, given: dict[str, Any]) -> Plan:
    from adjudicator.books.review.selection_plan import CLASSES, FEWEST, Plan, Wanted
    from adjudicator.review.selection import Allocation, Method

    percent = _scaled(given["percent"], 2, "--percent")
    method = Method(given["method"])
    excess = method is Method.VARIANCE
    if percent is not None and not excess and not 0 < percent <= 10_000:
        raise click.BadParameter(_t("select.bad_percent"), param_hint="--percent")
    return Plan(
        purpose,
        method,
        Wanted(
            _date(given["start"]),
            _date(given["end"]),
            given["facility"],
            _scaled(given["least"], books.decimals, "--above"),
        ),
        given["seed"],
        percent=None if excess else percent,
        size=given["size"],
        by=tuple(dict.fromkeys(given["strata"])),
        allocation=Allocation(given["allocation"] or "proportional"),
        classes=given["classes"] or CLASSES,
        take_all=_scaled(given["take_all"], books.decimals, "--take-all"),
        excess=(percent or 0) if excess else 0,
        by_level=bool(given["by_level"]),
        fewest=given["fewest"] or FEWEST,
        history_asked=(_date(given["history_start"]), _date(given["history_end"])),
    )


def _date(given: dt.datetime | None) -> dt.date | None:
    return given.date() if given else None


def _scaled(given: str | None, decimals: int, option: str) -> int | None:
    """Read an amount or a percentage as it is written."""
    from adjudicator.units import scaled

    if given is None:
        return None
    try:
        number = scaled(given.removesuffix("%"), decimals)
    except ValueError:
        number = -1
    if number < 0:
        raise click.BadParameter(_t("select.bad_number", given=given, decimals=decimals), param_hint=option)
    return number


@select.command("list", help=_t("select.list.help"))
@scheme_option
@language_option
def list_(scheme: Path, language: str) -> None:
    """List the selections."""
    from adjudicator.books.books import open_books
    from adjudicator.books.review.selection import kept_selections
    from adjudicator.books.review.selection_estimate import done_so_far
    from adjudicator.presentation.review_selection import print_selections

    with told(language), open_books(scheme) as books:
        with books.database.reading() as connection:
            kept = [(one, done_so_far(connection, one)) for one in kept_selections(connection)]
        print_selections(out(), books, kept, language)


@select.command("show", help=_t("select.show.help"))
@click.argument("number", type=click.IntRange(1))
@click.option("--all", "every", is_flag=True, help=_t("select.every"))
@scheme_option
@language_option
def show(number: int, every: bool, scheme: Path, language: str) -> None:
    """Show a selection and its claims."""
    from adjudicator.books.books import open_books
    from adjudicator.books.review.selection_estimate import claims_of
    from adjudicator.presentation.review_selection import print_selection

    with told(language), open_books(scheme) as books:
        kept, claims = claims_of(books, number)
        print_selection(out(), books, kept, claims, every, language)


@select.command("estimate", help=_t("select.estimate.help"), epilog=_t("select.estimate.example"))
@click.argument("number", type=click.IntRange(1))
@click.option(
    "--confidence",
    type=click.FloatRange(50, 99.9),
    default=95,
    show_default=True,
    help=_t("select.confidence"),
)
@click.option("--partial", is_flag=True, help=_t("select.partial"))
@scheme_option
@language_option
def estimate(number: int, confidence: float, partial: bool, scheme: Path, language: str) -> None:
    """Estimate from what was reviewed."""
    from adjudicator.books.books import open_books
    from adjudicator.books.review.selection_estimate import estimate_selection
    from adjudicator.presentation.review_selection import print_estimate

    with told(language), open_books(scheme) as books:
        done = estimate_selection(books, number, confidence / 100, partial)
        print_estimate(out(), books, done, language)


# What patients say.


@click.group(help=_t("feedback.help"), epilog=_t("feedback.example"))
def feedback() -> None:
    """Patients' feedback."""


@feedback.command("record", help=_t("feedback.record.help"), epilog=_t("feedback.record.example"))
@click.argument("claim")
@click.option("--care-rendered", type=YES_OR_NO, help=_t("feedback.care_rendered"))
@click.option("--payment-asked", type=YES_OR_NO, help=_t("feedback.payment_asked"))
@click.option("--drugs-prescribed", type=YES_OR_NO, help=_t("feedback.drugs_prescribed"))
@click.option("--drugs-received", type=YES_OR_NO, help=_t("feedback.drugs_received"))
@click.option("--mark", type=click.IntRange(0, 5), help=_t("feedback.mark"))
@click.option("--words", help=_t("feedback.words"))
@click.option("--correct", help=_t("feedback.correct"))
@scheme_option
@person_option
@language_option
def record(
    claim: str,
    mark: int | None,
    words: str | None,
    correct: str | None,
    scheme: Path,
    by: str | None,
    language: str,
    **answers: str | None,
) -> None:
    """Put down what a patient said."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.feedback import record_feedback
    from adjudicator.presentation.review_selection import print_answer
    from adjudicator.review.feedback import Feedback

    said = {name: None if answer is None else answer == "yes" for name, answer in answers.items()}
    with told(language), open_books(scheme) as books:
        one = record_feedback(books, claim, Feedback(**said, mark=mark, words=words), who(by), correct)
        print_answer(out(), books, one, language)


@feedback.command("load", help=_t("feedback.load.help"))
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@scheme_option
@person_option
@language_option
def load(path: Path, scheme: Path, by: str | None, language: str) -> None:
    """Load what patients said from a file."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.review.feedback import load_feedback
    from adjudicator.presentation.review_selection import print_feedback_load

    with told(language), open_books(scheme) as books:
        print_feedback_load(out(), books, load_feedback(books, path, who(by)), language)


@feedback.command("list", help=_t("feedback.list.help"))
@click.option("--contradictions", is_flag=True, help=_t("feedback.contradictions"))
@scheme_option
@language_option
def feedback_list(contradictions: bool, scheme: Path, language: str) -> None:
    """List what patients said."""
    from adjudicator.books.books import open_books
    from adjudicator.books.review.feedback import all_feedback
    from adjudicator.presentation.review_selection import print_feedback

    with told(language), open_books(scheme) as books:
        print_feedback(out(), books, all_feedback(books, contradictions), language)
