"""What a simulation gives: typed, in minor units, and in tables whose columns are fixed here.

A :class:`Simulation` has a base and any number of variants, each adjudicated on the same claims. Whatever
is compared, is compared claim by claim: every table of a variant has the same rows, in the same order, as
the table of the same name of the base, so that two columns can be subtracted row by row. All tables are
Arrow tables; money is ``int64`` in minor units, counts are ``int64``, percentages hundredths of a percent.

**Breakdowns** (``VariantResult.breakdowns[dimension]``, for each of :data:`DIMENSIONS` that was asked for):
``key`` (text: a code, a word of the vocabulary, a band such as ``15-24``; empty where unknown), then one
column for each of :data:`MEASURES`. In the dimension ``product``, lines are counted where they are paid, so
that ``claims``, ``claims_accepted`` and what is counted by claim (``claims_changed``, ``gained``, ``lost``)
are zero there; lines that nobody pays stand under the empty key.

**Facilities** (``VariantResult.facilities``): ``facility``, ``name``, ``level`` (word), ``region``,
``claims``, ``claimed``, ``valuated``, ``fee_for_service``, ``relative`` (paid by the index), ``capitation``,
``paid`` (the sum of the last three). A row for each facility with a claim or a payment, by code.

**Indexes** (``VariantResult.indexes``): ``product``, ``care`` (``all``, ``hospital``, ``non_hospital``),
``first_month`` and ``last_month`` (``2026-01``), ``allocated``, ``share`` (minor units in the pool, rounded),
``lines``, ``valuated``, ``index`` (ten-thousandths, rounded), ``capped`` (bool), ``paid``.

**Fund** (``VariantResult.fund``): ``product``, ``month``, ``contributions`` (earned), ``fee_for_service``,
``relative``, ``capitation``, ``paid``, ``balance`` (contributions − paid).

**Families** (:class:`Families`): ``histogram`` with ``above`` and ``up_to`` (minor units, the bounds of a
band of differences, ``above`` left out of it; null where open), ``families``, ``amount``; ``winners`` and
``losers`` with ``family``, ``region``, ``members``, ``claims``, ``base``, ``variant``, ``difference``, the
largest first.

**Order** (``VariantResult.order_sensitive``): ``facility``, ``claim``, ``date_claimed``, ``valuated``,
``reversed``, ``difference`` – claims that are worth something else when claims of the same family that came
on the same day are taken the other way round.

**Bands** (``Bootstrap.bands``): ``variant``, ``figure``, ``value``, ``low``, ``high``, ``mean``,
``standard_error`` – amounts in minor units, ratios in hundredths of a percent. **Convergence**: ``variant``,
``figure``, ``replicates``, ``low``, ``high``, ``mean``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from adjudicator.product.definition import Label
from adjudicator.words import Message

CAUSES: Final = (
    "rejected",
    "price_and_quantity",
    "limit_excess",
    "deductible",
    "co_insurance",
    "category_excess",
    "ceiling_excess",
)
"""What takes away from what is claimed, in the order of the law."""

MEASURES: Final = (
    "claims",
    "claims_accepted",
    "lines",
    "lines_accepted",
    "claimed",
    *CAUSES,
    "valuated",
    "relative",
    "claims_changed",
    "gained",
    "lost",
)
"""What is added up over claims, in the order of the columns.

``claimed = rejected + price_and_quantity + the five cuts + valuated``. ``relative`` is within ``valuated``:
lines that a pool pays by its index. The last three compare with the base, claim by claim: how many claims
are worth something else, and what they gain and lose together; ``gained − lost`` is the difference of
``valuated``. All are zero in the base.
"""

PATIENT: Final = (
    "rejected",
    "limit_excess",
    "deductible",
    "co_insurance",
    "category_excess",
    "ceiling_excess",
)
"""What the patient bears: what is cut or rejected, and not a price or a quantity that is not allowed."""

DIMENSIONS: Final = (
    "product",
    "facility_level",
    "region",
    "facility_region",
    "age_band",
    "sex",
    "category",
    "diagnosis_group",
    "family_size",
    "month",
)
"""What totals can be broken down by.

``region`` is where the family lives and ``facility_region`` where the facility is; ``age_band`` is the
patient's age on the target date; ``diagnosis_group`` the letter and first digit of the main diagnosis
(``A0``); ``family_size`` counts the family's insurees; ``month`` is that in which the claim was claimed.
"""

FIGURES: Final = (
    "valuated",
    "paid",
    "patient",
    "contributions",
    "balance",
    "loss_ratio",
    "families_over_ceiling",
    "families_gaining",
    "families_losing",
)
"""What a variant comes to, as one number each; a loss ratio is paid ÷ contributions.

