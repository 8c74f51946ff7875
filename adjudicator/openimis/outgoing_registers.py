"""Our registers as tables of openIMIS."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from adjudicator.openimis.ids import Ids
from adjudicator.openimis.snapshot import Snapshot
from adjudicator.units import unscaled
from adjudicator.vocabulary import (
    OPENIMIS_LETTERS,
    AgeGroup,
    CareType,
    Category,
    FacilityLevel,
    Kind,
    PolicyStatus,
    Sex,
    Stage,
    Word,
)
from ingest.openimis.names import KINDS, PRICE_LISTS
from ingest.openimis.records import ADULT, CHILD, MAN, WOMAN
from ingest.openimis.registers import LEGAL_FORMS, LOCATION_LEVELS, STATUSES, TYPES

Row = dict[str, Any]
Tables = dict[str, list[Row]]

DAY: Final = dt.timedelta(days=1)


def letter(words: type[Word], value: int | None) -> str | None:
    """Give openIMIS's letter for a word."""
    if value is None:
        return None
    return {int(word): letter for letter, word in OPENIMIS_LETTERS[words].items()}.get(int(value))


def _inverse(words: Mapping[str, Any]) -> dict[Any, str]:
    return {word: letter for letter, word in words.items()}


_LEVELS: Final = {int(level): letter for level, letter in _inverse(LOCATION_LEVELS).items()}
_STATUSES: Final = {int(status): code for status, code in _inverse(STATUSES).items()}
_TYPES: Final = {int(type_): letter for kind in Kind for letter, type_ in TYPES[kind].items()}
_LEGAL_FORMS: Final = _inverse(LEGAL_FORMS)


def outgoing_registers(snapshot: Snapshot, ids: Ids) -> Tables:
    """Give all registers as rows of openIMIS's tables."""
    registers, decimals = snapshot.registers, snapshot.decimals
    tables: Tables = {}

    def amount(value: int | None) -> Decimal | None:
        return None if value is None else unscaled(value, decimals)

    _number(snapshot, ids)
    tables["tblLocations"] = _sorted(
        [
            _current(
                {
                    "LocationId": ids.of("tblLocations", row["code"]),
                    "LocationCode": row["code"],
                    "LocationName": row["name"],
                    "ParentLocationId": ids.of("tblLocations", row["parent"]),
                    "LocationType": _LEVELS[row["level"]],
                    "MalePopulation": row["male"],
                    "FemalePopulation": row["female"],
                    "OtherPopulation": row["other"],
                    "Families": row["families"],
                }
            )
            for row in registers["locations"]
        ]
    )
    for kind in Kind:
        table, id_column, code = KINDS[kind]
        prefix = code.removesuffix("Code")

        def provision(row: Row, kind: Kind = kind, prefix: str = prefix, code: str = code) -> Row:
            made = {
                code: row["code"],
                f"{prefix}Name": row["name"],
                f"{prefix}Type": None if row["type"] is None else _TYPES[row["type"]],
                f"{prefix}Price": amount(row["price"]),
                f"{prefix}CareType": letter(CareType, row["care_type"]),
                f"{prefix}Frequency": row["frequency_days"] or 0,
                f"{prefix}PatCat": _mask(row),
            }
            if kind is Kind.SERVICE:
                category = Category.OTHER if row["category"] is None else Category(row["category"])
                made["ServCategory"] = letter(Category, category)
            return made

        rows = [row for row in registers["provisions"] if row["kind"] == kind]
        tables[table] = list(_versions(ids, table, id_column, rows, lambda row: str(row["code"]), provision))
        tables |= _price_lists(kind, registers, ids, amount)
    tables["tblHF"] = list(
        _versions(
            ids,
            "tblHF",
            "HfID",
            registers["facilities"],
            lambda row: str(row["code"]),
            lambda row: _facility(row, ids),
        )
    )
    tables["tblHFCatchment"] = list(
        _versions(
            ids,
            "tblHFCatchment",
            "HFCatchmentId",
            registers["catchments"],
            lambda row: f"{row['facility']}/{row['location']}",
            lambda row: {
                "HFID": ids.of("tblHF", row["facility"]),
                "LocationId": ids.of("tblLocations", row["location"]),
                "Catchment": unscaled(row["percent"], 2),
            },
        )
    )
    tables["tblICDCodes"] = list(
        _versions(
            ids,
            "tblICDCodes",
            "ICDID",
            registers["diagnoses"],
            lambda row: str(row["code"]),
            lambda row: {"ICDCode": row["code"], "ICDName": row["name"]},
        )
    )
    tables |= _people(registers, ids, amount)
    return tables


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


def _current(row: Row) -> Row:
    return row | {"ValidityFrom": None, "ValidityTo": None, "LegacyID": None}


def _sorted(rows: Iterable[Row]) -> list[Row]:
    """Order rows by their first column, the number."""
    return sorted(rows, key=lambda row: int(next(iter(row.values()))))


