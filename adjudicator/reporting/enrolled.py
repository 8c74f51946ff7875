"""Figures about policies, the people that they cover and the contributions paid for them, in a period.

The registers say what is so now: a policy that is suspended today is taken to have been suspended all the
time, and one that has expired to have covered until its expiry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.encoding import Keys, days, integers
from adjudicator.product.definition import Product
from adjudicator.remuneration.allocation import contributions as over_days
from adjudicator.remuneration.allocation import earned
from adjudicator.units import NO_DATE, add_months
from adjudicator.vocabulary import PolicyStatus, Stage

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Figures = Mapping[str, int]
"""Figures by their codes: P1 … P9, and P1_before."""

_NEVER: Final = 2**31 - 1


@dataclass(frozen=True)
class Enrolled:
    """The policies, covers and contributions of a scheme, encoded. N policies, M covers, K contributions."""

    group: npt.NDArray[np.int32]
    """(N,): the place of each policy's group among ``groups``, -1 for none."""
    groups: Keys
    effective: Int64s
    expiry: Int64s
    enrolled: Int64s
    """(N,): the effective date where it is not known."""
    counts: Bools
    """(N,): whether the policy covers: active or expired (law, section 4.1)."""
    suspended_on: Int64s
    """(N,): the day on which a suspended policy's time for paying had run out, else never."""
    renews: Bools
    """(N,): whether it renews an earlier one."""
    cover_policy: npt.NDArray[np.int32]
    """(M,): of covers of policies that cover."""
    cover_insuree: npt.NDArray[np.int32]
    cover_start: Int64s
    cover_end: Int64s
    first_cover: Bools
    """(M,): whether the cover is the first that its insuree ever had; of several on one day, one is."""
    paid_policy: npt.NDArray[np.int32]
    """(K,), -1 where the register of policies does not have it."""
    paid: Int64s
    amount: Int64s


def encode(
    policies: pa.Table, covers: pa.Table, contributions: pa.Table, products: Sequence[Product]
) -> Enrolled:
    """Encode what was read of the registers.

    Args:
        policies: ``policy``, ``family``, ``product``, ``enrolled``, ``effective``, ``expiry``, ``stage``,
            ``status``, and ``group``.
        covers: ``policy``, ``insuree``, ``effective``, ``expiry``.
        contributions: ``policy``, ``paid``, ``amount``.
        products: all versions of all products.
    """
    keys = Keys.of(policies["policy"])
    place = np.full(len(keys) + 1, -1, np.int32)
    place[keys.encode(policies["policy"])] = np.arange(len(policies), dtype=np.int32)
    groups = Keys.of(policies["group"])
    effective, expiry = (days(policies[name]).astype(np.int64) for name in ("effective", "expiry"))
    enrolled = days(policies["enrolled"]).astype(np.int64)
    enrolled = np.where(enrolled == NO_DATE, effective, enrolled)
    status = integers(policies["status"], np.int8)
    counts = np.isin(status, (int(PolicyStatus.ACTIVE), int(PolicyStatus.EXPIRED)))
    cover_policy = place[keys.encode(covers["policy"])]
    kept = np.flatnonzero((cover_policy >= 0) & counts[cover_policy])
    cover_policy = cover_policy[kept]
    covers = covers.take(pa.array(kept))
    insurees = Keys.of(covers["insuree"])
    suspended = status == PolicyStatus.SUSPENDED
    cover_insuree = insurees.encode(covers["insuree"])
    cover_start = np.maximum(days(covers["effective"]).astype(np.int64), effective[cover_policy])
    return Enrolled(
        group=groups.encode(policies["group"]),
        groups=groups,
        effective=effective,
        expiry=expiry,
        enrolled=enrolled,
        counts=counts,
        suspended_on=_suspended_on(policies, effective, suspended, products),
        renews=_renews(policies, effective, products),
        cover_policy=cover_policy,
        cover_insuree=cover_insuree,
        cover_start=cover_start,
        cover_end=np.minimum(days(covers["expiry"]).astype(np.int64), expiry[cover_policy]),
        first_cover=_first_covers(cover_insuree, cover_start, cover_policy),
        paid_policy=place[keys.encode(contributions["policy"])],
        paid=days(contributions["paid"]).astype(np.int64),
        amount=integers(contributions["amount"], np.int64),
    )


