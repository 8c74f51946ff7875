import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.problems import Refused
from adjudicator.words import message
from ingest import columnar, delimited
from ingest.tables import ClaimsReading, Tally, claims_from_rows, read_claims, registers_from_rows
from tests.ingest.rows import Row, claim, claims_with_lines, facility, line, plain, told, write_csv


def facilities(*rows: Row) -> pa.Table:
    return registers_from_rows({"facilities": list(rows)}, 2).tables["facilities"]


def test_claims_and_lines_are_joined() -> None:
    lines = [line("1", 2), line("2", 1, facility="", quantity="1.5"), line("1", 1, kind="service")]
    reading = claims_from_rows([claim("1"), claim("2"), claim("3")], lines, 2)
    assert reading.lines.to_pylist()[1] == {
        "claim_index": 1,
        "line": 1,
        "kind": 0,
        "code": "D1",
        "quantity": 150,
        "price_asked": 1050,
        "quantity_approved": None,
        "price_approved": None,
        "review": None,
        "explanation": None,
    }
    assert reading.lines["claim_index"].to_pylist() == [0, 1, 0]
    assert reading.lines.schema.field("claim_index").type == pa.int32()
    assert reading.lines.schema.field("code").type == pa.dictionary(pa.int32(), pa.string())
    assert len(reading.claims) == 3
    assert reading.totals.kept == reading.totals.received == Tally(3, 3, 2 * 2100 + 1575)


def test_a_claim_is_taken_whole_or_not_at_all() -> None:
    claims = [
        claim("1"),
        claim("2", date_claimed="20/06/2025"),
        claim("3"),
        claim("4"),
        claim("", insuree=""),
    ]
    lines = [
        line("1", 1),
        line("1", 2, price_asked="ten"),
        line("2", 1),
        line("3", 1, quantity="-1"),
        line("3", 2, quantity="1.005"),
        line("4", 1),
        line("5", 1),
    ]
    reading = claims_from_rows(claims, lines, 2)
    assert list(claims_with_lines(reading)) == [("H1", "4")]
    assert told(reading.set_aside) == [
        "claims row 2 [claim]: the row itself is good, but belongs to a claim that cannot be taken whole: "
        "see claim_lines row 3 → mend that row, and give in all rows of the claim again",
        "claims row 3 [date_claimed]: this is not a date → write year, month and day: 2025-01-31",
        "claims row 4 [claim]: the row itself is good, but belongs to a claim that cannot be taken whole: "
        "see claim_lines row 5 → mend that row, and give in all rows of the claim again",
        "claims row 6 [claim]: there is no value → give a value",
        "claims row 6 [insuree]: there is no value → give a value",
        "claim_lines row 2 [claim]: the row itself is good, but belongs to a claim that cannot be taken "
        "whole: see claim_lines row 3 → mend that row, and give in all rows of the claim again",
        "claim_lines row 3 [price_asked]: this is not a number "
        "→ write digits and at most one decimal point: 1250.50",
        "claim_lines row 4 [claim]: the row itself is good, but belongs to a claim that cannot be taken "
        "whole: see claims row 3 → mend that row, and give in all rows of the claim again",
        "claim_lines row 5 [quantity]: the number is negative → write a number that is not below zero",
        "claim_lines row 6 [quantity]: the number has more than 2 decimals "
        "→ decide at the source how it is rounded; nothing is rounded here",
        "claim_lines row 8 [claim]: there is no such claim "
        "→ add the claim to claims, or correct its number or facility here",
    ]
    assert told(reading.set_aside, "fr")[5] == (
        "claim_lines ligne 2 [claim]: la ligne elle-même est bonne, mais elle appartient à une prestation "
        "qui ne peut être prise entière\u00a0: voir la ligne 3 de claim_lines "
        "→ réparez cette ligne et redonnez toutes les lignes de la prestation"
    )
    assert reading.totals.received == Tally(5, 7, 4 * 2100, unread=3)
    assert reading.totals.kept == Tally(1, 1, 2100)
    assert reading.totals.set_aside == Tally(4, 6, 3 * 2100, unread=3)
    assert all(counts.add_up for counts in reading.counts.values())


