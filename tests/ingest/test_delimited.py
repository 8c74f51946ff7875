import csv
import gzip
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.problems import Refused
from adjudicator.words import say
from ingest import delimited
from ingest.delimited import open_delimited

HEADER = ["a", "b", "c"]


def cells_of(path: Path) -> tuple[dict[int, list[str]], dict[int, str]]:
    """Read a file: the cells of each good row, and the reason of each broken one, by row."""
    source = open_delimited(path)
    good: dict[int, list[str]] = {}
    broken: dict[int, str] = {}
    first = 2
    for piece in source.pieces(HEADER, ["a"]):
        raw = piece()
        numbers = list(range(raw.records)) if raw.numbers is None else raw.numbers.tolist()
        rows = list(zip(*(raw.columns[name].to_pylist() for name in HEADER), strict=True))
        for number, row in list(zip(numbers, rows, strict=True))[: len(rows) - len(raw.broken)]:
            good[first + number] = list(row)
        for wrong in raw.broken:
            broken[first + wrong.record] = wrong.reason.key
        first += raw.records
    return good, broken


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


cells = st.text(st.sampled_from('ab ,;"\n\ré'), max_size=6)
rows_of_cells = st.lists(st.lists(cells, min_size=3, max_size=3), max_size=12)


@given(
    rows_of_cells,
    st.sampled_from([{"delimiter": ","}, {"delimiter": ";", "lineterminator": "\r\n"}]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
    st.sampled_from([7, 64, 1 << 22]),
)
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    style: dict[str, str],
    encoding: str,
    block: int,
) -> None:
    # The csv module leaves a lone return unquoted, which ends a line here as it does in any editor.
    returns = any("\r" in cell for row in rows for cell in row)
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
    csv.writer(text, quoting=quoting, **style).writerows([HEADER, *rows])  # type: ignore[arg-type]
    path = written(tmp_path_factory.mktemp("csv") / "t.csv", text.getvalue().encode(encoding))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(delimited, "BLOCK", block)
        good, broken = cells_of(path)
    assert not broken
    assert good == dict(enumerate(rows, 2))


@given(st.text(st.sampled_from('ab,"\n'), max_size=60), st.sampled_from([5, 17, 1 << 22]))
def test_any_text_is_cut_the_same_way_in_any_blocks(
    tmp_path_factory: pytest.TempPathFactory, text: str, block: int
) -> None:
    path = written(tmp_path_factory.mktemp("csv") / "t.csv", b"a,b,c\n" + text.encode())
    whole = cells_of(path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(delimited, "BLOCK", block)
        assert cells_of(path) == whole


def test_broken_rows_are_told_apart_with_their_row(tmp_path: Path) -> None:
    path = written(
        tmp_path / "t.csv",
        b'a,b,c\r\n1,2,3\r\n1,2\r\n"x\r\ny",2,3\r\n\r\ncaf\xe9,2,3\r\n1,2,3,4\r\n9,"8,7\r\n5,6,7\r\n',
    )
    good, broken = cells_of(path)
    assert good == {2: ["1", "2", "3"], 4: ["x\r\ny", "2", "3"], 5: ["", "", ""], 9: ["5", "6", "7"]}
    assert broken == {
        3: "ingest.ragged",
        6: "ingest.not_utf8_row",
        7: "ingest.ragged",
        8: "ingest.open_quote",
    }


def test_a_quote_that_is_open_for_too_long_costs_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "LONGEST", 50)
    rows = [f"{number},b,c" for number in range(40)]
    rows[3] = '3,"b,c'
    rows[30] = '30,"b",c'
    path = written(tmp_path / "t.csv", "\n".join(["a,b,c", *rows]).encode())
    good, broken = cells_of(path)
    assert broken == {5: "ingest.open_quote"}
    assert len(good) == 39
    assert good[32] == ["30", "b", "c"]


def test_the_key_of_a_broken_row_is_guessed(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", b"a,b,c\nK1,caf\xe9,3\nK2,2\nK\xe9,2,3\n")
    raw = next(iter(open_delimited(path).pieces(HEADER, ["a"])))()
    assert raw.columns["a"].to_pylist() == ["K1", "K2", ""]
    assert raw.columns["c"].to_pylist() == ["", "", ""]


def test_garbage_is_a_broken_row(tmp_path: Path) -> None:
    rubbish = b"\xff\x00,\r" + b"x" * 300_000 + b'"\x01'
    path = written(tmp_path / "t.csv", b"a,b,c\n1,2,3\n" + rubbish + b"\n4,5,6\n")
    good, broken = cells_of(path)
    assert list(good.values()) == [["1", "2", "3"], ["4", "5", "6"]]
    assert list(broken.values()) == ["ingest.not_utf8_row", "ingest.ragged"]


def test_packed_files_and_old_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a;b;c\r1;2,5;3\r"))
    assert cells_of(path) == ({2: ["1", "2,5", "3"]}, {})


@pytest.mark.parametrize(
    ("content", "english", "french"),
    [
        (
            b"",
            "the file is empty: it has not even a header",
            "le fichier est vide\u00a0: il n’a même pas d’en-tête",
        ),
        (b"\xef\xbb\xbf\n", "the file is empty: it has not even a header", None),
        ("a,é\n".encode("latin-1"), "the header is not UTF-8 text", "l’en-tête n’est pas du texte UTF-8"),
        ("a,b\n".encode("utf-16"), "the header is not UTF-8 text", None),
    ],
)
def test_files_that_are_refused(tmp_path: Path, content: bytes, english: str, french: str | None) -> None:
    with pytest.raises(Refused) as refused:
        open_delimited(written(tmp_path / "t.csv", content))
    (problem,) = refused.value.problems
    assert say(problem.what) == english
    if french:
        assert say(problem.what, "fr") == french
    assert problem.place.file == tmp_path / "t.csv"


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b,c\n" + b"1,2,3\n" * 100_000)
    path = written(tmp_path / "t.csv.gz", whole[:-40])
    with pytest.raises(Refused, match="cannot be read"):
        cells_of(path)
    with pytest.raises(Refused, match="cannot be read"):
        open_delimited(written(tmp_path / "u.csv.gz", b"not an archive"))


def test_the_parser_and_the_cutter_agree_on_odd_quotes() -> None:
    for text in ('a,"b"x,c', 'a,b"c,d', 'a,"b""c",d', '"a"b"c",d,e', 'a, "b",c'):
        table = pa.csv.read_csv(
            pa.BufferReader(f"{text}\n{text}\n".encode()),
            read_options=pa.csv.ReadOptions(column_names=HEADER),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        )
        data = f"{text}\n{text}\n".encode()
        starts = delimited.row_starts(delimited.Block(data, None, None), ",")  # type: ignore[arg-type]
        assert table.num_rows == len(starts) == 2
