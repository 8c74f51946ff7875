"""Claims one at a time: decided as a run would decide them, once, and answered the same ever after."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import Books, make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.registers import load_registers
from adjudicator.books.submission.answers import answers
from adjudicator.books.submission.counter import Counter
from adjudicator.books.submission.reading import NotReceived, Sent
from adjudicator.books.submission.rules import is_near
from adjudicator.books.submission.submitted import State
from adjudicator.books.verification import verify
from adjudicator.fhir.claim_response import claim_response
from adjudicator.fhir.writing import encoded
from adjudicator.rulebook.read import read_rules
from adjudicator.store import lock
from adjudicator.store.journal import Act
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS, LEDGER, OPENING_CLAIMS, RUNS, UNDECIDED
from tests.adjudication.worlds import kinder, random_world
from tests.books.children import adjudicating
from tests.books.dump import dump
from tests.books.folders import write_claims, write_world
from tests.books.states import name_database, reprice
from tests.databases import ENGINES, empty_database, engine_of
from tests.web.claims_sent import Village, sent, taken
from tests.web.conftest import NewFolder

BY = "counter"

SAME = (*(table.name for table in LEDGER), "claims", "claim_lines", "runs", "loads", "undecided", "journal")
"""The tables that are as if the claims had come in files."""


def in_batches(claims: Sequence[Any], random: Random) -> list[list[Any]]:
    """Cut claims into batches, mostly of one."""
    left, batches = list(claims), []
    while left:
        size = random.choice((1, 1, 1, 2, 5))
        batches.append(left[:size])
        left = left[size:]
    return batches


def by_files(folder: Path, batches: Sequence[Sequence[Sent]]) -> None:
    """Load and adjudicate claims batch by batch."""
    with open_books(folder) as books:
        for batch in batches:
            with tempfile.TemporaryDirectory() as source:
                rows = [dict(one.claim) for one in batch]
                lines = [{**line, "facility": one.claim["facility"]} for one in batch for line in one.lines]
                load_claims(books, [write_claims(Path(source), rows, lines)], BY)
            adjudicate_books(books, BY)


def by_counter(folder: Path, batches: Sequence[Sequence[Sent]]) -> None:
    """Submit claims batch by batch."""
    with open_books(folder) as books:
        counter = Counter(books, BY)
        for batch in batches:
            done = counter.submit(taken(counter, batch))
            assert [one.state for one in done] == [State.DECIDED] * len(batch)
        counter.close()


def receivable(folder: Path, claims: Sequence[Sent]) -> list[Sent]:
    """Leave out the claims that intake sets aside: at the counter they are refused, and so never come."""
    with open_books(folder) as books:
        counter = Counter(books, BY)
        found = [one.sent for one in taken(counter, claims)]
        counter.close()
    return found


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000))
def test_the_counter_leaves_the_books_as_files_would(name: str, seed: int) -> None:
    """Every row of the ledger, of claims, loads, runs and the journal is the same."""
    engine, random = engine_of(name), Random(seed)
    world = kinder(random_world(random, 9, 3), random)
    with tempfile.TemporaryDirectory() as place:
        first, second = write_world(Path(place) / "a", world), Path(place) / "b"
        shutil.copytree(first, second)
        with empty_database(engine, first) as one, empty_database(engine, second) as two:
            for folder, url in ((first, one), (second, two)):
                name_database(engine, folder, url)
                make_books(folder, BY)
                with open_books(folder) as books:
                    load_registers(books, folder / "registers", BY)
            lines = world.claim_lines
            claims = [sent(row, [ln for ln in lines if _of(ln, row)]) for row in world.claims]
            batches = in_batches(receivable(first, claims), random)
            by_files(first, batches)
            by_counter(second, batches)
            held, seen = dump(first), dump(second)
            for table in SAME:
                assert seen[table] == held[table], table


def _of(line: dict[str, Any], claim: dict[str, Any]) -> bool:
    return (line["facility"], line["claim"]) == (claim["facility"], claim["claim"])


NEAR_RULES = {
    "seen-before": ("claim", "count(claims of insuree, within 300 days before) >= 1"),
    "family-seen": ("claim", "count(patients of family, same month, where claim.lines >= 1) >= 2"),
    "again": ("line", "count(lines of insuree and provision, this claim too) >= 2"),
    "filed-later": ("claim", "exists(claims of family, filed earlier)"),
    "covered": ("claim", "exists(claims of family, where patient.covered_since <= claim.target_date)"),
}
"""Rules that fire often and look no farther than a family: their level and condition."""

RULE = """
rule: {name}
title: {{en: a, fr: b}}
rationale: {{en: a, fr: b}}
source: nobody
status: shadow
severity: low
level: {level}
when: {when}
explanation: {{en: "{{claim.insuree}}", fr: "{{claim.insuree}}"}}
then:
  flag: {{queue: q, score: 50}}
