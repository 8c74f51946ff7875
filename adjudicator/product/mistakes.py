"""What is wrong with a product file, told to the person who wrote it: place, mistake and remedy.

The models say what a definition must be and raise errors whose types are keys of the catalogue; pydantic
adds its own for shapes. Both become problems here. A remedy is, in this order: what was probably meant,
the nearest known word, the place where a key belongs, what would be right in general.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from adjudicator.problems import Problem
from adjudicator.product.meant import meant, nearest
from adjudicator.product.scalars import written_shape
from adjudicator.product.shape import homes_of, key_at, keys_at
from adjudicator.product.source import Source, Steps
from adjudicator.words import Message, message

_MAPPING_EXPECTED: Final = frozenset(("model_type", "model_attributes_type", "dict_type", "mapping_type"))
_LIST_EXPECTED: Final = frozenset(("tuple_type", "list_type"))
_OF_KEY: Final = "[key]"
"""What pydantic ends the location of an error with that is about a key of a mapping."""


def problems_of(error: ValidationError, source: Source) -> list[Problem]:
    """Turn what pydantic found into problems, in the order of their places, none of them twice."""
    problems: dict[Problem, None] = {}
    for details in error.errors(include_url=False):
        for problem in _problems(details, source):
            problems.setdefault(problem)
    return sorted(problems, key=lambda problem: (problem.place.line or 0, problem.place.column or 0))


def _problems(details: ErrorDetails, source: Source) -> Iterator[Problem]:
    steps: Steps = details["loc"]
    values: Mapping[str, Any] = details.get("ctx", {})
    kind = details["type"]
    if any(steps[:length] in source.left_out for length in range(1, len(steps) + 1)):
        return
    if kind == "missing":
        *parent, name = steps
        example = message("product.missing.remedy", name=name, example=_example(steps))
        yield Problem(message("product.missing", name=name), source.place_of_key(tuple(parent)), example)
    elif kind == "extra_forbidden" or steps[-1:] == (_OF_KEY,):
        steps = steps[:-1] if steps[-1] == _OF_KEY else steps
        yield Problem(
            message("product.unknown_key", name=steps[-1]), source.place_of_key(steps), _known_key(steps)
        )
    else:
        key, values = _said(kind, values, details)
        at: Steps = (*steps, *values.pop("at", ()))
        yield Problem(message(key, **values), source.place_of(at), _remedy(key, values, at))


def _said(kind: str, values: Mapping[str, Any], details: ErrorDetails) -> tuple[str, dict[str, Any]]:
    """Give the catalogue's key and values for an error that is about a value."""
    given = written_shape(details["input"])
    if kind.startswith("product."):
        return kind, dict(values)
    if kind in _MAPPING_EXPECTED:
        return "product.expects_mapping", {"given": given}
    if kind in _LIST_EXPECTED:
        return "product.expects_list", {"given": given}
    if kind == "too_long":
        return "product.list_too_long", {"given": values["actual_length"], "most": values["max_length"]}
    if kind == "too_short":
        return "product.list_empty", {}
    return "product.other", {"given": given, "said": details["msg"]}


def _remedy(key: str, values: Mapping[str, Any], steps: Steps) -> Message:
    given = str(values.get("given", ""))
    if (guess := meant(key, given)) is not None:
        return message("product.write", text=guess)
    if "words" in values and (word := nearest(given, values["words"])):
        return message("product.did_you_mean", text=word)
    if key == "product.expects_mapping":
        return message("product.expects_mapping.remedy", names=_quoted(keys_at(steps)))
    if key in ("product.expects_money", "product.too_many_decimals") and values["decimals"] == 0:
        return message("product.expects_money.remedy_whole")
    return message(f"{key}.remedy", **values)


def _example(steps: Steps) -> str:
    key = key_at(steps)
    return key.example if key and key.example else "…"


def _known_key(steps: Steps) -> Message:
    *parents, name = steps
    parent = tuple(parents)
    known = keys_at(parent)
    if near := nearest(str(name), known):
        return message("product.did_you_mean", text=near)
    if homes := homes_of(str(name)):
        if "" in homes:
            return message("product.key_at_top", name=name)
        return message("product.key_elsewhere", name=name, homes=_quoted(homes))
    return message("product.unknown_key.remedy", names=_quoted(known))


def _quoted(names: tuple[str, ...]) -> list[str]:
    return [f"`{name}`" for name in names]
