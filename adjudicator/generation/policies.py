"""Policies: who buys what and when, renews in time, late or never, and pays or does not.

A family's policies follow one another in a *chain*; those that take a second product have two. Every term of
a chain is drawn from a stream of its own, so that later terms change nothing about earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.generation.codes import chosen, codes
from adjudicator.generation.days import A_YEAR, age_on, first_of_month
from adjudicator.generation.market import (
    Offers,
    covered_beside,
    products_bought,
    taken_beside,
    wished_products,
)
from adjudicator.generation.people import LEAD, Families, Persons
from adjudicator.generation.places import Places
from adjudicator.generation.stream import I8, I32, I64, Bools, Stream, Topic, scaled_below, thresholds
from adjudicator.vocabulary import PolicyStatus, Sex, Stage

_BEGINNINGS: Final = thresholds((58, 31, 11))
"""Families that renew an earlier policy, that join in the year before the claims begin, and later."""

_RENEWALS: Final = thresholds((82, 10, 8))
"""Renewals in time, after a lapse, and never."""

_PAYMENTS: Final = thresholds((962, 13, 25))
"""In thousandths: paid, never paid, and not paid in full."""

_LATER: Final = 24
"""Months over which the families that are not there at the beginning join."""

PAID: Final = 0
UNPAID: Final = 1
PARTLY: Final = 2

_CHAINS: Final = ("A", "B")


@dataclass(frozen=True)
class Policies:
    """Policies, by family, chain and term; R of them."""

    family: I32
    chain: I8
    term: I8
    """(R,), from 1."""
    product: I8
    version: I8
    """(R,): the version by which it was sold."""
    enrolled: I32
    effective: I32
    expiry: I32
    renewal: Bools
    payment: I8
    first: I32
    """(families + 1,): where each family's policies begin."""

    def codes_of(self, rows: I64) -> Any:
        """Give the codes of policies, such as ``P0000123-A02``; an Arrow array of text."""
        letters = chosen(self.chain[rows], list(_CHAINS)).cast(pa.string())
        family = codes("P{family:7}-", family=self.family[rows] + 1)
        return pc.binary_join_element_wise(family, letters, codes("{term:2}", term=self.term[rows]), "")

    def known_on(self, last: int) -> Policies:
        """Take the policies that were enrolled by a last day."""
        known = self.enrolled <= last
        columns = {
            one.name: getattr(self, one.name)[known] for one in fields(Policies) if one.name != "first"
        }
        families = np.arange(len(self.first))
        return Policies(**columns, first=np.searchsorted(columns["family"], families).astype(np.int32))

    @property
    def covers(self) -> Bools:
        """Whether each was paid, so that it covers."""
        paid: Bools = self.payment == PAID
        return paid


def policies_of(
    seed: int, families: Families, places: Places, offers: Offers, start: int, last: int
) -> Policies:
    """Make the policies that families enrol for from the beginning of life to a last day."""
    count = len(families.village)
    stream = Stream(seed, Topic.ENROLMENT, 0)
    begins = first_of_month(start)
    beginning = stream.pick(_BEGINNINGS, count)
    joined = np.select(
        [beginning == 0, beginning == 1],
        [begins - 425 + stream.below(A_YEAR, count), begins - A_YEAR + stream.below(A_YEAR, count)],
        begins + stream.below(_LATER * 30, count),
    ).astype(np.int32)
    wished = wished_products(stream, offers, families, places)
    beside = np.flatnonzero(taken_beside(stream, offers, wished)).astype(np.int32)
    second_joined = (begins - 450 + stream.below(900, count)).astype(np.int32)[beside]

    life_begins = first_of_month(start - LEAD)
    everybody = np.arange(count, dtype=np.int32)
    first = products_bought(offers, wished, np.maximum(joined, life_begins).astype(np.int32), first=True)
    second = np.full(len(beside), offers.beside, np.int8)
    parts = [
        *_chain(seed, offers, 0, everybody, first, joined, beginning == 0, last),
        *_chain(seed, offers, 1, beside, second, second_joined, np.zeros(len(beside), np.bool_), last),
    ]
    names = [one.name for one in fields(Policies) if one.name != "first"]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    kept = columns["expiry"] >= life_begins
    order = np.lexsort((columns["term"], columns["chain"], columns["family"]))
    order = order[kept[order]]
    ordered = {name: column[order] for name, column in columns.items()}
    return Policies(
        **ordered, first=np.searchsorted(ordered["family"], np.arange(count + 1)).astype(np.int32)
    )


