"""Rules that the counter leaves out, asked afterwards: they flag as if all had come at once, and once."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.registers import load_registers
from adjudicator.books.review.case_file import case_file
from adjudicator.books.review.opening import open_cases
from adjudicator.books.review.queue import release, take
from adjudicator.books.submission.asking import Asked, ask
from adjudicator.books.submission.counter import Counter
from adjudicator.books.submission.reading import Sent
from adjudicator.books.submission.rules import is_near
from adjudicator.books.submission.submitted import State
from adjudicator.books.verification import verify
from adjudicator.presentation.review import ReviewView
from adjudicator.rulebook.read import read_rules
from adjudicator.store import journal
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    BALANCES,
    CASES,
    CLAIM_DECISIONS,
    CLAIMS,
    CLOSINGS,
    FLAGS,
    RUN_CLAIMS,
    RUNS,
    SETTLEMENTS,
    UNASKED,
)
from adjudicator.vocabulary import ClaimStatus
from cli import main
from tests.adjudication.worlds import kinder, random_world
from tests.books.dump import dump
from tests.books.folders import in_order, write_claims, write_world
from tests.books.states import name_database
from tests.books.wide_rules import ALWAYS, FLAG, OF_DECISIONS, TWO, WIDE, write_rules
from tests.databases import ENGINES, empty_database, engine_of
from tests.web.claims_sent import Village, sent, taken

BY = "tester"

NEAR = {"again": ("line", "count(lines of insuree and provision, this claim too) >= 2", FLAG)}


def submit(folder: Path, claims: Sequence[Sent], most: int = 1) -> None:
    """Send claims to the counter, so many at a time."""
    with open_books(folder) as books:
        counter = Counter(books, BY)
        for first in range(0, len(claims), most):
            done = counter.submit(taken(counter, claims[first : first + most]))
            assert all(one.state in (State.DECIDED, State.HELD) for one in done)
        counter.close()


def asked(folder: Path, **how: Any) -> Asked | None:
    """Ask what waits."""
    with open_books(folder) as books:
        return ask(books, BY, **how)


def flags(folder: Path, *rules: str) -> set[tuple[Any, ...]]:
    """Give the flags of some rules, by what people call the claims."""
    columns = [FLAGS.c[name] for name in ("line", "rule", "version", "severity", "score", "values")]
    query = sa.select(CLAIMS.c.facility, CLAIMS.c.claim, *columns)
    query = query.join(CLAIMS, CLAIMS.c.claim_id == FLAGS.c.claim_id).where(FLAGS.c.rule.in_(rules))
    with open_books(folder) as books, books.database.reading() as connection:
        found = [tuple(row) for row in connection.execute(query)]
    assert len(set(found)) == len(found), "a flag stands twice"
    return set(found)


def findings(folder: Path, run: int | None = None) -> list[str]:
    """Give the keys of what the check of the books finds."""
    with open_books(folder) as books:
        return [one.what.key for one in verify(books, run).findings]


# Properties.


def by_files(folder: Path, part: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]]) -> None:
    """Load claims from files and decide them in one run."""
    with tempfile.TemporaryDirectory() as source, open_books(folder) as books:
        load_claims(books, [write_claims(Path(source), part, lines)], BY)
        adjudicate_books(books, BY)


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), ordered=st.booleans())
def test_asked_afterwards_rules_flag_what_a_run_flags(name: str, seed: int, ordered: bool) -> None:
    """Whatever order claims came in; where rules ask about decisions, they come in adjudication order."""
    engine, random = engine_of(name), Random(seed)
    worlds = (random_world(random, 16, 3) for _ in count())
    world = kinder(next(one for one in worlds if len(one.claims) > 8), random)
    for claim in world.claims:
        # A claim at the counter has no sequence number: those sent together are decided by their dates.
        claim["sequence"] = None
    rules = WIDE | (OF_DECISIONS if ordered else {})
    with tempfile.TemporaryDirectory() as place:
        first, second = write_world(Path(place) / "a", world), Path(place) / "b"
        write_rules(first, rules | NEAR, "shadow")
        shutil.copytree(first, second)
        with empty_database(engine, first) as one, empty_database(engine, second) as two:
            for folder, url in ((first, one), (second, two)):
                name_database(engine, folder, url)
                make_books(folder, BY)
                with open_books(folder) as books:
                    load_registers(books, folder / "registers", BY)
            claims = in_order(world)
            half = random.randrange(len(claims) + 1)
            for part in (claims[:half], claims[half:]):
                by_files(first, part, world.claim_lines)
                own = [sent(row, [ln for ln in world.claim_lines if _of(ln, row)]) for row in part]
                if not ordered:
                    random.shuffle(own)
                submit(second, own, random.choice((1, 1, 3)))
                asked(second)
            assert flags(second, *rules) == flags(first, *rules)
            before = dump(second)
            assert asked(second) is None
            assert dump(second) == before
            assert not findings(second)


def _of(line: dict[str, Any], claim: dict[str, Any]) -> bool:
    return (line["facility"], line["claim"]) == (claim["facility"], claim["claim"])


def test_the_rules_here_are_wide(tmp_path: Path) -> None:
    """The counter leaves out what these tests ask afterwards, and nothing else."""
    write_rules(tmp_path, WIDE | OF_DECISIONS | NEAR)
    assert {rule.name for rule in read_rules(tmp_path / "rules", 2) if is_near(rule)} == set(NEAR)


# Once, and whole.


@pytest.fixture
def folder(embedded_folder: Path, village: Village) -> Path:
    """A scheme of whose first month twenty claims were decided at the counter while rules were left out."""
    write_rules(embedded_folder, TWO)
    submit(embedded_folder, village.claims[:20], 5)
    return embedded_folder


def test_a_trial_writes_nothing_and_says_what_asking_will_say(folder: Path) -> None:
    """A dry run leaves every table as it was."""
    before = dump(folder)
    trial = asked(folder, dry_run=True)
    assert dump(folder) == before
    done = asked(folder)
    assert trial
    assert done
    assert trial.flags == done.flags > 0
    assert trial.flagged == done.flagged > 0
    assert (trial.booked, done.booked) == (False, True)


def test_nothing_but_flags_is_added(folder: Path) -> None:
    """Decisions, balances and what later runs look back on stay as they were; the journal tells of it."""
    before = dump(folder)
    asked(folder)
    after = dump(folder)
    changed = {"flags", "run_claims", "rule_texts", "unasked", "runs", "journal", "partitions"}
    assert {name for name in after if after[name] != before[name]} == changed
    assert not after["unasked"]
    assert len(after["run_claims"]) == len(before["unasked"]) == 20
    with open_books(folder) as books, books.database.reading() as connection:
        run = connection.execute(sa.select(RUNS).order_by(RUNS.c.run.desc()).limit(1)).one()
        assert (run.kind, run.claims, run.lines, run.valuated) == ("asking", 0, 0, 0)
    assert not findings(folder)


def test_days_are_asked_apart(folder: Path) -> None:
    """Claims of other days wait on; the days together are all of it, each once."""
    with open_books(folder) as books, books.database.reading() as connection:
        days = sorted(connection.execute(sa.select(CLAIMS.c.date_claimed)).scalars())
    middle = days[len(days) // 2]
    early = asked(folder, end=middle)
    late = asked(folder, start=middle)
    assert early
    assert late
    assert early.claims + late.claims == 20
    assert asked(folder) is None
    assert not findings(folder)


def test_rules_that_came_later_are_asked_about_what_came_later(folder: Path, village: Village) -> None:
    """As in a month's run, a rule is asked about a claim if it was there when the claim was decided."""
    earlier = {(one.claim["facility"], one.claim["claim"]) for one in village.claims[:20]}
    write_rules(folder, {"always": ("claim", ALWAYS, FLAG)})
    submit(folder, village.claims[20:26], 3)
    done = asked(folder)
    assert done
    assert done.claims == 26
    assert {row[:2] for row in flags(folder, "busy")} & earlier
    assert len(flags(folder, "always")) == 6
    assert not {row[:2] for row in flags(folder, "always")} & earlier
    assert not findings(folder)


