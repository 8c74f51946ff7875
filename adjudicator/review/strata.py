"""Strata in words: ``level=hospital, amount=2`` is *level hospital, amount class 2*."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adjudicator.vocabulary import Category, FacilityLevel, VisitType, Word
from adjudicator.words import Message, message

_WORDS: Final[Mapping[str, type[Word]]] = {
    "level": FacilityLevel,
    "category": Category,
    "visit_type": VisitType,
}
"""The vocabularies of what strata go by."""


def in_words(name: str) -> Message:
    """Name a stratum for people."""
    if "=" not in name:
        return message(f"review_selection.stratum.{name}")
    parts = [_part(*part.partition("=")[::2]) for part in name.split(", ")]
    return message("review_selection.stratum_of", parts=parts)


def _part(by: str, value: str) -> Message:
    words = _WORDS.get(by)
    shown: Word | str = words.of(value) if words and value else value or "–"
    return message("review_selection.stratum_part", by=message(f"review_selection.by.{by}"), value=shown)
