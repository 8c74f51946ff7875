"""A made-up country written as a scheme's folder: settings, products, registers, months of claims, faults."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator.files import TableWriter, write_table
from adjudicator.generation.codes import chosen
from adjudicator.generation.contributions import payments_of, table_of_contributions, values_of
from adjudicator.generation.days import first_of_month, month_named, name_of_month
from adjudicator.generation.diagnoses import register_of_diagnoses
from adjudicator.generation.facilities import (
    register_of_catchments,
    register_of_facilities,
)
from adjudicator.generation.faults import FAULTS, Fault
from adjudicator.generation.folder import new_folder
from adjudicator.generation.knowledge import read_text
from adjudicator.generation.market import Offers, offers_of
from adjudicator.generation.months import Month, months_of_claims
from adjudicator.generation.people import (
    LEAD,
    register_of_families,
    register_of_insurees,
)
from adjudicator.generation.places import register_of_locations
from adjudicator.generation.planting import WHOLE_CLAIM
from adjudicator.generation.policies import (
    Policies,
    members_of,
    register_of_policies,
    table_of_covers,
)
from adjudicator.generation.provisions import (
    Provisions,
    provisions_of,
    register_of_price_lists,
    register_of_provisions,
)
from adjudicator.generation.utilisation import intensity_for
from adjudicator.generation.world import World, world_of
from adjudicator.problems import Problem, Refused
from adjudicator.shipped import (
    shipped_benefits,
    shipped_products,
    shipped_routing,
    shipped_rules,
    shipped_scenarios,
)
from adjudicator.tables import CLAIM_LINES, CLAIMS, REGISTERS
from adjudicator.units import currency_decimals
from adjudicator.words import message, text

Progress = Callable[[str, int, int], None]
"""Told a stage (a key of the catalogue), how much of it is done, and how much there is."""

UTILISATION: Final = 0.85
"""Claims per family and month, where nothing else is asked for."""

MOST_FAMILIES: Final = 5_000_000
CURRENCY: Final = "XTS"
"""The code that ISO 4217 keeps for tests; it has two decimals."""

_POLICIES: Final = 200_000
"""Policies whose members and payments are written at a time."""


@dataclass(frozen=True)
class Made:
    """What was written."""

    families: int
    insurees: int
    claims: int
    lines: int
    faults: int
    """Labels of planted faults."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def generate(
    folder: Path,
    families: int,
    months: int,
    seed: int,
    *,
    start: str = "2026-01",
    form: str = "parquet",
    utilisation: float = UTILISATION,
    faults: bool = True,
    currency: str = CURRENCY,
    progress: Progress = no_progress,
) -> Made:
    """Write a made-up scheme: the same bytes for the same arguments, on any machine.

    The claims of a month do not depend on how many months are asked for. Registers are as known at the end
    of the last month.

    Args:
        folder: where to; must be new or empty.
        families: how many families there are, from 1 to five million.
        months: how many months of claims, from 1.
        seed: what all is drawn from, not negative.
        start: the first month, as ``2026-01``.
        form: ``parquet`` or ``csv``.
        utilisation: claims per family and month.
        faults: whether to plant faults, labelled in ``faults.*``.
        currency: an ISO 4217 code; prices are the same numbers in each, rounded to its decimals.
        progress: told how far it is.

    Raises:
        Refused: the folder is not empty, a number is out of range, or no shipped product is in force.
    """
    first_month = _checked(families, months, seed, start, utilisation)
    with new_folder(folder) as writing:
        scheme = _Scheme(writing, form, currency_decimals(currency), progress)
        return scheme.write(families, months, seed, first_month, utilisation, faults, currency)


def _checked(families: int, months: int, seed: int, start: str, utilisation: float) -> int:
    problems = []
    if not 1 <= families <= MOST_FAMILIES:
        problems.append(
            Problem(message("generation.families_out_of_range", given=families, most=MOST_FAMILIES))
        )
    if months < 1:
        problems.append(Problem(message("generation.months_out_of_range", given=months)))
    if seed < 0:
        problems.append(Problem(message("generation.seed_out_of_range", given=seed)))
    if not 0 < utilisation <= 10:
        problems.append(Problem(message("generation.utilisation_out_of_range", given=str(utilisation))))
    try:
        first_month = month_named(start)
    except ValueError:
        problems.append(Problem(message("generation.no_month", given=start)))
    if problems:
        raise Refused(problems)
    return first_month


