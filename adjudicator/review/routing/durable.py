"""Routing rules chained by ``durable_rules``, in a child process that is watched.

The library is optional and can crash, hang or be wrong (see :mod:`.guards`). So it runs in a process of its
own with limits of time and memory, each case in a fresh session, each thousand cases in a fresh process; and
nothing here raises for what it does: there is an answer, or a reason why there is none.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from adjudicator.review.routing.facts import FINDING, Fact, fact, in_order
from adjudicator.review.routing.guards import (
    ENDING,
    MOST_FACTS,
    Codes,
    OutsideGuards,
    lint,
    message_of,
    ruleset,
)
from adjudicator.review.routing.plain import Firing
from adjudicator.review.routing.rules import Routing
from adjudicator.words import Message, Quantity, message

CHILD: Final = Path(__file__).with_name("child.py")

MOST_CASES: Final = 1000
"""Cases after which a child is replaced: its library ends with the 1,025th session."""

MOST_FIRINGS: Final = 20_000
"""Firings of one case that are too many to wait for."""

MOST_FAILURES: Final = 3
"""Failures in a row after which no more children are started."""


@dataclass(frozen=True)
class Limits:
    """What a child may use."""

    start_seconds: float = 20.0
    """To start and read the rules."""
    case_seconds: float = 2.0
    """For one case."""
    cpu_seconds: int = 120
    """Of a processor, in its whole life."""
    memory: int = 1 << 30
    """Bytes of address space."""


LIMITS: Final = Limits()


def installed() -> bool:
    """Tell whether the library is there, and the system can hold it within limits."""
    return find_spec("durable_rules_engine") is not None and find_spec("resource") is not None


class Failed(Exception):  # noqa: N818 - it says why there is no answer
    """There is no answer; it says why."""

    def __init__(self, why: Message) -> None:
        self.why = why
        super().__init__(why.key)


class Chaining:
    """A routing that ``durable_rules`` evaluates; close it, or use it in ``with``."""

    def __init__(self, routing: Routing, limits: Limits = LIMITS, child: Path = CHILD) -> None:
        self._routing, self._limits, self._child = routing, limits, child
        self._codes = Codes({})
        self._ruleset = ruleset(routing, self._codes)
        self._findings = {
            f"r{number}": message_of(fact(FINDING, name=rule.finding), 0, self._codes)
            for number, rule in enumerate(routing.rules)
            if rule.finding is not None
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._cases = self._failures = 0

    def __enter__(self) -> Chaining:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # What was not read by a child that is gone cannot be written any more.
                with suppress(OSError):
                    pipe.close()

    def chain(self, facts: Iterable[Fact]) -> tuple[Firing, ...]:
        """Find the rules that speak of a case, as :func:`adjudicator.review.routing.plain.chain` does.

        Raises:
            Failed: there is no answer.
        """
        if not installed():
            raise Failed(message("routing.not_installed"))
        if self._failures >= MOST_FAILURES:
            raise Failed(message("routing.given_up", count=self._failures))
        known = in_order(facts)
        if len(known) > MOST_FACTS:
            raise Failed(message("routing.too_many_facts", count=len(known), most=MOST_FACTS))
        try:
            firings = self._firings(known)
        except Failed:
            self.close()
            self._failures += 1
            raise
        self._failures = 0
        return firings

    def _firings(self, known: Sequence[Fact]) -> tuple[Firing, ...]:
        if self._process is None or self._cases >= MOST_CASES:
            self.close()
            self._start()
        self._cases += 1
        # The texts of one case are nothing to the next one.
        codes = Codes(dict(self._codes.numbers))
        facts = [message_of(one, number, codes) for number, one in enumerate(known, 1)]
        fired, called = self._asked(facts, self._limits.case_seconds)
        words = {number: text for text, number in codes.numbers.items()}
        by_id = {str(number): one for number, one in enumerate(known, 1)}
        by_id |= {number: fact(FINDING, name=words[name]) for name, number in called}
        first: dict[str, tuple[Fact, ...]] = {}
        for rule, ids in fired:
            name = self._routing.rules[int(rule[1:])].name
            taken = tuple(by_id[one] for one in ids)
            if name not in first or _places(taken) < _places(first[name]):
                first[name] = taken
        return tuple(Firing(name, first[name]) for name in sorted(first))

    def _start(self) -> None:
        try:
            lint(self._ruleset)
        except OutsideGuards as outside:
            raise Failed(message("routing.outside_guards", what=str(outside))) from None
        self._cases = 0
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(self._child)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise Failed(message("routing.no_process", reason=error.strerror or str(error))) from None
        first = {
            "ruleset": self._ruleset,
            "findings": self._findings,
            "ending": ENDING,
            "memory": self._limits.memory,
            "seconds": self._limits.cpu_seconds,
            "most": MOST_FIRINGS,
        }
        self._asked(first, self._limits.start_seconds)

    def _asked(self, what: Any, seconds: float) -> Any:
        """Write a line to the child and read its answer."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(what).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            raise Failed(self._ended(process)) from None
        line = self._line(process, time.monotonic() + seconds, seconds)
        try:
            return json.loads(line)
        except ValueError:
            raise Failed(message("routing.no_answer")) from None

    def _line(self, process: subprocess.Popen[bytes], deadline: float, seconds: float) -> bytes:
        """Read a line until a moment; past the pipe's own buffer, which would hide what has come already."""
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        found = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while not found.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise Failed(message("routing.too_slow", seconds=Quantity(round(100 * seconds))))
                piece = os.read(descriptor, 1 << 16)
                if not piece:
                    raise Failed(self._ended(process))
                found += piece
        return found

    def _ended(self, process: subprocess.Popen[bytes]) -> Message:
        process.kill()
        return message("routing.ended", code=str(process.wait()))


def _places(facts: Iterable[Fact]) -> list[Any]:
    return [one.place for one in facts]
