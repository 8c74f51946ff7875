"""Where the shipped example products and review rules are, in a checkout and in an installed package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def shipped_products() -> list[Path]:
    """Find the product files that ship with the project, in the order of their names."""
    return _shipped("products")


def shipped_rules() -> list[Path]:
    """Find the review rules that ship with the project, in the order of their names."""
    return _shipped("rules")


def _shipped(kind: str) -> list[Path]:
    """Find files that stand in a folder beside the package in a checkout, inside of it in a wheel."""
    package = Path(str(resources.files("adjudicator")))
    for folder in (package / "shipped" / kind, package.parent / kind):
        if files := sorted(folder.glob("*.yaml")):
            return files
    raise FileNotFoundError(f"no {kind} ship with {package}")
