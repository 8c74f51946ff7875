import datetime as dt
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.files import write_table
from adjudicator.problems import Refused
from adjudicator.tables import BALANCES, CARRIED, REGISTERS, Table, Type
from adjudicator.vocabulary import Category, Kind, Sex
from ingest.columns import ARROW
from ingest.tables import read_registers, read_tables, registers_from_rows
from tests.ingest.rows import Row, facility, plain, told, write_csv

PROVISION = {"kind": "item", "code": "D1", "name": "gauze", "price": "10"}


def test_a_folder_of_csv(tmp_path: Path) -> None:
    (tmp_path / "provisions.csv").write_text(
        "kind;code;name;price;category;frequency_days\n"
        'service;00123;"Consultation; adult";1250.50;consultation;\n'
        "item;NA;gauze;0.5;;30\n"
    )
    (tmp_path / "families.csv").write_text("family,poverty\nF1,level 2\n")
    reading = read_registers(tmp_path, 2)
    assert list(reading.tables) == ["provisions", "families"]
    assert reading.tables["provisions"].to_pylist() == [
        {
            "kind": Kind.ITEM,
            "code": "NA",
            "name": "gauze",
            "type": None,
            "category": Category.OTHER,
            "price": 50,
            "care_type": 0,
            "sex": Sex.ANY,
            "age": 0,
            "frequency_days": 30,
            "maximum_quantity": None,
            "valid_from": None,
            "valid_to": None,
        },
        {
            "kind": Kind.SERVICE,
            "code": "00123",
            "name": "Consultation; adult",
            "type": None,
            "category": Category.CONSULTATION,
            "price": 125050,
            "care_type": 0,
            "sex": Sex.ANY,
            "age": 0,
            "frequency_days": None,
            "maximum_quantity": None,
            "valid_from": None,
            "valid_to": None,
        },
    ]
    assert reading.tables["families"].to_pylist() == [
        {"family": "F1", "location": None, "poverty": "level 2"}
    ]
    assert not reading.warnings
    assert not len(reading.set_aside)


def test_all_that_is_wrong_with_the_files_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "provisions.csv").write_text("kind,Code,name,name,price,colour\n")
    (tmp_path / "diagnoses.csv").write_bytes(b"")
    (tmp_path / "policies.parquet").write_bytes(b"PAR1, or so it says")
    pq.write_table(pa.table({"code": ["A"], "name": [["x"]]}), tmp_path / "diagnoses-2.parquet")
    with pytest.raises(Refused) as refused:
        read_registers(tmp_path, 2)
    lines = [problem.told().replace(f"{tmp_path}/", "") for problem in refused.value.problems]
    assert sorted(lines)[:5] == [
        "diagnoses-2.parquet [name]: the column holds list<element: string>, where text is expected "
        "→ write the file again with another type, or as text",
        "diagnoses.csv: the file is empty: it has not even a header "
        "→ write the names of the columns in the first row",
        *[line for line in lines if line.startswith("policies.parquet: the file cannot be read: ")],
        "provisions.csv [code]: the table provisions needs this column "
        "→ if “Code” is meant, rename it to code",
        "provisions.csv [name]: the header names the column twice → remove one of the two, or rename it",
    ]
    french = [problem.told("fr").replace(f"{tmp_path}/", "") for problem in refused.value.problems]
    assert (
        "provisions.csv [code]: cette colonne est obligatoire dans la table provisions "
        "→ s’il s’agit de «\u00a0Code\u00a0», renommez-la code"
    ) in french


def test_unknown_columns_are_warned_about(tmp_path: Path) -> None:
    write_csv(tmp_path / "provisions.csv", [PROVISION | {"colour": "", "care_tipe": "both"}])
    told = [problem.told().replace(f"{tmp_path}/", "") for problem in read_registers(tmp_path, 2).warnings]
    assert told == [
        "provisions.csv [colour]: warning: the column is not known and is ignored → the known columns are "
        "kind, code, name, type, category, price, care_type, sex, age, frequency_days, maximum_quantity, "
        "valid_from, valid_to",
        "provisions.csv [care_tipe]: warning: the column is not known and is ignored "
        "→ if care_type is meant, rename it",
    ]


