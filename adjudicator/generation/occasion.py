"""Occasions: people who would be seen by a facility in a month, if they can and care to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from adjudicator.generation.stream import I16, I32

NO_DATE: Final = -1


@dataclass(frozen=True)
class Occasions:
    """Occasions; n of them."""

    person: I32
    sickness: I16
    day: I32
    """(n,), :data:`NO_DATE` where a day of the month is still to be drawn."""

    def plus(self, others: Occasions) -> Occasions:
        """Put other occasions after these."""
        return Occasions(
            np.concatenate([self.person, others.person]),
            np.concatenate([self.sickness, others.sickness]),
            np.concatenate([self.day, others.day]),
        )