def test_a_number_used_twice_sets_all_its_claims_aside() -> None:
    claims = [claim("1"), claim("1"), claim("1", facility="H2"), claim("2"), claim("2", insuree="I2")]
    lines = [line("1", 1), line("1", 1, facility="H2"), line("2", 1)]
    reading = claims_from_rows(claims, lines, 2)
    assert list(claims_with_lines(reading)) == [("H2", "1")]
    repeated = [one for one in told(reading.set_aside) if "several claims" in one]
    assert repeated[1:3] == [
        "claims row 3 [claim]: the facility has given this claim number to several claims: "
        "claims:2, claims:3 → keep one of them, or give each its own number",
        "claims row 5 [claim]: the facility has given this claim number to several claims: "
        "claims:5, claims:6 → keep one of them, or give each its own number",
    ]
    assert len(repeated) == 4


def test_lines_that_do_not_say_whose_they_are() -> None:
    claims = [claim("1"), claim("1", facility="H2"), claim("2"), claim("3", facility="H2")]
    lines = [
        line("1", 1, facility=None),
        line("1", 2, facility="H2"),
        line("2", 1, facility=None),
        line("3", 1, facility="H1"),
    ]
    reading = claims_from_rows(claims, lines, 2)
    assert list(claims_with_lines(reading)) == [("H1", "2"), ("H2", "3")]
    keys = {(fault.table, fault.row): fault.reason.key for fault in reading.set_aside}
    assert keys == {
        ("claims", 2): "ingest.ambiguous_number",
        ("claims", 3): "ingest.ambiguous_number",
        ("claim_lines", 2): "ingest.ambiguous_claim",
        ("claim_lines", 3): "ingest.with_its_claim",
        ("claim_lines", 5): "ingest.line_without_claim",
    }


def test_line_numbers_are_a_claims_own() -> None:
    lines = [line("1", 2), line("2", 1), line("1", 1), line("1", 2), line("2", 0), line("2", 10**18)]
    reading = claims_from_rows([claim("1"), claim("2")], lines, 2)
    assert list(claims_with_lines(reading)) == [("H1", "2")]
    assert told(reading.set_aside)[1] == (
        "claim_lines row 2 [line]: the claim has several lines of this number "
        "→ give each line of the claim its own number"
    )
    assert [(fault.row, fault.reason.key) for fault in reading.set_aside][1:] == [
        (2, "ingest.line_repeated"),
        (4, "ingest.with_its_claim"),
        (5, "ingest.line_repeated"),
    ]


def test_an_amount_that_cannot_be_counted() -> None:
    lines = [line("1", 1, quantity=10**7, price_asked=10**7), line("2", 1, quantity=10**6, price_asked=10**6)]
    reading = claims_from_rows([claim("1"), claim("2")], lines, 2)
    assert list(claims_with_lines(reading)) == [("H1", "2")]
    assert reading.totals.received == Tally(2, 2, 10**14, unread=1)
    assert told(reading.set_aside)[-1] == (
        "claim_lines row 2: quantity × price is larger than 9,223,372,036,854.77 "
        "→ check the quantity and the price at their source"
    )


def test_a_facility_must_be_valid_on_the_target_date() -> None:
    register = facilities(
        facility("H1", valid_to="2025-06-15"),
        facility("H1", valid_from="2025-06-18"),
        facility("H2"),
    )
    claims = [
        claim("1"),
        claim("2", date_to="2025-06-15"),
        claim("3", date_to="2025-06-16"),
        claim("4", date_to="2025-06-18"),
        claim("5", date_from=""),
        claim("6", facility="H9"),
        claim("7", facility="H9", date_from=""),
        claim("8", date_to="2025-06-31"),
    ]
    reading = claims_from_rows(claims, [line("6", 1, facility="H9")], 2, register)
    assert [number for _, number in claims_with_lines(reading)] == ["1", "2", "4", "5"]
    assert told(reading.set_aside) == [
        "claims row 4 [facility]: the facility is not valid on 2025-06-16, the claim’s target date "
        "→ correct the dates of the claim, or the facility’s valid_from and valid_to",
        "claims row 7 [facility]: the register of facilities does not have this one "
        "→ add it to facilities, or correct it here",
        "claims row 8 [facility]: the register of facilities does not have this one "
        "→ add it to facilities, or correct it here",
        "claims row 9 [date_to]: the calendar has no such day → write year, month and day: 2025-01-31",
        "claim_lines row 2 [claim]: the row itself is good, but belongs to a claim that cannot be taken "
        "whole: see claims row 7 → mend that row, and give in all rows of the claim again",
    ]


