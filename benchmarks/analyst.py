"""The law in pandas, as a scheme's analyst would write it: joins where they come naturally, then a loop.

Covered: dates, people, diagnoses and cover of claims; register, price lists, care type, sex and age of
lines; categories and counts of claims, waiting periods; price origin, fixed limits, deductibles,
co-insurance, ceilings of categories, and ceilings with extra members, over treatment, insuree and policy.
Left out: frequencies, quantity limits, reviews, and the choice between several policies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme
from adjudicator.product.terms import AGES
from adjudicator.tables import DIAGNOSIS_COLUMNS
from adjudicator.units import OPEN_END, OPEN_START, times_percentage, times_quantity
from adjudicator.vocabulary import (
    AgeGroup,
    Care,
    CareType,
    Category,
    FacilityLevel,
    Kind,
    Level,
    Limitation,
    PolicyStatus,
    PriceOrigin,
    Sex,
    Stage,
)

Frames = Mapping[str, pd.DataFrame]

_NEEDED = [
    "family",
    "insuree",
    "policy",
    "claim_index",
    "line_index",
    "version",
    "category",
    "level",
    "stay",
    "target",
    "members",
    "effective",
    "expiry",
    "expiry_policy",
    "quantity",
    "price_asked",
    "list_price",
    "origin",
    "limitation",
    "limit",
    "outside",
]
"""The columns that the loop over a family needs."""


def frames_of(tables: Mapping[str, pa.Table], scheme: CompiledScheme) -> dict[str, pd.DataFrame]:
    """Make data frames of typed tables, with dates as day numbers, and the products as two more tables."""
    frames = {name: _frame(table) for name, table in tables.items()}
    return frames | {"versions": _versions(scheme), "terms": _terms(scheme)}


def _frame(table: pa.Table) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            columns[name] = column.cast(pa.string()).to_pandas()
        elif pa.types.is_date(column.type):
            columns[name] = column.cast(pa.int32()).to_pandas()
        else:
            columns[name] = column.to_pandas()
    frame = pd.DataFrame(columns)
    for name, none in (("valid_from", OPEN_START), ("valid_to", OPEN_END)):
        if name in frame:
            frame[name] = frame[name].fillna(none).astype(np.int64)
    return frame


def _versions(scheme: CompiledScheme) -> pd.DataFrame:
    """Give one row for each version of a product."""
    products = scheme.products
    rows = [
        {"version": row, "product": version.product, "start": version.valid.start, "end": version.valid.end}
        for row, version in enumerate(products.versions)
    ]
    return pd.DataFrame(rows)


def _terms(scheme: CompiledScheme) -> pd.DataFrame:
    """Give one row for each version, provision, type of visit and age."""
    terms = scheme.products.terms
    version, row, visit_type = np.nonzero(terms.coverage >= 0)
    term = terms.coverage[version, row, visit_type]
    selectable = scheme.registers.selectable
    frames = [
        pd.DataFrame(
            {
                "version": version,
                "kind": np.array([s.kind for s in selectable], np.int8)[row],
                "code": np.array([s.code for s in selectable], object)[row],
                "provision_from": scheme.registers.provisions.valid_from[row].astype(np.int64),
                "visit_type": visit_type,
                "adult": name == "adult",
                "origin": terms.price_origin[term],
                "limitation": terms.limitation[term, age],
                "limit": terms.limit[term, age],
                "waiting": terms.waiting[term, age],
                "most": terms.quantity[term, age],
                "outside": terms.outside[term, age],
            }
        )
        for age, name in enumerate(AGES)
    ]
    return pd.concat(frames, ignore_index=True)


def adjudicate(frames: Frames, scheme: CompiledScheme) -> pd.DataFrame:
    """Adjudicate by families.

    Returns:
        The lines that passed the joins, with their claim, family and terms, and what is paid (``valuated``).

    """
    claims = _claims(frames)
    lines = _lines(frames, claims)
    versions = scheme.products.versions
    valuated: dict[int, int] = {}
    for _, of_family in lines[_NEEDED].groupby("family", sort=False):
        valuated.update(_family(of_family, versions))
    return lines.assign(valuated=lines["line_index"].map(valuated).fillna(0).astype(np.int64))


def _holding(
    frame: pd.DataFrame, day: str = "target", start: str = "valid_from", end: str = "valid_to"
) -> pd.DataFrame:
    """Keep the rows that hold on their day."""
    return frame[(frame[start] <= frame[day]) & (frame[day] <= frame[end])]


def _claims(frames: Frames) -> pd.DataFrame:
    """Give claims that pass the checks on claims: one row for each policy that covers the patient."""
    claims = frames["claims"].copy()
    claims["claim_index"] = np.arange(len(claims))
    claims["target"] = claims["date_to"].fillna(claims["date_from"])
    claims = claims[claims["target"].notna()]
    claims = claims[
        ~(claims["date_to"] < claims["date_from"]) & ~(claims["date_claimed"] < claims["date_from"])
    ]
    claims["stay"] = (claims["date_to"] > claims["date_from"]).astype(bool)
    claims["target"] = claims["target"].astype(np.int64)
    given = claims.melt(
        ["claim_index", "target"], list(DIAGNOSIS_COLUMNS), value_name="diagnosis_code"
    ).dropna()
    known = _holding(given.merge(frames["diagnoses"], left_on="diagnosis_code", right_on="code"))
    lacking = given["claim_index"].value_counts().sub(known["claim_index"].value_counts(), fill_value=0)
    claims = claims[~claims["claim_index"].isin(lacking.index[lacking > 0])]
    people = frames["insurees"][["insuree", "family", "sex", "birth_date", "valid_from", "valid_to"]]
    claims = _holding(claims.merge(people, on="insuree")).drop(columns=["valid_from", "valid_to"])
    facilities = frames["facilities"].drop(columns=["name", "sublevel", "location"])
    claims = _holding(claims.merge(facilities, left_on="facility", right_on="code"))
    claims = claims.drop(columns=["code", "valid_from", "valid_to"]).rename(columns={"care_type": "gives"})
    claims["adult"] = _years(claims["birth_date"], claims["target"]) >= 18
    covers = frames["covers"].merge(frames["policies"], on="policy", suffixes=("", "_policy"))
    covers = covers[covers["status"].isin([PolicyStatus.ACTIVE, PolicyStatus.EXPIRED])]
    covers = covers.merge(frames["versions"], on="product").rename(columns={"family": "family_policy"})
    claims = claims.merge(covers, on="insuree")
    for start, end in (("effective", "expiry"), ("effective_policy", "expiry_policy"), ("start", "end")):
        claims = _holding(claims, start=start, end=end)
    claims["policies"] = claims.groupby("claim_index")["policy"].transform("nunique")
    claims = claims.sort_values(["effective_policy", "policy", "effective"]).drop_duplicates("claim_index")
    claims["waits"] = (claims["stage"] == Stage.NEW) | (claims["effective"] > claims["effective_policy"])
    members = claims[["claim_index", "policy", "target"]].merge(frames["covers"], on="policy")
    members = _holding(members, start="effective", end="expiry")
    count = members.groupby("claim_index")["insuree"].nunique()
    return claims.assign(members=claims["claim_index"].map(count))


def _lines(frames: Frames, claims: pd.DataFrame) -> pd.DataFrame:
    """Give the lines of such claims that pass the checks on lines, with their prices and terms, in order."""
    lines = frames["claim_lines"].copy()
    lines["line_index"] = np.arange(len(lines))
    lines = lines.merge(claims.drop(columns="explanation"), on="claim_index")
    provisions = frames["provisions"].rename(columns={"price": "price_of_register"})
    lines = _holding(lines.merge(provisions.drop(columns=["name", "type"]), on=["kind", "code"]))
    lines = lines.rename(columns={"valid_from": "provision_from"}).drop(columns="valid_to")
    categories = _categories(lines)
    lines["category"] = [categories[claim] for claim in lines["claim_index"]]
    lists: Any = np.where(
        lines["kind"] == Kind.SERVICE, lines["service_price_list"], lines["item_price_list"]
    )
    lines = lines.assign(price_list=lists).merge(frames["price_lists"], on=["price_list", "kind", "code"])
    lines = _holding(lines)
    lines["list_price"] = lines["price"].fillna(lines["price_of_register"]).astype(np.int64)
    stay, gives, cares = lines["stay"], lines["gives"], lines["care_type"]
    lines = lines[
        ~(stay & (gives == CareType.OUT_PATIENT))
        & ~((cares == CareType.IN_PATIENT) & (~stay | (gives == CareType.OUT_PATIENT)))
        & ~((cares == CareType.OUT_PATIENT) & (stay | (gives == CareType.IN_PATIENT)))
        & ((lines["sex_y"] == Sex.ANY) | ((lines["sex_y"] == Sex.FEMALE) == (lines["sex_x"] == Sex.FEMALE)))
        & ((lines["age"] == AgeGroup.ANY) | ((lines["age"] == AgeGroup.ADULT) == lines["adult"]))
    ]
    keys = ["version", "kind", "code", "provision_from", "visit_type", "adult"]
    lines = lines.merge(frames["terms"], on=keys)
    starts = _months_later(lines["effective"].to_numpy(), lines["waiting"].to_numpy())
    lines = lines[~(lines["waits"] & (lines["waiting"] > 0) & (lines["target"].to_numpy() < starts))]
    return lines.sort_values(["date_claimed", "claim", "facility", "kind", "line"])


def _categories(lines: pd.DataFrame) -> Mapping[Any, int]:
    """Give the category of each claim."""
    services = lines[lines["kind"] == Kind.SERVICE]
    of_claim = services.groupby("claim_index")["category"]
    best: pd.Series[Any] = of_claim.agg(
        lambda found: max((c for c in found if c != Category.OTHER), default=int(Category.VISIT))
    )
    claims = lines.drop_duplicates("claim_index").set_index("claim_index")
    best = best.reindex(claims.index, fill_value=int(Category.VISIT))
    in_bed: Any = claims["stay"] & (best < Category.ANTENATAL)
    return dict(best.mask(in_bed, int(Category.HOSPITALIZATION)))


def _years(birth: pd.Series[Any], day: pd.Series[Any]) -> pd.Series[Any]:
    """Count completed years; many for an unknown birth date."""
    born = pd.to_datetime(birth, unit="D")
    now = pd.to_datetime(day, unit="D")
    before = (now.dt.month * 100 + now.dt.day) < (born.dt.month * 100 + born.dt.day)
    return (now.dt.year - born.dt.year - before).fillna(999)


def _months_later(day: npt.NDArray[Any], months: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Add months to day numbers, no later than the last day of the month."""
    date = day.astype("M8[D]")
    month = date.astype("M8[M]")
    later = month + months.astype("m8[M]")
    last = (later + np.timedelta64(1, "M")).astype("M8[D]") - np.timedelta64(1, "D")
    moved = later.astype("M8[D]") + (date - month.astype("M8[D]"))
    earlier: npt.NDArray[np.int64] = np.minimum(moved, last).astype(np.int64)
    return earlier


