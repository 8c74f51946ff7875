"""What a variant says of itself: its products as files, and what differs from the base, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjudicator.product.definition import Product
from adjudicator.product.difference import difference
from adjudicator.product.read import ProductSource, version_name
from adjudicator.product.writing import write_product
from adjudicator.simulation.desk import Desk
from adjudicator.simulation.results import (
    ProductText,
)
from adjudicator.simulation.variant import Asked
from adjudicator.units import date_of
from adjudicator.words import Message, Percentage, message


def product_text(source: ProductSource, decimals: int) -> ProductText:
    """Write a product as a file that can be adopted."""
    product = source.definition
    version = version_name(product)
    return ProductText(
        product.product,
        version_name(product, source.content_hash),
        source.content_hash,
        f"{version.replace('@', '-').lower()}.yaml",
        write_product(product, decimals),
    )


def changes_of(desk: Desk, asked: Asked) -> list[Message]:
    """Say what differs from the base, and what is assumed."""
    found: list[Message] = []
    instead = {switch.instead: switch for switch in asked.revision.switches}
    for code, switch in instead.items():
        place = switch.location.district or switch.location.region
        found.append(message("simulation.switch", product=switch.product, place=place, code=code))
    for source in asked.revision.changed:
        product = source.definition
        old_code = instead[product.product].product if product.product in instead else product.product
        old = _version_before(desk.sources, old_code, product)
        if old is None:
            continue
        # The period and the place of a version say whom the change is for, and are no change of terms.
        same: dict[str, Any] = {
            "product": product.product,
            "valid": product.valid,
            "location": product.location,
        }
        changed = difference(
            old.model_copy(update=same), product, desk.decimals, desk.compiled.registers.selectable
        )
        for one in changed:
            found.append(message("simulation.in_version", version=version_name(product), what=one.said))
    return list(dict.fromkeys([*found, *_assumed(asked)]))


def _version_before(sources: Sequence[ProductSource], code: str, product: Product) -> Product | None:
    return next(
        (
            source.definition
            for source in sources
            if source.definition.product == code and source.definition.valid.holds(product.valid.start)
        ),
        None,
    )


def _assumed(asked: Asked) -> list[Message]:
    assume = asked.assume
    found: list[Message] = []
    trend = assume.trend
    if trend.prices:
        found.append(message("simulation.assume.prices", growth=Percentage(trend.prices), years=trend.years))
    if trend.claims:
        found.append(message("simulation.assume.claims", growth=Percentage(trend.claims), years=trend.years))
    if assume.utilisation is not None:
        elasticity = f"{assume.utilisation.elasticity / 100:.2f}"
        found.append(message("simulation.assume.utilisation", elasticity=elasticity))
    if assume.enrolment is not None:
        found.append(message("simulation.assume.enrolment", growth=Percentage(assume.enrolment.growth)))
    for code, growth in sorted(assume.contributions.items()):
        key = "simulation.assume.contributions_of" if code else "simulation.assume.contributions"
        found.append(message(key, product=code, growth=Percentage(growth)))
    if asked.start is not None and (found or asked.revision.changed):
        found.append(message("simulation.from", day=date_of(asked.start)))
    return found
