"""Random worlds: small schemes in which every term of the law meets every other.

One function makes a world from a source of randomness: hypothesis's, which shrinks what fails, or
Python's own, for the soak that tries millions. Codes are few and limits are tight, so that balances run
out, counts are reached and policies compete.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from adjudicator.product.definition import Product

Row = dict[str, Any]

ITEMS = ("I1", "I2", "I3")
SERVICES = {
    "SC": "consultation",
    "SS": "surgery",
    "SD": "delivery",
    "SA": "antenatal",
    "SH": "hospitalization",
    "SO": "other",
    "SV": "visit",
}
FACILITIES = ("HFH", "HFC", "HFD")
FIRST = dt.date(2024, 1, 1)
LAST = dt.date(2025, 6, 30)
USUAL: dict[str, Row] = {
    "policies": {"status": "active"},
    "provisions": {"care_type": "both", "sex": "any", "age": "any"},
    "facilities": {"care_type": "both", "service_price_list": "L1", "item_price_list": "L2"},
    "claims": {"diagnosis": "A00", "diagnosis_2": None},
}
"""What hinders no line from being accepted."""


@dataclass(frozen=True)
class RandomWorld:
    """A scheme and its claims, as rows of the project's tables."""

    products: tuple[Product, ...]
    registers: dict[str, list[Row]]
    claims: list[Row]
    claim_lines: list[Row]
    adult_age: int
    decimals: int


def random_world(random: Random, most_claims: int = 12, most_families: int = 3) -> RandomWorld:
    """Make a world."""
    return _Maker(random).world(most_claims, most_families)


