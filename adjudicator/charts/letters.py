"""How wide texts are, and how they are cut to their room; no font is asked, lest it differs by machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

SIZE: Final = 12.0
SMALL: Final = 11.0
TINY: Final = 10.0
"""Of labels, of what stands beside bars, and along axes."""

_NARROWEST: Final = frozenset("iljI.,:;'|! \u00a0")
_NARROW: Final = frozenset("tfr()[]-")
_LESS: Final = frozenset("ckszvxyFL")
_WIDE: Final = frozenset("mwMW%@…")
_BOLD: Final = 1.12


def width_of(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Estimate how wide a text is, in the units of its size."""
    # As wide as the widest of the fonts that pages ask for, lest anything runs over.
    signs = sum(map(_width_of_sign, text))
    return signs * size * (_BOLD if bold else 1)


def _width_of_sign(sign: str) -> float:
    if sign in _NARROWEST:
        return 0.33
    if sign in _NARROW:
        return 0.41
    if sign in _LESS:
        return 0.58
    return 0.96 if sign in _WIDE else 0.63


def widest(texts: Iterable[str], size: float = SIZE, *, bold: bool = False) -> float:
    """Give how wide the widest of some texts is; 0 where there is none."""
    return max((width_of(text, size, bold=bold) for text in texts), default=0.0)


def fitted(text: str, room: float, size: float = SIZE) -> str:
    """Cut a text that is wider than there is room for, with an ellipsis."""
    if width_of(text, size) <= room:
        return text
    while text and width_of(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"
