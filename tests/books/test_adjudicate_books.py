"""Runs in the books decide what runs on files decide, month after month, and are sums of what they did."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adjudicator.books.adjudication import Outcome, adjudicate_books
from adjudicator.books.books import make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.ledger import AMOUNTS, latest
from adjudicator.books.registers import load_registers
from adjudicator.problems import Refused
from adjudicator.run import run_month
from adjudicator.scheme import read_settings
from adjudicator.store import bulk, runs
from adjudicator.store.schema import (
    BALANCE_ENTRIES,
    BALANCES,
    CLAIM_DECISIONS,
    CLAIMS,
    LINE_DECISIONS,
    OPEN_RUN,
    UNDECIDED,
)
from adjudicator.tables import CLAIM_DECISIONS as CLAIM_SHAPE
from adjudicator.tables import LINE_DECISIONS as LINE_SHAPE
from adjudicator.tables import Column, Table, Type
from tests.adjudication.worlds import kinder, random_world
from tests.books.conftest import NewBooks
from tests.books.dump import Dump, dump
from tests.books.folders import in_order, write_claims, write_world
from tests.books.states import (
    BY,
    DECIDED,
    MADE,
    RECEIVED,
    REGISTERED,
    Shelf,
    copied_folder,
    decide,
    months,
    name_database,
    receive,
)
from tests.databases import ENGINES, engine_of

Key = tuple[Any, ...]
Decisions = dict[Key, dict[str, Any]]


def adjudicated(folder: Path, **options: Any) -> Outcome | None:
    with open_books(folder) as books:
        return adjudicate_books(books, BY, **options)


def decisions(folder: Path, table: sa.Table) -> Decisions:
    """Give the decisions in the books by facility, claim and line, with the words of the files' columns."""
    with open_books(folder) as books, books.database.reading() as connection:
        query = sa.select(CLAIMS.c.facility, CLAIMS.c.claim, *table.c).join(
            table, table.c.claim_id == CLAIMS.c.claim_id
        )
        rows = bulk.read(connection, query.where(table.c.run <= runs.last_run(connection))).to_pylist()
    assert all(row["entry"] == 1 for row in rows)
    return {(row["facility"], row["claim"], row.get("line")): row for row in rows}


def file_decisions(out: Path, name: str) -> Decisions:
    rows = pq.read_table(out / f"{name}.parquet").to_pylist()
    return {(row["facility"], row["claim"], row.get("line")): row for row in rows}


def compared(spec: Table, from_files: Decisions, from_books: Decisions) -> None:
    """Compare decisions in all columns that both have, amounts to the minor unit."""
    assert from_books.keys() == from_files.keys()
    columns = [column for column in spec.columns if column.name not in NOT_IN_THE_LEDGER]
    for key, row in from_files.items():
        booked = from_books[key]
        assert {column.name: booked[column.name] for column in columns} == {
            column.name: _stored(column, row[column.name]) for column in columns
        }, key


NOT_IN_THE_LEDGER = ("run", "gross", "flags")
"""The run has a number in the books, and a name in files; gross follows from quantity and price; flags have a
table of their own."""


def _stored(column: Column, value: Any) -> Any:
    """Give a value of a file, which is for people, as the books have it."""
    if value is None or column.type in (Type.TEXT, Type.NUMBER):
        return value
    return int(column.words.of(value)) if column.words else int(value.scaleb(-value.as_tuple().exponent))


def test_months_in_the_books_are_months_on_files(books_folder: Path, tmp_path: Path) -> None:
    """Three months, one after the other: decisions line by line, and balances to the minor unit."""
    with open_books(books_folder) as books:
        load_registers(books, books_folder / "registers", BY)
    opening = None
    claims: Decisions = {}
    lines: Decisions = {}
    for month in months(books_folder):
        out = tmp_path / "runs" / month.name
        run = run_month(books_folder, [month], out, opening_folder=opening)
        opening = out
        with open_books(books_folder) as books:
            load_claims(books, [month], BY)
        outcome = adjudicated(books_folder, threads=2)
        assert outcome is not None
        assert outcome.summary.as_record() == run.summary.as_record()
        claims |= file_decisions(out, "claim_decisions")
        lines |= file_decisions(out, "line_decisions")
    compared(CLAIM_SHAPE, claims, decisions(books_folder, CLAIM_DECISIONS))
    compared(LINE_SHAPE, lines, decisions(books_folder, LINE_DECISIONS))
    assert opening is not None
    carried = pq.read_table(opening / "carried" / "balances.parquet").to_pylist()
    from_files = {(row["policy"], row["insuree"]): minor(row) for row in carried}
    assert {key: row for key, row in from_files.items() if any(row)} == {
        key: row for key, row in balances(books_folder).items() if any(row)
    }


