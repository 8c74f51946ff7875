"""The actuary's desk: what lies on it, a scheme and claims, and what may be asked of it.

Pure: what is on the desk was read before, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme
from adjudicator.adjudication.opening import Opening
from adjudicator.claims import Claims
from adjudicator.product.check import RegisterCodes
from adjudicator.product.read import ProductSource
from adjudicator.simulation.grid import Terms
from adjudicator.simulation.income import Incomes
from adjudicator.simulation.results import DIMENSIONS, FIGURES
from adjudicator.simulation.variant import Variant, base_of
from adjudicator.simulation.walk import MOST_NAMED, Material


@dataclass(frozen=True)
class Wish:
    """What is asked of a simulation besides its variants."""

    dimensions: tuple[str, ...] = DIMENSIONS
    """The breakdowns."""
    facilities: bool = True
    """What each facility is paid, and the indexes and the fund by month."""
    named_families: int = MOST_NAMED
    """How many winners and losers are named."""
    order: bool = True
    """Whether claims whose amount depends on their order are named."""
    pairs: bool = False
    """Whether what each claim is worth is kept."""
    samples: int = 0
    """How many samples of families are drawn."""
    seed: int = 1
    """Of the samples."""
    confidence: int = 9_000
    """Of the bands, in hundredths of a percent."""
    figures: tuple[str, ...] = FIGURES
    """The figures that have bands."""


SWEEP_WISH = Wish(dimensions=(), facilities=False, named_families=0, order=False)
"""What is asked of a sweep: small sums."""


@dataclass(frozen=True)
class Desk:
    """What lies on the desk: a scheme, and claims."""

    scheme: str
    currency: str
    decimals: int
    sources: tuple[ProductSource, ...]
    compiled: CompiledScheme
    tables: Mapping[str, pa.Table]
    """The registers, typed."""
    claims: Claims
    opening: Opening
    hashes: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def codes(self) -> RegisterCodes:
        """What products may refer to."""
        return RegisterCodes.of(self.tables)

    @cached_property
    def base(self) -> Variant:
        """The base."""
        return base_of(self.compiled, self.sources)

    @cached_property
    def terms(self) -> Terms:
        """The terms that can be varied."""
        return self.terms_of(self.sources)

    def terms_of(self, sources: Sequence[ProductSource]) -> Terms:
        """Give the terms that can be varied in some products."""
        products = [source.definition for source in sources]
        return Terms(products, self.compiled.registers.selectable, self.decimals)

    @cached_property
    def incomes(self) -> Incomes:
        """The contributions."""
        return Incomes(self.compiled.registers, self.tables, self.base)

    @cached_property
    def _materials(self) -> dict[tuple[str, ...], Material]:
        return {}

    def material(self, dimensions: tuple[str, ...]) -> Material:
        """Give the claims, looked at by some dimensions."""
        if dimensions not in self._materials:
            material = Material(self.compiled, self.tables, self.claims, self.opening, dimensions)
            for other in self._materials.values():
                # What the registers say does not depend on how claims are looked at.
                material.__dict__.setdefault("facts", other.facts)
            self._materials[dimensions] = material
        return self._materials[dimensions]
