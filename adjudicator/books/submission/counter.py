"""Claims one at a time: each is received, decided and answered at once, and the books are as after a run.

What facilities send within a few milliseconds of one another is one load and one run of the books, in one
transaction: it has a number, hashes and an entry in the journal, and is repeated by ``verify`` like any
other. So a claim that was answered is decided, and one whose answer was lost is answered again, not twice
decided. While somebody else holds the books (a month is being decided), claims are received and wait.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import RLock
from time import monotonic
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.adjudication.adjudicate import AmountTooLarge
from adjudicator.books.adjudication import prepare, work_on
from adjudicator.books.archive import Archive
from adjudicator.books.basis import keep_products
from adjudicator.books.books import Books
from adjudicator.books.claims import Received, add_claims, hash_of_told
from adjudicator.books.memory import remember
from adjudicator.books.rules import keep_rules
from adjudicator.books.submission.basis import Prepared, last_registers, present_marks
from adjudicator.books.submission.basis import prepare as prepare_all
from adjudicator.books.submission.in_books import (
    held_in_books,
    not_accepted_before,
    note,
    undecided_among,
    waiting,
)
from adjudicator.books.submission.reading import NotReceived, Read, Sent, read_claims, rounds, together
from adjudicator.books.submission.run import book
from adjudicator.books.submission.submitted import (
    NO_CLAIM,
    InTheWay,
    State,
    Submitted,
    check_whole,
    told,
)
from adjudicator.books.work import HELD_AMOUNT
from adjudicator.problems import Refused
from adjudicator.store import loads, lock, runs
from adjudicator.store.digests import table_hash
from adjudicator.store.journal import Act
from adjudicator.store.loads import Load, SetAsideRows
from adjudicator.store.runs import digested
from adjudicator.store.schema import CLAIMS, SUBMISSIONS
from ingest.amounts import claimed
from ingest.counts import Tally, Totals
from ingest.set_aside import SetAside

Int64s = npt.NDArray[np.int64]

FRESH: Final = 1.0
"""For so many seconds it is not looked again whether products or rules were changed on disk."""

PATIENCE: Final = 0.3
"""For so many seconds the books are waited for, before claims are left to be decided later."""

MOST: Final = 1_000
"""How many claims are decided together at most."""

_NOTHING: Final = SetAsideRows(SetAside().told(), {})
"""What is set aside of a claim that is received: it is received whole, or refused."""


@dataclass(frozen=True)
class Trial:
    """What would be decided about a claim."""

    received: Received
    """The claim, as if it were in the books."""
    rows: Mapping[str, pa.Table]
    """The rows of the ledger, by table, of which none is booked; none where it cannot be decided."""
    held: str | None = None
    """Why it cannot be decided as it is: a key of the catalogue."""


class _Changed(Exception):  # noqa: N818 - it says what happened
    """The registers changed since what decides was prepared."""


class Counter:
    """The books' counter: takes claims one by one, and keeps what decides at hand between them.

    It may be used by many threads; those that submit take turns.

    Args:
        books: the books, open as long as the counter is.
        by: who decides, for the journal.
    """

    def __init__(self, books: Books, by: str) -> None:
        self.books, self._by = books, by
        self._prepared: Prepared | None = None
        self._remembered: Prepared | None = None
        self._looked = 0.0
        self._turn = RLock()
        self._preparing = RLock()
        # While somebody has the embedded file open, its log is not folded into it after each transaction.
        self._open = ExitStack()
        if books.database.embedded:
            self._open.enter_context(books.database.session())

    def close(self) -> None:
        """Let go of the database."""
        self._open.close()

    # What decides.

    def prepared(self) -> Prepared:
        """Give what decides as it is now; it is read again where registers, products or rules changed.

        Raises:
            Refused: it is not in order.
        """
        with self._preparing:
            present = self._prepared
            if present is not None and monotonic() - self._looked < FRESH:
                return present
            with self.books.database.reading() as connection:
                return self._prepared_for(connection)

    def _prepared_for(self, connection: sa.Connection) -> Prepared:
        """Give what decides as a transaction sees it."""
        with self._preparing:
            present, load = self._prepared, last_registers(connection).load
            if present is None or present.load.load != load or self._files_changed(present):
                self._prepared = present = prepare_all(self.books, connection)
                self._looked = monotonic()
            return present

    def _files_changed(self, present: Prepared) -> bool:
        if monotonic() - self._looked < FRESH:
            return False
        self._looked = monotonic()
        return present.marks != present_marks(self.books)

    def read(self, sent: Sent) -> Read:
        """Type and check a claim, by the rules of ``load claims``.

        Raises:
            Refused: with everything for which it cannot be received.
        """
        (found,) = self.read_many([sent])
        if isinstance(found, NotReceived):
            raise found
        return found

    def read_many(self, sent: Sequence[Sent]) -> list[Read | NotReceived]:
        """Type and check claims, each by itself; those that name the same facility and number as well.

        Raises:
            Refused: what decides is not in order.
        """
        return read_claims(sent, self.books.decimals, self.prepared().tables["facilities"])

    def warm(self) -> None:
        """Decide about a made-up claim and book nothing, so that all that is compiled is there.

        Raises:
            Refused: what decides is not in order.
        """
        facilities = self.prepared().tables["facilities"]
        if not len(facilities):
            return
        day = facilities["valid_from"][0].as_py() or dt.date(2000, 1, 1)
        claim = {
            "claim": "-",
            "facility": facilities["code"][0].as_py(),
            "insuree": "-",
            "date_from": day,
            "date_to": day,
            "date_claimed": day,
            "diagnosis": "-",
        }
        line = {"line": 1, "kind": "service", "code": "-", "quantity": 1, "price_asked": 1}
        digested(self.predetermine(self.read(Sent(claim, [line], "-"))).rows)

    # Submitting.

    def submit(self, batch: Sequence[Read]) -> list[Submitted]:
        """Receive claims and decide them at once, where the books are free.

        Each is decided once, however often it is sent. Claims of the batch that name the same facility and
        number are taken one after the other.

        Returns:
            What became of each, in their order.

        Raises:
            Refused: the books cannot; nothing of the batch was received.
        """
        done: dict[int, Submitted] = {}
        for places in rounds([one.name for one in batch], MOST):
            done.update(zip(places, self._submit([batch[place] for place in places]), strict=True))
        return [done[place] for place in range(len(batch))]

    def submit_whole(self, batch: Sequence[Read]) -> list[Submitted]:
        """Receive claims all or none, and decide them at once, where the books are free.

        Everything is one transaction of the database: whoever looks, whatever stops, finds all or none.

        Args:
            batch: claims of different names, at most :data:`MOST`.

        Returns:
            What became of each, in their order. Where with one of them nothing can be done, nothing was done
            with any; those that stand in the way have one of :data:`REFUSALS` for their state.

        Raises:
            Refused: the books cannot; nothing was received.
            ValueError: two claims of a name, or too many.
        """
        if len({one.name for one in batch}) < len(batch) or len(batch) > MOST:
            raise ValueError("claims that are taken as a whole are different ones, and not too many")
        try:
            return self._submit(batch, whole=True)
        except InTheWay as found:
            return found.submitted

    def decide_waiting(self) -> int:
        """Decide claims that were sent and wait, where the books are free.

        Returns:
            How many of them wait no more.
        """
        with self.books.database.reading() as connection:
            before = len(waiting(connection))
        if not before:
            return 0
        self._submit([])
        with self.books.database.reading() as connection:
            return max(0, before - len(waiting(connection)))

    def _submit(self, batch: Sequence[Read], whole: bool = False) -> list[Submitted]:
        with self._turn:
            while True:
                try:
                    with self._lock() as free:
                        if free:
                            self._remember()
                        with self.books.database.writing() as connection:
                            return self._take(connection, batch, free, whole)
                except _Changed:
                    continue

    @contextmanager
    def _lock(self) -> Iterator[bool]:
        """Take the lock of the books if it is free; say whether it is held."""
        taken = lock.tried(self.books.database, PATIENCE)
        try:
            taken.__enter__()
        except Refused:
            yield False
            return
        try:
            yield True
        finally:
            taken.__exit__(None, None, None)

    def _remember(self) -> None:
        """Put down what every run needs in the books, once for each state of what decides.

        These are the texts of products and rules, and the lines that limits look back on.
        """
        prepared = self.prepared()
        if self._remembered is prepared:
            return
        with self.books.database.reading() as connection:
            run = runs.last_run(connection) + 1
        remember(self.books.database, prepared.compiled, run)
        with self.books.database.writing() as connection:
            keep_products(connection, prepared.sources, self.books.folder)
            keep_rules(connection, prepared.rules)
        self._remembered = prepared

    def _take(
        self, connection: sa.Connection, batch: Sequence[Read], free: bool, whole: bool
    ) -> list[Submitted]:
        """Receive and decide, within one transaction."""
        loads.take_turns(connection)
        prepared = self._prepared
        if prepared is None or last_registers(connection).load != prepared.load.load:
            self._prepared_for(connection)
            raise _Changed
        asked, batch = batch, not_accepted_before(connection, batch)
        before = held_in_books(connection, batch)
        if whole:
            check_whole(asked, batch, before)
        self._receive(connection, [one for one in batch if one.name not in before])
        present = held_in_books(connection, batch)
        note(connection, [one for one in batch if present[one.name].digest == one.digest], present)
        if free and len(left := waiting(connection, MOST)):
            self._decide(connection, prepared, left)
        states = undecided_among(connection, [present[one.name].claim_id for one in batch])
        found = {one.name: told(one, present[one.name], one.name in before, states) for one in batch}
        accepted = Submitted(NO_CLAIM, State.ACCEPTED_BEFORE, True)
        return [found.get(one.name, accepted) for one in asked]

    def _receive(self, connection: sa.Connection, new: Sequence[Read]) -> None:
        """Put claims into the books, as one load."""
        if not new:
            return
        claims, lines = together(new)
        digests = np.array([one.digest for one in new], np.int64)
        number = loads.next_load(connection)
        add_claims(connection, claims, lines, np.arange(len(new), dtype=np.int64), digests, number)
        columns = {name: lines[name].combine_chunks() for name in ("quantity", "price_asked")}
        tally = Tally(len(new), len(lines), *claimed(columns))
        summary = {
            "totals": Totals(tally, tally, Tally()).as_record(),
            "present": 0,
            "set_aside": hash_of_told(_NOTHING),
        }
        load = Load(number, "claims", table_hash([digests]), len(new), 0, 0, summary)
        loads.record(connection, Act(self._by, "load claims"), load, _NOTHING)

    def _decide(self, connection: sa.Connection, prepared: Prepared, claim_ids: Int64s) -> None:
        run = runs.last_run(connection) + 1
        chosen = sa.select(CLAIMS.c.claim_id).where(CLAIMS.c.claim_id.in_(claim_ids.tolist()))
        insurees = connection.execute(
            sa.select(CLAIMS.c.insuree).where(CLAIMS.c.claim_id.in_(claim_ids.tolist())).distinct()
        ).scalars()
        basis = prepared.basis_for(connection, sorted(insurees))
        work, held = prepare(connection, run, basis, chosen, prepared.rules, Archive(self.books))
        if len(work.received.claim_ids):
            book(connection, Act(self._by, "adjudicate"), work, held, prepared.left_out)
        for one in held:
            numbers = SUBMISSIONS.c.claim_id.in_(one.claim_ids.tolist())
            connection.execute(sa.update(SUBMISSIONS).where(numbers).values(held=one.reason))

    # Predetermining.

    def predetermine(self, read: Read) -> Trial:
        """Decide a claim as it would be decided now, and book nothing.

        Raises:
            Refused: the books cannot.
        """
        if self._remembered is None or self._remembered is not self._prepared:
            with self._turn, self._lock() as free:
                if free:
                    self._remember()
        with self.books.database.reading() as connection:
            prepared = self._prepared_for(connection)
            run = runs.last_run(connection) + 1
            last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(CLAIMS.c.claim_id), 0)))
            claim_ids = np.array([last.scalar_one() + 1], np.int64)
            received = Received(claim_ids, read.claims, read.lines, np.array([read.digest], np.int64))
            basis = prepared.basis_for(connection, [read.claims["insuree"][0].as_py()])
            work = work_on(connection, run, basis, received, prepared.rules, Archive(self.books))
            try:
                groups = list(work.groups())
            except AmountTooLarge:
                return Trial(received, {}, HELD_AMOUNT)
        names = dict.fromkeys(name for group in groups for name in group)
        rows = {name: pa.concat_tables([group[name] for group in groups if name in group]) for name in names}
        return Trial(received, rows)
