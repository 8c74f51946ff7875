"""Kernels that are kept on disk by processes side by side: each finds its own code, or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adjudicator.compiled import SideBySide, unsigned

INTEGERS, FLOATS = ("(int64,)", "x86"), ("(float64,)", "x86")


def kept(folder: Path) -> Any:
    made: Any = SideBySide
    return made(str(folder), "kernel", "stamp")


def test_what_is_kept_is_found(tmp_path: Path) -> None:
    for key in (INTEGERS, FLOATS, INTEGERS):
        kept(tmp_path).save(key, f"code of {key}")
    for key in (INTEGERS, FLOATS):
        assert kept(tmp_path).load(key) == f"code of {key}"
    assert kept(tmp_path).load(("(bool,)", "x86")) is None


@pytest.mark.parametrize("step", ["_save_data", "_save_index"])
@pytest.mark.parametrize("after", [False, True])
def test_two_that_compile_at_once_do_not_take_each_others_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    """One has read what is there; before or after any step of it the other comes between, as blind."""
    one, other = kept(tmp_path), kept(tmp_path)
    monkeypatch.setattr(other, "_load_index", dict)
    does: Callable[..., None] = getattr(one, step)

    def disturbed(*arguments: Any) -> None:
        if after:
            does(*arguments)
        other.save(FLOATS, "code of floats")
        if not after:
            does(*arguments)

    monkeypatch.setattr(one, step, disturbed)
    one.save(INTEGERS, "code of integers")
    assert kept(tmp_path).load(INTEGERS) in ("code of integers", None)
    assert kept(tmp_path).load(FLOATS) in ("code of floats", None)


def test_kernels_are_kept_that_way() -> None:
    kernel: Any = unsigned
    assert isinstance(kernel._cache._cache_file, SideBySide)
