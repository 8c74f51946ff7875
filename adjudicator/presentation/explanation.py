"""An explanation as a person reads it, on a screen or as plain text, and as a record for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from adjudicator.adjudication.explanation import Explanation, LineExplanation
from adjudicator.adjudication.steps import ExplainedStep
from adjudicator.adjudication.telling import Sentence, Term
from adjudicator.units import date_of, unscaled
from adjudicator.vocabulary import ClaimStatus, Cut, Reason
from adjudicator.words import Amount, Message, message, say, shown, text

_INDENT: Final = "  "


def print_explanation(console: Console, explanation: Explanation, language: str) -> None:
    """Print an explanation to a console."""
    console.print(explanation_view(explanation, language))


def explanation_view(explanation: Explanation, language: str) -> Group:
    """Lay out an explanation: the claim, where its amount went, and each line with its steps."""
    return Group(*_claim_view(explanation, language))


class _Paragraph:
    """A sentence, indented and wrapped where its language allows a break, with its term behind it."""

    def __init__(self, sentence: str, term: str | None) -> None:
        self._sentence = sentence
        self._term = term

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # Rich breaks at spaces that do not break, which would tear French numbers apart.
        whole = self._sentence if self._term is None else f"{self._sentence} [{self._term}]"
        lines = textwrap.wrap(whole, options.max_width - len(_INDENT), break_on_hyphens=False)
        text = Text("\n".join(_INDENT + line for line in lines))
        if self._term is not None:
            text.stylize("dim", text.plain.rindex(" ["))
        yield text


def told(sentence: Sentence, language: str) -> str:
    """Give a sentence's text: it begins with a capital letter, whatever it begins with."""
    words = say(sentence.said, language)
    return words[:1].upper() + words[1:]


def _claim_view(explanation: Explanation, language: str) -> Iterator[RenderableType]:
    yield Text(say(explanation.title, language), style="bold")
    yield from _sentences(explanation.sentences, language)
    if explanation.decided.status is not ClaimStatus.REJECTED:
        yield Text()
        yield _account(explanation, language)
    if explanation.decided.struck:
        # Nothing more is known of a line whose whole claim is rejected.
        yield Text()
        for line in explanation.lines:
            yield Text(f"{say(line.title, language)}. {told(line.sentences[0], language)}", style="red")
        return
    yield from _line_views(explanation, explanation.lines, language)
    if (before := explanation.before_review) is not None:
        pairs = zip(before.lines, explanation.lines, strict=True)
        changed = [line for line, now in pairs if _differ(line, now)]
        if changed:
            yield Text()
            yield Text(text("explanation.before_review", language), style="bold underline")
            yield from _line_views(before, changed, language)


def _differ(before: LineExplanation, now: LineExplanation) -> bool:
    """Tell whether a review changed more of a line than the balances that it found."""
    was, became = before.decided, now.decided
    return (was.reason, was.quantity, was.unit_price, was.cuts) != (
        became.reason,
        became.quantity,
        became.unit_price,
        became.cuts,
    )


def _line_views(
    explanation: Explanation, lines: Sequence[LineExplanation], language: str
) -> Iterator[RenderableType]:
    for line in lines:
        yield Text()
        yield from _line_view(explanation, line, language)


def _line_view(explanation: Explanation, line: LineExplanation, language: str) -> Iterator[RenderableType]:
    accepted = line.decided.reason is Reason.ACCEPTED
    yield Text(say(line.title, language), style="bold green" if accepted else "bold red")
    yield from _sentences(line.sentences, language)
    if line.steps:
        yield Text()
        yield _steps(line.steps, explanation.decimals, language)


def _sentences(sentences: Sequence[Sentence], language: str) -> Iterator[RenderableType]:
    for sentence in sentences:
        term = None if sentence.term is None else _term(sentence.term, language)
        yield _Paragraph(told(sentence, language), term)


