"""Product files, read: each a checked definition that knows its file, its places and its content hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adjudicator.problems import Place, of_all, refused
from adjudicator.product.definition import Product
from adjudicator.product.shaping import shaped
from adjudicator.product.source import Source, Steps, read_source
from adjudicator.units import OPEN_START, date_of

SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True)
class ProductSource:
    """One version of a product as its file gives it."""

    definition: Product
    content_hash: str
    """What the version says, as a SHA-256 in hexadecimal digits (see :func:`content_hash`)."""
    source: Source

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.file

    def place_of(self, steps: Steps) -> Place:
        """Give the place of a value, or of the nearest part around it that the file writes."""
        return self.source.place_of(steps)


def content_hash(product: Product, decimals: int) -> str:
    """Hash what a product version says: SHA-256, as hexadecimal digits.

    Comments, formatting, shorthand, the order of keys and terms that say only what silence means do not
    change it; any change of meaning does. The decimals of the currency belong to the meaning of amounts.
    """
    said = product.model_dump(mode="json", exclude_defaults=True)
    canonical = json.dumps({"decimals": decimals, "product": said}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_product(path: Path, decimals: int) -> ProductSource:
    """Read one product file.

    Args:
        path: the file.
        decimals: of the scheme's currency.

    Raises:
        Refused: with everything that is wrong with the file.
    """
    source = read_source(path)
    product = shaped(Product, source, decimals)
    return ProductSource(product, content_hash(product, decimals), source)


def read_products(folder: Path, decimals: int) -> list[ProductSource]:
    """Read all product files of a folder, in the order of their names.

    Raises:
        Refused: with everything that is wrong with any of them, or because the folder has none.
    """
    files = sorted(file for file in folder.glob("*") if file.suffix in SUFFIXES and file.is_file())
    if not files:
        raise refused("product.no_files", Place(folder))
    return of_all(lambda file: read_product(file, decimals), files)


def version_name(version: Product, content_hash: str | None = None) -> str:
    """Name a version of a product: its code, its first day, and the beginning of its content hash."""
    start = version.valid.start
    name = version.product if start == OPEN_START else f"{version.product}@{date_of(start).isoformat()}"
    return f"{name}#{content_hash[:12]}" if content_hash else name
