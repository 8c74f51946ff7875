"""From openIMIS's names and codes to the project's own products and tables.

The core of the importer: pure functions from records with openIMIS's field names (as its modules spell
them) to product definitions and rows of :mod:`adjudicator.tables`. An absent field takes its default.
Validity in openIMIS says when a row was replaced, so it ends the day before ``validity_to``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from adjudicator.product.definition import Product
from adjudicator.vocabulary import (
    OPENIMIS_LETTERS,
    Care,
    CareType,
    Category,
    FacilityLevel,
    HospitalCare,
    PriceOrigin,
    Sex,
    Stage,
    VisitType,
    Word,
)

Record = Mapping[str, Any]
Row = dict[str, Any]

MAN, WOMAN, ADULT, CHILD = 1, 2, 4, 8
"""Bits of openIMIS's patient category."""

REVIEW_REJECTED: Final = 2
"""A line's review status where the medical officer rejected it."""

_VISIT_SUFFIX: Final = {VisitType.OTHER: "", VisitType.REFERRAL: "_r", VisitType.EMERGENCY: "_e"}

_CLAIM_LIMIT_FIELDS: Final = {
    Category.VISIT: "max_no_visits",
    Category.CONSULTATION: "max_no_consultation",
    Category.HOSPITALIZATION: "max_no_hospitalization",
    Category.ANTENATAL: "max_no_antenatal",
    Category.DELIVERY: "max_no_delivery",
    Category.SURGERY: "max_no_surgery",
}

_SIDES: Final = {"ip_": Care.HOSPITAL, "op_": Care.NON_HOSPITAL}


@dataclass(frozen=True)
class Imported:
    """What an openIMIS installation holds, in the project's own words."""

    products: tuple[Product, ...]
    registers: Mapping[str, list[Row]]
    claims: list[Row]
    claim_lines: list[Row]
    adult_age: int


def import_records(source: Mapping[str, Any], decimals: int) -> Imported:
    """Translate a whole openIMIS world.

    Args:
        source: lists of records by name: products, items, services, diagnoses, pricelists,
            health_facilities, families, policies, claims. Numbers are ``int`` or ``Decimal``.
        decimals: of the scheme's currency.

    Raises:
        pydantic.ValidationError: a product says what no product can mean.

    """
    claims, claim_lines = _claims(source.get("claims", ()))
    return Imported(
        products=tuple(
            Product.model_validate(tree, context={"decimals": decimals})
            for record in source.get("products", ())
            for tree in product_trees(record)
        ),
        registers=_registers(source),
        claims=claims,
        claim_lines=claim_lines,
        adult_age=int(source.get("adult_age", 18)),
    )


# Products.


def product_trees(record: Record) -> Iterator[Row]:
    """Translate a product into trees of the product format: one for each period of unchanged terms.

    openIMIS dates the covered items and services on their own, so a product may have several versions.
    """
    for start, end in _versions(record):
        tree: Row = {"product": record["code"], "valid": _period_tree(start, end)}
        if "name" in record:
            tree["name"] = str(record["name"])
        if "ceiling_interpretation" in record:
            care = _letter(HospitalCare, record["ceiling_interpretation"])
            tree["hospital_care"] = care.word
        if "threshold" in record:
            tree["enrolment"] = {"members": {"threshold": str(record["threshold"])}}
        for name, limit in (
            ("deductible", balance_limit(record, "ded")),
            ("ceiling", balance_limit(record, "max")),
        ):
            if limit:
                tree[name] = limit
        if categories := claim_categories(record):
            tree["claim_categories"] = categories
        tree["coverage"] = list(_coverage(record, start))
        yield tree


