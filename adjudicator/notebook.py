"""Simulations in a notebook: DataFrames in, DataFrames out.

Imported as :mod:`adjudicator.simulation`, which gives these functions out. A scheme is a folder; claims are
folders of tables, or two DataFrames with the columns of ``claims`` and ``claim_lines``; a scenario is a
file, or a mapping that says what a file would.

>>> from adjudicator.simulation import open_claims, simulate, sweep, bootstrap, solve
>>> desk = open_claims("myscheme", claims="myscheme/claims/2026-01")            # doctest: +SKIP
>>> cap = {"change": {"BASIC": {"ceiling": {"amount": 9000}}}}
>>> result = simulate(desk, cap)                                                # doctest: +SKIP
>>> result.figures                                                              # doctest: +SKIP
>>> result.breakdown("region")                                                  # doctest: +SKIP
>>> sweep(desk, "ceiling.amount=10000..50000:5000").figures                     # doctest: +SKIP
>>> bootstrap(desk, cap, samples=400, seed=7).bands                             # doctest: +SKIP
>>> solve(desk, "BASIC:cover.services", "50%..100%", "loss_ratio=85%").solution # doctest: +SKIP

DataFrames have amounts as decimals of the currency's major unit and ratios as parts of one, which is what
notebooks plot; the same tables in minor units, exactly, are in ``result.simulation`` as Arrow tables.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from adjudicator.simulate import open_desk
from adjudicator.simulation.bands import CHANGE
from adjudicator.simulation.desk import SWEEP_WISH, Desk, Wish
from adjudicator.simulation.folder import read_simulation, variants_table, write_simulation
from adjudicator.simulation.results import (
    COUNTS,
    DIMENSIONS,
    FIGURES,
    RATIOS,
    Simulation,
    Solution,
    VariantResult,
)
from adjudicator.simulation.scenario import ScenarioSource, read_scenario, scenario_of
from adjudicator.simulation.simulating import simulate_scenarios, sweep_grid
from adjudicator.simulation.solving import read_question, solve_for
from adjudicator.words import say

ScenarioLike = Path | str | Mapping[str, Any] | ScenarioSource
"""A file, or a mapping that says what a file would."""

ClaimsLike = Path | str | Sequence[Path | str] | tuple[pd.DataFrame, pd.DataFrame]
"""Folders of tables, or the DataFrames ``claims`` and ``claim_lines``."""

_COUNTED: Final = frozenset(
    (
        "claims",
        "claims_accepted",
        "lines",
        "lines_accepted",
        "claims_changed",
        "families",
        "members",
        "replicates",
        *COUNTS,
    )
)
_TEN_THOUSANDTHS: Final = frozenset((*RATIOS, "index"))


def open_claims(scheme: Path | str, claims: ClaimsLike, opening: Path | str | None = None) -> Desk:
    """Open a scheme with claims, once for any number of simulations.

    Args:
        scheme: the folder of the scheme.
        claims: folders with the tables ``claims`` and ``claim_lines``, or two DataFrames with their columns.
            Amounts are in major units, as text, whole numbers, decimals, or floats that mean what they show.
        opening: the folder of the run before, if there was one.

    Raises:
        Refused: with everything that is wrong with them.
    """
    before = None if opening is None else Path(opening)
    if isinstance(claims, tuple) and isinstance(claims[0], pd.DataFrame):
        with tempfile.TemporaryDirectory(prefix="adjudicator-claims-") as folder:
            for name, frame in zip(("claims", "claim_lines"), claims, strict=True):
                assert isinstance(frame, pd.DataFrame)
                pq.write_table(_typed(frame), Path(folder, f"{name}.parquet"))
            return open_desk(Path(scheme), [Path(folder)], before).desk
    folders = [claims] if isinstance(claims, Path | str) else list(claims)
    return open_desk(Path(scheme), [Path(str(one)) for one in folders], before).desk


def _typed(frame: pd.DataFrame) -> pa.Table:
    """Give a DataFrame as a table of texts and whole numbers; a float is taken for the decimal it shows."""
    columns = {}
    for name in frame.columns:
        column = pa.array(frame[name], from_pandas=True)
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        if pa.types.is_floating(column.type):
            column = pa.array([_decimal(value) for value in column.to_pylist()], pa.string())
        elif pa.types.is_timestamp(column.type):
            column = column.cast(pa.date32())
        elif pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
            column = column.cast(pa.string())
        columns[str(name)] = column
    return pa.table(columns)


def _decimal(value: float | None) -> str | None:
    if value is None:
        return None
    return str(int(value)) if value == int(value) else np.format_float_positional(value)


@dataclass(frozen=True)
class Result:
    """A simulation, with its tables as DataFrames."""

    simulation: Simulation
    claims: pa.Table | None = None

    @property
    def figures(self) -> pd.DataFrame:
        """A row for the base and each variant: settings of a grid, and what it comes to."""
        axes = [axis.path for axis in self.simulation.axes]
        return self._frame(variants_table(self.simulation).select(["variant", *axes, *FIGURES])).set_index(
            "variant"
        )

    @property
    def totals(self) -> pd.DataFrame:
        """A row for the base and each variant: from what is claimed to what is valuated, by cause."""
        table = variants_table(self.simulation)
        left_out = [*FIGURES, *(axis.path for axis in self.simulation.axes)]
        left_out.remove("valuated")
        return self._frame(table.drop_columns(left_out)).set_index("variant")

    def breakdown(self, dimension: str) -> pd.DataFrame:
        """Give the totals of the base and each variant by a dimension.

        Args:
            dimension: one of :data:`~adjudicator.simulation.results.DIMENSIONS` that was asked for.

        Raises:
            KeyError: it was not asked for.
        """
        return self._stacked(lambda one: one.breakdowns[dimension])

    @property
    def facilities(self) -> pd.DataFrame:
        """What each facility is paid under the base and each variant."""
        return self._stacked(lambda one: one.facilities)

    @property
    def fund(self) -> pd.DataFrame:
        """Contributions, payments and balance by product and month."""
        return self._stacked(lambda one: one.fund)

    @property
    def indexes(self) -> pd.DataFrame:
        """The relative indexes."""
        return self._stacked(lambda one: one.indexes)

    @property
    def winners(self) -> pd.DataFrame:
        """The families that gain the most."""
        return self._stacked(lambda one: one.families.winners)

    @property
    def losers(self) -> pd.DataFrame:
        """The families that lose the most."""
        return self._stacked(lambda one: one.families.losers)

    @property
    def differences(self) -> pd.DataFrame:
        """How many families gain or lose how much."""
        return self._stacked(lambda one: one.families.histogram)

    @property
    def order_sensitive(self) -> pd.DataFrame:
        """The claims whose amount depends on their order."""
        return self._stacked(lambda one: one.order_sensitive)

    @property
    def pairs(self) -> pd.DataFrame:
        """What each claim is worth under the base and each variant; asked for by ``pairs=True``.

        Raises:
            ValueError: it was not asked for.
        """
        if self.claims is None:
            raise ValueError("ask for pairs=True")
        return self._frame(self.claims)

    @property
    def bands(self) -> pd.DataFrame:
        """The bands of figures; asked for by ``samples``.

        Raises:
            ValueError: it was not asked for.
        """
        return self._by_figure("bands", ("value", "low", "high", "mean", "standard_error"))

    @property
    def convergence(self) -> pd.DataFrame:
        """How bands settle as samples become more.

        Raises:
            ValueError: it was not asked for.
        """
        return self._by_figure("convergence", ("low", "high", "mean"))

    @property
    def solution(self) -> Solution:
        """The value that was looked for.

        Raises:
            ValueError: none was.
        """
        if self.simulation.solution is None:
            raise ValueError("this simulation looked for no value")
        return self.simulation.solution

    def changes(self, variant: str, language: str = "en") -> list[str]:
        """Say what a variant changes and assumes, in sentences."""
        return [say(change, language) for change in self.simulation.named[variant].changes]

    def product(self, variant: str, code: str) -> str:
        """Give a changed product as the text of a file, its last version."""
        texts = [one.text for one in self.simulation.named[variant].products if one.product == code]
        return texts[-1]

    def write(self, folder: Path | str) -> None:
        """Write the simulation into a folder, which is made; ``read`` reads it again."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        write_simulation(Path(folder), self.simulation, self.claims)

    def _stacked(self, of: Any) -> pd.DataFrame:
        parts = []
        for variant in (self.simulation.base, *self.simulation.variants):
            table = of(variant)
            if table is None:
                raise ValueError("this was not asked for")
            parts.append(_named(variant, table))
        return self._frame(pa.concat_tables(parts))

    def _by_figure(self, name: str, numbers: Sequence[str]) -> pd.DataFrame:
        if self.simulation.bootstrap is None:
            raise ValueError("ask for samples")
        frame: pd.DataFrame = getattr(self.simulation.bootstrap, name).to_pandas()
        plain = frame["figure"].str.removesuffix(CHANGE)
        divisor = np.where(
            plain.isin(list(COUNTS)), 1, np.where(plain.isin(list(RATIOS)), 10_000, self._major)
        )
        for column in numbers:
            frame[column] = frame[column] / divisor
        return frame

    @property
    def _major(self) -> int:
        major: int = 10**self.simulation.decimals
        return major

    def _frame(self, table: pa.Table) -> pd.DataFrame:
        frame: pd.DataFrame = table.to_pandas()
        for name in frame.columns:
            if name in _TEN_THOUSANDTHS:
                frame[name] = frame[name] / 10_000
            elif pa.types.is_int64(table[name].type) and name not in _COUNTED:
                frame[name] = frame[name] / self._major
        return frame


