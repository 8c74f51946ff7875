"""The language of rules: from text to a tree, every part of which knows where it stands.

Words are separated by blanks; a new line is a blank. There are comparisons (``=``, ``!=``, ``<``, ``<=``,
``>``, ``>=``, ``in``, ``between … and …``, ``is given``, ``is missing``), ``and``, ``or``, ``not``, sums,
differences and products, and looks at other claims::

    count(claims of insuree and claim.diagnosis, within 30 days before, other facility) >= 2
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Final

from adjudicator.words import Message, message

LONGEST: Final = 20_000
"""The most letters that a condition may have."""

DEEPEST: Final = 40
"""How deep it may be nested, and how many terms one sum or product may have."""

_TALLEST: Final = 4 * DEEPEST
"""How many parts may stand within one another: a bracket may hold an alternative, a sum and so on."""


class RuleMistake(Exception):  # noqa: N818 - it is the author's, not the program's
    """Something is wrong with a condition, at a place in its text."""

    def __init__(self, what: Message, at: int, remedy: Message | None = None) -> None:
        self.what, self.at, self.remedy = what, at, remedy
        self.item: tuple[str, int] | None = None
        """Where it is in a set that has a name: the name, and which of its items."""
        self.others: tuple[RuleMistake, ...] = ()
        """What else is wrong with the same condition."""
        super().__init__(what.key)


def mistake(key: str, at: int, **values: object) -> RuleMistake:
    """Make a mistake from the catalogue; what would be right is under its key with ``.remedy``."""
    return RuleMistake(message(key, **values), at, message(f"{key}.remedy", **values))


@dataclass(frozen=True)
class Node:
    """A part of a condition; ``at`` is where it begins in the text."""

    at: int = field(compare=False)


@dataclass(frozen=True)
class Number(Node):
    """A number as it is written; ``percent``: with a percent sign."""

    text: str
    percent: bool = False


@dataclass(frozen=True)
class Text(Node):
    """A text in quotes."""

    text: str


@dataclass(frozen=True)
class Day(Node):
    """A day, ``2026-03-31``."""

    text: str


@dataclass(frozen=True)
class Name(Node):
    """A field (``claim.facility``), or a word of a vocabulary (``female``)."""

    text: str


@dataclass(frozen=True)
class Items(Node):
    """A set as it is written: codes, ``A00..A09``, ``A*``, words, days; or a name, ``@malaria``."""

    items: tuple[tuple[str, int], ...]
    name: str | None = None


@dataclass(frozen=True)
class And(Node):
    """All of some conditions; ``texts`` are these as they are written."""

    parts: tuple[Node, ...]
    texts: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Or(Node):
    """Any of some conditions."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not(Node):
    """The opposite of a condition."""

    part: Node


@dataclass(frozen=True)
class Compare(Node):
    """A comparison; ``sign`` is one of ``= != < <= > >=``."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class In(Node):
    """Whether a value is in a set."""

    left: Node
    items: Items


@dataclass(frozen=True)
class Given(Node):
    """Whether there is a value."""

    part: Node
    given: bool


@dataclass(frozen=True)
class Arithmetic(Node):
    """A sum, difference or product; ``sign`` is one of ``+ - *``."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Look(Node):
    """A look at other claims or lines: ``function(measure, subject of keys, window, where condition)``."""

    function: str
    subject: str
    keys: tuple[Name, ...]
    measure: Node | None = None
    rank: int | None = None
    """The percentile, of those functions that have one."""
    window: tuple[str, int] = ("ever", 0)
    """How far the look goes: ``ever``, ``before``, ``after``, ``around`` (with days), ``same_day``,
    ``same_month``, ``filed_earlier``, ``overlapping``."""
    where: Node | None = None
    facility: str = "any"
    """``any``, ``same`` or ``other``."""
    own: bool = False
    """Whether the claim itself counts."""
    at_least: int | None = None
    """How many there must be, for a statistic to say anything."""


@dataclass(frozen=True)
class Peers(Node):
    """A look of each of some, ranked among those of the same kind: ``peers(look by key among group, 95)``."""

    look: Look
    by: Name
    among: Name
    rank: int


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int
    end: int


