"""From a tree of words to a tree of typed parts, ready to be evaluated; or all that is wrong with it.

``not`` is gone afterwards: it has been carried to the comparisons, so that a comparison with a missing
value is false whichever way it is put. Money is in minor units, a quantity in hundredths, a percentage in
hundredths of a percent.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from adjudicator.rulebook import syntax
from adjudicator.rulebook.codes import CodeSet, DaySet
from adjudicator.rulebook.fields import FIELDS, IDENTITY, SHORT, Field, Level, Type, key_field
from adjudicator.rulebook.syntax import RuleMistake, mistake
from adjudicator.units import LARGEST_AMOUNT, date_of, day_number, scaled
from adjudicator.vocabulary import Word

HUNDREDTHS: Final = 100

_OPPOSITE: Final = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


@dataclass(frozen=True)
class Value:
    """What every typed part has: its type, and what it belongs to."""

    type: Type
    level: Level


@dataclass(frozen=True)
class Const(Value):
    """A number that is written in the rule; of a TEXT, the text."""

    value: int | str


@dataclass(frozen=True)
class FieldOf(Value):
    """The value of a field."""

    field: Field


@dataclass(frozen=True)
class Sum(Value):
    """``left`` plus ``right``, or minus."""

    left: Value
    right: Value
    minus: bool


@dataclass(frozen=True)
class Product(Value):
    """``left`` times a number in hundredths (or ten-thousandths), rounded half away from zero."""

    left: Value
    right: Value
    scale: int


@dataclass(frozen=True)
class Look(Value):
    """A look at other claims or lines (see :class:`adjudicator.rulebook.syntax.Look`)."""

    function: str
    subject: str
    keys: tuple[Field, ...]
    measure: Any
    rank: int | None
    window: tuple[str, int]
    where: Condition | None
    own: bool
    other_facility: bool
    at_least: int

    @property
    def of_lines(self) -> bool:
        """Whether it looks at lines, not at claims."""
        return self.subject == "lines"


def looking_where(look: Look, where: Condition) -> Look:
    """Give the same look, at what something else is true of."""
    return replace(look, where=where)


@dataclass(frozen=True)
class Peers(Value):
    """A look of each ``by``, ranked among those with the same ``among``."""

    look: Look
    by: Field
    among: Field
    rank: int


@dataclass(frozen=True)
class Condition:
    """What is true or not of a claim or a line."""

    level: Level


@dataclass(frozen=True)
class Compare(Condition):
    """A comparison of numbers, or of texts for equality; false where a side is missing."""

    sign: str
    left: Value
    right: Value


@dataclass(frozen=True)
class Among(Condition):
    """Whether a text, a word or a day is in a set (or given and not in it)."""

    value: FieldOf
    items: CodeSet | DaySet | frozenset[int]
    inside: bool


@dataclass(frozen=True)
class IsGiven(Condition):
    """Whether there is a value."""

    value: Value
    given: bool


@dataclass(frozen=True)
class Truth(Condition):
    """Whether a yes-or-no field says yes (or says no)."""

    value: FieldOf
    wanted: bool


@dataclass(frozen=True)
class Both(Condition):
    """All of some conditions."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Either(Condition):
    """Any of some conditions."""

    parts: tuple[Condition, ...]


def condition(node: syntax.Node, level: Level, context: Context) -> Condition:
    """Type a condition.

    Raises:
        RuleMistake: it does not make sense.
    """
    return _Typer(level, context).condition(node)


def value(node: syntax.Node, level: Level, context: Context) -> Value:
    """Type a value.

    Raises:
        RuleMistake: it does not make sense.
    """
    return _Typer(level, context).value(node)


@dataclass(frozen=True)
class Context:
    """What a rule is typed in: its sets, the decimals of the currency, and whether decisions are known."""

    sets: Mapping[str, tuple[str, ...]]
    decimals: int
    decided: bool = True
    fields: Mapping[str, Field] = field(default_factory=lambda: FIELDS)
    """What it can speak of, by path: claims, unless conditions are about something else."""


