"""Texts on paper: in the letters that the fonts have, and within the width that there is."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from reportlab.pdfbase.pdfmetrics import stringWidth

_REMEMBERED: Final = 1 << 14
"""Texts that are kept as they were cut or measured: most of a hospital's lines say the same few things."""

PLAIN, BOLD, SLANTED = "Helvetica", "Helvetica-Bold", "Helvetica-Oblique"


def printable(said: str) -> str:
    """Give a text in the letters that the fonts have: others lose their accents, or become question marks."""
    said = said.replace("−", "-")
    try:
        said.encode("cp1252")
    except UnicodeEncodeError:
        bare = "".join(letter if _has(letter) else unicodedata.normalize("NFKD", letter) for letter in said)
        return "".join(
            letter if _has(letter) else "" if unicodedata.combining(letter) else "?" for letter in bare
        )
    return said


def _has(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=_REMEMBERED)
def fitted(said: str, font: str, size: float, width: float) -> str:
    """Cut a text that is wider than there is room for."""
    said = printable(said)
    if stringWidth(said, font, size) <= width:
        return said
    while said and stringWidth(said + "…", font, size) > width:
        said = said[:-1]
    return said.rstrip() + "…"


@lru_cache(maxsize=_REMEMBERED)
def small_enough(said: str, font: str, size: float, width: float) -> float:
    """Give a size in which a number has room: a text may be cut, an amount never."""
    wide = stringWidth(printable(said), font, size)
    return size if wide <= width else size * width / wide


def wrapped(said: str, font: str, size: float, width: float) -> list[str]:
    """Break a text into lines."""
    lines, line = [], ""
    for word in printable(said).split(" "):
        longer = f"{line} {word}".strip()
        if line and stringWidth(longer, font, size) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]
