"""One claim's decision, retraced by the reference: what explanations are made of.

The reference is slow, and needs little: the family of the claim, the claims that it had before, and what
it brought from earlier months.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.adjudication import reference
from adjudicator.adjudication.records import claim_records, world
from adjudicator.adjudication.reference import (
    AmountTooLarge,
    ClaimDecision,
    EarlierClaim,
    EarlierLine,
    History,
    Used,
)
from adjudicator.product.definition import Product
from adjudicator.registers import Registers
from adjudicator.vocabulary import Care, Category, Kind


def retrace(
    registers: Registers,
    tables: Mapping[str, pa.Table],
    products: Sequence[Product],
    adult_age: int,
    claims: pa.Table,
    lines: pa.Table,
    place: int,
    carried: Mapping[str, pa.Table] | None = None,
) -> ClaimDecision:
    """Decide about one claim as the kernel does, and keep the trace.

    Args:
        registers: the encoded registers, which know who belongs together.
        tables: the typed registers.
        products: all versions of all products.
        adult_age: completed years.
        claims: typed claims of the batch.
        lines: their typed lines.
        place: the row of ``claims`` to explain.
        carried: typed tables ``balances``, ``earlier_claims`` and ``earlier_lines`` of an earlier run.

    Raises:
        AmountTooLarge: the claim has an amount that cannot be counted. Other such claims are passed over, as
            a run sets them aside.
    """
    claims = claims.append_column("place", pa.array(np.arange(len(claims))))
    person = claims["insuree"][place].as_py()
    insurees, policies = _unit(registers, person)
    if insurees is None:
        insurees = pa.array([person], pa.string())
    here = pc.is_in(claims["insuree"], value_set=insurees)
    kept = claims.filter(here)
    lines = _lines_of(kept, lines)
    narrowed = {name: _narrowed(name, table, insurees, policies) for name, table in tables.items()}
    brought = {name: _of(table, "insuree", insurees) for name, table in (carried or {}).items()}
    records = claim_records(kept, lines)
    wanted = records[kept["place"].to_pylist().index(place)]
    while True:
        try:
            decisions = reference.adjudicate(
                world(products, narrowed, adult_age), records, history_of(brought)
            )
        except AmountTooLarge as found:
            if found.claim == wanted:
                raise
            records.remove(found.claim)
        else:
            return next(decision for decision in decisions if decision.claim == wanted)


def _unit(registers: Registers, insuree: str) -> tuple[pa.Array | None, pa.Array]:
    """Give the insurees and the policies of the unit that an insuree belongs to."""
    code = int(registers.insuree_keys.encode(pa.array([insuree], pa.string()))[0])
    if code < 0:
        return None, pa.array([], pa.string())
    unit = int(registers.people.unit[code])
    members = np.flatnonzero(registers.people.unit == unit)
    first, end = registers.policies.first_of_unit[unit : unit + 2].tolist()
    policies = registers.policy_keys.decode(registers.policy_code[first:end])
    return registers.insuree_keys.values.take(pa.array(members)), policies


def _lines_of(claims: pa.Table, lines: pa.Table) -> pa.Table:
    """Give the lines of some claims, which point to their rows among these."""
    row = pc.index_in(lines["claim_index"].cast(pa.int64()), value_set=claims["place"].combine_chunks())
    lines = lines.set_column(lines.schema.get_field_index("claim_index"), "claim_index", row)
    return lines.filter(row.is_valid())


def _narrowed(name: str, table: pa.Table, insurees: pa.Array, policies: pa.Array) -> pa.Table:
    match name:
        case "insurees":
            return _of(table, "insuree", insurees)
        case "policies" | "covers":
            return _of(table, "policy", policies)
        case "families" | "contributions" | "catchments" | "locations":
            return table.slice(0, 0)
        case _:
            return table


def _of(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table[column], value_set=values))


def history_of(carried: Mapping[str, pa.Table]) -> History:
    """Make the reference's history of the tables that an earlier run handed on."""
    history = History()
    for row in carried["balances"].to_pylist() if carried else ():
        used = Used()
        for care in Care:
            used.deducted[care] = row[f"deducted_{care.word}"]
            used.covered[care] = row[f"covered_{care.word}"]
        history.used[row["policy"], row["insuree"]] = used
    claims: dict[tuple[str, str], EarlierClaim] = {}
    for row in carried["earlier_claims"].to_pylist() if carried else ():
        claim = EarlierClaim(
            row["facility"], row["claim"], row["insuree"], _day(row["target_date"]), Category(row["category"])
        )
        claims[claim.facility, claim.claim] = claim
        history.claims.setdefault(claim.insuree, []).append(claim)
    for row in carried["earlier_lines"].to_pylist() if carried else ():
        # A line whose claim was not handed on still says what it says of itself.
        claim = claims.get((row["facility"], row["claim"])) or EarlierClaim(
            row["facility"], row["claim"], row["insuree"], _day(row["target_date"]), Category.VISIT
        )
        provision = (Kind(row["kind"]), row["code"])
        line = EarlierLine(claim, row["line"], provision, row["quantity"])
        history.lines.setdefault(claim.insuree, []).append(line)
    return history


def _day(date: object) -> int:
    return date.toordinal() - 719_163  # type: ignore[attr-defined,no-any-return]
