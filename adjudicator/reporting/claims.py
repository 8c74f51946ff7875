"""The claim overview and the claim history: what each claim and line asked, and what became of it.

The amounts of the lines add up to the figures of their claims, whatever was chosen: where only one product
is looked at, both are of that product's lines.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.problems import DoesNotAddUp
from adjudicator.reporting.amounts import asked
from adjudicator.reporting.report import Column, Part, Unit, part
from adjudicator.vocabulary import ClaimStatus, Kind, LineStatus, Reason, VisitType

FIGURES: Final = ("asked", "approved", "valuated", "remunerated")
"""What was asked, what quantity × unit price of accepted lines came to, what was valuated, what was paid."""

_FIGURES: Final = tuple(Column(name, Unit.MONEY) for name in FIGURES)

CLAIM_COLUMNS: Final = (
    Column("facility"),
    Column("claim"),
    Column("insuree"),
    Column("date_from", Unit.DATE, spare=True),
    Column("date_to", Unit.DATE, spare=True),
    Column("date_claimed", Unit.DATE),
    Column("visit_type", Unit.WORD, VisitType, spare=True),
    Column("diagnosis", spare=True),
    Column("status", Unit.WORD, ClaimStatus),
    Column("code", Unit.NUMBER, spare=True),
    Column("reason", Unit.WORD, Reason),
    *_FIGURES,
    Column("run", Unit.NUMBER, spare=True),
)
"""One row a claim. ``code`` and ``reason`` say why it was rejected; ``run``: which run decided."""

LINE_COLUMNS: Final = (
    Column("facility"),
    Column("claim"),
    Column("line", Unit.NUMBER),
    Column("kind", Unit.WORD, Kind, spare=True),
    Column("provision"),
    Column("quantity_asked", Unit.QUANTITY, spare=True),
    Column("price_asked", Unit.MONEY, spare=True),
    Column("line_status", Unit.WORD, LineStatus),
    Column("code", Unit.NUMBER, spare=True),
    Column("reason", Unit.WORD, Reason),
    Column("product"),
    Column("quantity", Unit.QUANTITY, spare=True),
    Column("unit_price", Unit.MONEY, spare=True),
    *_FIGURES,
)
"""One row a line. What is none was not decided yet, or waits for its period to be closed."""


def overview(claims: pa.Table, lines: pa.Table, product: str | None, details: bool) -> tuple[Part, ...]:
    """Make the tables of a claim overview.

    Args:
        claims: one row a claim, with ``claim_id``, its own columns, ``claimed``, ``valuated`` and
            ``remunerated`` as decided (none where it is not), ``status``, ``reason`` and ``run``.
        lines: one row a line, with ``claim_id``, its own columns, and what was decided about it; where they
            are neither shown nor chosen from, one row a claim with the figures of its lines added up.
        product: only what was paid by this product.
        details: whether the lines are shown as well.

    Raises:
        DoesNotAddUp: lines do not come to what the books say of their claim.
    """
    if "asked" not in lines.column_names:
        lines = _with_figures(lines)
    if product is not None:
        lines = lines.filter(pc.equal(lines["product"], product))
        claims = claims.filter(pc.is_in(claims["claim_id"], value_set=pc.unique(lines["claim_id"])))
    claims = claims.sort_by([(name, "ascending") for name in ("date_claimed", "facility", "claim")])
    place = pc.index_in(lines["claim_id"], value_set=claims["claim_id"].combine_chunks())
    figures = {name: _summed(lines[name], place, len(claims)) for name in FIGURES}
    if product is None:
        _check(claims, figures)
    decided = claims["run"].is_valid()
    shown = {name: pc.if_else(decided, figures[name], None) for name in FIGURES[1:]}
    # While its period is open, nothing of a claim is paid, not even the lines that do not wait for it.
    shown["remunerated"] = pc.if_else(claims["remunerated"].is_valid(), shown["remunerated"], None)
    shown["asked"] = figures["asked"]
    table = claims.drop_columns([name for name in FIGURES if name in claims.column_names])
    for name in FIGURES:
        table = table.append_column(name, shown[name])
    status = pc.fill_null(table["status"], int(ClaimStatus.ENTERED))
    table = _set(table, "status", status).append_column("code", _code(table["reason"]))
    parts = [part("claims", CLAIM_COLUMNS, table)]
    if details:
        lines = lines.append_column("place", place).append_column("code", _code(lines["reason"]))
        lines = lines.sort_by([("place", "ascending"), ("line", "ascending")])
        of_claim = claims.take(lines["place"])
        for name in ("facility", "claim"):
            lines = lines.append_column(name, of_claim[name])
        parts.append(part("lines", LINE_COLUMNS, lines))
    return tuple(parts)


def _with_figures(lines: pa.Table) -> pa.Table:
    """Add what lines asked for, and what was approved of them: all that was cut, and what is left."""
    lines = lines.append_column("asked", asked(lines["quantity_asked"], lines["price_asked"]))
    approved = lines["valuated"]
    for cut in (name for name in lines.column_names if name.startswith("cut_")):
        approved = pc.add(approved, lines[cut])
    return lines.append_column("approved", approved)


def _code(reason: pa.ChunkedArray) -> pa.ChunkedArray:
    return reason.cast(pa.int64())


def _set(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _summed(amounts: pa.ChunkedArray, place: Any, count: int) -> pa.Array:
    """Add up lines by the row of their claim."""
    sums = np.zeros(count, np.int64)
    np.add.at(sums, np.asarray(place.to_numpy()), np.asarray(pc.fill_null(amounts, 0).to_numpy()))
    return pa.array(sums)


def _check(claims: pa.Table, figures: dict[str, pa.Array]) -> None:
    """Make sure that details add up to what the books say of their claims."""
    for name, booked in (("asked", "claimed"), ("valuated", "valuated"), ("remunerated", "remunerated")):
        differs = pc.fill_null(pc.not_equal(figures[name], claims[booked]), False)
        if pc.any(differs).as_py():
            first = claims.filter(differs).slice(0, 1).to_pylist()[0]
            raise DoesNotAddUp(f"{name} of the lines of claim {first['claim']} of {first['facility']}")
