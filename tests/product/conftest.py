"""The example of the product format, as the shared pages give it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adjudicator.product.definition import Product
from adjudicator.product.source import parse_source
from tests.product.strategies import defined

FORMAT = Path(__file__).parents[3] / "shared" / "product-format.md"


@pytest.fixture(scope="session")
def example_text() -> str:
    """The text of the example."""
    if not FORMAT.exists():
        pytest.skip(f"the page of the product format is not there ({FORMAT})")
    found = re.search(r"```yaml\n(.*?)```", FORMAT.read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="session")
def example(example_text: str) -> Product:
    """The definition that the example means."""
    return defined(parse_source(example_text, Path("example.yaml")).tree)