class _Typer:
    def __init__(self, level: Level, context: Context, looking: bool = False) -> None:
        self._level, self._context, self._looking = level, context, looking

    # Conditions.

    def condition(self, node: syntax.Node, negated: bool = False) -> Condition:
        match node:
            case syntax.Not():
                return self.condition(node.part, not negated)
            case syntax.And() | syntax.Or():
                parts = tuple(self.condition(part, negated) for part in node.parts)
                level = _widest(*(part.level for part in parts))
                return (Both if isinstance(node, syntax.And) is not negated else Either)(level, parts)
            case syntax.Compare():
                return self._compare(node, negated)
            case syntax.In():
                return self._among(node, negated)
            case syntax.Given():
                part = self.value(node.part)
                return IsGiven(part.level, part, node.given is not negated)
            case syntax.Name() | syntax.Look():
                return self._truth(node, negated)
            case _:
                raise mistake("rules.no_condition", node.at)

    def _truth(self, node: syntax.Name | syntax.Look, negated: bool) -> Condition:
        part = self.value(node)
        if isinstance(part, Look) and part.function in ("exists", "absent"):
            exists = (part.function == "exists") is not negated
            zero = Const(Type.NUMBER, part.level, 0)
            return Compare(part.level, ">" if exists else "=", part, zero)
        if not isinstance(part, FieldOf) or part.type is not Type.TRUTH:
            raise mistake("rules.no_condition", node.at)
        return Truth(part.level, part, not negated)

    def _compare(self, node: syntax.Compare, negated: bool) -> Condition:
        sign = _OPPOSITE[node.sign] if negated else node.sign
        left, right = self._pair(node.left, node.right, node.at)
        texts = left.type in (Type.TEXT, Type.WORD)
        if left.type is Type.TRUTH or (texts and node.sign not in ("=", "!=")):
            raise mistake("rules.not_comparable", node.at, sign=node.sign, left=left.type.value)
        return Compare(_widest(left.level, right.level), sign, left, right)

    def _pair(self, left: syntax.Node, right: syntax.Node, at: int) -> tuple[Value, Value]:
        """Type two sides that belong together: a bare number or word is what the other side is."""
        if _is_plain(left) and not _is_plain(right):
            second, first = self._pair(right, left, at)
            return first, second
        first = self.value(left)
        second = self.value(right, first)
        first, second = _counted_alike(first, second)
        if first.type is not second.type or _of_other_lists(first, second):
            raise mistake("rules.types_differ", at, left=_told(first), right=_told(second))
        return first, second

    def _among(self, node: syntax.In, negated: bool) -> Condition:
        left = self.value(node.left)
        if not isinstance(left, FieldOf) or left.type not in (Type.TEXT, Type.WORD, Type.DAY, Type.NUMBER):
            raise mistake("rules.not_in_sets", node.at)
        items = self._items(node.items)
        return Among(left.level, left, self._set(left, items), not negated)

    def _items(self, items: syntax.Items) -> tuple[tuple[str, int], ...]:
        if items.name is None:
            return items.items
        if items.name not in self._context.sets:
            known = sorted(self._context.sets)
            raise mistake("rules.unknown_set", items.at, name=items.name, known=known)
        return tuple((item, items.at) for item in self._context.sets[items.name])

    def _set(self, left: FieldOf, items: tuple[tuple[str, int], ...]) -> CodeSet | DaySet | frozenset[int]:
        if left.type is Type.TEXT:
            return CodeSet.of([item for item, _ in items])
        if left.type is Type.DAY:
            return _days(items)
        if left.type is Type.NUMBER:
            for item, at in items:
                if not item.isdigit():
                    raise mistake("rules.no_number", at, text=item)
            return frozenset(int(item) for item, _ in items)
        assert left.field.words is not None
        return frozenset(int(_word(item, left.field.words, at)) for item, at in items)

    # Values.

    def value(self, node: syntax.Node, beside: Value | None = None) -> Value:
        match node:
            case syntax.Number():
                return self._number(node, beside)
            case syntax.Text():
                return Const(Type.TEXT, Level.CLAIM, node.text)
            case syntax.Day():
                return Const(Type.DAY, Level.CLAIM, _day(node.text, node.at))
            case syntax.Name():
                return self._name(node, beside)
            case syntax.Arithmetic():
                return self._arithmetic(node)
            case syntax.Look():
                return self._look(node)
            case syntax.Peers():
                return self._peers(node)
            case _:
                raise mistake("rules.no_value", node.at)

    def _number(self, node: syntax.Number, beside: Value | None) -> Const:
        wanted = Type.PERCENT if node.percent else (beside.type if beside else Type.NUMBER)
        decimals = {Type.MONEY: self._context.decimals, Type.QUANTITY: 2, Type.PERCENT: 2}.get(wanted, 0)
        if wanted in (Type.TEXT, Type.WORD, Type.DAY, Type.TRUTH):
            wanted = Type.NUMBER
        try:
            number = scaled(node.text, decimals)
        except ValueError:
            raise mistake("rules.too_many_decimals", node.at, text=node.text, decimals=decimals) from None
        if number > LARGEST_AMOUNT:
            raise mistake("rules.number_too_large", node.at, text=node.text)
        return Const(wanted, Level.CLAIM, number)

    def _name(self, node: syntax.Name, beside: Value | None) -> Value:
        if isinstance(beside, FieldOf) and beside.field.words and "." not in node.text:
            return Const(Type.WORD, Level.CLAIM, int(_word(node.text, beside.field.words, node.at)))
        return FieldOf(*self._field(self._context.fields.get(node.text), node))

    def _field(self, field: Field | None, node: syntax.Name) -> tuple[Type, Level, Field]:
        if field is None:
            near = difflib.get_close_matches(node.text, [*self._context.fields, *SHORT], 1)
            key = "rules.unknown_field.near" if near else "rules.unknown_field"
            raise RuleMistake(*_unknown(key, node, near))
        if field.level is Level.LINE and self._level is Level.CLAIM:
            raise mistake("rules.line_in_claim", node.at, name=node.text)
        if field.decided and not self._context.decided:
            raise mistake("rules.not_decided", node.at, name=node.text)
        return field.type, field.level, field

    def _arithmetic(self, node: syntax.Arithmetic) -> Value:
        if node.sign == "*":
            return self._product(node)
        if isinstance(node.left, syntax.Number) and not isinstance(node.right, syntax.Number):
            right = self.value(node.right)
            left = self.value(node.left, right)
        else:
            left = self.value(node.left)
            right = self.value(node.right, left if left.type is not Type.DAY else None)
        left, right = _counted_alike(left, right)
        level = _widest(left.level, right.level)
        minus = node.sign == "-"
        if left.type is Type.DAY and right.type is Type.DAY and minus:
            return Sum(Type.NUMBER, level, left, right, True)
        if left.type is Type.DAY and right.type is Type.NUMBER:
            return Sum(Type.DAY, level, left, right, minus)
        if left.type is not right.type or left.type in (Type.TEXT, Type.WORD, Type.TRUTH, Type.DAY):
            raise mistake("rules.types_differ", node.at, left=_told(left), right=_told(right))
        return Sum(left.type, level, left, right, minus)

    def _product(self, node: syntax.Arithmetic) -> Value:
        """Type a product: a value times a number, which may have two decimals, or times a percentage."""
        first, second = node.left, node.right
        if isinstance(second, syntax.Number) and not isinstance(first, syntax.Number):
            first, second = second, first
        if isinstance(first, syntax.Number):
            right = self.value(second)
            percent = HUNDREDTHS if first.percent else 1
            try:
                factor = scaled(first.text, 2)
            except ValueError:
                raise mistake("rules.too_many_decimals", first.at, text=first.text, decimals=2) from None
            factor_of: Value = Const(Type.NUMBER, Level.CLAIM, factor)
            scale = HUNDREDTHS * percent
        else:
            left, right = self.value(first), self.value(second)
            if left.type in (Type.MONEY, Type.PERCENT) and right.type in (Type.NUMBER, Type.QUANTITY):
                left, right = right, left
            if left.type not in (Type.NUMBER, Type.QUANTITY):
                raise mistake("rules.types_differ", node.at, left=_told(left), right=_told(right))
            factor_of, scale = left, HUNDREDTHS if left.type is Type.QUANTITY else 1
        if right.type not in (Type.MONEY, Type.QUANTITY, Type.NUMBER, Type.PERCENT):
            raise mistake("rules.types_differ", node.at, left="number", right=_told(right))
        return Product(right.type, _widest(right.level, factor_of.level), right, factor_of, scale)

    # Looks.

    def _look(self, node: syntax.Look) -> Look:
        if self._looking:
            raise mistake("rules.look_in_look", node.at)
        level = Level.LINE if node.subject == "lines" else Level.CLAIM
        inner = _Typer(level, self._context, looking=True)
        keys = [self._key(key, level) for key in node.keys]
        identity = any(key.path == IDENTITY for key in keys)
        if node.facility == "same":
            keys.append(FIELDS["claim.facility"])
        _check_window(node)
        measure: Any = None
        type_ = Type.NUMBER
        if node.function == "share":
            assert node.measure is not None
            measure, type_ = inner.condition(node.measure), Type.PERCENT
        elif node.measure is not None:
            measure = inner.value(node.measure)
            type_ = measure.type
            if type_ not in (Type.MONEY, Type.QUANTITY, Type.NUMBER):
                raise mistake("rules.no_measure", node.measure.at, given=_told(measure))
        where = inner.condition(node.where) if node.where else None
        own_level = _widest(*(key.level for key in keys))
        statistic = node.function in ("percentile", "typical", "average", "share")
        distinct = node.subject in ("patients", "facilities", "days")
        default = (10 if node.function == "share" else 20) if statistic else 0
        return Look(
            type_,
            own_level,
            node.function,
            node.subject,
            tuple(keys),
            measure,
            node.rank,
            node.window,
            where,
            own=node.own or identity or statistic or distinct,
            other_facility=node.facility == "other",
            at_least=default if node.at_least is None else node.at_least,
        )

    def _key(self, node: syntax.Name, level: Level) -> Field:
        _, _, field = self._field(key_field(node.text), node)
        if field.level is Level.LINE and level is Level.CLAIM:
            raise mistake("rules.line_key_of_claims", node.at, name=node.text)
        if field.several or field.type is Type.TRUTH:
            raise mistake("rules.no_key", node.at, name=node.text)
        return field

    def _peers(self, node: syntax.Peers) -> Peers:
        look = self._look(node.look)
        by, among = (self._key(key, Level.CLAIM) for key in (node.by, node.among))
        if look.level is not Level.CLAIM or look.window[0] != "ever":
            raise mistake("rules.peers_look_at_all", node.at)
        return Peers(look.type, Level.CLAIM, look, by, among, node.rank)


