"""Where the shipped routing rules are, in a checkout and in an installed package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def shipped_routing() -> list[Path]:
    """Find the routing files that ship with the project, in the order of their names.

    In a checkout they stand in ``routing/`` beside the package, in a wheel inside of it.
    """
    package = Path(str(resources.files("adjudicator")))
    for folder in (package / "shipped" / "routing", package.parent / "routing"):
        if files := sorted(folder.glob("*.yaml")):
            return files
    raise FileNotFoundError(f"no routing ships with {package}")
