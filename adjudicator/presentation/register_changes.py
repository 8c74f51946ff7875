"""What a load of changes says: how many rows are new, changed and ended, with examples of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.text import Text

from adjudicator.books.register_changes import ChangesLoad, RowsChanged
from adjudicator.presentation.books import print_load_set_aside, print_warnings
from adjudicator.presentation.tables import plain_table
from adjudicator.tables import REGISTERS, Column, Table, Type
from adjudicator.words import Amount, Percentage, Quantity, shown, text

COLUMNS = ("read", "set_aside", "new", "changed", "ended", "unchanged")


def print_changes(console: Console, done: ChangesLoad, decimals: int, examples: int, language: str) -> None:
    """Say what changes do, or would do.

    Args:
        console: where to.
        done: the changes.
        decimals: of the scheme's currency.
        examples: how many are shown of each kind of change, and of what is set aside.
        language: ``en`` or ``fr``.
    """
    headings = ((text(f"changes.{name}", language), True) for name in COLUMNS)
    table = plain_table((text("books.load.table", language), False), *headings)
    for name, change in done.tables.items():
        counts = (shown(count, language) for count in _counts(change))
        table.add_row(name, *counts, style="dim" if change.none else "")
    console.print(table)
    for name, change in done.tables.items():
        if not change.none:
            console.print(Text(f"\n{name}", style="bold"))
            for example in _examples(REGISTERS[name], change, decimals, examples, language):
                console.print(Text(f"  {example}"), soft_wrap=True)
        if change.ended_already:
            said = {"table": name, "count": change.ended_already}
            console.print(text("changes.ended_already", language, **said), style="dim", soft_wrap=True)
    console.print()
    if done.none:
        console.print(text("changes.nothing", language), style="green")
    elif done.load is not None:
        console.print(text("books.load.done", language, load=done.load), style="green")
    if done.confirmed:
        print_load_set_aside(console, len(done.set_aside), done.load, language)
    elif len(done.set_aside):
        told = text("changes.set_aside_told", language, count=len(done.set_aside))
        console.print(told, style="yellow", soft_wrap=True)
        problems = [fault.problem() for fault in islice(done.set_aside, examples)]
        for problem in problems:
            console.print(Text(problem.told(language)), soft_wrap=True)
        _print_more(console, len(done.set_aside) - len(problems), language)
    print_warnings(console, done.warnings, language)
    if not done.confirmed and not (done.none and not len(done.set_aside)):
        console.print(text("changes.confirm", language), style="bold", soft_wrap=True)


def _counts(change: RowsChanged) -> tuple[int, ...]:
    read = change.given.read + change.endings.read
    aside = change.given.set_aside + change.endings.set_aside
    return read, aside, len(change.new), len(change.after), len(change.ended), change.unchanged


def _print_more(console: Console, left: int, language: str) -> None:
    if left > 0:
        console.print(text("changes.more", language, count=left), style="dim")


def _examples(shape: Table, change: RowsChanged, decimals: int, count: int, language: str) -> Iterator[str]:
    """Give a line for each example."""

    def rows(table: pa.Table) -> list[dict[str, Any]]:
        return list(table.slice(0, count).to_pylist())

    def told(kind: str, lines: list[str], of: int) -> Iterator[str]:
        heading = text(f"changes.{kind}", language)
        yield from (f"{heading}: {line}" for line in lines)
        if of > len(lines):
            yield f"{heading}: {text('changes.more', language, count=of - len(lines))}"

    identity = (*shape.key, *(shape.period or ())[:1])

    def key(row: Mapping[str, Any]) -> str:
        cells = (cell(shape, name, row[name], decimals, language) for name in identity)
        return " ".join(value for value in cells if value)

    def whole(row: Mapping[str, Any]) -> str:
        others = [name for name in row if name not in (*identity, "digest")]
        cells = {name: cell(shape, name, row[name], decimals, language) for name in others}
        return f"{key(row)} ({', '.join(f'{name} {value}' for name, value in cells.items() if value)})"

    yield from told("new", [whole(row) for row in rows(change.new)], len(change.new))
    differences = []
    for before, after in zip(rows(change.before), rows(change.after), strict=True):
        different = [name for name in after if name != "digest" and before[name] != after[name]]
        parts = (
            f"{name} {cell(shape, name, before[name], decimals, language) or '–'} → "
            f"{cell(shape, name, after[name], decimals, language) or '–'}"
            for name in different
        )
        differences.append(f"{key(after)}: {', '.join(parts)}")
    yield from told("changed", differences, len(change.after))
    yield from told("ended", [whole(row) for row in rows(change.ended)], len(change.ended))


def cell(shape: Table, name: str, value: Any, decimals: int, language: str) -> str:
    """Write a typed value of a register as its readers know it; nothing where there is none."""
    if value is None:
        return ""
    column = next((one for one in shape.columns if one.name == name), Column(name))
    match column.type:
        case Type.MONEY:
            return str(shown(Amount(value, decimals), language))
        case Type.QUANTITY:
            return str(shown(Quantity(value), language))
        case Type.PERCENTAGE:
            return str(shown(Percentage(value), language))
        case Type.WORD:
            assert column.words is not None
            return column.words(value).word
        case Type.DATE:
            return str(value.isoformat())
        case Type.TRUTH:
            return "true" if value else "false"
        case _:
            return str(value)
