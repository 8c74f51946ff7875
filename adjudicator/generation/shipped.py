"""Where the shipped example products are, in a checkout and in an installed package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def shipped_products() -> list[Path]:
    """Find the product files that ship with the project, in the order of their names.

    In a checkout they stand in ``products/`` beside the package, in a wheel inside of it.
    """
    package = Path(str(resources.files("adjudicator")))
    for folder in (package / "shipped" / "products", package.parent / "products"):
        if files := sorted(folder.glob("*.yaml")):
            return files
    raise FileNotFoundError(f"no products ship with {package}")
