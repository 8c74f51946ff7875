"""Where what ships with the project is: beside the package in a checkout, inside of it in a wheel."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def shipped_products() -> list[Path]:
    """Find the example products, in the order of their names."""
    return _shipped("products")


def shipped_rules() -> list[Path]:
    """Find the review rules, in the order of their names."""
    return _shipped("rules")


def shipped_routing() -> list[Path]:
    """Find the rules that route cases, in the order of their names."""
    return _shipped("routing")


def shipped_benefits() -> list[Path]:
    """Find the example benefit plans, in the order of their names."""
    return _shipped("benefits")


def shipped_scenarios() -> list[Path]:
    """Find the example scenarios, in the order of their names."""
    return _shipped("scenarios")


def _shipped(kind: str) -> list[Path]:
    package = Path(str(resources.files("adjudicator")))
    for folder in (package / "shipped" / kind, package.parent / kind):
        if files := sorted(folder.glob("*.yaml")):
            return files
    raise FileNotFoundError(f"no {kind} ship with {package}")