def _chain(
    seed: int,
    offers: Offers,
    chain: int,
    family: I32,
    product: I8,
    joined: I32,
    old: Bools,
    last: int,
) -> list[dict[str, Any]]:
    """Follow families from their first policy until the last day."""
    terms = []
    enrolled, renewal = joined.copy(), old.copy()
    version = offers.version_on(product, enrolled)
    # An old family's day is that on which its policy took effect; it renewed some weeks earlier.
    effective = np.where(old, offers.snapped(version, joined), offers.effective(version, joined)).astype(
        np.int32
    )
    enrolled = np.where(old, effective - 20, joined).astype(np.int32)
    term = 1
    while term == 1 or (enrolled <= last).any():
        # All families draw, whether they are still there or not, so that none disturbs another.
        stream = Stream(seed, Topic.RENEWAL, chain, term)
        draws = stream.draws(4 * int(family.max(initial=-1) + 1)).reshape(-1, 4)[family]
        payment = np.searchsorted(_PAYMENTS, draws[:, 0].astype(np.uint64), side="right").astype(np.int8)
        expiry = offers.expiry(version, effective)
        now = enrolled <= last
        terms.append(
            {
                "family": family[now],
                "chain": np.full(int(now.sum()), chain, np.int8),
                "term": np.full(int(now.sum()), term, np.int8),
                "product": product[now],
                "version": version[now],
                "enrolled": enrolled[now],
                "effective": effective[now],
                "expiry": expiry[now],
                "renewal": renewal[now],
                "payment": payment[now],
            }
        )
        way = np.searchsorted(_RENEWALS, draws[:, 1].astype(np.uint64), side="right")
        in_time = way == 0
        next_enrolled = np.where(
            in_time, expiry - 3 - scaled_below(draws[:, 2], 50), expiry + 10 + scaled_below(draws[:, 2], 110)
        ).astype(np.int32)
        product = products_bought(offers, product, next_enrolled, first=False)
        version = offers.version_on(product, next_enrolled)
        effective = np.where(in_time, expiry + 1, offers.effective(version, next_enrolled)).astype(np.int32)
        enrolled = next_enrolled
        renewal = np.ones(len(family), np.bool_)
        stays = (way != 2) & now
        family, product, version = family[stays], product[stays], version[stays]
        enrolled, effective, renewal = enrolled[stays], effective[stays], renewal[stays]
        term += 1
    return terms


class Cover:
    """Answers who is covered when."""

    def __init__(self, policies: Policies, persons: Persons, offers: Offers) -> None:
        self._policies = policies
        self._persons = persons
        self._beside = offers.beside
        self._most = int(np.diff(policies.first).max(initial=0))

    def holds(self, person: I32, day: I32) -> Bools:
        """Tell whether persons are covered on days, as known on the day."""
        policies, persons = self._policies, self._persons
        family = persons.family[person]
        row, end = policies.first[family], policies.first[family + 1]
        covered = np.zeros(len(person), np.bool_)
        alive = (persons.born[person] <= day) & (day <= persons.dies[person]) & (persons.joins[person] <= day)
        for step in range(self._most):
            at = np.minimum(row + step, len(policies.family) - 1)
            holds = (row + step < end) & (policies.enrolled[at] <= day) & policies.covers[at]
            holds &= (policies.effective[at] <= day) & (day <= policies.expiry[at])
            second = np.flatnonzero(holds & (policies.product[at] == self._beside))
            if len(second):
                holds[second] = is_member_beside(persons, person[second], policies.effective[at[second]])
            covered |= holds
        return covered & alive

    def was_known(self, person: I32, day: I32) -> Bools:
        """Tell whether persons' families had enrolled for anything by a day."""
        policies = self._policies
        if not len(policies.family):
            return np.zeros(len(person), np.bool_)
        family = self._persons.family[person]
        row = np.minimum(policies.first[family], len(policies.family) - 1)
        return (policies.first[family] < policies.first[family + 1]) & (policies.enrolled[row] <= day)


