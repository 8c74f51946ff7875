"""Hypothesis strategies for products: trees as files hold them, and the definitions that they mean.

``product_trees`` gives every key, every shorthand and every way of writing a scalar that the reader
accepts; ``products`` gives the definitions. Other rooms may narrow them with ``codes`` and ``coverages``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from adjudicator.product.definition import PERIODS_OF_YEAR, Product
from adjudicator.product.source import Tree
from adjudicator.units import LARGEST_AMOUNT, unscaled
from adjudicator.vocabulary import CLAIM_CATEGORIES, Category, FacilityLevel, PriceOrigin

Trees = st.SearchStrategy[Any]

CODES = st.sampled_from(["M1", "M2", "A9", "D30", "0012", "1.10", "no", "12:30", "~x", "B-2 c"])
"""Codes of provisions, of a handful, so that entries meet; some are no text in YAML 1.1."""

TEXTS = (
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
    .map(str.strip)
    .filter(lambda text: text != "")
)
"""Any text that a name or a code can be."""


def money(decimals: int, largest: int = 10**9) -> Trees:
    """Amounts from 0, with and without a fraction; now and then a very large one."""
    minor = st.one_of(st.integers(0, largest), st.sampled_from([0, 1, LARGEST_AMOUNT]))
    return minor.map(lambda amount: _decimal(amount, decimals))


def _decimal(number: int, decimals: int) -> str:
    value = unscaled(number, decimals)
    return str(int(value)) if value == int(value) else f"{value:f}"


PERCENTAGES: Trees = st.tuples(st.integers(0, 10_000), st.sampled_from(["%", " %"])).map(
    lambda drawn: _decimal(drawn[0], 2) + drawn[1]
)
MONTHS: Trees = st.tuples(st.integers(0, 36), st.sampled_from([" months", " month", "month"])).map(
    lambda drawn: f"{drawn[0]}{drawn[1]}"
)
COUNTS: Trees = st.integers(0, 1000).map(str)
QUANTITIES: Trees = st.one_of(st.just("none"), st.integers(0, 10_000).map(lambda number: _decimal(number, 2)))
DAYS: Trees = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)).map(dt.date.isoformat)
CYCLES: Trees = st.dates(dt.date(2024, 1, 1), dt.date(2024, 12, 31)).map(lambda day: f"{day:%m-%d}")
TRUTHS: Trees = st.sampled_from(["true", "false"])


def some(keys: dict[str, Trees], of: tuple[str, ...] = ()) -> Trees:
    """Mappings with some of the keys, and at least one of those in ``of`` where it names any."""
    if not of:
        return st.fixed_dictionaries({}, optional=keys)
    return st.one_of(
        [
            st.fixed_dictionaries(
                {name: keys[name]}, optional={other: keys[other] for other in keys if other != name}
            )
            for name in of
        ]
    )


def at_least_one(keys: dict[str, Trees]) -> Trees:
    """Mappings with one or more of the keys."""
    return some(keys, tuple(keys))


def with_all(keys: dict[str, Trees], **optional: Trees) -> Trees:
    """Mappings with all of some keys and perhaps others."""
    return st.fixed_dictionaries(keys, optional=optional)


def by_age(values: Trees) -> Trees:
    """One value for both ages, or one for each, or for one of them."""
    return st.one_of(values, at_least_one({"adult": values, "child": values}))


def terms(decimals: int) -> dict[str, Trees]:
    """What may be said of a provision."""
    cover = st.one_of(
        PERCENTAGES, st.fixed_dictionaries({"up_to": st.one_of(money(decimals), st.just("none"))})
    )
    return {
        "covered": TRUTHS,
        "cover": by_age(cover),
        "price": st.sampled_from(PriceOrigin.words()),
        "waiting": by_age(MONTHS),
        "quantity": by_age(QUANTITIES),
        "outside_ceiling": by_age(st.sampled_from(["none", "non_hospital", "hospital", "both"])),
    }


def coverage_entries(decimals: int, codes: Trees = CODES) -> Trees:
    """Entries of the coverage."""
    listed = st.one_of(st.just("all"), st.lists(codes, min_size=1, max_size=3))
    of_register = {
        "category": st.sampled_from(Category.words()),
        "type": st.sampled_from(["preventive", "curative"]),
    }
    services = st.one_of(listed, at_least_one(of_register))
    items = st.one_of(listed, st.fixed_dictionaries({"type": st.sampled_from(["drug", "consumable"])}))
    said = terms(decimals)
    visits = {"emergency": at_least_one(said), "referral": at_least_one(said)}
    return some({"services": services, "items": items} | said | visits, ("services", "items"))


def coverages(decimals: int, codes: Trees = CODES, most: int = 5) -> Trees:
    """Whole lists of coverage."""
    return st.lists(coverage_entries(decimals, codes), max_size=most)


def balance_limits(decimals: int, grows: bool) -> Trees:
    """Deductibles, and ceilings (which can grow)."""
    amount = money(decimals)
    levels = st.sampled_from(["treatment", "insuree"] if grows else ["treatment", "insuree", "policy"])
    growth = {"extra_member": amount, "maximum": amount} if grows else {}
    policy = st.just("policy")

    def forms(level: Trees, growing: dict[str, Trees]) -> list[Trees]:
        plain = with_all({"per": level, "amount": amount}, **growing)
        side = st.one_of(amount, with_all({"amount": amount}, **growing))
        shared = st.tuples(with_all({"per": level}), at_least_one({"hospital": side, "non_hospital": side}))
        own = with_all({"per": level, "amount": amount}, **growing)
        return [
            plain,
            shared.map(lambda pair: pair[0] | pair[1]),
            at_least_one({"hospital": own, "non_hospital": own}),
        ]

    return st.one_of(*forms(levels, {}), *forms(policy, growth))


def claim_categories(decimals: int) -> Trees:
    """Limits on whole claims."""
    limits = {
        category.word: at_least_one(
            {"claims": COUNTS}
            if category is Category.VISIT
            else {"claims": COUNTS, "ceiling": money(decimals)}
        )
        for category in CLAIM_CATEGORIES
    }
    return some(limits)


@st.composite
def relative_prices(draw: st.DrawFn) -> dict[str, Tree]:
    """Pools of relative prices, with as many shares as the year has periods."""
    period = draw(st.sampled_from(sorted(PERIODS_OF_YEAR)))
    number = PERIODS_OF_YEAR[period]
    shares = st.one_of(
        PERCENTAGES,
        st.lists(PERCENTAGES, min_size=1, max_size=1),
        st.lists(PERCENTAGES, min_size=number, max_size=number),
    )
    pool = st.fixed_dictionaries({"share": shares})
    pools = st.one_of(
        st.fixed_dictionaries({"all": pool}), at_least_one({"hospital": pool, "non_hospital": pool})
    )
    index = some({"index": st.fixed_dictionaries({"maximum": st.integers(1, 30_000).map(_index)})})
    tree: dict[str, Tree] = draw(pools) | draw(index)
    if period != "month" or draw(st.booleans()):
        tree["period"] = period
    return tree


def _index(number: int) -> str:
    return f"{unscaled(number, 4).normalize():f}"


@st.composite
def weights(draw: st.DrawFn) -> dict[str, Tree]:
    """Weights of capitation, which add up to 100%."""
    names = [
        "population",
        "families",
        "insured_population",
        "insured_families",
        "visits",
        "adjusted_amount",
    ]
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=5, max_size=5)))
    parts = [after - before for before, after in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    return {
        name: _decimal(part, 2) + "%"
        for name, part in zip(names, parts, strict=True)
        if part or draw(st.booleans())
    }


def _capitation() -> Trees:
    facility = with_all({"level": st.sampled_from(FacilityLevel.words())}, sublevel=TEXTS)
    return st.fixed_dictionaries(
        {
            "facilities": st.lists(facility, min_size=1, max_size=3),
            "share": PERCENTAGES,
            "weights": weights(),
        }
    )


def _periods() -> Trees:
    both = st.tuples(DAYS, DAYS).map(lambda days: dict(zip(("from", "to"), sorted(days), strict=True)))
    return st.one_of(both, some({"from": DAYS}), some({"to": DAYS}))


def product_trees(decimals: int = 2, codes: Trees = CODES) -> Trees:
    """Trees of product files, with every key of the format."""
    amount = money(decimals)
    fee = st.one_of(
        st.fixed_dictionaries({"lump_sum": amount}), st.fixed_dictionaries({"per_member": amount})
    )
    discount = st.fixed_dictionaries({"percent": PERCENTAGES, "ahead": MONTHS})
    enrolment = {
        "insurance_period": MONTHS,
        "administration_period": MONTHS,
        "cycles": st.lists(CYCLES, max_size=4),
        "members": some({"maximum": COUNTS, "threshold": COUNTS}),
        "grace": some({"payment": MONTHS, "enrolment": MONTHS, "renewal": MONTHS}),
        "renewal_without_registration_fee": MONTHS,
    }
    contribution = {
        "lump_sum": amount,
        "adult": amount,
        "child": amount,
        "registration": fee,
        "assembly": fee,
        "discount": some({"enrolment": discount, "renewal": discount}),
        "installments": COUNTS,
    }
    return with_all(
        {"product": TEXTS},
        name=st.one_of(TEXTS, st.fixed_dictionaries({"en": TEXTS, "fr": TEXTS})),
        valid=_periods(),
        location=with_all({"region": TEXTS}, district=TEXTS),
        replaces_on_renewal=TEXTS,
        enrolment=some(enrolment),
        contribution=some(contribution),
        hospital_care=st.sampled_from(["by_claim", "by_facility"]),
        deductible=balance_limits(decimals, grows=False),
        ceiling=balance_limits(decimals, grows=True),
        claim_categories=claim_categories(decimals),
        coverage=coverages(decimals, codes),
        remuneration=some({"relative_prices": relative_prices(), "capitation": _capitation()}),
        accounts=some({"remuneration": TEXTS, "contribution": TEXTS}),
    )


def products(decimals: int = 2, codes: Trees = CODES) -> st.SearchStrategy[Product]:
    """Product definitions, with every field."""
    return product_trees(decimals, codes).map(lambda tree: defined(tree, decimals))


def defined(tree: Any, decimals: int = 2) -> Product:
    """Give the definition that a tree means."""
    return Product.model_validate(tree, context={"decimals": decimals})
