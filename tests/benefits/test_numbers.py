"""Numbers of payments and vouchers: read back as written, slips seen, none twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.benefits.numbers import (
    ALPHABET,
    VOUCHERS,
    payment_number,
    read_payment_number,
    read_voucher_number,
    voucher_number,
)

SERIALS = st.integers(0, VOUCHERS - 1)


@given(st.integers(1, 10**12))
def test_a_payments_number_is_read_back(serial: int) -> None:
    written = payment_number(serial)
    assert read_payment_number(written) == serial
    assert read_payment_number(written.lower().replace("-", " ").removeprefix("b")) == serial


@given(st.integers(1, 10**9), st.data())
def test_a_slip_in_a_payments_number_is_seen(serial: int, data: st.DataObject) -> None:
    digits = list(payment_number(serial).replace("-", "")[1:])
    place = data.draw(st.integers(0, len(digits) - 1))
    if data.draw(st.booleans()) and place:
        slipped = [*digits]
        slipped[place - 1], slipped[place] = slipped[place], slipped[place - 1]
    else:
        slipped = [*digits]
        slipped[place] = data.draw(st.sampled_from("0123456789"))
    if slipped != digits:
        assert read_payment_number("".join(slipped)) is None


@given(st.text(max_size=8), SERIALS)
def test_a_vouchers_number_is_read_back(seed: str, serial: int) -> None:
    seed = seed.encode("utf-8", "ignore").decode()
    written = voucher_number(seed, serial)
    assert read_voucher_number(written) == written
    spoken = written.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_voucher_number(spoken) == written


@given(SERIALS, st.data())
def test_a_slip_in_a_vouchers_number_is_seen(serial: int, data: st.DataObject) -> None:
    signs = list(voucher_number("seed", serial).replace("-", ""))
    first, second = data.draw(st.tuples(*[st.integers(0, 8)] * 2))
    slipped = [*signs]
    if data.draw(st.booleans()):
        slipped[first], slipped[second] = slipped[second], slipped[first]
    else:
        slipped[first] = data.draw(st.sampled_from(ALPHABET))
    if slipped != signs:
        assert read_voucher_number("".join(slipped)) is None


def test_no_two_vouchers_have_one_number_and_none_tells_of_the_next() -> None:
    numbers = [voucher_number("seed", serial) for serial in range(5000)]
    assert len({*numbers}) == len(numbers)
    assert numbers != sorted(numbers)
    assert not {*numbers} & {voucher_number("other", serial) for serial in range(5000)}
    with pytest.raises(ValueError, match=str(VOUCHERS)):
        voucher_number("seed", VOUCHERS)


@pytest.mark.parametrize("text", ["", "B", "B0-98", "B00000001-9", "x", "1" * 40, "B1-95/2"])
def test_what_is_no_payments_number(text: str) -> None:
    assert read_payment_number(text) is None
