"""Loading claims: each is received once, whatever file, format or order it comes in."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlalchemy as sa

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import open_books
from adjudicator.books.claims import ClaimsLoad, claim_digests, load_claims, received
from adjudicator.books.registers import load_registers
from adjudicator.books.set_aside import write_kept
from adjudicator.files import write_table
from adjudicator.problems import Refused
from adjudicator.store.schema import CLAIMS, UNDECIDED
from adjudicator.tables import CLAIM_LINES as LINES_SHAPE
from adjudicator.tables import CLAIMS as CLAIMS_SHAPE
from tests.books.conftest import NewBooks
from tests.books.dump import dump
from tests.books.states import BY, MADE, RECEIVED, REGISTERED, Shelf, months
from tests.databases import ENGINES, engine_of

CLAIM_NAMES = [column.name for column in CLAIMS_SHAPE.columns]
LINE_NAMES = [column.name for column in LINES_SHAPE.columns]
Rows = list[dict[str, Any]]


def load(folder: Path, *sources: Path) -> ClaimsLoad:
    with open_books(folder) as books:
        return load_claims(books, sources, BY)


def rows_of(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def village_books(new_books: NewBooks, village: Path) -> Path:
    return new_books(village, REGISTERED)


@pytest.fixture
def village_received(new_books: NewBooks, village: Path) -> Path:
    return new_books(village, RECEIVED)


def test_claims_come_in_and_wait(village_books: Path) -> None:
    month = months(village_books)[0]
    loaded = load(village_books, month)
    assert loaded.load == 2
    assert loaded.present == 0
    kept = loaded.reading
    assert (loaded.added, loaded.lines) == (len(kept.claims), len(kept.lines))
    found = dump(village_books)
    assert len(found["claims"]) == len(found["undecided"]) == loaded.added
    assert len(found["claim_lines"]) == loaded.lines
    assert loaded.added + loaded.reading.totals.set_aside.claims == len(rows_of(month / "claims.csv"))


def test_what_was_received_is_what_was_read(village_received: Path) -> None:
    with open_books(village_received) as books:
        with books.database.reading() as connection:
            held = received(connection, sa.select(CLAIMS.c.claim_id))
        month = load_reading(village_received)
    assert len(held.claim_ids) == len(month.reading.claims)
    recomputed = claim_digests(held.claims, held.lines)
    assert np.array_equal(recomputed, held.digests)
    assert claims_by_key(held.claims) == claims_by_key(month.reading.claims)


def load_reading(folder: Path) -> ClaimsLoad:
    return load(folder, months(folder)[0])


def claims_by_key(claims: pa.Table) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(row["facility"], row["claim"]): row for row in claims.select(CLAIM_NAMES).to_pylist()}


def test_the_same_files_again_change_nothing(village_received: Path) -> None:
    before = dump(village_received)
    again = load(village_received, months(village_received)[0])
    assert again.load is None
    assert again.added == 0
    assert again.present == len(before["claims"])
    assert dump(village_received) == before


def test_decided_claims_again_change_nothing(village_received: Path) -> None:
    with open_books(village_received) as books:
        adjudicate_books(books, BY)
    before = dump(village_received)
    assert load(village_received, months(village_received)[0]).load is None
    assert dump(village_received) == before
    assert before["undecided"] == []


def test_the_same_claims_in_other_files_change_nothing(village_received: Path, tmp_path: Path) -> None:
    """Another order, another format, in two folders, with the second month's claims beside them."""
    before = dump(village_received)
    reading = load_reading(village_received).reading
    random = np.random.default_rng(1)
    for number, half in enumerate((0, 1)):
        folder = tmp_path / f"half-{number}"
        folder.mkdir()
        rows = random.permutation(np.flatnonzero(np.arange(len(reading.claims)) % 2 == half))
        claims = reading.claims.take(pa.array(rows))
        of_line = reading.lines["claim_index"].to_numpy()
        lines = reading.lines.filter(pa.array(np.isin(of_line, rows)))
        lines = lines.take(pa.array(random.permutation(len(lines))))
        keys = {name: pc.take(reading.claims[name], lines["claim_index"]) for name in ("claim", "facility")}
        columns = {name: keys[name] if name in keys else lines[name] for name in LINE_NAMES}
        write_table(folder / "claims.parquet", claims.select(CLAIM_NAMES), CLAIMS_SHAPE, 2)
        write_table(folder / "claim_lines.parquet", pa.table(columns), LINES_SHAPE, 2)
    again = load(village_received, tmp_path / "half-0", tmp_path / "half-1")
    assert again.load is None
    assert again.present == len(before["claims"])
    assert dump(village_received) == before