def _family(lines: pd.DataFrame, versions: Any) -> dict[int, int]:
    """Walk a family's claims in order, carrying its balances; give what is paid for each line."""
    paid: dict[int, int] = {}
    used: dict[tuple[Any, ...], int] = defaultdict(int)
    counted: dict[tuple[str, int], list[int]] = defaultdict(list)
    for _, claim in groupby(lines.itertuples(), key=attrgetter("claim_index")):
        rows: list[Any] = list(claim)
        first = rows[0]
        version = versions[first.version]
        category = Category(first.category)
        hospital = (
            first.level == FacilityLevel.HOSPITAL
            if version.hospital_care.name == "BY_FACILITY"
            else first.stay
        )
        limit = version.claim_categories.get(category)
        end = min(first.expiry, first.expiry_policy)
        days = [day for day in counted[first.insuree, category] if first.effective <= day <= end]
        if limit and limit.claims is not None and len(days) >= limit.claims:
            continue
        deductible, deductible_keys = _left(version.deductible, "deducted", hospital, first, version, used)
        ceiling, ceiling_keys = _left(version.ceiling, "covered", hospital, first, version, used)
        of_category = limit.ceiling if limit and limit.ceiling is not None else None
        for line in rows:
            price = line.price_asked if line.origin == PriceOrigin.CLAIMED else line.list_price
            amount = times_quantity(int(price), int(line.quantity))
            if line.limitation == Limitation.FIXED and line.limit >= 0:
                amount = min(amount, times_quantity(int(line.limit), int(line.quantity)))
            if deductible is not None:
                taken = min(amount, deductible)
                deductible -= taken
                amount -= taken
                for key in deductible_keys:
                    used[key] += taken
            if line.limitation == Limitation.CO_INSURANCE:
                amount = times_percentage(amount, int(line.limit))
            if of_category is not None:
                amount = min(amount, of_category)
                of_category -= amount
            if not line.outside & (1 << int(hospital)):
                if ceiling is not None:
                    amount = min(amount, ceiling)
                    ceiling -= amount
                for key in ceiling_keys:
                    used[key] += amount
            paid[line.line_index] = amount
        counted[first.insuree, category].append(first.target)
    return paid


