"""Measure closing a month: the page, the booking, all statements, what is handed to the payer, reopening.

``python -m benchmarks.closing --engine postgresql --families 1300000 --facilities 2000 --folder /tmp/scheme``

A generated country has fewer hospitals than a large scheme; the busiest are split into branches until there
are as many as asked for. Results are written to ``benchmarks/CLOSING.md``, or to ``--out``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import resource
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import sqlalchemy as sa

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import Books, make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.closing.close import close
from adjudicator.books.closing.page import Page
from adjudicator.books.closing.payments import export
from adjudicator.books.closing.reopening import reopen
from adjudicator.books.closing.statements import FacilityStatement, statements
from adjudicator.books.registers import load_registers
from adjudicator.generation import generate
from adjudicator.presentation.payment_files import write_payment_file
from adjudicator.presentation.statement import write_statements
from adjudicator.remuneration.months import read_month
from adjudicator.store.database import VARIABLE
from adjudicator.store.schema import CLAIMS
from benchmarks.books import BY, Measured, Step, database_for, warm_up
from benchmarks.month import sources

FORMS: Final = ("csv", "xlsx", "pdf")

BRANCH: Final = "{}-{}"
"""How branches of a facility are named."""


def main() -> None:
    options = _options()
    folder: Path = options.folder
    if not (folder / "scheme.yaml").is_file():
        generate(folder, options.families, options.months, seed=1)
        split_facilities(folder, options.facilities)
    warm_up(options.threads)
    with database_for(options) as url:
        os.environ[VARIABLE] = url
        measured = Measured()
        make_books(folder, BY)
        with open_books(folder) as books:
            said = _measure(books, folder, measured, options)
        written = document(options, measured.steps, said, _version())
    out = options.out or Path(__file__).with_name("CLOSING.md")
    out.write_text(written, "utf-8")
    print(written)


# Branches.


def split_facilities(folder: Path, wanted: int) -> None:
    """Split the busiest facilities of a scheme in branches, until there are as many as wanted.

    A branch has its share of the claims, by the order in which they stand, and of the catchment.
    """
    registers = folder / "registers"
    facilities = pa.parquet.read_table(registers / "facilities.parquet")
    months = [pa.parquet.read_table(month / "claims.parquet") for month in sources(folder)]
    counts = pa.concat_tables([_plain(month.select(["facility"])) for month in months])
    counted = counts.group_by("facility").aggregate([([], "count_all")])
    by_size = counted.sort_by([("count_all", "descending"), ("facility", "ascending")])
    branches = _branches(by_size["facility"].to_pylist(), by_size["count_all"].to_pylist(), wanted)
    missing = wanted - len(facilities)
    if missing <= 0:
        return
    _write(registers / "facilities.parquet", _with_branches(facilities, "code", branches))
    catchments = pa.parquet.read_table(registers / "catchments.parquet")
    _write(registers / "catchments.parquet", _catchments(catchments, branches))
    for month, claims in zip(sources(folder), months, strict=True):
        _write(month / "claims.parquet", _dealt_out(claims, branches))


def _branches(codes: Sequence[str], sizes: Sequence[int], wanted: int) -> dict[str, int]:
    """Tell into how many branches each facility is split: always the one with the largest branches next."""
    branches = dict.fromkeys(codes, 1)
    per_branch = np.array(sizes, np.float64)
    for _ in range(max(0, wanted - len(codes))):
        place = int(per_branch.argmax())
        branches[codes[place]] += 1
        per_branch[place] = sizes[place] / branches[codes[place]]
    return {code: count for code, count in branches.items() if count > 1}


def _plain(table: pa.Table) -> pa.Table:
    """Give a table with texts instead of the numbers of a dictionary."""
    return pa.table(
        {
            name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )


def _with_branches(table: pa.Table, column: str, branches: dict[str, int]) -> pa.Table:
    rows = _plain(table)
    more = []
    for code, count in branches.items():
        mine = rows.filter(pc.equal(rows[column], code))
        place = rows.column_names.index(column)
        for number in range(1, count):
            names = pa.array([BRANCH.format(code, number)] * len(mine), pa.string())
            more.append(mine.set_column(place, column, names))
    return pa.concat_tables([rows, *more])


def _catchments(table: pa.Table, branches: dict[str, int]) -> pa.Table:
    """Give a facility's catchment to its branches in equal parts; the first one has what is left over."""
    percent = table["percent"].to_pylist()
    share = [
        each if code not in branches else (each * 100 // branches[code]) / 100
        for each, code in zip(percent, table["facility"].to_pylist(), strict=True)
    ]
    kind = table.schema.field("percent").type
    place = table.column_names.index("percent")
    return _with_branches(table.set_column(place, "percent", pa.array(share, kind)), "facility", branches)


def _dealt_out(claims: pa.Table, branches: dict[str, int]) -> pa.Table:
    rows = _plain(claims)
    codes = rows["facility"].combine_chunks().dictionary_encode()
    names, which = codes.dictionary.to_pylist(), codes.indices.to_numpy()
    place = np.empty(len(which), np.int64)
    order = np.argsort(which, kind="stable")
    begins = np.searchsorted(which[order], np.arange(len(names)))
    place[order] = np.arange(len(which)) - begins[which[order]]
    counts = np.array([branches.get(name, 1) for name in names], np.int64)
    branch = place % counts[which]
    most = int(counts.max())
    table = [name if not number else BRANCH.format(name, number) for name in names for number in range(most)]
    dealt = pa.array(table, pa.string()).take(pa.array(which * most + branch))
    return rows.set_column(rows.column_names.index("facility"), "facility", dealt)


def _write(path: Path, table: pa.Table) -> None:
    pa.parquet.write_table(table, path, compression="zstd")


# Measuring.


def _measure(books: Books, folder: Path, measured: Measured, options: argparse.Namespace) -> dict[str, Any]:
    registers = folder / books.settings.registers
    measured.step("load registers", lambda: _rows(load_registers(books, registers, BY)))
    months = sources(folder)
    for month in months[:-1]:
        _received(books, month, measured, options)
        for location in _locations(books, month.name):
            close(books, BY, read_month(month.name), location, confirm=True)
    last = months[-1]
    _received(books, last, measured, options)
    pages: list[Page] = []

    def closed(location: str, confirm: bool) -> int:
        page = close(books, BY, read_month(last.name), location, confirm=confirm)
        if confirm:
            pages.append(page)
        return page.settled.claims + page.rejected

    locations = _locations(books, last.name)
    measured.step("close, the page only (claims)", lambda: closed(locations[0], False))
    for location in locations:
        name = location or "national products"
        measured.step(f"close, {name} (claims)", lambda: closed(location, True))  # noqa: B023
    found: list[FacilityStatement] = []

    def read() -> int:
        for location in locations:
            found.extend(statements(books, read_month(last.name), location))
        return sum(len(one.made.lines) for one in found)

    measured.step("read all statements (lines)", read)
    lines = measured.steps[-1].rows
    target = folder / "statements"
    sizes = {}
    for form in options.forms:
        shutil.rmtree(target, ignore_errors=True)
        # By size, so that a sample has large ones and small ones as all have.
        chosen = sorted(found, key=lambda one: (len(one.made.lines), one.facility))
        chosen = chosen[options.sample // 2 :: options.sample] if form != "csv" else chosen
        which = "all statements" if len(chosen) == len(found) else f"{len(chosen):,} of the statements"
        measured.step(
            f"write {which}, {form} (lines)",
            lambda: _written(books, chosen, form, target, options.threads),  # noqa: B023
        )
        sizes[form] = sum(path.stat().st_size for path in target.iterdir())
    shutil.rmtree(target, ignore_errors=True)
    if options.reopen:
        again = locations[0]
        measured.step("reopen the national products (claims)", lambda: _reopened(books, last.name, again))
        measured.step("close them again (claims)", lambda: closed(again, True))
    measured.step("hand over the payments (payments)", lambda: _exported(books, folder / "payments"))
    shutil.rmtree(folder / "payments", ignore_errors=True)
    with books.database.reading() as connection:
        claims = connection.execute(sa.select(sa.func.count()).select_from(CLAIMS)).scalar_one()
    return {
        "claims": int(claims),
        "lines": lines,
        "statements": len(found),
        "facilities": len({one.facility for one in found}),
        "sizes": sizes,
        "pages": pages,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def _rows(load: Any) -> int:
    return sum(change.read for change in load.tables.values())


def _received(books: Books, month: Path, measured: Measured, options: argparse.Namespace) -> None:
    measured.step(
        f"load claims {month.name} (lines)", lambda: len(load_claims(books, [month], BY).reading.lines)
    )

    def decided() -> int:
        outcome = adjudicate_books(books, BY, threads=options.threads)
        return outcome.summary.lines.total() if outcome else 0

    measured.step(f"adjudicate {month.name} (lines)", decided)


def _locations(books: Books, month: str) -> list[str]:
    """Give the locations whose products are closed: the nation first."""
    page = close(books, BY, read_month(month))
    return ["", *page.others]


def _written(
    books: Books, found: Sequence[FacilityStatement], form: str, target: Path, processes: int
) -> int:
    for location in sorted({one.closing.location for one in found}):
        mine = [one for one in found if one.closing.location == location]
        for _ in write_statements(books, mine, [form], target, "en", processes):
            pass
    return sum(len(one.made.lines) for one in found)


def _exported(books: Books, target: Path) -> int:
    file = export(books, BY)
    write_payment_file(books, file, target)
    return len(file.payments)


def _reopened(books: Books, month: str, location: str) -> int:
    closing = reopen(books, BY, read_month(month), location, "measured")
    return int(closing.record["settled"])


# What is said of it.


def document(options: argparse.Namespace, steps: Sequence[Step], said: dict[str, Any], version: str) -> str:
    """Write what was measured as Markdown."""
    sizes = ", ".join(f"{form.upper()} {size / 1e6:,.0f} MB" for form, size in said["sizes"].items())
    names = ("engine", "families", "months", "facilities", "threads", "sample")
    asked = " ".join(f"--{name} {getattr(options, name)}" for name in names)
    return "\n".join(
        [
            "# Measured: closing a month\n",
            f"`python -m benchmarks.closing {asked}`, {dt.date.today().isoformat()}, Python "
            f"{platform.python_version()}, {os.cpu_count()} cores shared with the server and other "
            f"work, {version}.\n",
            f"{said['claims']:,} claims in the books; {said['statements']:,} statements of "
            f"{said['facilities']:,} facilities with {said['lines']:,} lines. Each step once, in one "
            "process, statements by as many as --threads says; *in the database* are the seconds in which "
            f"any thread was in the database or its driver. Files: {sizes}. The process held "
            f"{said['memory'] / 1e6:,.1f} GB at most.\n",
            _table(steps),
        ]
    )


def _table(steps: Sequence[Step]) -> str:
    rows = [["what", "number", "seconds", "a second", "in the database"], ["---", *["---:"] * 4]]
    rows += [
        [
            step.what,
            f"{step.rows:,}",
            f"{step.seconds:.2f}",
            f"{step.rows / max(step.seconds, 1e-9):,.0f}",
            f"{step.database:.2f} s, {step.database / max(step.seconds, 1e-9):.0%}",
        ]
        for step in steps
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows) + "\n"


def _version() -> str:
    with sa.create_engine(os.environ[VARIABLE]).connect() as connection:
        on_file = connection.dialect.name == "sqlite"
        asked = "SELECT sqlite_version()" if on_file else "SHOW server_version"
        return f"{'SQLite' if on_file else 'PostgreSQL'} {connection.exec_driver_sql(asked).scalar()}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.closing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--url", help="of an empty database to be used, instead of one of its own")
    parser.add_argument("--folder", type=Path, required=True, help="of the scheme; made if not there")
    parser.add_argument("--families", type=int, default=20_000, help="of a scheme that is generated")
    parser.add_argument(
        "--months", type=int, default=1, help="of a scheme that is generated; the last is measured"
    )
    parser.add_argument("--facilities", type=int, default=2000, help="of a scheme that is generated")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--forms", nargs="*", choices=FORMS, default=FORMS, help="of statements")
    parser.add_argument(
        "--sample", type=int, default=1, help="write one in so many statements as workbooks and on paper"
    )
    parser.add_argument("--no-reopen", dest="reopen", action="store_false")
    parser.add_argument("--database-folder", type=Path, help="where the database is, in a new folder")
    parser.add_argument("--out", type=Path, help="the file of the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
