import csv
import datetime as dt
import re
from pathlib import Path
from string import Formatter

import pyarrow as pa
import pyarrow.parquet as pq

from adjudicator.words import entries
from ingest.tables import Tally, claims_from_rows, read_claims, read_registers
from tests.ingest.rows import claim, claims_with_lines, line, write_csv


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "set_aside.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_nothing_set_aside_writes_nothing(tmp_path: Path) -> None:
    reading = claims_from_rows([claim("1")], [], 2)
    assert reading.set_aside.write(tmp_path / "aside") == []
    assert not (tmp_path / "aside").exists()


def test_mended_rows_are_read_again(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, numbers in ((first, range(4)), (second, range(4, 8))):
        folder.mkdir()
        write_csv(folder / "claims.csv", [claim(str(number)) for number in numbers])
        lines = [line(str(number), of) for number in numbers for of in (1, 2)]
        lines[3] |= {"price_asked": "10,50", "code": 'a, "b"\nc'}
        write_csv(folder / "claim_lines.csv", lines)
    reading = read_claims([second, first], 2, None)
    aside = tmp_path / "aside"
    written = reading.set_aside.write(aside)
    assert [path.name for path in written] == ["set_aside.csv", "claim_lines.csv", "claims.csv"]
    assert (aside / "claims.csv").read_text() == (
        "claim,facility,insuree,date_from,date_to,date_claimed,diagnosis,sequence\n"
        "1,H1,I1,2025-06-01,,2025-06-20,A00,\n"
        "5,H1,I1,2025-06-01,,2025-06-20,A00,\n"
    )
    assert listed(aside)[2] == {
        "table": "claim_lines",
        "file": str(first / "claim_lines.csv"),
        "row": "4",
        "field": "claim",
        "value": "1",
        "reason_en": "the row itself is good, but belongs to a claim that cannot be taken whole: "
        f"see {first / 'claim_lines.csv'} row 5",
        "reason_fr": "la ligne elle-même est bonne, mais elle appartient à une prestation qui ne peut être "
        f"prise entière\u00a0: voir la ligne 5 de {first / 'claim_lines.csv'}",
        "remedy_en": "mend that row, and give in all rows of the claim again",
        "remedy_fr": "réparez cette ligne et redonnez toutes les lignes de la prestation",
    }
    mended = aside / "claim_lines.csv"
    mended.write_text(mended.read_text().replace('"10,50"', "10.50"))
    again = read_claims([aside], 2, None)
    assert not again.warnings
    assert not len(again.set_aside)
    assert list(claims_with_lines(again)) == [("H1", "1"), ("H1", "5")]
    assert again.lines["code"].to_pylist().count('a, "b"\nc') == 2
    assert reading.totals.kept + again.totals.kept == Tally(8, 16, 16 * 2100)


def test_rows_of_different_files(tmp_path: Path) -> None:
    (tmp_path / "diagnoses-1.csv").write_bytes(b"\xef\xbb\xbfcode;name\r\nA;caf\xe9\r\nB;b;b\r\nC;c")
    write_csv(tmp_path / "diagnoses-2.csv", [{"name": "x", "code": ""}])
    pq.write_table(
        pa.table(
            {
                "code": ["E", None, "G"],
                "name": pa.array(["a, b", "f", None]).dictionary_encode(),
                "valid_from": pa.array([dt.datetime(2025, 1, 1)] * 2 + [dt.datetime(2025, 1, 1, 12)]),
                "extra": [[1], [2], [3]],
            }
        ),
        tmp_path / "diagnoses-3.parquet",
        row_group_size=2,
    )
    reading = read_registers(tmp_path, 2)
    assert reading.tables["diagnoses"]["code"].to_pylist() == ["C", "E"]
    written = {path.name: path.read_bytes() for path in reading.set_aside.write(tmp_path / "aside")}
    assert written["diagnoses.csv"] == b"code;name\nA;caf\xe9\nB;b;b\n"
    assert written["diagnoses-2.csv"] == b"name,code\nx,\n"
    assert written["diagnoses-3.csv"] == (
        b"code,name,valid_from,extra\n,f,2025-01-01,[2]\nG,,2025-01-01 12:00:00.000000,[3]\n"
    )
    faults = [(row["file"].rsplit("-")[-1], row["row"], row["field"]) for row in listed(tmp_path / "aside")]
    assert faults == [
        ("1.csv", "2", ""),
        ("1.csv", "3", ""),
        ("2.csv", "2", "code"),
        ("3.parquet", "3", "code"),
        ("3.parquet", "4", "name"),
        ("3.parquet", "4", "valid_from"),
    ]


def test_every_reason_says_what_to_do() -> None:
    keys = entries()
    used = set(
        re.findall(r'"ingest\.(\w+)"', "".join(path.read_text() for path in Path("ingest").glob("*.py")))
    )
    assert used
    for name in used:
        assert f"ingest.{name}" in keys
    for key, texts in keys.items():
        if not key.startswith("ingest."):
            continue
        names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts.values()]
        assert names[0] == names[1], key
        if not key.endswith((".remedy", ".rename")) and not key.startswith("ingest.type."):
            assert f"{key}.remedy" in keys