"""


def test_rules_flag_the_same_one_by_one(village: Village, tmp_path: Path) -> None:
    """Near rules see the same past whether all of it is read, or only the families'; verify agrees."""
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        shutil.copytree(village.folder, folder)
        (folder / "rules").mkdir()
        for name, (level, when) in NEAR_RULES.items():
            text = RULE.format(name=name, level=level, when=when)
            (folder / "rules" / f"{name}.yaml").write_text(text, "utf-8")
        make_books(folder, BY)
        with open_books(folder) as books:
            load_registers(books, folder / "registers", BY)
    claims = receivable(first, village.claims)
    # A month comes in files; then they come to the counter.
    batches = [claims[:40], *in_batches(claims[40:50], Random(1))]
    by_files(first, batches)
    by_files(second, batches[:1])
    by_counter(second, batches[1:])
    held, seen = dump(first), dump(second)
    assert len({row for row in held["flags"] if "again" in row}) > 2
    assert len(held["flags"]) > 20
    for table in SAME:
        assert seen[table] == held[table], table
    with open_books(second) as books:
        assert not verify(books).findings


def test_rules_are_near_or_wide() -> None:
    """Which of the shipped rules can be asked about one claim."""
    rules = {one.name: is_near(one) for one in read_rules(Path(__file__).parents[2] / "rules", 2)}
    near = ("duplicate-claim", "family-treated-together", "overlapping-stays-elsewhere", "many-drugs-at-once")
    wide = ("crowded-day", "price-far-above-peers", "sudden-growth", "guarantee-shared")
    assert all(rules[name] for name in near)
    assert not any(rules[name] for name in wide)


# Once.


def test_a_claim_sent_again_is_answered_the_same(counter: Counter, village: Village) -> None:
    """Nothing is booked twice; another content under the same number is told apart."""
    claims = taken(counter, village.claims)[:6]
    first = counter.submit(claims)
    before = dump(counter.books.folder)
    told = _answers(counter, [one.claim_id for one in first])
    again = counter.submit([*claims, *claims])
    assert [one.claim_id for one in again] == [one.claim_id for one in first] * 2
    assert all(one.state is State.DECIDED and one.before for one in again)
    assert dump(counter.books.folder) == before
    assert _answers(counter, [one.claim_id for one in first]) == told
    other = replace(claims[0].sent, claim={**claims[0].sent.claim, "insuree": "somebody-else"})
    (differs,) = counter.submit([counter.read(other)])
    assert (differs.state, differs.claim_id) == (State.DIFFERS, first[0].claim_id)
    assert dump(counter.books.folder) == before


def _answers(counter: Counter, claim_ids: Sequence[int]) -> list[bytes]:
    found = answers(counter.books, claim_ids, {})
    return [encoded(claim_response(one.decided, created=one.created)) for one in found.values()]


def test_what_an_earlier_system_accepted_is_not_received(counter: Counter, village: Village) -> None:
    """Nobody is paid by this scheme for what was paid before its books began."""
    before, after = taken(counter, village.claims)[:2]
    with counter.books.database.writing() as connection:
        facility, claim = before.name
        row = {"claim_id": -1, "facility": facility, "claim": claim}
        connection.execute(sa.insert(OPENING_CLAIMS).values(row))
    states = [one.state for one in counter.submit([before, after])]
    assert states == [State.ACCEPTED_BEFORE, State.DECIDED]
    with counter.books.database.reading() as connection:
        assert connection.execute(sa.select(CLAIMS.c.claim)).scalars().all() == [after.name[1]]


def test_the_same_claim_twice_in_a_batch(counter: Counter, village: Village) -> None:
    """The second one finds the first."""
    one = taken(counter, village.claims)[0]
    first, second = counter.submit([one, one])
    assert (first.claim_id, first.before, second.before) == (second.claim_id, False, True)


def test_eight_at_a_time(counter: Counter, village: Village, new_folder: NewFolder) -> None:
    """Threads that send at once, some the same claims: each is decided once, and as one after the other."""
    claims = taken(counter, village.claims)[:16]
    jobs = [*claims, *claims[::2]]
    Random(3).shuffle(jobs)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda one: counter.submit([one])[0], jobs))
    assert all(one.state is State.DECIDED for one in done)
    assert sum(not one.before for one in done) == len(claims)
    order = _order(counter.books)
    assert sorted(order) == sorted(one.name for one in claims)
    by_name = {one.name: one.sent for one in claims}
    other = new_folder()
    by_counter(other, [[by_name[name]] for name in order])
    seen, held = dump(counter.books.folder), dump(other)
    for table in LEDGER:
        assert seen[table.name] == held[table.name], table.name
    assert not verify(counter.books).findings


def _order(books: Books) -> list[tuple[str, str]]:
    """Give the names of claims in the order in which they were decided; each run was of one."""
    query = sa.select(CLAIMS.c.facility, CLAIMS.c.claim).join(
        CLAIM_DECISIONS, CLAIM_DECISIONS.c.claim_id == CLAIMS.c.claim_id
    )
    with books.database.reading() as connection:
        rows = connection.execute(query.order_by(CLAIM_DECISIONS.c.run)).all()
    return [(row.facility, row.claim) for row in rows]


# While the books are held.


