"""openIMIS's products as definitions that a person could have written, with remarks for the reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from adjudicator.product.definition import Product
from adjudicator.product.terms import Selectable
from adjudicator.vocabulary import (
    OPENIMIS_LETTERS,
    Category,
    FacilityLevel,
    HospitalCare,
    Kind,
    LocationLevel,
    PriceOrigin,
)
from adjudicator.words import Message
from ingest.openimis.cells import SourceRow, Unfit, read_date
from ingest.openimis.fold import Entry, fold
from ingest.openimis.names import KINDS, Brought, Names
from ingest.openimis.records import balance_limit, claim_categories, covered_terms
from ingest.openimis.registers import plain
from ingest.openimis.world import World, said, unknown

Tree = dict[str, Any]

PRACTICALLY_NONE: Final = 9999
"""A number of members from which on there is no limit: what people write who must write something."""

COVERAGE: Final = {Kind.ITEM: "tblProductItems", Kind.SERVICE: "tblProductServices"}
_PERIODS: Final = {"M": ("month", 12), "Q": ("quarter", 4), "Y": ("year", 1)}
_LEVELS: Final = ("Treatment", "Insuree", "Policy")
_WEIGHTS: Final = {
    "population": "WeightPopulation",
    "families": "WeightNumberFamilies",
    "insured_population": "WeightInsuredPopulation",
    "insured_families": "WeightNumberInsuredFamilies",
    "visits": "WeightNumberVisits",
    "adjusted_amount": "WeightAdjustedAmount",
}


@dataclass(frozen=True)
class Comment:
    """Something that is said to the reader of a product file, beside a key or above all."""

    at: str | int | None
    """A key of the file; the place of an entry of the coverage; None: above all."""
    said: Message


@dataclass
class ProductFile:
    """A product, and what its file says beside it."""

    definition: Product
    comments: list[Comment] = field(default_factory=list)


def bring_products(world: World, names: Names, brought: Brought, decimals: int) -> list[ProductFile]:
    """Translate the products that hold; what does not fit is set aside in ``world``."""
    register = _selectable(brought)
    called = {(row["kind"], row["code"]): row["name"] for row in brought.rows.get("provisions", ())}
    covered = {kind: _covered(world, kind) for kind in COVERAGE}
    shares = _shares(world)
    first_policies = _first_policies(world)
    replaced = _replaced(world, names)
    files: list[ProductFile] = []
    taken: set[str] = set()
    for row in world.current("tblProduct"):
        parts = [part for kind in COVERAGE for part in covered[kind].pop(row.id, [])]
        try:
            file = _Translation(world, names, row, decimals).file(
                parts, register, called, shares.get(row.id, []), first_policies.get(row.id), replaced, taken
            )
        except Unfit as unfit:
            world.put_aside(row, unfit)
            for part in (*parts, *shares.get(row.id, [])):
                if world.is_current(part.table, part.id):
                    world.put_aside(part, Unfit("ProdID", part.text("ProdID"), "openimis.with_its_product"))
            continue
        taken.add(file.definition.product)
        world.bring("tblProduct", row.id)
        files.append(file)
    for kind in COVERAGE:
        for parts in covered[kind].values():
            for part in parts:
                _without_product(world, part)
    _judge_the_past(world)
    return files


def _selectable(brought: Brought) -> list[Selectable]:
    rows = brought.rows.get("provisions", ())
    return list(
        dict.fromkeys(
            Selectable(row["kind"], row["code"], row["type"], row["category"] or Category.OTHER)
            for row in rows
        )
    )


def _covered(world: World, kind: Kind) -> dict[int, list[SourceRow]]:
    """Give the coverage rows that hold by product; rows that name none are set aside."""
    by_product: dict[int, list[SourceRow]] = {}
    for row in world.current(COVERAGE[kind]):
        try:
            product = row.reference("ProdID")
        except Unfit as unfit:
            world.put_aside(row, unfit)
            continue
        by_product.setdefault(-1 if product is None else product, []).append(row)
    return by_product


def _without_product(world: World, row: SourceRow) -> None:
    """Deal with a row of a product that does not hold: it went with it, or names none."""
    if world.find("tblProduct", row.link("ProdID")) is not None:
        world.follow(row)
    else:
        world.put_aside(row, unknown("ProdID", row, "tblProduct"))


def _shares(world: World) -> dict[int, list[SourceRow]]:
    by_product: dict[int, list[SourceRow]] = {}
    for row in world.current("tblRelDistr"):
        try:
            product = row.reference("ProdID")
            for column in ("DistrType", "Period"):
                row.whole(column)
            row.positive("DistrPerc")
        except Unfit as unfit:
            world.put_aside(row, unfit)
            continue
        if world.is_current("tblProduct", product):
            by_product.setdefault(product or 0, []).append(row)
        else:
            _without_product(world, row)
    return by_product


def _first_policies(world: World) -> dict[int, dt.date]:
    """Give the first day on which a policy of each product took effect, or began to be paid for."""
    first: dict[int, dt.date] = {}
    for row in world.current("tblPolicy"):
        try:
            product, days = row.reference("ProdID"), (row.date("EffectiveDate"), row.date("StartDate"))
        except Unfit:
            continue
        for day in days:
            if product is not None and day is not None:
                first[product] = min(day, first.get(product, day))
    for row in world.current("tblInsureePolicy"):
        try:
            policy, day = world.find("tblPolicy", row.reference("PolicyId")), row.date("EffectiveDate")
            product = None if policy is None else policy.reference("ProdID")
        except Unfit:
            continue
        if product is not None and day is not None:
            first[product] = min(day, first.get(product, day))
    return first


def _replaced(world: World, names: Names) -> dict[int, list[str]]:
    """Give the products that each takes the place of; openIMIS notes it at those that are replaced."""
    by_successor: dict[int, list[str]] = {}
    for row in world.current("tblProduct"):
        try:
            successor = row.reference("ConversionProdID")
        except Unfit as unfit:
            world.doubt(row, unfit.field, unfit.key)
            continue
        if successor is None:
            continue
        if not world.is_current("tblProduct", successor) or successor == row.id:
            world.doubt(row, "ConversionProdID", "openimis.no_successor")
        elif (code := row.text("ProductCode")) is not None:
            by_successor.setdefault(successor, []).append(code)
    return by_successor


def _judge_the_past(world: World) -> None:
    """Say which products said something else before: openIMIS values old claims by what holds now."""
    columns = [*_limit_columns(), "CeilingInterpretation", "Threshold"]
    for id_, row in sorted(world.rows("tblProduct").items()):
        if world.is_current("tblProduct", id_):
            continue
        now = world.find("tblProduct", row.link("LegacyID"))
        if now is None:
            continue
        other = sorted(name for name in columns if _differ(row.text(name), now.text(name)))
        if other:
            until = read_date(row.text("ValidityTo") or "")
            world.doubt(row, other[0], "openimis.product_was_other", columns=other, until=until)


def _differ(one: str | None, other: str | None) -> bool:
    def worth(given: str | None) -> object:
        try:
            return Decimal(given or 0)
        except ArithmeticError:
            return given

    return worth(one) != worth(other)


def _limit_columns() -> Iterator[str]:
    for prefix in ("Ded", "Max"):
        for side in ("", "OP", "IP"):
            for level in _LEVELS:
                yield f"{prefix}{side}{level}"


class _Translation:
    """Translates a product."""

    def __init__(self, world: World, names: Names, row: SourceRow, decimals: int) -> None:
        self._world, self._names, self._row, self._decimals = world, names, row, decimals
        self._comments: list[Comment] = []

    def file(
        self,
        parts: Sequence[SourceRow],
        register: Sequence[Selectable],
        called: Mapping[tuple[Kind, str], str],
        shares: Sequence[SourceRow],
        first_policy: dt.date | None,
        replaced: Mapping[int, list[str]],
        taken: set[str],
    ) -> ProductFile:
        """Give the product with the comments of its file."""
        row = self._row
        code = row.needed("ProductCode")
        if code in taken:
            raise Unfit("ProductCode", code, "openimis.product_twice")
        tree: Tree = {"product": code, "name": row.text("ProductName") or code}
        self._comment(None, "product.head", name=tree["name"], id=str(row.id))
        tree["valid"] = self._valid(first_policy)
        if location := self._location():
            tree["location"] = location
        if before := replaced.get(row.id):
            tree["replaces_on_renewal"] = before[0]
            if len(before) > 1:
                self._doubt("ConversionProdID", "several_replaced", "replaces_on_renewal", products=before)
        tree |= self._parts()
        entries = fold(dict(self._terms(parts)), register, self._decimals)
        tree["coverage"] = [entry.tree for entry in entries]
        self._name_codes(entries, called)
        if remuneration := self._remuneration(shares):
            tree["remuneration"] = remuneration
        accounts = {
            "remuneration": row.text("AccCodeRemuneration"),
            "contribution": row.text("AccCodePremiums"),
        }
        if any(accounts.values()):
            tree["accounts"] = {name: account for name, account in accounts.items() if account}
        try:
            definition = Product.model_validate(tree, context={"decimals": self._decimals})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            raise Unfit(None, str(first.get("input"))[:80], "openimis.no_product", where=where) from None
        return ProductFile(definition, self._comments)

    def _comment(self, at: str | int | None, key: str, /, **values: Any) -> None:
        self._comments.append(Comment(at, said(key, **values)))

    def _doubt(self, column: str, key: str, at: str | int | None, /, **values: Any) -> None:
        """Note something doubtful in the report, and say it in the file."""
        self._world.doubt(self._row, column, f"openimis.{key}", **values)
        self._comment(at, key, **values)

    # Who, when and where.

    def _valid(self, first_policy: dt.date | None) -> Tree:
        """Give the period of the only version: openIMIS's dates say when a product is sold."""
        start, end = self._row.date("DateFrom"), self._row.date("DateTo")
        if start is None:
            return {}
        if end is not None:
            self._comment("valid", "product.sold_between", start=start, end=end)
        if first_policy is not None and first_policy < start:
            self._doubt("DateFrom", "product.policies_before", "valid", first=first_policy)
            start = first_policy
        return {"from": start.isoformat()}

    def _location(self) -> Tree | None:
        id_ = self._row.reference("LocationId")
        location = self._world.find("tblLocations", id_)
        if location is None:
            if id_:
                raise unknown("LocationId", self._row, "tblLocations")
            return None
        level, code = location.text("LocationType"), location.needed("LocationCode")
        if level == "R":
            return {LocationLevel.REGION.word: code}
        parent = self._names.location(location, "ParentLocationId")
        if level != "D" or parent is None:
            raise Unfit("LocationId", self._row.text("LocationId"), "openimis.location_level")
        return {LocationLevel.REGION.word: parent, LocationLevel.DISTRICT.word: code}

    # Joining, paying, limits.

    def _parts(self) -> Tree:
        parts: Tree = {}
        if enrolment := self._enrolment():
            parts["enrolment"] = enrolment
        if contribution := self._contribution():
            parts["contribution"] = contribution
        record = self._record()
        if record.get("ceiling_interpretation") == "H":
            parts["hospital_care"] = HospitalCare.BY_FACILITY.word
        for name, prefix, word in (("deductible", "ded", "Ded"), ("ceiling", "max", "Max")):
            if limit := balance_limit(record, prefix):
                parts[name] = limit
            self._judge_levels(word, name)
        if categories := claim_categories(record):
            parts["claim_categories"] = categories
        return parts

    def _judge_levels(self, prefix: str, at: str) -> None:
        """Say where several levels are set: only one counts."""
        for sides in (("",), ("IP",), ("OP",)):
            given = [f"{prefix}{side}{level}" for side in sides for level in _LEVELS]
            filled = [name for name in given if self._row.positive(name)]
            if len(filled) > 1:
                self._doubt(filled[1], "several_levels", at, columns=filled)
        general = [name for level in _LEVELS if self._row.positive(name := f"{prefix}{level}")]
        split = [
            name
            for side in ("IP", "OP")
            for level in _LEVELS
            if self._row.positive(name := f"{prefix}{side}{level}")
        ]
        if general and split:
            self._doubt(split[0], "split_beside_general", at, columns=[*general, *split])

    def _record(self) -> Tree:
        """Give the product's limits under the names of openIMIS's modules."""
        row = self._row
        record: Tree = {}
        if (letter := row.text("CeilingInterpretation")) is not None:
            if letter.upper() not in OPENIMIS_LETTERS[HospitalCare]:
                raise Unfit("CeilingInterpretation", letter, "openimis.no_letter", known=["H", "I"])
            record["ceiling_interpretation"] = letter.upper()
        for prefix in ("Ded", "Max"):
            for side in ("", "IP", "OP"):
                for level in _LEVELS:
                    snake = "_".join(part.lower() for part in (prefix, side, level) if part)
                    record[snake] = row.positive(f"{prefix}{side}{level}")
        for column, name in (
            ("MaxPolicyExtraMember", "max_policy_extra_member"),
            ("MaxCeilingPolicy", "max_ceiling_policy"),
        ):
            for side in ("", "IP", "OP"):
                record[f"{name}_{side.lower()}" if side else name] = row.positive(f"{column}{side}")
        for column, name in (
            ("Consultation", "consultation"),
            ("Surgery", "surgery"),
            ("Delivery", "delivery"),
            ("Antenatal", "antenatal"),
        ):
            record[f"max_no_{name}"] = row.whole(f"MaxNo{column}")
            record[f"max_amount_{name}"] = row.positive(f"MaxAmount{column}")
        record["max_no_hospitalization"] = row.whole("MaxNoHospitalizaion")
        record["max_amount_hospitalization"] = row.positive("MaxAmountHospitalization")
        record["max_no_visits"] = row.whole("MaxNoVisits")
        return {name: value for name, value in record.items() if value is not None}

    def _enrolment(self) -> Tree:
        row = self._row
        enrolment: Tree = {}
        period = row.whole("InsurancePeriod")
        if period is None:
            self._doubt("InsurancePeriod", "no_insurance_period", "enrolment")
        else:
            enrolment["insurance_period"] = _months(period)
        if administration := row.whole("AdministrationPeriod"):
            enrolment["administration_period"] = _months(administration)
        if cycles := list(self._cycles()):
            enrolment["cycles"] = cycles
        members: Tree = {}
        if (most := row.whole("MemberCount")) is not None and most < PRACTICALLY_NONE:
            members["maximum"] = str(most)
        if (threshold := row.whole("Threshold")) is not None:
            members["threshold"] = str(threshold)
        if members:
            enrolment["members"] = members
        # The columns do not mean what they are called.
        grace = {
            name: _months(months)
            for name, column in (
                ("payment", "WaitingPeriod"),
                ("enrolment", "GracePeriod"),
                ("renewal", "GracePeriodRenewal"),
            )
            if (months := row.whole(column))
        }
        if grace:
            enrolment["grace"] = grace
        if recurrence := row.whole("Recurrence"):
            enrolment["renewal_without_registration_fee"] = _months(recurrence)
        return enrolment

    def _cycles(self) -> Iterator[str]:
        for number in range(1, 5):
            column = f"StartCycle{number}"
            if (given := self._row.text(column)) is None:
                continue
            day, _, month = given.replace("/", "-").partition("-")
            try:
                yield f"{int(month[:2]):02}-{int(day):02}"
            except ValueError:
                raise Unfit(column, given, "openimis.no_cycle") from None

    def _contribution(self) -> Tree:
        row = self._row
        contribution: Tree = {}
        for name, column in (("lump_sum", "LumpSum"), ("adult", "PremiumAdult"), ("child", "PremiumChild")):
            if amount := row.positive(column):
                contribution[name] = _amount(amount)
        for name, lump, fee in (
            ("registration", "RegistrationLumpSum", "RegistrationFee"),
            ("assembly", "GeneralAssemblyLumpSum", "GeneralAssemblyFee"),
        ):
            if amount := row.positive(lump):
                contribution[name] = {"lump_sum": _amount(amount)}
            elif amount := row.positive(fee):
                contribution[name] = {"per_member": _amount(amount)}
        discounts = {}
        for name, column in (("enrolment", "EnrolmentDiscount"), ("renewal", "RenewalDiscount")):
            if percent := row.positive(f"{column}Perc"):
                ahead = row.whole(f"{column}Period") or 0
                discounts[name] = {"percent": f"{_amount(percent)}%", "ahead": _months(ahead)}
        if discounts:
            contribution["discount"] = discounts
        if (installments := row.whole("MaxInstallments")) is not None and installments > 0:
            contribution["installments"] = str(installments)
        return contribution

    # Coverage.

    def _terms(self, parts: Iterable[SourceRow]) -> Iterator[tuple[tuple[Kind, str], Tree]]:
        """Give the terms of each provision that is covered."""
        seen: set[tuple[Kind, str]] = set()
        for part in parts:
            kind = Kind.ITEM if part.table == COVERAGE[Kind.ITEM] else Kind.SERVICE
            try:
                provision = kind, self._names.provision(part, kind)
                terms = covered_terms(_coverage_record(part))
                if provision in seen:
                    column = KINDS[kind][1]
                    raise Unfit(column, part.text(column), "openimis.covered_twice", code=provision[1])
            except Unfit as unfit:
                self._world.put_aside(part, unfit)
                continue
            seen.add(provision)
            self._world.bring(part.table, part.id)
            yield provision, terms

    def _name_codes(self, entries: Sequence[Entry], called: Mapping[tuple[Kind, str], str]) -> None:
        """Say what the codes of an entry are called, so that it can be read."""
        for place, entry in enumerate(entries):
            if entry.kind is not None:
                names = [called.get((entry.kind, code), code).strip() for code in entry.codes]
                self._comment(place, "product.called", names=names)

    # Paying facilities.

    def _remuneration(self, shares: Sequence[SourceRow]) -> Tree:
        remuneration: Tree = {}
        if relative := self._relative_prices(shares):
            remuneration["relative_prices"] = relative
        if capitation := self._capitation():
            remuneration["capitation"] = capitation
        return remuneration

    def _relative_prices(self, shares: Sequence[SourceRow]) -> Tree:
        """Give the pools; openIMIS keeps the shares of all three periods, whichever is in use."""
        row = self._row
        pools = {
            pool: (letter, period)
            for pool, column, letter in (
                ("all", "PeriodRelPrices", "B"),
                ("hospital", "PeriodRelPricesIP", "I"),
                ("non_hospital", "PeriodRelPricesOP", "O"),
            )
            if (period := row.text(column)) in _PERIODS
        }
        for share in shares:
            self._world.bring(share.table, share.id)
        if "all" in pools:
            pools = {"all": pools["all"]}
        if not pools:
            return {}
        periods = {period for _, period in pools.values()}
        if len(periods) > 1:
            self._doubt("PeriodRelPricesIP", "periods_differ", "remuneration")
        period = next(iter(pools.values()))[1]
        word, count = _PERIODS[period or "M"]
        relative: Tree = {"period": word}
        for pool, (letter, _) in pools.items():
            relative[pool] = {"share": self._percentages(shares, letter, count)}
        return relative

    def _percentages(self, shares: Sequence[SourceRow], letter: str, count: int) -> list[str]:
        chosen = {}
        for share in shares:
            if (share.text("DistrCareType"), share.whole("DistrType")) == (letter, count):
                chosen[share.whole("Period")] = share.positive("DistrPerc") or Decimal(0)
        # openIMIS multiplies by what is stored, whatever the label says: 0.8 is 80%.
        fractions = all(value <= 1 for value in chosen.values())
        if fractions and any(chosen.values()):
            self._comment("remuneration", "product.shares_are_fractions")
        written = [
            f"{_amount(chosen.get(place, Decimal(0)) * (100 if fractions else 1))}%"
            for place in range(1, count + 1)
        ]
        return written[:1] if len(set(written)) == 1 else written

    def _capitation(self) -> Tree:
        row = self._row
        facilities = []
        for number in range(1, 5):
            if row.text(f"Level{number}") is None:
                continue
            one = {"level": row.letter(f"Level{number}", FacilityLevel).word}
            if sublevel := row.text(f"Sublevel{number}"):
                one["sublevel"] = sublevel
            facilities.append(one)
        if not facilities:
            return {}
        weights = {name: row.positive(column) or Decimal(0) for name, column in _WEIGHTS.items()}
        share = row.positive("ShareContribution")
        if sum(weights.values()) != 100:
            self._doubt("WeightPopulation", "weights_not_whole", None, total=sum(weights.values()))
            return {}
        return {
            "facilities": facilities,
            "share": f"{_amount(Decimal(100) if share is None else share)}%",
            "weights": {name: f"{_amount(weight)}%" for name, weight in weights.items() if weight},
        }