def kinder(world: RandomWorld, random: Random) -> RandomWorld:
    """Take nine of ten hindrances out of a world, so that most lines are valuated and use up balances."""

    def eased(row: Row, usual: Row) -> Row:
        return row | {name: value for name, value in usual.items() if random.randrange(10)}

    registers = {
        name: [eased(row, USUAL.get(name, {})) for row in rows] for name, rows in world.registers.items()
    }
    claims = [eased(row, USUAL["claims"]) for row in world.claims]
    return replace(world, registers=registers, claims=claims)


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.decimals = random.choice((2, 2, 2, 0, 3))
        # With large money, ten times the largest price is just below what can be counted.
        self.worth = random.choice((1, 1, 1, 1, 10 ** (11 - self.decimals)))

    # Small words.

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def day(self, first: dt.date = FIRST, last: dt.date = LAST) -> dt.date:
        if self.chance(15):
            month_end = dt.date(2024, self.random.choice((1, 2, 3, 5, 12)), 1) - dt.timedelta(days=1)
            if first <= month_end <= last:
                return month_end
        return first + dt.timedelta(days=self.random.randrange((last - first).days + 1))

    def money(self, most: int) -> str:
        whole = self.random.randrange(most + 1) * self.worth
        if self.decimals == 0 or self.chance(40):
            return str(whole)
        return f"{whole}.{self.random.randrange(10**self.decimals):0{self.decimals}d}"

    def percent(self) -> str:
        choice = self.random.choice(("0", "100", "50", "80", "33.33", "12.5", "99.99", "66.67"))
        return f"{choice}%"

    def quantity(self) -> str:
        return self.random.choice(("1", "1", "2", "3", "0.5", "2.25", "0.01", "7", "10", "0"))

    def period(self, percent: int) -> Row:
        row: Row = {}
        if self.chance(percent):
            row["valid_from"] = self.day(FIRST, dt.date(2024, 9, 1))
        if self.chance(percent):
            row["valid_to"] = self.day(dt.date(2024, 9, 2), LAST)
        return row

    def versions(self, row: Row, other: Row) -> list[Row]:
        """Give one row, or two that follow one another, perhaps with a gap."""
        if not self.chance(15):
            return [row | self.period(3)]
        change = self.day()
        gap = self.random.choice((1, 1, 40))
        return [row | {"valid_to": change}, other | {"valid_from": change + dt.timedelta(days=gap)}]

    # The scheme.

    def world(self, most_claims: int, most_families: int) -> RandomWorld:
        families = [f"F{n}" for n in range(self.random.randint(1, most_families))]
        insurees = self.insurees(families)
        products = self.products()
        policies, covers = self.policies(families, insurees, sorted({p.product for p in products}))
        claims, lines = self.claims(insurees, covers, self.random.randint(1, most_claims))
        registers = {
            "provisions": self.provisions(),
            "price_lists": self.price_lists(),
            "facilities": self.facilities(),
            "diagnoses": [{"code": "A00", "name": "a"}, {"code": "B00", "name": "b"} | self.period(40)],
            "families": [{"family": family} for family in families],
            "insurees": insurees,
            "policies": policies,
            "covers": covers,
        }
        adult_age = self.random.choice((18, 18, 16, 21))
        return RandomWorld(products, registers, claims, lines, adult_age, self.decimals)

    def provisions(self) -> list[Row]:
        rows = []
        for kind, code, category in (
            *(("item", code, None) for code in ITEMS),
            *(("service", code, category) for code, category in SERVICES.items()),
        ):
            rows += self.versions(self.provision(kind, code, category), self.provision(kind, code, category))
        return rows

    def provision(self, kind: str, code: str, category: str | None) -> Row:
        return {
            "kind": kind,
            "code": code,
            "name": code,
            "type": self.random.choice(
                ("drug", "consumable") if kind == "item" else ("curative", "preventive")
            ),
            "category": category,
            "price": self.money(400),
            "care_type": self.random.choice(("both",) * 8 + ("in_patient", "out_patient")),
            "sex": self.random.choice(("any",) * 8 + ("male", "female")),
            "age": self.random.choice(("any",) * 8 + ("adult", "child")),
            "frequency_days": self.random.choice((None, None, None, None, 1, 7, 30)),
        }

    def price_lists(self) -> list[Row]:
        rows: list[Row] = []
        for price_list in ("L1", "L2"):
            for kind, codes in (("item", ITEMS), ("service", tuple(SERVICES))):
                for code in codes:
                    if self.chance(6):
                        continue
                    rows += self.versions(
                        self.listed(price_list, kind, code), self.listed(price_list, kind, code)
                    )
        return rows

    def listed(self, price_list: str, kind: str, code: str) -> Row:
        price = self.random.choice((None, None, "0", self.money(300)))
        return {"price_list": price_list, "kind": kind, "code": code, "price": price}

    def facilities(self) -> list[Row]:
        rows = []
        for code, level in zip(FACILITIES, ("hospital", "health_centre", "dispensary"), strict=True):
            row = {
                "code": code,
                "name": code,
                "level": level,
                "care_type": self.random.choice(("both",) * 6 + ("in_patient", "out_patient")),
                "service_price_list": self.random.choice(("L1", "L1", "L1", "L2", "L2", None)),
                "item_price_list": self.random.choice(("L1", "L2", "L2", "L2")),
            }
            rows.append(row)
        return rows

    def insurees(self, families: list[str]) -> list[Row]:
        rows = []
        for family in families:
            for member in range(self.random.randint(1, 3)):
                birth = self.random.choice(
                    (
                        None,
                        self.day(dt.date(1950, 1, 1), dt.date(2020, 1, 1)),
                        dt.date(2006, 2, 28),
                        dt.date(2004, 2, 29),
                        self.day(dt.date(2005, 6, 1), dt.date(2007, 12, 31)),
                    )
                )
                row = {
                    "insuree": f"{family}{member}",
                    "family": family,
                    "sex": self.random.choice(("male", "female", "other", None)),
                    "birth_date": birth,
                }
                moved = {"family": self.random.choice(families)} if self.chance(20) else {}
                rows += self.versions(row, row | moved)
        return rows

    def policies(
        self, families: list[str], insurees: list[Row], products: list[str]
    ) -> tuple[list[Row], list[Row]]:
        policies: list[Row] = []
        covers: list[Row] = []
        for family in families:
            for _ in range(self.random.choice((1, 1, 2, 2, 3))):
                effective = self.day(FIRST, dt.date(2025, 1, 31))
                expiry = effective + dt.timedelta(days=self.random.choice((364, 364, 180, 30)))
                policy = f"P{self.random.choice((7, 10, 100, 2))}-{len(policies)}"
                status = self.random.choice(
                    ("active",) * 6 + ("expired", "expired", "suspended", "idle", "ready")
                )
                policies.append(
                    {
                        "policy": policy,
                        "family": family,
                        "product": self.random.choice([*products, *products, *products, "NO-SUCH"]),
                        "effective": effective,
                        "expiry": expiry,
                        "stage": self.random.choice(("new", "renewal")),
                        "status": status,
                    }
                )
                members = {row["insuree"] for row in insurees if row["family"] == family or self.chance(3)}
                for insuree in sorted(members):
                    covers += self.cover(policy, insuree, effective, expiry)
        return policies, covers

    def cover(self, policy: str, insuree: str, effective: dt.date, expiry: dt.date) -> list[Row]:
        if self.chance(10):
            return []
        late = dt.timedelta(days=self.random.choice((0, 0, 0, 0, 20, 100, -15)))
        later = dt.timedelta(days=self.random.choice((0, 0, 0, 60, -10)))
        row = {"policy": policy, "insuree": insuree}
        if self.chance(6) and (expiry - effective).days > 60:
            left = effective + dt.timedelta(days=30)
            return [
                row | {"effective": effective, "expiry": left},
                row | {"effective": left + dt.timedelta(days=10), "expiry": expiry},
            ]
        start, end = effective + late, expiry + later
        return [row | {"effective": start, "expiry": max(start, end)}]

    # Products.

    def products(self) -> tuple[Product, ...]:
        trees: list[Row] = []
        for code in ("PA", "PB", "PC")[: self.random.choice((1, 1, 2, 2, 3))]:
            if self.chance(25):
                change = self.day(dt.date(2024, 3, 1), dt.date(2025, 3, 1))
                after = change + dt.timedelta(days=self.random.choice((1, 1, 30)))
                trees.append(self.product(code) | {"valid": {"to": change.isoformat()}})
                trees.append(self.product(code) | {"valid": {"from": after.isoformat()}})
            else:
                trees.append(self.product(code))
        return tuple(Product.model_validate(tree, context={"decimals": self.decimals}) for tree in trees)

    def product(self, code: str) -> Row:
        tree: Row = {"product": code, "hospital_care": self.random.choice(("by_claim", "by_facility"))}
        if self.chance(60):
            tree["enrolment"] = {"members": {"threshold": str(self.random.randint(0, 3))}}
        if self.chance(50):
            tree["deductible"] = self.balance_limit(80, grows=False)
        if self.chance(60):
            tree["ceiling"] = self.balance_limit(600, grows=True)
        if self.chance(60):
            tree["claim_categories"] = self.claim_categories()
        tree["coverage"] = [self.entry() for _ in range(self.random.randint(1, 5))]
        if self.chance(70):
            tree["coverage"].insert(0, {"services": "all", "items": "all"} | self.terms())
        return tree

    def balance_limit(self, most: int, *, grows: bool) -> Row:
        if self.chance(50):
            per = self.level()
            return {"per": per, **self.amount(most, per, grows=grows)}
        sides = self.random.choice((("hospital",), ("non_hospital",), ("hospital", "non_hospital")))
        if self.chance(50):
            per = self.level()
            return {"per": per} | {side: self.amount(most, per, grows=grows) for side in sides}
        limit: Row = {}
        for side in sides:
            per = self.level()
            limit[side] = {"per": per, **self.amount(most, per, grows=grows)}
        return limit

    def level(self) -> str:
        return self.random.choice(("treatment", "insuree", "policy", "policy"))

    def amount(self, most: int, per: str, *, grows: bool) -> Row:
        amount = {"amount": self.money(most)}
        if grows and per == "policy":
            if self.chance(60):
                amount["extra_member"] = self.money(200)
            if self.chance(40):
                amount["maximum"] = self.money(most)
        return amount

    def claim_categories(self) -> Row:
        categories: Row = {}
        for category in ("visit", "consultation", "hospitalization", "antenatal", "delivery", "surgery"):
            terms: Row = {}
            if self.chance(35):
                terms["claims"] = str(self.random.choice((0, 1, 1, 2, 3)))
            if category != "visit" and self.chance(35):
                terms["ceiling"] = self.money(300)
            if terms:
                categories[category] = terms
        return categories

    def entry(self) -> Row:
        services = sorted(self.random.sample(sorted(SERVICES), self.random.randint(1, 4)))
        selector: Row = self.random.choice(
            (
                {"services": "all"},
                {"items": "all"},
                {"services": services},
                {"items": ["I1", "I3"]},
                {"services": {"category": self.random.choice(sorted(SERVICES.values()))}},
                {"items": {"type": "drug"}},
                {"services": {"type": "preventive"}, "items": ["I2"]},
            )
        )
        entry = selector | self.terms()
        for visit_type in ("emergency", "referral"):
            if self.chance(30):
                entry[visit_type] = self.terms() or {"cover": self.percent()}
        return entry

    def terms(self) -> Row:
        terms: Row = {}
        if self.chance(15):
            terms["covered"] = self.random.choice(("true", "false"))
        if self.chance(60):
            terms["cover"] = self.by_age(self.cover_term)
        if self.chance(40):
            terms["price"] = self.random.choice(("price_list", "claimed", "relative"))
        if self.chance(25):
            terms["waiting"] = self.by_age(lambda: f"{self.random.choice((0, 1, 2, 6))} months")
        if self.chance(35):
            terms["quantity"] = self.by_age(
                lambda: self.random.choice(("0", "1", "2.5", "4", "6", "none", "none"))
            )
        if self.chance(30):
            terms["outside_ceiling"] = self.by_age(
                lambda: self.random.choice(("hospital", "non_hospital", "both", "none"))
            )
        return terms

    def cover_term(self) -> Any:
        if self.chance(60):
            return self.percent()
        return {"up_to": self.random.choice((self.money(200), self.money(200), "0", "none"))}

    def by_age(self, make: Any) -> Any:
        choice = self.random.randrange(4)
        if choice == 0:
            return make()
        if choice == 1:
            return {"adult": make()}
        if choice == 2:
            return {"child": make()}
        return {"adult": make(), "child": make()}

    # Claims.

    def claims(self, insurees: list[Row], covers: list[Row], count: int) -> tuple[list[Row], list[Row]]:
        people = sorted({row["insuree"] for row in insurees})
        claims: list[Row] = []
        lines: list[Row] = []
        sequenced = self.chance(30)
        sequence = self.random.sample(range(1000), count)
        for number in range(count):
            insuree = self.random.choice([*people * 10, "NOBODY"])
            start = self.day(FIRST, dt.date(2025, 4, 30))
            if covers and self.chance(92):
                # Most claims are of somebody covered, or little would be left to disagree about.
                cover = self.random.choice(covers)
                insuree = cover["insuree"]
                start = self.day(cover["effective"], cover["expiry"])
            stay = self.random.choice((0, 0, 0, 0, 1, 3, 20))
            row: Row = {
                "claim": f"C{self.random.randrange(10)}-{number}",
                "facility": self.random.choice(FACILITIES),
                "insuree": insuree,
                "date_from": start,
                "date_to": start + dt.timedelta(days=stay),
                "date_claimed": start + dt.timedelta(days=self.random.choice((0, 3, 3, 40, 40))),
                "visit_type": self.random.choice(("other", "other", "referral", "emergency", None)),
                "diagnosis": self.random.choice(("A00",) * 8 + ("B00", None)),
                "diagnosis_2": self.random.choice((None,) * 40 + ("B00", "Z99")),
                "sequence": sequence[number] if sequenced else None,
            }
            if self.chance(10):
                row["date_to"] = None
            if self.chance(2):
                row[self.random.choice(("date_from", "date_to"))] = None
            if self.chance(1):
                row["date_from"] = row["date_to"] = None
            if self.chance(1):
                row["date_to"] = start - dt.timedelta(days=1)
            if self.chance(1):
                row["date_claimed"] = start - dt.timedelta(days=2)
            claims.append(row)
            reviewed = self.chance(20)
            numbers = self.random.sample(range(1, 20), self.random.choice((0, 1, 2, 2, 3, 3, 4, 6)))
            lines += [self.line(row, line, reviewed) for line in numbers]
        return claims, lines

    def line(self, claim: Row, number: int, reviewed: bool) -> Row:
        kind = self.random.choice(("item", "service"))
        code = self.random.choice(ITEMS if kind == "item" else sorted(SERVICES))
        if self.chance(3):
            kind, code = self.random.choice((("item", "XX"), ("service", "I1")))
        row: Row = {
            "claim": claim["claim"],
            "facility": claim["facility"],
            "line": number,
            "kind": kind,
            "code": code,
            "quantity": self.quantity(),
            "price_asked": self.money(400),
        }
        if reviewed:
            if self.chance(40):
                row["quantity_approved"] = self.quantity()
            if self.chance(40):
                row["price_approved"] = self.money(300)
            if self.chance(25):
                row["review"] = self.random.choice(("rejected", "rejected", "accepted"))
        return row
