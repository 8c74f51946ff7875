"""Measure what it costs to give decisions out as FHIR: making resources, reading the books, writing files.

``python -m benchmarks.fhir_out --folder /tmp/scheme --families 20000``

Everything runs in one thread. Rates are per second of that thread's CPU; the whole export is also told by the
clock. The referee of the tests, ``fhir.resources``, takes in what was written, for comparison.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from fhir.resources.R4B.claimresponse import ClaimResponse

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.fhir.claims import Chosen, claims_of
from adjudicator.books.fhir.export import Wanted, export_books
from adjudicator.books.registers import load_registers
from adjudicator.fhir.claim_response import claim_response
from adjudicator.fhir.decided import DecidedClaim
from adjudicator.fhir.explanation_of_benefit import explanation_of_benefit
from adjudicator.fhir.folder import Form
from adjudicator.fhir.systems import Flavour
from adjudicator.fhir.writing import encoded
from adjudicator.generation import generate

BY = "benchmark"
JUDGED = 500
"""Resources that the referee is given: it is slow."""


def made(folder: Path, families: int) -> Path:
    """Give a scheme with a decided month in its books, made where there is none."""
    scheme = folder / f"fhir-{families}"
    if not (scheme / "books.db").exists():
        generate(scheme, families, 1, 1)
        make_books(scheme, BY)
        with open_books(scheme) as books:
            load_registers(books, scheme / "registers", BY)
            load_claims(books, sorted((scheme / "claims").iterdir()), BY)
            adjudicate_books(books, BY)
    return scheme


def rate(count: int, repeat: int, do: Callable[[], object]) -> float:
    """Give how many of so many things are done in a second of the thread's CPU: the median of some tries."""
    seconds = []
    for _ in range(repeat):
        start = time.thread_time()
        do()
        seconds.append(time.thread_time() - start)
    return count / statistics.median(seconds)


def measure(scheme: Path, count: int, repeat: int) -> list[tuple[str, float, str]]:
    """Measure with up to so many claims: what was done, how many a second, and what there is to say of it."""
    with open_books(scheme) as books, books.database.reading() as connection:
        decided = list(islice(claims_of(books, connection, Chosen()), count))
        read = rate(
            len(decided), 1, lambda: sum(1 for _ in islice(claims_of(books, connection, Chosen()), count))
        )
    lines = sum(len(claim.lines) for claim, _ in decided) / len(decided)
    rows = [("claims out of the books, SQLite", read, f"{lines:.1f} lines each")]
    for name, make in (("ClaimResponse", claim_response), ("ExplanationOfBenefit", explanation_of_benefit)):
        for flavour in Flavour:

            def all_of(flavour: Flavour = flavour, make: Callable[..., dict[str, object]] = make) -> int:
                return _size(decided, make, flavour)

            size = all_of() // len(decided)
            rows.append(
                (
                    f"{name}, {flavour.value}, as JSON",
                    rate(len(decided), repeat, all_of),
                    f"{size:,} bytes each",
                )
            )
    written = [encoded(claim_response(claim, created=created)) for claim, created in decided[:JUDGED]]
    judged = rate(len(written), 1, lambda: [ClaimResponse.model_validate_json(one) for one in written])
    rows.append(("ClaimResponse read by fhir.resources", judged, "the referee"))
    with tempfile.TemporaryDirectory() as folder, open_books(scheme) as books:
        for form in Form:
            start, clock = time.thread_time(), time.monotonic()
            wanted = Wanted(["claim-responses"], form=form)
            done = export_books(books, wanted, Path(folder) / form.value)
            took, clock = time.thread_time() - start, time.monotonic() - clock
            number = sum(done.counts.values())
            rows.append(
                (f"whole export, {form.value}", number / took, f"{number:,} in {clock:.1f} s by the clock")
            )
    return rows


def _size(
    decided: Sequence[tuple[DecidedClaim, str]], make: Callable[..., dict[str, object]], flavour: Flavour
) -> int:
    return sum(len(encoded(make(claim, created=created, flavour=flavour))) for claim, created in decided)


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fhir_out", description=__doc__)
    default = Path(tempfile.gettempdir(), "adjudicator-benchmarks")
    parser.add_argument("--folder", type=Path, default=default, help="of the scheme, used again if there")
    parser.add_argument("--families", type=int, default=20_000)
    parser.add_argument("--claims", type=int, default=10_000, help="that resources are made of")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    rows = measure(made(options.folder, options.families), options.claims, options.repeat)
    print("| what | per CPU-second | |\n|---|---:|---|")
    for what, found, said in rows:
        print(f"| {what} | {found:,.0f} | {said} |")


if __name__ == "__main__":
    main()
