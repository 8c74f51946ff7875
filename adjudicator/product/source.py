"""A product file as it is written: a tree of mappings, lists and texts, and where each of them stands.

YAML's own typing is left out: ``on``, ``no``, ``012``, ``12:30`` and ``1.10`` stay the texts that they
are, and the definition says what they mean. What would hide meaning is refused: a key given twice, an
empty value, anchors and aliases, tags, a second document in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

from adjudicator.problems import Place, Problem, Refused, problem_of, refused
from adjudicator.system import reason
from adjudicator.words import Message, message

Tree = dict[str, "Tree"] | list["Tree"] | str
"""What stands in a product file: mappings, lists and texts as written."""

Steps = tuple[str | int, ...]
"""The keys and positions that lead from the top of a file to a value."""

Spot = tuple[int, int]
"""Line and column, from 1."""

DEEPEST: Final = 20
"""How deep a product file may be nested; the format itself needs seven levels."""

_EMPTY: Final = frozenset(("", "~", "null", "Null", "NULL"))


@dataclass(frozen=True)
class Source:
    """A product file's tree, the places of its keys and values, and what is wrong with its form."""

    file: Path
    tree: dict[str, Tree]
    values: Mapping[Steps, Spot]
    keys: Mapping[Steps, Spot]
    problems: tuple[Problem, ...] = ()
    left_out: frozenset[Steps] = frozenset()
    """Values that stand in the file but not in the tree, because a problem was found in them."""
    text: str = ""
    """The whole file."""
    spans: Mapping[Steps, tuple[int, int]] = field(default_factory=dict)
    """Where each text begins and ends in ``text``, quotes and block marks included."""

    def written(self, steps: Steps) -> Steps:
        """Give the steps as the file writes them.

        Shorthand has fewer steps than what it stands for (``cover: 80%`` is ``cover.adult`` and
        ``cover.child``), so steps that the file does not have are passed over.
        """
        known: Steps = ()
        for step in steps:
            if (*known, step) in self.values:
                known = (*known, step)
        return known

    def place_of(self, steps: Steps) -> Place:
        """Give the place of a value, or of the nearest part around it that is written."""
        return self._place(self.values[self.written(steps)])

    def place_of_key(self, steps: Steps) -> Place:
        """Give the place of a key, or of the nearest value around it."""
        spot = self.keys.get(steps)
        return self._place(spot) if spot else self.place_of(steps)

    def text_at(self, steps: Steps) -> tuple[str, int]:
        """Give a text as the file writes it, and where it begins in :attr:`text`.

        For texts in which blanks and new lines mean nothing, as conditions are: what stands between quotes,
        or below the mark of a block, so that every letter keeps its place in the file. A text in quotes that
        has others, or escapes, in it is given as it is read.
        """
        start, end = self.spans[steps]
        text = self.text[start:end]
        if block := re.match(r"[|>][-+0-9]*[^\n]*\n", text):
            return text[block.end() :], start + block.end()
        if text[:1] not in ("'", '"'):
            return text, start
        inner = text[1:-1]
        if "''" not in inner and "\\" not in inner:
            return inner, start + 1
        value: Any = self.tree
        for step in steps:
            value = value[step]
        return str(value), start

    def place_at(self, offset: int) -> Place:
        """Give the place of a letter of :attr:`text`."""
        before = self.text[:offset]
        return Place(self.file, before.count("\n") + 1, len(before) - before.rfind("\n"))

    def _place(self, spot: Spot) -> Place:
        return Place(self.file, *spot)