def is_member_beside(persons: Persons, person: I32, effective: I32) -> Bools:
    """Tell whether the second product of a family covers its members."""
    born = persons.born[person]
    age = age_on(effective, np.minimum(born, effective))
    return covered_beside(persons.sex[person] == Sex.FEMALE, age)


def status_on(policies: Policies, last: int) -> I8:
    """Give the status of policies as known on a last day."""
    status = np.where(policies.effective > last, PolicyStatus.READY, PolicyStatus.ACTIVE)
    status = np.where(policies.expiry < last, PolicyStatus.EXPIRED, status)
    status = np.where(policies.payment == PARTLY, PolicyStatus.SUSPENDED, status)
    return np.where(policies.payment == UNPAID, PolicyStatus.IDLE, status).astype(np.int8)


def register_of_policies(policies: Policies, offers: Offers, last: int) -> Any:
    """Make the register of policies as known on a last day: a typed table."""
    return pa.table(
        {
            "policy": policies.codes_of(np.arange(len(policies.family))),
            "family": codes("F{family:7}", family=policies.family + 1),
            "product": chosen(policies.product, list(offers.codes)),
            "enrolled": pa.array(policies.enrolled, pa.date32()),
            "effective": pa.array(policies.effective, pa.date32()),
            "expiry": pa.array(policies.expiry, pa.date32()),
            "stage": np.where(policies.renewal, Stage.RENEWAL, Stage.NEW).astype(np.int8),
            "status": status_on(policies, last),
        }
    )


@dataclass(frozen=True)
class Membership:
    """Members of policies: pairs of policy and person, by policy."""

    policy: I64
    person: I64
    effective: I32


def members_of(
    policies: Policies, persons: Persons, offers: Offers, first: int, until: int, last: int
) -> Membership:
    """Pair the policies from a first place up to another with the members they cover by a last day."""
    rows = np.arange(first, until)
    family = policies.family[rows]
    low, high = int(family[0]), int(family[-1]) + 1
    # Persons stand by family, and the newborn after all of them.
    mine = np.flatnonzero((persons.family >= low) & (persons.family < high))
    mine = mine[np.argsort(persons.family[mine], kind="stable")]
    begins = np.searchsorted(persons.family[mine], np.arange(low, high + 1))
    size = (begins[1:] - begins[:-1])[family - low]
    policy = np.repeat(rows, size)
    within = np.arange(len(policy)) - np.repeat(np.cumsum(size) - size, size)
    person = mine[begins[policies.family[policy] - low] + within]
    effective = np.maximum(policies.effective[policy], persons.joins[person])
    kept = (effective <= policies.expiry[policy]) & (persons.dies[person] >= effective)
    kept &= persons.joins[person] <= last
    second = np.flatnonzero(kept & (policies.product[policy] == offers.beside))
    kept[second] = is_member_beside(
        persons, person[second].astype(np.int32), policies.effective[policy[second]]
    )
    return Membership(policy[kept], person[kept], effective[kept].astype(np.int32))


def table_of_covers(members: Membership, policies: Policies, persons: Persons) -> Any:
    """Make rows of the register of covers: a typed table."""
    return pa.table(
        {
            "policy": policies.codes_of(members.policy),
            "insuree": persons.codes_of(members.person),
            "effective": pa.array(members.effective, pa.date32()),
            "expiry": pa.array(policies.expiry[members.policy], pa.date32()),
        }
    )