def test_sequence_is_for_all_claims_or_for_none() -> None:
    whole = claims_from_rows([claim("1", sequence=2), claim("2", sequence=1)], [], 2)
    assert whole.claims["sequence"].to_pylist() == [2, 1]
    assert not whole.warnings
    part = claims_from_rows([claim("1", sequence=2), claim("2"), claim("3")], [], 2)
    assert part.claims["sequence"].to_pylist() == [None] * 3
    assert [problem.told() for problem in part.warnings] == [
        "claims [sequence]: warning: 1 of 3 claims has a sequence number; sequence is ignored for all "
        "→ give every claim a sequence number, or none"
    ]


def test_more_claims_can_be_set_aside_later() -> None:
    claims = [claim("1", insuree=""), claim("2"), claim("3"), claim("4")]
    lines = [line(number, of) for of in (1, 2) for number in ("4", "3", "2", "1")]
    first = claims_from_rows(claims, lines, 2)
    reading = first.without(np.array([2, 0]), message("run.already_accepted"))
    assert list(claims_with_lines(reading)) == [("H1", "3")]
    assert reading.lines["claim_index"].to_pylist() == [0, 0]
    assert reading.totals.set_aside == Tally(3, 6, 6 * 2100)
    faults = {(fault.table, fault.row): fault.reason.key for fault in reading.set_aside}
    assert faults[("claims", 3)] == faults[("claims", 5)] == "run.already_accepted"
    assert faults[("claim_lines", 2)] == faults[("claim_lines", 8)] == "ingest.with_its_claim"
    assert len(faults) == 9
    again = reading.without(np.array([0]), message("run.already_accepted"))
    assert again.totals.kept == Tally()
    assert first.totals.kept == Tally(3, 6, 6 * 2100)


def test_both_tables_must_be_there(tmp_path: Path) -> None:
    write_csv(tmp_path / "claims.csv", [{"claim": "1"}])
    with pytest.raises(Refused) as refused:
        read_claims([tmp_path], 2, None)
    lines = [problem.told().replace(f"{tmp_path}", "X") for problem in refused.value.problems]
    assert lines[0] == (
        "X/claims.csv [facility]: the table claims needs this column → add it; the columns that must be "
        "there are claim, facility, insuree, date_from, date_claimed, diagnosis"
    )
    assert lines[-1] == "X: there is no table claim_lines → add claim_lines.csv or claim_lines.parquet"


def test_rows_without_anything_are_no_rows(tmp_path: Path) -> None:
    write_csv(tmp_path / "claims.csv", [claim("1"), dict.fromkeys(claim(""), " "), claim("2")])
    write_csv(tmp_path / "claim_lines.csv", [line("1", 1), dict.fromkeys(line("", 1), ""), line("2", 1)])
    with (tmp_path / "claim_lines.csv").open("a") as file:
        file.write("\n\n2,too short\n\n")
    reading = read_claims([tmp_path], 2, None)
    assert list(claims_with_lines(reading)) == [("H1", "1")]
    assert reading.totals.received == Tally(2, 3, 2 * 2100, unread=1)
    assert [(fault.table, fault.row) for fault in reading.set_aside] == [
        ("claims", 4),
        ("claim_lines", 4),
        ("claim_lines", 7),
    ]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_without_rows(tmp_path: Path, suffix: str) -> None:
    for table, row in (("claims", claim("1")), ("claim_lines", line("1", 1))):
        if suffix == ".csv":
            write_csv(tmp_path / f"{table}.csv", [], list(row))
        else:
            pq.write_table(pa.table({name: pa.nulls(0) for name in row}), tmp_path / f"{table}.parquet")
    reading = read_claims([tmp_path], 2, REGISTER)
    assert reading.totals.received == Tally()
    assert reading.claims.schema.field("date_from").type == pa.date32()
    assert reading.lines.column_names[:2] == ["claim_index", "line"]