def minor(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(
        value if isinstance(value, int) else int(value.scaleb(-value.as_tuple().exponent))
        for value in (row[name] for name in AMOUNTS)
    )


def balances(folder: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    """Give the balances after the last run."""
    with open_books(folder) as books, books.database.reading() as connection:
        rows = latest(bulk.read(connection, sa.select(BALANCES)), ("policy", "insuree")).to_pylist()
    return {(row["policy"], row["insuree"]): tuple(row[name] for name in AMOUNTS) for row in rows}


def summed_entries(folder: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    """Add up the entries of the ledger."""
    totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(AMOUNTS))
    with open_books(folder) as books, books.database.reading() as connection:
        for row in bulk.read(connection, sa.select(BALANCE_ENTRIES)).to_pylist():
            total = totals[row["policy"], row["insuree"]]
            for place, name in enumerate(AMOUNTS):
                total[place] += row[name]
    return {key: tuple(total) for key, total in totals.items()}


def test_both_engines_decide_the_same(village: Path, shelf: Shelf, tmp_path: Path) -> None:
    dumps = []
    for name in ENGINES:
        folder = shelf.books(engine_of(name), village, DECIDED, tmp_path / name)
        receive(folder, 1)
        decide(folder)
        dumps.append(dump(folder))
    assert dumps[0] == dumps[1]


def test_threads_decide_nothing(new_books: NewBooks, country: Path) -> None:
    one, two = new_books(country, RECEIVED), new_books(country, RECEIVED)
    adjudicated(one, threads=1)
    adjudicated(two, threads=2)
    assert dump(one) == dump(two)


def test_a_run_is_published_whole(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED)
    waiting = len(dump(folder)["undecided"])
    outcome = adjudicated(folder)
    assert outcome is not None
    assert outcome.booked
    found = dump(folder)
    assert found["undecided"] == []
    assert found[OPEN_RUN.name] == []
    assert len(found["claim_decisions"]) == waiting
    assert len(found["line_decisions"]) == len(found["claim_lines"])
    with open_books(folder) as books, books.database.reading() as connection:
        [run] = runs.published(connection)
        valuated = connection.execute(sa.select(sa.func.sum(LINE_DECISIONS.c.valuated))).scalar()
        of_claims = connection.execute(sa.select(sa.func.sum(CLAIM_DECISIONS.c.valuated))).scalar()
    assert run.valuated == valuated == of_claims
    assert (run.claims, run.lines) == (waiting, len(found["claim_lines"]))
    assert run.by == BY


def test_where_nothing_waits_nothing_is_done(new_books: NewBooks, village: Path) -> None:
    for state in (REGISTERED, DECIDED):
        folder = new_books(village, state)
        before = dump(folder)
        assert adjudicated(folder) is None
        assert dump(folder) == before


def test_a_dry_run_says_what_a_run_would_do_and_writes_nothing(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED)
    before = dump(folder)
    tried = adjudicated(folder, dry_run=True)
    assert dump(folder) == before
    done = adjudicated(folder)
    assert tried is not None
    assert done is not None
    assert not tried.booked
    assert tried.outputs == done.outputs
    assert tried.summary.as_record() == done.summary.as_record()


def test_only_claims_up_to_a_day_are_decided(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED)
    with open_books(folder) as books, books.database.reading() as connection:
        days = sorted(connection.execute(sa.select(UNDECIDED.c.date_claimed)).scalars())
    middle = days[len(days) // 2]
    first = adjudicated(folder, until=middle)
    assert first is not None
    assert first.summary.claims.total() == sum(day <= middle for day in days)
    with open_books(folder) as books, books.database.reading() as connection:
        left = sorted(connection.execute(sa.select(UNDECIDED.c.date_claimed)).scalars())
    assert left == [day for day in days if day > middle]
    assert adjudicated(folder, until=dt.date(1990, 1, 1)) is None
    second = adjudicated(folder)
    assert second is not None
    assert second.run == 2
    assert dump(folder)["undecided"] == []


def test_products_that_are_wrong_are_refused_and_nothing_is_written(
    new_books: NewBooks, village: Path
) -> None:
    folder = new_books(village, RECEIVED)
    before = dump(folder)
    product = next((folder / "products").glob("*.yaml"))
    product.write_text(product.read_text("utf-8") + "\nno_such_key: 1\n", "utf-8")
    with pytest.raises(Refused):
        adjudicated(folder)
    assert dump(folder) == before


def test_amounts_add_up(new_books: NewBooks, village: Path) -> None:
    """Balances are the sum of their entries; claims are the sum of their lines; after every run."""
    folder = new_books(village, MADE)
    with open_books(folder) as books:
        load_registers(books, folder / "registers", BY)
    for month in (0, 1):
        receive(folder, month)
        decide(folder)
        assert balances(folder) == summed_entries(folder)
        of_claims = Counter[Key]()
        for key, row in decisions(folder, LINE_DECISIONS).items():
            of_claims[key[:2]] += row["valuated"]
        for key, row in decisions(folder, CLAIM_DECISIONS).items():
            assert of_claims[key[:2]] == row["valuated"]


def without_runs(found: Dump) -> Dump:
    """Give what decisions say, without in which run they were made."""
    wanted = {
        "claim_decisions": CLAIM_DECISIONS,
        "line_decisions": LINE_DECISIONS,
        "balance_entries": BALANCE_ENTRIES,
    }
    kept: Dump = {}
    for name, table in wanted.items():
        places = [place for place, column in enumerate(table.columns) if column.name not in ("run", "digest")]
        kept[name] = sorted((tuple(row[place] for place in places) for row in found[name]), key=repr)
    return kept


@pytest.fixture(scope="session")
def empty_books(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], str]:
    """Gives books without anything in them for a scheme's folder, to be copied; made once a currency."""
    made: dict[tuple[str, str], str] = {}

    def books_like(name: str, scheme: Path) -> str:
        key = (name, read_settings(scheme).currency)
        if key not in made:
            folder = copied_folder(scheme, tmp_path_factory.mktemp("empty") / "scheme")
            made[key] = engine_of(name).empty(folder)
            name_database(engine_of(name), folder, made[key])
            make_books(folder, BY)
        return made[key]

    return books_like


@pytest.mark.parametrize("name", ENGINES)
@settings(
    max_examples=5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.generate),
)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.floats(0, 1), max_size=3))
def test_runs_cut_anywhere_are_one_run(
    name: str,
    seed: int,
    cuts: list[float],
    tmp_path_factory: pytest.TempPathFactory,
    empty_books: Callable[[str, Path], str],
) -> None:
    """Claims in adjudication order, decided in any number of runs, are decided as in one."""
    engine = engine_of(name)
    world = kinder(random_world(Random(seed), 40, 3), Random(seed))
    claims = [row for row in in_order(world) if not row["sequence"]]
    found = []
    for places in ([], sorted(int(cut * len(claims)) for cut in cuts)):
        folder = write_world(tmp_path_factory.mktemp("world") / "scheme", world)
        url = engine.copy(empty_books(name, folder), folder)
        name_database(engine, folder, url)
        with open_books(folder) as books:
            load_registers(books, folder / "registers", BY)
            for number, (start, end) in enumerate(zip([0, *places], [*places, len(claims)], strict=True)):
                part = write_claims(folder / "claims" / str(number), claims[start:end], world.claim_lines)
                load_claims(books, [part], BY)
                adjudicate_books(books, BY)
        assert {key: row for key, row in balances(folder).items() if any(row)} == {
            key: row for key, row in summed_entries(folder).items() if any(row)
        }
        found.append((_by_key(dump(folder)), {k: v for k, v in balances(folder).items() if any(v)}))
        engine.drop(url)
        shutil.rmtree(folder)
    assert found[0] == found[1]


def _by_key(found: Dump) -> Dump:
    """Give decisions by the claims' own numbers: the books number claims load by load."""
    names = [column.name for column in CLAIMS.columns]
    keys = {row[0]: (row[names.index("facility")], row[names.index("claim")]) for row in found["claims"]}
    return {
        name: sorted(((keys[row[0]], *row[1:]) for row in rows), key=repr)
        for name, rows in without_runs(found).items()
    }
