"""Registers, encoded: units of families that belong together, and registers with nobody in them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.encoding import UNKNOWN, Keys
from adjudicator.registers import encode
from ingest.tables import registers_from_rows

codes = st.text(st.sampled_from("ab0é\x00"), max_size=10)


@given(st.sets(codes, min_size=1, max_size=300), st.lists(codes | st.none(), max_size=100), st.booleans())
def test_a_codes_integer_is_its_place_in_the_order_of_bytes(
    known: set[str], asked: list[str | None], as_dictionary: bool
) -> None:
    keys = Keys.of(pa.array(list(known), pa.string()))
    in_order = sorted(known, key=str.encode)
    assert keys.values.to_pylist() == in_order
    column = pa.array([*asked, *in_order], pa.string())
    expected = [in_order.index(code) if code in known else UNKNOWN for code in column.to_pylist()]
    assert keys.encode(column.dictionary_encode() if as_dictionary else column).tolist() == expected
    assert keys.decode(np.arange(len(keys), dtype=np.int32)).to_pylist() == in_order


def _person(insuree: str, family: str, **period: str) -> dict[str, object]:
    return {"insuree": insuree, "family": family, "sex": "male", "birth_date": None, **period}


def test_families_that_share_a_policy_or_a_person_are_one_unit() -> None:
    day = {"effective": "2026-01-01", "expiry": "2026-12-31"}
    policy = {"product": "P", "stage": "new", "status": "active"} | day
    tables = registers_from_rows(
        {
            "families": [{"family": family} for family in "ABCDE"],
            "insurees": [
                _person("a", "A"),
                _person("b", "B"),
                _person("c", "C", valid_to="2026-03-31"),
                _person("c", "D", valid_from="2026-04-01"),
                _person("e", "E"),
            ],
            "policies": [
                {"policy": "PA", "family": "A"} | policy,
                {"policy": "PE", "family": "E"} | policy,
            ],
            # b is covered by the policy of a's family; c moved from one family to another.
            "covers": [{"policy": "PA", "insuree": "a"} | day, {"policy": "PA", "insuree": "b"} | day],
        },
        2,
    ).tables
    registers = encode(tables, ("P",))
    unit = dict(zip("abce", registers.people.unit.tolist(), strict=True))
    assert unit["a"] == unit["b"]
    assert len({unit["a"], unit["c"], unit["e"]}) == 3
    assert registers.units == 3


def test_registers_without_anybody_are_registers() -> None:
    registers = encode({}, ())
    assert registers.units == 0
    assert len(registers.covers.policy) == 0


def test_covers_of_nobody_are_left_out() -> None:
    covers = {
        "policy": pa.array(["P1"]),
        "insuree": pa.array(["nobody"]),
        "effective": pa.array([0], pa.int32()).cast(pa.date32()),
        "expiry": pa.array([9], pa.int32()).cast(pa.date32()),
    }
    assert len(encode({"covers": pa.table(covers)}, ()).covers.policy) == 0