def test_a_file_that_is_damaged_on_the_way_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path / "claim_lines.csv", [line("1", 1)])
    held = {name: pa.array([value] * 5_000) for name, value in claim("1").items()}
    held["claim"] = pa.array([str(number) for number in range(5_000)])
    path = tmp_path / "claims.parquet"
    pq.write_table(pa.table(held), path, row_group_size=1_000, compression="gzip", use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[2_000:2_400] = b"?" * 400
    path.write_bytes(data)
    with pytest.raises(Refused, match=r"claims.parquet: the file cannot be read"):
        read_claims([tmp_path], 2, None)
    monkeypatch.setattr(columnar, "LARGEST_GROUP", 100)
    with pytest.raises(Refused, match=r"claims.parquet: the file cannot be read"):
        read_claims([tmp_path], 2, None)


def test_large_row_groups_are_read_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for table, rows in (("claims", GOOD_CLAIMS), ("claim_lines", GOOD_LINES)):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{table}.parquet")
    whole = read_claims([tmp_path], 2, None)
    monkeypatch.setattr(columnar, "LARGEST_GROUP", 4)
    monkeypatch.setattr(columnar, "BATCH", 3)
    cut = read_claims([tmp_path], 2, None)
    assert cut.claims.equals(whole.claims)
    assert plain(cut.lines).equals(plain(whole.lines))


def test_a_broken_row_takes_its_claim_with_it(tmp_path: Path) -> None:
    write_csv(tmp_path / "claims.csv", [claim(number) for number in ("1", "2", "3")])
    write_csv(tmp_path / "claim_lines.csv", [line(number, of) for number in ("1", "2", "3") for of in (1, 2)])
    path = tmp_path / "claim_lines.csv"
    rows = path.read_bytes().split(b"\n")
    rows[1] += b",and more"
    rows[3] = rows[3].replace(b"D1", b"D\xe9")
    path.write_bytes(b"\n".join(rows))
    reading = read_claims([tmp_path], 2, None)
    assert list(claims_with_lines(reading)) == [("H1", "3")]
    assert reading.totals.received == Tally(3, 6, 4 * 2100, unread=2)
    assert [one for one in told(reading.set_aside) if "belongs" not in one] == [
        "claim_lines.csv row 2: the row has 8 cells, the header 7 "
        "→ give the row as many cells as the header; put quotes around a cell that holds the separator",
        "claim_lines.csv row 4: the row is not UTF-8 text → save the file as “CSV UTF-8”",
    ]


# Properties.

REGISTER = facilities(facility("H1", valid_from="2025-01-01"), facility("H2", valid_to="2025-06-10"))
NUMBERS = st.sampled_from(["1", "2", "é3", "004"])
HOMES = st.sampled_from(["H1", "H1", "H2", "H9"])
CLAIMS = st.lists(
    st.builds(
        claim,
        NUMBERS,
        facility=HOMES,
        date_to=st.sampled_from(["", "2025-06-05", "2025-06-15", "2025-06-31"]),
        insuree=st.sampled_from(["I1", "I1", "I1", ""]),
        sequence=st.sampled_from(["", "1"]),
    ),
    max_size=7,
)
LINES = st.lists(
    st.builds(
        line,
        NUMBERS,
        st.integers(0, 3),
        facility=HOMES | st.just(""),
        quantity=st.sampled_from(["1", "1", "1.5", "0", "x"]),
        price_asked=st.sampled_from(["10", "0.33", "2.50", "1,5", "99999999999999"]),
    ),
    max_size=14,
)


def summed(rows: list[Row]) -> int:
    """Add up what lines claim, as far as it can be read, in the simplest way."""
    total = 0
    for row in rows:
        if row["quantity"] != "x" and row["price_asked"] in {"10", "0.33", "2.50"}:
            product = Decimal(row["quantity"]) * Decimal(row["price_asked"])
            total += int(product.quantize(Decimal("0.01"), ROUND_HALF_UP).scaleb(2))
    return total


def check(reading: ClaimsReading, claims: list[Row], lines: list[Row]) -> None:
    """Check what must hold of any reading of these rows."""
    reading.totals.check()
    received, kept = reading.totals.received, reading.totals.kept
    assert (received.claims, received.lines, received.claimed) == (len(claims), len(lines), summed(lines))
    assert (kept.claims, kept.lines) == (len(reading.claims), len(reading.lines))
    aside = {(fault.table, fault.file, fault.row) for fault in reading.set_aside}
    assert len(aside) == reading.totals.set_aside.claims + reading.totals.set_aside.lines
    for (home, number), one in claims_with_lines(reading).items():
        own = [row for row in claims if (row["facility"], row["claim"]) == (home, number)]
        of_it = [row for row in lines if row["claim"] == number and row["facility"] in {home, ""}]
        assert len(own) == 1
        assert [row["line"] for row in one["lines"]] == sorted(int(row["line"]) for row in of_it)


@given(CLAIMS, LINES)
def test_nothing_is_lost_and_nothing_is_split(claims: list[Row], lines: list[Row]) -> None:
    check(claims_from_rows(claims, lines, 2, REGISTER), claims, lines)


@given(CLAIMS, LINES, st.randoms(use_true_random=False), st.sampled_from([".csv", ".parquet"]))
def test_neither_order_nor_files_nor_their_kind_matter(
    tmp_path_factory: pytest.TempPathFactory,
    claims: list[Row],
    lines: list[Row],
    rng: random.Random,
    suffix: str,
) -> None:
    whole = claims_from_rows(claims, lines, 2, REGISTER)
    folders = [tmp_path_factory.mktemp("claims") for _ in range(2)]
    for table, rows in (("claims", claims), ("claim_lines", lines)):
        shuffled = rng.sample(rows, len(rows))
        columns = list((claim("") if table == "claims" else line("", 1)).keys())
        for number, folder in enumerate(folders):
            rng.shuffle(columns)
            path = folder / f"{table}-{number}{suffix}"
            if suffix == ".csv":
                write_csv(path, shuffled[number::2], columns)
            else:
                held = {
                    name: pa.array([row[name] for row in shuffled[number::2]], pa.string())
                    for name in columns
                }
                pq.write_table(pa.table(held), path, row_group_size=3)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(delimited, "BLOCK", 100)
        cut = read_claims(rng.sample(folders, 2), 2, REGISTER)
    assert claims_with_lines(cut) == claims_with_lines(whole)
    assert cut.totals == whole.totals
    assert len(cut.warnings) == len(whole.warnings)
    reasons = [
        sorted(
            (fault.table, fault.field or "", fault.reason.key, fault.value or "") for fault in one.set_aside
        )
        for one in (cut, whole)
    ]
    assert reasons[0] == reasons[1]


GOOD_CLAIMS = [claim(str(number), facility="H1") for number in range(8)]
GOOD_LINES = [line(str(number), of) for number in range(8) for of in range(3)]


@given(
    st.lists(
        st.tuples(st.floats(0, 0.999), st.sampled_from([b"", b",", b'"', b"\n", b"\xff", b"9", b"-"])),
        max_size=6,
    ),
    st.lists(
        st.tuples(st.floats(0, 0.999), st.sampled_from([b"", b",", b'"', b"\n", b"\xff", b"9", b"-"])),
        max_size=6,
    ),
)
def test_any_corruption_adds_up(
    tmp_path_factory: pytest.TempPathFactory, of_claims: list[Any], of_lines: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("corrupt")
    write_csv(folder / "claims.csv", GOOD_CLAIMS)
    write_csv(folder / "claim_lines.csv", GOOD_LINES)
    for name, changes in (("claims.csv", of_claims), ("claim_lines.csv", of_lines)):
        data = (folder / name).read_bytes()
        start = data.index(b"\n") + 1
        for where, what in changes:
            at = start + int(where * (len(data) - start))
            data = data[:at] + what + data[at + 1 :]
        (folder / name).write_bytes(data)
    reading = read_claims([folder], 2, REGISTER)
    reading.totals.check()
    aside = {(fault.table, fault.row) for fault in reading.set_aside}
    totals = reading.totals
    assert len(aside) == totals.set_aside.claims + totals.set_aside.lines
    assert totals.received.claims == totals.kept.claims + totals.set_aside.claims
    [*map(str, told(reading.set_aside)), *map(str, told(reading.set_aside, "fr"))]
    reading.set_aside.write(folder / "aside")


def test_many_claims_in_many_batches(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    numbers = rng.permutation(20_000)
    homes = np.char.add("H", (numbers % 7).astype(str))
    claims = pa.table(
        {
            "claim": pa.array(np.char.add("C", (numbers // 7).astype(str))),
            "facility": pa.array(homes).dictionary_encode(),
            "insuree": pa.array(["I"] * len(numbers)),
            "date_from": pa.array(numbers % 30 + 20_000, pa.int32()).cast(pa.date32()),
            "date_claimed": pa.array(numbers % 30 + 20_030, pa.int32()).cast(pa.date32()),
            "diagnosis": pa.array(["A"] * len(numbers)),
        }
    )
    of = rng.permutation(np.repeat(np.arange(len(numbers)), 3))
    lines = pa.table(
        {
            "claim": claims["claim"].take(of),
            "facility": claims["facility"].take(of),
            "line": np.argsort(np.argsort(of, kind="stable")) % 3,
            "kind": pa.array(["item"] * len(of)),
            "code": pa.array(["D"] * len(of)),
            "quantity": pa.array(np.ones(len(of), np.int64)),
            "price_asked": pa.array(of),
        }
    )
    pq.write_table(claims, tmp_path / "claims.parquet", row_group_size=3_000)
    pq.write_table(lines, tmp_path / "claim_lines.parquet", row_group_size=7_000)
    reading = read_claims([tmp_path], 0, None)
    assert reading.lines["claim_index"].to_pylist() == of.tolist()
    assert reading.totals.kept == Tally(20_000, 60_000, int(of.sum()))