def _left(
    stated: Any, what: str, hospital: bool, claim: Any, version: Any, used: Mapping[tuple[Any, ...], int]
) -> tuple[int | None, list[tuple[Any, ...]]]:
    """Give what is left of a deductible or ceiling, if there is one, and where what is used is put down."""
    side = stated.side(Care.HOSPITAL if hospital else Care.NON_HOSPITAL) if stated else None
    if side is None:
        return None, []
    amount = side.amount
    threshold = version.enrolment.members.threshold
    if what == "covered":
        if threshold is not None and side.extra_member is not None:
            amount += max(0, int(claim.members) - threshold) * side.extra_member
        if side.maximum is not None:
            amount = min(amount, side.maximum)
    if side.per is Level.TREATMENT:
        return amount, []
    person = claim.insuree if side.per is Level.INSUREE else None
    care = bool(hospital) if stated.split else None
    key = (what, claim.policy, person, care)
    return max(0, amount - used[key]), [key]


def beyond(frames: Frames, lines: pd.DataFrame) -> set[int]:
    """Give the claims (places) of families that need what is left out here."""
    several = lines[lines["policies"] > 1]["family"]
    moved = lines[lines["family"] != lines["family_policy"]]["family"]
    reviewed = frames["claim_lines"][["review", "quantity_approved", "price_approved"]].notna().any(axis=1)
    asked = lines[lines["line_index"].isin(np.flatnonzero(reviewed))]["family"]
    together = lines.groupby(["insuree", "kind", "code"])
    again = lines[(lines["frequency_days"] > 0) & (together["claim_index"].transform("nunique") > 1)][
        "family"
    ]
    much = lines[(lines["most"] >= 0) & (together["quantity"].transform("sum") > lines["most"])]["family"]
    families = set(pd.concat([several, moved, asked, again, much]))
    people = frames["insurees"][frames["insurees"]["family"].isin(families)]["insuree"]
    return set(np.flatnonzero(frames["claims"]["insuree"].isin(people)).tolist())
