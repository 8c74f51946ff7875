"""Writes :mod:`ingest.fhir.structs` from what ``fhir.resources`` knows of R4.

``python -m ingest.fhir.generate`` prints the module; it is committed, so that reading needs neither this
nor ``fhir.resources``. A test makes sure that what is committed is what is printed.
"""

from __future__ import annotations

import keyword
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from fhir.resources.R4B import get_fhir_model_class

RESOURCES: Final = (
    "ActivityDefinition",
    "Bundle",
    "ChargeItemDefinition",
    "Claim",
    "Coverage",
    "CoverageEligibilityRequest",
    "Group",
    "Location",
    "Medication",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
)
"""The resources that are read."""

NOT_R4: Final = frozenset(("CodeableReference", "RatioRange"))
"""Types that R4B has and R4 has not."""

REQUIRED_BINDINGS: Final = {
    ("Quantity", "comparator"): ("<", "<=", ">=", ">"),
}
"""Value sets of R4 that ``fhir.resources`` does not state."""

_PRIMITIVES: Final = {"AnyUrl": "Url", "UuidVersion": "Uuid"}
"""Types of Python by which some primitives go."""


@dataclass(frozen=True)
class Element:
    """One element of a type."""

    name: str
    type: str
    many: bool
    required: bool
    primitive: bool
    values: tuple[str, ...]
    targets: tuple[str, ...]
    choice: str | None
    choice_required: bool

    @property
    def attribute(self) -> str:
        """The name in Python."""
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()
        return f"{snake}_" if keyword.iskeyword(snake) else snake

    @property
    def plain(self) -> bool:
        """Whether msgspec finds the name in JSON by itself."""
        first, *others = self.attribute.split("_")
        return first + "".join(
            other.title() for other in others
        ) == self.name and not self.attribute.endswith("_")


def elements_of(type_name: str) -> list[Element]:
    """Give the elements of a type, in the order that R4 gives them."""
    model = get_fhir_model_class(type_name)
    found = []
    for name in model.elements_sequence():
        field = next(field for field in model.model_fields.values() if field.alias == name)
        kind, many, primitive = _kind(field.annotation)
        if kind in NOT_R4:
            continue
        more = cast(dict[str, Any], field.json_schema_extra or {})
        values = REQUIRED_BINDINGS.get((type_name, name)) or tuple(more.get("enum_values", ()))
        found.append(
            Element(
                name,
                kind,
                many,
                bool(more.get("element_required")) or (field.is_required() and name != "resourceType"),
                primitive,
                # A set that goes on binds nobody.
                values if kind == "Code" and "etc." not in values else (),
                tuple(more.get("enum_reference_types", ())),
                more.get("one_of_many"),
                bool(more.get("one_of_many_required")),
            )
        )
    return found


def _kind(annotation: Any) -> tuple[str, bool, bool]:
    """Find the type's name, whether it is a list, and whether it is a primitive."""
    text = str(annotation)
    many = "List[" in text
    if found := re.search(r"abc\.(\w+)Type\b", text):
        return found[1], many, False
    for name in ("Base64Binary", "Xhtml", "AnyUrl"):
        if name in text:
            return _PRIMITIVES.get(name, name), many, True
    if found := re.search(r"Annotated\[.*?, (\w+)\(", text):
        return _PRIMITIVES.get(found[1], found[1]), many, True
    if "bool" in text:
        return "Boolean", many, True
    raise ValueError(f"no kind: {text} {typing.get_args(annotation)}")


def reachable(resources: tuple[str, ...]) -> dict[str, list[Element]]:
    """Give all types that resources are made of, by name."""
    types: dict[str, list[Element]] = {}
    waiting = list(resources)
    while waiting:
        name = waiting.pop()
        if name in types or name == "Resource":
            continue
        types[name] = elements_of(name)
        waiting += [element.type for element in types[name] if not element.primitive]
    return types


