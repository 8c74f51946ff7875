"""Keys of officers: what is kept of them fits them alone, however they are typed."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.officers.keys import GROUPS, LETTERS, LONG, fits, hashed, new_key, plain
from adjudicator.officers.patience import FREE, MOST, REMEMBERED, wait

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
SLOW = settings(max_examples=8, deadline=None)

keys = st.builds(lambda seed: new_key(seed.choice), st.randoms())


@SLOW
@given(keys, keys, st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_a_hash_fits_its_key_alone(key: str, other: str, salt: bytes, another: bytes) -> None:
    kept = hashed(key, salt)

    assert fits(key, kept)
    assert fits(f" {key.lower().replace('-', ' ')}\n", kept)
    assert fits(other, kept) == (plain(other) == plain(key))
    assert (hashed(key, another) == kept) == (another == salt)
    # The salt has nothing to do with the key, but a drawn one may look like it.
    assert plain(key) not in kept.replace(salt.hex(), "").upper()


@given(st.text())
def test_whatever_is_kept_or_tried_is_answered(rubbish: str) -> None:
    assert not fits("key", rubbish)


@SLOW
@given(st.text())
def test_whatever_is_typed_is_hashed(rubbish: str) -> None:
    assert fits(rubbish, hashed(rubbish, b"0" * 16))


def test_what_is_kept_cannot_ask_for_all_memory() -> None:
    assert not fits("key", f"scrypt:40:8:1:{'00' * 16}:{'00' * 32}")
    assert not fits("key", f"scrypt:14:100000000:1:{'00' * 16}:{'00' * 32}")


def test_keys_can_be_read_aloud() -> None:
    made = {new_key() for _ in range(100)}

    assert len(made) == 100
    for key in made:
        groups = key.split("-")
        assert [len(group) for group in groups] == [LONG] * GROUPS
        assert set("".join(groups)) <= set(LETTERS)
    assert not set("ILO01") & set(LETTERS)


moments = st.lists(st.integers(0, 1_000).map(lambda ago: NOW - dt.timedelta(seconds=ago)), max_size=20)


@given(moments)
def test_a_wait_is_short_and_grows_with_wrong_keys(wrong: list[dt.datetime]) -> None:
    seconds = wait(wrong, NOW)

    assert 0 <= seconds <= MOST
    assert wait([*wrong, NOW], NOW) >= seconds
    assert wait(wrong, NOW + dt.timedelta(seconds=MOST)) == 0
    if len(wrong) <= FREE:
        assert seconds == 0


def test_wrong_keys_in_a_row_slow_down() -> None:
    assert [wait([NOW] * count, NOW) for count in range(8)] == [0, 0, 0, 1, 2, 4, 8, 8]
    assert wait([NOW] * 50, NOW) == MOST
    assert wait([NOW - REMEMBERED - dt.timedelta(seconds=1)] * 50, NOW) == 0
