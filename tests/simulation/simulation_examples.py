"""Desks for tests: random worlds and a small generated country."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from adjudicator import claims as claims_room
from adjudicator.adjudication.opening import nothing
from adjudicator.product.definition import Product
from adjudicator.product.read import ProductSource, content_hash
from adjudicator.product.source import Source
from adjudicator.product.writing import product_tree
from adjudicator.registers import empty
from adjudicator.simulation.desk import Desk
from adjudicator.tables import REGISTERS
from tests.adjudication.reading import Read, read
from tests.adjudication.worlds import RandomWorld, kinder, random_world

POOLS = {"relative_prices": {"period": "quarter", "hospital": {"share": "40%"}, "index": {"maximum": "1"}}}
"""A pool for hospital care, of which relative lines out of hospital have none."""


def source_of(product: Product, decimals: int) -> ProductSource:
    """Give a product as if a file had said it."""
    form = Source(Path(f"{product.product}.yaml"), product_tree(product, decimals), {(): (1, 1)}, {})
    return ProductSource(product, content_hash(product, decimals), form)


def kind_world(random: Random) -> RandomWorld:
    """Make a world in which most lines are valuated."""
    return kinder(random_world(random, 16, 5), random)


def contributions_of(r: Read, random: Random) -> pa.Table:
    """Let every policy of a world pay something on its first day."""
    policies = r.registers["policies"]
    count = len(policies)
    columns: dict[str, Any] = {
        "contribution": pa.array([f"K{n}" for n in range(count)], pa.string()),
        "policy": policies["policy"],
        "paid": policies["effective"],
        "amount": pa.array([random.randrange(100_000) for _ in range(count)], pa.int64()),
        "payer": pa.nulls(count, pa.string()),
    }
    return pa.table(columns)


def desk_of(
    r: Read,
    *,
    claims: pa.Table | None = None,
    lines: pa.Table | None = None,
    products: Sequence[Product] = (),
) -> Desk:
    """Put a world on a desk."""
    decimals = r.world.decimals
    tables = {name: r.registers.get(name, empty(spec)) for name, spec in REGISTERS.items()}
    tables["contributions"] = contributions_of(r, Random(7))
    scheme = r.scheme
    sources = [source_of(product, decimals) for product in products or r.world.products]
    encoded = claims_room.encode(
        scheme.registers, r.claims if claims is None else claims, r.lines if lines is None else lines
    )
    return Desk("TEST", "XTS", decimals, tuple(sources), scheme, tables, encoded, nothing(scheme.registers))


def pooled(world: RandomWorld) -> RandomWorld:
    """Give every product of a world a pool."""
    products = tuple(
        Product.model_validate(
            product_tree(product, world.decimals) | {"remuneration": POOLS},
            context={"decimals": world.decimals},
        )
        for product in world.products
    )
    return RandomWorld(
        products, world.registers, world.claims, world.claim_lines, world.adult_age, world.decimals
    )


def read_kind(random: Random) -> Read:
    """Make and read a world with pools."""
    return read(pooled(kind_world(random)))


def columns_equal(one: pa.Table, other: pa.Table) -> bool:
    """Tell whether two tables hold the same."""
    return bool(one.to_pydict() == other.to_pydict())


def total(table: pa.Table, column: str) -> int:
    """Add up a column."""
    return int(np.asarray(table[column].to_numpy(), np.int64).sum())