def test_rules_that_reject_or_sleep_are_not_asked(folder: Path) -> None:
    """Where no rule is left, nothing is written, and the claims wait on."""
    text = (folder / "rules" / "busy.yaml").read_text("utf-8")
    rejecting = text.replace(FLAG, "reject: {reason: {en: a, fr: b}}").replace("active", "shadow")
    (folder / "rules" / "busy.yaml").write_text(rejecting, "utf-8")
    text = (folder / "rules" / "dear.yaml").read_text("utf-8")
    (folder / "rules" / "dear.yaml").write_text(text.replace("active", "retired"), "utf-8")
    before = dump(folder)
    done = asked(folder)
    assert done
    assert (done.rules, done.booked, done.claims) == ((), False, 20)
    assert dump(folder) == before


def test_what_a_run_decides_does_not_wait(folder: Path, village: Village) -> None:
    """All rules are asked about claims of files, and about those that nobody could decide at once."""
    with open_books(folder) as books:
        load_claims(books, [folder / "claims" / "month-2"], BY)
        adjudicate_books(books, BY)
    done = asked(folder)
    assert done
    assert done.claims == 20


# The officers.


def test_flags_open_cases_and_join_open_ones(folder: Path) -> None:
    """As those of a month's run: one case a claim, and a case that was closed before comes again."""
    with open_books(folder) as books:
        with books.database.writing() as connection:
            accepted = _accepted(connection)
            for claim_id in accepted[:2]:
                connection.execute(sa.insert(FLAGS).values(_flag(claim_id)))
        assert open_cases(books, BY).opened == 2
        with books.database.reading() as connection:
            cases = dict(connection.execute(sa.select(CASES.c.claim_id, CASES.c.case)).all())
        over, still = accepted[:2]
        take(books, str(cases[over]), "Amina")
        release(books, str(cases[over]), "REL-05", None, "Amina")
        done = ask(books, BY)
        assert done
        opened = open_cases(books, BY).opened
        with books.database.reading() as connection:
            flagged = set(
                connection.execute(sa.select(FLAGS.c.claim_id).where(FLAGS.c.rule != "x")).scalars()
            )
            rounds = connection.execute(sa.select(CASES.c.claim_id, CASES.c.round)).all()
        # Rejected claims are told of, but there is nothing left to save.
        assert {row.claim_id for row in rounds} == (flagged & set(accepted)) | {over, still}
        assert {over, still} <= flagged
        assert (over, 2) in rounds
        assert (still, 2) not in rounds
        assert opened == len(rounds) - 2
        assert len({flag.rule for flag in case_file(books, str(cases[still])).flags}) > 1
        assert open_cases(books, BY).opened == 0


