"""What all tests share: the folder of shared material, settings of hypothesis, a closer look at messages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from adjudicator import words

SHARED = Path(__file__).parents[2] / "shared"

settings.register_profile("ci", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "unshrunk", settings.get_profile("ci"), phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names a folder of conformance cases."""
    default = str(SHARED / "conformance" / "cases")
    parser.addoption("--cases", default=default, help="folder of conformance cases (*.json)")


@pytest.fixture(autouse=True, scope="session")
def _numbers_choose_between_forms() -> Iterator[None]:
    """Let no text choose between a singular and a plural: people would be told of "1 claims"."""
    singular = words.singular

    def checked(value: Any, language: str = "en") -> bool:
        # A dash stands for what is not known.
        assert not isinstance(value, str) or value == "–", f"{value!r} chooses between forms"
        return singular(value, language)

    words.singular = checked
    yield
    words.singular = singular
