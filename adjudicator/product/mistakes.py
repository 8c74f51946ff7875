"""What is wrong with a product file, told to the person who wrote it: place, mistake and remedy.

The models say what a definition must be and raise errors whose types are keys of the catalogue; pydantic
adds its own for shapes. Both become problems here. A remedy is, in this order: what was probably meant,
the nearest known word, the place where a key belongs, what would be right in general.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from adjudicator.problems import Problem
from adjudicator.product.definition import Part, Product
from adjudicator.product.meant import meant, nearest
from adjudicator.product.scalars import written_shape
from adjudicator.product.shape import REQUIRED, key_at, key_homes, keys_at, keys_of
from adjudicator.product.source import Source, Steps
from adjudicator.words import Message, message

_MAPPING_EXPECTED: Final = frozenset(("model_type", "model_attributes_type", "dict_type", "mapping_type"))
_LIST_EXPECTED: Final = frozenset(("tuple_type", "list_type"))
_OF_KEY: Final = "[key]"
"""What pydantic ends the location of an error with that is about a key of a mapping."""


FEW: Final = 4
"""The most places that a message lists for a key that belongs elsewhere."""


def problems_of(error: ValidationError, source: Source, root: type[Part] = Product) -> list[Problem]:
    """Turn what pydantic found into problems, none of them twice.

    Args:
        error: what was found.
        source: the file that it was found in.
        root: the part that the whole file is; files of other formats that are read the same way have others.
    """
    found = (_problem(details, source, root) for details in error.errors(include_url=False))
    return list(dict.fromkeys(problem for problem in found if problem is not None))


def _problem(details: ErrorDetails, source: Source, root: type[Part]) -> Problem | None:
    steps: Steps = details["loc"]
    kind = details["type"]
    # A problem was already found in what is missing here, or in a part of this.
    if any(steps == lost[: len(steps)] or lost == steps[: len(lost)] for lost in source.left_out):
        return None
    if kind == "missing":
        *parent, name = steps
        remedy = message("product.missing.remedy", name=name, example=_example(steps, root))
        return Problem(message("product.missing", name=name), source.place_of_key(tuple(parent)), remedy)
    if kind == "extra_forbidden" or steps[-1:] == (_OF_KEY,):
        steps = steps[:-1] if steps[-1] == _OF_KEY else steps
        what = message("product.unknown_key", name=steps[-1])
        return Problem(what, source.place_of_key(steps), _known_key(steps, root))
    key, values = _said(kind, details)
    at: Steps = (*steps, *values.pop("at", ()))
    return Problem(message(key, **values), source.place_of(at), _remedy(key, values, at, root))


def _said(kind: str, details: ErrorDetails) -> tuple[str, dict[str, Any]]:
    """Give the catalogue's key and values for an error that is about a value."""
    values = details.get("ctx", {})
    given = written_shape(details["input"])
    # Our own mistakes are keys of the catalogue; pydantic's have no dot.
    if "." in kind:
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


def _remedy(key: str, values: Mapping[str, Any], steps: Steps, root: type[Part]) -> Message:
    given = str(values.get("given", ""))
    guess = meant(key, given)
    if guess is not None and len(guess.partition(".")[2]) <= values.get("decimals", len(guess)):
        return message("product.write", text=guess)
    if "words" in values and (word := nearest(given, values["words"])):
        return message("product.did_you_mean", text=word)
    if key == "product.expects_mapping" and (example := _part_example(steps, given, root)):
        return message("product.write_keys", example=example)
    if key == "product.expects_mapping":
        known = keys_at(steps, root)
        if not known:
            return message("product.no_mapping.remedy")
        return message("product.expects_mapping.remedy", names=_quoted(known))
    if key in ("product.expects_money", "product.too_many_decimals") and values["decimals"] == 0:
        return message("product.expects_money.remedy_whole")
    if "words" in values:
        return message(f"{key}.remedy", words=_quoted(values["words"]))
    return message(f"{key}.remedy", **values)


def _example(steps: Steps, root: type[Part]) -> str:
    key = key_at(steps, root)
    return key.example if key and key.example else "…"


def _part_example(steps: Steps, given: str, root: type[Part]) -> str | None:
    """Write a part with the keys that it must have; one that has a single such key takes what was given."""
    key = key_at(steps, root)
    needed = [inner for inner in keys_of(key.part) if inner.default is REQUIRED] if key and key.part else []
    if not needed:
        return None
    if len(needed) == 1 and not given.startswith(("{", "[")):
        return f"{{{needed[0].key}: {given}}}"
    return "{" + ", ".join(f"{inner.key}: {inner.example}" for inner in needed) + "}"


def _known_key(steps: Steps, root: type[Part]) -> Message:
    *parents, name = steps
    parent = tuple(parents)
    known = keys_at(parent, root)
    if near := nearest(str(name), known):
        return message("product.did_you_mean", text=near)
    homes_of = key_homes(root)
    elsewhere = nearest(str(name), homes_of)
    homes = homes_of[elsewhere] if elsewhere else ()
    if 0 < len(homes) <= FEW:
        if "" in homes:
            return message("product.key_at_top", name=elsewhere)
        return message("product.key_elsewhere", name=elsewhere, homes=_quoted(homes))
    return message("product.unknown_key.remedy", names=_quoted(known))


def _quoted(names: Iterable[str]) -> list[str]:
    return [f"`{name}`" for name in names]
