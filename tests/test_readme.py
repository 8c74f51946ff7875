"""The README says what is true: its commands work as they stand, one after the other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main

README = Path(__file__).parents[1] / "README.md"
ALL_WELL_OR_FINDINGS = (0, 1)


def commands() -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [words for words in lines if words and not words[0].startswith("scripts/")]


def test_every_command_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = commands()
    assert said
    for words in said:
        if words[0] == "cd":
            monkeypatch.chdir(Path.cwd() / words[1])
            continue
        assert words[0] == "adjudicator"
        done = CliRunner().invoke(main, words[1:])
        assert done.exit_code in ALL_WELL_OR_FINDINGS, f"{shlex.join(words)}\n{done.output}{done.exception}"


def test_the_library_example_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(main, ["init", "myscheme"])
    for example in re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.M | re.S):
        exec(compile(example, str(README), "exec"), {})
