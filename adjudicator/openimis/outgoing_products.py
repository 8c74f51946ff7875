"""Our products as tables of openIMIS, and what openIMIS has no words for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from adjudicator.openimis.ids import Ids
from adjudicator.openimis.rows import HOLDS, Row, Tables, decimal, letter
from adjudicator.openimis.snapshot import Snapshot
from adjudicator.product.definition import (
    NO_LIMIT,
    BalanceLimit,
    Discount,
    Product,
    RelativePrices,
    SideLimit,
)
from adjudicator.product.terms import ProvisionTerms, Selectable, resolve
from adjudicator.units import OPEN_END, OPEN_START, date_of, unscaled
from adjudicator.vocabulary import (
    Care,
    Category,
    FacilityLevel,
    HospitalCare,
    Kind,
    Limitation,
    PriceOrigin,
    ProvisionType,
    VisitType,
)
from adjudicator.words import Message, message
from ingest.openimis.names import KINDS
from ingest.openimis.products import COVERAGE

_SIDES: Final = {Care.HOSPITAL: "IP", Care.NON_HOSPITAL: "OP"}
_VISITS: Final = {VisitType.OTHER: "", VisitType.REFERRAL: "R", VisitType.EMERGENCY: "E"}
_NO: Final = {
    Category.VISIT: "MaxNoVisits",
    Category.CONSULTATION: "MaxNoConsultation",
    Category.SURGERY: "MaxNoSurgery",
    Category.DELIVERY: "MaxNoDelivery",
    Category.ANTENATAL: "MaxNoAntenatal",
    Category.HOSPITALIZATION: "MaxNoHospitalizaion",
}
_AMOUNT: Final = {
    Category.CONSULTATION: "MaxAmountConsultation",
    Category.SURGERY: "MaxAmountSurgery",
    Category.DELIVERY: "MaxAmountDelivery",
    Category.ANTENATAL: "MaxAmountAntenatal",
    Category.HOSPITALIZATION: "MaxAmountHospitalization",
}
_PERIODS: Final = {"month": ("M", 12), "quarter": ("Q", 4), "year": ("Y", 1)}
_WEIGHTS: Final = {
    "WeightPopulation": "population",
    "WeightNumberFamilies": "families",
    "WeightInsuredPopulation": "insured_population",
    "WeightNumberInsuredFamilies": "insured_families",
    "WeightNumberVisits": "visits",
    "WeightAdjustedAmount": "adjusted_amount",
}
_OUTSIDE: Final = {0: None, 1 << Care.HOSPITAL: "H", 1 << Care.NON_HOSPITAL: "N"}


@dataclass(frozen=True)
class Unsaid:
    """Something of a product or a claim that openIMIS has no words for."""

    about: str
    """The product's code, or the claim's facility and number."""
    what: Message


def selectable(snapshot: Snapshot) -> list[Selectable]:
    """Give the provisions as coverage entries select them, each code once, as it is now."""
    last: dict[tuple[int, str], Row] = {}
    for row in sorted(
        snapshot.registers["provisions"], key=lambda row: (row["valid_from"] is not None, row["valid_from"])
    ):
        last[row["kind"], row["code"]] = row
    return [
        Selectable(
            Kind(kind),
            code,
            None if row["type"] is None else ProvisionType(row["type"]),
            Category.OTHER if row["category"] is None else Category(row["category"]),
        )
        for (kind, code), row in sorted(last.items())
    ]


def outgoing_products(snapshot: Snapshot, ids: Ids) -> tuple[Tables, list[Unsaid]]:
    """Give the products as rows of openIMIS's tables; of several versions the last one."""
    products: dict[str, Product] = {}
    unsaid: list[Unsaid] = []
    for product in sorted(snapshot.products, key=lambda one: (one.product, one.valid.start)):
        if product.product in products:
            unsaid.append(Unsaid(product.product, message("openimis.unsaid.earlier_version")))
        products[product.product] = product
    converted = {
        product.replaces_on_renewal: product.product
        for product in products.values()
        if product.replaces_on_renewal
    }
    provisions = selectable(snapshot)
    tables: Tables = {name: [] for name in ("tblProduct", *COVERAGE.values(), "tblRelDistr")}
    for code, product in products.items():
        row = _product(product, snapshot, ids, converted.get(code))
        tables["tblProduct"].append(row)
        for kind, table in COVERAGE.items():
            covered = [one for one in provisions if one.kind is kind]
            tables[table] += list(
                _coverage(product, row["ProdID"], covered, kind, ids, snapshot.decimals, unsaid)
            )
        tables["tblRelDistr"] += list(_shares(product, row["ProdID"]))
    tables["tblProduct"].sort(key=lambda row: int(row["ProdID"]))
    for table, column in (
        (COVERAGE[Kind.ITEM], "ProdItemID"),
        (COVERAGE[Kind.SERVICE], "ProdServiceID"),
        ("tblRelDistr", "DistrID"),
    ):
        tables[table] = [{column: number, **row, **HOLDS} for number, row in enumerate(tables[table], 1)]
    return tables, [*unsaid, *(one for product in products.values() for one in _unsaid(product))]


