"""What claims are measured against: contributions that were earned, and the days that people were covered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.actuarial.known import Known, held
from adjudicator.books.actuarial.ledger import Group, regions
from adjudicator.encoding import days, integers, one_array
from adjudicator.remuneration.allocation import contributions, earned_by_month
from adjudicator.simulation.actuarial.experience import Covered
from adjudicator.store import bulk
from adjudicator.store.schema import REGISTERS
from adjudicator.units import NO_DATE
from adjudicator.vocabulary import PolicyStatus

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Earned:
    """Contributions earned, by group and month."""

    groups: tuple[str | None, ...]
    first: int
    """The first month."""
    amounts: Int64s
    """(groups, months), minor units."""

    def of(self, group: str | int | None) -> dict[int, int]:
        """Give those of a group: month → minor units; none of a group that has paid nothing."""
        if group not in self.groups:
            return {}
        row = self.amounts[self.groups.index(group)]
        return {self.first + place: amount for place, amount in enumerate(row.tolist())}

    @property
    def all(self) -> dict[int, int]:
        """Give those of all groups together: month → minor units."""
        return {self.first + place: amount for place, amount in enumerate(self.amounts.sum(axis=0).tolist())}


def earned_contributions(
    connection: sa.Connection, known: Known, by: Group | None, first: int, last: int
) -> Earned:
    """Compute the contributions earned in months, evenly over the days that they are for (law, section 6).

    Args:
        connection: of a transaction.
        known: the state of the books.
        by: product, or region where the family lives; levels of facilities earn none.
        first: the first month.
        last: the last one.
    """
    paid, policies, families = (REGISTERS[name] for name in ("contributions", "policies", "families"))
    joined = paid.join(policies, sa.and_(policies.c.policy == paid.c.policy, held(policies, known)))
    columns = [paid.c.amount, paid.c.paid, policies.c.effective, policies.c.expiry, policies.c.product]
    if by is Group.REGION:
        of_policy = sa.and_(families.c.family == policies.c.family, held(families, known))
        joined = joined.outerjoin(families, of_policy)
        columns.append(families.c.location)
    rows = bulk.read(connection, sa.select(*columns).select_from(joined).where(held(paid, known)))
    key = _key(connection, known, rows, by)
    groups, place = _places(key)
    laid = contributions(
        integers(rows["amount"], np.int64), *(days(rows[name]) for name in ("paid", "effective", "expiry"))
    )
    amounts = earned_by_month(laid, place, len(groups), first, max(last - first + 1, 0))
    return Earned(groups, first, amounts)


def _key(connection: sa.Connection, known: Known, rows: pa.Table, by: Group | None) -> pa.Array:
    if by is Group.PRODUCT:
        return one_array(rows["product"])
    if by is Group.REGION:
        return _region_of(one_array(rows["location"]), regions(connection, known))
    return pa.nulls(len(rows), pa.string())


def _region_of(locations: pa.Array, of_location: dict[str, str]) -> pa.Array:
    at = pc.index_in(locations, value_set=pa.array(list(of_location), pa.string()))
    return pa.array(list(of_location.values()), pa.string()).take(at)


def _places(key: pa.Array) -> tuple[tuple[str | None, ...], Int64s]:
    """Give groups in order, nobody's last, and the place of each row's."""
    encoded = key.dictionary_encode()
    words: list[Any] = encoded.dictionary.to_pylist()
    groups: tuple[str | None, ...] = tuple(sorted(words))
    if key.null_count or not words:
        groups = (*groups, None)
    of_word = np.array([groups.index(word) for word in words] + [len(groups) - 1], np.int64)
    place: Int64s = of_word[encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)]
    return groups, place


def covered(
    connection: sa.Connection,
    known: Known,
    by: Group | None,
    product: str | None,
    period: tuple[dt.date, dt.date],
) -> Covered:
    """Read who was covered when, by policies that cover: active or expired ones (law, section 4.1).

    Args:
        connection: of a transaction.
        known: the state of the books.
        by: product, or region where the family lives; whom a level of facilities treats is everybody.
        product: only those that this product covers.
        period: the first and the last day; covers outside of it are left out.
    """
    covers, policies, people, families = (
        REGISTERS[name] for name in ("covers", "policies", "insurees", "families")
    )
    joined = covers.join(policies, sa.and_(policies.c.policy == covers.c.policy, held(policies, known)))
    columns: list[Any] = [
        covers.c.insuree,
        covers.c.effective,
        covers.c.expiry,
        policies.c.effective.label("policy_effective"),
        policies.c.expiry.label("policy_expiry"),
        policies.c.product,
    ]
    if by is Group.REGION:
        of_policy = sa.and_(families.c.family == policies.c.family, held(families, known))
        joined = joined.outerjoin(families, of_policy)
        columns.append(families.c.location)
    covering = policies.c.status.in_([int(PolicyStatus.ACTIVE), int(PolicyStatus.EXPIRED)])
    start_of, end_of = period
    touching = sa.and_(covers.c.effective <= end_of, covers.c.expiry >= start_of)
    query = sa.select(*columns).select_from(joined).where(held(covers, known), covering, touching)
    if product is not None:
        query = query.where(policies.c.product == product)
    rows = bulk.read(connection, query)
    births = bulk.read(
        connection, sa.select(people.c.insuree, people.c.birth_date).where(held(people, known))
    )
    insurees = one_array(rows["insuree"]).dictionary_encode()
    at = pc.index_in(insurees.dictionary, value_set=one_array(births["insuree"]))
    birth = days(births["birth_date"].take(at)).astype(np.int64) if len(rows) else np.zeros(0, np.int64)
    groups, place = _places(_key(connection, known, rows, by if by is not Group.LEVEL else None))
    start, end, opens, closes = (
        days(rows[name]).astype(np.int64)
        for name in ("effective", "expiry", "policy_effective", "policy_expiry")
    )
    person = insurees.indices.to_numpy().astype(np.int64)
    return Covered(
        person=person,
        start=np.maximum(start, opens),
        end=np.minimum(end, closes),
        group=place,
        groups=groups,
        birth=birth if len(birth) else np.full(1, NO_DATE, np.int64),
    )
