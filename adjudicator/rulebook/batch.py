"""The fields of an encoded batch of claims: from the batch, the scheme's registers and its decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.adjudication.adjudicate import Decided
from adjudicator.adjudication.facts import Facts
from adjudicator.claims import Claims
from adjudicator.encoding import UNKNOWN, Keys, days, integers, one_array
from adjudicator.registers import provision_key
from adjudicator.rulebook.register_fields import DAYS, RegisterFields
from adjudicator.rulebook.universe import Column, Provider, Texts
from adjudicator.units import NO_DATE, OPEN_END, OPEN_START, QUANTITY_ONE, TOO_LARGE
from adjudicator.vocabulary import LineStatus, LocationLevel, Reason

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_THURSDAY: Final = 3
"""Day 0 was a Thursday: so many days after a Monday."""


class BatchFields:
    """Gives each field of a batch its column, when it is asked for.

    Args:
        of_registers: what the registers give.
        claims: the encoded batch.
        decided: the decisions about it, group by group; none where a rule is asked before the claims are
            decided, and for claims of the past.
    """

    def __init__(self, of_registers: RegisterFields, claims: Claims, decided: Sequence[Decided] = ()) -> None:
        self._of_registers, self._claims, self._decided = of_registers, claims, decided
        self._registers, self._tables = of_registers.registers, of_registers.tables
        self._batch = claims.batch
        self.lines_of = np.diff(claims.batch.first_line).astype(np.int32)
        """(claims,): how many lines each claim has."""

    @cached_property
    def _facts(self) -> Facts:
        return self._of_registers.facts(self._claims)

    def providers(self) -> dict[str, Provider]:
        """Give what gives each field's column, by path (see :class:`Universe`)."""
        batch, registers = self._batch, self._registers
        found: dict[str, Provider] = {
            "claim.number": lambda: self._received("claim"),
            "claim.facility": lambda: _coded(batch.facility, registers.facility_keys),
            "claim.insuree": lambda: _coded(batch.insuree, registers.insuree_keys),
            "claim.diagnosis": lambda: _coded(batch.diagnoses[:, 0], registers.diagnosis_keys),
            "claim.administrator": lambda: self._received("administrator"),
            "claim.guarantee": lambda: self._received("guarantee"),
            "claim.referred_from": self._referred_from,
            "claim.date_from": lambda: _day(batch.date_from),
            "claim.date_to": lambda: _day(batch.date_to),
            "claim.date_claimed": lambda: _day(batch.date_claimed),
            "claim.target_date": lambda: _day(self._facts.target),
            "claim.nights": lambda: _apart(batch.date_to, batch.date_from),
            "claim.days_to_file": lambda: _apart(batch.date_claimed, self._facts.target),
            "claim.weekday": self._weekday,
            "claim.lines": lambda: Column(self.lines_of),
            "claim.claimed": lambda: Column(self._facts.claimed, self._facts.claimed != TOO_LARGE),
            "claim.in_patient": lambda: Column(self._facts.in_patient),
            "claim.visit_type": lambda: Column(batch.visit_type),
            "claim.category": lambda: Column(self._facts.category),
            "patient.adult": lambda: Column(self._facts.adult, self._person_known),
            "patient.sex": lambda: self._of_person(registers.people.sex),
            "patient.birth_date": lambda: _day(self._born),
            "patient.age": self._age,
            "patient.age_days": lambda: _apart(self._facts.target, self._born),
            "patient.valid_from": lambda: self._validity(registers.people.valid_from, OPEN_START, first=True),
            "patient.valid_to": lambda: self._validity(registers.people.valid_to, OPEN_END, first=False),
            "patient.covered_since": self._covered_since,
            "line.kind": lambda: Column(self._claims.kind),
            "line.code": lambda: Column(self._claims.code, None, Texts(self._claims.codes)),
            "line.number": lambda: Column(self._claims.line_number),
            "line.quantity": lambda: Column(batch.quantity),
            "line.price_asked": lambda: Column(batch.price_asked),
            "line.claimed": self._line_claimed,
        }
        for place in range(batch.diagnoses.shape[1]):
            found[f"claim.diagnoses/{place}"] = self._diagnosis(place)
        found |= self._of_families() | self._facilities() | self._of_provisions() | self._of_decisions()
        return found

    def _received(self, name: str) -> Column:
        column = one_array(self._claims.received[name])
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        codes = integers(column.indices, np.int64, UNKNOWN)[self._claims.claim_row]
        return Column(codes, codes >= 0, Texts(column.dictionary.cast(pa.string())))

    def _referred_from(self) -> Column:
        keys = self._registers.facility_keys
        return _coded(keys.encode(self._claims.received["referred_from"])[self._claims.claim_row], keys)

    def _diagnosis(self, place: int) -> Provider:
        return lambda: _coded(self._batch.diagnoses[:, place], self._registers.diagnosis_keys)

    def _weekday(self) -> Column:
        target = self._facts.target.astype(np.int64)
        return Column((target + _THURSDAY) % 7 + 1, target != NO_DATE)

    def _line_claimed(self) -> Column:
        amount = self._batch.price_asked * self._batch.quantity
        return Column((amount + QUANTITY_ONE // 2) // QUANTITY_ONE)

    # The patient.

    @cached_property
    def _person(self) -> Int64s:
        """The row of each claim's patient that is valid on the target date, else the last; -1: unknown."""
        people, insuree = self._registers.people, self._batch.insuree
        known = insuree >= 0
        first = people.first_row[np.where(known, insuree, 0)].astype(np.int64)
        end = people.first_row[np.where(known, insuree, 0) + 1].astype(np.int64)
        row = end - 1
        for version in range(int((end - first).max(initial=1)) - 1):
            at = np.minimum(first + version, end - 1)
            holds = (people.valid_from[at] <= self._facts.target) & (
                self._facts.target <= people.valid_to[at]
            )
            row = np.where(holds, at, row)
        return np.where(known, row, UNKNOWN)

    @property
    def _person_known(self) -> Bools:
        return self._person >= 0

    def _of_person(self, values: npt.NDArray[Any]) -> Column:
        return Column(values[np.maximum(self._person, 0)], self._person_known)

    @cached_property
    def _born(self) -> npt.NDArray[np.int32]:
        column = self._of_person(self._registers.people.birth_date)
        born: npt.NDArray[np.int32] = np.where(self._person_known, column.values, NO_DATE).astype(np.int32)
        return born

    def _age(self) -> Column:
        known = (self._born != NO_DATE) & (self._facts.target != NO_DATE)
        on, born = (np.where(known, day, 0) for day in (self._facts.target, self._born))
        (year, day_of_year), (born_year, born_day) = (_year_and_day(day) for day in (on, born))
        return Column(year - born_year - (day_of_year < born_day), known)

    def _validity(self, values: npt.NDArray[Any], open_: int, first: bool) -> Column:
        """Give the first day, or the last, on which the register knows a person."""
        people = self._registers.people
        insuree = np.where(self._person_known, self._batch.insuree, 0)
        row = people.first_row[insuree] if first else people.first_row[insuree + 1] - 1
        found = values[row]
        return Column(found, self._person_known & (found != open_))

    def _covered_since(self) -> Column:
        """Give the first day of the cover of the target date, and of those without a gap before it."""
        whose, since, until = self._of_registers.covers
        target, asking = (part.astype(np.int64) for part in (self._facts.target, self._batch.insuree))
        if not len(whose):
            return Column(target, np.zeros(len(target), np.bool_))
        keys = whose * DAYS + since - OPEN_START
        place = np.searchsorted(keys, asking * DAYS + target - OPEN_START, "right") - 1
        at = np.maximum(place, 0)
        known = (place >= 0) & (target != NO_DATE) & (whose[at] == asking) & (target <= until[at])
        return Column(since[at], known)

    def _of_families(self) -> dict[str, Provider]:
        return {
            "patient.family": lambda: self._family,
            "patient.location": lambda: self._place(None),
            "patient.district": lambda: self._place(LocationLevel.DISTRICT),
            "patient.region": lambda: self._place(LocationLevel.REGION),
        }

    @cached_property
    def _family(self) -> Column:
        keys, of_person = self._of_registers.families
        return _coded(of_person[np.where(self._person_known, self._batch.insuree, UNKNOWN)], keys)

    def _place(self, level: LocationLevel | None) -> Column:
        return self._lies_in(self._of_registers.location_of_family[self._family.values], level)

    def _lies_in(self, location: npt.NDArray[Any], level: LocationLevel | None) -> Column:
        keys, above = self._of_registers.locations
        if not len(keys):
            return _coded(np.full(len(location), UNKNOWN), keys)
        return _coded(np.where(location >= 0, above[level][location], UNKNOWN), keys)

    # The facility.

    def _facilities(self) -> dict[str, Provider]:
        found: dict[str, Provider] = {
            "facility.level": lambda: self._of_facility("level"),
            "facility.care_type": lambda: self._of_facility("care_type"),
            "facility.sublevel": lambda: self._of_facility("sublevel"),
            "facility.legal_form": lambda: self._of_facility("legal_form"),
        }
        for name, level in (
            ("location", None),
            ("district", LocationLevel.DISTRICT),
            ("region", LocationLevel.REGION),
        ):
            found[f"facility.{name}"] = self._facility_lies_in(level)
        return found

    def _facility_lies_in(self, level: LocationLevel | None) -> Provider:
        def column() -> Column:
            return self._lies_in(
                self._of_facilities(
                    self._of_registers.locations[0].encode(self._tables["facilities"]["location"])
                ),
                level,
            )

        return column

    def _of_facilities(self, of_row: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Give for each claim what the last row of its facility says."""
        found: npt.NDArray[Any] = self._of_registers.of_facilities(of_row)[self._batch.facility]
        return found

    def _of_facility(self, name: str) -> Column:
        column = one_array(self._tables["facilities"][name])
        if pa.types.is_string(column.type):
            keys = Keys.of(column) if len(column) else Keys(pa.array([], pa.string()))
            return _coded(self._of_facilities(keys.encode(column)), keys)
        values = self._of_facilities(integers(column, np.int64, UNKNOWN))
        return Column(values, values >= 0)

    # The provision.

    def _of_provisions(self) -> dict[str, Provider]:
        provisions = self._registers.provisions
        return {
            "provision.category": lambda: self._of_provision(provisions.category),
            "provision.care_type": lambda: self._of_provision(provisions.care_type),
            "provision.sex": lambda: self._of_provision(provisions.sex),
            "provision.age": lambda: self._of_provision(provisions.age),
            "provision.price": lambda: self._of_provision(provisions.price),
            "provision.frequency_days": lambda: self._positive(provisions.frequency),
            "provision.type": self._provision_type,
            "provision.maximum_quantity": self._maximum_quantity,
            "provision.list_price": self._list_price,
        }

    def _of_provision(self, values: npt.NDArray[Any]) -> Column:
        row = self._facts.row
        if not len(values):
            return Column(np.zeros(len(row), np.int64), np.zeros(len(row), np.bool_))
        return Column(values[np.maximum(row, 0)], row >= 0)

    def _positive(self, values: npt.NDArray[Any]) -> Column:
        column = self._of_provision(values)
        return Column(column.values, (self._facts.row >= 0) & (column.values > 0))

    def _provision_type(self) -> Column:
        types = [UNKNOWN if one.type is None else int(one.type) for one in self._registers.selectable]
        column = self._of_provision(np.array(types, np.int64))
        return Column(column.values, (self._facts.row >= 0) & (column.values >= 0))

    def _maximum_quantity(self) -> Column:
        table = self._tables["provisions"]
        code = self._registers.provision_keys.encode(provision_key(table["kind"], table["code"]))
        order = np.lexsort((days(table["valid_from"], OPEN_START), code))
        column = self._of_provision(integers(table["maximum_quantity"], np.int64, UNKNOWN)[order])
        return Column(column.values, (self._facts.row >= 0) & (column.values >= 0))

    def _list_price(self) -> Column:
        known = (self._facts.row >= 0) & (self._facts.line_reason != Reason.NOT_IN_PRICE_LIST)
        return Column(self._facts.list_price, known)

    # The decision.

    def _of_decisions(self) -> dict[str, Provider]:
        def of_claim(name: str) -> Provider:
            return lambda: self._decision(lambda one: getattr(one.results, name), False)

        def of_line(name: str) -> Provider:
            return lambda: self._decision(lambda one: getattr(one.results, name), True)

        return {
            "claim_decision.status": of_claim("status"),
            "claim_decision.reason": of_claim("reason"),
            "claim_decision.valuated": self._claim_valuated,
            "line_decision.status": self._line_status,
            "line_decision.reason": of_line("line_reason"),
            "line_decision.price_origin": lambda: self._priced("price_origin"),
            "line_decision.unit_price": lambda: self._priced("unit_price"),
            "line_decision.valuated": of_line("valuated"),
            "line_decision.quantity": of_line("quantity"),
        }

    def _decision(self, of_group: Callable[[Decided], npt.NDArray[Any]], of_lines: bool) -> Column:
        """Put the decisions of all groups one below another; none where nothing was decided."""
        count = int(self._batch.first_line[-1]) if of_lines else len(self._batch.insuree)
        if not self._decided:
            return Column(np.zeros(count, np.int8), np.zeros(count, np.bool_))
        return Column(np.concatenate([of_group(one) for one in self._decided]), np.ones(count, np.bool_))

    def _claim_valuated(self) -> Column:
        line = self._decision(lambda one: one.results.valuated, True)
        totals = np.concatenate(([0], np.cumsum(line.values)))
        values = totals[self._batch.first_line[1:]] - totals[self._batch.first_line[:-1]]
        return Column(values, np.full(len(values), bool(self._decided)))

    def _line_status(self) -> Column:
        reason = self._decision(lambda one: one.results.line_reason, True)
        accepted = reason.values == Reason.ACCEPTED
        return Column(np.where(accepted, LineStatus.ACCEPTED, LineStatus.REJECTED), reason.given)

    def _priced(self, name: str) -> Column:
        column = self._decision(lambda one: getattr(one.results, name), True)
        reason = self._decision(lambda one: one.results.line_reason, True)
        assert column.given is not None
        return Column(column.values, column.given & (reason.values == Reason.ACCEPTED))


def _coded(codes: npt.NDArray[Any], keys: Keys) -> Column:
    return Column(codes, codes >= 0, Texts(keys.values))


def _day(values: npt.NDArray[Any]) -> Column:
    return Column(values, values != NO_DATE)


def _apart(later: npt.NDArray[Any], earlier: npt.NDArray[Any]) -> Column:
    known = (later != NO_DATE) & (earlier != NO_DATE)
    return Column(np.where(known, later.astype(np.int64) - earlier, 0), known)


def _year_and_day(day: npt.NDArray[Any]) -> tuple[Int64s, Int64s]:
    """Split days into years, and month × 32 + day of the month."""
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    year = date.astype("datetime64[Y]")
    of_month = (date - month).astype(np.int64)
    return year.astype(np.int64), (month - year).astype(np.int64) * 32 + of_month
