"""Keys of officers: letters that can be read aloud, of which only a salted, slow hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final

LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without I, L and O, which look like figures and like one another."""

GROUPS: Final = 5
LONG: Final = 4
"""Letters of a group: twenty of them are 90 random bits."""

SALT: Final = 16
"""Bytes of a salt."""

_NAME: Final = "scrypt"
COST: Final = 14
"""Powers of two: 16 MiB, and about a twentieth of a second."""
_BLOCK: Final = 8
_LANES: Final = 1
_MOST: Final = 20
"""The highest cost that is taken from what is kept: more would be somebody's trick."""


def new_key(choose: Callable[[str], str] = secrets.choice) -> str:
    """Make a key, as in ``KQTX-MBRA-WDCP-ZHEN-VSGU``."""
    return "-".join("".join(choose(LETTERS) for _ in range(LONG)) for _ in range(GROUPS))


def plain(key: str) -> str:
    """Write a key so that it is the same one however it was typed: no dashes, no blanks, in capitals."""
    return "".join(letter for letter in key.upper() if letter.isalnum())


def hashed(key: str, salt: bytes) -> str:
    """Give what is kept of a key: how it was hashed, the salt, and the hash.

    Args:
        key: as it was typed.
        salt: random, another one for each key.
    """
    digest = _scrypt(key, salt, COST, _BLOCK, _LANES)
    return f"{_NAME}:{COST}:{_BLOCK}:{_LANES}:{salt.hex()}:{digest.hex()}"


def fits(key: str, kept: str) -> bool:
    """Tell, in a time that depends on neither, whether a key is the one whose hash is kept."""
    try:
        name, cost, block, lanes, salt, digest = kept.split(":")
        if name != _NAME or not 1 <= int(cost) <= _MOST:
            return False
        found = _scrypt(key, bytes.fromhex(salt), int(cost), int(block), int(lanes))
        return hmac.compare_digest(found, bytes.fromhex(digest))
    except ValueError:
        return False


def _scrypt(key: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    secret = plain(key).encode("utf-8", "surrogateescape")
    room = 256 * block * (2**cost + lanes)
    return hashlib.scrypt(secret, salt=salt, n=2**cost, r=block, p=lanes, maxmem=room, dklen=32)
