"""Between requests and the books: threads that read, one that decides, one that writes down who did what.

Requests are answered on one event loop, which must never wait for a database. What reads runs in a few
threads; claims go to the one thread that decides, which takes all that came within some milliseconds as one
run of the books; accesses are written down likewise. Each of these queues is bounded: who comes when one is
full is sent away, to come again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from adjudicator.books.books import Books
from adjudicator.books.submission.answers import Answer, answers, provision_names
from adjudicator.books.submission.audit import Access, write_down
from adjudicator.books.submission.counter import Counter
from adjudicator.books.submission.reading import Read
from adjudicator.books.submission.submitted import NO_CLAIM, REFUSALS, Submitted
from adjudicator.problems import DoesNotAddUp, Refused
from adjudicator.web.fhir.replies import come_again
from adjudicator.web.fhir.settings import Settings

Asked = TypeVar("Asked")
Found = TypeVar("Found")

LOG: Final = logging.getLogger("adjudicator.serve")

MOST: Final = 256
"""How many claims, or accesses, are taken together at most."""


@dataclass(frozen=True)
class Done:
    """What became of a claim, and what is said of it."""

    submitted: Submitted
    answer: Answer | None
    """None where nothing was done with it."""


class _Gathered(Generic[Asked, Found]):
    """A thread that takes what comes within a moment together.

    Args:
        name: of the thread.
        work: takes a batch, gives a result for each.
        waiting: how many may wait.
        gathering: for how many seconds a batch is gathered.
        idle: is called when nothing has come for ``every`` seconds, and after each batch if that long ago.
        every: seconds.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Asked]], Sequence[Found]],
        waiting: int,
        gathering: float = 0.0,
        idle: Callable[[], None] | None = None,
        every: float = 60.0,
    ) -> None:
        self._work, self._gathering, self._idle, self._every = work, gathering, idle, every
        self._queue: queue.Queue[tuple[Asked, Future[Found]] | None] = queue.Queue(waiting)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._looked = time.monotonic()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what has come, and end."""
        self._queue.put(None)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._queue.qsize()

    def give(self, asked: Asked) -> Future[Found] | None:
        """Give something to be done; None where too much waits."""
        future: Future[Found] = Future()
        try:
            self._queue.put_nowait((asked, future))
        except queue.Full:
            return None
        return future

    def _run(self) -> None:
        while True:
            batch, ended = self._gather()
            if batch:
                self._take(batch)
            if self._idle is not None and time.monotonic() - self._looked >= self._every:
                self._looked = time.monotonic()
                try:
                    self._idle()
                except Exception:
                    LOG.exception("what waits could not be looked at")
            if ended:
                return

    def _gather(self) -> tuple[list[tuple[Asked, Future[Found]]], bool]:
        try:
            first = self._queue.get(timeout=self._every)
        except queue.Empty:
            return [], False
        if first is None:
            return [], True
        batch = [first]
        until = time.monotonic() + self._gathering
        while len(batch) < MOST:
            try:
                one = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if one is None:
                return batch, True
            batch.append(one)
        return batch, False

    def _take(self, batch: list[tuple[Asked, Future[Found]]]) -> None:
        try:
            found = self._work([asked for asked, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            # One of them may be what cannot be done; it must not take the others with it.
            for one in batch:
                self._take([one])
            return
        for (_, future), one_found in zip(batch, found, strict=True):
            future.set_result(one_found)


class Desk:
    """What requests ask for something.

    Args:
        counter: of the books.
        settings: of the server.
    """

    def __init__(self, counter: Counter, settings: Settings) -> None:
        self.counter, self.settings = counter, settings
        self._pool = ThreadPoolExecutor(settings.readers, "reader")
        self._reading = 0
        self._deciding = _Gathered[Read, Done](
            "decider",
            self._decide,
            settings.waiting,
            settings.gathering,
            self._decide_waiting,
            settings.undecided,
        )
        self._noting = _Gathered[Access, None]("accesses", self._write_down, settings.waiting * 4)
        self._names: tuple[int, dict[tuple[int, str], str]] | None = None
        self._coming: Tally[str] = Tally()

    @property
    def books(self) -> Books:
        """The books."""
        return self.counter.books

    def start(self) -> None:
        """Begin."""
        self._deciding.start()
        self._noting.start()

    def stop(self) -> None:
        """Finish what has come, and end."""
        self._deciding.stop()
        self._noting.stop()
        self._pool.shutdown(wait=True)
        self.counter.close()

    @property
    def load(self) -> dict[str, int]:
        """How many requests read, and how many claims wait."""
        return {"reading": self._reading, "deciding": self._deciding.waiting}

    async def run(self, work: Callable[..., Found], *arguments: Any) -> Found:
        """Do something in a thread that reads.

        Raises:
            Declined: too much waits, the books cannot, or it takes too long.
        """
        if self._reading >= self.settings.waiting:
            raise self._busy()
        self._reading += 1
        try:
            future = asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
            return await self._patiently(future)
        finally:
            self._reading -= 1

    @contextmanager
    def coming(self, facility: str) -> Iterator[int]:
        """Count the large intakes of a facility while they come; to be called on the event loop.

        Yields:
            How many come, this one with them.
        """
        self._coming[facility] += 1
        try:
            yield self._coming[facility]
        finally:
            self._coming[facility] -= 1
            # Facilities that send nothing are not kept in mind.
            self._coming += Tally()

    async def submit(self, read: Read) -> Done:
        """Have a claim received and decided.

        Raises:
            Declined: too much waits, the books cannot, or it takes too long; sent again, it is answered.
        """
        future = self._deciding.give(read)
        if future is None:
            raise self._busy()
        return await self._patiently(asyncio.wrap_future(future))

    async def note(self, access: Access) -> None:
        """Write an access down; it is in the books when this returns.

        Raises:
            Declined: the books cannot.
        """
        future = self._noting.give(access)
        if future is None:
            raise self._busy()
        await self._patiently(asyncio.wrap_future(future))

    async def _patiently(self, future: asyncio.Future[Found]) -> Found:
        try:
            # What is under way goes on: it may be in the books a moment later.
            return await asyncio.wait_for(asyncio.shield(future), self.settings.patience)
        except TimeoutError:
            future.add_done_callback(_forgotten)
            raise come_again(503, "timeout", "serve.too_slow", self.settings.retry) from None
        except Refused as refused:
            keys = [problem.what.key for problem in refused.problems]
            if not all(key.startswith("store.") for key in keys):
                raise
            LOG.warning("%s", refused)
            raise come_again(503, "transient", "serve.books_away", self.settings.retry) from None

    def _busy(self) -> Exception:
        return come_again(503, "throttled", "serve.busy", self.settings.retry)

    # In threads.

    def names(self) -> dict[tuple[int, str], str]:
        """Give the names of provisions."""
        prepared = self.counter.prepared()
        if self._names is None or self._names[0] != prepared.load.load:
            self._names = (prepared.load.load, provision_names(prepared.tables["provisions"]))
        return self._names[1]

    def answers(self, claim_ids: Sequence[int]) -> dict[int, Answer]:
        """Read what is said of some claims."""
        return answers(self.books, claim_ids, self.names())

    def decide(self, batch: Sequence[Read]) -> list[Done]:
        """Receive and decide claims, in the thread that calls; those who decide take turns."""
        submitted = self.counter.submit(batch)
        found = self.answers([one.claim_id for one in submitted if one.claim_id != NO_CLAIM])
        return [Done(one, found.get(one.claim_id)) for one in submitted]

    def decide_whole(self, batch: Sequence[Read]) -> list[Done]:
        """Receive claims all or none, and decide them; in the thread that calls.

        Returns:
            What became of each, and its answer; no answers where with one of them nothing can be done.
        """
        submitted = self.counter.submit_whole(batch)
        if any(one.state in REFUSALS for one in submitted):
            return [Done(one, None) for one in submitted]
        found = self.answers([one.claim_id for one in submitted])
        return [Done(one, found.get(one.claim_id)) for one in submitted]

    def _decide(self, batch: Sequence[Read]) -> list[Done]:
        return self.decide(batch)

    def _decide_waiting(self) -> None:
        try:
            self.counter.decide_waiting()
        except (Refused, DoesNotAddUp) as error:
            LOG.warning("%s", error)

    def _write_down(self, batch: Sequence[Access]) -> list[None]:
        write_down(self.books.database, batch)
        return [None] * len(batch)


def _forgotten(future: asyncio.Future[Any]) -> None:
    """Take notice of what came of something that nobody waits for any more."""
    if not future.cancelled() and future.exception() is not None:
        LOG.warning("%s", future.exception())
