"""Selections and feedback for people: what was drawn, what is estimated from it, what patients say."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console

from adjudicator.books.books import Books
from adjudicator.books.review.feedback import Answered, FeedbackLoad
from adjudicator.books.review.selection import Drawn, Kept
from adjudicator.books.review.selection_estimate import Estimated, if_nothing_is_found
from adjudicator.books.review.selection_plan import REVIEW
from adjudicator.presentation.books import print_warnings
from adjudicator.presentation.face import Face
from adjudicator.presentation.tables import at
from adjudicator.review.estimate import THIN, Estimate, Interval
from adjudicator.review.feedback import QUESTIONS
from adjudicator.review.selection import DRAWN_BY_LOT, Method
from adjudicator.review.strata import in_words
from adjudicator.units import divide_rounded
from adjudicator.vocabulary import Severity
from adjudicator.words import Amount, Percentage, message, moment, say, text

LISTED: Final = 20
"""How many claims are listed, if not all are asked for."""

USUAL_CONFIDENCE: Final = 0.95
"""Of what is said of a sample before it is reviewed."""


class _Writer(Face):
    """A console, and the language and currency of its reader."""

    def __init__(self, console: Console, books: Books, language: str) -> None:
        super().__init__(console, books, language, "review_selection")

    def estimated(self, minor: float) -> str:
        """Write an estimate, rounded to the minor unit."""
        return self.money(round(minor))

    def rounded(self, minor: float) -> Amount:
        """Round an estimate to the minor unit, to be shown in a text."""
        return Amount(round(minor), self.decimals)

    def share(self, part: float, whole: int) -> str:
        hundredths = round(part * 10_000 / whole) if whole else 0
        return self.percent(hundredths)


# Selections.


def print_drawn(console: Console, books: Books, drawn: Drawn, dry_run: bool, language: str) -> None:
    """Say what a draw gave."""
    write = _Writer(console, books, language)
    record = drawn.record
    _print_record(write, record)
    if drawn.plan.method in DRAWN_BY_LOT:
        _print_promise(write, drawn)
    if not record["selected"]["claims"]:
        write.say("nothing_selected", "yellow")
    elif dry_run:
        write.say("dry", "yellow")
    else:
        write.say("done", "bold green", selection=str(drawn.number))


def _print_promise(write: _Writer, drawn: Drawn) -> None:
    """Say what a sample can tell at best, while another can still be drawn."""
    confidence = Percentage(round(USUAL_CONFIDENCE * 10_000))
    still = if_nothing_is_found(drawn, USUAL_CONFIDENCE)
    if still == 0:
        return
    if still is None:
        write.say("promise.none", "yellow")
        return
    share = write.share(still, drawn.record["frame"]["valuated"])
    write.say("promise", amount=Amount(still, write.decimals), share=share, confidence=confidence)
    if drawn.plan.method is Method.RANDOM:
        write.say("promise.strata", "dim")


def print_selections(console: Console, books: Books, kept: Sequence[tuple[Kept, int]], language: str) -> None:
    """List selections, each with how many of its claims were reviewed or answered."""
    write = _Writer(console, books, language)
    if not kept:
        write.say("no_selections")
        return
    columns = (("", True), ("purpose", False), ("method", False), ("by", False), ("at", False))
    counts = (("selected", True), ("of", True), ("valuated", True), ("done", True))
    table = write.table(*columns, *counts)
    for one, done in kept:
        record = one.record
        table.add_row(
            str(one.selection),
            write.word(f"purpose.{one.purpose}"),
            write.word(f"method.{one.method.value}"),
            one.by,
            at(one.at),
            write.count(record["selected"]["claims"]),
            write.count(record["frame"]["claims"]),
            write.money(record["selected"]["valuated"]),
            write.count(done),
        )
    console.print(table)


def print_selection(
    console: Console,
    books: Books,
    kept: Kept,
    claims: Sequence[Mapping[str, Any]],
    every: bool,
    language: str,
) -> None:
    """Show a selection and its claims."""
    write = _Writer(console, books, language)
    write.say(
        "heading",
        "bold",
        selection=str(kept.selection),
        purpose=write.word(f"purpose.{kept.purpose}"),
        method=write.word(f"method.{kept.method.value}"),
        by=kept.by,
        at=moment(kept.at),
    )
    _print_record(write, kept.record)
    write.say("verified", "green", hash=kept.record["frame"]["hash"][:12])
    columns = (("facility", False), ("claim", False), ("stratum", False), ("probability", True))
    table = write.table(*columns, ("claimed", True), ("valuated", True), ("done", False))
    for row in claims if every else claims[:LISTED]:
        table.add_row(
            row["facility"],
            row["claim"],
            _stratum(write, row["stratum"]),
            f"{row['probability']}/{row['of']}",
            write.money(row["claimed"]),
            write.money(row["valuated"]),
            "✓" if row["done"] else "",
        )
    console.print(table)
    if len(claims) > LISTED and not every:
        write.say("more", "dim", left=len(claims) - LISTED)


def _print_record(write: _Writer, record: Mapping[str, Any]) -> None:
    frame, selected = record["frame"], record["selected"]
    write.say(
        "frame",
        claims=frame["claims"],
        claimed=Amount(frame["claimed"], write.decimals),
        valuated=Amount(frame["valuated"], write.decimals),
    )
    for why, count in record["left_out"].items():
        if count:
            write.say(f"left_out.{why}", "dim", claims=count)
    if record["history"]:
        write.say("history", start=_day(record["history"][0]), end=_day(record["history"][1]))
    if record["bounds"]:
        bounds = [Amount(bound, write.decimals) for bound in record["bounds"]]
        write.say("bounds", "dim", bounds=bounds)
    _print_strata(write, record)
    write.say(
        "selected",
        claims=selected["claims"],
        claimed=Amount(selected["claimed"], write.decimals),
        valuated=Amount(selected["valuated"], write.decimals),
        share=write.share(selected["valuated"], frame["valuated"]),
    )


def _print_strata(write: _Writer, record: Mapping[str, Any]) -> None:
    means = {mean["group"]: mean for mean in record["means"]}
    strata = record["strata"]
    if means:
        _print_compared(write, strata)
        strata = sorted(strata, key=lambda one: -one["claimed"])
    elif len(strata) < 2:
        return
    extra = (("peers", True), ("mean", True)) if means else ()
    columns = (("stratum", False), ("claims", True), ("selected", True), *extra)
    table = write.table(*columns, ("claimed", True), ("valuated", True))
    for one in strata[:LISTED] if means else strata:
        counts = (write.count(one[name]) for name in ("claims", "drawn"))
        compared = _compared(write, means[one["name"]]) if means else ()
        amounts = (write.money(one[name]) for name in ("claimed", "valuated"))
        table.add_row(_stratum(write, one["name"]), *counts, *compared, *amounts)
    write.console.print(table)
    if means and len(strata) > LISTED:
        write.say("more_groups", "dim", left=len(strata) - LISTED)


def _compared(write: _Writer, mean: Mapping[str, Any]) -> tuple[str, str]:
    """Write how many claims were compared with, and their mean."""
    count = mean["claims"]
    return write.count(count), write.money(divide_rounded(mean["total"], count)) if count else ""


def _print_compared(write: _Writer, strata: Sequence[Mapping[str, Any]]) -> None:
    """Say how many claims were compared by what."""
    counts: Counter[str] = Counter()
    for one in strata:
        names = [part.partition("=")[0] for part in one["name"].split(", ")]
        by = [write.word(f"by.{name}" if "=" in one["name"] else f"stratum.{name}") for name in names]
        counts[", ".join(by)] += one["drawn"]
    told = [message("review_selection.compared", by=by, claims=count) for by, count in counts.most_common()]
    write.say("compared_all", counts=told)


def _day(written: str | None) -> dt.date | None:
    return None if written is None else dt.date.fromisoformat(written)


def _stratum(write: _Writer, name: str) -> str:
    return say(in_words(name), write.language)


# Estimates.


def print_estimate(console: Console, books: Books, done: Estimated, language: str) -> None:
    """Say what is estimated from a selection, and how sure that is."""
    write = _Writer(console, books, language)
    found = done.estimate
    purpose = done.kept.purpose
    write.say(
        f"estimate.title.{purpose}",
        "bold",
        selection=str(done.kept.selection),
        claims=found.claims,
        valuated=Amount(found.valuated, write.decimals),
    )
    write.say(
        f"estimate.found.{purpose}",
        reviewed=found.reviewed,
        overpaid=found.overpaid_claims,
        amount=Amount(found.found, write.decimals),
    )
    if found.reviewed == found.claims:
        write.say("estimate.census", "green")
    else:
        _print_intervals(write, done)
    if done.kept.method.value in ("all", "value", "variance"):
        write.say("estimate.not_random", "yellow")
    if done.waiting:
        write.say(f"estimate.partial.{purpose}", "bold yellow", waiting=done.waiting)
        extremes = {"none": write.rounded(done.if_none), "all": write.rounded(done.if_all)}
        write.say("estimate.extremes", "yellow", **extremes)
    if done.released:
        write.say("estimate.released", "yellow", claims=done.released)
    if done.unapplied:
        write.say("estimate.unapplied", "yellow", claims=done.unapplied)
    if found.thin:
        write.say("estimate.thin", "yellow", found=found.overpaid_claims, least=THIN)


def _print_intervals(write: _Writer, done: Estimated) -> None:
    found = done.estimate
    table = write.table(
        ("estimator", False),
        ("estimate", True),
        ("low", True),
        ("high", True),
        ("share", True),
        ("share_low", True),
        ("share_high", True),
        ("error", True),
        ("freedom", True),
    )
    intervals = (("expansion", found.expansion), ("ratio", found.ratio))
    known = [(name, interval) for name, interval in intervals if interval is not None]
    for name, interval in known:
        table.add_row(write.word(f"estimator.{name}"), *_cells(write, interval, found.valuated))
    write.console.print(table)
    write.say("estimate.confidence", "dim", confidence=Percentage(round(found.confidence * 10_000)))
    alone = [
        message(
            "review_selection.estimate.student_of",
            estimator=message(f"review_selection.estimator.{name}"),
            low=write.rounded(interval.estimate - interval.student),
            high=write.rounded(interval.estimate + interval.student),
        )
        for name, interval in known
    ]
    write.say("estimate.student", "dim", intervals=alone)
    if found.expansion.estimate > found.expansion.high:
        write.say("estimate.beyond", "yellow")
    if done.kept.purpose == REVIEW:
        lower = Percentage(round((1 + found.confidence) / 2 * 10_000))
        write.say("estimate.lower_end", "dim", confidence=lower)
    _print_by_stratum(write, found)


def _print_by_stratum(write: _Writer, found: Estimate) -> None:
    columns = (("stratum", False), ("claims", True), ("reviewed", True), ("overpaid", True), ("found", True))
    table = write.table(*columns, ("estimate", True), ("error", True), ("unseen", True), ("at_worst", True))
    for one in found.strata:
        counts = (write.count(count) for count in (one.claims, one.reviewed, one.overpaid_claims))
        amounts = (write.estimated(amount) for amount in (one.estimate, one.error))
        unseen = write.count(one.unseen_claims), write.money(one.unseen_valuated)
        table.add_row(_stratum(write, one.name), *counts, write.money(one.overpaid), *amounts, *unseen)
    write.console.print(table)
    write.say("estimate.unseen", "dim")


def _cells(write: _Writer, interval: Interval, valuated: int) -> list[str]:
    ends = (interval.estimate, interval.low, interval.high)
    return [
        *(write.estimated(amount) for amount in ends),
        *(write.share(amount, valuated) for amount in ends),
        write.estimated(interval.error),
        "–" if interval.freedom is None else write.count(int(interval.freedom)),
    ]


# Feedback.


def print_answer(console: Console, books: Books, one: Answered, language: str) -> None:
    """Say what was put down of a claim, and what contradicts it."""
    write = _Writer(console, books, language)
    write.say("feedback.done", "green", claim=f"{one.facility}/{one.claim}")
    if not one.asked:
        write.say("feedback.not_asked", "dim")
    _print_findings(write, one)


def print_feedback_load(console: Console, books: Books, done: FeedbackLoad, language: str) -> None:
    """Say what a file of feedback brought."""
    write = _Writer(console, books, language)
    write.say("feedback.loaded", "green", added=done.added, present=done.present)
    contradicted = [one for one in done.answers if one.findings]
    if contradicted:
        write.say("feedback.contradicted", "yellow", claims=len(contradicted))
        for one in contradicted:
            write.console.print(f"{one.facility}/{one.claim}", style="bold")
            _print_findings(write, one)
    print_warnings(console, done.warnings, language)


def print_feedback(console: Console, books: Books, answers: Sequence[Answered], language: str) -> None:
    """List feedback, with what contradicts the claims."""
    write = _Writer(console, books, language)
    if not answers:
        write.say("feedback.none")
        return
    columns = (("facility", False), ("claim", False), *((name, False) for name in QUESTIONS))
    table = write.table(*columns, ("mark", True), ("findings", False))
    for one in answers:
        answered = (getattr(one.said, name) for name in QUESTIONS)
        findings = "\n".join(
            text("review.told", language, what=finding.severity, more=finding.what)
            for finding in one.findings
        )
        mark = "" if one.said.mark is None else str(one.said.mark)
        table.add_row(one.facility, one.claim, *(_answer(write, said) for said in answered), mark, findings)
    console.print(table)


def _answer(write: _Writer, said: bool | None) -> str:
    return "" if said is None else write.word("answer.yes" if said else "answer.no")


def _print_findings(write: _Writer, one: Answered) -> None:
    for finding in one.findings:
        style = "red" if finding.severity >= Severity.HIGH else "yellow"
        told = text("review.told", write.language, what=finding.severity, more=finding.what)
        write.console.print(told, style=style, soft_wrap=True)
