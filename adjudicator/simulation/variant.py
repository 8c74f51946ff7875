"""A variant, compiled: other terms, and perhaps other policies, over the same registers and claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme, looked_back_on
from adjudicator.encoding import Keys
from adjudicator.product.definition import Capitation, Label, Location, Product
from adjudicator.product.read import ProductSource
from adjudicator.product.terms import compile_terms
from adjudicator.registers import Int8s, Int32s, Registers
from adjudicator.remuneration.capitation import is_paid_by
from adjudicator.remuneration.index import version_for, waits_for_pool
from adjudicator.reporting.places import places_at
from adjudicator.simulation.revising import Revision, Switch
from adjudicator.simulation.scenario import Assumptions
from adjudicator.simulation.tally import Payment
from adjudicator.vocabulary import Care, FacilityLevel, HospitalCare, LocationLevel


@dataclass(frozen=True)
class Asked:
    """A variant as it is asked for."""

    name: str
    title: Label
    revision: Revision
    assume: Assumptions = field(default_factory=Assumptions)
    start: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """A variant, ready to be adjudicated."""

    asked: Asked
    scheme: CompiledScheme
    codes: tuple[str, ...]
    """Its products; the place of one is its index."""
    reported: Int32s
    """(P,): the product of the base that each stands for."""

    @property
    def versions(self) -> tuple[Product, ...]:
        """Its versions, in the order of the terms."""
        return self.scheme.products.versions


def base_of(scheme: CompiledScheme, sources: Sequence[ProductSource], name: str = "base") -> Variant:
    """Give the base as a variant."""
    codes = scheme.products.products
    asked = Asked(name, Label(en="Base", fr="Base"), Revision(tuple(sources), ()))
    return Variant(asked, scheme, codes, np.arange(len(codes), dtype=np.int32))


def compile_variant(base: CompiledScheme, tables: Mapping[str, pa.Table], asked: Asked) -> Variant:
    """Compile a variant against the registers of the base.

    Args:
        base: the compiled scheme.
        tables: its registers, typed; asked only where policies change their product.
        asked: the variant.
    """
    products = [source.definition for source in asked.revision.products]
    compiled = compile_terms(products, base.registers.selectable)
    codes = compiled.products
    old = base.products.products
    switched = {switch.instead: switch.product for switch in asked.revision.switches}
    reported = np.array([old.index(switched.get(code, code)) for code in codes], np.int32)
    registers = base.registers
    if codes != old:
        registers = _with_codes(registers, old, codes)
        for switch in asked.revision.switches:
            registers = _switched(registers, tables, codes, switch)
    scheme = replace(
        base, registers=registers, products=compiled, remembered=looked_back_on(registers, compiled)
    )
    return Variant(asked, scheme, codes, reported)


def _with_codes(registers: Registers, old: Sequence[str], codes: Sequence[str]) -> Registers:
    place = np.array([*(codes.index(code) for code in old), -1], np.int32)
    policies = registers.policies._replace(product=place[registers.policies.product])
    return replace(registers, policies=policies, product_keys=Keys(pa.array(codes, pa.string())))


def _switched(
    registers: Registers, tables: Mapping[str, pa.Table], codes: Sequence[str], switch: Switch
) -> Registers:
    """Give the policies of families who live somewhere another product."""
    product = registers.policies.product.copy()
    mine = (product == codes.index(switch.product)) & policies_at(registers, tables, switch.location)
    product[mine] = codes.index(switch.instead)
    return replace(registers, policies=registers.policies._replace(product=product))


def policies_at(registers: Registers, tables: Mapping[str, pa.Table], location: Location) -> Any:
    """Tell which policies are of families who live somewhere: (policies,), in the order of the registers."""
    level = LocationLevel.DISTRICT if location.district else LocationLevel.REGION
    wanted = location.district or location.region
    lies_in = places_at(tables["locations"], level)
    here = pa.array(sorted(code for code, place in lies_in.items() if place == wanted), pa.string())
    families, policies = tables["families"], tables["policies"]
    lives = np.zeros(len(families), np.bool_)
    of_location = Keys(here).encode(families["location"]) >= 0 if len(here) else lives
    family_keys = Keys.of(families["family"])
    by_family = np.zeros(len(family_keys) + 1, np.bool_)
    by_family[family_keys.encode(families["family"])[of_location]] = True
    of_row = by_family[family_keys.encode(policies["family"])]
    by_policy = np.zeros(len(registers.policy_keys), np.bool_)
    by_policy[registers.policy_keys.encode(policies["policy"])] = of_row
    return by_policy[registers.policy_code]


# How lines are paid.


@dataclass(frozen=True)
class Facilities:
    """The facilities, as the register has them last."""

    codes: tuple[str, ...]
    names: tuple[str | None, ...]
    levels: tuple[FacilityLevel, ...]
    sublevels: tuple[str | None, ...]
    locations: tuple[str | None, ...]


def facilities_of(registers: Registers, table: pa.Table) -> Facilities:
    """Give the last version of each facility, by the order of their codes."""
    rows = {}
    starts: dict[str, Any] = {}
    for row in table.select(["code", "name", "level", "sublevel", "location", "valid_from"]).to_pylist():
        start = row["valid_from"]
        known = starts.get(row["code"], ())
        if known == () or (known is None or (start is not None and start > known)):
            rows[row["code"]], starts[row["code"]] = row, start
    listed = [rows[code] for code in registers.facility_keys.values.to_pylist()]
    return Facilities(
        tuple(row["code"] for row in listed),
        tuple(row["name"] for row in listed),
        tuple(FacilityLevel(row["level"]) for row in listed),
        tuple(row["sublevel"] for row in listed),
        tuple(row["location"] for row in listed),
    )


def versions_by_month(
    versions: Sequence[Product], codes: Sequence[str], first_month: int, months: int
) -> list[list[Product | None]]:
    """Give the version whose terms close each month: by product and month."""
    return [
        [
            version_for([version for version in versions if version.product == code], first_month + month)
            for month in range(months)
        ]
        for code in codes
    ]


def payment_of(
    variant: Variant, facilities: Facilities, first_month: int, months: int, weight: Int32s
) -> Payment:
    """Say how the lines of a variant are paid."""
    codes = list(variant.codes)
    closing = versions_by_month(variant.versions, codes, first_month, months)
    pooled = np.zeros((len(codes), len(Care), months), np.int8)
    capitated = np.zeros((len(codes), len(facilities.codes), months), np.int8)
    known: dict[int, Int8s] = {}
    for product, by_month in enumerate(closing):
        for month, version in enumerate(by_month):
            if version is None:
                continue
            pooled[product, :, month] = waits_for_pool(version, np.arange(len(Care)))
            terms = version.remuneration.capitation
            if terms is not None:
                if id(version) not in known:
                    known[id(version)] = _capitated(terms, facilities)
                capitated[product, :, month] = known[id(version)]
    by_facility = [version.hospital_care is HospitalCare.BY_FACILITY for version in variant.versions]
    product_of = np.array([codes.index(version.product) for version in variant.versions], np.int32)
    return Payment(
        product_of,
        variant.reported[product_of] if len(product_of) else product_of,
        np.array(by_facility, np.int8),
        pooled,
        capitated,
        weight,
    )


def _capitated(terms: Capitation, facilities: Facilities) -> Int8s:
    by_head = [
        is_paid_by(terms, level, sublevel)
        for level, sublevel in zip(facilities.levels, facilities.sublevels, strict=True)
    ]
    return np.array(by_head, np.int8)
