"""The universe of a batch of claims that are decided now, and of the earlier ones that are looked back on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.adjudication.adjudicate import CompiledScheme, Decided
from adjudicator.claims import Claims
from adjudicator.encoding import integers
from adjudicator.rulebook.batch import BatchFields
from adjudicator.rulebook.fields import FIELDS, IDENTITY, PROVISION
from adjudicator.rulebook.past import Part, Past
from adjudicator.rulebook.register_fields import RegisterFields
from adjudicator.rulebook.sorting import order_of
from adjudicator.rulebook.universe import Column, Provider, Texts, Universe
from adjudicator.vocabulary import Kind


def universe_of_claims(
    scheme: CompiledScheme,
    tables: Mapping[str, pa.Table],
    claims: Claims,
    past: Past | None = None,
    decided: Sequence[Decided] = (),
) -> Universe:
    """Make the universe of a batch and of its past, which comes first.

    Args:
        scheme: the compiled scheme.
        tables: its registers, typed.
        claims: the batch, whose claims are decided now.
        past: the earlier claims.
        decided: the decisions about the batch, group by group; none where a rule is asked before the claims
            are decided.
    """
    parts = past.parts if past is not None else ()
    now = BatchFields(past.of_registers if past else RegisterFields(scheme, tables), claims, decided)
    earlier = past.claims if past else 0
    lines_of = np.concatenate([*(part.lines_of for part in parts), now.lines_of])
    claim_of_line = np.repeat(np.arange(len(lines_of), dtype=np.int32), lines_of)
    # The batch is in adjudication order within a family; among families the day of filing rules. What was
    # decided in the past was filed earlier, whatever day stands on it.
    order = np.arange(len(lines_of))
    order[earlier + order_of(claims.batch.date_claimed.astype(np.int64))] = np.arange(earlier, len(lines_of))
    begin = _begin(past)
    named = past.looked.named if past else frozenset()
    providers: dict[str, Provider] = {
        path: _joined(path, parts, provide, path in named, begin) for path, provide in now.providers().items()
    }
    universe = Universe(len(lines_of), claim_of_line, order, order >= earlier, providers)
    providers[IDENTITY] = lambda: Column(np.arange(universe.claims, dtype=np.int32))
    providers[PROVISION] = lambda: _provision(universe.column("line.code"), universe.column("line.kind"))
    return universe


def decisions(
    scheme: CompiledScheme,
    tables: Mapping[str, pa.Table],
    claims: Claims,
    past: Past | None,
    decided: Sequence[Decided],
) -> dict[str, Provider]:
    """Give the fields of a universe that are known only when its batch is decided."""
    now = BatchFields(past.of_registers if past else RegisterFields(scheme, tables), claims, decided)
    begin = _begin(past)
    return {
        path: _joined(path, past.parts if past else (), provide, False, begin)
        for path, provide in now.providers().items()
        if (field := FIELDS.get(path)) is not None and field.decided
    }


def _begin(past: Past | None) -> dict[str, int]:
    """Give at which claim and at which line the batch begins."""
    return {"claim": past.claims, "line": past.lines} if past else {"claim": 0, "line": 0}


def _provision(code: Column, kind: Column) -> Column:
    values = code.values.astype(np.int32)
    values *= len(Kind)
    values += kind.values
    return Column(values, None, None, code.begin)


def _joined(
    path: str, parts: Sequence[Part], provide: Provider, named: bool, begin: Mapping[str, int]
) -> Provider:
    """Give a field's column over the past and now; over now alone where the past is not looked at."""

    def column() -> Column:
        now = provide()
        if not parts:
            return now
        earlier = [part.columns[path] for part in parts if path in part.columns]
        if not earlier:
            field = FIELDS[path.partition("/")[0]]
            return Column(now.values, now.given, now.texts, begin[field.level.value])
        if now.texts is not None:
            earlier, now = _told_alike(earlier, now, named)
        both = [*earlier, now]
        given = (
            None if all(one.given is None for one in both) else np.concatenate([_known(one) for one in both])
        )
        joined = Column(np.concatenate([one.values for one in both]), given, now.texts)
        _keep_views(parts, path, joined)
        return joined

    return column


def _keep_views(parts: Sequence[Part], path: str, joined: Column) -> None:
    """Let each part keep its share of a joined column instead of one of its own: a year is not held twice."""
    place = 0
    for part in parts:
        if (own := part.columns.get(path)) is not None:
            share = slice(place, place + len(own.values))
            given = None if joined.given is None else joined.given[share]
            part.columns[path] = Column(joined.values[share], given, joined.texts)
            place = share.stop


def _known(column: Column) -> npt.NDArray[np.bool_]:
    return np.ones(len(column.values), np.bool_) if column.given is None else column.given


def _told_alike(earlier: Sequence[Column], now: Column, named: bool) -> tuple[list[Column], Column]:
    """Let equal texts have equal places.

    Texts that nobody has now share one place, unless it matters what they say.
    """
    texts = _array(now)
    if all(_array(one) is texts or _array(one).equals(texts) for one in earlier):
        return list(earlier), now
    if named:
        texts = pc.unique(pa.concat_arrays([texts, *(_array(one) for one in earlier)]))
    told = []
    for one in earlier:
        places = integers(pc.index_in(_array(one), value_set=texts), np.int32, len(texts))
        # What is not given has no place of its own.
        values = places[np.where(_known(one), one.values, 0)] if len(places) else one.values
        told.append(Column(values, one.given))
    return told, Column(now.values, now.given, Texts(pa.concat_arrays([texts, pa.nulls(1, texts.type)])))


def _array(column: Column) -> Any:
    assert isinstance(column.texts, Texts)
    return column.texts.values