def test_bad_cells_set_their_row_aside(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "provisions.csv",
        [
            PROVISION,
            PROVISION | {"code": "D2", "price": "1,5"},
            PROVISION | {"code": "D3", "price": "1.505", "kind": "drug"},
            PROVISION | {"code": "", "price": "-1"},
            dict.fromkeys(PROVISION, ""),
            PROVISION | {"code": "D6", "price": "99999999999999"},
        ],
    )
    reading = read_registers(tmp_path, 2)
    assert reading.tables["provisions"]["code"].to_pylist() == ["D1"]
    assert told(reading.set_aside) == [
        "provisions.csv row 3 [price]: the number has a comma "
        "→ write a decimal point, and nothing between thousands: 1250.50",
        "provisions.csv row 4 [kind]: this is none of the words item, service "
        "→ write one of these words, in small letters",
        "provisions.csv row 4 [price]: the number has more than 2 decimals "
        "→ decide at the source how it is rounded; nothing is rounded here",
        "provisions.csv row 5 [code]: there is no value → give a value",
        "provisions.csv row 5 [price]: the number is negative → write a number that is not below zero",
        "provisions.csv row 7 [price]: the number is larger than 9,223,372,036,854.77 "
        "→ check the number at its source",
    ]
    assert told(reading.set_aside, "fr")[:2] == [
        "provisions.csv ligne 3 [price]: le nombre contient une virgule "
        "→ écrivez un point décimal, et rien entre les milliers\u00a0: 1250.50",
        "provisions.csv ligne 4 [kind]: ce n’est aucun des mots item, service "
        "→ écrivez l’un de ces mots, en minuscules",
    ]
    assert [fault.value for fault in reading.set_aside] == [
        "1,5",
        "drug",
        "1.505",
        None,
        "-1",
        "99999999999999",
    ]
    counts = reading.counts["provisions"]
    assert (counts.read, counts.kept, counts.set_aside) == (5, 1, 4)
    assert counts.add_up


def test_a_currency_without_decimals() -> None:
    rows = [PROVISION | {"price": "1250.00"}, PROVISION | {"code": "D2", "price": "1250.5"}]
    reading = registers_from_rows({"provisions": rows}, 0)
    assert reading.tables["provisions"]["price"].to_pylist() == [1250]
    assert told(reading.set_aside)[0].startswith(
        "provisions row 3 [price]: the number has more than 0 decimals"
    )


def versions(*periods: tuple[str | None, str | None, str]) -> list[Row]:
    return [PROVISION | {"valid_from": start, "valid_to": end, "name": name} for start, end, name in periods]


def test_the_first_version_to_start_stays() -> None:
    rows = versions(
        ("2025-01-01", None, "c"),
        ("2024-01-01", "2024-12-31", "b"),
        ("2024-12-31", "2024-12-31", "x"),
        (None, "2023-12-31", "a"),
        ("2025-01-01", None, "c"),
        ("2025-01-01", "2025-01-01", "y"),
        ("2025-02-01", "2025-01-01", "z"),
    )
    reading = registers_from_rows({"provisions": rows}, 2)
    assert reading.tables["provisions"]["name"].to_pylist() == ["a", "b", "c"]
    assert told(reading.set_aside) == [
        "provisions row 4 [code]: provisions row 3 holds for the same code in part of the same period "
        "→ let one version end before the next begins; the one that starts first was taken",
        "provisions row 6 [code]: the row says the same as provisions row 2 → remove one of the two",
        "provisions row 7 [code]: provisions row 2 holds for the same code in part of the same period "
        "→ let one version end before the next begins; the one that starts first was taken",
        "provisions row 8 [valid_to]: the period ends before it starts (valid_from is 2025-02-01) "
        "→ correct one of the two dates",
    ]


