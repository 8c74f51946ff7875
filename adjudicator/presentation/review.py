"""The queue as medical officers read it: lists, one case with its claim, a decision before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from adjudicator.books.books import Books
from adjudicator.books.review.case_file import CaseFile, FileLine, OtherClaim
from adjudicator.books.review.cases import Case
from adjudicator.books.review.delivery import LineAmounts, Trial
from adjudicator.books.review.flags import Flag
from adjudicator.books.review.queue_figures import Figures
from adjudicator.presentation.rules import in_language
from adjudicator.presentation.tables import Names
from adjudicator.review.cases import Event, State, What
from adjudicator.review.decision import ReviewedLine
from adjudicator.review.grading import Grade
from adjudicator.review.reasons import REASONS, Use
from adjudicator.review.strata import in_words
from adjudicator.review.usefulness import Usefulness
from adjudicator.review.working_days import working_days_late
from adjudicator.rulebook.flags import explanation
from adjudicator.units import divide_rounded
from adjudicator.vocabulary import Reason, ReviewStatus
from adjudicator.words import Amount, Message, Percentage, Quantity, label, message, say, shown, text

WHOLE: Final = "all"
"""The stratum of a selection that has only one."""


class ReviewView:
    """Lays out what the queue says, for one currency and language."""

    def __init__(self, books: Books, language: str) -> None:
        self._calendar = books.settings.review.calendar
        self._decimals, self._currency, self._language = (
            books.decimals,
            books.settings.currency,
            language,
        )

    def _text(self, key: str, **values: Any) -> str:
        return text(f"review.{key}", self._language, **values)

    def _shown(self, value: Any) -> str:
        return str(shown(value, self._language))

    def _money(self, minor: int | None) -> str:
        return "–" if minor is None else self._shown(Amount(minor, self._decimals))

    def _day(self, day: dt.date | None) -> str:
        return "–" if day is None else day.isoformat()

    def _table(self, *columns: tuple[str, bool]) -> Table:
        """Lay out a table; of each column the key of its heading, and whether it holds numbers."""
        table = plain_table()
        for key, numbers in columns:
            heading = self._text(key, currency=self._currency)
            # Numbers of claims are copied from here: they stay whole.
            whole = numbers or key == "list.claim"
            table.add_column(heading, justify="right" if numbers else "left", overflow="fold", no_wrap=whole)
        return table

    # Lists.

    def cases(self, cases: Sequence[Case], now: dt.datetime) -> Table:
        """List open cases in the order in which they are given out."""
        table = self._table(
            *(
                (f"list.{name}", name in ("case", "saving", "score", "minutes"))
                for name in (
                    "case",
                    "claim",
                    "queue",
                    "state",
                    "officer",
                    "score",
                    "saving",
                    "minutes",
                    "due",
                    "why",
                )
            )
        )
        for case in cases:
            standing = case.standing
            due, late = self._due(case, now.date())
            state = say(standing.state.label, self._language)
            if standing.ran_out(now):
                state = self._text("list.time_over", state=state)
            table.add_row(
                str(case.case),
                case.name,
                case.queue,
                state,
                standing.officer or "",
                str(case.score),
                self._money(case.saving),
                str(case.minutes),
                due,
                Names(tuple(self._why(case))),
                style="red" if late else "dim" if standing.state is not State.OPEN else "",
            )
        return table

    def _due(
        self, case: Case, today: dt.date, written: Callable[[dt.date], str] = dt.date.isoformat
    ) -> tuple[str, bool]:
        """Tell when a case is due, in words or as tables have it, and whether it is late."""
        standing = case.standing
        if standing.state is State.RETURNED and standing.until is not None:
            return self._text("list.until", day=written(standing.until.date())), False
        late = working_days_late(standing.due, today, self._calendar)
        if late:
            return self._text("list.overdue", day=written(standing.due), days=late), True
        return written(standing.due), False

    def _why(self, case: Case) -> Iterator[str]:
        yield from case.rules
        for number in case.selections:
            yield self._text("list.drawn", selection=str(number))

    # One case.

    def file(self, file: CaseFile, today: dt.date) -> Group:
        """Lay out a case with its claim."""
        return Group(*self._file(file, today))

    def _file(self, file: CaseFile, today: dt.date) -> Iterator[RenderableType]:
        case, standing = file.case, file.case.standing
        state = say(standing.state.label, self._language)
        title = self._text("show.title", case=str(case.case), claim=case.name, state=state)
        if standing.officer and not standing.closed:
            title += " · " + self._text("show.officer", officer=standing.officer)
        yield Text(title, style="bold")
        yield Text(self._patient(file))
        yield Text(self._stay(file))
        for code, name in file.diagnoses:
            yield Text(f"  {code} {name or ''}".rstrip())
        if file.explanation:
            yield Text("  " + self._text("show.explained", words=file.explanation))
        values = {
            "saving": self._money(case.saving),
            "currency": self._currency,
            "minutes": case.minutes,
        }
        due, late = self._due(case, standing.since.date() if standing.closed else today, self._shown)
        told = self._text("show.queue", **values, score=str(case.score), due=due)
        yield Text(told, style="red" if late else "dim")
        if file.settled is not None:
            how_far = file.settled.state.value if file.settled.state else "due"
            state = text(f"closing.payment.{how_far}", self._language)
            yield Text(self._text("show.settled", month=file.settled.month, state=state), style="yellow")
        yield from self._heading("show.why")
        yield from self._reasons_to_look(file)
        yield from self._heading("show.lines", currency=self._currency)
        yield self._lines(file)
        for line in file.lines:
            if line.explanation:
                yield Text("  " + self._text("show.note", line=str(line.line), words=line.explanation))
        if file.earlier:
            yield from self._heading("show.earlier")
            for reviewed in file.earlier.values():
                yield _indented(self._reviewed(reviewed))
        yield Text()
        yield from self._history(file)
        yield from self._heading("show.events")
        for event in file.events:
            yield _indented(self._event(event))

    def _heading(self, key: str, **values: Any) -> Iterator[Text]:
        yield Text()
        yield Text(self._text(key, **values), style="bold")

    def _patient(self, file: CaseFile) -> str:
        patient = file.patient
        parts = [self._text("show.patient", insuree=patient.insuree)]
        if patient.sex is None:
            parts.append(self._text("show.unknown"))
        else:
            parts += [patient.name] if patient.name else []
            parts.append(label(patient.sex, self._language))
            if patient.years is not None:
                parts.append(self._text("show.years", years=patient.years))
            if patient.family:
                parts.append(self._text("show.family", family=patient.family))
        return " · ".join(parts)

    def _stay(self, file: CaseFile) -> str:
        facility = self._text(
            "show.facility", code=file.case.facility, name=file.facility_name or ""
        ).rstrip()
        if file.date_from is None:
            dates = self._text("show.no_dates")
        elif file.date_to is None or file.date_to == file.date_from:
            dates = self._text("show.day", **{"from": file.date_from})
        else:
            dates = self._text("show.dates", **{"from": file.date_from, "to": file.date_to})
        claimed = self._text("show.claimed_on", day=file.date_claimed)
        return " · ".join((facility, label(file.category, self._language), dates, claimed))

    def _reasons_to_look(self, file: CaseFile) -> Iterator[Padding]:
        for flag in file.flags:
            yield _indented(self._flag(flag))
        if file.answered is not None:
            for finding in file.answered.findings:
                what = self._text("show.patient_says", severity=finding.severity)
                yield _indented(self._text("told", what=what, more=finding.what))
        for selection in file.selections:
            chance, of = selection.probability
            values = {
                "selection": str(selection.selection),
                "method": text(f"review_selection.method.{selection.method}", self._language),
                "by": selection.by,
                "probability": Percentage(divide_rounded(chance * 10_000, of)),
            }
            told = self._text("show.selection", **values)
            if selection.stratum not in (None, WHOLE):
                told += ", " + self._text("show.stratum", stratum=in_words(selection.stratum))
            yield _indented(told)

    def _flag(self, flag: Flag) -> str:
        values = {"rule": flag.rule, "score": str(flag.score), "line": str(flag.line)}
        if flag.text is not None:
            title = in_language(flag.text.definition.title, self._language)
            values["rule"] = self._text("show.rule", title=title, rule=flag.rule, severity=flag.severity)
            if flag.text.definition.status == "shadow":
                values["rule"] = self._text("show.on_trial", rule=values["rule"])
        told = self._text("show.flag_line" if flag.line else "show.flag", **values)
        if flag.text is not None:
            explained = explanation(flag.text, flag.values, self._decimals, self._language)
            return self._text("told", what=told, more=explained)
        made_it_fire = ", ".join(f"{name} = {value}" for name, value in flag.values.items())
        return self._text("told", what=told, more=made_it_fire) if made_it_fire else told

    def _lines(self, file: CaseFile) -> Table:
        columns = ("line", "provision", "asked", "price", "list", "allowed", "cuts", "valuated")
        table = self._table(*((f"show.{name}", name not in ("provision", "cuts")) for name in columns))
        for line in file.lines:
            table.add_row(*self._line(line), style="red" if line.reason is not Reason.ACCEPTED else "")
        status = label(file.status, self._language)
        kind = label(file.category, self._language)
        told = self._text("show.total", category=kind, status=status, claimed=self._money(file.claimed))
        table.add_row("", told, "", "", "", "", "", self._money(file.valuated), style="bold")
        return table

    def _line(self, line: FileLine) -> Iterator[str]:
        yield str(line.line)
        yield f"{line.code} {line.name or ''}".rstrip()
        yield self._shown(Quantity(line.quantity_asked))
        yield self._money(line.price_asked)
        yield self._money(line.list_price)
        if line.reason is not Reason.ACCEPTED:
            yield ""
            yield label(line.reason, self._language)
        else:
            yield self._shown(Quantity(line.quantity))
            cuts = [
                f"{label(cut, self._language)} {self._money(-amount)}" for cut, amount in line.cuts.items()
            ]
            # One below the other: a line would be broken inside of French numbers.
            yield "\n".join(cuts)
        yield self._money(line.valuated)

    def _history(self, file: CaseFile) -> Iterator[RenderableType]:
        if not file.history:
            yield Text(self._text("show.no_history"), style="bold")
            return
        told = self._text("show.history", count=file.others, currency=self._currency)
        yield Text(told, style="bold")
        table = self._table(
            ("list.claim", False),
            ("show.from", False),
            ("show.apart", True),
            ("show.diagnosis", False),
            ("show.status", False),
            ("show.claimed", True),
            ("show.valuated", True),
        )
        for other in file.history:
            table.add_row(*self._other(other))
        yield table

    def _other(self, other: OtherClaim) -> Iterator[str]:
        yield f"{other.facility}/{other.claim}"
        yield self._day(other.date_from)
        yield "" if other.days_apart is None else f"{other.days_apart:+d}"
        yield other.diagnosis or ""
        yield f"{label(other.category, self._language)}, {label(other.status, self._language)}"
        yield self._money(other.claimed)
        yield self._money(other.valuated)

    def _reviewed(self, line: ReviewedLine) -> str:
        values: dict[str, Any] = {"line": str(line.line)}
        if line.quantity is not None:
            values["quantity"] = Quantity(line.quantity)
        if line.price is not None:
            values["price"] = Amount(line.price, self._decimals)
        if line.status is ReviewStatus.REJECTED:
            key = "rejected"
        elif "quantity" in values:
            key = "both" if "price" in values else "quantity"
        else:
            key = "price" if "price" in values else "as_claimed"
        return self._with_reason(self._text(f"line.{key}", **values), line.reason, line.words)

    def _with_reason(self, told: str, reason: str | None, words: str | None) -> str:
        if reason is not None:
            known = REASONS.get(reason)
            told += f" – {reason} {say(known.label, self._language) if known else ''}".rstrip()
        return f"{told} {self._text('quoted', words=words)}" if words else told

    def _event(self, event: Event) -> str:
        content = event.content
        told = f"{event.at:%Y-%m-%d %H:%M} {say(event.what.label, self._language)}, {event.by}"
        if event.what is What.ASSIGNED:
            to = content["to"]
            told += " " + (self._text("event.to", officer=to) if to else self._text("event.to_nobody"))
        if event.what is What.RETURNED:
            told += " " + self._text("event.until", day=dt.date.fromisoformat(content["until"][:10]))
        if event.what is What.REGRADED:
            was, now = (Grade.of_record(content[name]) for name in ("was", "is"))
            told = self._text("told", what=told, more=self._risen(was, now))
        if "due" in content:
            told += ", " + self._text("event.due", day=dt.date.fromisoformat(content["due"]))
        if "decision" in content:
            decision = content["decision"]
            told = self._text("told", what=told, more=self._text(f"verdict.{decision['verdict']}"))
            amounts = {name: self._money(value) for name, value in content["valuated"].items()}
            told += ", " + self._text("event.amounts", **amounts, currency=self._currency)
            return self._with_reason(told, decision["reason"], decision["words"])
        return self._with_reason(told, content.get("reason"), content.get("words"))

    def _risen(self, was: Grade, now: Grade) -> str:
        """Tell what came up about a case, and what it is expected to save since."""
        new = [rule for rule in now.rules if now.rules[rule] != was.rules.get(rule)]
        drawn = sorted(set(now.selections) - set(was.selections))
        parts = [*new, *(self._text("list.drawn", selection=str(number)) for number in drawn)]
        parts = parts or [self._text("event.decided_again")]
        amounts = {"before": self._money(was.saving), "after": self._money(now.saving)}
        told = self._text("event.saving", **amounts, currency=self._currency)
        return ", ".join((*parts, told))

    # A decision.

    def trial(self, trial: Trial) -> Group:
        """Lay out what a decision changes, line by line."""
        case = trial.case
        verdict = self._text(f"verdict.{trial.decision.verdict.value}")
        title = self._text("trial.title", case=str(case.case), claim=case.name, verdict=verdict)
        return Group(
            Text(title, style="bold"), *self._news(trial), self._changes(trial), *self._outcome(trial)
        )

    def _news(self, trial: Trial) -> Iterator[Text]:
        if trial.news is None:
            return
        proposed = trial.case.standing.state is State.SECOND_OPINION
        told = self._text("trial.news_proposed" if proposed else "trial.news", more=self._risen(*trial.news))
        yield Text(told, style="yellow")

    def _changes(self, trial: Trial) -> Table:
        names = ("line", "code", "quantity", "price", "before", "after", "reason")
        table = self._table(*((f"trial.{name}", name not in ("code", "reason")) for name in names))
        reviewed = {line.line: line for line in trial.review}
        for before, after in zip(trial.before, trial.after, strict=True):
            changed = before != after
            table.add_row(
                str(after.line),
                after.code,
                self._arrow(Quantity(before.quantity), Quantity(after.quantity)),
                self._arrow(self._price(before), self._price(after)),
                self._money(before.valuated),
                self._money(after.valuated),
                self._why_changed(reviewed.get(after.line), after),
                style="" if changed else "dim",
            )
        total = (self._money(amount) for amount in trial.amounts)
        table.add_row("", self._text("trial.total"), "", "", *total, "", style="bold")
        return table

    def _price(self, line: LineAmounts) -> Amount | str:
        return "–" if line.unit_price is None else Amount(line.unit_price, self._decimals)

    def _arrow(self, before: Any, after: Any) -> str:
        one, other = self._shown(before), self._shown(after)
        return one if one == other else f"{one} → {other}"

    def _why_changed(self, reviewed: ReviewedLine | None, after: LineAmounts) -> str:
        told = "" if after.reason is Reason.ACCEPTED else label(after.reason, self._language)
        if reviewed is None:
            return told
        return self._with_reason(told, reviewed.reason, reviewed.words).removeprefix(" – ")

    def _outcome(self, trial: Trial) -> Iterator[Text]:
        before, after = trial.amounts
        if before == after:
            moved = any(
                one.valuated != other.valuated for one, other in zip(trial.before, trial.after, strict=True)
            )
            key = "same_total" if moved else "same_sum" if trial.changes else "same"
            yield Text(self._text(f"trial.{key}"))
            return
        key = "saving" if after < before else "adds"
        amount = self._money(abs(before - after))
        style = "bold green" if after < before else "bold yellow"
        yield Text(self._text(f"trial.{key}", amount=amount, currency=self._currency), style=style)

    # Figures.

    def figures(self, figures: Figures, unapplied: int) -> Group:
        """Lay out how the queue stands, and what rules and selections were worth."""
        return Group(*self._figures(figures, unapplied))

    def _figures(self, figures: Figures, unapplied: int) -> Iterator[RenderableType]:
        yield Text(self._text("stats.waiting"), style="bold")
        if figures.waiting:
            names = ("state", "cases", "overdue", "oldest", "saving", "held_back")
            table = self._table(*((f"stats.{name}", name not in ("state", "oldest")) for name in names))
            for one in figures.waiting:
                counts = (self._shown(one.cases), self._shown(one.overdue), self._day(one.oldest))
                amounts = (self._money(one.saving), self._money(one.held_back))
                table.add_row(say(one.state.label, self._language), *counts, *amounts)
            yield table
        else:
            yield Text(self._text("list.empty"))
        if unapplied:
            yield Text(self._text("stats.unapplied", count=unapplied), style="yellow")
        yield from self.sources(figures.sources, figures.total)

    def sources(self, sources: Iterable[Usefulness], total: Usefulness) -> Iterator[RenderableType]:
        """Lay out what rules and selections were worth, and name those that only cost."""
        if not total.hits:
            return
        yield from self._heading("stats.sources")
        counts = ("hits", "waiting_now", "released", "decided")
        names = ("source", *counts, "agreement", "false_alarms", "saved", "minutes", "an_hour")
        table = self._table(*((f"stats.{name}", name != "source") for name in names))
        costs = []
        for one in sources:
            table.add_row(Names((self._source(one),)), *self._worth(one))
            if one.only_costs():
                costs.append(one)
        table.add_row(self._text("stats.all"), *self._worth(total), style="bold")
        yield table
        yield Text(self._text("stats.whole"), style="dim")
        for one in costs:
            told = self._text("stats.only_costs", source=self._source(one), decided=one.decided)
            yield Text(told, style="yellow")

    def _source(self, one: Usefulness) -> str:
        if one.source.startswith(":"):
            method = text(f"review_selection.method.{one.source[1:]}", self._language)
            return self._text("stats.method", method=method)
        return one.source

    def _worth(self, one: Usefulness) -> Iterator[str]:
        for count in (one.hits, one.waiting, one.released, one.decided):
            yield self._shown(count)
        for share in (one.agreement, one.false_alarms):
            yield "–" if share is None else self._shown(Percentage(share))
        yield self._money(one.saved)
        yield self._shown(divide_rounded(one.seconds, 60))
        yield self._money(one.saved_an_hour)


def _indented(told: str) -> Padding:
    return Padding(Text(told), (0, 0, 0, 2))


def plain_table() -> Table:
    """Lay out a table without lines."""
    return Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))


def reasons_table(language: str) -> Table:
    """List the coded reasons."""
    table = plain_table()
    for name in ("reason", "label", "uses", "carc"):
        table.add_column(text(f"review.list.{name}", language))
    for reason in REASONS.values():
        uses = [say(use.label, language) for use in Use if use in reason.uses]
        carc = " ".join(reason.carc) if reason.carc else ""
        table.add_row(reason.code, say(reason.label, language), ", ".join(uses), carc)
    return table


def print_done(console: Console, said: Message, language: str, style: str = "green") -> None:
    """Say what was done."""
    console.print(Text(say(said, language), style=style), soft_wrap=True)


def in_hand(case: Case) -> Message:
    """Say who has a case, and until when."""
    standing = case.standing
    until = standing.until.strftime("%Y-%m-%d %H:%M") if standing.until else "–"
    return message("review.in_hand", officer=standing.officer, case=str(case.case), until=until)
