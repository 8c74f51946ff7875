"""A simulation as a folder of files, and back: JSON for what it is, Parquet for tables, YAML for products.

Each table holds all variants, told apart by the column ``variant``, so that R, Stata or a spreadsheet reads
it at once. ``variants.parquet`` has a row for each variant with its settings, figures and totals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from adjudicator.problems import Place, refused
from adjudicator.product.definition import Label
from adjudicator.simulation.results import (
    FIGURES,
    MEASURES,
    Axis,
    Bootstrap,
    Families,
    ProductText,
    Simulation,
    Solution,
    VariantResult,
)
from adjudicator.simulation.said import as_record, of_record

RECORD: Final = "simulation.json"
PRODUCTS: Final = "products"
PAIRS: Final = "pairs.parquet"

_VARIANT: Final = "variant"
_WORTH: Final = "worth"
"""What the amount under a variant is called in files, where ``variant`` names the variant."""

_OF_VARIANT: Final = ("facilities", "indexes", "fund", "order_sensitive")
_OF_FAMILIES: Final = ("histogram", "winners", "losers")
_COUNTS: Final = (
    "families",
    "gaining",
    "losing",
    "gained",
    "lost",
    "over_ceiling",
    "over_category_ceiling",
)


def write_simulation(folder: Path, simulation: Simulation, pairs: pa.Table | None = None) -> None:
    """Write a simulation into a folder that is there.

    Args:
        folder: to write into.
        simulation: what is written.
        pairs: what each claim is worth under each variant, if that is kept.
    """
    variants = (simulation.base, *simulation.variants)
    record = json.dumps(_record(simulation), indent=2, ensure_ascii=False) + "\n"
    (folder / RECORD).write_text(record, "utf-8")
    _write(folder / "variants.parquet", variants_table(simulation))
    for name in _OF_VARIANT:
        _write_all(folder / f"{name}.parquet", variants, [getattr(one, name) for one in variants])
    for name in _OF_FAMILIES:
        tables = [getattr(one.families, name) for one in variants]
        _write_all(folder / f"{name}.parquet", variants, tables)
    for dimension in simulation.dimensions:
        tables = [one.breakdowns.get(dimension) for one in variants]
        _write_all(folder / f"by_{dimension}.parquet", variants, tables)
    if simulation.bootstrap is not None:
        _write(folder / "bands.parquet", simulation.bootstrap.bands)
        _write(folder / "convergence.parquet", simulation.bootstrap.convergence)
    if simulation.solution is not None:
        _write(folder / "tried.parquet", simulation.solution.tried)
    if pairs is not None:
        _write(folder / PAIRS, pairs)
    for place, variant in enumerate(simulation.variants, start=1):
        for product in variant.products:
            path = folder / PRODUCTS / folder_name(place, variant.name) / product.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(product.text, "utf-8")


def folder_name(place: int, name: str) -> str:
    """Name the folder of a variant's products: safe on any file system, and in the order of the variants."""
    return f"{place:03}-{re.sub(r'[^A-Za-z0-9._=%-]+', '_', name)[:80]}"


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(table.combine_chunks(), path, compression="zstd", version="2.6")


def _write_all(path: Path, variants: Sequence[VariantResult], tables: Sequence[pa.Table | None]) -> None:
    """Write tables of variants one below another, where there are any."""
    parts = []
    for variant, table in zip(variants, tables, strict=True):
        if table is not None:
            renamed = _renamed(table, _VARIANT, _WORTH)
            names = pa.array([variant.name] * len(table), pa.string())
            parts.append(renamed.add_column(0, _VARIANT, names))
    if parts:
        _write(path, pa.concat_tables(parts))


def _renamed(table: pa.Table, old: str, new: str) -> pa.Table:
    return table.rename_columns([new if name == old else name for name in table.column_names])


def variants_table(simulation: Simulation) -> pa.Table:
    """Give a row for each variant: its name, the values of a grid, its figures and its totals."""
    variants = (simulation.base, *simulation.variants)
    columns: dict[str, Any] = {_VARIANT: pa.array([one.name for one in variants], pa.string())}
    for axis in simulation.axes:
        columns[axis.path] = pa.array([one.settings.get(axis.path) for one in variants], pa.string())
    for name in FIGURES:
        columns[name] = pa.array([one.figures[name] for one in variants], pa.int64())
    for name in MEASURES:
        if name not in columns:
            columns[name] = pa.array([one.totals[name] for one in variants], pa.int64())
    return pa.table(columns)


