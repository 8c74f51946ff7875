"""A scheme's registers as arrays of integers, ready for the kernels.

:func:`encode` takes typed tables and gives every code its integer, every register its rows in order, and
every family its *unit*: the families that share a policy or a person, which no other unit can touch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.encoding import UNKNOWN, Keys, days, group, integers
from adjudicator.product.terms import Selectable
from adjudicator.tables import REGISTERS, Table, Type
from adjudicator.units import NO_DATE, OPEN_END, OPEN_START
from adjudicator.vocabulary import Category, Kind, PolicyStatus, ProvisionType, Stage

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


class Provisions(NamedTuple):
    """The register of provisions: R rows, sorted by provision and start; a provision has an index."""

    first_row: Int32s
    """(provisions + 1,): where each provision's versions begin."""
    first_service: int
    """The index of the first service; all before it are items."""
    valid_from: Int32s
    """(R,), day number."""
    valid_to: Int32s
    """(R,), day number, included."""
    category: Int8s
    """(R,), :class:`Category`; OTHER for items."""
    care_type: Int8s
    sex: Int8s
    age: Int8s
    frequency: Int32s
    """(R,), days, 0 for none."""
    price: Int64s
    """(R,), minor units."""


class PriceLists(NamedTuple):
    """All price lists: E entries, those of one provision on one list side by side."""

    first_entry: Int32s
    """(lists × P + 1,): where the entries of list ``l`` and provision ``p`` of P begin, at ``l × P + p``."""
    valid_from: Int32s
    valid_to: Int32s
    price: Int64s
    """(E,), minor units, -1 for the register's."""


class Facilities(NamedTuple):
    """The facilities: rows sorted by facility and start."""

    first_row: Int32s
    valid_from: Int32s
    valid_to: Int32s
    level: Int8s
    care_type: Int8s
    price_list: Int32s
    """(rows, kind): the price list for items and for services, -1 for none."""


class Diagnoses(NamedTuple):
    """The diagnoses: rows sorted by diagnosis and start."""

    first_row: Int32s
    valid_from: Int32s
    valid_to: Int32s


class People(NamedTuple):
    """The insurees: rows sorted by insuree and start, and what belongs to the insuree as such."""

    first_row: Int32s
    valid_from: Int32s
    valid_to: Int32s
    sex: Int8s
    birth_date: Int32s
    """(rows,), day number, ``NO_DATE`` where unknown."""
    unit: Int32s
    """(insurees,): the unit that the insuree belongs to."""
    first_cover: Int32s
    """(insurees,): where the insuree's covers begin."""
    end_cover: Int32s
    """(insurees,): where they end."""


class Policies(NamedTuple):
    """The policies, sorted by unit and, within it, in policy order (effective date, then code)."""

    first_of_unit: Int32s
    """(units + 2,)."""
    product: Int32s
    """(policies,): index among the product codes of the scheme, -1 where there is no such product."""
    effective: Int32s
    expiry: Int32s
    is_new: Int8s
    covers: Int8s
    """(policies,): 1 where the status is active or expired."""
    first_member: Int32s
    """(policies + 1,): where the policy's covers begin in ``member``."""
    member: Int32s
    """(covers,): covers by policy and insuree."""


class Covers(NamedTuple):
    """The covers, sorted by unit, insuree, policy order and start."""

    first_of_unit: Int32s
    insuree: Int32s
    policy: Int32s
    effective: Int32s
    expiry: Int32s


@dataclass(frozen=True)
class Enrolment:
    """Who is covered by what: the registers that grow with the population, encoded."""

    insuree_keys: Keys
    policy_keys: Keys
    policy_code: Int32s
    """(policies,): place among ``policy_keys`` of each policy in the order of ``policies``."""
    policy_place: Int32s
    """(policies,): the inverse of ``policy_code``."""
    people: People
    policies: Policies
    covers: Covers
    units: int
    """How many units there are; claims of unknown insurees form one more."""


@dataclass(frozen=True)
class Registers(Enrolment):
    """The registers of a scheme, encoded, with the codes that lead back."""

    provision_keys: Keys
    facility_keys: Keys
    diagnosis_keys: Keys
    product_keys: Keys
    provisions: Provisions
    selectable: tuple[Selectable, ...]
    price_lists: PriceLists
    facilities: Facilities
    diagnoses: Diagnoses


