"""Measure the counter over HTTP: how long a facility waits for its answer, with 1, 8 and 64 that ask at once.

``python -m benchmarks.serve --families 20000 --claims 200``

A country is generated, its first month is loaded and decided, and claims of the second are sent one by one to
a server that is a process of its own. Results are written to ``benchmarks/SERVE.md``, or to ``--out``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.registers import load_registers
from adjudicator.books.submission.tokens import add_token
from adjudicator.books.verification import verify
from adjudicator.generation import generate
from adjudicator.store.database import VARIABLE
from adjudicator.store.schema import RUNS
from tests.web.fhir_claims import body, claim_resource, question

BY: Final = "benchmark"
CLIENTS: Final = (1, 8, 64)


@dataclass(frozen=True)
class Row:
    """What was measured with so many clients; seconds."""

    what: str
    clients: int
    times: Sequence[float]
    whole: float
    runs: int

    def cells(self) -> list[str]:
        """Write it as cells of a table."""
        ordered = sorted(self.times)
        rank = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.95, 0.99)]
        rate = len(ordered) / self.whole
        return [
            self.what,
            str(self.clients),
            str(len(ordered)),
            *(f"{1000 * value:,.0f}" for value in rank),
            f"{rate:,.1f}",
            str(self.runs) if self.runs else "",
        ]


def prepared(folder: Path, families: int) -> Path:
    """Generate a country, and decide its first month."""
    scheme = folder / f"serve-{families}"
    if not scheme.is_dir():
        generate(scheme, families, 2, 1)
    for left in scheme.glob("books.db*"):
        left.unlink()
    make_books(scheme, BY)
    with open_books(scheme) as books:
        load_registers(books, scheme / "registers", BY)
        load_claims(books, [min((scheme / "claims").iterdir())], BY)
        adjudicate_books(books, BY)
    return scheme


def claims_of(scheme: Path) -> dict[str, list[bytes]]:
    """Give the claims of the last month as FHIR, by facility."""
    month = max((scheme / "claims").iterdir())
    lines: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(month, "claim_lines"):
        lines[row["claim"]].append(row)
    found: dict[str, list[bytes]] = defaultdict(list)
    for row in _rows(month, "claims"):
        if row["date_from"] is not None:
            found[row["facility"]].append(body(claim_resource(row, lines[row["claim"]], currency="XTS")))
    return found


def _rows(folder: Path, name: str) -> list[dict[str, Any]]:
    tables = [pq.read_table(path) for path in sorted(folder.glob(f"{name}*.parquet"))]
    rows: list[dict[str, Any]] = pa.concat_tables(tables).to_pylist()
    return rows


@contextmanager
def server(scheme: Path) -> Iterator[str]:
    """Run the server; give its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-c", "from cli import main; main()", "serve", "--fhir", "--by", BY]
    options = ["--scheme", str(scheme), "--port", str(port), "--rate", "100000"]
    running = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                httpx2.get(f"{address}/health", timeout=10)
                break
            except httpx2.TransportError:
                time.sleep(0.2)
        yield address
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)


async def send(address: str, path: str, jobs: Sequence[tuple[str, bytes]], clients: int) -> list[float]:
    """Send bodies, so many at a time; give how long each was waited for."""
    times: list[float] = []
    left = iter(jobs)
    limits = httpx2.Limits(max_connections=clients)
    async with httpx2.AsyncClient(base_url=address, timeout=120, limits=limits) as client:

        async def one_client() -> None:
            for token, content in left:
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
                start = time.perf_counter()
                answer = await client.post(path, content=content, headers=headers)
                times.append(time.perf_counter() - start)
                if answer.status_code not in (200, 422):
                    raise RuntimeError(answer.text)

        await asyncio.gather(*(one_client() for _ in range(clients)))
    return times


