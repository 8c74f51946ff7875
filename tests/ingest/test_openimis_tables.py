"""openIMIS's tables, read: every row is accounted for, whatever stands in it, and files equal databases."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.openimis.importing import Wishes, import_openimis
from adjudicator.problems import Refused
from ingest.openimis.cells import SourceRow, Unfit, cleaned, read_date, read_number
from ingest.openimis.claims import bring_claims
from ingest.openimis.names import Names
from ingest.openimis.products import bring_products
from ingest.openimis.registers import Choices, bring_registers
from ingest.openimis.shapes import SHAPES
from ingest.openimis.source import CsvFolder
from ingest.openimis.versions import in_order, version
from ingest.openimis.world import World
from tests.databases import empty_database, engine_of
from tests.ingest.openimis_world import InMemory, Tables, an_installation, load_folder, write_tables

DEMO = Path(__file__).parents[3] / "shared" / "openimis-demo"
needs_demo = pytest.mark.skipif(not DEMO.is_dir(), reason="the demo tables are not here")

WEIRD = st.one_of(
    st.sampled_from(
        [
            "",
            "NULL",
            "-1",
            "0",
            "99999999999999999999",
            "1e9",
            "x",
            "31/02/2025",
            "2025-13-01",
            "\x00",
            "É",
            "O'",
            "150",
        ]
    ),
    st.text(max_size=8),
    st.integers(-5, 20).map(str),
)


def brought(tables: Tables) -> World:
    """Translate everything; the counts must add up."""
    world = World(InMemory(tables))
    names = Names(world)
    registers = bring_registers(world, names, Choices())
    bring_products(world, names, registers, 2)
    bring_claims(world, names, registers, 2)
    world.counts()
    return world


@settings(max_examples=120)
@given(st.data())
def test_whatever_stands_in_cells_every_row_is_brought_or_set_aside(data: st.DataObject) -> None:
    tables = an_installation()
    for _ in range(data.draw(st.integers(1, 4))):
        table = data.draw(st.sampled_from(sorted(name for name in tables if tables[name])))
        row = data.draw(st.sampled_from(tables[table]))
        row[data.draw(st.sampled_from(SHAPES[table].all_columns))] = data.draw(WEIRD)

    world = brought(tables)

    assert all(remark.reason.key and remark.table in SHAPES for remark in world.set_aside)


@given(st.data())
def test_rows_that_are_gone_never_stop_the_others(data: st.DataObject) -> None:
    tables = an_installation()
    for table in data.draw(st.lists(st.sampled_from(sorted(tables)), max_size=4)):
        if tables[table]:
            tables[table].pop(data.draw(st.integers(0, len(tables[table]) - 1)))

    brought(tables)


def test_an_installation_in_which_everything_fits_comes_whole() -> None:
    world = brought(an_installation())

    assert world.set_aside == []
    assert {count.table: count.superseded for count in world.counts() if count.superseded} == {"tblClaim": 1}


def test_what_does_not_fit_is_named_with_its_place() -> None:
    tables = an_installation()
    tables["tblServices"][0]["ServPrice"] = "twenty"
    tables["tblProductItems"][1]["LimitAdult"] = "120.00"
    tables["tblPremium"][0]["isPhotoFee"] = 1

    world = brought(tables)

    named = {(one.table, one.id, one.field, one.value): one.reason.key for one in world.set_aside}
    assert named["tblServices", 1, "ServPrice", "twenty"] == "openimis.no_number"
    assert named["tblProductItems", 2, "LimitAdult", "120.00"] == "openimis.above_all"
    assert named["tblPremium", 0, "isPhotoFee", "1"] == "openimis.photo_fee"


def test_a_claim_with_a_line_that_does_not_fit_is_set_aside_whole() -> None:
    tables = an_installation()
    tables["tblClaimItems"][0]["QtyProvided"] = "-2"

    world = brought(tables)

    assert {(one.table, one.id) for one in world.set_aside} == {
        ("tblClaim", 1),
        ("tblClaimItems", 1),
        ("tblClaimServices", 1),
    }


# Cells.


@given(st.dates(dt.date(1800, 1, 1), dt.date(2200, 12, 31)))
def test_days_are_read_in_all_the_styles_of_exports(day: dt.date) -> None:
    styles = (
        "%Y-%m-%d",
        "%Y-%m-%dT06:05:42.550",
        "%Y-%m-%d 00:00:00.000",
        "%Y%m%d",
        "%d/%m/%Y",
        "%d.%m.%Y 00:00",
    )
    written = [day.strftime(style) for style in styles]
    written.append(f"{day:%b} {day.day:2} {day.year} 12:00AM")

    assert {read_date(text) for text in written} == {day}


@given(st.decimals(-(10**12), 10**12, places=2))
def test_numbers_are_read_with_point_and_comma(number: Decimal) -> None:
    assert read_number(f"{number:f}") == read_number(f"{number:f}".replace(".", ",")) == number


@pytest.mark.parametrize("text", ["NULL", " ", r"\N", "(null)", None])
def test_nothing_is_written_in_many_ways(text: str | None) -> None:
    assert cleaned(text) is None


# Versions.


@given(
    st.lists(
        st.tuples(st.dates(dt.date(2020, 1, 1), dt.date(2020, 3, 1)), st.integers(0, 20), st.integers(0, 2)),
        max_size=6,
    ),
    st.booleans(),
)
def test_versions_never_overlap_and_the_row_that_holds_stays(
    past: list[tuple[dt.date, int, int]], lives: bool
) -> None:
    made = []
    for number, (start, days, said) in enumerate(past, 10):
        cells = {"ValidityFrom": str(start), "ValidityTo": str(start + dt.timedelta(days)), "LegacyID": "1"}
        made.append(version("A", {"said": said}, SourceRow("tblItems", number, cells)))
    if lives:
        made.append(version("A", {"said": 9}, SourceRow("tblItems", 1, {"ValidityFrom": "2020-02-01"})))

    found = list(in_order(made))

    for one, two in pairwise(found):
        assert one.end is not None
        assert two.start is not None
        assert one.end < two.start
    assert [one for one in found if one.live] == found[len(found) - lives :]


# Files.


def test_files_are_read_in_any_encoding_with_any_delimiter_and_any_case(tmp_path: Path) -> None:
    tables = an_installation()
    tables["tblLocations"][0]["LocationName"] = "Région «É»"
    plain = CsvFolder(write_tables(tmp_path / "plain", tables)).read(SHAPES["tblLocations"])
    text = (tmp_path / "plain" / "tblLocations.csv").read_text("utf-8")
    for number, (encoding, delimiter, name) in enumerate(
        [
            ("utf-16", ";", "TBLLOCATIONS.CSV"),
            ("cp1252", "\t", "dbo.tblLocations.txt"),
            ("utf-8-sig", "|", "tbllocations.csv"),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_bytes(
            text.replace(",", delimiter).replace("LocationCode", "LOCATIONCODE").encode(encoding)
        )
        assert CsvFolder(folder).read(SHAPES["tblLocations"]) == plain


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    write_tables(tmp_path / "in", an_installation())
    (tmp_path / "in" / "tblHF.csv").write_text("HfID,HFCode\n1,H1\n", "utf-8")

    with pytest.raises(Refused, match="HFLevel"):
        import_openimis(str(tmp_path / "in"), tmp_path / "out", Wishes())
    assert not (tmp_path / "out").exists()


def test_rows_cut_off_and_numbers_twice_are_set_aside(tmp_path: Path) -> None:
    tables = an_installation()
    tables["tblICDCodes"].append({"ICDID": 1, "ICDCode": "B00", "ICDName": "again"})
    tables["tblICDCodes"].append({"ICDID": "one", "ICDCode": "B01", "ICDName": "no number"})
    folder = write_tables(tmp_path / "in", tables)
    with (folder / "tblICDCodes.csv").open("a", encoding="utf-8") as file:
        file.write("5\n")

    report = import_openimis(str(folder), tmp_path / "out", Wishes(compare=False))

    count = next(count for count in report.counts if count.table == "tblICDCodes")
    assert (count.read, count.brought, count.set_aside) == (4, 1, 3)
    keys = {group.reason.key for group in report.set_aside}
    assert keys == {"openimis.id_twice", "openimis.no_whole_number", "openimis.row_cut_off"}


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@needs_demo
def test_the_demo_comes_alike_from_files_and_from_a_database(tmp_path: Path) -> None:
    wishes = Wishes(currency="KES", scheme="DEMO", choices=Choices(dates_from_covers=True))
    with empty_database(engine_of("postgresql"), tmp_path) as url:
        load_folder(url, DEMO)
        report = import_openimis(url, tmp_path / "database", wishes)
    import_openimis(str(DEMO), tmp_path / "files", wishes)

    assert files_of(tmp_path / "database") == files_of(tmp_path / "files")
    # What the notes on the demo expect of live rows.
    current = {count.table: count.current for count in report.counts}
    assert current["tblLocations"] == 31
    assert (current["tblHF"], current["tblItems"], current["tblServices"]) == (15, 257, 81)
    assert (current["tblProductItems"], current["tblProductServices"]) == (1025, 312)
    assert (current["tblFamilies"], current["tblInsuree"], current["tblPolicy"]) == (21, 60, 21)
    assert (current["tblClaim"], current["tblClaimItems"], current["tblClaimServices"]) == (10, 18, 21)
    assert report.rows_aside == 0
    text = (tmp_path / "files" / "products" / "bcul0001.yaml").read_text("utf-8")
    assert text.count("\n") < 30
    record = json.loads((tmp_path / "files" / "import-report.json").read_text("utf-8"))
    assert record["comparison"]["theirs"] == "8960.00"
    assert record["comparison"]["alike"] == 2


def test_a_cell_says_where_it_cannot_be_read() -> None:
    row = SourceRow("tblItems", 7, {"ItemPrice": "12x"})
    with pytest.raises(Unfit) as found:
        row.number("ItemPrice")
    assert (found.value.field, found.value.value, found.value.key) == (
        "ItemPrice",
        "12x",
        "openimis.no_number",
    )