def test_references_must_lead_somewhere() -> None:
    period = {"effective": "2025-01-01", "expiry": "2025-12-31"}
    policy = {"product": "P", "stage": "new", "status": "active", **period}
    reading = registers_from_rows(
        {
            "covers": [
                {"policy": "P1", "insuree": "I1", **period},
                {"policy": "P2", "insuree": "I1", **period},
                {"policy": "P1", "insuree": "I2", **period},
            ],
            "contributions": [{"contribution": "C1", "policy": "P2", "paid": "2025-01-01", "amount": 1}],
            "policies": [
                {"policy": "P1", "family": "F1", **policy},
                {"policy": "P2", "family": "F2", **policy},
            ],
            "insurees": [
                {"insuree": "I1", "family": "F1", "sex": "male", "birth_date": "1990-01-01"},
                {"insuree": "I2", "family": "F1", "sex": "male", "birth_date": "soon"},
            ],
            "families": [{"family": "F1"}],
            "facilities": [facility("H1")],
            "locations": [{"code": "L1", "name": "L1", "level": "region"}],
            "catchments": [
                {"facility": "H1", "location": "L1", "percent": 100},
                {"facility": "H1", "location": "L2", "percent": 50},
                {"facility": "H2", "location": "L1", "percent": "100.01"},
            ],
        },
        2,
    )
    kept = {name: table.num_rows for name, table in reading.tables.items()}
    assert kept == {
        "covers": 1,
        "contributions": 0,
        "policies": 1,
        "insurees": 1,
        "families": 1,
        "facilities": 1,
        "locations": 1,
        "catchments": 1,
    }
    assert told(reading.set_aside) == [
        "catchments row 3 [location]: no good row of the table locations bears this name "
        "→ add it to locations, mend it there, or correct it here",
        "catchments row 4 [percent]: the number is larger than 100% → check the number at its source",
        "insurees row 3 [birth_date]: this is not a date → write year, month and day: 2025-01-31",
        "policies row 3 [family]: no good row of the table families bears this name "
        "→ add it to families, mend it there, or correct it here",
        "covers row 3 [policy]: no good row of the table policies bears this name "
        "→ add it to policies, mend it there, or correct it here",
        "covers row 4 [insuree]: no good row of the table insurees bears this name "
        "→ add it to insurees, mend it there, or correct it here",
        "contributions row 2 [policy]: no good row of the table policies bears this name "
        "→ add it to policies, mend it there, or correct it here",
    ]
    assert all(counts.add_up for counts in reading.counts.values())


def test_locations_must_lead_up() -> None:
    parents = {"R": None, "D": "R", "V": "D", "X": "nowhere", "Y": "X", "A": "B", "B": "A", "S": "S"}
    rows = [
        {"code": code, "name": code, "level": "ward", "parent": parent} for code, parent in parents.items()
    ]
    reading = registers_from_rows({"locations": rows}, 2)
    assert reading.tables["locations"]["code"].to_pylist() == ["D", "R", "V"]
    reasons = {fault.row: fault.reason.key for fault in reading.set_aside}
    astray = dict.fromkeys((6, 7, 8, 9), "ingest.parent_astray")
    assert reasons == {5: "ingest.unknown_reference", **astray}


def test_what_adjudication_can_live_with_is_a_warning() -> None:
    reading = registers_from_rows(
        {
            "provisions": [PROVISION],
            "price_lists": [
                {"price_list": "L", "kind": "item", "code": "D1"},
                *({"price_list": "L", "kind": "service", "code": f"S{number}"} for number in range(7)),
            ],
            "facilities": [
                facility("H1", item_price_list="L", service_price_list="M", location="V9"),
                facility("H2", item_price_list="L", service_price_list="L"),
            ],
            "locations": [{"code": "L1", "name": "L1", "level": "region"}],
        },
        2,
    )
    assert [problem.told() for problem in reading.warnings] == [
        "price_lists [code]: warning: price lists name provisions that the register does not have: "
        "S0, S1, S2, S3, S4, … (rows: 7) → add them to provisions; until then their lines are rejected",
        "facilities [service_price_list]: warning: there are price lists without any entry of this kind: M "
        "(rows that name them: 1) "
        "→ add the lists to price_lists; until then the facilities' lines are rejected",
        "facilities [location]: warning: these locations are not in the register: V9 "
        "(rows that name them: 1) → add them to locations",
    ]
    assert not len(reading.set_aside)


def test_tables_of_other_declarations(tmp_path: Path) -> None:
    row = {"policy": "P1", "insuree": "I1", "deducted_hospital": "1.5"}
    rest = dict.fromkeys(("deducted_non_hospital", "covered_hospital", "covered_non_hospital"), 0)
    write_csv(tmp_path / "balances.csv", [row | rest])
    reading = read_tables(tmp_path, CARRIED, 2)
    assert reading.tables["balances"].column_names == [column.name for column in BALANCES.columns]
    assert reading.tables["balances"]["deducted_hospital"].to_pylist() == [150]


# Properties.