def _versions(
    ids: Ids,
    table: str,
    id_column: str,
    rows: Sequence[Row],
    key: Callable[[Row], str],
    make: Callable[[Row], Row],
) -> Iterator[Row]:
    """Give the versions of rows: the last one has the number, earlier ones point to it.

    A version that the next one does not follow the day after stands by itself, as a row that was deleted: so
    the gap between them is kept.
    """
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        by_key.setdefault(key(row), []).append(row)
    ids.number(table, by_key)
    made = []
    for code in sorted(by_key):
        versions = sorted(by_key[code], key=lambda row: row["valid_from"] or dt.date.min)
        for place, row in enumerate(versions):
            following = versions[place + 1] if place + 1 < len(versions) else None
            adjacent = (
                following is not None
                and row["valid_to"] is not None
                and following["valid_from"] == row["valid_to"] + DAY
                and all(
                    _adjacent(one, two)
                    for one, two in zip(versions[place:], versions[place + 1 :], strict=False)
                )
            )
            last = following is None
            made.append(
                {
                    id_column: ids.of(table, code) if last else ids.new(table),
                    **make(row),
                    "ValidityFrom": row["valid_from"],
                    "ValidityTo": None if row["valid_to"] is None else row["valid_to"] + DAY,
                    "LegacyID": ids.of(table, code) if adjacent else None,
                }
            )
    yield from _sorted(made)


def _adjacent(one: Row, two: Row) -> bool:
    return one["valid_to"] is not None and two["valid_from"] == one["valid_to"] + DAY


def _mask(row: Row) -> int:
    sex = {Sex.MALE: MAN, Sex.FEMALE: WOMAN}.get(Sex(row["sex"]), MAN | WOMAN)
    age = {AgeGroup.ADULT: ADULT, AgeGroup.CHILD: CHILD}.get(AgeGroup(row["age"]), ADULT | CHILD)
    return sex | age


def _price_lists(
    kind: Kind, registers: Mapping[str, list[Row]], ids: Ids, amount: Callable[[int | None], Decimal | None]
) -> Tables:
    lists, id_column, name, details = PRICE_LISTS[kind]
    rows = [row for row in registers["price_lists"] if row["kind"] == kind]
    column = "service_price_list" if kind is Kind.SERVICE else "item_price_list"
    names = {row["price_list"] for row in rows} | {row[column] for row in registers["facilities"]} - {None}
    table, of_kind, _ = KINDS[kind]
    detail_id = f"{id_column.removesuffix('ID')}DetailID"
    return {
        lists: _sorted(_current({id_column: ids.of(lists, one), name: one}) for one in names),
        details: list(
            _versions(
                ids,
                details,
                detail_id,
                rows,
                lambda row: f"{row['price_list']}/{row['code']}",
                lambda row: {
                    id_column: ids.of(lists, row["price_list"]),
                    of_kind: ids.of(table, row["code"]),
                    "PriceOverule": amount(row["price"]),
                },
            )
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


def _people(
    registers: Mapping[str, list[Row]], ids: Ids, amount: Callable[[int | None], Decimal | None]
) -> Tables:
    heads = {row["family"]: row["insuree"] for row in registers["insurees"] if row["head"]}
    tables: Tables = {}
    tables["tblFamilies"] = _sorted(
        _current(
            {
                "FamilyID": ids.of("tblFamilies", row["family"]),
                "InsureeID": ids.of("tblInsuree", row.get("head") or heads.get(row["family"])),
                "LocationId": ids.of("tblLocations", row["location"]),
                "Poverty": {"true": 1, "false": 0}.get(row.get("poverty") or ""),
                "FamilyType": row.get("family_type"),
                "FamilyAddress": row.get("address"),
            }
        )
        for row in registers["families"]
    )
    tables["tblInsuree"] = list(
        _versions(
            ids,
            "tblInsuree",
            "InsureeID",
            registers["insurees"],
            lambda row: str(row["insuree"]),
            lambda row: _insuree(row, ids),
        )
    )
    tables["tblPolicy"] = _sorted(
        _current(
            {
                "PolicyID": ids.of("tblPolicy", row["policy"]),
                "FamilyID": ids.of("tblFamilies", row["family"]),
                "EnrollDate": row["enrolled"],
                "StartDate": row["effective"],
                "EffectiveDate": row["effective"],
                "ExpiryDate": row["expiry"],
                "PolicyStatus": _STATUSES[PolicyStatus(row["status"])],
                "ProdID": ids.of("tblProduct", row["product"]),
                "PolicyStage": letter(Stage, row["stage"]),
            }
        )
        for row in registers["policies"]
    )
    covers = sorted(registers["covers"], key=lambda row: (row["policy"], row["insuree"], row["effective"]))
    tables["tblInsureePolicy"] = [
        _current(
            {
                "InsureePolicyId": number,
                "InsureeId": ids.of("tblInsuree", row["insuree"]),
                "PolicyId": ids.of("tblPolicy", row["policy"]),
                "EnrollmentDate": row["effective"],
                "StartDate": row["effective"],
                "EffectiveDate": row["effective"],
                "ExpiryDate": row["expiry"],
            }
        )
        for number, row in enumerate(covers, 1)
    ]
    payers = {row["payer"] for row in registers["contributions"] if row["payer"] is not None}
    tables["tblPayer"] = _sorted(
        _current({"PayerID": ids.of("tblPayer", payer), "PayerName": payer}) for payer in payers
    )
    tables["tblPremium"] = _sorted(
        _current(
            {
                "PremiumId": ids.of("tblPremium", row["contribution"]),
                "PolicyID": ids.of("tblPolicy", row["policy"]),
                "PayerID": ids.of("tblPayer", row["payer"]),
                "Amount": amount(row["amount"]),
                "PayDate": row["paid"],
                "isPhotoFee": 0,
            }
        )
        for row in registers["contributions"]
    )
    return tables


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