def _versions(record: Record) -> Iterator[tuple[dt.date | None, dt.date | None]]:
    """Cut a product's validity wherever the validity of one of its items or services begins or ends."""
    start, end = _date(record.get("validity_from")), _date(record.get("validity_to"))
    cuts = {
        date
        for covered in (*record.get("items", ()), *record.get("services", ()))
        for name in ("validity_from", "validity_to")
        if (date := _date(covered.get(name))) is not None
        and (start is None or start < date)
        and (end is None or date < end)
    }
    edges = [start, *sorted(cuts), end]
    yield from pairwise(edges)


def _period_tree(start: dt.date | None, after: dt.date | None) -> Row:
    tree = {}
    if start is not None:
        tree["from"] = start.isoformat()
    if after is not None:
        tree["to"] = _day_before(after).isoformat()
    return tree


def balance_limit(record: Record, prefix: str) -> Row | None:
    """Translate a deductible (``ded``) or a ceiling (``max``).

    Where several are set, the general one rules before the split, and treatment before insuree before
    policy (law, section 5.1).
    """
    for level in ("treatment", "insuree", "policy"):
        if amount := record.get(f"{prefix}_{level}"):
            return {"per": level, "amount": _number(amount)} | _growth(record, prefix, level, "")
    sides: Row = {}
    for side, care in _SIDES.items():
        for level in ("treatment", "insuree", "policy"):
            if amount := record.get(f"{prefix}_{side}{level}"):
                growth = _growth(record, prefix, level, "_" + side.removesuffix("_"))
                sides[care.word] = {"per": level, "amount": _number(amount)} | growth
                break
    levels = {side["per"] for side in sides.values()}
    if len(levels) != 1:
        return sides or None
    plain = {
        care: {key: value for key, value in side.items() if key != "per"} for care, side in sides.items()
    }
    return {"per": levels.pop()} | plain


def _growth(record: Record, prefix: str, level: str, side: str) -> Row:
    growth: Row = {}
    if prefix == "max" and level == "policy":
        if extra := record.get(f"max_policy_extra_member{side}"):
            growth["extra_member"] = _number(extra)
        if maximum := record.get(f"max_ceiling_policy{side}"):
            growth["maximum"] = _number(maximum)
    return growth


def claim_categories(record: Record) -> Row:
    """Translate the limits on whole claims, by category."""
    categories: Row = {}
    for category, name in _CLAIM_LIMIT_FIELDS.items():
        terms = {}
        if record.get(name, -1) >= 0:
            terms["claims"] = str(int(record[name]))
        if ceiling := record.get(f"max_amount_{category.word}"):
            terms["ceiling"] = _number(ceiling)
        if terms:
            categories[category.word] = terms
    return categories


def _coverage(record: Record, day: dt.date | None) -> Iterator[Row]:
    """Fold the covered provisions into entries: one for all that share the same terms."""
    for kind in ("items", "services"):
        folded: dict[str, tuple[list[str], Row]] = {}
        for covered in record.get(kind, ()):
            if not _holds(covered, day):
                continue
            terms = covered_terms(covered)
            codes, _ = folded.setdefault(repr(terms), ([], terms))
            codes.append(str(covered[f"{kind.removesuffix('s')}_code"]))
        for codes, terms in folded.values():
            yield {kind: sorted(set(codes)), **terms}


def _holds(covered: Record, day: dt.date | None) -> bool:
    start, after = _date(covered.get("validity_from")), _date(covered.get("validity_to"))
    if day is None:
        return start is None
    return (start is None or start <= day) and (after is None or day < after)