def provision_key(kind: pa.ChunkedArray, code: pa.ChunkedArray) -> pa.Array:
    """Join kind and code to one key, items before services."""
    if pa.types.is_dictionary(code.type):
        code = code.cast(pa.string())
    return pc.binary_join_element_wise(kind.cast(pa.string()), code, "\x1f")


def encode(
    tables: Mapping[str, pa.Table], product_codes: tuple[str, ...], enrolment: Enrolment | None = None
) -> Registers:
    """Encode typed tables (see :mod:`adjudicator.tables`); a table that is absent is empty.

    Args:
        tables: typed tables by name. References lead somewhere, versions of a code do not overlap.
        product_codes: the products of the scheme, sorted; a policy's product is an index into them.
        enrolment: what :func:`encode_enrolment` gave for the same tables and products, if it was kept.

    """
    tables = {name: tables.get(name, empty(spec)) for name, spec in REGISTERS.items()}
    provision_keys, provisions, selectable = _provisions(tables["provisions"])
    list_keys = Keys.of(
        tables["price_lists"]["price_list"],
        tables["facilities"]["service_price_list"],
        tables["facilities"]["item_price_list"],
    )
    facility_keys, facilities = _facilities(tables["facilities"], list_keys)
    diagnosis_keys, order, first_row = _versions(tables["diagnoses"])
    diagnoses = Diagnoses(first_row, *_period(tables["diagnoses"], order))
    enrolment = encode_enrolment(tables, product_codes) if enrolment is None else enrolment
    return Registers(
        provision_keys=provision_keys,
        facility_keys=facility_keys,
        diagnosis_keys=diagnosis_keys,
        product_keys=Keys(pa.array(product_codes, pa.string())),
        provisions=provisions,
        selectable=selectable,
        price_lists=_price_lists(tables["price_lists"], list_keys, provision_keys),
        facilities=facilities,
        diagnoses=diagnoses,
        **vars(enrolment),
    )


def empty(spec: Table) -> pa.Table:
    """Give an empty typed table."""
    types = {
        Type.TEXT: pa.string(),
        Type.WORD: pa.int8(),
        Type.DATE: pa.date32(),
        Type.TRUTH: pa.bool_(),
    }
    return pa.table(
        {column.name: pa.array([], types.get(column.type, pa.int64())) for column in spec.columns}
    )


def _versions(table: pa.Table, *, code: str = "code") -> tuple[Keys, Int64s, Int32s]:
    """Give the codes of a register, its rows by code and start, and where each code's rows begin."""
    keys = Keys.of(table[code])
    order, first_row = _ordered(keys.encode(table[code]), days(table["valid_from"], OPEN_START), len(keys))
    return keys, order, first_row


def _ordered(codes: Int32s, starts: Int32s, count: int) -> tuple[Int64s, Int32s]:
    """Order rows by code and start; rows of a code begin at the second result."""
    if len(codes) == count and bool(np.all(codes == np.arange(count))):
        return np.arange(count), np.arange(count + 1, dtype=np.int32)
    by_start = np.argsort(starts, kind="stable")
    first_row, order = group(codes[by_start], count)
    return by_start[order], first_row


def _period(table: pa.Table, order: Int64s) -> tuple[Int32s, Int32s]:
    return days(table["valid_from"], OPEN_START)[order], days(table["valid_to"], OPEN_END)[order]


def _provisions(table: pa.Table) -> tuple[Keys, Provisions, tuple[Selectable, ...]]:
    key = provision_key(table["kind"], table["code"])
    keys = Keys.of(key)
    order, first_row = _ordered(keys.encode(key), days(table["valid_from"], OPEN_START), len(keys))

    def words(name: str, none: int = 0) -> Any:
        return integers(table[name], np.int8, none)[order]

    kind, kind_of_provision = words("kind"), words("type", UNKNOWN)
    category = np.where(kind == Kind.SERVICE, words("category", Category.OTHER), Category.OTHER).astype(
        np.int8
    )
    codes = table["code"].take(pa.array(order)).to_pylist()
    items = pc.sum(pc.starts_with(keys.values, str(int(Kind.ITEM)))).as_py() or 0
    provisions = Provisions(
        first_row,
        items,
        *_period(table, order),
        category=category,
        care_type=words("care_type"),
        sex=words("sex"),
        age=words("age"),
        frequency=_int32(integers(table["frequency_days"], np.int64)[order]),
        price=integers(table["price"], np.int64)[order],
    )
    selectable = tuple(
        Selectable(Kind(k), code, None if t == UNKNOWN else ProvisionType(t), Category(c))
        for k, code, t, c in zip(
            kind.tolist(), codes, kind_of_provision.tolist(), category.tolist(), strict=True
        )
    )
    return keys, provisions, selectable