def _product(product: Product, snapshot: Snapshot, ids: Ids, successor: str | None) -> Row:
    decimals = snapshot.decimals

    def amount(value: int | None) -> Decimal | None:
        return decimal(value, decimals)

    location = product.location
    enrolment, contribution = product.enrolment, product.contribution
    row: Row = {
        "ProdID": ids.of("tblProduct", product.product),
        "ProductCode": product.product,
        "ProductName": product.name.en if product.name else product.product,
        "LocationId": ids.of("tblLocations", (location.district or location.region) if location else None),
        "InsurancePeriod": enrolment.insurance_period,
        "DateFrom": None if product.valid.start == OPEN_START else date_of(product.valid.start),
        "DateTo": None if product.valid.end == OPEN_END else date_of(product.valid.end),
        "ConversionProdID": ids.of("tblProduct", successor),
        "LumpSum": amount(contribution.lump_sum),
        "MemberCount": 9999 if enrolment.members.maximum is None else enrolment.members.maximum,
        "Threshold": enrolment.members.threshold,
        "PremiumAdult": amount(contribution.adult),
        "PremiumChild": amount(contribution.child),
        "MaxInstallments": contribution.installments,
        "AdministrationPeriod": enrolment.administration_period,
        "WaitingPeriod": enrolment.grace.payment,
        "GracePeriod": enrolment.grace.enrolment,
        "GracePeriodRenewal": enrolment.grace.renewal,
        "Recurrence": enrolment.renewal_without_registration_fee or None,
        "CeilingInterpretation": letter(HospitalCare, product.hospital_care),
        "AccCodePremiums": product.accounts.contribution,
        "AccCodeRemuneration": product.accounts.remuneration,
    }
    for name, fee in (
        ("Registration", contribution.registration),
        ("GeneralAssembly", contribution.assembly),
    ):
        row[f"{name}LumpSum"] = amount(fee.lump_sum) if fee else None
        row[f"{name}Fee"] = amount(fee.per_member) if fee else None
    for name, discount in (
        ("Enrolment", contribution.discount.enrolment),
        ("Renewal", contribution.discount.renewal),
    ):
        row |= _discount(name, discount)
    for number in range(4):
        cycle = enrolment.cycles[number] if number < len(enrolment.cycles) else None
        row[f"StartCycle{number + 1}"] = f"{cycle[1]:02}-{cycle[0]:02}" if cycle else None
    for prefix, limit in (("Ded", product.deductible), ("Max", product.ceiling)):
        row |= _limit(prefix, limit, decimals)
    for category, column in _NO.items():
        terms = product.claim_categories.get(category)
        row[column] = terms.claims if terms else None
    for category, column in _AMOUNT.items():
        terms = product.claim_categories.get(category)
        row[column] = amount(terms.ceiling) if terms else None
    row |= _relative(product.remuneration.relative_prices)
    row |= _capitation(product)
    return row | HOLDS


def _discount(name: str, discount: Discount | None) -> Row:
    return {
        f"{name}DiscountPerc": unscaled(discount.percent, 2) if discount else None,
        f"{name}DiscountPeriod": discount.ahead if discount else None,
    }


def _limit(prefix: str, limit: BalanceLimit | None, decimals: int) -> Row:
    row: Row = {}
    sides: dict[str, SideLimit | None] = {}
    if limit is not None and limit.split:
        sides = {name: limit.side(care) for care, name in _SIDES.items()}
    elif limit is not None:
        sides = {"": limit.side(Care.HOSPITAL)}
    for name in ("", "IP", "OP"):
        side = sides.get(name)
        for level in ("Treatment", "Insuree", "Policy"):
            here = side is not None and side.per is not None and side.per.word == level.lower()
            row[f"{prefix}{name}{level}"] = unscaled(side.amount, decimals) if here and side else None
        if prefix == "Max":
            extra, most = (side.extra_member, side.maximum) if side is not None else (None, None)
            row[f"MaxPolicyExtraMember{name}"] = decimal(extra, decimals)
            row[f"MaxCeilingPolicy{name}"] = decimal(most, decimals)
    return row


def _relative(relative: RelativePrices | None) -> Row:
    period = _PERIODS[relative.period][0] if relative else None
    return {
        "PeriodRelPrices": period if relative and relative.all else None,
        "PeriodRelPricesIP": period if relative and relative.hospital else None,
        "PeriodRelPricesOP": period if relative and relative.non_hospital else None,
    }


