"""What a file says, as the definition that it is of: products, rules, plans and routing alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pydantic import ValidationError

from adjudicator.problems import Problem, Refused
from adjudicator.product.definition import Part
from adjudicator.product.mistakes import problems_of
from adjudicator.product.source import Source

Shape = TypeVar("Shape", bound=Part)


def shaped(shape: type[Shape], source: Source, decimals: int) -> Shape:
    """Check what a file says.

    Args:
        shape: the definition that the whole file is.
        source: the file.
        decimals: of the scheme's currency.

    Raises:
        Refused: with everything that is wrong with the file, from its top.
    """
    try:
        definition = shape.model_validate(source.tree, context={"decimals": decimals})
    except ValidationError as error:
        raise Refused(in_order([*source.problems, *problems_of(error, source, shape)])) from None
    if source.problems:
        raise Refused(source.problems)
    return definition


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Put the problems of a file in the order of their places."""
    return sorted(problems, key=lambda problem: (problem.place.line or 0, problem.place.column or 0))
