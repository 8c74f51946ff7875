"""What looks need of whoever answers the conditions and measures that they hold.

A value may be a look, and a look has conditions and a measure, which are made of values again. So those who
answer the two call each other: :mod:`adjudicator.rulebook.evaluate` calls looks by what they are, and looks
call whoever evaluates by what is said here.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from adjudicator.rulebook import typed
from adjudicator.rulebook.fields import Level
from adjudicator.rulebook.universe import Askers, Rows

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LARGEST: Final = float(1 << 62)
"""Sums and products from here on are not trusted to fit; who asks for one is told of as odd."""


class Answering(Protocol):
    """Answers conditions and values of a universe, for those who ask."""

    @property
    def askers(self) -> Askers:
        """The claims that ask."""

    @property
    def odd_so_far(self) -> int:
        """How often something could not be computed."""

    def note_odd(self, level: Level, rows: Rows) -> None:
        """Note rows about which something could not be computed."""

    def truth(self, condition: typed.Condition, level: Level, rows: Rows) -> Bools:
        """Tell of some rows, (n,), whether a condition holds."""

    def value(self, value: typed.Value, level: Level, rows: Rows) -> tuple[Int64s, Bools]:
        """Give a value for some rows, (n,), and where there is one."""