def test_a_claim_of_the_same_number_and_another_content_is_set_aside(
    village_received: Path, tmp_path: Path
) -> None:
    before = dump(village_received)
    month = months(village_received)[0]
    lines = rows_of(month / "claim_lines.csv")
    key = (lines[0]["facility"], lines[0]["claim"])
    lines[0]["price_asked"] = "99.99"
    write(month / "claim_lines.csv", lines)
    again = load(village_received, month)
    assert again.added == 0
    assert again.load == 3
    assert again.present == len(before["claims"]) - 1
    told = dump(village_received)["set_aside"]
    assert any("another content" in str(row) for row in told)
    # What is in the books is as it was, and a third time is no news.
    after = dump(village_received)
    for table in ("claims", "claim_lines", "undecided"):
        assert after[table] == before[table], table
    assert load(village_received, month).load is None
    assert dump(village_received) == after
    with open_books(village_received) as books:
        written = write_kept(books.database, 3, tmp_path / "aside")
    files = {path.name: path.read_text("utf-8") for path in written}
    assert any(key[1] in text and "99.99" in text for text in files.values())


def test_a_line_more_or_less_is_another_content(village_received: Path) -> None:
    month = months(village_received)[0]
    lines = rows_of(month / "claim_lines.csv")
    write(month / "claim_lines.csv", lines[1:])
    present = len(dump(village_received)["claims"])
    assert load(village_received, month).present == present - 1


def test_new_claims_beside_known_ones_are_added(village_received: Path) -> None:
    first, second = months(village_received)
    known = len(dump(village_received)["claims"])
    loaded = load(village_received, first, second)
    assert loaded.present == known
    assert loaded.added > 0
    numbers = [row[0] for row in dump(village_received)["claims"]]
    assert sorted(numbers) == list(range(1, known + loaded.added + 1))


def test_claims_are_numbered_by_what_they_are(new_books: NewBooks, village: Path) -> None:
    """The order of the rows in a file, or of the files, decides nothing."""
    straight, reversed_ = new_books(village, REGISTERED), new_books(village, REGISTERED)
    for month in months(reversed_):
        for name in ("claims.csv", "claim_lines.csv"):
            write(month / name, rows_of(month / name)[::-1])
    load(straight, *months(straight))
    load(reversed_, *months(reversed_)[::-1])
    left, right = dump(straight), dump(reversed_)
    for table in ("claims", "claim_lines", "undecided"):
        assert left[table] == right[table], table


def test_claims_set_aside_come_in_once_their_facility_is_registered(
    new_books: NewBooks, village: Path
) -> None:
    folder = new_books(village, MADE)
    path = folder / "registers" / "facilities.csv"
    facilities = rows_of(path)
    write(path, facilities[1:])
    with open_books(folder) as books:
        load_registers(books, folder / "registers", BY)
    month = months(folder)[0]
    first = load(folder, month)
    missing = facilities[0]["code"]
    homeless = [row for row in rows_of(month / "claims.csv") if row["facility"] == missing]
    assert homeless
    assert first.reading.totals.set_aside.claims >= len(homeless)
    assert not any(missing in map(str, row) for row in dump(folder)["claims"])
    write(path, facilities)
    with open_books(folder) as books:
        load_registers(books, folder / "registers", BY)
    again = load(folder, month)
    assert again.added == len(homeless)
    assert again.present == first.added
    assert load(folder, month).load is None


def test_rows_that_cannot_be_read_are_kept_and_can_be_mended(village_books: Path, tmp_path: Path) -> None:
    month = months(village_books)[0]
    lines = rows_of(month / "claim_lines.csv")
    wrong = [lines[0] | {"quantity": "many"}, *lines[1:]]
    write(month / "claim_lines.csv", wrong)
    first = load(village_books, month)
    with open_books(village_books) as books:
        written = write_kept(books.database, first.load or 0, tmp_path / "aside")
    assert any("many" in path.read_text("utf-8") for path in written)
    for path in written:
        if path.suffix == ".csv":
            path.write_text(path.read_text("utf-8").replace("many", lines[0]["quantity"]), "utf-8")
    mended = load(village_books, tmp_path / "aside")
    assert mended.added == 1
    write(month / "claim_lines.csv", lines)
    assert load(village_books, month).load is None


def test_claims_before_registers_are_refused(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, MADE)
    before = dump(folder)
    with pytest.raises(Refused) as refused:
        load(folder, months(folder)[0])
    assert [problem.what.key for problem in refused.value.problems] == ["books.no_state"]
    assert dump(folder) == before


def test_a_source_that_is_not_there_is_refused(village_books: Path) -> None:
    before = dump(village_books)
    with pytest.raises(Refused):
        load(village_books, village_books / "nowhere")
    assert dump(village_books) == before


def test_both_engines_hold_the_same(village: Path, shelf: Shelf, tmp_path: Path) -> None:
    dumps = [dump(shelf.books(engine_of(name), village, RECEIVED, tmp_path / name)) for name in ENGINES]
    assert dumps[0] == dumps[1]
    assert len(dumps[0][UNDECIDED.name]) > 0
