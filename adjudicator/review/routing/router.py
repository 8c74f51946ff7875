"""Routing a case, by the back end that was asked for, and never by a wrong answer of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from enum import StrEnum
from types import TracebackType
from typing import Final

from adjudicator.review.routing import durable, plain
from adjudicator.review.routing.facts import Fact, in_order
from adjudicator.review.routing.outcome import Routed, routed
from adjudicator.review.routing.rules import Routing
from adjudicator.words import Message, message, say

_LOG: Final = logging.getLogger(__name__)


class BackEnd(StrEnum):
    """What evaluates routing rules."""

    PLAIN = "plain"
    DURABLE = "durable"
    """``durable_rules`` in a process of its own, where the extra ``chaining`` is installed."""


class Router:
    """Routes cases by one routing; close it, or use it in ``with``.

    Every case is evaluated plainly. Where another back end is asked as well, an answer of it that differs, or
    does not come, is replaced by the plain one and logged.
    """

    def __init__(self, routing: Routing, chaining: durable.Chaining | None = None) -> None:
        self._routing, self._chaining = routing, chaining
        self._said: set[str] = set()

    @classmethod
    def by(cls, back_end: BackEnd, routing: Routing) -> Router:
        """Make a router that asks a back end."""
        return cls(routing, durable.Chaining(routing) if back_end is BackEnd.DURABLE else None)

    def __enter__(self) -> Router:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what was started."""
        if self._chaining is not None:
            self._chaining.close()

    def route(self, case: Iterable[Fact]) -> Routed:
        """Tell where a case should go.

        Args:
            case: what is known of it (see :mod:`.facts`).
        """
        known = in_order(case)
        why = plain.chain(self._routing.rules, known)
        if self._chaining is None:
            return routed(self._routing, why, BackEnd.PLAIN.value, None)
        try:
            answer = self._chaining.chain(known)
        except durable.Failed as failed:
            return self._replaced(why, failed.why)
        if answer != why:
            ours, theirs = ({firing.rule for firing in firings} for firings in (why, answer))
            differ = sorted(ours ^ theirs) or sorted(ours)
            return self._replaced(why, message("routing.differs", rules=differ))
        return routed(self._routing, why, BackEnd.DURABLE.value, None)

    def _replaced(self, why: tuple[plain.Firing, ...], reason: Message) -> Routed:
        # What is the matter with the library as such is the same for every case, and said once.
        if reason.key not in self._said or reason.key == "routing.differs":
            self._said.add(reason.key)
            _LOG.warning("%s", say(message("routing.replaced", reason=reason)))
        return routed(self._routing, why, BackEnd.PLAIN.value, reason)


def route(case: Iterable[Fact], routing: Routing, back_end: BackEnd = BackEnd.PLAIN) -> Routed:
    """Tell where one case should go; for several, use a :class:`Router`."""
    with Router.by(back_end, routing) as router:
        return router.route(case)