def _int32(values: npt.NDArray[Any]) -> Int32s:
    """Narrow counts of days or members; more than ``int32`` holds is for ever all the same."""
    narrowed: Int32s = np.clip(values, -1, 2**31 - 1).astype(np.int32)
    return narrowed


def _price_lists(table: pa.Table, list_keys: Keys, provision_keys: Keys) -> PriceLists:
    lists = list_keys.encode(table["price_list"]).astype(np.int64)
    provision = provision_keys.encode(provision_key(table["kind"], table["code"]))
    known = provision >= 0
    slot = (lists * len(provision_keys) + provision)[known]
    order = np.lexsort((days(table["valid_from"], OPEN_START)[known], slot))
    counts = np.bincount(slot, minlength=len(list_keys) * len(provision_keys))
    rows = np.flatnonzero(known)[order]
    return PriceLists(
        np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        *_period(table, rows),
        price=integers(table["price"], np.int64, UNKNOWN)[rows],
    )


def _facilities(table: pa.Table, list_keys: Keys) -> tuple[Keys, Facilities]:
    keys, order, first_row = _versions(table)
    price_list = np.empty((len(order), len(Kind)), np.int32)
    price_list[:, Kind.ITEM] = list_keys.encode(table["item_price_list"])[order]
    price_list[:, Kind.SERVICE] = list_keys.encode(table["service_price_list"])[order]
    facilities = Facilities(
        first_row,
        *_period(table, order),
        level=integers(table["level"], np.int8)[order],
        care_type=integers(table["care_type"], np.int8)[order],
        price_list=price_list,
    )
    return keys, facilities


def encode_enrolment(tables: Mapping[str, pa.Table], product_codes: tuple[str, ...]) -> Enrolment:
    """Encode insurees, policies and covers, which hang together by families (arguments as :func:`encode`)."""
    tables = {name: tables.get(name, empty(spec)) for name, spec in REGISTERS.items()}
    product_keys = Keys(pa.array(product_codes, pa.string()))
    insurees, policies, covers = tables["insurees"], tables["policies"], tables["covers"]
    families = tables["families"]["family"]
    family_keys = Keys.of(families) if len(families) else Keys.of(insurees["family"], policies["family"])
    insuree_keys = Keys.of(insurees["insuree"])
    policy_keys = Keys.of(policies["policy"])
    insuree_of_row = insuree_keys.encode(insurees["insuree"])
    order, first_row = _ordered(insuree_of_row, days(insurees["valid_from"], OPEN_START), len(insuree_keys))
    family_of_row = family_keys.encode(insurees["family"])[order]
    policy_code = policy_keys.encode(policies["policy"])
    policy_family = family_keys.encode(policies["family"])
    cover_insuree = insuree_keys.encode(covers["insuree"])
    cover_policy_code = policy_keys.encode(covers["policy"])
    # A cover of nobody, or by nothing, covers nobody.
    known = (cover_insuree >= 0) & (cover_policy_code >= 0)
    cover_insuree, cover_policy_code = cover_insuree[known], cover_policy_code[known]

    family_of_code = np.empty(len(policy_keys), np.int32)
    family_of_code[policy_code] = policy_family
    unit_of_family, units = _units(
        len(family_keys), first_row, family_of_row, cover_insuree, family_of_code[cover_policy_code]
    )
    person_unit = unit_of_family[family_of_row[first_row[:-1]]]
    policy_unit = unit_of_family[policy_family]
    effective = days(policies["effective"])
    policy_order = np.lexsort((policy_code, effective, policy_unit))
    place = np.empty(len(policy_keys), np.int32)
    place[policy_code[policy_order]] = np.arange(len(policy_order), dtype=np.int32)
    policy_of_cover = place[cover_policy_code]
    cover_effective, cover_expiry = days(covers["effective"])[known], days(covers["expiry"])[known]
    cover_order = _cover_order(
        person_unit[cover_insuree], cover_insuree, policy_of_cover, cover_effective, cover_expiry
    )
    cover_insuree, policy_of_cover = cover_insuree[cover_order], policy_of_cover[cover_order]
    # Insurees stand together among the covers, but not in the order of their codes.
    first_cover = np.zeros(len(insuree_keys), np.int32)
    end_cover = np.zeros(len(insuree_keys), np.int32)
    heads = np.flatnonzero(np.diff(cover_insuree, prepend=UNKNOWN))
    first_cover[cover_insuree[heads]] = heads
    end_cover[cover_insuree[heads]] = np.append(heads[1:], len(cover_insuree))[: len(heads)]
    first_member, member = group(policy_of_cover, len(policy_order))
    status = integers(policies["status"], np.int8)[policy_order]
    return Enrolment(
        insuree_keys=insuree_keys,
        policy_keys=policy_keys,
        policy_code=policy_code[policy_order],
        policy_place=place,
        units=units,
        people=People(
            first_row,
            *_period(insurees, order),
            sex=integers(insurees["sex"], np.int8)[order],
            birth_date=days(insurees["birth_date"], NO_DATE)[order],
            unit=person_unit,
            first_cover=first_cover,
            end_cover=end_cover,
        ),
        policies=Policies(
            first_of_unit=_starts(policy_unit[policy_order], units),
            product=product_keys.encode(policies["product"])[policy_order],
            effective=effective[policy_order],
            expiry=days(policies["expiry"])[policy_order],
            is_new=(integers(policies["stage"], np.int8)[policy_order] == Stage.NEW).astype(np.int8),
            covers=np.isin(status, (PolicyStatus.ACTIVE, PolicyStatus.EXPIRED)).astype(np.int8),
            first_member=first_member,
            member=member.astype(np.int32),
        ),
        covers=Covers(
            first_of_unit=_starts(person_unit[cover_insuree], units),
            insuree=cover_insuree,
            policy=policy_of_cover,
            effective=cover_effective[cover_order],
            expiry=cover_expiry[cover_order],
        ),
    )