CODES = st.sampled_from(["A", "B", "é", "00123", "NA"])
DATES = st.none() | st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 20))
MESSY = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["item", "service", "Item"]),
            "code": CODES | st.just(""),
            "name": st.sampled_from(["x", "y"]),
            "price": st.sampled_from(["1", "2.50", "1,5", "x"]),
            "valid_from": DATES,
            "valid_to": DATES,
        }
    ),
    max_size=12,
)


@given(MESSY, st.randoms(use_true_random=False), st.integers(1, 3), st.booleans())
def test_neither_order_nor_files_nor_their_kind_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], rng: random.Random, files: int, columnar: bool
) -> None:
    whole = registers_from_rows({"provisions": rows}, 2)
    assert whole.counts["provisions"].add_up
    assert whole.counts["provisions"].read == len(rows)

    folder = tmp_path_factory.mktemp("registers")
    shuffled = rng.sample(rows, len(rows))
    columns = ["kind", "code", "name", "price", "valid_from", "valid_to"]
    for number in range(files):
        part = shuffled[number::files]
        if columnar:
            held = {name: pa.array([row[name] for row in part]) for name in rng.sample(columns, len(columns))}
            pq.write_table(pa.table(held), folder / f"provisions-{number}.parquet")
        else:
            write_csv(folder / f"provisions-{number}.csv", part, rng.sample(columns, len(columns)))
    cut = read_registers(folder, 2)

    assert cut.tables["provisions"].equals(whole.tables["provisions"])
    assert cut.counts == whole.counts
    reasons = [sorted(fault.reason.key for fault in reading.set_aside) for reading in (cut, whole)]
    assert reasons[0] == reasons[1]


def typed_column(table: Table, name: str, rows: int, draw: Any) -> pa.Array:
    column = table.column(name)
    values: st.SearchStrategy[Any]
    match column.type:
        case Type.TEXT:
            values = st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1)
        case Type.WORD:
            assert column.words is not None
            values = st.sampled_from([int(word) for word in column.allowed or column.words])
        case Type.DATE:
            values = st.dates()
        case Type.MONEY | Type.QUANTITY:
            values = st.integers(0, 9 * 10**14)
        case Type.PERCENTAGE:
            values = st.integers(0, 10_000)
        case Type.NUMBER:
            values = st.integers(0, 2**63 - 1)
        case Type.TRUTH:
            values = st.booleans()
    if not column.filled and column.default is None:
        values = st.none() | values
    if name in table.key:
        return pa.array(draw(st.lists(values, min_size=rows, max_size=rows, unique=True)), ARROW[column.type])
    return pa.array(draw(st.lists(values, min_size=rows, max_size=rows)), ARROW[column.type])


@st.composite
def typed_tables(draw: Any, table: Table) -> pa.Table:
    """Make a typed table of good rows: keys are unique, references and periods are left out of it."""
    rows = draw(st.integers(0, 4))
    columns = {column.name: typed_column(table, column.name, rows, draw) for column in table.columns}
    for start, end in (("valid_from", "valid_to"), ("effective", "expiry")):
        if start in columns and end in columns:
            pairs = zip(columns[start].to_pylist(), columns[end].to_pylist(), strict=True)
            ordered = [(min(a, b), max(a, b)) if a and b else (a, b) for a, b in pairs]
            columns[start] = pa.array([a for a, _ in ordered], pa.date32())
            columns[end] = pa.array([b for _, b in ordered], pa.date32())
    if table.name == "locations":
        columns["parent"] = pa.nulls(rows, pa.string())
    return pa.table(columns)


# A key of few words cannot be made unique by drawing.
DRAWN = {
    name: table
    for name, table in (REGISTERS | CARRIED).items()
    if not any(table.column(key).words for key in table.key)
}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@given(data=st.data(), decimals=st.integers(0, 4))
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject, decimals: int
) -> None:
    name = data.draw(st.sampled_from(sorted(DRAWN)))
    spec = DRAWN[name]
    table = data.draw(typed_tables(spec))
    folder = tmp_path_factory.mktemp("round")
    write_table(folder / f"{name}{suffix}", table, spec, decimals)
    reading = read_tables(folder, {name: spec}, decimals)
    assert not len(reading.set_aside)
    order = [(key, "ascending") for key in spec.key]
    assert plain(reading.tables[name]).sort_by(order).equals(table.sort_by(order))
