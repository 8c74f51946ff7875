"""What earlier months leave behind: balances, and the accepted claims and lines that are looked back on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from adjudicator.adjudication.memory import History
from adjudicator.compiled import compiled
from adjudicator.encoding import UNKNOWN, days, integers
from adjudicator.registers import Covers, Int32s, Int64s, People, Registers, empty, provision_key
from adjudicator.tables import BALANCES, EARLIER_CLAIMS, EARLIER_LINES

BALANCE_COLUMNS = (
    ("deducted_non_hospital", "deducted_hospital"),
    ("covered_non_hospital", "covered_hospital"),
)
"""The amounts of the balances table: deducted and covered, each by :class:`~adjudicator.vocabulary.Care`."""


@dataclass(frozen=True)
class Opening:
    """What a run begins with, encoded and sorted by unit, with the tables that it came from."""

    history: History
    policy: Int32s
    """(B,): the policy of each opening balance, sorted; -1 where the register does not have it."""
    insuree: Int32s
    """(B,): the insuree, -1 where unknown."""
    cover: Int32s
    """(B,): the cover that carries the balance, -1 where the insuree has no cover of the policy any more."""
    used: Int64s
    """(B, 2, care), minor units: deducted and covered."""
    balances: pa.Table
    """The balances as given, in the order of the arrays."""
    earlier_claims: pa.Table
    earlier_lines: pa.Table


def nothing(registers: Registers) -> Opening:
    """Give the opening of a scheme's first month."""
    return encode(registers, empty(BALANCES), empty(EARLIER_CLAIMS), empty(EARLIER_LINES))


def encode(
    registers: Registers, balances: pa.Table, earlier_claims: pa.Table, earlier_lines: pa.Table
) -> Opening:
    """Encode typed tables of balances and earlier claims and lines (see :mod:`adjudicator.tables`).

    Rows of insurees or provisions that the registers no longer have decide nothing, and are carried on.
    """
    policy_code = registers.policy_keys.encode(balances["policy"])
    policy = np.where(
        policy_code >= 0,
        registers.policy_place[policy_code] if len(registers.policy_place) else UNKNOWN,
        UNKNOWN,
    ).astype(np.int32)
    insuree = registers.insuree_keys.encode(balances["insuree"])
    order = np.lexsort((insuree, policy))
    amounts = [integers(balances[name], np.int64)[order] for pair in BALANCE_COLUMNS for name in pair]
    policy, insuree = policy[order], insuree[order]
    return Opening(
        history=_history(registers, earlier_claims, earlier_lines),
        policy=policy,
        insuree=insuree,
        cover=_carriers(policy, insuree, registers.people, registers.covers),
        used=np.stack(amounts, axis=1).reshape(len(order), 2, 2).astype(np.int64),
        balances=balances.take(pa.array(order)),
        earlier_claims=earlier_claims,
        earlier_lines=earlier_lines,
    )


def _history(registers: Registers, claims: pa.Table, lines: pa.Table) -> History:
    claim_insuree = registers.insuree_keys.encode(claims["insuree"])
    claim_order, claim_start = _by_unit(registers, claim_insuree)
    line_insuree = registers.insuree_keys.encode(lines["insuree"])
    provision = registers.provision_keys.encode(provision_key(lines["kind"], lines["code"]))
    line_insuree = np.where(provision >= 0, line_insuree, UNKNOWN).astype(np.int32)
    line_order, line_start = _by_unit(registers, line_insuree)
    return History(
        claim_start,
        claim_insuree[claim_order],
        days(claims["target_date"])[claim_order],
        integers(claims["category"], np.int8)[claim_order],
        line_start,
        line_insuree[line_order],
        days(lines["target_date"])[line_order],
        provision[line_order],
        integers(lines["quantity"], np.int64)[line_order],
    )


def _by_unit(registers: Registers, insuree: Int32s) -> tuple[Int64s, Int32s]:
    """Order rows of known insurees by unit, and say where each unit's begin, (units + 2,)."""
    known = np.flatnonzero(insuree >= 0)
    unit = registers.people.unit[insuree[known]]
    order = known[np.argsort(unit, kind="stable")]
    counts = np.bincount(unit, minlength=registers.units + 1)
    return order, np.concatenate(([0], np.cumsum(counts))).astype(np.int32)


@compiled
def _carriers(policy: Int32s, insuree: Int32s, people: People, covers: Covers) -> Int32s:
    """Find the first cover of each insuree under each policy, -1 for none. *Compiled.*"""
    carrier = np.full(len(policy), -1, np.int32)
    for row in range(len(policy)):
        if policy[row] < 0 or insuree[row] < 0:
            continue
        for cover in range(people.first_cover[insuree[row]], people.end_cover[insuree[row]]):
            if covers.policy[cover] == policy[row]:
                carrier[row] = cover
                break
    return carrier
