"""The coded reasons of a medical officer, each with what it is a reason for and its CARC code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adjudicator.words import Message, message


class Use(StrEnum):
    """What a reason is a reason for."""

    REDUCE = "reduce"
    """To approve a smaller quantity or a lower price."""
    REJECT = "reject"
    RETURN = "return"
    """To ask the facility to complete a claim."""
    RELEASE = "release"
    """To take a claim out of review."""

    @property
    def label(self) -> Message:
        """What it is called."""
        return message(f"review.use.{self.value}")


@dataclass(frozen=True)
class Reason:
    """A coded reason."""

    code: str
    uses: frozenset[Use]
    carc: tuple[str, str] | None = None
    """Group code and claim adjustment reason code (CARC, X12); none of what adjusts nothing."""
    needs_words: bool = False

    @property
    def label(self) -> Message:
        """What it says."""
        return message(f"review.reason.{self.code.lower().replace('-', '_')}")


_CUTS: Final = frozenset((Use.REDUCE, Use.REJECT))
_REJECTS: Final = frozenset((Use.REJECT,))
_REDUCES: Final = frozenset((Use.REDUCE,))
_PAPERS: Final = frozenset((Use.REJECT, Use.REDUCE, Use.RETURN))
_RELEASES: Final = frozenset((Use.RELEASE,))

REASONS: Final = {
    reason.code: reason
    for reason in (
        Reason("MED-01", _CUTS, ("CO", "50")),
        Reason("MED-02", _REJECTS, ("CO", "11")),
        Reason("MED-03", _CUTS, ("CO", "150")),
        Reason("MED-04", _CUTS, ("CO", "152")),
        Reason("MED-05", _REJECTS, ("CO", "6")),
        Reason("MED-06", _REJECTS, ("CO", "7")),
        Reason("RQ-11", _CUTS, ("CO", "151")),
        Reason("RQ-12", _CUTS, ("CO", "151")),
        Reason("RP-21", _REDUCES, ("CO", "45")),
        Reason("RP-22", _REDUCES, ("CO", "45")),
        Reason("DUP-01", _REJECTS, ("OA", "18")),
        Reason("DUP-02", _CUTS, ("CO", "97")),
        Reason("DUP-03", _CUTS, ("OA", "18")),
        Reason("COD-01", _CUTS, ("CO", "16")),
        Reason("SRV-01", _REJECTS, ("CO", "112")),
        Reason("SRV-02", _REJECTS, ("PR", "31")),
        Reason("REF-01", _REJECTS | {Use.RETURN}, ("CO", "288")),
        Reason("REF-02", _REJECTS | {Use.RETURN}, ("CO", "197")),
        Reason("DOC-01", _PAPERS, ("CO", "252")),
        Reason("DOC-02", _PAPERS, ("CO", "252")),
        Reason("DOC-03", _PAPERS, ("CO", "252")),
        Reason("DOC-04", _PAPERS, ("CO", "252")),
        Reason("DOC-05", _PAPERS, ("CO", "16")),
        Reason("REL-01", _RELEASES),
        Reason("REL-02", _RELEASES),
        Reason("REL-03", _RELEASES),
        Reason("REL-04", _RELEASES),
        Reason("REL-05", _RELEASES),
        Reason("OTH-99", frozenset(Use), ("CO", "A1"), needs_words=True),
    )
}
"""All coded reasons, by code."""