def _account(explanation: Explanation, language: str) -> Table:
    """Lay out where what was claimed went; parts that took nothing are left out."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    first, *parts, last = explanation.account
    for part in (first, *(part for part in parts if part.amount), last):
        amount: Amount | Message = Amount(part.amount, explanation.decimals)
        is_end = part in (first, last)
        if is_end:
            amount = message("explanation.money", currency=explanation.currency, amount=amount)
        label = Text(_INDENT + say(part.label, language))
        table.add_row(label, Text(shown(amount, language)), style="bold" if is_end else "")
    return table


def _steps(steps: Sequence[ExplainedStep], decimals: int, language: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("step", "before", "taken", "after", "balance", "term"):
        heading = text(f"explanation.column.{name}", language)
        if name == "step":
            table.add_column(_INDENT + heading, no_wrap=True)
        elif name == "term":
            table.add_column(heading, overflow="fold")
        else:
            table.add_column(heading, justify="right", no_wrap=True)

    def amount(minor: int | None) -> str:
        return "" if minor is None else str(shown(Amount(minor, decimals), language))

    for step in steps:
        taken = "" if step.cut is None else amount(-step.taken)
        balance = " → ".join(amount(left) for left in (step.left_before, step.left_after) if left is not None)
        term = "" if step.term is None else _term(step.term, language)
        label = _INDENT + say(step.label, language)
        cells = (label, amount(step.before), taken, amount(step.after), balance)
        table.add_row(*(Text(cell) for cell in cells), Text(term, style="dim"))
    return table


def _term(term: Term, language: str) -> str:
    """Write a term with the name of its file and the line; nobody needs the folders to find it."""
    place = term.place
    path = text("explanation.by_default", language, term=term.path) if term.by_default else term.path
    if place is None or place.file is None:
        return f"{term.product} {path}"
    line = "" if place.line is None else f":{place.line}"
    return f"{place.file.name}{line} {path}"


# For programs.


def as_record(explanation: Explanation, language: str) -> dict[str, Any]:
    """Give an explanation as plain values for JSON.

    Keys and words are the project's own and do not change with the language, which is that of the
    sentences. Amounts are decimals in major units, written as text; dates are ISO dates.
    """
    return _Recorder(explanation.decimals, language).claim(explanation)


class _Recorder:
    """Writes records with the decimals of one currency and the sentences of one language."""

    def __init__(self, decimals: int, language: str) -> None:
        self._decimals = decimals
        self._language = language

    def claim(self, explanation: Explanation) -> dict[str, Any]:
        decision = explanation.decided
        claim = decision.claim
        before = explanation.before_review
        return {
            "claim": claim.claim,
            "facility": claim.facility,
            "insuree": claim.insuree,
            "date_from": _date(claim.date_from),
            "date_to": _date(claim.date_to),
            "date_claimed": _date(claim.date_claimed),
            "visit_type": claim.visit_type.word,
            "category": decision.category.word,
            "status": decision.status.word,
            **self._reason(decision.reason),
            "currency": explanation.currency,
            "claimed": self._money(decision.claimed),
            "valuated": self._money(decision.valuated),
            "account": {part.word: self._money(part.amount) for part in explanation.account},
            "sentences": self._sentences(explanation.sentences),
            "lines": [self._line(line) for line in explanation.lines],
            "before_review": None if before is None else self.claim(before),
        }

    def _line(self, line: LineExplanation) -> dict[str, Any]:
        decided = line.decided
        origin, version = decided.price_origin, decided.version
        return {
            "line": decided.line.number,
            "kind": decided.line.kind.word,
            "code": decided.line.code,
            "name": line.name,
            "status": decided.status.word,
            **self._reason(decided.reason),
            "quantity_asked": _quantity(decided.line.quantity),
            "price_asked": self._money(decided.line.price_asked),
            "policy": decided.policy,
            "product": None if version is None else version.product,
            "price_origin": None if origin is None else origin.word,
            "quantity": _quantity(decided.quantity),
            "unit_price": self._money(decided.unit_price),
            "gross": self._money(decided.gross),
            **{cut.word: self._money(decided.cuts.get(cut, 0)) for cut in Cut},
            "valuated": self._money(decided.valuated),
            "sentences": self._sentences(line.sentences),
            "steps": [self._step(step) for step in line.steps],
        }

    def _step(self, step: ExplainedStep) -> dict[str, Any]:
        return {
            "step": "gross" if step.cut is None else step.cut.word,
            "label": say(step.label, self._language),
            "before": self._money(step.before),
            "cut": self._money(step.taken),
            "after": self._money(step.after),
            "balance_before": self._money(step.left_before),
            "balance_after": self._money(step.left_after),
            "quantity": _quantity(step.quantity),
            "unit_amount": self._money(step.unit),
            "percentage": _quantity(step.percentage),
            "term": _term_record(step.term),
        }

    def _sentences(self, sentences: Sequence[Sentence]) -> list[dict[str, Any]]:
        return [
            {"text": told(sentence, self._language), "term": _term_record(sentence.term)}
            for sentence in sentences
        ]

    def _reason(self, reason: Reason) -> dict[str, Any]:
        if reason is Reason.ACCEPTED:
            return {"reason": None, "reason_word": None}
        return {"reason": int(reason), "reason_word": reason.word}

    def _money(self, minor: int | None) -> str | None:
        return None if minor is None else format(unscaled(minor, self._decimals), "f")


def _quantity(hundredths: int | None) -> str | None:
    return None if hundredths is None else format(unscaled(hundredths, 2), "f")


def _date(day: int | None) -> str | None:
    return None if day is None else date_of(day).isoformat()


def _term_record(term: Term | None) -> dict[str, Any] | None:
    if term is None:
        return None
    place = term.place
    return {
        "product": term.product,
        "path": term.path,
        "by_default": term.by_default,
        "file": None if place is None or place.file is None else str(place.file),
        "line": None if place is None else place.line,
        "column": None if place is None else place.column,
    }