def _starts(units: Int32s, count: int) -> Int32s:
    """Give (count + 2,) where each unit's rows begin among rows sorted by unit.

    The last unit, that of unknown insurees, has none.
    """
    counts = np.bincount(units, minlength=count + 1) if len(units) else np.zeros(count + 1, np.int64)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32)


def _cover_order(unit: Int32s, insuree: Int32s, policy: Int32s, effective: Int32s, expiry: Int32s) -> Int64s:
    # Policies are numbered by unit and policy order, so that (insuree, policy) orders within a unit.
    if len(unit) == 0:
        return np.zeros(0, np.int64)
    _, order = group(policy, int(policy.max()) + 1)
    _, by_insuree = group(insuree[order], int(insuree.max()) + 1)
    order = order[by_insuree]
    _, by_unit = group(unit[order], int(unit.max()) + 1)
    order = order[by_unit]
    again = (np.diff(insuree[order]) == 0) & (np.diff(policy[order]) == 0)
    if again.any():
        # A person who left a policy and came back: few, so the plain sort is good enough.
        order = np.lexsort((expiry, effective, policy, insuree, unit))
    return order


def _units(
    families: int, first_row: Int32s, family_of_row: Int32s, cover_insuree: Int32s, cover_family: Int32s
) -> tuple[Int32s, int]:
    """Number the units: each family is one, unless a person or a cover ties it to another.

    Returns:
        (families,) the unit of each family, numbered in the order of its first family, and their count.

    """
    home = family_of_row[first_row[:-1]]
    home_of_row = np.repeat(home, np.diff(first_row))
    moved = family_of_row != home_of_row
    elsewhere = cover_family != home[cover_insuree]
    ties = np.concatenate(
        (
            np.stack((home_of_row[moved], family_of_row[moved]), axis=1),
            np.stack((home[cover_insuree][elsewhere], cover_family[elsewhere]), axis=1),
        )
    )
    head = np.arange(families, dtype=np.int32)
    if len(ties) == 0:
        return head, families

    def root(family: int) -> int:
        while head[family] != family:
            head[family] = head[head[family]]
            family = int(head[family])
        return family

    for one, other in ties.tolist():
        first, second = sorted((root(one), root(other)))
        head[second] = first
    roots = np.array([root(family) for family in range(families)], np.int32)
    distinct, unit = np.unique(roots, return_inverse=True)
    return unit.astype(np.int32), len(distinct)
