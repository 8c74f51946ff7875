"""Rules as people read them: a list, one in full, and the fields that they can speak of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from adjudicator.product.definition import Label, Period
from adjudicator.rulebook.definition import Then
from adjudicator.rulebook.examples import Tried
from adjudicator.rulebook.fields import FIELDS, SHORT
from adjudicator.rulebook.read import CompiledRule
from adjudicator.units import OPEN_END, OPEN_START, date_of
from adjudicator.words import Percentage, label, parts, shown, text, unbroken

if TYPE_CHECKING:
    from adjudicator.trial import Trial


def in_language(said: Label, language: str) -> str:
    """Give a label in a language, as it is shown."""
    return unbroken(getattr(said, language), language)


def _plain_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading)
    return table


def _what_happens(then: Then, language: str) -> str:
    if then.flag:
        return text("rules.then.flag", language, queue=then.flag.queue, score=then.flag.score)
    if then.sample:
        share = Percentage(then.sample.share)
        return text("rules.then.sample", language, queue=then.sample.queue, share=share)
    assert then.reject is not None
    return text("rules.then.reject", language, reason=in_language(then.reject.reason, language))


def print_rules(console: Console, rules: Sequence[CompiledRule], language: str) -> None:
    """List rules, the gravest first."""
    headings = ("rule", "severity", "level", "status", "title")
    table = _plain_table(*(text(f"rules.list.{name}", language) for name in headings))
    for rule in sorted(rules, key=lambda rule: (-rule.definition.severity, rule.name)):
        said = rule.definition
        table.add_row(
            rule.name,
            label(said.severity, language),
            text(f"rules.level.{said.level.value}", language),
            text(f"rules.status.{said.status}", language),
            in_language(said.title, language),
        )
    console.print(table)


def print_rule(console: Console, rule: CompiledRule, language: str) -> None:
    """Show a rule in full."""
    said = rule.definition
    console.print(Text(f"{rule.name} — {in_language(said.title, language)}", style="bold"))
    console.print(Text(in_language(said.rationale, language)))
    rows = [
        ("severity", label(said.severity, language)),
        ("level", text(f"rules.level.{said.level.value}", language)),
        ("status", text(f"rules.status.{said.status}", language)),
        ("then", _what_happens(said.then, language)),
        ("source", said.source),
        ("explanation", _template(in_language(said.explanation, language))),
    ]
    if in_force := _in_force(said.valid, language):
        rows.insert(3, ("in_force", in_force))
    if said.false_alarms:
        rows.append(("false_alarms", in_language(said.false_alarms, language)))
    table = _plain_table("", "")
    for name, value in rows:
        table.add_row(Text(text(f"rules.list.{name}", language), style="dim"), Text(value))
    console.print(table)
    console.print(Text(text("rules.list.when", language), style="dim"))
    console.print(Padding(Text(said.when.strip()), (0, 0, 0, 2)))
    for name, codes in said.sets.items():
        console.print(Padding(Text(f"@{name}: {', '.join(codes)}"), (0, 0, 0, 2)))
    if said.values:
        console.print(Text(text("rules.list.values", language), style="dim"))
    for name, value in said.values.items():
        console.print(Padding(Text(f"{name}: {value.strip()}"), (0, 0, 0, 2)))
    place = rule.source.place_of(())
    console.print(Text(f"{place.file}  {shown(rule.content_hash[:12], language)}", style="dim"))


def _template(explanation: str) -> str:
    """Write an explanation for people: its names in braces, and of two forms the plural."""
    return "".join(
        part if isinstance(part, str) else part.forms[1] if part.forms else f"{{{part.name}}}"
        for part in parts(explanation)
    )


def _in_force(valid: Period, language: str) -> str:
    """Tell when a rule is in force; nothing where it always is."""
    values = {}
    if valid.start != OPEN_START:
        values["start"] = date_of(valid.start)
    if valid.end != OPEN_END:
        values["end"] = date_of(valid.end)
    if not values:
        return ""
    return text(f"rules.list.in_force.{'_to_'.join(values)}", language, **values)


def print_fields(console: Console, language: str) -> None:
    """List the fields of the language, with their types and words."""
    table = _plain_table(
        *(text(f"rules.fields.{name}", language) for name in ("field", "level", "type", "words"))
    )
    for path, field in FIELDS.items():
        words = ", ".join(field.words.words()) if field.words else ""
        kind = text(f"rules.type.{field.type.value}", language)
        table.add_row(path, text(f"rules.level.{field.level.value}", language), kind, words)
    console.print(table)
    short = ", ".join(f"{name} = {path}" for name, path in SHORT.items())
    console.print(text("rules.fields.short", language, names=short), soft_wrap=True)


def print_trial(console: Console, trial: Trial, language: str) -> None:
    """Print how good rules are, and how much of each planted fault they find together."""
    names = ("hits", "right", "beside", "false", "precision", "recall", "finds")
    table = _plain_table()
    longest = max((len(one.rule) for one in trial.rules), default=0)
    table.add_column(text("rules.list.rule", language), min_width=longest)
    for name in names:
        numbers = name != "finds"
        heading = text(f"rules.measure.{name}", language)
        table.add_column(heading, justify="right" if numbers else "left", no_wrap=numbers, overflow="fold")
    for one in trial.rules:
        found = "\n".join(
            f"{fault} {shown(right, language)}/{shown(count, language)}"
            for fault, (right, count) in one.found.items()
        )
        table.add_row(
            one.rule,
            *(str(shown(count, language)) for count in (one.hits, one.right, one.beside, one.false)),
            *(_rate(rate, language) if one.found else "" for rate in (one.precision, one.recall)),
            found,
        )
    console.print(table)
    flagged = sum(one.hits for one in trial.rules)
    console.print(text("rules.measure.claims", language, flagged=flagged, claims=trial.claims))
    console.print()
    faults = _plain_table(text("rules.measure.fault", language))
    for name in ("found", "planted"):
        faults.add_column(text(f"rules.measure.{name}", language), justify="right")
    for fault, (right, count) in trial.faults.items():
        faults.add_row(fault, str(shown(right, language)), str(shown(count, language)))
    console.print(faults)


def _rate(rate: int | None, language: str) -> str:
    return "–" if rate is None else str(shown(Percentage(rate), language))


def print_tried(
    console: Console, rules: Sequence[CompiledRule], tried: Sequence[Tried], language: str
) -> None:
    """List the examples of rules, and how each came out."""

    def say(key: str) -> str:
        return text(f"rules.tried.{key}", language)

    table = _plain_table(*(say(name) for name in ("rule", "example", "must", "result")))
    for rule, one in zip(rules, tried, strict=True):
        failed = {problem.what.values["number"] for problem in one.problems}
        for number, example in enumerate(rule.definition.examples, 1):
            title = in_language(example.title, language) if example.title else str(number)
            result, style = ("otherwise", "red") if number in failed else ("as_meant", "green")
            must = say("yes" if example.fires else "no")
            table.add_row(rule.name, title, must, Text(say(result), style=style))
    console.print(table)
