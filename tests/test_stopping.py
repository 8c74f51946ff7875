"""Commands that are stopped, or whose output nobody takes: one line or none, and nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from commands.beginning import INTERRUPTED, interrupted
from commands.stopping import CLOSED

ROOT = Path(__file__).parents[1]
MAIN = [sys.executable, "-c", "from cli import main; main()"]
BEGUN = "import sys; from commands import beginning; print(flush=True); "
"""Python code that tells when it can be stopped."""


def started(command: list[str], **given: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ADJUDICATOR_LANG": "en"} | given
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)


@pytest.fixture(autouse=True)
def _heed_the_keyboard() -> Iterator[None]:
    """A shell that starts the tests in the background has them, and all they start, ignore its keyboard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def stopped_by(running: subprocess.Popen[str], number: int) -> list[str]:
    """Send a signal, and give the lines of what is told."""
    running.send_signal(number)
    told = running.communicate(timeout=60)[1]
    assert "Traceback" not in told
    return told.splitlines()


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(60)",
        # A module that cannot be imported, as what it needs was stopped.
        "import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt as found: raise ImportError from found",
        # An object that is tidied up, where Python would only tell of the error.
        "import time\nclass A:\n def __del__(self): time.sleep(60)\nA()",
    ],
    ids=["importing", "not_importable", "tidying_up"],
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_stopped_before_it_begins_ends_in_one_line(code: str, language: str) -> None:
    running = started([sys.executable, "-c", BEGUN + "\n" + code], ADJUDICATOR_LANG=language)
    assert running.stdout is not None
    running.stdout.readline()
    time.sleep(0.1)
    [line] = stopped_by(running, signal.SIGINT)
    assert line.startswith({"en": "Stopped.", "fr": "Interrompu."}[language])
    assert running.returncode == INTERRUPTED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "waiting",
    [
        "time.sleep(60)",
        # As at the end of each import: Python has nobody to give the interruption to.
        "weakref.finalize(type('A', (), {})(), time.sleep, 60); time.sleep(60)",
    ],
    ids=["at_work", "tidying_up"],
)
def test_what_is_stopped_at_work_leaves_nothing_behind(number: int, waiting: str, tmp_path: Path) -> None:
    code = f"""
import time, weakref
from adjudicator import files
def write(writer, chunk):
    print("begun", flush=True)
    {waiting}
files.TableWriter.write = write
from cli import main
main()
"""
    running = started([sys.executable, "-c", code, "generate", str(tmp_path / "country"), "--families", "10"])
    assert running.stdout is not None
    assert running.stdout.readline() == "begun\n"
    assert any(tmp_path.iterdir())
    time.sleep(0.1)
    [line] = stopped_by(running, number)
    assert line.startswith("Stopped.")
    assert running.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("product", "schema"), ("rules", "fields")])
def test_a_reader_who_has_had_enough_is_told_nothing(arguments: tuple[str, ...]) -> None:
    running = started([*MAIN, *arguments])
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    assert running.stderr.read() == ""
    assert running.wait(60) == CLOSED


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("arguments", [("product", "schema"), ("rules", "fields"), ("--help",)])
def test_a_disk_that_is_full_is_told(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "ADJUDICATOR_LANG": "en"}
        done = subprocess.run(
            [*MAIN, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False
        )
    assert done.returncode == 3
    assert "make room" in done.stderr
    assert "Traceback" not in done.stderr


def test_signals_are_heard_as_before_once_a_command_is_over() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert CliRunner().invoke(cli.main, ["product", "schema"]).exit_code == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_error_that_came_of_being_stopped_is_known() -> None:
    def raised() -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise ImportError from None

    with pytest.raises(ImportError) as caught:
        raised()
    assert interrupted(caught.value)
    assert not interrupted(ValueError())
    assert not interrupted(None)


def test_the_command_line_begins_without_what_only_computing_needs() -> None:
    heavy = {"numpy", "numba", "pyarrow", "scipy", "sqlalchemy", "pandas", "pydantic"}
    code = f"import sys, cli; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
