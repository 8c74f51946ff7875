"""From a tree of words to a tree of typed parts, ready to be evaluated; or all that is wrong with it.

``not`` is gone afterwards: it has been carried to the comparisons, so that a comparison with a missing
value is false whichever way it is put. Money is in minor units, a quantity in hundredths, a percentage in
hundredths of a percent.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from adjudicator.rulebook import syntax
from adjudicator.rulebook.codes import CodeSet, DaySet, looks_like_set, malformed
from adjudicator.rulebook.fields import FIELDS, IDENTITY, SHORT, Field, Level, Type, key_field
from adjudicator.rulebook.syntax import RuleMistake, mistake
from adjudicator.units import LARGEST_AMOUNT, PERCENT_ALL, day_number, scaled
from adjudicator.vocabulary import Word
from adjudicator.words import Message, message

HUNDREDTHS: Final = 100

_DIGITS: Final = 30
"""No number that makes sense here has more."""

_STATISTICS: Final = ("percentile", "typical", "average", "share")
_DISTINCT: Final = ("patients", "facilities", "days")

_Made = TypeVar("_Made")

_MEANT: Final = {"patient": "insuree", "person": "insuree", "provider": "facility", "hospital": "facility"}
"""What is called otherwise here."""

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
    found = _Typer(level, context).value(node)
    if isinstance(found, Const) and found.type is Type.TEXT:
        raise mistake("rules.nothing_asked", node.at)
    return found


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
                parts = _all_of(lambda part: self.condition(part, negated), node.parts)
                level = _widest(*(part.level for part in parts))
                return (Both if isinstance(node, syntax.And) is not negated else Either)(level, parts)
            case syntax.Compare():
                return self._compare(node, negated)
            case syntax.In():
                return self._among(node, negated)
            case syntax.Given():
                part = self.value(node.part)
                if isinstance(part, Const):
                    raise mistake("rules.nothing_asked", node.at)
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
        if texts and node.sign not in ("=", "!="):
            raise mistake("rules.not_comparable", node.at, sign=node.sign, left=_named(left.type))
        for one, other in ((left, right), (right, left)):
            _check_constant(one, other, node)
            if isinstance(one, FieldOf) and one.field.several:
                return self._one_of_several(one, other, sign, node.at)
        return Compare(_widest(left.level, right.level), sign, left, right)

    def _one_of_several(self, several: FieldOf, other: Value, sign: str, at: int) -> Among:
        """Type a comparison with what a claim has several of: whether any of them is the text."""
        if not isinstance(other, Const):
            raise mistake("rules.several", at, name=several.field.path)
        return Among(several.level, several, CodeSet(frozenset((str(other.value),))), sign == "=")

    def _pair(self, left: syntax.Node, right: syntax.Node, at: int) -> tuple[Value, Value]:
        """Type two sides that belong together: a bare number or word is what the other side is."""
        if _is_plain(left) and not _is_plain(right):
            second, first = self._pair(right, left, at)
            return first, second
        first = self.value(left)
        if first.type is Type.TRUTH:
            raise mistake("rules.truth_compared", at, name=_told(first))
        second = self.value(right, first)
        first, second = _counted_alike(first, second)
        _check_quotes(first, right, self._context.decimals)
        if first.type is not second.type or _of_other_lists(first, second):
            raise mistake("rules.types_differ", at, left=_told(first), right=_told(second))
        return first, second

    def _among(self, node: syntax.In, negated: bool) -> Condition:
        left = self.value(node.left)
        if not isinstance(left, FieldOf) or left.type not in (Type.TEXT, Type.WORD, Type.DAY, Type.NUMBER):
            raise mistake("rules.not_in_sets", node.at)
        return Among(left.level, left, self._set(left, node.items), not negated)

    def _items(self, items: syntax.Items) -> tuple[tuple[str, int], ...]:
        if items.name is None:
            return items.items
        if items.name not in self._context.sets:
            known = sorted(self._context.sets)
            key = "rules.unknown_set" if known else "rules.no_sets"
            raise mistake(key, items.at, name=items.name, known=known)
        found = tuple((item, items.at) for item in self._context.sets[items.name])
        if not found:
            raise mistake("rules.empty_set", items.at)
        return found

    def _set(self, left: FieldOf, items: syntax.Items) -> CodeSet | DaySet | frozenset[int]:
        of_type: dict[Type, Callable[[str, int], Any]] = {
            Type.TEXT: lambda item, at: _code(item, left.field.domain, at),
            Type.DAY: _day_or_yearly,
            Type.NUMBER: _whole,
            Type.WORD: lambda item, at: int(_word(item, left.field.words, at)),
        }
        read = of_type[left.type]

        def of_place(place: int) -> Any:
            try:
                return read(*written[place])
            except RuleMistake as found:
                found.item = (items.name, place) if items.name else None
                raise

        written = self._items(items)
        made = _all_of(of_place, range(len(written)))
        if left.type is Type.TEXT:
            return CodeSet.of(made)
        if left.type is Type.DAY:
            return DaySet(
                frozenset(one for one in made if isinstance(one, int)),
                frozenset(one for one in made if isinstance(one, tuple)),
            )
        return frozenset(made)

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
        if beside is not None and beside.type is Type.PERCENT and not node.percent:
            raise mistake("rules.percent_sign", node.at, text=node.text)
        if len(node.text) > _DIGITS:
            raise mistake("rules.number_too_large", node.at, text=f"{node.text[:_DIGITS]}…")
        wanted = Type.PERCENT if node.percent else (beside.type if beside else Type.NUMBER)
        decimals = {Type.MONEY: self._context.decimals, Type.QUANTITY: 2, Type.PERCENT: 2}.get(wanted, 0)
        if wanted in (Type.TEXT, Type.WORD, Type.DAY, Type.TRUTH):
            wanted = Type.NUMBER
        try:
            number = scaled(node.text, decimals)
        except ValueError:
            raise _no_number(node, decimals) from None
        if abs(number) > LARGEST_AMOUNT:
            raise mistake("rules.number_too_large", node.at, text=node.text)
        return Const(wanted, Level.CLAIM, number)

    def _name(self, node: syntax.Name, beside: Value | None) -> Value:
        if isinstance(beside, FieldOf) and beside.field.words and "." not in node.text:
            return Const(Type.WORD, Level.CLAIM, int(_word(node.text, beside.field.words, node.at)))
        field = self._context.fields.get(node.text)
        of_text = beside is not None and beside.type is Type.TEXT and "." not in node.text
        if field is None and of_text and node.text not in SHORT:
            raise mistake("rules.no_quotes", node.at, text=node.text)
        return FieldOf(*self._field(field, node))

    def _field(self, field: Field | None, node: syntax.Name) -> tuple[Type, Level, Field]:
        if field is None:
            short = () if "." in node.text else SHORT
            meant = _MEANT.get(node.text) or SHORT.get(node.text)
            near = (
                [meant] if meant else difflib.get_close_matches(node.text, [*self._context.fields, *short], 1)
            )
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
        if left.type is Type.NUMBER and right.type is Type.DAY and not minus:
            left, right = right, left
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
                raise _no_number(first, 2) from None
            if abs(factor) > LARGEST_AMOUNT:
                raise mistake("rules.number_too_large", first.at, text=first.text)
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
            raise mistake("rules.types_differ", node.at, left=_named(Type.NUMBER), right=_told(right))
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
        statistic, distinct = node.function in _STATISTICS, node.subject in _DISTINCT
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
        if look.function in ("exists", "absent", "days_since"):
            raise mistake("rules.peers_of_look", node.look.at)
        # All claims of a peer count: which one would be left out depends on which of them comes first.
        look = replace(look, own=True)
        _check_rank(node.rank, node.at)
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
    statistic, distinct = node.function in _STATISTICS, node.subject in _DISTINCT
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
    if node.at_least is not None and not statistic:
        raise mistake("rules.at_least", node.at, name=node.function)
    if node.own and (kind == "filed_earlier" or node.facility == "other" or node.function == "days_since"):
        raise mistake("rules.own_never", node.at)
    _check_rank(node.rank, node.at)


def _check_rank(rank: int | None, at: int) -> None:
    if rank is not None and not 1 <= rank <= 99:
        raise mistake("rules.rank", at)


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


def _told(part: Value) -> str | Message:
    return part.field.path if isinstance(part, FieldOf) else _named(part.type)


def _named(type_: Type) -> Message:
    return message(f"rules.type.{type_.value}")


def _all_of(make: Callable[[Any], _Made], parts: Iterable[Any]) -> tuple[_Made, ...]:
    """Make all of some parts, or tell what is wrong with any of them."""
    made: list[_Made] = []
    mistakes: list[RuleMistake] = []
    for part in parts:
        try:
            made.append(make(part))
        except RuleMistake as found:
            mistakes += [found, *found.others]
    if mistakes:
        mistakes[0].others = tuple(mistakes[1:])
        raise mistakes[0]
    return tuple(made)


def _check_constant(one: Value, other: Value, node: syntax.Compare) -> None:
    """Refuse a comparison with what is written in the rule that can only be meant otherwise."""
    if not isinstance(one, Const):
        return
    if one.type is Type.TEXT and isinstance(other, Const):
        raise mistake("rules.nothing_asked", node.at)
    if one.type is Type.TEXT and looks_like_set(str(one.value)):
        raise mistake("rules.text_is_set", node.at, text=str(one.value))
    if one.type is Type.PERCENT and isinstance(other, Look | Peers) and int(one.value) > PERCENT_ALL:
        raise mistake("rules.share_above_all", node.at)


def _check_quotes(beside: Value, node: syntax.Node, decimals: int) -> None:
    """Say of a text that is a word, a day or a number beside one that it stands without quotes."""
    if not isinstance(node, syntax.Text) or not isinstance(beside, FieldOf):
        return
    try:
        match beside.type:
            case Type.TEXT:
                return
            case Type.WORD:
                _word(node.text, beside.field.words, node.at)
            case Type.DAY:
                _day(node.text, node.at)
            case _:
                scaled(node.text, decimals)
    except (RuleMistake, ValueError):
        return
    raise mistake("rules.needless_quotes", node.at, text=node.text)


def _no_number(node: syntax.Number, decimals: int) -> RuleMistake:
    if decimals:
        return mistake("rules.too_many_decimals", node.at, text=node.text, decimals=decimals)
    return mistake("rules.no_number", node.at, text=node.text)


def _unknown(key: str, node: syntax.Name, near: list[str]) -> tuple[Any, int, Any]:
    values = {"name": node.text, "near": near[0] if near else ""}
    made = mistake(key, node.at, **values)
    return made.what, made.at, made.remedy


def _word(text: str, words: type[Word] | None, at: int) -> Word:
    assert words is not None
    try:
        return words.of(text)
    except KeyError:
        raise mistake("rules.unknown_word", at, text=text, known=words.words()) from None


def _day(text: str, at: int) -> int:
    try:
        return day_number(dt.date.fromisoformat(text))
    except ValueError:
        raise mistake("rules.no_day", at, text=text) from None


def _code(item: str, domain: str | None, at: int) -> str:
    if wrong := malformed(item, domain):
        key, values = wrong
        raise mistake(key, at, **values)
    return item


def _whole(item: str, at: int) -> int:
    try:
        number = scaled(item[: _DIGITS + 1], 0)
    except ValueError:
        raise mistake("rules.no_number", at, text=item) from None
    if abs(number) > LARGEST_AMOUNT:
        raise mistake("rules.number_too_large", at, text=item)
    return number


def _day_or_yearly(item: str, at: int) -> int | tuple[int, int]:
    """Read a day as its number, or a day of every year as its month and day."""
    if len(item) == len("12-25") and item[2] == "-":
        try:
            # 2000 is a leap year.
            day = dt.date.fromisoformat(f"2000-{item}")
        except ValueError:
            raise mistake("rules.no_day", at, text=item) from None
        return day.month, day.day
    return _day(item, at)


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
