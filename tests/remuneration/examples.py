"""Products, days and months for tests of remuneration, written as people write them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from adjudicator.product.definition import Product
from adjudicator.product.source import parse_source
from adjudicator.remuneration.months import read_month
from adjudicator.units import day_number
from tests.product.strategies import defined

Int64s = npt.NDArray[np.int64]


def product(text: str, code: str = "P") -> Product:
    """Read a product from the keys that matter."""
    return defined(parse_source(f"product: {code}\n{text}", Path("product.yaml")).tree)


def day(text: str) -> int:
    """Give a day that is written ``2026-03-31``."""
    return day_number(dt.date.fromisoformat(text))


def days(*texts: str) -> Int64s:
    """Give days."""
    return whole(day(text) for text in texts)


def month(text: str) -> int:
    """Give a month that is written ``2026-03``."""
    return read_month(text)


def whole(numbers: Iterable[int]) -> Int64s:
    """Make a column of whole numbers."""
    return np.array(list(numbers), np.int64)