def read_source(file: Path) -> Source:
    """Read a product file's form.

    Raises:
        Refused: the file cannot be read, is not UTF-8, is not YAML, or holds no mapping.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise refused("product.unreadable", Place(file), reason=reason(error)) from None
    try:
        return parse_source(data.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = problem_of("product.not_utf8", Place(file, line, column), byte=f"{data[error.start]:02X}")
        raise Refused([problem]) from None


def parse_source(text: str, file: Path) -> Source:
    """Parse the text of a product file; ``file`` names it in places.

    Raises:
        Refused: the text is not YAML, or holds no mapping.
    """
    try:
        return _Builder(text, file).source()
    except yaml.MarkedYAMLError as error:
        raise Refused([_syntax_problem(error, file)]) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = problem_of(
            "product.yaml_control", Place(file, line, column), code=f"U+{_code_point(error.character):04X}"
        )
        raise Refused([problem]) from None


# What PyYAML says of a text that it cannot read, the message of ours that says the same, and whether the
# trouble began where PyYAML's context starts rather than where it gave up.
_SYNTAX: Final = (
    (r"found character '\\t' that cannot start any token", "product.yaml_tab", False),
    (r"found character '(?P<character>.)' that cannot start any token", "product.yaml_character", False),
    (r"mapping values are not allowed here", "product.yaml_colon", False),
    (r"could not find expected ':'", "product.yaml_no_colon", True),
    (r"expected <block end>, but found .*", "product.yaml_indentation", False),
    (r"expected ',' or '}', but got .*", "product.yaml_brace", True),
    (r"expected ',' or '\]', but got .*", "product.yaml_bracket", True),
    (r"found unexpected end of stream", "product.yaml_quote", True),
    (r"found unexpected document separator", "product.yaml_quote", True),
)


def _syntax_problem(error: yaml.MarkedYAMLError, file: Path) -> Problem:
    said = error.problem or error.context or ""
    for pattern, key, at_context in _SYNTAX:
        if matched := re.fullmatch(pattern, said):
            mark = (error.context_mark if at_context else None) or error.problem_mark
            return problem_of(key, Place(file, *_spot(mark)), **matched.groupdict())
    return problem_of("product.yaml_other", Place(file, *_spot(error.problem_mark)), said=said)


def _code_point(character: Any) -> int:
    """Give the code point of what PyYAML stumbled over, which it gives as a number or as a text."""
    return character if isinstance(character, int) else ord(character)


def _spot(mark: Any) -> Spot:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Builder:
    """Builds the tree from YAML's events, which shows depth, aliases and tags before they are followed."""

    def __init__(self, text: str, file: Path) -> None:
        self._file = file
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.BaseLoader)
        self._text = text
        self._spans: dict[Steps, tuple[int, int]] = {}
        self._values: dict[Steps, Spot] = {(): (1, 1)}
        self._keys: dict[Steps, Spot] = {}
        self._problems: list[Problem] = []
        self._left_out: set[Steps] = set()

    def source(self) -> Source:
        next(self._events)
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            self._refuse(message("product.file_empty"), first, message("product.file_empty.remedy"))
        root = next(self._events)
        if not isinstance(root, yaml.MappingStartEvent):
            self._refuse(message("product.no_mapping"), root, message("product.no_mapping.remedy"))
        tree: dict[str, Tree] = {}
        self._fill_mapping(tree, ())
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._report("product.second_document", after)
        return Source(
            self._file,
            tree,
            self._values,
            self._keys,
            tuple(self._problems),
            frozenset(self._left_out),
            self._text,
            self._spans,
        )

    def _refuse(self, what: Message, event: yaml.Event, remedy: Message) -> NoReturn:
        raise Refused([*self._problems, Problem(what, Place(self._file, *_spot(event.start_mark)), remedy)])

    def _report(self, key: str, event: yaml.Event, **values: object) -> None:
        self._problems.append(problem_of(key, Place(self._file, *_spot(event.start_mark)), **values))

    def _node(self, event: yaml.Event, steps: Steps) -> Tree | None:
        """Build the node that an event starts; None where it has to be left out, which has been reported."""
        self._values[steps] = _spot(event.start_mark)
        if len(steps) > DEEPEST:
            self._refuse(message("product.too_deep"), event, message("product.too_deep.remedy", most=DEEPEST))
        if isinstance(event, yaml.AliasEvent):
            self._report("product.alias", event, name=event.anchor)
            return None
        self._check_plain(event)
        if isinstance(event, yaml.MappingStartEvent):
            mapping: dict[str, Tree] = {}
            self._fill_mapping(mapping, steps)
            return mapping
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(steps)
        if not isinstance(event, yaml.ScalarEvent) or (event.style is None and event.value in _EMPTY):
            return None
        if event.start_mark is not None and event.end_mark is not None:
            self._spans[steps] = (event.start_mark.index, event.end_mark.index)
        text: str = event.value
        return text

    def _check_plain(self, event: yaml.Event) -> None:
        if (anchor := getattr(event, "anchor", None)) is not None:
            self._report("product.anchor", event, name=anchor)
        if (tag := getattr(event, "tag", None)) is not None:
            self._report("product.tag", event, tag=tag)

    def _sequence(self, steps: Steps) -> Tree:
        items: list[Tree] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item = self._node(event, (*steps, len(items)))
            if item is None:
                if isinstance(event, yaml.ScalarEvent):
                    self._report("product.empty_item", event)
                # The place is kept, so that the positions of the others stay right.
                self._left_out.add((*steps, len(items)))
                item = ""
            items.append(item)
        return items

    def _fill_mapping(self, mapping: dict[str, Tree], steps: Steps) -> None:
        while not isinstance(key_event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(key_event, yaml.ScalarEvent):
                self._refuse(message("product.key_no_text"), key_event, message("product.key_no_text.remedy"))
            self._check_plain(key_event)
            key = key_event.value
            here = (*steps, key)
            value_event = next(self._events)
            if here in self._keys:
                self._report("product.key_twice", key_event, name=key, line=self._keys[here][0])
                self._skip(value_event)
                continue
            self._keys[here] = _spot(key_event.start_mark)
            value = self._node(value_event, here)
            if value is None:
                if isinstance(value_event, yaml.ScalarEvent):
                    self._report("product.empty_value", key_event, name=key)
                self._left_out.add(here)
            else:
                mapping[key] = value

    def _skip(self, event: yaml.Event) -> None:
        """Pass over a node without building it."""
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return
            event = next(self._events)
