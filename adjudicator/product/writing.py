"""A product definition as the YAML that a person would have written.

Terms that say only what silence means are left out, shorthand is used wherever it says the same, and the
parts stand in the order and the style of the product format. Reading the text gives an equal definition.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from adjudicator.product.definition import (
    ByAge,
    CoverLimit,
    Label,
    Part,
    PeriodShares,
    Product,
    Selector,
    SideLimit,
)
from adjudicator.product.scalars import Unit, write_scalar
from adjudicator.product.shape import Key, keys_of
from adjudicator.product.source import Steps, Tree
from adjudicator.vocabulary import Limitation, Word

WIDTH: Final = 100
"""The longest line, in characters; only a text that cannot be broken is longer."""

_HEAD: Final = ("product", "name", "valid", "location", "replaces_on_renewal")
"""The keys that say which product it is; they stand together, all others are a paragraph each."""

_SPREAD: Final = (
    (),
    ("enrolment",),
    ("contribution",),
    ("contribution", "discount"),
    ("claim_categories",),
    ("coverage",),
    ("coverage", int),
    ("remuneration",),
    ("remuneration", "relative_prices"),
    ("remuneration", "capitation"),
)
"""The parts that always stand over several lines, one key a line."""


def write_product(product: Product, decimals: int) -> str:
    """Write a definition as the text of a product file.

    Args:
        product: the definition.
        decimals: of the scheme's currency.
    """
    tree = product_tree(product, decimals)
    head = {key: value for key, value in tree.items() if key in _HEAD}
    paragraphs = [head, *({key: value} for key, value in tree.items() if key not in _HEAD)]
    return "\n".join(_text(paragraph) for paragraph in paragraphs)


def product_tree(product: Product, decimals: int) -> dict[str, Tree]:
    """Give a definition as the tree of its file (see :mod:`adjudicator.product.source`)."""
    return _mapping(product, decimals)


def _mapping(part: Part, decimals: int) -> dict[str, Tree]:
    """Write a part in full: all its keys but those that say what silence means."""
    written: dict[str, Tree] = {}
    for key in keys_of(type(part)):
        value = getattr(part, key.name)
        if value != key.default:
            written[key.key] = _value(value, key, decimals)
    return written


def _value(value: Any, key: Key, decimals: int) -> Tree:
    match value:
        case Part():
            return _part(value, decimals)
        case Word():
            return value.word
        case dict():
            return {category.word: _part(limit, decimals) for category, limit in value.items()}
        case tuple() if key.unit is not Unit.MONTH_DAY or not isinstance(value[0], int):
            return [_value(item, key, decimals) for item in value]
        case _ if key.unit is not None:
            return write_scalar(key.unit, value, decimals)
        case _:
            return str(value)


def _part(part: Part, decimals: int) -> Tree:
    """Write a part in its shortest form."""
    match part:
        case CoverLimit(limitation=Limitation.CO_INSURANCE, value=value):
            return write_scalar(Unit.PERCENT, value, decimals)
        case CoverLimit(value=value):
            return {"up_to": "none" if value is None else write_scalar(Unit.MONEY, value, decimals)}
        case Selector(all=True):
            return "all"
        case Selector(codes=codes) if codes:
            return list(codes)
    written = _mapping(part, decimals)
    match part:
        case Label(en=en, fr=fr) if en == fr:
            return en
        case SideLimit() if list(written) == ["amount"]:
            return written["amount"]
        case ByAge() if "adult" in written and written["adult"] == written.get("child"):
            return written["adult"]
        case PeriodShares(share=(only,)):
            return {"share": write_scalar(Unit.PERCENT, only, decimals)}
    return written


# The tree as text.


class _Dumper(yaml.BaseDumper):
    """Writes lists with the indentation of the product format."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


def _text(tree: dict[str, Tree]) -> str:
    text: str = yaml.serialize(_node(tree, ()), Dumper=_Dumper, width=WIDTH, allow_unicode=True)
    return text


def _node(tree: Tree, steps: Steps) -> yaml.Node:
    if isinstance(tree, dict):
        pairs = [(_scalar(key), _node(value, (*steps, key))) for key, value in tree.items()]
        return yaml.MappingNode(_Dumper.DEFAULT_MAPPING_TAG, pairs, flow_style=not _spread(tree, steps))
    if isinstance(tree, list):
        items = [_node(item, (*steps, place)) for place, item in enumerate(tree)]
        return yaml.SequenceNode(_Dumper.DEFAULT_SEQUENCE_TAG, items, flow_style=not _spread(tree, steps))
    return _scalar(tree)


def _spread(tree: Tree, steps: Steps) -> bool:
    """Tell whether a part stands over several lines."""
    pattern = tuple(int if isinstance(step, int) else step for step in steps)
    if pattern in _SPREAD:
        return True
    if steps in (("ceiling",), ("deductible",)):
        return isinstance(tree, dict) and "amount" not in tree
    # A mapping that is too long for a line is easier to read over several; a list of codes is not.
    return isinstance(tree, dict) and len(_flow(tree)) + 2 * len(steps) > WIDTH - 20


def _flow(tree: Tree) -> str:
    """Write a tree on one line, near enough to know its length."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(_flow(item) for item in tree) + "]"
    return tree


_TYPED_ELSEWHERE: Final = re.compile(
    r"~|null|true|false|yes|no|on|off|y|n"
    r"|[-+]?(0[0-9_]+|0[xob][0-9a-f_]+|[0-9][0-9_]*(\.[0-9_]*)?e[-+]?[0-9]+|\.[0-9].*|\.inf|\.nan"
    r"|[0-9]+(:[0-9]{1,2})+|[0-9]+_[0-9_]*)",
    re.IGNORECASE,
)
"""Texts that other readers of YAML take for something else than a text: they are quoted.

Plain numbers, dates and ``true`` and ``false`` as terms stand as people write them.
"""


def _scalar(text: str) -> yaml.ScalarNode:
    typed = _TYPED_ELSEWHERE.fullmatch(text) is not None and text not in ("true", "false")
    # Only double quotes can hold line breaks and control characters, as escapes.
    quoted = typed or not text.isprintable()
    return yaml.ScalarNode(_Dumper.DEFAULT_SCALAR_TAG, text, style='"' if quoted else None)