def _named(variant: VariantResult, table: pa.Table) -> pa.Table:
    return table.add_column(
        0,
        "name" if "variant" in table.column_names else "variant",
        pa.array([variant.name] * len(table), pa.string()),
    )


def simulate(
    desk: Desk,
    *scenarios: ScenarioLike,
    by: Sequence[str] = DIMENSIONS,
    samples: int = 0,
    seed: int = 1,
    confidence: float = 0.9,
    pairs: bool = False,
    threads: int = 1,
) -> Result:
    """Adjudicate claims under scenarios, paired claim by claim with the base.

    Args:
        desk: what :func:`open_claims` gave.
        scenarios: files or mappings; one without a ``scenario`` of its own is called by its number.
        by: the breakdowns, of :data:`~adjudicator.simulation.results.DIMENSIONS`.
        samples: how many samples of families are drawn for bands.
        seed: of the samples.
        confidence: the part of the samples that bands hold.
        pairs: whether what each claim is worth is kept.
        threads: decides nothing but the time.

    Raises:
        Refused: with everything that is wrong with the scenarios.
    """
    wish = Wish(
        dimensions=tuple(by), pairs=pairs, samples=samples, seed=seed, confidence=_hundredths(confidence)
    )
    read = [_scenario(one, f"scenario-{number}") for number, one in enumerate(scenarios, start=1)]
    simulation, paired = simulate_scenarios(desk, read, wish, threads)
    return Result(simulation, None if paired is None else paired.claims)