def _record(simulation: Simulation) -> dict[str, Any]:
    bootstrap, solution = simulation.bootstrap, simulation.solution
    return {
        "kind": simulation.kind,
        "scheme": simulation.scheme,
        "currency": simulation.currency,
        "decimals": simulation.decimals,
        "claims": simulation.claims,
        "lines": simulation.lines,
        "first_month": simulation.first_month,
        "last_month": simulation.last_month,
        "dimensions": list(simulation.dimensions),
        "variants": [_variant(one) for one in (simulation.base, *simulation.variants)],
        "axes": [
            {"path": axis.path, "values": list(axis.values), "numbers": list(axis.numbers)}
            for axis in simulation.axes
        ],
        "bootstrap": bootstrap
        and {
            "replicates": bootstrap.replicates,
            "seed": bootstrap.seed,
            "confidence": bootstrap.confidence,
        },
        "solution": solution and {name: getattr(solution, name) for name in _SOLUTION},
        "parameters": dict(sorted(simulation.parameters.items())),
        "hashes": dict(sorted(simulation.hashes.items())),
    }


_SOLUTION: Final = (
    "path",
    "target",
    "wanted",
    "monotone",
    "reached",
    "below",
    "above",
    "best",
    "achieved",
)


def _variant(one: VariantResult) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": {"en": one.title.en, "fr": one.title.fr},
        "settings": dict(one.settings),
        "changes": [as_record(change) for change in one.changes],
        "products": [
            {
                "product": product.product,
                "version": product.version,
                "content_hash": product.content_hash,
                "file": product.file,
            }
            for product in one.products
        ],
        "totals": dict(one.totals),
        "figures": dict(one.figures),
        "families": {name: getattr(one.families, name) for name in _COUNTS},
    }


# Reading.


def read_simulation(folder: Path) -> Simulation:
    """Read a simulation that was written.

    Raises:
        Refused: there is none in the folder, or it is not whole.
    """
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        return _read(folder, record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException):
        raise refused("simulation.no_result", Place(folder)) from None


def _read(folder: Path, record: Mapping[str, Any]) -> Simulation:
    names = (*_OF_VARIANT, *_OF_FAMILIES, *(f"by_{one}" for one in record["dimensions"]))
    paths = {name: folder / f"{name}.parquet" for name in names}
    tables = {name: pq.read_table(path) for name, path in paths.items() if path.is_file()}

    def of(name: str, variant: str) -> Any:
        table = tables.get(name)
        if table is None:
            return None
        rows = table.filter(pc.equal(table[_VARIANT], variant))
        return _renamed(rows.drop_columns([_VARIANT]), _WORTH, _VARIANT).combine_chunks()

    def read(place: int, one: Mapping[str, Any]) -> VariantResult:
        name = one["name"]
        place_of_products = folder / PRODUCTS / folder_name(place, name)
        return VariantResult(
            name=name,
            title=Label(**one["title"]),
            settings=one["settings"],
            changes=tuple(of_record(change) for change in one["changes"]),
            products=tuple(
                ProductText(**product, text=(place_of_products / product["file"]).read_text("utf-8"))
                for product in one["products"]
            ),
            totals=one["totals"],
            figures=one["figures"],
            families=Families(**one["families"], **{table: of(table, name) for table in _OF_FAMILIES}),
            breakdowns={dimension: of(f"by_{dimension}", name) for dimension in record["dimensions"]},
            **{table: of(table, name) for table in _OF_VARIANT},
        )

    variants = [read(place, one) for place, one in enumerate(record["variants"])]
    bootstrap, solution = record["bootstrap"], record["solution"]
    return Simulation(
        **{
            name: record[name]
            for name in (
                "kind",
                "scheme",
                "currency",
                "decimals",
                "claims",
                "lines",
                "first_month",
                "last_month",
                "parameters",
                "hashes",
            )
        },
        dimensions=tuple(record["dimensions"]),
        base=variants[0],
        variants=tuple(variants[1:]),
        axes=tuple(
            Axis(axis["path"], tuple(axis["values"]), tuple(axis["numbers"])) for axis in record["axes"]
        ),
        bootstrap=bootstrap
        and Bootstrap(
            **bootstrap,
            bands=pq.read_table(folder / "bands.parquet"),
            convergence=pq.read_table(folder / "convergence.parquet"),
        ),
        solution=solution and Solution(**solution, tried=pq.read_table(folder / "tried.parquet")),
    )