def measure(scheme: Path, count: int) -> list[Row]:
    """Measure submitting, predetermining and asking whether somebody is covered."""
    found = claims_of(scheme)
    with open_books(scheme) as books:
        tokens = {facility: add_token(books, facility, BY)[1] for facility in found}
        people = _people(scheme, count)
    jobs = [(tokens[name], content) for name, bodies in found.items() for content in bodies]
    # Claims of one facility do not come after each other.
    jobs = [jobs[place] for place in sorted(range(len(jobs)), key=lambda at: (at * 7919) % len(jobs))]
    rows = []
    with server(scheme) as address:
        asyncio.run(send(address, "/fhir/Claim/$submit", jobs[:20], 4))
        left = jobs[20:]
        for clients in CLIENTS:
            some = count if clients == 1 else count * 4
            before, start = _runs(scheme), time.perf_counter()
            times = asyncio.run(send(address, "/fhir/Claim/$submit", left[:some], clients))
            whole = time.perf_counter() - start
            rows.append(Row("submit", clients, times, whole, _runs(scheme) - before))
            left = left[some:]
        again = jobs[20 : 20 + count]
        for clients in CLIENTS:
            start = time.perf_counter()
            times = asyncio.run(send(address, "/fhir/Claim/$submit", again, clients))
            rows.append(Row("the same claims again", clients, times, time.perf_counter() - start, 0))
        tried = [
            (token, content.replace(b'"use":"claim"', b'"use":"predetermination"')) for token, content in left
        ]
        asked = [(jobs[0][0], body(question(insuree, "2026-02-01"))) for insuree in people]
        for what, path, some_jobs in (
            ("predetermine", "/fhir/Claim/$submit", tried),
            ("eligibility", "/fhir/CoverageEligibilityRequest", asked),
        ):
            for clients in CLIENTS:
                start = time.perf_counter()
                times = asyncio.run(send(address, path, some_jobs[:count], clients))
                rows.append(Row(what, clients, times, time.perf_counter() - start, 0))
    return rows


def _people(scheme: Path, count: int) -> list[str]:
    column = pq.read_table(scheme / "registers" / "insurees.parquet", columns=["insuree"])["insuree"]
    step = max(1, len(column) // count)
    return [str(code) for code in column[::step][:count].to_pylist()]


def _runs(scheme: Path) -> int:
    with open_books(scheme) as books, books.database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(RUNS)).scalar_one())


def document(rows: Sequence[Row], options: argparse.Namespace, scheme: Path, seconds: float) -> str:
    """Write what was measured."""
    with open_books(scheme) as books, books.database.reading() as connection:
        runs = _runs(scheme)
        record = connection.execute(sa.select(sa.func.avg(sa.func.length(RUNS.c.record)))).scalar_one()
    head = ["what", "clients", "requests", "median ms", "95% ms", "99% ms", "a second", "runs"]
    table = [head, ["---"] + ["---:"] * (len(head) - 1), *(row.cells() for row in rows)]
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in table)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"""# The FHIR server

`python -m benchmarks.serve --families {options.families} --claims {options.claims}`,
{datetime.now(UTC).date()}, Python {platform.python_version()}, {os.cpu_count()} cores, SQLite.

What a facility waits for over HTTP, from sending a claim of some four lines until its answer is there: the
claim is read, received, decided with balances, look-back and near rules, booked as a run, published on disk,
and the access written down. The server, one process, and its clients share the machine; its load averages at
the end were {load}. *Runs*: into how many runs of the books the claims went; those that come within some
milliseconds of one another share one.

{lines}

Every run writes its record twice, into the journal and beside the run: {float(record):,.0f} bytes
each, most of them the names and hashes of products and rules. `verify` repeated {runs:,} runs in
{seconds:,.1f} s.
"""


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--families", type=int, default=20_000)
    parser.add_argument(
        "--claims", type=int, default=200, help="sent by one client; four times as many by more"
    )
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "adjudicator-benchmarks"))
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("SERVE.md"))
    options = parser.parse_args()
    os.environ.pop(VARIABLE, None)
    options.folder.mkdir(parents=True, exist_ok=True)
    scheme = prepared(options.folder, options.families)
    rows = measure(scheme, options.claims)
    start = time.perf_counter()
    with open_books(scheme) as books:
        findings = verify(books).findings
    if findings:
        raise SystemExit(f"{len(findings)} findings")
    text = document(rows, options, scheme, time.perf_counter() - start)
    options.out.write_text(text, "utf-8")
    print(text)
    shutil.rmtree(scheme / ".fhir", ignore_errors=True)


if __name__ == "__main__":
    main()