def _counted_alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Turn a number of days or claims into a quantity where it stands beside one."""
    types = {left.type, right.type}
    if types != {Type.NUMBER, Type.QUANTITY}:
        return left, right
    one, other = (_as_quantity(side) if side.type is Type.NUMBER else side for side in (left, right))
    return one, other


def _as_quantity(number: Value) -> Value:
    return Product(Type.QUANTITY, number.level, number, Const(Type.NUMBER, Level.CLAIM, HUNDREDTHS), 1)


def _check_window(node: syntax.Look) -> None:
    kind = node.window[0]
    statistic = node.function in ("percentile", "typical", "average", "share")
    distinct = node.subject in ("patients", "facilities", "days")
    if (statistic and kind not in ("ever", "same_day", "same_month")) or (
        distinct and kind not in ("ever", "same_day", "same_month")
    ):
        raise mistake("rules.window", node.at, name=node.function if statistic else node.subject)
    if distinct and node.function not in ("count", "exists", "absent"):
        raise mistake("rules.distinct", node.at, name=node.subject)
    if node.function == "days_since" and kind not in ("ever", "before"):
        raise mistake("rules.window", node.at, name=node.function)
    if node.facility == "other" and (statistic or distinct or node.function == "days_since"):
        raise mistake("rules.other_facility", node.at, name=node.function)
    if node.rank is not None and not 1 <= node.rank <= 99:
        raise mistake("rules.rank", node.at)


def _widest(*levels: Level) -> Level:
    return Level.LINE if Level.LINE in levels else Level.CLAIM


def _is_plain(node: syntax.Node) -> bool:
    """Tell whether a part has no type by itself: a number, or a word of a vocabulary."""
    return isinstance(node, syntax.Number) or (isinstance(node, syntax.Name) and "." not in node.text)


def _of_other_lists(first: Value, second: Value) -> bool:
    """Tell whether two fields have texts or words that have nothing to do with one another."""
    if not isinstance(first, FieldOf) or not isinstance(second, FieldOf):
        return False
    return (first.field.domain, first.field.words) != (second.field.domain, second.field.words)


def _told(part: Value) -> str:
    return part.field.path if isinstance(part, FieldOf) else part.type.value


def _unknown(key: str, node: syntax.Name, near: list[str]) -> tuple[Any, int, Any]:
    values = {"name": node.text, "near": near[0] if near else ""}
    made = mistake(key, node.at, **values)
    return made.what, made.at, made.remedy


def _word(text: str, words: type[Word], at: int) -> Word:
    try:
        return words.of(text)
    except KeyError:
        raise mistake("rules.unknown_word", at, text=text, known=words.words()) from None


def _day(text: str, at: int) -> int:
    try:
        return day_number(dt.date.fromisoformat(text))
    except ValueError:
        raise mistake("rules.no_day", at, text=text) from None


def _days(items: tuple[tuple[str, int], ...]) -> DaySet:
    days, yearly = set(), set()
    for item, at in items:
        if len(item) == len("12-25") and item[2] == "-":
            day = date_of(_day(f"2000-{item}", at))
            yearly.add((day.month, day.day))
        else:
            days.add(_day(item, at))
    return DaySet(frozenset(days), frozenset(yearly))


def parts_of(part: Condition | Value) -> tuple[Condition | Value, ...]:
    """Give what a condition or value is made of; the look of peers, but not what is in a look."""
    match part:
        case Both() | Either():
            return part.parts
        case Compare() | Sum() | Product():
            return part.left, part.right
        case IsGiven() | Truth() | Among():
            return (part.value,)
        case Peers():
            return (part.look,)
        case _:
            return ()


def looks_at(part: Condition | Value) -> tuple[tuple[str, ...], ...]:
    """Name what a condition looks at beyond its claim: of each look its subject and its keys, in order."""
    if isinstance(part, Look):
        return ((part.subject, *(key.path for key in part.keys)),)
    return tuple(sorted(name for one in parts_of(part) for name in looks_at(one)))