_TOKENS: Final = re.compile(
    r"""(?P<blank>\s+)
    |(?P<foreign>==|<>|=>|=<|&&|\|\|)
    |(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?P<percent>\s?%)?)
    |(?P<name>[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*)
    |(?P<text>"[^"\n]*"|'[^'\n]*')
    |(?P<set>@[A-Za-z_][A-Za-z_0-9-]*)
    |(?P<items>\[[^\]]*\])
    |(?P<sign><=|>=|!=|<|>|=|\+|-|\*|\(|\)|,)""",
    re.VERBOSE,
)

_ITEM: Final = re.compile(r""""[^"\n]*"|'[^'\n]*'|[^\s,\[\]]+""")

_COMPARISONS: Final = ("=", "!=", "<", "<=", ">", ">=")

_MEANT: Final[Mapping[str, str]] = {
    **{"==": "=", "<>": "!=", "≠": "!=", "=>": ">=", "≥": ">=", "=<": "<=", "≤": "<="},
    **{"&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "×": "*"},
    **dict.fromkeys("−–—", "-"),
    **dict.fromkeys("“”„«»‘’‹›", '"'),
}
"""What other languages and word processors write, and how it is written here."""

_HABITS: Final[Mapping[str, str]] = {
    "/": "rules.division",
    "÷": "rules.division",
    "#": "rules.comment",
    '"': "rules.open_quote",
    "'": "rules.open_quote",
    "[": "rules.open_bracket",
    ".": "rules.bare_range",
}
"""What else people write out of habit, and what is said to it."""

_STATISTICS: Final = frozenset(("typical", "average"))
FUNCTIONS: Final = (
    "absent",
    "average",
    "count",
    "days_since",
    "exists",
    "percentile",
    "share",
    "sum",
    "typical",
)
"""The functions of looks."""
_MEASURED: Final = frozenset(("sum", "share", "percentile", *_STATISTICS))
SUBJECTS: Final = ("claims", "days", "facilities", "lines", "patients")
"""What can be looked at."""

_KEYWORDS: Final = frozenset(
    ("and", "or", "not", "in", "is", "between", "of", "where", "within", "by", "among")
)


def parse(text: str) -> Node:
    """Read a condition or a value.

    Raises:
        RuleMistake: it is not one.
    """
    if len(text) > LONGEST:
        raise mistake("rules.too_long", 0, most=LONGEST)
    node = _Parser(text).whole()
    _check_height(node)
    return node


def _check_height(node: Node) -> None:
    """Refuse what is so deep that whoever walks through it would fall."""
    left = [(node, 1)]
    while left:
        part, height = left.pop()
        if height > _TALLEST:
            raise mistake("rules.too_deep", part.at, most=DEEPEST)
        for one in fields(part):
            inner = getattr(part, one.name)
            many = inner if isinstance(inner, tuple) else (inner,)
            left += [(child, height + 1) for child in many if isinstance(child, Node)]


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKENS.match(text, at)
        if found is None or found["foreign"]:
            raise _means_nothing(found.group() if found else text[at], at)
        kind = found.lastgroup or ""
        if found["number"]:
            kind = "percent" if found["percent"] else "number"
        if kind != "blank":
            written = found.group().rstrip(" %") if kind == "percent" else found.group()
            yield _Token(kind, written, at, found.end())
        at = found.end()
    yield _Token("end", "", len(text.rstrip()), len(text))


def _means_nothing(sign: str, at: int) -> RuleMistake:
    if sign in _MEANT:
        return mistake("rules.character.meant", at, character=_visible(sign), meant=_MEANT[sign])
    return mistake(_HABITS.get(sign, "rules.character"), at, character=_visible(sign))


def _visible(sign: str) -> str:
    """Write a letter so that one that looks like another, or like nothing, is told from it."""
    if sign.isascii():
        return sign
    shown = "" if unicodedata.category(sign)[0] in "CZ" else f"{sign} "
    return f"{shown}U+{ord(sign):04X}"


class _Parser:
    """Reads tokens from left to right; each method reads one kind of part."""

    def __init__(self, text: str) -> None:
        self._text, self._tokens = text, list(_tokens(text))
        self._place = 0
        self._depth = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._tokens[self._place]
        self._place += token.kind != "end"
        return token

    def _is(self, *texts: str) -> bool:
        return self._next.kind in ("name", "sign") and self._next.text in texts

    def _takes(self, *texts: str) -> _Token | None:
        return self._take() if self._is(*texts) else None

    def _expect(self, *texts: str) -> _Token:
        if (token := self._takes(*texts)) is None:
            raise self._unexpected(*texts)
        return token

    def _unexpected(self, *expected: str) -> RuleMistake:
        token, before = self._next, self._tokens[self._place - 1] if self._place else None
        compares = token.kind == "sign" and token.text in _COMPARISONS
        if compares and not (before and before.text in _COMPARISONS):
            return mistake("rules.compared_again", token.at, sign=token.text)
        if before and before.kind == "number" and self._goes_on_as_number():
            return mistake("rules.number_in_parts", before.at)
        found = token.text or message("rules.end")
        return mistake("rules.unexpected", token.at, found=found, expected=[f"`{one}`" for one in expected])

    def _goes_on_as_number(self) -> bool:
        """Tell whether a number is followed by what looks like the rest of it: ``1,000`` or ``1 000``."""
        after = self._tokens[self._place + 1 :]
        return self._next.kind == "number" or (
            self._next.text == "," and bool(after) and after[0].kind == "number"
        )

    def whole(self) -> Node:
        node = self._or()
        if self._next.kind != "end":
            raise self._unexpected("and", "or")
        return node

    def _or(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise mistake("rules.too_deep", self._next.at, most=DEEPEST)
        parts = [self._and()]
        while self._takes("or"):
            parts.append(self._and())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Or(parts[0].at, tuple(parts))

    def _and(self) -> Node:
        begins, parts, ends = [self._next.at], [self._not()], [self._end_of_last]
        while self._takes("and"):
            begins.append(self._next.at)
            parts.append(self._not())
            ends.append(self._end_of_last)
        if len(parts) == 1:
            return parts[0]
        texts = tuple(self._text[begin:end] for begin, end in zip(begins, ends, strict=True))
        return And(parts[0].at, tuple(parts), texts)

    @property
    def _end_of_last(self) -> int:
        """Where the token ends that was taken last."""
        return self._tokens[self._place - 1].end

    def _not(self) -> Node:
        if token := self._takes("not"):
            self._depth += 1
            if self._depth > DEEPEST:
                raise mistake("rules.too_deep", token.at, most=DEEPEST)
            part = self._not()
            self._depth -= 1
            return Not(token.at, part)
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        if token := self._takes(*_COMPARISONS):
            return Compare(token.at, token.text, left, self._sum())
        if token := self._takes("between"):
            low = self._sum()
            self._expect("and")
            high = self._sum()
            _check_bounds(low, high)
            return And(token.at, (Compare(token.at, ">=", left, low), Compare(token.at, "<=", left, high)))
        if token := self._takes("is"):
            return Given(token.at, left, self._expect("given", "missing").text == "given")
        if token := self._takes("in"):
            return In(token.at, left, self._items())
        if self._is("not") and self._tokens[self._place + 1].text == "in":
            token = self._take()
            self._take()
            return Not(token.at, In(token.at, left, self._items()))
        return left

    def _items(self) -> Items:
        token = self._take()
        if token.kind == "set":
            return Items(token.at, (), token.text[1:])
        if token.kind != "items":
            self._place -= token.kind != "end"
            raise self._unexpected("[…]", "@set")
        items = [(m.group().strip("\"'"), token.at + m.start()) for m in _ITEM.finditer(token.text)]
        if not items:
            raise mistake("rules.empty_set", token.at)
        return Items(token.at, tuple(items))

    def _sum(self) -> Node:
        left = self._product()
        while token := self._takes("+", "-"):
            left = Arithmetic(token.at, token.text, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._atom()
        while token := self._takes("*"):
            left = Arithmetic(token.at, "*", left, self._atom())
        return left

    def _atom(self) -> Node:
        if token := self._takes("("):
            node = self._or()
            self._expect(")")
            return node
        token = self._next
        if token.text == "-" and self._tokens[self._place + 1].kind in ("number", "percent"):
            self._take()
            number = self._take()
            return Number(token.at, f"-{number.text}", number.kind == "percent")
        if token.kind in ("number", "percent"):
            self._take()
            return Number(token.at, token.text, token.kind == "percent")
        if token.kind == "day":
            return Day(self._take().at, token.text)
        if token.kind == "text":
            return Text(self._take().at, token.text[1:-1])
        if token.kind == "name" and token.text not in _KEYWORDS:
            self._take()
            if self._is("("):
                return self._call(token)
            return Name(token.at, token.text)
        raise self._unexpected("claim.…", "line.…", "count(…)")

    def _call(self, name: _Token) -> Node:
        if name.text == "peers":
            return self._peers(name)
        if name.text not in FUNCTIONS:
            raise mistake("rules.unknown_function", name.at, name=name.text, known=[*FUNCTIONS, "peers"])
        self._expect("(")
        rank = None
        if name.text == "percentile":
            rank = self._whole_number()
            self._expect(",")
        measure = None
        if name.text in _MEASURED:
            if self._is(*SUBJECTS):
                raise mistake("rules.measure_missing", self._next.at, name=name.text)
            measure = self._or()
            self._expect(",")
        subject = self._expect(*SUBJECTS).text
        self._expect("of")
        keys = [self._key()]
        while self._takes("and"):
            keys.append(self._key())
        look = Look(name.at, name.text, subject, tuple(keys), measure, rank)
        said: set[str] = set()
        while self._takes(","):
            begin = self._next.at
            kind, look = self._modified(look)
            if kind in said:
                raise mistake(f"rules.{kind}_twice", begin)
            said.add(kind)
        self._expect(")")
        return look

    def _key(self) -> Name:
        token = self._next
        if token.kind != "name" or token.text in _KEYWORDS:
            raise self._unexpected("insuree", "facility", "provision", "claim.…")
        self._take()
        return Name(token.at, token.text)

    def _whole_number(self) -> int:
        token = self._next
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > 6:
            raise mistake("rules.whole_number", token.at, found=token.text or message("rules.end"))
        self._take()
        return int(token.text)

    def _modified(self, look: Look) -> tuple[str, Look]:
        """Read how far a look goes, or what else narrows it; and of which kind that is."""
        if self._takes("within"):
            days = self._whole_number()
            self._expect("days", "day")
            side = self._takes("before", "after", "around")
            return "window", replace(look, window=(side.text if side else "before", days))
        if self._takes("same"):
            what = self._expect("day", "month", "facility").text
            if what == "facility":
                return "facility", replace(look, facility="same")
            return "window", replace(look, window=(f"same_{what}", 0))
        if self._takes("other"):
            self._expect("facility")
            return "facility", replace(look, facility="other")
        if self._takes("filed"):
            self._expect("earlier")
            return "window", replace(look, window=("filed_earlier", 0))
        if self._takes("overlapping"):
            return "window", replace(look, window=("overlapping", 0))
        if self._takes("this"):
            self._expect("claim")
            self._expect("too")
            return "own", replace(look, own=True)
        if self._takes("at"):
            self._expect("least")
            return "at_least", replace(look, at_least=self._whole_number())
        if self._takes("where"):
            return "where", replace(look, where=self._or())
        raise self._unexpected("within 30 days", "same day", "other facility", "filed earlier", "where …")

    def _peers(self, name: _Token) -> Node:
        self._expect("(")
        inner = self._atom()
        if not isinstance(inner, Look):
            raise mistake("rules.peers_of_look", inner.at)
        self._expect("by")
        by = self._key()
        self._expect("among")
        among = self._key()
        self._expect(",")
        rank = self._whole_number()
        self._expect(")")
        return Peers(name.at, inner, by, among, rank)


def _check_bounds(low: Node, high: Node) -> None:
    """Refuse bounds between which nothing lies."""
    match low, high:
        case (Number(), Number()) if low.percent == high.percent:
            reversed_ = Decimal(low.text) > Decimal(high.text)
        case (Day(), Day()):
            reversed_ = low.text > high.text
        case _:
            reversed_ = False
    if reversed_:
        raise mistake("rules.between_reversed", low.at)
