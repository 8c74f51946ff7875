"""Claims kept beside the scheme are those of the books, whatever the loads that brought them."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adjudicator.books import archive
from adjudicator.books.archive import FOLDER, Archive
from adjudicator.books.books import Books, open_books
from adjudicator.books.claims import Received, load_claims
from tests.books.conftest import NewBooks
from tests.books.states import REGISTERED

LONG_AGO = pa.scalar(dt.date(2000, 1, 1), pa.date32())


def kept(books: Books) -> list[tuple[object, ...]]:
    with books.database.reading() as connection:
        parts = Archive(books).since(connection, LONG_AGO)
    return sorted(claim for part in parts for claim in _claims_of(part))


def _claims_of(part: Received) -> list[tuple[object, ...]]:
    lines = dict.fromkeys(range(len(part.claim_ids)), 0)
    for claim in part.lines["claim_index"].to_pylist():
        lines[claim] += 1
    numbers = part.claims["claim"].to_pylist()
    return list(zip(part.claim_ids.tolist(), numbers, lines.values(), strict=True))


def in_pieces(month: Path, target: Path, pieces: int) -> list[Path]:
    claims, lines = (pq.read_table(month / f"{name}.parquet") for name in ("claims", "claim_lines"))
    folders = []
    for piece in range(pieces):
        folder = target / str(piece)
        folder.mkdir(parents=True)
        some = claims.take(pa.array(range(piece, len(claims), pieces)))
        numbers = set(some["claim"].to_pylist())
        pq.write_table(some, folder / "claims.parquet")
        of_these = pa.array([number in numbers for number in lines["claim"].to_pylist()])
        pq.write_table(lines.filter(of_these), folder / "claim_lines.parquet")
        folders.append(folder)
    return folders


@pytest.mark.parametrize(("worth", "most"), [(1, 256), (10, 256), (1_000, 2), (1_000, 256)])
def test_however_claims_are_bundled_all_are_kept(
    new_books: NewBooks, country: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth: int, most: int
) -> None:
    monkeypatch.setattr(archive, "WORTH_A_FILE", worth)
    monkeypatch.setattr(archive, "MOST_LOADS", most)
    folder = new_books(country, REGISTERED)
    months = sorted((folder / "claims").iterdir())
    with open_books(folder) as books:
        for place, piece in enumerate(in_pieces(months[0], tmp_path, 5), 1):
            load_claims(books, [piece], "tester")
            first = kept(books)
            assert len({claim for claim, _, _ in first}) == len(first)
            # From files where there are any, it is the same again.
            assert kept(books) == first
            assert place < 5 or len(first) == len(pq.read_table(months[0] / "claims.parquet"))
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        assert kept(books) == first


def test_files_of_other_books_are_not_taken(
    new_books: NewBooks, country: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "WORTH_A_FILE", 1)
    folder, other = new_books(country, REGISTERED), new_books(country, REGISTERED)
    month = sorted((folder / "claims").iterdir())[0]
    first, second = in_pieces(month, tmp_path, 2)
    with open_books(folder) as books:
        for piece in (first, second):
            load_claims(books, [piece], "tester")
        kept(books)
    shutil.copytree(folder / FOLDER, other / FOLDER, dirs_exist_ok=True)
    with open_books(other) as books:
        for piece in (second, first):
            load_claims(books, [piece], "tester")
        found = kept(books)
        shutil.rmtree(other / FOLDER, ignore_errors=True)
        assert kept(books) == found