def _suspended_on(
    policies: pa.Table, effective: Int64s, suspended: Bools, products: Sequence[Product]
) -> Int64s:
    """Give the day on which the time for paying had run out of each policy that is suspended."""
    on = np.full(len(policies), _NEVER, np.int64)
    rows = np.flatnonzero(suspended)
    codes = policies["product"].take(pa.array(rows)).to_pylist()
    for row, code in zip(rows.tolist(), codes, strict=True):
        day = int(effective[row])
        version = next((p for p in products if p.product == code and p.valid.holds(day)), None)
        on[row] = add_months(day, version.enrolment.grace.payment if version else 0)
    return on


def _renews(policies: pa.Table, effective: Int64s, products: Sequence[Product]) -> Bools:
    """Tell which policies renew: by their stage, or because the family had the product or its predecessor."""
    renews: Bools = integers(policies["stage"], np.int8) == Stage.RENEWAL
    families, codes = Keys.of(policies["family"]), Keys.of(policies["product"])
    family, code = families.encode(policies["family"]), codes.encode(policies["product"])
    earliest = np.full((len(families), len(codes)), _NEVER, np.int32)
    np.minimum.at(earliest, (family, code), effective.astype(np.int32))
    for place, name in enumerate(codes.values.to_pylist()):
        rows = np.flatnonzero(code == place)
        for other in codes.encode(pa.array(sorted(_line_of(name, products)), pa.string())):
            if other >= 0:
                renews[rows] |= earliest[family[rows], other] < effective[rows]
    return renews


def _line_of(code: str, products: Sequence[Product]) -> set[str]:
    """Give a product with those that it took the place of, and that they did."""
    line, new = set[str](), {code}
    while new:
        line |= new
        replaced = {p.replaces_on_renewal for p in products if p.product in new}
        new = {name for name in replaced if name is not None} - line
    return line


def figures(of: Enrolled, first: int, last: int, group: int | None = None) -> Figures:
    """Count what the primary indicators say of policies, people and contributions in a period.

    Args:
        of: the registers.
        first: the first day of the period.
        last: its last day, included.
        group: only of a group; everybody's when left out.
    """
    mine: Any = np.ones(len(of.group), np.bool_) if group is None else of.group == group
    of_mine = mine[of.cover_policy]
    paid = (of.paid_policy >= 0) & mine[of.paid_policy] if group is not None else np.ones(len(of.paid), bool)

    def within(day: Int64s) -> Bools:
        inside: Bools = (first <= day) & (day <= last)
        return inside

    in_force = of.counts & mine & (of.effective <= last) & (last <= of.expiry)
    before = of.counts & mine & (of.effective <= first - 1) & (first - 1 <= of.expiry)
    covered = of_mine & (of.cover_start <= last) & (last <= of.cover_end)
    known = paid & (of.paid_policy >= 0)
    policy = of.paid_policy[known]
    available = over_days(of.amount[known], of.paid[known], of.effective[policy], of.expiry[policy])
    return {
        "P1": int(in_force.sum()),
        "P1_before": int(before.sum()),
        "P2": int((mine & within(of.enrolled) & ~of.renews).sum()),
        "P3": int((mine & within(of.suspended_on)).sum()),
        "P4": int((mine & of.counts & within(of.expiry)).sum()),
        "P5": int((mine & within(of.enrolled) & of.renews).sum()),
        "P6": len(np.unique(of.cover_insuree[covered])),
        "P7": int((within(of.cover_start) & of.first_cover & of_mine).sum()),
        "P8": int(of.amount[paid & within(of.paid)].sum()),
        "P9": int(earned(available, first, last).sum()),
    }


def _first_covers(insuree: Any, start: Int64s, policy: Any) -> Bools:
    order = np.lexsort((policy, start, insuree))
    first = np.zeros(len(order), np.bool_)
    first[order] = np.append(True, insuree[order][1:] != insuree[order][:-1])[: len(order)]
    return first
