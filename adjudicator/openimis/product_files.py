"""Products from openIMIS as files that a person would have written, with comments for the reader."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

from adjudicator.product.writing import write_product
from adjudicator.words import say
from ingest.openimis.products import Comment, ProductFile

WIDTH: Final = 105
"""The longest line of a file with comments."""

_ENTRY: Final = "  - "


def file_name(code: str, taken: Iterable[str]) -> str:
    """Name the file of a product after its code."""
    stem = re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-") or "product"
    held, name, number = set(taken), f"{stem}.yaml", 2
    while name in held:
        name, number = f"{stem}-{number}.yaml", number + 1
    return name


def product_text(file: ProductFile, decimals: int, language: str) -> str:
    """Write a product file."""
    lines = write_product(file.definition, decimals).split("\n")
    for comment in file.comments:
        place = _place(lines, comment)
        told = say(comment.said, language)
        if isinstance(comment.at, int) and len(lines[place]) + 4 + len(told) <= WIDTH:
            lines[place] += f"  # {told}"
        elif place >= 0:
            indent = " " * (len(lines[place]) - len(lines[place].lstrip()))
            lines[place:place] = _wrapped(told, indent)
    above = [
        line
        for comment in file.comments
        if comment.at is None
        for line in _wrapped(say(comment.said, language))
    ]
    return "\n".join([*above, *lines])


def _wrapped(told: str, indent: str = "") -> list[str]:
    start = f"{indent}# "
    return textwrap.wrap(told, WIDTH, initial_indent=start, subsequent_indent=start, break_long_words=False)


def _place(lines: Sequence[str], comment: Comment) -> int:
    """Find the line that a comment belongs to; -1 where there is none."""
    if comment.at is None:
        return -1
    if isinstance(comment.at, str):
        return next((row for row, line in enumerate(lines) if line.startswith(f"{comment.at}:")), -1)
    begins = next((row for row, line in enumerate(lines) if line.startswith("coverage:")), 0)
    entries = [row for row, line in enumerate(lines) if row > begins and line.startswith(_ENTRY)]
    return entries[comment.at]
