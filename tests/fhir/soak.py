"""A long life of books, told as FHIR after every step: every sum must hold. ``python -m tests.fhir.soak 7``

Months come in, prices change and claims are decided again, months are closed, reopened and paid, payments
fail. The number is the seed of the world and of what happens to it.
"""

from __future__ import annotations

import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from adjudicator.books.books import Books, make_books, open_books
from adjudicator.books.closing.close import close
from adjudicator.books.closing.payments import PaymentState, all_payments, export
from adjudicator.books.closing.periods import NATIONAL
from adjudicator.books.closing.reopening import reopen
from adjudicator.books.closing.returns import reconcile
from adjudicator.books.fhir.export import CLAIM_RESPONSES, PAYMENTS, Wanted, export_books
from adjudicator.books.readjudication import readjudicate
from adjudicator.books.registers import load_registers
from adjudicator.fhir.folder import Form
from adjudicator.generation import generate
from adjudicator.problems import Refused
from adjudicator.remuneration.months import read_month
from tests.books.states import BY, decide, load, months, receive
from tests.fhir.reading import amounts, left_over, lines_of

LOCATIONS = (NATIONAL, "R2D1", "R4")
"""Where the products of a generated country are sold."""


def live(folder: Path, seed: int, families: int = 400, count: int = 4) -> None:
    """Live through some months.

    Args:
        folder: of the scheme; made here.
        seed: of everything.
        families: in the country.
        count: of months.
    """
    random = Random(seed)
    generate(folder, families, count, seed)
    make_books(folder, BY)
    load(folder)
    for place, claims in enumerate(months(folder)):
        month = read_month(claims.name)
        receive(folder, place)
        decide(folder)
        with open_books(folder) as books:
            if place:
                reprice(books, random)
                readjudicate(books, BY, ["all"], "new prices")
            check(books, f"{claims.name} decided")
            for location in LOCATIONS:
                close(books, BY, month, location, confirm=True)
            check(books, f"{claims.name} closed")
            if random.random() < 0.5:
                reopen(books, BY, month, NATIONAL, "seen too late")
                check(books, f"{claims.name} reopened")
                close(books, BY, month, NATIONAL, confirm=True)
            pay(books, random)
            check(books, f"{claims.name} paid")


def reprice(books: Books, random: Random) -> None:
    """Load provisions at other prices."""
    register = pq.read_table(books.folder / "registers" / "provisions.parquet")
    share = Decimal(random.choice([50, 75, 100])) / 100
    rows = register.to_pylist()
    for row in rows:
        row["price"] = (row["price"] * share).quantize(Decimal("0.01"))
    with tempfile.TemporaryDirectory() as changed:
        table = pa.Table.from_pylist(rows, schema=register.schema)
        pq.write_table(table, Path(changed) / "provisions.parquet")
        load_registers(books, Path(changed), BY)


def pay(books: Books, random: Random) -> None:
    """Hand over what is due; some of it fails."""
    try:
        export(books, BY)
    except Refused:
        return
    with books.database.reading() as connection:
        waiting = [one for one in all_payments(connection) if one.state is PaymentState.EXPORTED]
    rows = [f"{one.payment},{random.choice(['paid', 'paid', 'failed'])}\n" for one in waiting]
    returned = books.folder / "returned.csv"
    returned.write_text("payment,status\n" + "".join(rows), "utf-8")
    reconcile(books, BY, returned)


def check(books: Books, when: str) -> None:
    """Export everything, and add everything up."""
    out = books.folder.parent / "out"
    export_books(books, Wanted([CLAIM_RESPONSES, PAYMENTS], form=Form.NDJSON), out, replacing=True)
    responses = lines_of(out / "ClaimResponse.ndjson")
    for response in responses:
        for item in response.get("item", []):
            account = amounts(item["adjudication"])
            account.pop("price-paid", None)
            assert response["outcome"] == "queued" or left_over(account) == 0, response
        if "payment" in response:
            payment, benefit = response["payment"], amounts(response["total"])["benefit"]
            corrected = payment.get("adjustment", {"value": 0})["value"]
            assert payment["amount"]["value"] == benefit + corrected, response
    states: dict[str, Decimal] = {}
    written = out / "PaymentReconciliation.ndjson"
    for made in lines_of(written) if written.exists() else []:
        amount = made["paymentAmount"]["value"]
        assert sum(detail["amount"]["value"] for detail in made["detail"]) == amount, made
        states[made["outcome"]] = states.get(made["outcome"], Decimal(0)) + amount
    print(f"{when}: {len(responses)} claims", *(f"{state} {amount:,}" for state, amount in states.items()))


def main() -> None:
    """Live once for each seed that is named."""
    for seed in map(int, sys.argv[1:] or ["1"]):
        print(f"seed {seed}")
        with tempfile.TemporaryDirectory() as folder:
            live(Path(folder) / "scheme", seed)


if __name__ == "__main__":
    main()