class _Scheme:
    """A scheme that is being written."""

    def __init__(self, folder: Path, form: str, decimals: int, progress: Progress) -> None:
        self._folder = folder
        self._form = form
        self._decimals = decimals
        self._progress = progress

    def write(
        self,
        families: int,
        months: int,
        seed: int,
        start: int,
        utilisation: float,
        faults: bool,
        currency: str,
    ) -> Made:
        """Make everything and write it."""
        first, last = first_of_month(start), first_of_month(start + months) - 1
        offers = offers_of(shipped_products(), start, months, self._decimals)
        self._write_settings(offers, currency)
        provisions = provisions_of(seed, start, self._decimals)
        world, policies = world_of(seed, families, start, last, provisions, offers)
        self._write_registers(world, provisions, policies.known_on(last), offers, first, last)
        intensity = intensity_for(world, utilisation)
        claims = lines = 0
        labels: list[pa.Table] = []
        for month in months_of_claims(world, provisions, intensity, months, faults=faults):
            self._progress("generation.claims", month.month - start, months)
            self._write_month(world, provisions, month)
            labels.append(_table_of_faults(month, world.facilities.codes))
            claims += len(month.claims)
            lines += len(month.claims.lines.price)
        self._progress("generation.claims", months, months)
        if faults:
            write_table(
                self._folder / f"faults.{self._form}", pa.concat_tables(labels), FAULTS, self._decimals
            )
        planted = sum(table.num_rows for table in labels)
        return Made(families, int((world.persons.born <= last).sum()), claims, lines, planted)

    def _write_settings(self, offers: Offers, currency: str) -> None:
        said = read_text("scheme.yaml").replace("{currency}", currency)
        (self._folder / "scheme.yaml").write_text(said, "utf-8")
        for name, files in (
            ("products", offers.files),
            ("rules", shipped_rules()),
            ("routing", shipped_routing()),
            ("benefits", shipped_benefits()),
            ("scenarios", shipped_scenarios()),
        ):
            (self._folder / name).mkdir()
            for file in files:
                shutil.copyfile(file, self._folder / name / file.name)

    def _write_registers(
        self, world: World, provisions: Provisions, policies: Policies, offers: Offers, first: int, last: int
    ) -> None:
        tables: dict[str, Callable[[], Any]] = {
            "provisions": lambda: register_of_provisions(provisions, last),
            "price_lists": lambda: register_of_price_lists(provisions, last),
            "locations": lambda: register_of_locations(world.places),
            "facilities": lambda: register_of_facilities(world.facilities, world.places),
            "catchments": lambda: register_of_catchments(world.facilities, world.places),
            "diagnoses": lambda: register_of_diagnoses(world.diagnoses),
            "families": lambda: register_of_families(world.families, world.places),
            "insurees": lambda: register_of_insurees(world.persons, first_of_month(world.start - LEAD), last),
            "policies": lambda: register_of_policies(policies, offers, last),
        }
        (self._folder / "registers").mkdir()
        steps = len(tables) + 1
        for done, (name, table) in enumerate(tables.items()):
            self._progress("generation.registers", done, steps)
            write_table(self._register(name), table(), REGISTERS[name], self._decimals)
        self._progress("generation.registers", steps - 1, steps)
        self._write_members(world, policies, offers, last)
        self._progress("generation.registers", steps, steps)

    def _write_members(self, world: World, policies: Policies, offers: Offers, last: int) -> None:
        with (
            TableWriter(self._register("covers"), REGISTERS["covers"], self._decimals) as covers,
            TableWriter(self._register("contributions"), REGISTERS["contributions"], self._decimals) as paid,
        ):
            for begin in range(0, len(policies.family), _POLICIES):
                until = min(begin + _POLICIES, len(policies.family))
                rows = np.arange(begin, until)
                members = members_of(policies, world.persons, offers, begin, until, last)
                covers.write(table_of_covers(members, policies, world.persons))
                owed = values_of(policies, offers, world.persons, members, rows)
                payments = payments_of(world.seed, policies, offers, world.families, rows, owed, last)
                paid.write(table_of_contributions(payments, policies))

    def _register(self, name: str) -> Path:
        return self._folder / "registers" / f"{name}.{self._form}"

    def _write_month(self, world: World, provisions: Provisions, month: Month) -> None:
        folder = self._folder / "claims" / name_of_month(month.month)
        folder.mkdir(parents=True)
        visits, lines = month.claims.visits, month.claims.lines
        written = month.codes
        stays = visits.last_day > visits.first_day
        # Half of the facilities leave the second date empty where the patient did not stay.
        one_day = ~stays & (visits.facility % 2 == 0)
        facilities = world.facilities.codes
        diagnoses = world.diagnoses.codes
        claims = pa.table(
            {
                "claim": written,
                "facility": chosen(visits.facility, facilities),
                "insuree": world.persons.codes_of(visits.person),
                "date_from": pa.array(visits.first_day, pa.date32()),
                "date_to": pa.array(visits.last_day, pa.date32(), mask=one_day),
                "date_claimed": pa.array(visits.claimed, pa.date32()),
                "visit_type": visits.visit_type,
                "diagnosis": chosen(visits.diagnosis, diagnoses),
                "diagnosis_1": chosen(visits.second_diagnosis, diagnoses),
                "referred_from": chosen(visits.referred_from, facilities),
            }
        )
        write_table(folder / f"claims.{self._form}", claims, CLAIMS, self._decimals)
        claim = lines.claim
        table = pa.table(
            {
                "claim": chosen(claim, written),
                "line": np.arange(len(claim)) - lines.first[claim] + 1,
                "kind": provisions.kind[lines.provision],
                "code": chosen(lines.provision, provisions.codes),
                "quantity": lines.quantity,
                "price_asked": lines.price,
            }
        )
        write_table(folder / f"claim_lines.{self._form}", table, CLAIM_LINES, self._decimals)


def _table_of_faults(month: Month, facilities: Any) -> Any:
    """Make rows of the table of planted faults."""
    labels, claims = month.labels, month.claims
    order = np.argsort(claims.identity)
    place = order[np.searchsorted(claims.identity[order], labels.claim)]
    order = np.lexsort((labels.fault, labels.line, place))
    place, labels = place[order], labels.take(order)
    notes = [
        text(f"generation.fault.{Fault(fault).word}", other=month.others[row])
        for row, fault in zip(order, labels.fault, strict=True)
    ]
    return pa.table(
        {
            "claim": month.codes.take(pa.array(place)),
            "facility": chosen(claims.visits.facility[place], facilities),
            "line": pa.array(labels.line, mask=labels.line == WHOLE_CLAIM),
            "fault": chosen(labels.fault, Fault.words()),
            "note": pa.array(notes, pa.string()),
        }
    )
