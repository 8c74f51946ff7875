"""What a product says, term by term, in words: each with its name and its value as they are shown.

These are the product's own terms; what it says of each provision is resolved in
:mod:`adjudicator.product.terms`, and :func:`term_shown` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from adjudicator.product.definition import BalanceLimit, CategoryLimit, CoverLimit, Part, Product, limits_of
from adjudicator.product.scalars import INDEX_DECIMALS, NO_LIMIT, OUTSIDE, Unit
from adjudicator.product.shape import Key, keys_of
from adjudicator.units import OPEN_END, OPEN_START, date_of, unscaled
from adjudicator.vocabulary import CLAIM_CATEGORIES, Category, FacilityLevel, Limitation, Word
from adjudicator.words import Amount, Message, Percentage, Quantity, message


class Fact(NamedTuple):
    """One term of a product: its name, and its value as it is compared and as it is shown."""

    term: Message
    value: Any
    shown: Any


Facts = Iterator[tuple[tuple[Any, ...], Fact]]
"""Facts by the names under which two versions are compared."""


def facts(product: Product, decimals: int) -> dict[tuple[Any, ...], Fact]:
    """Give what a product says of itself, silence that has a meaning included, in the format's order.

    Args:
        product: the definition; its coverage is left out.
        decimals: of the scheme's currency.
    """
    return {
        name: fact
        for key in keys_of(Product)
        for name, fact in _facts(getattr(product, key.name), key, decimals)
    }


def _facts(value: Any, key: Key, decimals: int) -> Facts:
    """Give the facts under a key at the top of the format; the coverage is compared in its own way."""
    if key.key == "coverage" or value is None:
        return iter(())
    if key.key == "claim_categories":
        return _category_facts(value, decimals)
    if isinstance(value, BalanceLimit):
        return _limit_facts(key.key, value, decimals)
    return _part_facts(value, key, (key.key,), decimals)


def _part_facts(value: Any, key: Key, steps: tuple[str, ...], decimals: int) -> Facts:
    if isinstance(value, Part):
        for inner in keys_of(type(value)):
            yield from _part_facts(getattr(value, inner.name), inner, (*steps, inner.key), decimals)
    elif value not in (None, (), OPEN_START, OPEN_END):
        compared = _evened(value) if key.key == "share" else value
        term = message(f"product.term.{'.'.join(steps)}")
        yield steps, Fact(term, compared, _shown(compared, key, decimals))


def _evened(shares: Any) -> Any:
    """Take equal shares of all periods for the one share that they mean."""
    return shares[:1] if isinstance(shares, tuple) and len(set(shares)) == 1 else shares


def _category_facts(categories: Mapping[Category, CategoryLimit], decimals: int) -> Facts:
    for category in CLAIM_CATEGORIES:
        if (limit := categories.get(category)) is None:
            continue
        for name, value, shown in (
            ("claims", limit.claims, limit.claims),
            ("ceiling", limit.ceiling, _amount(limit.ceiling, decimals)),
        ):
            if value is not None:
                term = message(f"product.term.claim_categories.{name}", category=category)
                yield ("claim_categories", category, name), Fact(term, value, shown)


def _limit_facts(name: str, limit: BalanceLimit, decimals: int) -> Facts:
    for steps, part in limits_of(limit):
        level = part.per or limit.per
        term = message(f"product.term.{name}", level=level)
        if steps:
            care = message(f"product.care.{steps[0]}")
            term = message(f"product.term.{name}_of_care", level=level, care=care)
        for key, value in (
            ("amount", part.amount),
            ("extra_member", part.extra_member),
            ("maximum", part.maximum),
        ):
            if value is not None:
                said = term if key == "amount" else message(f"product.term.limit.{key}", limit=term)
                yield (name, *steps, level, key), Fact(said, value, _amount(value, decimals))


# How a value is shown.


def _shown(value: Any, key: Key, decimals: int) -> Any:
    match value:
        case Word():
            return value
        case tuple() if value and isinstance(value[0], Part):
            return [_facility_class(item.level, item.sublevel) for item in value]
        case tuple() if key.unit is not Unit.MONTH_DAY or isinstance(value[0], tuple):
            return [_shown(item, key, decimals) for item in value]
        case str() if key.key == "period":
            return message(f"product.period.{value}")
    return _scalar_shown(value, key.unit, decimals)


def _scalar_shown(value: Any, unit: Unit | None, decimals: int) -> Any:
    match unit:
        case Unit.MONEY:
            return _amount(value, decimals)
        case Unit.PERCENT:
            return Percentage(value)
        case Unit.MONTHS:
            return _months(value)
        case Unit.DAY:
            return date_of(value)
        case Unit.MONTH_DAY:
            return f"{value[0]:02}-{value[1]:02}"
        case Unit.INDEX:
            return f"{unscaled(value, INDEX_DECIMALS).normalize():f}"
        case _:
            return value


def _amount(value: int | None, decimals: int) -> Amount | None:
    return None if value is None else Amount(value, decimals)


def _months(value: int) -> Message:
    return message("product.months", number=value)


def _facility_class(level: FacilityLevel, sublevel: str | None) -> Message:
    if sublevel is None:
        return message("product.facilities_of_level", level=level)
    return message("product.facilities_of_sublevel", level=level, sublevel=sublevel)


def term_shown(name: str, value: Any, decimals: int) -> Any:
    """Show the value of a term of a provision."""
    match name:
        case "covered":
            return message("product.yes" if value else "product.no")
        case "cover":
            return cover_shown(value, decimals)
        case "waiting":
            return _months(value)
        case "quantity":
            return message("product.no_limit") if value == NO_LIMIT else Quantity(value)
        case "outside_ceiling":
            word = next(word for word, care in OUTSIDE.items() if care == value)
            return message(f"product.care.{word}")
        case _:
            return value


def cover_shown(cover: CoverLimit, decimals: int) -> Percentage | Message:
    """Show what the scheme pays of one unit."""
    if cover.value is None:
        return message("product.up_to_price")
    if cover.limitation is Limitation.CO_INSURANCE:
        return Percentage(cover.value)
    return message("product.up_to", amount=Amount(cover.value, decimals))
