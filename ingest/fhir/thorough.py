"""Says all that is wrong with the types and texts of a resource: the check list that every way shares.

It walks over the resource as plain JSON values beside what :mod:`ingest.fhir.elements` knows of its type,
so that it finds everything at once, each with its FHIRPath. Slow, and bounded: :mod:`ingest.fhir.scan`
came before it.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final

from adjudicator.words import Message, message
from ingest.fhir.elements import RAW, Element, elements_by_name, needed_choices, required_of, root_types
from ingest.fhir.outcome import Issue
from ingest.fhir.primitives import LONGEST_TEXT, PATTERNS, ZONED

Tree = Any
"""JSON values: dicts, lists, texts, numbers as decimals, truths, None."""

Steps = tuple[str | int, ...]

LONGEST_SHOWN: Final = 60
"""Letters of a value that are shown."""

MOST_FINDINGS: Final = 100
"""Findings that are told of one resource; with more of them, nobody reads on."""

MOST_DIGITS: Final = 40
"""Digits of a number, its exponent written out."""

_BEYOND: Final = Decimal("1E+1000")
_LONGEST_BINARY: Final = 1 << 26
_LARGEST_INT: Final = 2**31 - 1
_RANGES: Final = {
    "integer": (-_LARGEST_INT - 1, _LARGEST_INT),
    "positiveInt": (1, _LARGEST_INT),
    "unsignedInt": (0, _LARGEST_INT),
}
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]+")


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, and the steps from the top of the resource to it."""

    code: str
    what: Message
    steps: Steps
    value: str = ""
    inner: str = ""
    """Of an element of a contained resource, the expression within that."""

    def issue(self, resource_type: str) -> Issue:
        """Give it as an error."""
        return Issue("error", self.code, self.what, expression(resource_type, self.steps), self.value)


class Doubled(dict[str, Any]):
    """An object of JSON in which keys stood more than once."""

    twice: tuple[str, ...] = ()


class Unreadable(Exception):  # noqa: N818 - it is the input that cannot be read
    """Bytes are no JSON that can be looked at; ``issue`` says why."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        super().__init__(issue.what.key)


def expression(resource_type: str, steps: Sequence[str | int]) -> str:
    """Write steps as FHIRPath: ``Claim.item[0].net``."""
    written = resource_type
    for step in steps:
        written += f"[{step}]" if isinstance(step, int) else f".{step}"
    return written


def tree_of(body: bytes) -> Tree:
    """Read JSON as plain values: numbers exact, keys that stand twice noted.

    Args:
        body: of bounded size and depth.

    Raises:
        Unreadable: it is no JSON, or not UTF-8.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        what = message("fhir_intake.not_utf8", byte=error.start + 1)
        raise Unreadable(Issue("fatal", "structure", what)) from None
    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_object,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        what = message("fhir_intake.not_json", line=line, column=column)
        raise Unreadable(Issue("fatal", "structure", what)) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) == len(pairs):
        return held
    doubled = Doubled(held)
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for key, _ in pairs:
        if key in seen:
            twice[key] = None
        seen.add(key)
    doubled.twice = tuple(twice)
    return doubled


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        # Its exponent is beyond all bounds, and so is what stands for it.
        return _BEYOND


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def findings(tree: Tree, resource_type: str, unzoned: bool = False) -> list[Finding]:
    """Find all that is wrong with a resource.

    Args:
        tree: of the resource, as :func:`tree_of` gives it.
        resource_type: one of those that are read.
        unzoned: whether times may lack their zone.

    Returns:
        At most :data:`MOST_FINDINGS`, in the order of the resource.
    """
    walk = _Walk(tree, unzoned)
    found = []
    for finding in walk.resource(tree, resource_type, ()):
        found.append(finding)
        if len(found) == MOST_FINDINGS:
            break
    return found


def without(tree: Tree, left_out: Sequence[Steps]) -> Tree:
    """Take elements out of a tree, those at the end of lists first, and give it."""
    for steps in sorted(
        left_out,
        key=lambda steps: [(isinstance(step, int), str(step).zfill(9)) for step in steps],
        reverse=True,
    ):
        holder: Any = tree
        for step in steps[:-1]:
            try:
                holder = holder[step]
            except (KeyError, IndexError, TypeError):
                holder = None
                break
        if steps and isinstance(holder, dict):
            holder.pop(steps[-1], None)
        elif steps and isinstance(holder, list) and isinstance(steps[-1], int) and steps[-1] < len(holder):
            del holder[steps[-1]]
    return tree


