"""The tables of ``country/`` that a doctor or an actuary can read and mend."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

# The loader in C reads the same, ten times as fast; not every machine has it.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(name: str) -> str:
    """Give the text of a table."""
    return resources.files("adjudicator").joinpath("generation", "country", name).read_text("utf-8")


@cache
def knowledge(name: str) -> dict[str, Any]:
    """Read a YAML table."""
    loaded: dict[str, Any] = yaml.load(read_text(name), _LOADER)
    return loaded


def rows_of(name: str) -> list[dict[str, str]]:
    """Read a CSV table; every row names its cells."""
    return list(csv.DictReader(read_text(name).splitlines()))
