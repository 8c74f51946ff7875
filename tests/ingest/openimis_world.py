"""A small openIMIS installation for tests, made up: its tables, and ways to give them to the importer."""

from __future__ import annotations

import copy
import csv
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ingest.openimis.cells import cleaned
from ingest.openimis.shapes import SHAPES, Shape
from ingest.openimis.source import TableRead, collected, made_row

Row = dict[str, Any]
Tables = dict[str, list[Row]]


class InMemory:
    """An installation whose tables are at hand."""

    name = "memory"

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def found(self) -> Mapping[str, str]:
        return {name.lower(): name for name in self._tables}

    def read(self, shape: Shape) -> TableRead | None:
        if shape.name not in self._tables:
            return None
        rows = self._tables[shape.name]
        cells = [{name: cleaned(_text(row.get(name))) for name in shape.all_columns} for row in rows]
        return collected(shape, (made_row(shape, row, number) for number, row in enumerate(cells, 2)), ())

    def count(self, table: str) -> int:
        return len(self._tables[table])


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def write_tables(folder: Path, tables: Tables) -> Path:
    """Write tables as CSV files, as SQL Server's tools do: with all columns, NULL for nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys([*SHAPES[name].all_columns, *(key for row in rows for key in row)]))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(
                ["NULL" if row.get(key) is None else row[key] for key in columns] for row in rows
            )
    return folder


def load_folder(url: str, folder: Path) -> None:
    """Load a folder of CSV tables into a database under openIMIS's names, with columns of their types."""
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg2"))
    with engine.begin() as connection:
        for path in sorted(folder.glob("tbl*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            header = list(rows[0]) if rows else list(SHAPES[path.stem].all_columns)
            table = sa.Table(path.stem, sa.MetaData(), *(sa.Column(name, _type_of(name)) for name in header))
            table.create(connection)
            if rows:
                typed = [{name: _typed(name, row[name]) for name in header} for row in rows]
                # The order in which a database gives rows is its own.
                connection.execute(sa.insert(table), typed[::-1])
    engine.dispose()


def _type_of(name: str) -> sa.types.TypeEngine[Any]:
    if name in ("ValidityFrom", "ValidityTo") or name.endswith("Stamp"):
        return sa.DateTime()
    if name.endswith("Date") or name in ("DOB", "DateFrom", "DateTo", "DateClaimed", "DateProcessed"):
        return sa.Date()
    if name.startswith(("Price", "Qty", "Ded", "Rem", "Limit", "Max", "Weight")) and "Type" not in name:
        return sa.Text() if name.startswith(("PriceOrigin", "Limitation")) else sa.Numeric(18, 2)
    if name.upper().endswith("ID") and name not in ("CHFID", "eMailID", "GuaranteeId", "TypeOfId", "EmailId"):
        return sa.Integer()
    return sa.Text()


def _typed(name: str, text: str) -> Any:
    if text in ("", "NULL"):
        return None
    match _type_of(name):
        case sa.DateTime():
            return dt.datetime.fromisoformat(text)
        case sa.Date():
            return dt.date.fromisoformat(text[:10])
        case sa.Numeric():
            return Decimal(text)
        case sa.Integer():
            return int(text)
        case _:
            return text


def covered(id_: int, provision: str, number: int, **other: Any) -> Row:
    """Give a row of a product's coverage: all of the price, by the price list."""
    key = "ProdItemID" if provision == "ItemID" else "ProdServiceID"
    row: Row = {key: id_, "ProdID": 1, provision: number, "PriceOrigin": "P", "ValidityFrom": "2024-01-01"}
    for visit in ("", "R", "E"):
        row |= {f"LimitationType{visit}": "C", f"LimitAdult{visit}": "100.00", f"LimitChild{visit}": "100.00"}
    return row | other


def claim_line(id_: int, claim: int, provision: str, number: int, price: str, **other: Any) -> Row:
    """Give a line of a claim that openIMIS has valuated at its price."""
    kind = "ClaimItem" if provision == "ItemID" else "ClaimService"
    row: Row = {f"{kind}ID": id_, "ClaimID": claim, provision: number, f"{kind}Status": 1}
    row |= {"ProdID": 1, "PolicyID": 1, "QtyProvided": "1.00", "PriceAsked": price, "PriceAdjusted": price}
    row |= {"PriceValuated": price, "DeductableAmount": "0.00", "ExceedCeilingAmount": "0.00"}
    row |= {"RejectionReason": 0, "Limitation": "C", "LimitationValue": "100.00", "PriceOrigin": "P"}
    return row | {"ValidityFrom": "2025-03-02"} | other


def a_claim(id_: int, code: str, status: int, **other: Any) -> Row:
    """Give a claim of the first insuree, of one day in March."""
    row: Row = {
        "ClaimID": id_,
        "ClaimCode": code,
        "ClaimStatus": status,
        "InsureeID": 1,
        "HFID": 1,
        "ICDID": 1,
    }
    row |= {"DateFrom": "2025-03-01T00:00:00", "DateTo": "2025-03-01T00:00:00", "DateClaimed": "2025-03-02"}
    row |= {"VisitType": "O", "ClaimAdminId": 1, "ReviewStatus": 1, "FeedbackStatus": 1, "RejectionReason": 0}
    return row | {"ValidityFrom": f"2025-03-02T08:00:{id_:02}"} | other


def an_installation() -> Tables:
    """Give a small installation in which everything fits."""
    entered = {"ValidityFrom": "2024-01-01T00:00:00.000"}
    tables: Tables = {
        "tblLocations": [
            {"LocationId": 1, "LocationCode": "R1", "LocationName": "North", "LocationType": "R"},
            {
                "LocationId": 2,
                "LocationCode": "R1D1",
                "LocationName": "Vale",
                "ParentLocationId": 1,
                "LocationType": "D",
            },
        ],
        "tblHF": [
            {
                "HfID": 1,
                "HFCode": "H1",
                "HFName": "Vale Hospital",
                "LegalForm": "G",
                "HFLevel": "H",
                "LocationId": 2,
                "HFCareType": "B",
                "PLServiceID": 1,
                "PLItemID": 1,
                **entered,
            },
        ],
        "tblItems": [
            {
                "ItemID": number,
                "ItemCode": code,
                "ItemName": name,
                "ItemType": "D",
                "ItemPrice": price,
                "ItemCareType": "B",
                "ItemFrequency": 0,
                "ItemPatCat": 15,
                **entered,
            }
            for number, code, name, price in (
                (1, "0001", "Aspirin", "2.50"),
                (2, "0002", "Quinine", "7.00"),
                (3, "0003", "Gauze", "1.00"),
            )
        ],
        "tblServices": [
            {
                "ServiceID": number,
                "ServCode": code,
                "ServName": name,
                "ServType": "C",
                "ServPrice": price,
                "ServCareType": "B",
                "ServFrequency": 0,
                "ServPatCat": 15,
                "ServCategory": category,
                **entered,
            }
            for number, code, name, price, category in (
                (1, "A1", "Consultation", "20.00", "C"),
                (2, "S1", "Appendectomy", "900.00", "S"),
                (3, "S2", "Hernia", "700.00", "S"),
                (4, "S3", "Caesarean", "800.00", "S"),
                (5, "X1", "X-ray", "40.00", "O"),
            )
        ],
        "tblPLItems": [{"PLItemID": 1, "PLItemName": "Hospitals", **entered}],
        "tblPLItemsDetail": [
            {"PLItemDetailID": number, "PLItemID": 1, "ItemID": number, "PriceOverule": None, **entered}
            for number in (1, 2, 3)
        ],
        "tblPLServices": [{"PLServiceID": 1, "PLServName": "Hospitals", **entered}],
        "tblPLServicesDetail": [
            {
                "PLServiceDetailID": number,
                "PLServiceID": 1,
                "ServiceID": number,
                "PriceOverule": "25.00" if number == 1 else None,
                **entered,
            }
            for number in (1, 2, 3, 4, 5)
        ],
        "tblProduct": [
            {
                "ProdID": 1,
                "ProductCode": "FAMILY",
                "ProductName": "Family plan",
                "LocationId": 1,
                "DateFrom": "2024-01-01",
                "DateTo": "2029-12-31",
                "InsurancePeriod": 12,
                "MemberCount": 9999,
                "LumpSum": "100.00",
                "CeilingInterpretation": "I",
                "MaxInsuree": "2000.00",
                **entered,
            },
        ],
        "tblProductItems": [covered(number, "ItemID", number) for number in (1, 2)],
        "tblProductServices": [
            covered(1, "ServiceID", 1),
            *(
                covered(number, "ServiceID", number, LimitAdult="80.00", LimitChild="80.00")
                for number in (2, 3, 4)
            ),
        ],
        "tblRelDistr": [],
        "tblICDCodes": [{"ICDID": 1, "ICDCode": "A00", "ICDName": "Cholera", **entered}],
        "tblFamilies": [{"FamilyID": 1, "InsureeID": 1, "LocationId": 2, "Poverty": 0, **entered}],
        "tblInsuree": [
            {
                "InsureeID": 1,
                "FamilyID": 1,
                "CHFID": "100001",
                "LastName": "Sow",
                "OtherNames": "Awa",
                "DOB": "1990-05-01",
                "Gender": "F",
                "IsHead": 1,
                **entered,
            },
            {
                "InsureeID": 2,
                "FamilyID": 1,
                "CHFID": "100002",
                "LastName": "Sow",
                "OtherNames": "Ali",
                "DOB": "2018-05-01",
                "Gender": "M",
                "IsHead": 0,
                **entered,
            },
        ],
        "tblPolicy": [
            {
                "PolicyID": 1,
                "FamilyID": 1,
                "ProdID": 1,
                "EnrollDate": "2025-01-01",
                "StartDate": "2025-01-01",
                "EffectiveDate": "2025-01-01",
                "ExpiryDate": "2025-12-31",
                "PolicyStatus": 2,
                "PolicyStage": "N",
                **entered,
            },
        ],
        "tblInsureePolicy": [
            {
                "InsureePolicyId": number,
                "InsureeId": number,
                "PolicyId": 1,
                "EffectiveDate": "2025-01-01",
                "ExpiryDate": "2025-12-31",
                **entered,
            }
            for number in (1, 2)
        ],
        "tblPayer": [{"PayerID": 1, "PayerName": "Farmers", **entered}],
        "tblPremium": [
            {
                "PremiumId": 0,
                "PolicyID": 1,
                "PayerID": 1,
                "Amount": "100.00",
                "PayDate": "2025-01-01",
                "isPhotoFee": 0,
                **entered,
            },
        ],
        "tblClaimAdmin": [{"ClaimAdminId": 1, "ClaimAdminCode": "CA1", **entered}],
        "tblClaim": [
            a_claim(1, "C1", 16, ProcessStamp="2025-03-10T10:00:00.000"),
            a_claim(2, "C2", 16, ProcessStamp="2025-03-11T10:00:00.000"),
            a_claim(3, "C3", 4, InsureeID=2),
            a_claim(4, "C4", 2),
            a_claim(5, "C5", 1, SubmitStamp="2025-03-09T10:00:00.000"),
            a_claim(6, "C1", 2, ValidityTo="2025-03-03T08:00:00", LegacyID=1),
        ],
        "tblClaimItems": [claim_line(1, 1, "ItemID", 1, "2.50"), claim_line(2, 3, "ItemID", 2, "7.00")],
        "tblClaimServices": [
            claim_line(1, 1, "ServiceID", 1, "25.00"),
            claim_line(2, 2, "ServiceID", 2, "900.00", PriceValuated="720.00", LimitationValue="80.00"),
            claim_line(3, 3, "ServiceID", 1, "25.00"),
            claim_line(4, 4, "ServiceID", 1, "25.00"),
            claim_line(
                5,
                5,
                "ServiceID",
                5,
                "40.00",
                ClaimServiceStatus=2,
                RejectionReason=3,
                QtyApproved="0.00",
                PriceValuated=None,
            ),
        ],
        "tblClaimDedRem": [
            {
                "ExpenditureID": 1,
                "PolicyID": 1,
                "InsureeID": 1,
                "ClaimID": 1,
                "DedG": "0.00",
                "RemG": "27.50",
                "RemOP": "27.50",
                **entered,
            },
            {
                "ExpenditureID": 2,
                "PolicyID": 1,
                "InsureeID": 1,
                "ClaimID": 2,
                "DedG": "0.00",
                "RemG": "720.00",
                "RemOP": "720.00",
                **entered,
            },
        ],
    }
    return copy.deepcopy(tables)