def sweep(
    desk: Desk,
    *grid: str,
    scenario: ScenarioLike | None = None,
    by: Sequence[str] = (),
    samples: int = 0,
    seed: int = 1,
    confidence: float = 0.9,
    threads: int = 1,
) -> Result:
    """Adjudicate claims under every combination of the values of terms, in one pass.

    Args:
        desk: what :func:`open_claims` gave.
        grid: ``path=values``, one for each term (see :mod:`adjudicator.simulation.grid`).
        scenario: what is changed before.
        by: the breakdowns.
        samples: how many samples of families are drawn for bands.
        seed: of the samples.
        confidence: the part of the samples that bands hold.
        threads: decides nothing but the time.

    Raises:
        Refused: with everything that is wrong with the grid.
    """
    wish = replace(
        SWEEP_WISH, dimensions=tuple(by), samples=samples, seed=seed, confidence=_hundredths(confidence)
    )
    first = None if scenario is None else _scenario(scenario, "scenario")
    return Result(sweep_grid(desk, grid, first, wish, threads))


def bootstrap(
    desk: Desk,
    *scenarios: ScenarioLike,
    samples: int = 200,
    seed: int = 1,
    confidence: float = 0.9,
    by: Sequence[str] = (),
    threads: int = 1,
) -> Result:
    """Simulate scenarios with bands on every figure (arguments as :func:`simulate`)."""
    return simulate(
        desk, *scenarios, by=by, samples=samples, seed=seed, confidence=confidence, threads=threads
    )


def solve(
    desk: Desk,
    term: str,
    between: str,
    target: str,
    scenario: ScenarioLike | None = None,
    threads: int = 1,
) -> Result:
    """Find the value of a term that brings a figure to a target.

    Args:
        desk: what :func:`open_claims` gave.
        term: its path, such as ``cover.visit``.
        between: two values of it, such as ``50%..100%``.
        target: a figure and its value, such as ``loss_ratio=85%``.
        scenario: what is changed before.
        threads: decides nothing but the time.

    Raises:
        Refused: with what is wrong with the question.
    """
    question = read_question(term, between, target, desk.decimals)
    first = None if scenario is None else _scenario(scenario, "scenario")
    return Result(solve_for(desk, question, first, None, threads))


def read(folder: Path | str) -> Result:
    """Read a simulation that was written.

    Raises:
        Refused: there is none in the folder.
    """
    pairs = Path(folder, "pairs.parquet")
    return Result(read_simulation(Path(folder)), pq.read_table(pairs) if pairs.is_file() else None)


def _hundredths(part: float) -> int:
    return round(part * 10_000)


def _scenario(given: ScenarioLike, name: str) -> ScenarioSource:
    match given:
        case ScenarioSource():
            return given
        case Path() | str():
            return read_scenario(Path(given))
        case _:
            return scenario_of(given, name)
