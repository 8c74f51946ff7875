"""A made-up scheme of a few hundred families, generated once for all tests."""

from __future__ import annotations

import pytest

from adjudicator.generation import generate
from tests.generation.generated_scheme import FAMILIES, MONTHS, SEED, Generated


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """A scheme with planted faults."""
    folder = tmp_path_factory.mktemp("generated") / "scheme"
    return Generated(folder, generate(folder, FAMILIES, MONTHS, SEED))