def covered_terms(covered: Record) -> Row:
    """Translate what a product says of one item or service into the words of a coverage entry."""
    terms: Row = {}
    ordinary = _cover(covered, VisitType.OTHER)
    terms |= {"covered": "false"} if ordinary is None else {"cover": ordinary}
    terms["price"] = _letter(PriceOrigin, covered.get("price_origin", "P")).word
    for name, word in (("waiting_period", "waiting"), ("limit_no", "quantity")):
        by_age = {}
        for age in ("adult", "child"):
            value = covered.get(f"{name}_{age}")
            if value is not None and (value > 0 or (word == "quantity" and value == 0)):
                by_age[age] = f"{value} months" if word == "waiting" else _number(value)
        if by_age:
            terms[word] = by_age
    outside = {
        age: {"H": "hospital", "N": "non_hospital", "B": "both"}[value]
        for age in ("adult", "child")
        if (value := covered.get(f"ceiling_exclusion_{age}")) in ("H", "N", "B")
    }
    if outside:
        terms["outside_ceiling"] = outside
    for visit_type in (VisitType.REFERRAL, VisitType.EMERGENCY):
        special = _cover(covered, visit_type)
        if special is None and ordinary is not None:
            terms[visit_type.word] = {"covered": "false"}
        elif special is not None and ordinary is None:
            terms[visit_type.word] = {"covered": "true", "cover": special}
        elif special != ordinary:
            terms[visit_type.word] = {"cover": special}
    return terms


def _cover(covered: Record, visit_type: VisitType) -> Row | None:
    suffix = _VISIT_SUFFIX[visit_type]
    limitation = covered.get(f"limitation_type{suffix}")
    if limitation is None:
        return None
    cover: Row = {}
    for age in ("adult", "child"):
        value = covered.get(f"limit_{age}{suffix}")
        if limitation == "C":
            cover[age] = "100%" if value is None else f"{_number(value)}%"
        else:
            cover[age] = {"up_to": "none" if value is None else _number(value)}
    return cover


# Registers.


def _registers(source: Mapping[str, Any]) -> dict[str, list[Row]]:
    policies, covers = _policies(source)
    families, insurees = _families(source.get("families", ()))
    return {
        "provisions": [
            _provision(kind, record)
            for kind, name in (("item", "items"), ("service", "services"))
            for record in source.get(name, ())
        ],
        "price_lists": list(_price_lists(source.get("pricelists", {}))),
        "facilities": [_facility(record) for record in source.get("health_facilities", ())],
        "diagnoses": [
            {"code": record["code"], "name": record.get("name", record["code"])} | _validity(record)
            for record in source.get("diagnoses", ())
        ],
        "families": families,
        "insurees": insurees,
        "policies": policies,
        "covers": covers,
    }


def _provision(kind: str, record: Record) -> Row:
    mask = int(record.get("patient_category", MAN | WOMAN | ADULT | CHILD))
    return {
        "kind": kind,
        "code": record["code"],
        "name": record.get("name", record["code"]),
        "category": _letter(Category, record.get("category", "O")).word,
        "price": _number(record["price"]),
        "care_type": _letter(CareType, record.get("care_type", "B")).word,
        "sex": restriction(mask, MAN, "male", WOMAN, "female"),
        "age": restriction(mask, ADULT, "adult", CHILD, "child"),
        "frequency_days": record.get("frequency") or None,
    } | _validity(record)


def restriction(mask: int, one: int, one_word: str, other: int, other_word: str) -> str:
    """Both or neither of two bits restricts nothing (law, section 4.2, code 4)."""
    if bool(mask & one) == bool(mask & other):
        return "any"
    return one_word if mask & one else other_word


def _price_lists(lists: Mapping[str, Sequence[Record]]) -> Iterator[Row]:
    for kind, name in (("item", "items"), ("service", "services")):
        for price_list in lists.get(name, ()):
            for detail in price_list["details"]:
                yield {
                    "price_list": price_list["name"],
                    "kind": kind,
                    "code": detail[f"{kind}_code"],
                    "price": _number_or_none(detail.get("price_overrule")),
                } | _validity(detail)


def _facility(record: Record) -> Row:
    return {
        "code": record["code"],
        "name": record.get("name", record["code"]),
        "level": _letter(FacilityLevel, record["level"]).word,
        "sublevel": record.get("sublevel"),
        "care_type": _letter(CareType, record.get("care_type", "B")).word,
        "service_price_list": record.get("services_pricelist"),
        "item_price_list": record.get("items_pricelist"),
    } | _validity(record)