class _Walk:
    """One walk over one resource."""

    def __init__(self, tree: Tree, unzoned: bool) -> None:
        self._unzoned = unzoned
        held = tree.get("contained") if isinstance(tree, dict) else None
        inner = held if isinstance(held, list) else []
        self._contained = {
            str(one["id"]): str(one.get("resourceType", ""))
            for one in inner
            if isinstance(one, dict) and "id" in one
        }

    def resource(self, tree: Tree, resource_type: str, steps: Steps) -> Iterator[Finding]:
        if not isinstance(tree, dict):
            yield self._wrong_type(tree, "object", steps)
            return
        given = tree.get("resourceType")
        if given != resource_type:
            what = message("fhir_intake.wrong_resource", given=_shown(given), expected=resource_type)
            yield Finding("structure", what, (*steps, "resourceType"), _shown(given))
        for finding in self._object(tree, resource_type, steps, ("resourceType",)):
            inner = expression(resource_type, finding.steps[len(steps) :]) if steps else ""
            yield replace(finding, inner=finding.inner or inner) if inner else finding

    def _object(
        self, tree: dict[str, Any], type_name: str, steps: Steps, also: Sequence[str] = ()
    ) -> Iterator[Finding]:
        known = elements_by_name(type_name)
        if isinstance(tree, Doubled):
            for name in tree.twice:
                yield Finding("structure", message("fhir_intake.twice", name=name), (*steps, name))
        if not tree:
            yield Finding("structure", message("fhir_intake.empty"), steps)
            return
        chosen: dict[str, list[str]] = {}
        for name, value in tree.items():
            element = known.get(name)
            if element is not None:
                if element.choice:
                    chosen.setdefault(element.choice, []).append(name)
                yield from self._element(tree, element, steps)
            elif name not in also:
                near = get_close_matches(name, known, 1)
                what = (
                    message("fhir_intake.unknown_element.near", name=_shown(name), near=near[0])
                    if near
                    else message("fhir_intake.unknown_element", name=_shown(name))
                )
                yield Finding("structure", what, (*steps, name), _shown(value))
        for element in required_of(type_name):
            if element.name not in tree and f"_{element.name}" not in tree:
                what = message("fhir_intake.required", name=element.name)
                yield Finding("required", what, (*steps, element.name))
        yield from self._choices(tree, type_name, chosen, steps)

    def _choices(
        self, tree: dict[str, Any], type_name: str, chosen: dict[str, list[str]], steps: Steps
    ) -> Iterator[Finding]:
        """Look at what may be there once under several names, or must be under one."""
        for names in chosen.values():
            if len(names) > 1:
                yield Finding(
                    "structure", message("fhir_intake.one_of_many", names=names), (*steps, names[1])
                )
        for choice in needed_choices(type_name):
            # A primitive may have no value but an extension that says why.
            if choice not in chosen and not any(name.startswith(f"_{choice}") for name in tree):
                yield Finding(
                    "required", message("fhir_intake.required", name=f"{choice}[x]"), (*steps, choice)
                )

    def _element(self, tree: dict[str, Any], element: Element, steps: Steps) -> Iterator[Finding]:
        value = tree[element.name]
        here = (*steps, element.name)
        if not element.many:
            if isinstance(value, list) and not (element.primitive is None and element.inner is None):
                yield Finding(
                    "structure", message("fhir_intake.no_list", name=element.name), here, _shown(value)
                )
                return
            yield from self._value(value, element, here)
            return
        if not isinstance(value, list):
            yield Finding("structure", message("fhir_intake.list", name=element.name), here, _shown(value))
            return
        if not value:
            yield Finding("structure", message("fhir_intake.empty"), here)
        beside = tree.get(f"_{element.name}")
        for place, one in enumerate(value):
            if one is None and (element.primitive or element.name.startswith("_")):
                other = tree.get(element.name[1:]) if element.name.startswith("_") else beside
                if isinstance(other, list) and place < len(other) and other[place] is not None:
                    continue
            yield from self._value(one, element, (*here, place))

    def _value(self, value: Tree, element: Element, steps: Steps) -> Iterator[Finding]:
        if value is None:
            yield Finding("structure", message("fhir_intake.null"), steps)
        elif element.primitive:
            yield from self._primitive(value, element, steps)
        elif element.inner == RAW:
            yield from self._any_resource(value, steps)
        elif not isinstance(value, dict):
            yield self._wrong_type(value, "object", steps)
        elif element.inner:
            yield from self._object(value, element.inner, steps)
            if element.inner == "Reference":
                yield from self._reference(value, element, steps)

    def _any_resource(self, value: Tree, steps: Steps) -> Iterator[Finding]:
        if not isinstance(value, dict):
            yield self._wrong_type(value, "object", steps)
            return
        given = value.get("resourceType")
        if not isinstance(given, str) or not _TYPE.fullmatch(given):
            what = message("fhir_intake.required", name="resourceType")
            yield Finding("required", what, (*steps, "resourceType"))
        elif given in root_types():
            yield from self.resource(value, given, steps)
        else:
            yield from self._untyped(value, steps)

    def _untyped(self, value: Tree, steps: Steps) -> Iterator[Finding]:
        """Look at a resource of a type that is not read: only at what holds for all of JSON in FHIR."""
        if isinstance(value, Doubled):
            for name in value.twice:
                yield Finding("structure", message("fhir_intake.twice", name=name), (*steps, name))
        if isinstance(value, dict | list):
            if not value:
                yield Finding("structure", message("fhir_intake.empty"), steps)
            for step, one in value.items() if isinstance(value, dict) else enumerate(value):
                yield from self._untyped(one, (*steps, step))
        elif isinstance(value, str) and (not value or _CONTROL.search(value)):
            yield Finding("value", message("fhir_intake.text", kind="string"), steps, _shown(value))

    def _primitive(self, value: Tree, element: Element, steps: Steps) -> Iterator[Finding]:
        kind = element.primitive or "string"
        if kind == "boolean":
            if not isinstance(value, bool):
                yield self._wrong_type(value, "boolean", steps)
        elif kind in _RANGES or kind == "decimal":
            yield from self._number(value, kind, steps)
        elif not isinstance(value, str):
            yield self._wrong_type(value, "string", steps)
        elif not value:
            yield Finding("structure", message("fhir_intake.empty"), steps)
        elif len(value) > (longest := _LONGEST_BINARY if kind == "base64Binary" else LONGEST_TEXT):
            yield Finding("too-long", message("fhir_intake.too_long", longest=longest), steps, _shown(value))
        elif element.values:
            if value not in element.values:
                what = message("fhir_intake.not_in_value_set", words=list(element.values))
                yield Finding("code-invalid", what, steps, _shown(value))
        else:
            yield from self._text(value, kind, steps)

    def _number(self, value: Tree, kind: str, steps: Steps) -> Iterator[Finding]:
        if not isinstance(value, Decimal) or isinstance(value, bool):
            yield self._wrong_type(value, "number", steps)
            return
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int) or len(digits) + abs(exponent) > MOST_DIGITS:
            yield Finding("value", message("fhir_intake.huge_number", most=MOST_DIGITS), steps, _shown(value))
        elif kind in _RANGES:
            least, most = _RANGES[kind]
            if exponent != 0:
                yield Finding("value", message("fhir_intake.not_whole"), steps, _shown(value))
            elif not least <= value <= most:
                what = message("fhir_intake.out_of_range", least=least, most=most)
                yield Finding("value", what, steps, _shown(value))

    def _text(self, value: str, kind: str, steps: Steps) -> Iterator[Finding]:
        if _CONTROL.search(value) or not PATTERNS[kind].fullmatch(value):
            yield Finding("value", message("fhir_intake.text", kind=kind), steps, _shown(value))
        elif kind in ("date", "dateTime", "instant") and not _is_day(value):
            yield Finding("value", message("fhir_intake.no_such_day"), steps, _shown(value))
        elif kind == "dateTime" and "T" in value and not self._unzoned and not ZONED.match(value):
            yield Finding("value", message("fhir_intake.no_zone"), steps, _shown(value))

    def _reference(self, value: dict[str, Any], element: Element, steps: Steps) -> Iterator[Finding]:
        reference, said = value.get("reference"), value.get("type")
        targets: list[str] = []
        if isinstance(reference, str):
            if reference.startswith("#"):
                inner = contained_id(reference)
                if inner and inner not in self._contained:
                    what = message("fhir_intake.no_contained", id=_shown(inner))
                    yield Finding("not-found", what, (*steps, "reference"), _shown(reference))
                elif inner:
                    targets.append(self._contained[inner])
            elif target := type_in(reference):
                targets.append(target)
        if isinstance(said, str) and _TYPE.fullmatch(said):
            targets.append(said)
        for target in targets:
            if element.targets and target not in element.targets:
                what = message("fhir_intake.target", given=_shown(target), allowed=list(element.targets))
                yield Finding("structure", what, steps, _shown(reference))
                return

    @staticmethod
    def _wrong_type(value: Tree, expected: str, steps: Steps) -> Finding:
        what = message(
            "fhir_intake.wrong_type",
            given=message(f"fhir_intake.type.{_type_of(value)}"),
            expected=message(f"fhir_intake.type.{expected}"),
        )
        return Finding("structure", what, steps, _shown(value))


def contained_id(reference: str) -> str:
    """Give the id of a contained resource; openIMIS writes its type before it."""
    return reference[1:].rpartition("/")[2]


def type_in(reference: str) -> str | None:
    """Give the type of resource that a reference names: ``Patient/1``, ``https://…/Patient/1``."""
    if reference.startswith(("urn:", "#")):
        return None
    whole, *_ = reference.partition("/_history/")
    parts = whole.split("/")
    return parts[-2] if len(parts) > 1 and _TYPE.fullmatch(parts[-2]) else None


def _is_day(value: str) -> bool:
    if len(value) < 10:
        return True
    try:
        dt.date.fromisoformat(value[:10])
    except ValueError:
        return False
    return True


def _type_of(value: Tree) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case Decimal():
            return "number"
        case str():
            return "string"
        case list():
            return "list"
        case _:
            return "object"


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            text = str(value)
        case str():
            text = value
        case _:
            text = "[…]" if isinstance(value, list) else "{…}"
    # What no file could hold is not shown.
    text = text[:LONGEST_SHOWN].encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else "·" for letter in text)
