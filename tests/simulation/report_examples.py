"""Simulations to make reports of: made up, but such that everything adds up."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pyarrow as pa

from adjudicator.product.definition import Label
from adjudicator.simulation.results import (
    CAUSES,
    MEASURES,
    Axis,
    Bootstrap,
    Families,
    Simulation,
    Solution,
    VariantResult,
)
from adjudicator.words import message

KEYS: Mapping[str, tuple[str, ...]] = {
    "facility_level": ("dispensary", "health_centre", "hospital"),
    "region": ("R1", "R2", "R3", "R4", "R5", ""),
    "age_band": ("0", "1-4", "5-14", "15-24", "25-44", "45-64", "65+"),
    "sex": ("female", "male"),
    "category": ("visit", "consultation", "hospitalization", "antenatal", "delivery", "surgery"),
    "family_size": ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14"),
}
MONTHS = tuple(f"2026-{month:02}" for month in range(1, 13))
FACILITIES = tuple(f"HF{number:03}" for number in range(1, 41))
CONTRIBUTIONS = 90_000_000
Measures = dict[str, int]


def _measures(seed: int, cut: float, scale: int) -> Measures:
    """Make measures of a group: ``cut`` is the part of what was owed that is owed no more."""
    random = Random(seed)
    owed = random.randrange(scale // 2, scale)
    parts = {cause: random.randrange(scale // 20) for cause in CAUSES}
    lost = int(owed * cut * random.uniform(0.3, 1.6))
    parts["ceiling_excess"] += max(lost, 0)
    parts["deductible"] += min(lost, 0) + scale // 8
    claims = random.randrange(200, 900)
    measures = {
        "claims": claims,
        "claims_accepted": claims - 5,
        "lines": claims * 4,
        "lines_accepted": claims * 4 - 9,
        "claimed": owed + scale // 8 + sum(parts.values()) - scale // 8 - lost,
        **parts,
        "valuated": owed - lost,
        "relative": (owed - lost) // 3,
        "claims_changed": claims // 3 if lost else 0,
        "gained": max(-lost, 0),
        "lost": max(lost, 0),
    }
    return {name: measures[name] for name in MEASURES}


def _breakdown(keys: tuple[str, ...], cut: float, seed: int, scale: int) -> tuple[pa.Table, Measures]:
    rows = [_measures(seed * 100 + place, cut, scale) for place in range(len(keys))]
    columns = {name: pa.array([row[name] for row in rows], pa.int64()) for name in MEASURES}
    table = pa.table({"key": pa.array(keys, pa.string()), **columns})
    return table, {name: sum(row[name] for row in rows) for name in MEASURES}


def _families(cut: float, lost: int, gained: int) -> Families:
    edges = (None, -500_00, -200_00, -100_00, -50_00, -20_00, -1, 0, 20_00, 50_00, 100_00, None)
    falling = [int(weight * abs(cut) * 4000) for weight in (0.03, 0.08, 0.16, 0.25, 0.4, 0.5)]
    rising = [int(weight * abs(cut) * 900) for weight in (0.3, 0.14, 0.06, 0.02)]
    losing, gaining = (
        (falling, rising) if cut >= 0 else ([one // 8 for one in falling], [one * 9 for one in rising])
    )
    even = 6000 - sum(losing) - sum(gaining)
    counts = [*losing, even, *gaining]
    amounts = [-lost // 6 if count else 0 for count in losing]
    amounts[0] += -lost - sum(amounts)
    up = [gained // 4 if count else 0 for count in gaining]
    if up:
        up[0] += gained - sum(up)
    rows = [*amounts, 0, *up]
    histogram = pa.table(
        {
            "above": pa.array(edges[:-1], pa.int64()),
            "up_to": pa.array(edges[1:], pa.int64()),
            "families": pa.array(counts, pa.int64()),
            "amount": pa.array(rows, pa.int64()),
        }
    )
    return Families(
        families=6000,
        gaining=sum(gaining),
        losing=sum(losing),
        gained=gained,
        lost=lost,
        over_ceiling=350 + int(cut * 2000),
        over_category_ceiling=40,
        histogram=histogram,
        winners=_most(1, gained),
        losers=_most(-1, lost),
    )


def _most(sign: int, amount: int) -> pa.Table:
    rows = [
        {
            "family": f"F{number:05}",
            "region": f"R{number % 5 + 1}",
            "members": number % 7 + 1,
            "claims": number % 9 + 1,
            "base": 400_00 + number,
            "variant": 400_00 + number + sign * (200_00 - number * 100),
            "difference": sign * (200_00 - number * 100),
        }
        for number in range(20 if amount else 0)
    ]
    kinds = {"family": pa.string(), "region": pa.string()}
    names = ("family", "region", "members", "claims", "base", "variant", "difference")
    return pa.table(
        {name: pa.array([row[name] for row in rows], kinds.get(name, pa.int64())) for name in names}
    )


def variant(
    name: str, en: str, fr: str, cut: float, settings: Mapping[str, str] | None = None, *, base: bool = False
) -> VariantResult:
    """Make a variant that pays less by about a part."""
    breakdowns, totals = {}, dict.fromkeys(MEASURES, 0)
    for place, (dimension, keys) in enumerate(KEYS.items()):
        # All dimensions must come to one total, so that the last key takes what is left.
        table, sums = _breakdown(keys, cut, place + 1, 60_000_000 // len(keys))
        if place == 0:
            totals = sums
        else:
            rows = table.to_pylist()
            for measure in MEASURES:
                rows[-1][measure] += totals[measure] - sums[measure]
            table = pa.Table.from_pylist(rows, schema=table.schema)
        breakdowns[dimension] = table
    paid = totals["valuated"] * 96 // 100
    patient = totals["claimed"] - totals["valuated"] - totals["price_and_quantity"]
    families = _families(cut, totals["lost"], totals["gained"])
    figures: dict[str, int | None] = {
        "valuated": totals["valuated"],
        "paid": paid,
        "patient": patient,
        "contributions": CONTRIBUTIONS,
        "balance": CONTRIBUTIONS - paid,
        "loss_ratio": paid * 10_000 // CONTRIBUTIONS,
        "families_over_ceiling": families.over_ceiling,
        "families_gaining": 0 if base else families.gaining,
        "families_losing": 0 if base else families.losing,
    }
    changes = () if base else (message("simulation_report.by", dimension=f"{en} 1"),)
    return VariantResult(
        name=name,
        title=Label(en=en, fr=fr),
        settings=settings or {},
        changes=changes,
        products=(),
        totals=totals,
        figures=figures,
        families=families,
        breakdowns=breakdowns,
        facilities=_facilities(paid, cut),
        indexes=_indexes(cut),
        fund=_fund(paid),
        order_sensitive=_order() if not base else None,
    )


def _facilities(paid: int, cut: float) -> pa.Table:
    random = Random(5)
    weights = [random.uniform(0.5, 2) * (1 + cut * random.uniform(-1.2, 1.2)) for _ in FACILITIES]
    shares = [int(paid * weight / sum(weights)) for weight in weights]
    shares[-1] += paid - sum(shares)
    zeros = [0] * len(FACILITIES)
    return pa.table(
        {
            "facility": pa.array(FACILITIES),
            "name": pa.array([f"Centre de santé {code}" for code in FACILITIES]),
            "level": pa.array(["health_centre"] * len(FACILITIES)),
            "region": pa.array([f"R{place % 5 + 1}" for place in range(len(FACILITIES))]),
            "claims": pa.array([100] * len(FACILITIES)),
            "claimed": pa.array(shares),
            "valuated": pa.array(shares),
            "fee_for_service": pa.array(shares),
            "relative": pa.array(zeros),
            "capitation": pa.array(zeros),
            "paid": pa.array(shares),
        }
    )


def _indexes(cut: float) -> pa.Table:
    random = Random(9)
    indexes = [min(10_000, int(random.uniform(7000, 9500) * (1 + cut))) for _ in MONTHS]
    size = len(MONTHS)
    return pa.table(
        {
            "product": pa.array(["FAM"] * size),
            "care": pa.array(["all"] * size),
            "first_month": pa.array(MONTHS),
            "last_month": pa.array(MONTHS),
            "allocated": pa.array([1_000_000] * size),
            "share": pa.array([500_000] * size),
            "lines": pa.array([100] * size),
            "valuated": pa.array([600_000] * size),
            "index": pa.array(indexes),
            "capped": pa.array([one == 10_000 for one in indexes]),
            "paid": pa.array([500_000] * size),
        }
    )


def _fund(paid: int) -> pa.Table:
    random = Random(3)
    weights = [random.uniform(0.7, 1.3) for _ in MONTHS]
    shares = [int(paid * weight / sum(weights)) for weight in weights]
    shares[-1] += paid - sum(shares)
    each = CONTRIBUTIONS // len(MONTHS)
    zeros = [0] * len(MONTHS)
    return pa.table(
        {
            "product": pa.array(["FAM"] * len(MONTHS)),
            "month": pa.array(MONTHS),
            "contributions": pa.array([each] * len(MONTHS)),
            "fee_for_service": pa.array(shares),
            "relative": pa.array(zeros),
            "capitation": pa.array(zeros),
            "paid": pa.array(shares),
            "balance": pa.array([each - share for share in shares]),
        }
    )


def _order() -> pa.Table:
    return pa.table(
        {
            "facility": ["HF001", "HF002"],
            "claim": ["C1", "C=2"],
            "date_claimed": ["2026-02-03", "2026-02-04"],
            "valuated": pa.array([10_000, 20_050]),
            "reversed": pa.array([9_000, 21_050]),
            "difference": pa.array([-1_000, 1_000]),
        }
    )


def bootstrap(variants: tuple[VariantResult, ...], names: tuple[str, ...]) -> Bootstrap:
    """Make bands around the figures of variants, and how they settle."""
    rows, steps = [], []
    for one in variants:
        for figure in names:
            value = one.figures[figure]
            assert value is not None
            spread = max(abs(value) // 25, 1)
            rows.append(
                {
                    "variant": one.name,
                    "figure": figure,
                    "value": value,
                    "low": value - spread,
                    "high": value + spread * 6 // 5,
                    "mean": value + spread // 20,
                    "standard_error": spread // 2,
                }
            )
            for draws in (50, 100, 150, 200, 300, 400, 500):
                wider = spread + spread * 40 // draws
                steps.append(
                    {
                        "variant": one.name,
                        "figure": figure,
                        "replicates": draws,
                        "low": value - wider,
                        "high": value + wider,
                        "mean": value + wider // (draws % 7 + 3),
                    }
                )
    return Bootstrap(500, 7, 9000, pa.Table.from_pylist(rows), pa.Table.from_pylist(steps))


HASHES = {"claims": "9f31" * 16, "registers": "77ab" * 16, "products": "01cd" * 16, "engine": "0.1.0+5e21"}
BASE = variant("base", "As it is", "Situation actuelle", 0.0, base=True)


def _simulation(kind: str, variants: tuple[VariantResult, ...], **others: object) -> Simulation:
    filled: dict[str, object] = {
        "kind": kind,
        "scheme": "MARUNDA",
        "currency": "XAF",
        "decimals": 2,
        "claims": 268_904,
        "lines": 1_041_233,
        "first_month": MONTHS[0],
        "last_month": MONTHS[-1],
        "base": BASE,
        "variants": variants,
        "dimensions": tuple(KEYS),
        "parameters": {"seed": 7, "grid": {"ceiling.amount": "10000..50000:5000"}, "by": ["region", "sex"]},
        "hashes": HASHES,
    }
    return Simulation(**(filled | others))  # type: ignore[arg-type]


def scenario() -> Simulation:
    """One scenario with bands."""
    one = variant("opd_cap", "A ceiling on out-patient care", "Un plafond en ambulatoire", 0.14)
    return _simulation("scenarios", (one,), bootstrap=bootstrap((BASE, one), ("paid", "patient", "balance")))


def scenarios() -> Simulation:
    """Two scenarios without bands; in one of them, most gain."""
    capped = variant("opd_cap", "A ceiling on out-patient care", "Un plafond en ambulatoire", 0.14)
    free = variant("free_care", "No co-insurance below 5 <years>", "Gratuité avant 5 ans", -0.09)
    return _simulation("scenarios", (capped, free))


def sweep() -> Simulation:
    """Two terms, five values by two."""
    amounts = tuple(range(10_000, 60_000, 10_000))
    covers = ("60%", "100%")
    made = tuple(
        variant(
            f"ceiling.amount={amount},cover.visit={cover}",
            f"ceiling.amount = {amount}, cover.visit = {cover}",
            f"ceiling.amount = {amount}, cover.visit = {cover}",
            (55_000 - amount) / 200_000 + (100 - int(cover[:-1])) / 400,
            {"ceiling.amount": str(amount), "cover.visit": cover},
        )
        for amount in amounts
        for cover in covers
    )
    axes = (
        Axis("ceiling.amount", tuple(map(str, amounts)), tuple(amount * 100 for amount in amounts)),
        Axis("cover.visit", covers, (6000, 10_000)),
    )
    drawn = bootstrap(made, ("paid", "loss_ratio", "families_losing"))
    return _simulation("sweep", made, axes=axes, bootstrap=drawn)


def solve() -> Simulation:
    """A co-insurance that keeps the loss ratio."""
    tried = pa.table(
        {
            "value": [f"{percent}%" for percent in range(50, 101, 5)],
            "number": pa.array([percent * 100 for percent in range(50, 101, 5)]),
            "figure": pa.array([5200 + 60 * step + step * step for step in range(11)]),
        }
    )
    best = variant("cover.visit=80%", "cover.visit = 80%", "cover.visit = 80%", 0.05)
    solution = Solution("cover.visit", "loss_ratio", 5600, True, True, "80%", "80.01%", "80%", 5596, tried)
    return _simulation("solve", (best,), solution=solution)
