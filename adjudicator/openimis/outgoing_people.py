"""Families, insured people, and what they have paid for, as tables of openIMIS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from adjudicator.openimis.ids import Ids
from adjudicator.openimis.rows import HOLDS, Row, Tables, by_number, decimal, letter, versions
from adjudicator.vocabulary import PolicyStatus, Sex, Stage
from ingest.openimis.registers import STATUSES

_STATUSES: Final = {int(status): code for code, status in STATUSES.items()}


def people(registers: Mapping[str, list[Row]], ids: Ids, decimals: int) -> Tables:
    """Give the registers of people as rows of openIMIS's tables.

    Args:
        registers: ours, by name; all their codes have a number.
        ids: the numbers.
        decimals: of the currency.
    """
    return {
        "tblFamilies": by_number(_families(registers, ids)),
        "tblInsuree": versions(
            *(ids, "tblInsuree", "InsureeID", registers["insurees"]),
            lambda row: str(row["insuree"]),
            lambda row: _insuree(row, ids),
        ),
        "tblPolicy": by_number(_policy(row, ids) for row in registers["policies"]),
        "tblInsureePolicy": _covers(registers["covers"], ids),
        "tblPayer": by_number(_payers(registers["contributions"], ids)),
        "tblPremium": by_number(_premium(row, ids, decimals) for row in registers["contributions"]),
    }


def _families(registers: Mapping[str, list[Row]], ids: Ids) -> list[Row]:
    heads = {row["family"]: row["insuree"] for row in registers["insurees"] if row["head"]}
    return [
        {
            "FamilyID": ids.of("tblFamilies", row["family"]),
            "InsureeID": ids.of("tblInsuree", row.get("head") or heads.get(row["family"])),
            "LocationId": ids.of("tblLocations", row["location"]),
            "Poverty": {"true": 1, "false": 0}.get(row.get("poverty") or ""),
            "FamilyType": row.get("family_type"),
            "FamilyAddress": row.get("address"),
            **HOLDS,
        }
        for row in registers["families"]
    ]


def _insuree(row: Row, ids: Ids) -> Row:
    others, _, last = (row["name"] or "").strip().rpartition(" ")
    return {
        "FamilyID": ids.of("tblFamilies", row["family"]),
        "CHFID": row["insuree"],
        "LastName": last or None,
        "OtherNames": others.strip() or None,
        "DOB": row["birth_date"],
        "Gender": letter(Sex, row["sex"]),
        "IsHead": 1 if row["head"] else 0,
    }


def _policy(row: Row, ids: Ids) -> Row:
    return {
        "PolicyID": ids.of("tblPolicy", row["policy"]),
        "FamilyID": ids.of("tblFamilies", row["family"]),
        "EnrollDate": row["enrolled"],
        "StartDate": row["effective"],
        "EffectiveDate": row["effective"],
        "ExpiryDate": row["expiry"],
        "PolicyStatus": _STATUSES[PolicyStatus(row["status"])],
        "ProdID": ids.of("tblProduct", row["product"]),
        "PolicyStage": letter(Stage, row["stage"]),
        **HOLDS,
    }


def _covers(covers: Sequence[Row], ids: Ids) -> list[Row]:
    in_order = sorted(covers, key=lambda row: (row["policy"], row["insuree"], row["effective"]))
    return [
        {
            "InsureePolicyId": number,
            "InsureeId": ids.of("tblInsuree", row["insuree"]),
            "PolicyId": ids.of("tblPolicy", row["policy"]),
            "EnrollmentDate": row["effective"],
            "StartDate": row["effective"],
            "EffectiveDate": row["effective"],
            "ExpiryDate": row["expiry"],
            **HOLDS,
        }
        for number, row in enumerate(in_order, 1)
    ]


def _payers(contributions: Sequence[Row], ids: Ids) -> list[Row]:
    payers = {row["payer"] for row in contributions if row["payer"] is not None}
    return [{"PayerID": ids.of("tblPayer", payer), "PayerName": payer, **HOLDS} for payer in payers]


def _premium(row: Row, ids: Ids, decimals: int) -> Row:
    return {
        "PremiumId": ids.of("tblPremium", row["contribution"]),
        "PolicyID": ids.of("tblPolicy", row["policy"]),
        "PayerID": ids.of("tblPayer", row["payer"]),
        "Amount": decimal(row["amount"], decimals),
        "PayDate": row["paid"],
        "isPhotoFee": 0,
        **HOLDS,
    }