def _accepted(connection: sa.Connection) -> list[int]:
    """Give the accepted claims, those with the highest amounts first."""
    table = CLAIM_DECISIONS
    query = sa.select(table.c.claim_id).where(table.c.status != int(ClaimStatus.REJECTED))
    return list(connection.execute(query.order_by(table.c.valuated.desc(), table.c.claim_id)).scalars())


def _flag(claim_id: int) -> dict[str, Any]:
    values = {"run": 1, "claim_id": claim_id, "line": 0, "rule": "x", "version": "1"}
    return values | {"severity": 1, "score": 50, "values": "{}", "digest": 0}


def test_a_case_says_that_its_claim_is_on_a_statement(folder: Path) -> None:
    """A claim of a closed month is flagged all the same."""
    with open_books(folder) as books:
        trial = ask(books, BY, dry_run=True)
        assert trial
        assert trial.settled == 0
        with books.database.writing() as connection:
            claim_id = _accepted(connection)[0]
            number = journal.append(connection, Act(BY, "close"), {})
            closing = {"closing": 1, "journal": number, "month": "2024-03", "location": "", "version": 1}
            connection.execute(sa.insert(CLOSINGS).values(**closing, entry=1, total=0, record="{}"))
            settled = {"claim_id": claim_id, "run": 1, "closing": 1}
            connection.execute(sa.insert(SETTLEMENTS).values(settled))
        done = ask(books, BY)
        assert done
        assert done.settled == 1
        open_cases(books, BY)
        with books.database.reading() as connection:
            query = sa.select(CASES.c.case).where(CASES.c.claim_id == claim_id)
            case = str(connection.execute(query).scalar_one())
        file = case_file(books, case)
        assert file.settled is not None
        assert file.settled.month == "2024-03"
        view = ReviewView(books, "en").file(file, dt.date(2024, 4, 1))
        assert any("statement of 2024-03" in str(part) for part in view.renderables)


