"""Our registers as tables of openIMIS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adjudicator.openimis.ids import Ids
from adjudicator.openimis.outgoing_people import people
from adjudicator.openimis.rows import HOLDS, Row, Tables, by_number, decimal, letter, versions
from adjudicator.openimis.snapshot import Snapshot
from adjudicator.units import unscaled
from adjudicator.vocabulary import AgeGroup, CareType, Category, FacilityLevel, Kind, Sex
from ingest.openimis.names import KINDS, PRICE_LISTS
from ingest.openimis.records import ADULT, CHILD, MAN, WOMAN
from ingest.openimis.registers import LEGAL_FORMS, LOCATION_LEVELS, TYPES


def _inverse(words: Mapping[str, Any]) -> dict[Any, str]:
    return {word: letter for letter, word in words.items()}


_LEVELS: Final = {int(level): letter for level, letter in _inverse(LOCATION_LEVELS).items()}
_TYPES: Final = {int(type_): letter for kind in Kind for letter, type_ in TYPES[kind].items()}
_LEGAL_FORMS: Final = _inverse(LEGAL_FORMS)


def outgoing_registers(snapshot: Snapshot, ids: Ids) -> Tables:
    """Give all registers as rows of openIMIS's tables."""
    registers, decimals = snapshot.registers, snapshot.decimals
    _number(snapshot, ids)
    tables: Tables = {"tblLocations": by_number(_location(row, ids) for row in registers["locations"])}
    for kind in Kind:
        tables[KINDS[kind][0]] = _provisions(kind, registers["provisions"], ids, decimals)
        tables |= _price_lists(kind, registers, ids, decimals)
    tables["tblHF"] = versions(
        *(ids, "tblHF", "HfID", registers["facilities"]),
        lambda row: str(row["code"]),
        lambda row: _facility(row, ids),
    )
    tables["tblHFCatchment"] = versions(
        *(ids, "tblHFCatchment", "HFCatchmentId", registers["catchments"]),
        lambda row: f"{row['facility']}/{row['location']}",
        lambda row: _catchment(row, ids),
    )
    tables["tblICDCodes"] = versions(
        *(ids, "tblICDCodes", "ICDID", registers["diagnoses"]),
        lambda row: str(row["code"]),
        lambda row: {"ICDCode": row["code"], "ICDName": row["name"]},
    )
    return tables | people(registers, ids, decimals)


def _number(snapshot: Snapshot, ids: Ids) -> None:
    """Give every code its number before any row names it."""
    registers = snapshot.registers
    for table, register, column in (
        ("tblLocations", "locations", "code"),
        ("tblHF", "facilities", "code"),
        ("tblICDCodes", "diagnoses", "code"),
        ("tblFamilies", "families", "family"),
        ("tblInsuree", "insurees", "insuree"),
        ("tblPolicy", "policies", "policy"),
        ("tblPremium", "contributions", "contribution"),
    ):
        ids.number(table, (row[column] for row in registers[register]))
    for kind in Kind:
        ids.number(KINDS[kind][0], (row["code"] for row in registers["provisions"] if row["kind"] == kind))
        ids.number(KINDS[kind][0], (row["code"] for row in registers["price_lists"] if row["kind"] == kind))
        column = "service_price_list" if kind is Kind.SERVICE else "item_price_list"
        named = [row[column] for row in registers["facilities"] if row[column] is not None]
        listed = [row["price_list"] for row in registers["price_lists"] if row["kind"] == kind]
        ids.number(PRICE_LISTS[kind][0], [*named, *listed])
    ids.number("tblPayer", (row["payer"] for row in registers["contributions"] if row["payer"] is not None))
    ids.number("tblProduct", (product.product for product in snapshot.products))
    ids.number(
        "tblClaimAdmin", (row["administrator"] for row in snapshot.claims if row["administrator"] is not None)
    )


def _location(row: Row, ids: Ids) -> Row:
    return {
        "LocationId": ids.of("tblLocations", row["code"]),
        "LocationCode": row["code"],
        "LocationName": row["name"],
        "ParentLocationId": ids.of("tblLocations", row["parent"]),
        "LocationType": _LEVELS[row["level"]],
        "MalePopulation": row["male"],
        "FemalePopulation": row["female"],
        "OtherPopulation": row["other"],
        "Families": row["families"],
        **HOLDS,
    }


def _provisions(kind: Kind, provisions: Sequence[Row], ids: Ids, decimals: int) -> list[Row]:
    table, id_column, code = KINDS[kind]
    return versions(
        *(ids, table, id_column, [row for row in provisions if row["kind"] == kind]),
        lambda row: str(row["code"]),
        lambda row: _provision(kind, code, row, decimals),
    )


def _provision(kind: Kind, code: str, row: Row, decimals: int) -> Row:
    prefix = code.removesuffix("Code")
    made = {
        code: row["code"],
        f"{prefix}Name": row["name"],
        f"{prefix}Type": None if row["type"] is None else _TYPES[row["type"]],
        f"{prefix}Price": decimal(row["price"], decimals),
        f"{prefix}CareType": letter(CareType, row["care_type"]),
        f"{prefix}Frequency": row["frequency_days"] or 0,
        f"{prefix}PatCat": _mask(row),
    }
    if kind is Kind.SERVICE:
        category = Category.OTHER if row["category"] is None else Category(row["category"])
        made["ServCategory"] = letter(Category, category)
    return made


def _mask(row: Row) -> int:
    sex = {Sex.MALE: MAN, Sex.FEMALE: WOMAN}.get(Sex(row["sex"]), MAN | WOMAN)
    age = {AgeGroup.ADULT: ADULT, AgeGroup.CHILD: CHILD}.get(AgeGroup(row["age"]), ADULT | CHILD)
    return sex | age


def _price_lists(kind: Kind, registers: Mapping[str, list[Row]], ids: Ids, decimals: int) -> Tables:
    lists, id_column, name, details = PRICE_LISTS[kind]
    table, of_kind, _ = KINDS[kind]
    rows = [row for row in registers["price_lists"] if row["kind"] == kind]
    column = "service_price_list" if kind is Kind.SERVICE else "item_price_list"
    names = {row["price_list"] for row in rows} | {row[column] for row in registers["facilities"]} - {None}
    return {
        lists: by_number({id_column: ids.of(lists, one), name: one, **HOLDS} for one in names),
        details: versions(
            *(ids, details, f"{id_column.removesuffix('ID')}DetailID", rows),
            lambda row: f"{row['price_list']}/{row['code']}",
            lambda row: {
                id_column: ids.of(lists, row["price_list"]),
                of_kind: ids.of(table, row["code"]),
                "PriceOverule": decimal(row["price"], decimals),
            },
        ),
    }


def _facility(row: Row, ids: Ids) -> Row:
    return {
        "HFCode": row["code"],
        "HFName": row["name"],
        "LegalForm": _LEGAL_FORMS.get(row["legal_form"], row["legal_form"]),
        "HFLevel": letter(FacilityLevel, row["level"]),
        "HFSublevel": row["sublevel"],
        "LocationId": ids.of("tblLocations", row["location"]),
        "HFCareType": letter(CareType, row["care_type"]),
        "PLServiceID": ids.of("tblPLServices", row["service_price_list"]),
        "PLItemID": ids.of("tblPLItems", row["item_price_list"]),
        "AccCode": row["account_code"],
    }


def _catchment(row: Row, ids: Ids) -> Row:
    return {
        "HFID": ids.of("tblHF", row["facility"]),
        "LocationId": ids.of("tblLocations", row["location"]),
        "Catchment": unscaled(row["percent"], 2),
    }