def _coverage_record(row: SourceRow) -> Tree:
    """Give a coverage row under the names of openIMIS's modules, with what it says checked."""
    record: Tree = {"price_origin": "P"}
    if (origin := row.text("PriceOrigin")) is not None:
        if origin.upper() not in OPENIMIS_LETTERS[PriceOrigin]:
            raise Unfit("PriceOrigin", origin, "openimis.no_letter", known=["O", "P", "R"])
        record["price_origin"] = origin.upper()
    for letter in ("", "R", "E"):
        column, snake = f"LimitationType{letter}", f"_{letter.lower()}" if letter else ""
        limitation = row.text(column)
        if limitation is None:
            continue
        if limitation.upper() not in ("C", "F"):
            raise Unfit(column, limitation, "openimis.no_letter", known=["C", "F"])
        record[f"limitation_type{snake}"] = limitation.upper()
        for age in ("Adult", "Child"):
            name = f"Limit{age}{letter}"
            value = row.positive(name)
            if value is not None and limitation.upper() == "C" and value > 100:
                raise Unfit(name, row.text(name), "openimis.above_all")
            if value is not None:
                record[f"limit_{age.lower()}{snake}"] = plain(value)
    for age in ("Adult", "Child"):
        record[f"waiting_period_{age.lower()}"] = row.whole(f"WaitingPeriod{age}")
        limit = row.number(f"LimitNo{age}")
        record[f"limit_no_{age.lower()}"] = None if limit is None else plain(limit)
        record[f"ceiling_exclusion_{age.lower()}"] = row.text(f"CeilingExclusion{age}")
    return record


def _months(months: int) -> str:
    return f"{months} month" if months == 1 else f"{months} months"


def _amount(amount: Decimal) -> str:
    return f"{plain(amount):f}"