def _shares(product: Product, id_: int) -> Iterator[Row]:
    relative = product.remuneration.relative_prices
    if relative is None:
        return
    count = _PERIODS[relative.period][1]
    for care, pool in (("B", relative.all), ("I", relative.hospital), ("O", relative.non_hospital)):
        if pool is None:
            continue
        shares = pool.share if len(pool.share) == count else pool.share * count
        for place, share in enumerate(shares, 1):
            yield {
                "DistrType": count,
                "DistrCareType": care,
                "ProdID": id_,
                "Period": place,
                # openIMIS multiplies by what stands here: a fraction.
                "DistrPerc": unscaled(share, 4).normalize() if share else Decimal(0),
            }


def _capitation(product: Product) -> Row:
    capitation = product.remuneration.capitation
    row: Row = {}
    for number in range(4):
        one = capitation.facilities[number] if capitation and number < len(capitation.facilities) else None
        row[f"Level{number + 1}"] = letter(FacilityLevel, one.level) if one else None
        row[f"Sublevel{number + 1}"] = one.sublevel if one else None
    row["ShareContribution"] = unscaled(capitation.share, 2) if capitation else None
    for column, name in _WEIGHTS.items():
        row[column] = unscaled(getattr(capitation.weights, name), 2) if capitation else None
    return row


def _coverage(
    product: Product,
    id_: int,
    provisions: Sequence[Selectable],
    kind: Kind,
    ids: Ids,
    decimals: int,
    unsaid: list[Unsaid],
) -> Iterator[Row]:
    table, column, _ = KINDS[kind]
    by_visit_only: list[str] = []
    for provision in provisions:
        terms = {visit: resolve(product, provision, visit) for visit in VisitType}
        covered = [one for one in terms.values() if one.covered]
        if not covered:
            continue
        said = {_said_of_all(one) for one in covered}
        if len(said) > 1:
            by_visit_only.append(provision.code)
        ordinary = terms[VisitType.OTHER] if terms[VisitType.OTHER].covered else covered[0]
        row: Row = {
            "ProdID": id_,
            column: ids.of(table, provision.code),
            "PriceOrigin": letter(PriceOrigin, ordinary.price_origin),
        }
        mixed = False
        for visit, suffix in _VISITS.items():
            limits, mixed_here = _limits(terms[visit], suffix, decimals)
            row |= limits
            mixed = mixed or mixed_here
        if mixed:
            unsaid.append(
                Unsaid(product.product, message("openimis.unsaid.mixed_limitation", code=provision.code))
            )
        for age in ("adult", "child"):
            name = age.capitalize()
            quantity, outside = getattr(ordinary.quantity, age), getattr(ordinary.outside_ceiling, age)
            row[f"WaitingPeriod{name}"] = getattr(ordinary.waiting, age) or None
            row[f"LimitNo{name}"] = None if quantity == NO_LIMIT else unscaled(quantity, 2)
            row[f"CeilingExclusion{name}"] = _OUTSIDE.get(outside, "B")
        yield row
    if by_visit_only:
        unsaid.append(
            Unsaid(product.product, message("openimis.unsaid.terms_by_visit", codes=by_visit_only[:10]))
        )


def _said_of_all(terms: ProvisionTerms) -> tuple[Any, ...]:
    """Give the terms that openIMIS has for all visits together."""
    ages = (terms.waiting, terms.quantity, terms.outside_ceiling)
    return (terms.price_origin, *((age.adult, age.child) for age in ages))


def _limits(terms: ProvisionTerms, suffix: str, decimals: int) -> tuple[Row, bool]:
    """Give the limitation of a type of visit, and whether adults and children have different ones."""
    if not terms.covered:
        return {
            f"LimitationType{suffix}": None,
            f"LimitAdult{suffix}": None,
            f"LimitChild{suffix}": None,
        }, False
    adult, child = terms.cover.adult, terms.cover.child
    fixed = adult.limitation is Limitation.FIXED
    row: Row = {f"LimitationType{suffix}": letter(Limitation, adult.limitation)}
    for name, cover in (("Adult", adult), ("Child", child)):
        places = decimals if cover.limitation is Limitation.FIXED else 2
        row[f"Limit{name}{suffix}"] = decimal(cover.value, places)
    mixed = (child.limitation is Limitation.FIXED) != fixed
    if mixed:
        # The child's term cannot be said: a fixed amount without an end, or all of it, pays like 100%.
        row[f"LimitChild{suffix}"] = None
    return row, mixed and child.value not in (None, 10_000)


def _unsaid(product: Product) -> Iterator[Unsaid]:
    relative, capitation = product.remuneration.relative_prices, product.remuneration.capitation
    if relative and relative.index:
        yield Unsaid(product.product, message("openimis.unsaid.index_maximum"))
    if capitation and len(capitation.facilities) > 4:
        yield Unsaid(product.product, message("openimis.unsaid.levels"))
    for limit in (product.deductible, product.ceiling):
        if limit is not None and limit.split:
            if any(side is not None and side.amount == 0 for side in (limit.hospital, limit.non_hospital)):
                yield Unsaid(product.product, message("openimis.unsaid.zero_limit"))
        elif limit is not None and limit.amount == 0:
            yield Unsaid(product.product, message("openimis.unsaid.zero_limit"))