_ABOUT: Final = '''"""The types of R4 that are read, strictly. Written by ``python -m ingest.fhir.generate``.

Elements are in the order of R4, attributes are their names in snake case; ``*_ext`` holds the extensions of a
primitive. Nothing is said about one of many, targets of references and the look of texts: the tables at the
end, :mod:`ingest.fhir.primitives` and :mod:`ingest.fhir.thorough` do.
"""'''


def written() -> str:
    """Write the module."""
    types = reachable(RESOURCES)
    return "\n".join(_module(types)) + "\n"


def _module(types: dict[str, list[Element]]) -> Iterator[str]:
    yield _ABOUT
    yield ""
    yield "from __future__ import annotations"
    yield ""
    yield "from typing import Final, Literal"
    yield ""
    yield "from msgspec import Raw, Struct, field"
    yield ""
    used = sorted({element.type for elements in types.values() for element in elements if element.primitive})
    yield f"from ingest.fhir.primitives import {', '.join(used)}"
    yield ""
    yield ""
    yield "class Element(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):"
    yield '    """What a primitive may have beside its value."""'
    yield ""
    yield "    id: String | None = None"
    yield "    extension: list[Extension] | None = None"
    for name in sorted(types):
        resource = name in RESOURCES
        tag = f', tag="{name}", tag_field="resourceType"' if resource else ""
        yield ""
        yield ""
        options = f'kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"{tag}'
        yield f"class {name}(Struct, {options}):"
        yield f'    """R4 {name}."""'
        yield ""
        for element in types[name]:
            yield from _lines(name, element)
    yield ""
    yield ""
    yield "RESOURCES: Final = {"
    for name in RESOURCES:
        yield f'    "{name}": {name},'
    yield "}"
    yield '"""The resources that are read, by name."""'
    yield ""
    yield "CHOICES: Final[dict[str, dict[str, tuple[bool, tuple[str, ...]]]]] = {"
    for name in sorted(types):
        groups: dict[str, list[Element]] = {}
        for element in types[name]:
            if element.choice:
                groups.setdefault(element.choice, []).append(element)
        if groups:
            yield f'    "{name}": {{'
            for choice, members in groups.items():
                names = "".join(f'"{member.name}", ' for member in members)
                yield f'        "{choice}": ({any(member.choice_required for member in members)}, ({names})),'
            yield "    },"
    yield "}"
    yield '"""Elements of which one may be there, or must be: by type and by the beginning of their names."""'
    yield ""
    yield "TARGETS: Final[dict[str, dict[str, tuple[str, ...]]]] = {"
    for name in sorted(types):
        targets = {
            element.name: element.targets
            for element in types[name]
            if element.targets and "Resource" not in element.targets
        }
        if targets:
            yield f'    "{name}": {{'
            for element_name, allowed in targets.items():
                names = "".join(f'"{target}", ' for target in allowed)
                yield f'        "{element_name}": ({names}),'
            yield "    },"
    yield "}"
    yield '"""The resources that a reference may lead to, by type and element; any, where it is not here."""'


def _lines(owner: str, element: Element) -> Iterator[str]:
    kind = element.type if element.type != "Resource" else "Raw"
    if element.values:
        kind = f"Literal[{', '.join(repr(value) for value in element.values)}]".replace("'", '"')
    if element.many:
        kind = f"list[{kind} | None]" if element.primitive else f"list[{kind}]"
    name = "" if element.plain else f'name="{element.name}"'
    if kind == "Raw":
        # Nothing of it is read yet; what is not there is empty.
        yield f"    {element.attribute}: Raw = Raw()"
    elif element.required:
        yield f"    {element.attribute}: {kind}" + (f" = field({name})" if name else "")
    else:
        default = f" = field(default=None, {name})" if name else " = None"
        yield f"    {element.attribute}: {kind} | None{default}"
    if element.primitive and element.name != "id" and element.type != "Xhtml":
        beside = "list[Element | None]" if element.many else "Element"
        attribute = element.attribute.rstrip("_")
        yield f'    {attribute}_ext: {beside} | None = field(default=None, name="_{element.name}")'


if __name__ == "__main__":
    print(written(), end="")
