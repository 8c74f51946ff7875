"""In and out: what is imported, decided and exported comes back as it was, and differences add up."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.generation.small_scheme import write_small_scheme
from adjudicator.inspect import check
from adjudicator.openimis.comparing import compare_tables
from adjudicator.openimis.differences import parts_of
from adjudicator.openimis.exporting import export_openimis
from adjudicator.openimis.ids import Ids
from adjudicator.openimis.importing import HISTORY, OPENING, SUBMITTED, Wishes, import_openimis
from adjudicator.openimis.rows import versions
from adjudicator.openimis.snapshot import of_run
from adjudicator.openimis.written import cell
from adjudicator.problems import Refused
from adjudicator.product.check import RegisterCodes
from adjudicator.product.terms import compile_terms
from adjudicator.run import run_month
from adjudicator.scheme import open_scheme
from adjudicator.tables import REGISTERS
from adjudicator.units import times_quantity
from adjudicator.vocabulary import Cut, Kind, Reason
from ingest.openimis.cells import SourceRow
from ingest.openimis.registers import Choices
from ingest.openimis.theirs import TheirLine
from ingest.openimis.versions import in_order, period, version
from ingest.tables import read_claims, read_registers
from tests.ingest.openimis_world import an_installation, write_tables

Row = dict[str, Any]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_an_installation_can_be_checked_run_and_handed_back(tmp_path: Path) -> None:
    source = write_tables(tmp_path / "tables", an_installation())
    scheme = tmp_path / "scheme"
    report = import_openimis(str(source), scheme, Wishes(currency="KES"))

    assert report.rows_aside == 0
    assert check(scheme) == []
    assert report.comparison is not None
    assert (report.comparison.alike, report.comparison.theirs, report.comparison.ours) == (3, 74750, 74750)
    run = run_month(scheme, [scheme / SUBMITTED], tmp_path / "run", opening_folder=scheme / OPENING)
    assert (run.summary.claimed, run.summary.valuated) == (3200, 3200)

    export_openimis(of_run(tmp_path / "run"), tmp_path / "out")
    (claim,) = rows(tmp_path / "out" / "tblClaim.csv")
    # The numbers are those that openIMIS gave, behind the deleted ones for what is new.
    assert (claim["ClaimID"], claim["ClaimCode"], claim["ClaimStatus"], claim["Valuated"]) == (
        "3",
        "C3",
        "16",
        "32.00",
    )
    assert [row["ClaimServiceID"] for row in rows(tmp_path / "out" / "tblClaimServices.csv")] == ["3"]
    with pytest.raises(Refused):
        export_openimis(of_run(tmp_path / "run"), tmp_path / "out")

    again = tmp_path / "again"
    choices = Choices(since_entered=True)
    import_openimis(str(tmp_path / "out"), again, Wishes(currency="KES", choices=choices))
    for name in (
        "locations",
        "provisions",
        "price_lists",
        "facilities",
        "families",
        "insurees",
        "policies",
        "covers",
    ):
        path = Path("registers") / f"{name}.csv"
        assert (again / path).read_bytes() == (scheme / path).read_bytes(), name
    asked = ("claim", "facility", "line", "kind", "code", "quantity", "price_asked")
    before, after = (rows(folder / "claim_lines.csv") for folder in (scheme / SUBMITTED, again / HISTORY))
    assert [[row[name] for name in asked] for row in before] == [
        [row[name] for name in asked] for row in after
    ]


def test_decided_claims_side_by_side_differ_where_they_were_made_to(tmp_path: Path) -> None:
    source = write_tables(tmp_path / "tables", an_installation())
    scheme = tmp_path / "scheme"
    import_openimis(str(source), scheme, Wishes(currency="KES", compare=False))
    run_month(scheme, [scheme / HISTORY], tmp_path / "run")
    export_openimis(of_run(tmp_path / "run"), tmp_path / "ours")

    assert compare_tables(str(source), str(tmp_path / "ours"), 2).same
    tables = an_installation()
    tables["tblClaimServices"][1] |= {"PriceValuated": "900.00"}
    tables["tblClaimServices"][4] |= {"ClaimServiceStatus": 1, "PriceValuated": "40.00", "RejectionReason": 0}
    tables["tblClaimServices"][4] |= {"QtyApproved": None}
    other = write_tables(tmp_path / "other", tables)

    found = compare_tables(str(other), str(tmp_path / "ours"), 2)

    assert {(line.claim, line.difference, *(part.cause for part in line.parts)) for line in found.lines} == {
        ("C2", -18000, "limitation"),
        ("C5", -4000, "rejected_here"),
    }
    assert found.ours - found.theirs == sum(line.difference for line in found.lines) == -22000


def test_a_scheme_of_our_own_goes_to_openimis_and_comes_back(tmp_path: Path) -> None:
    scheme, back = tmp_path / "kolenda", tmp_path / "back"
    write_small_scheme(scheme)
    run_month(scheme, [scheme / "claims" / "2026-01"], tmp_path / "run")
    export_openimis(of_run(tmp_path / "run"), tmp_path / "tables")
    wishes = Wishes(currency="XTS", choices=Choices(since_entered=True))
    report = import_openimis(str(tmp_path / "tables"), back, wishes)

    # A claim of somebody who is in no register can have no row there.
    aside = {(group.table, group.rows) for group in report.set_aside}
    assert aside == {("tblClaim", 1), ("tblClaimServices", 1)}
    assert check(back) == []
    ours, theirs = (read_registers(folder / "registers", 2).tables for folder in (scheme, back))
    # openIMIS has no codes for families, policies and contributions, and no category of items.
    renamed = {"family", "policy", "contribution", "category", "maximum_quantity"}
    for name, table in ours.items():
        kept = [column.name for column in REGISTERS[name].columns if column.name not in renamed]
        one, two = (sorted(map(str, held.select(kept).to_pylist())) for held in (table, theirs[name]))
        assert one == two, name
    sources = (scheme / "claims" / "2026-01", back / HISTORY)
    before, after = (set(read_claims([folder], 2, None).claims["claim"].to_pylist()) for folder in sources)
    assert after < before
    assert len(before - after) == 1
    # Nor can a diagnosis that is in no register: nothing speaks against its claim any more.
    assert report.comparison is not None
    assert list(report.comparison.totals) == [("rejected_there", Reason.DIAGNOSIS)]

    def terms(folder: Path) -> list[object]:
        found = RegisterCodes.of(ours).provisions
        versions = [source.definition for source in open_scheme(folder).products]
        compiled = compile_terms(versions, found or ()).terms
        # Ordinary visits: openIMIS cannot say that an emergency waits for less time.
        rows = compiled.coverage[0, :, 0].tolist()
        said = [
            None if row < 0 else [array[row].tolist() for array in (compiled.limitation, compiled.waiting)]
            for row in rows
        ]
        return [said, compiled.ceiling.tolist(), compiled.deductible.tolist(), compiled.claim_limit.tolist()]

    assert terms(scheme)[1:] == terms(back)[1:]


PERIODS = st.lists(
    st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(0, 1)), min_size=1, max_size=5
)


@given(PERIODS, st.booleans(), st.booleans())
def test_versions_come_back_as_they_went(
    periods: list[tuple[int, int, int]], opened: bool, open_: bool
) -> None:
    """Periods, and the gaps between them, after each other; the first and the last may be open."""
    day = dt.date(2020, 1, 1)
    ours: list[Row] = []
    for gap, length, adjacent in periods:
        day += dt.timedelta(0 if adjacent else gap)
        ours.append(
            {"code": "A", "n": len(ours), "valid_from": day, "valid_to": day + dt.timedelta(length - 1)}
        )
        day += dt.timedelta(length)
    if opened:
        ours[0]["valid_from"] = None
    if open_:
        ours[-1]["valid_to"] = None

    out = versions(Ids(), "tblItems", "ItemID", ours, lambda row: "A", lambda row: {"n": row["n"]})
    made = []
    for row in out:
        cells = {name: cell(row[name]) or None for name in ("ValidityFrom", "ValidityTo", "LegacyID")}
        made.append(version("A", {"n": row["n"]}, SourceRow("tblItems", row["ItemID"], cells)))

    back = [{"code": "A", **one.said, **period(one)} for one in in_order(made)]
    assert back == ours


MINOR = st.integers(0, 10**7)


@settings(max_examples=60)
@given(st.data())
def test_the_causes_of_a_difference_add_up_to_it(data: st.DataObject) -> None:
    def line() -> TheirLine:
        quantity, unit = data.draw(st.integers(0, 1000)), data.draw(MINOR)
        gross = times_quantity(unit, quantity)
        valuated = data.draw(st.integers(0, gross))
        cuts = dict.fromkeys(Cut, 0) | {data.draw(st.sampled_from(Cut)): gross - valuated}
        return TheirLine(
            1,
            Kind.ITEM,
            "A",
            True,
            0,
            None,
            None,
            None,
            "C",
            None,
            0,
            quantity,
            unit,
            gross,
            cuts,
            valuated,
            None,
            1,
        )

    theirs, ours = line(), line()

    assert sum(part.amount for part in parts_of(theirs, ours, 100)) == ours.valuated - theirs.valuated
