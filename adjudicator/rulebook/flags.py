"""A rulebook over a universe: what is flagged, drawn, or rejected, with what made each rule fire."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adjudicator.rulebook import typed
from adjudicator.rulebook.beginning import beginning
from adjudicator.rulebook.evaluate import Evaluator
from adjudicator.rulebook.fields import Level, Type
from adjudicator.rulebook.read import CompiledRule
from adjudicator.rulebook.typed import looks_at
from adjudicator.rulebook.universe import TARGET_DATE, Universe
from adjudicator.units import date_of, day_number
from adjudicator.words import Amount, Percentage, Quantity, fill, message, text

Int64s = npt.NDArray[np.int64]

WHOLE_CLAIM: Final = -1
"""The line of a flag that speaks of the whole claim."""

_FIRST_DAY: Final = day_number(dt.date.min)
_LAST_DAY: Final = day_number(dt.date.max)

ODD: Final = "?"
"""The value of a flag that says that the rule could not be asked; no value of a rule has such a name."""

PARTS_OF_A_WHOLE: Final = 10_000
"""A share is drawn in hundredths of a percent."""


@dataclass(frozen=True)
class Fired:
    """Where one rule fired: N claims or lines of a universe."""

    rule: CompiledRule
    claim: Int64s
    """(N,)."""
    line: Int64s
    """(N,): the line, or ``WHOLE_CLAIM``."""
    values: Mapping[str, tuple[Any, npt.NDArray[np.bool_]]]
    """What its explanation tells, by name: as people read it later, and where it is given."""

    def __len__(self) -> int:
        return len(self.claim)

    def told(self, place: int) -> dict[str, Any]:
        """Give the values of one flag as plain ones: whole numbers, texts, ISO days."""
        return {
            name: values[place] if given[place] else None for name, (values, given) in self.values.items()
        }


def fire(
    rules: Sequence[CompiledRule], universe: Universe, rejecting: bool, threads: int = 1
) -> Iterator[Fired]:
    """Ask rules about the claims of now.

    Args:
        rules: compiled; drafts and retired ones are passed over.
        universe: the claims.
        rejecting: whether the rules that reject are asked, or all the others.
        threads: how many rules are asked at a time; decides nothing but the time.

    Yields:
        Where each rule fired, in the order of the rules, also where it did not fire at all.
    """
    asked = [
        rule
        for rule in rules
        if rule.definition.status not in ("draft", "retired")
        and (rule.definition.then.reject is not None) == rejecting
    ]
    # Rules that look at the same are asked one after the other by one thread, so that what was sorted is
    # still there, and is sorted once.
    alike: dict[Any, list[int]] = {}
    for place, rule in enumerate(asked):
        alike.setdefault(looks_at(rule.condition) or place, []).append(place)
    found: list[list[Fired]] = [[] for _ in asked]

    def ask_all(places: list[int]) -> None:
        for place in places:
            found[place] = _ask(asked[place], universe)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask_all, sorted(alike.values(), key=len, reverse=True)))
    for fired in found:
        yield from fired


def _ask(rule: CompiledRule, universe: Universe) -> list[Fired]:
    """Ask one rule; where it could not be computed is told of as well."""
    evaluator = Evaluator(universe)
    said = rule.definition
    rows = beginning(rule.condition, rule.level, universe)
    rows = _in_force(rule, universe, rows)
    rows = rows[evaluator.truth(rule.condition, rule.level, rows)]
    if said.then.sample is not None:
        rows = rows[_drawn(rule, universe, rows)]
    claim = rows if rule.level is Level.CLAIM else universe.claim_of_line[rows].astype(np.int64)
    line = np.full(len(rows), WHOLE_CLAIM) if rule.level is Level.CLAIM else rows
    values = {name: _plain(evaluator, value, rule.level, rows) for name, value in rule.values.items()}
    fired = [Fired(rule, claim, line, values)]
    # Where the rest of a condition was enough for the rule to fire, nothing is left to be told.
    odd = np.setdiff1d(evaluator.take_odd(), claim)
    if len(odd := odd[universe.current[odd]]):
        everywhere = np.ones(len(odd), np.bool_)
        whole = np.full(len(odd), WHOLE_CLAIM)
        fired.append(Fired(rule, odd, whole, {ODD: ([True] * len(odd), everywhere)}))
    return fired


def _in_force(rule: CompiledRule, universe: Universe, rows: Int64s) -> Int64s:
    """Keep what falls into the time in which the rule is in force, by its target date."""
    valid = rule.definition.valid
    between = universe.days_between(rule.level)
    if between is not None and valid.start <= between[0] and between[1] <= valid.end:
        return rows
    days, given = universe.values(TARGET_DATE, rule.level, rows)
    return rows[~given | ((valid.start <= days) & (days <= valid.end))]


def _drawn(rule: CompiledRule, universe: Universe, rows: Int64s) -> npt.NDArray[np.bool_]:
    """Draw a share by a hash of the rule and the claim: the same claims whatever else is there."""
    sample = rule.definition.then.sample
    assert sample is not None
    claims = rows if rule.level is Level.CLAIM else universe.claim_of_line[rows]
    facilities, numbers = (
        universe.column(path).texts_at(claims) for path in ("claim.facility", "claim.number")
    )
    rule_hash = hashlib.sha256(f"{rule.name}\x1f".encode())
    lots = (_lot(rule_hash, name) for name in zip(facilities, numbers, strict=True))
    return np.array([lot < sample.share for lot in lots], np.bool_)


def _lot(rule_hash: Any, name: tuple[str | None, str | None]) -> int:
    digest = rule_hash.copy()
    digest.update(f"{name[0]}\x1f{name[1]}".encode())
    return int.from_bytes(digest.digest()[:8]) % PARTS_OF_A_WHOLE


def _plain(evaluator: Evaluator, value: typed.Value, level: Level, rows: Int64s) -> tuple[Any, Any]:
    if isinstance(value, typed.FieldOf) and value.field.several:
        return _one_after_another(evaluator, value, level, rows)
    numbers, given = evaluator.value(value, level, rows)
    if value.type is Type.TEXT and isinstance(value, typed.FieldOf):
        texts = evaluator.texts(value.field)
        return [texts[number] if known else None for number, known in zip(numbers, given, strict=True)], given
    if value.type is Type.DAY:
        given = given & (numbers >= _FIRST_DAY) & (numbers <= _LAST_DAY)
        return [
            date_of(day).isoformat() if known else None
            for day, known in zip(numbers.tolist(), given, strict=True)
        ], given
    return numbers.tolist(), given


def _one_after_another(
    evaluator: Evaluator, value: typed.FieldOf, level: Level, rows: Int64s
) -> tuple[Any, Any]:
    """Give all that a claim has of a field as one text."""
    found = evaluator.all_texts(value.field, level, rows)
    told = [", ".join(texts) if texts else None for texts in found]
    return told, np.array([one is not None for one in told], np.bool_)


def explanation(rule: CompiledRule, told: Mapping[str, Any], decimals: int, language: str) -> str:
    """Tell why a rule fired, in a language.

    Args:
        rule: the rule.
        told: what made it fire (see :meth:`Fired.told`).
        decimals: of the currency.
        language: of the reader.
    """
    if told.get(ODD):
        return text("rules.odd", language)
    template: str = getattr(rule.definition.explanation, language)
    values = {name: _value(value, told.get(name), decimals) for name, value in rule.values.items()}
    return fill(template, values, language)


def _value(value: typed.Value, told: Any, decimals: int) -> Any:
    """Give what was told as what it is, so that it is shown, and chooses between forms, as such."""
    if told is None:
        return "–"
    match value.type:
        case Type.MONEY:
            return Amount(told, decimals)
        case Type.QUANTITY:
            return Quantity(told)
        case Type.PERCENT:
            return Percentage(told)
        case Type.WORD if isinstance(value, typed.FieldOf) and value.field.words:
            return value.field.words(told)
        case Type.DAY:
            return dt.date.fromisoformat(told)
        case Type.NUMBER:
            return int(told)
        case Type.TRUTH:
            return message("rules.tried.yes" if told else "rules.tried.no")
        case _:
            return str(told)


def canonical(told: Mapping[str, Any]) -> str:
    """Write what made a rule fire so that equal values are equal texts."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