def family_code(position: int) -> str:
    """Name a family by its position in the source."""
    return f"F{position:06d}"


def policy_code(position: int) -> str:
    """Name a policy by its position in the source, so that codes sort as positions do."""
    return f"P{position:06d}"


def _families(records: Iterable[Record]) -> tuple[list[Row], list[Row]]:
    """Translate families and their members. A retired family does not end its members' validity."""
    families, insurees = [], []
    for position, family in enumerate(records):
        families.append({"family": family_code(position)})
        insurees += [
            {
                "insuree": record["chf_id"],
                "family": family_code(position),
                "sex": _letter(Sex, record.get("gender", "O")).word,
                "birth_date": record.get("dob"),
            }
            | _validity(record)
            for record in family["insurees"]
        ]
    return families, insurees


def _policies(source: Mapping[str, Any]) -> tuple[list[Row], list[Row]]:
    policies, covers = [], []
    for position, record in enumerate(source.get("policies", ())):
        if "effective_date" not in record:
            # A policy that never took effect covers nobody.
            continue
        policy = policy_code(position)
        policies.append(
            {
                "policy": policy,
                "family": family_code(record["family"]),
                "product": record["product_code"],
                "effective": record["effective_date"],
                "expiry": record["expiry_date"],
                "stage": _letter(Stage, record.get("stage", "N")).word,
                "status": record.get("status", "active"),
            }
        )
        covers += [
            {
                "policy": policy,
                "insuree": member["chf_id"],
                "effective": member.get("effective_date", record["effective_date"]),
                "expiry": member.get("expiry_date", record["expiry_date"]),
            }
            for member in record["members"]
        ]
    return policies, covers


# Claims.


def _claims(records: Iterable[Record]) -> tuple[list[Row], list[Row]]:
    claims, lines = [], []
    for sequence, record in enumerate(records):
        claims.append(
            {
                "claim": record["code"],
                "facility": record["hf_code"],
                "insuree": record["chf_id"],
                "date_from": record.get("date_from"),
                "date_to": record.get("date_to"),
                "date_claimed": record["date_claimed"],
                "visit_type": _letter(VisitType, record.get("visit_type", "O")).word,
                "diagnosis": record.get("icd"),
                **{f"diagnosis_{n}": record.get(f"icd_{n}") for n in range(1, 5)},
                "sequence": sequence,
            }
        )
        billed = [("item", line) for line in record.get("items", ())]
        billed += [("service", line) for line in record.get("services", ())]
        lines += [
            {
                "claim": record["code"],
                "facility": record["hf_code"],
                "line": number,
                "kind": kind,
                "code": line[f"{kind}_code"],
                "quantity": _number(line["qty_provided"]),
                "price_asked": _number(line["price_asked"]),
                "quantity_approved": _number_or_none(line.get("qty_approved")),
                "price_approved": _number_or_none(line.get("price_approved")),
                "review": "rejected" if line.get("review_status") == REVIEW_REJECTED else None,
            }
            for number, (kind, line) in enumerate(billed, 1)
        ]
    return claims, lines


# Letters, dates and numbers.


def _letter(words: type[Word], letter: str) -> Word:
    return OPENIMIS_LETTERS[words][letter]


def _date(given: str | dt.date | None) -> dt.date | None:
    return dt.date.fromisoformat(given) if isinstance(given, str) else given


def _day_before(date: dt.date) -> dt.date:
    return date - dt.timedelta(days=1)


def _validity(record: Record) -> Row:
    after = _date(record.get("validity_to"))
    return {
        "valid_from": record.get("validity_from"),
        "valid_to": None if after is None else _day_before(after),
    }


def _number(value: int | Decimal) -> str:
    """Write a number without an exponent and without the zeros that a database pads it with."""
    written = format(Decimal(value), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _number_or_none(value: int | Decimal | None) -> str | None:
    return None if value is None else _number(value)
