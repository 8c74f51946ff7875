"""The language of rules: from text to a tree, every part of which knows where it stands.

Words are separated by blanks; a new line is a blank. There are comparisons (``=``, ``!=``, ``<``, ``<=``,
``>``, ``>=``, ``in``, ``between … and …``, ``is given``, ``is missing``), ``and``, ``or``, ``not``, sums,
differences and products, and looks at other claims::

    count(claims of insuree and claim.diagnosis, within 30 days before, other facility) >= 2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from adjudicator.words import Message, message

LONGEST: Final = 20_000
"""The most letters that a condition may have."""

DEEPEST: Final = 40
"""How deep it may be nested."""


class RuleMistake(Exception):  # noqa: N818 - it is the author's, not the program's
    """Something is wrong with a condition, at a place in its text."""

    def __init__(self, what: Message, at: int, remedy: Message | None = None) -> None:
        self.what, self.at, self.remedy = what, at, remedy
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
    """All of some conditions."""

    parts: tuple[Node, ...]


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


_TOKENS: Final = re.compile(
    r"""(?P<blank>\s+)
    |(?P<day>\d{4}-\d{2}-\d{2})
    |(?P<number>\d+(?:\.\d+)?(?P<percent>\s?%)?)
    |(?P<name>[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*)
    |(?P<text>"[^"\n]*"|'[^'\n]*')
    |(?P<set>@[A-Za-z_][A-Za-z_0-9-]*)
    |(?P<items>\[[^\]]*\])
    |(?P<sign><=|>=|!=|<|>|=|\+|-|\*|\(|\)|,)""",
    re.VERBOSE,
)

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
    return _Parser(text).whole()


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKENS.match(text, at)
        if found is None:
            raise mistake("rules.character", at, character=text[at])
        kind = found.lastgroup or ""
        if found["number"]:
            kind = "percent" if found["percent"] else "number"
        if kind != "blank":
            yield _Token(kind, found.group().rstrip(" %") if kind == "percent" else found.group(), at)
        at = found.end()
    yield _Token("end", "", len(text))


class _Parser:
    """Reads tokens from left to right; each method reads one kind of part."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
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
        found = self._next.text or "…"
        return mistake(
            "rules.unexpected", self._next.at, found=found, expected=[f"`{one}`" for one in expected]
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
        parts = [self._not()]
        while self._takes("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else And(parts[0].at, tuple(parts))

    def _not(self) -> Node:
        if token := self._takes("not"):
            return Not(token.at, self._not())
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        if token := self._takes("=", "!=", "<", "<=", ">", ">="):
            return Compare(token.at, token.text, left, self._sum())
        if token := self._takes("between"):
            low = self._sum()
            self._expect("and")
            bounds = (Compare(token.at, ">=", left, low), Compare(token.at, "<=", left, self._sum()))
            return And(token.at, bounds)
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
        items = [
            (m.group().strip("\"'"), token.at + m.start()) for m in re.finditer(r"[^\s,\[\]]+", token.text)
        ]
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
            measure = self._or()
            self._expect(",")
        subject = self._expect(*SUBJECTS).text
        self._expect("of")
        keys = [self._key()]
        while self._takes("and"):
            keys.append(self._key())
        look = Look(name.at, name.text, subject, tuple(keys), measure, rank)
        while self._takes(","):
            look = self._modified(look)
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
            raise self._unexpected("90")
        self._take()
        return int(token.text)

    def _modified(self, look: Look) -> Look:
        token = self._next
        if self._takes("within"):
            days = self._whole_number()
            self._expect("days", "day")
            side = self._takes("before", "after", "around")
            return replace(look, window=(side.text if side else "before", days))
        if self._takes("same"):
            what = self._expect("day", "month", "facility").text
            return (
                replace(look, facility="same")
                if what == "facility"
                else replace(look, window=(f"same_{what}", 0))
            )
        if self._takes("other"):
            self._expect("facility")
            return replace(look, facility="other")
        if self._takes("filed"):
            self._expect("earlier")
            return replace(look, window=("filed_earlier", 0))
        if self._takes("overlapping"):
            return replace(look, window=("overlapping", 0))
        if self._takes("this"):
            self._expect("claim")
            self._expect("too")
            return replace(look, own=True)
        if self._takes("at"):
            self._expect("least")
            return replace(look, at_least=self._whole_number())
        if self._takes("where"):
            if look.where is not None:
                raise mistake("rules.where_twice", token.at)
            return replace(look, where=self._or())
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