# Checked.


def _spoiled(folder: Path, statement: sa.sql.expression.Executable) -> list[str]:
    """Change the books behind the engine's back; give what the check finds."""
    with open_books(folder) as books, books.database.writing() as connection:
        connection.execute(statement)
    return findings(folder)


SPOILT: dict[str, tuple[Callable[[int], Any], str]] = {
    "a flag is gone": (lambda run: sa.delete(FLAGS).where(FLAGS.c.run == run), "books.rows_missing"),
    "a flag says more": (
        lambda run: sa.update(FLAGS).where(FLAGS.c.run == run).values(score=99),
        "books.row_changed",
    ),
    "claims that were asked about are gone": (
        lambda run: sa.delete(RUN_CLAIMS).where(RUN_CLAIMS.c.run == run),
        "asking.check.waiting",
    ),
    "a claim waits that was asked about": (
        lambda run: sa.insert(UNASKED).values(claim_id=1),
        "asking.check.waiting",
    ),
    "a claim was asked about that no rule was left out of": (
        lambda run: sa.insert(RUN_CLAIMS).values(run=run, claim_id=9999),
        "asking.check.twice",
    ),
    "it decided something": (
        lambda run: sa.insert(BALANCES).from_select(
            BALANCES.columns.keys(),
            sa.select(*(sa.literal(run) if column.name == "run" else column for column in BALANCES.c)).where(
                BALANCES.c.run == 1
            ),
        ),
        "asking.check.decided",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_check_finds_what_was_changed(folder: Path, what: str) -> None:
    """What the run says, what waits, and that nothing was decided."""
    done = asked(folder)
    assert done
    assert not findings(folder)
    spoil, key = SPOILT[what]
    assert key in _spoiled(folder, spoil(done.run))


# As its user sees it.


def said(folder: Path, language: str, *arguments: str) -> str:
    """Give what the command prints."""
    command = ["rules", "ask", "--scheme", str(folder), "--by", "Amina", "--lang", language, *arguments]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_says_what_it_does_in_both_languages(folder: Path) -> None:
    """A trial, the run, and nothing the second time."""
    assert "nothing was written" in said(folder, "en", "--dry-run")
    told = said(folder, "fr")
    assert "20 prestations liquidées une à une" in told
    assert "médecins-conseils" in told
    assert "n’a rien liquidé" in told
    assert "No claim waits" in said(folder, "en")


def test_days_that_end_before_they_begin_are_a_mistake_of_usage(folder: Path) -> None:
    """Nothing is asked."""
    command = ["rules", "ask", "--scheme", str(folder), "--from", "2024-03-02", "--to", "2024-03-01"]
    assert CliRunner().invoke(main, command).exit_code == 2