def test_while_a_month_is_decided_claims_wait(
    counter: Counter, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are received, and decided as soon as the month is."""
    monkeypatch.setattr("adjudicator.books.submission.counter.PATIENCE", 0.05)
    folder = counter.books.folder
    claims = taken(counter, village.claims)
    with tempfile.TemporaryDirectory() as source:
        month = [one.sent for one in claims[:30]]
        lines = [{**line, "facility": one.claim["facility"]} for one in month for line in one.lines]
        load_claims(counter.books, [write_claims(Path(source), [dict(m.claim) for m in month], lines)], BY)
    counter.warm()
    child = adjudicating(folder)
    child.arrived()
    queued = counter.submit(claims[30:33])
    assert [one.state for one in queued] == [State.QUEUED] * 3
    assert counter.submit(claims[30:31])[0].state is State.QUEUED
    child.let_on()
    assert child.ended() == 0
    assert counter.decide_waiting() == 3
    assert [one.state for one in counter.submit(claims[30:33])] == [State.DECIDED] * 3
    with counter.books.database.reading() as connection:
        assert not connection.execute(sa.select(UNDECIDED)).all()
        assert [row.claims for row in connection.execute(sa.select(RUNS.c.claims))] == [30, 3]
    assert not verify(counter.books).findings


def test_commands_wait_for_the_counter(
    counter: Counter, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that needs the books has them while the counter is busy, however slow the machine is."""
    monkeypatch.setattr(lock, "PATIENCE", 120.0)
    claims = taken(counter, village.claims)[:10]
    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(counter.submit, [one]) for one in claims]
        for _ in range(3):
            with lock.held(counter.books.database, Act("Amina", "adjudicate")):
                pass
        states = {one.result()[0].state for one in busy}
    assert states <= {State.DECIDED, State.QUEUED}
    counter.decide_waiting()
    assert not verify(counter.books).findings


# What decides is kept, until it changes.


def test_new_registers_and_products_decide_at_once(counter: Counter, village: Village) -> None:
    """What is kept in memory is read again when registers are loaded."""
    claims = taken(counter, village.claims)
    counter.submit(claims[:1])
    before = counter.prepared().load.load
    reprice(counter.books.folder)
    counter.submit(claims[1:2])
    assert counter.prepared().load.load > before
    assert not verify(counter.books).findings


# Trying out.


def test_predetermining_books_nothing(counter: Counter, village: Village) -> None:
    """What would be decided is what is decided next, and until then nothing is in the books."""
    claims = taken(counter, village.claims)[:18]
    counter.submit(claims[:15])
    for one in claims[15:]:
        before = dump(counter.books.folder)
        trial = counter.predetermine(one)
        assert {k: v for k, v in dump(counter.books.folder).items() if k != "remembered"} == {
            k: v for k, v in before.items() if k != "remembered"
        }
        counter.submit([one])
        with counter.books.database.reading() as connection:
            query = sa.select(CLAIM_DECISIONS).order_by(CLAIM_DECISIONS.c.run.desc()).limit(1)
            booked = dict(connection.execute(query).one()._mapping)
        (tried,) = trial.rows["claim_decisions"].to_pylist()
        assert tried == {name: booked[name] for name in tried}


def test_nobody_and_nothing(counter: Counter, village: Village) -> None:
    """A claim of somebody who is not in the register, alone in its batch, is rejected for that."""
    one = taken(counter, village.claims)[0].sent
    odd = "O'Hara; -- %s \\ é"
    claim = {**one.claim, "insuree": odd, "claim": f"{odd}-1", "date_from": one.claim["date_claimed"]}
    (done,) = counter.submit([counter.read(replace(one, claim={**claim, "date_to": None}, response="odd"))])
    assert done.state is State.DECIDED
    answer = answers(counter.books, [done.claim_id], {})[done.claim_id].decided
    assert (answer.insuree, answer.status.word) == (odd, "rejected")


# What cannot be received.


def test_faults_say_where(counter: Counter, village: Village) -> None:
    """Each claim is refused for its own faults, with the line that they are in."""
    good = taken(counter, village.claims)[0].sent
    lines = [dict(line) for line in good.lines] or [{}]
    twice = [lines[0], {**lines[0]}]
    batch = [
        good,
        replace(good, claim={**good.claim, "claim": "a", "facility": "nowhere"}),
        replace(good, claim={**good.claim, "claim": "b"}, lines=twice),
        replace(good, claim={**good.claim, "claim": "c", "date_claimed": "soon"}),
        replace(good, claim={**good.claim, "claim": "d"}, lines=[{**lines[0], "quantity": "many"}]),
    ]
    first, *others = counter.read_many(batch)
    assert not isinstance(first, NotReceived)
    places = []
    for one in others:
        assert isinstance(one, NotReceived)
        fault = one.faults[-1]
        places.append((fault.table, fault.row, fault.field))
    assert places == [
        ("claims", 0, "facility"),
        ("claim_lines", 1, "line"),
        ("claims", 0, "date_claimed"),
        ("claim_lines", 0, "quantity"),
    ]
