"""What all tests share: the folder of shared material, settings of hypothesis, a closer look at messages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from adjudicator import words

SHARED = Path(__file__).parents[2] / "shared"

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
"""``ci`` and ``unshrunk`` draw the same examples each time; ``seeking`` draws many others each time."""

settings.register_profile(
    "ci",
    deadline=None,
    max_examples=60,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("unshrunk", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))
settings.register_profile(
    "seeking",
    settings.get_profile("ci"),
    max_examples=1_000,
    derandomize=False,
    database=InMemoryExampleDatabase(),
)
settings.load_profile(PROFILE)
if settings.default and settings.default.derandomize:
    # Hypothesis also draws the constants of whatever modules are loaded, which depends on the tests that the
    # same process had before; so not even the same seed would draw the same examples.
    no_constants = Constants()
    providers._get_local_constants = lambda: no_constants


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
