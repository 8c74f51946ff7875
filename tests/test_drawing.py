"""Properties are tried with the same examples each time, whatever else the process has done before."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import PROFILE

Drawn = list[tuple[str, int, float]]


def drawn() -> Drawn:
    found: Drawn = []

    @settings(max_examples=200)
    @given(st.text(), st.integers(), st.floats(allow_nan=False))
    def draw(word: str, number: int, part: float) -> None:
        found.append((word, number, part))

    draw()
    return found


@pytest.mark.skipif(PROFILE == "seeking", reason="this profile seeks others each time")
def test_what_is_drawn_does_not_depend_on_what_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drawn()
    numbers = ", ".join(f"{number}, '{number}', {number}.5" for number in range(1_000, 1_200))
    (tmp_path / "loaded_between.py").write_text(f"NUMBERS = ({numbers})\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module("loaded_between")
    assert drawn() == before
