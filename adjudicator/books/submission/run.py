"""A run of a few claims, booked and published within the transaction that received them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from adjudicator import engine
from adjudicator.books.adjudication import KIND, Held, Outcome, months, run_record
from adjudicator.books.rules import record_of_rules
from adjudicator.books.submission.unasked import LEFT_OUT, note_unasked
from adjudicator.books.work import Work
from adjudicator.problems import DoesNotAddUp
from adjudicator.store import runs
from adjudicator.store.digests import table_hash
from adjudicator.store.journal import Act, canonical

Int64s = npt.NDArray[np.int64]


def book(
    connection: sa.Connection, act: Act, work: Work, held: Sequence[Held], left_out: Sequence[str] = ()
) -> Outcome:
    """Decide, book and publish; whoever holds the lock of the books may do it.

    The texts of the products and rules are in the books already.

    Args:
        connection: of a transaction that writes; the run is in the books when it is committed.
        act: who decides.
        work: what is decided, opened with what the same transaction found.
        held: claims that could not be decided.
        left_out: the names of the rules that are not asked now, but have to be later.

    Raises:
        DoesNotAddUp: not every claim was decided.
    """
    plan = {
        "kind": KIND,
        "rules": record_of_rules(work.rules),
        "until": None,
        "claims_upto": int(work.received.claim_ids.max()),
        "engine": engine.fingerprint(),
        **work.basis.record(),
    }
    if left_out:
        plan[LEFT_OUT] = list(left_out)
    said = canonical(plan)
    runs.open_run(connection, work.run, said)
    digests: dict[str, list[Int64s]] = defaultdict(list)
    for partition, rows in enumerate(work.groups()):
        stored, of_rows = runs.digested(rows)
        for table, found in of_rows.items():
            digests[table].append(found)
        runs.write_partition(connection, work.run, said, partition, stored, runs.partition_hash(of_rows))
    decided, asked = work.summary.claims.total(), len(work.received.claim_ids)
    if decided != asked:
        raise DoesNotAddUp(f"{asked} claims to decide, {decided} decided")
    outcome = Outcome(work.run, months(work.received), work.summary, list(held))
    outcome.outputs = {
        table: {"rows": sum(map(len, parts)), "hash": table_hash(parts)}
        for table, parts in sorted(digests.items())
    }
    runs.publish(connection, act, work.run, said, KIND, outcome.name, run_record(plan, work, outcome))
    if left_out:
        note_unasked(connection, work.received.claim_ids)
    outcome.booked = True
    return outcome
