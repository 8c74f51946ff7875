"""Numbers that people write down: with check digits, so that a slip is seen.

A payment's number is its serial with two check digits (ISO 7064, MOD 97-10, as bank accounts have them). A
voucher's number is not to be guessed: its serial goes through a keyed permutation of some 850 thousand
million numbers, and a last letter checks the others. The key is a seed that the books keep.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

_PAYMENT: Final = re.compile(r"B?0*([1-9]\d*)-?(\d\d)")

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXY"
"""31 signs, none of which is taken for another. 31 is a prime, on which the check rests."""

_SIGNS: Final = len(ALPHABET)
_HALF: Final = _SIGNS**4
VOUCHERS: Final = _HALF**2
"""How many vouchers there can be."""
_ROUNDS: Final = 6
_LIKE: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})


def payment_number(serial: int) -> str:
    """Write the number of a payment: ``B00000123-45``."""
    return f"B{serial:08}-{_payment_check(serial):02}"


def _payment_check(serial: int) -> int:
    return 98 - serial * 100 % 97


def read_payment_number(text: str) -> int | None:
    """Give the serial of a payment's number, however it is spaced; None where it is none, or mistyped."""
    found = _PAYMENT.fullmatch(re.sub(r"\s", "", text).upper())
    if not found or len(found[1]) > 15:
        return None
    serial = int(found[1])
    return serial if _payment_check(serial) == int(found[2]) else None


def voucher_number(seed: str, serial: int) -> str:
    """Write the number of a voucher: ``7K3M-9QXD-T``.

    Args:
        seed: of the books.
        serial: from 0; two serials never have the same number.

    Raises:
        ValueError: there are no more numbers.
    """
    if not 0 <= serial < VOUCHERS:
        raise ValueError(serial)
    left, right = divmod(serial, _HALF)
    for turn in range(_ROUNDS):
        left, right = right, (left + _mixed(seed, turn, right)) % _HALF
    number = left * _HALF + right
    signs = [number // _SIGNS**place % _SIGNS for place in range(7, -1, -1)]
    written = "".join(ALPHABET[sign] for sign in [*signs, _voucher_check(signs)])
    return f"{written[:4]}-{written[4:8]}-{written[8]}"


def _mixed(seed: str, turn: int, half: int) -> int:
    digest = hmac.new(seed.encode(), f"{turn}/{half}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big")


def _voucher_check(signs: list[int]) -> int:
    # With a prime and weights that all differ, one wrong sign or two that changed places are always seen.
    return -sum(weight * sign for weight, sign in enumerate(signs, 2)) % _SIGNS


def read_voucher_number(text: str) -> str | None:
    """Give a voucher's number as it is written; None where it is none, or mistyped."""
    bare = re.sub(r"[\s-]", "", text).upper().translate(_LIKE)
    if len(bare) != 9 or any(letter not in ALPHABET for letter in bare):
        return None
    *signs, check = (ALPHABET.index(letter) for letter in bare)
    return f"{bare[:4]}-{bare[4:8]}-{bare[8]}" if _voucher_check(signs) == check else None