``contributions`` are those earned in the months of the claims, and ``paid`` what facilities get by fee,
index and capitation.
"""

RATIOS: Final = frozenset(("loss_ratio",))
"""The figures that are hundredths of a percent, and no amounts."""

COUNTS: Final = frozenset(("families_over_ceiling", "families_gaining", "families_losing"))
"""The figures that are counts."""


@dataclass(frozen=True)
class Families:
    """What a variant does to families, in nominal amounts (minor units)."""

    families: int
    """Families with a claim."""
    gaining: int
    losing: int
    gained: int
    lost: int
    over_ceiling: int
    """Families of which a ceiling cut something."""
    over_category_ceiling: int
    """Families of which the ceiling of a category of claims cut something."""
    histogram: pa.Table
    winners: pa.Table
    losers: pa.Table


@dataclass(frozen=True)
class ProductText:
    """A product as a variant has it: the text of a file that can be adopted as it stands."""

    product: str
    version: str
    """The name of the version, with the beginning of its content hash."""
    content_hash: str
    file: str
    """The name of the file it is written to."""
    text: str


@dataclass(frozen=True)
class VariantResult:
    """What the claims come to under one set of products and assumptions."""

    name: str
    """``base``, the id of a scenario, or the values of a grid (``ceiling.amount=10000``)."""
    title: Label
    settings: Mapping[str, str]
    """The values of a grid, by path; none of a scenario."""
    changes: tuple[Message, ...]
    """What differs from the base's products, and what is assumed, in sentences."""
    products: tuple[ProductText, ...]
    """The products that differ from the base's."""
    totals: Mapping[str, int]
    """By :data:`MEASURES`."""
    figures: Mapping[str, int | None]
    """By :data:`FIGURES`; None where it cannot be divided."""
    families: Families
    breakdowns: Mapping[str, pa.Table] = field(default_factory=dict)
    facilities: pa.Table | None = None
    indexes: pa.Table | None = None
    fund: pa.Table | None = None
    order_sensitive: pa.Table | None = None

    @property
    def patient(self) -> int:
        """What the patients bear, minor units."""
        return sum(self.totals[cause] for cause in PATIENT)


@dataclass(frozen=True)
class Axis:
    """One axis of a grid: a term, and the values that it takes, as they are written in a product."""

    path: str
    """As the person wrote it, such as ``ceiling.amount``."""
    values: tuple[str, ...]
    numbers: tuple[int, ...]
    """The values in units of the law (minor units, hundredths); for a chart's axis."""


@dataclass(frozen=True)
class Bootstrap:
    """How sure the figures are, had other families of the same kind been enrolled."""

    replicates: int
    seed: int
    confidence: int
    """Of the bands, in hundredths of a percent: 9000 means that they run from 5% to 95%."""
    bands: pa.Table
    convergence: pa.Table


@dataclass(frozen=True)
class Solution:
    """The value of a term that meets a target."""

    path: str
    target: str
    """The figure."""
    wanted: int
    """What it is to be, in the units of the figure."""
    monotone: bool
    """Whether the figure only rises or only falls over the values that were tried."""
    reached: bool
    """Whether a value between the two ends meets the target."""
    below: str | None
    """The value on one side of the target that is nearest to it, as it is written in a product…"""
    above: str | None
    """…and that on the other side; the two are neighbours in the smallest step of the term."""
    best: str
    """The one of the two that comes nearer."""
    achieved: int | None
    """What the figure is with it."""
    tried: pa.Table
    """``value`` (text), ``number`` (units of the law), ``figure`` (int64 or null), in the order of number."""


@dataclass(frozen=True)
class Simulation:
    """A simulation that is done."""

    kind: str
    """``scenarios``, ``sweep`` or ``solve``."""
    scheme: str
    currency: str
    decimals: int
    claims: int
    lines: int
    first_month: str
    """The first month in which a claim came, such as ``2026-01``; empty without claims."""
    last_month: str
    base: VariantResult
    variants: tuple[VariantResult, ...]
    dimensions: tuple[str, ...]
    """The breakdowns that were asked for, of :data:`DIMENSIONS`."""
    axes: tuple[Axis, ...] = ()
    bootstrap: Bootstrap | None = None
    solution: Solution | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """All that was asked for, as plain values; with the inputs it gives the same simulation again."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Of what went in, by name (``registers``, ``claims``, ``products``, scenarios …), and ``engine``."""

    @property
    def named(self) -> Mapping[str, VariantResult]:
        """The base and the variants by name."""
        return {variant.name: variant for variant in (self.base, *self.variants)}
