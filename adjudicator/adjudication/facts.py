"""Facts about claims and lines that depend on the registers alone, not on balances or products.

Law, section 3, and the checks of section 4 that come before a product is asked: on the claim 9, 7 and 8,
on the line 1, 2, 10 and 4. The same for every scenario that an actuary tries.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from adjudicator.claims import NOT_GIVEN, Batch
from adjudicator.compiled import kernel, step, unsigned
from adjudicator.registers import Diagnoses, Facilities, Int8s, Int32s, Int64s, People, PriceLists, Provisions
from adjudicator.units import MOST, NO_DATE, TOO_LARGE, completed_years, multiply
from adjudicator.vocabulary import AgeGroup, CareType, Category, FacilityLevel, Kind, Reason, Sex

# Kernels know numbers only; each stands for the word of the vocabulary that it is named after.
_ACCEPTED = int(Reason.ACCEPTED)
_TARGET_DATE, _INSUREE, _DIAGNOSIS = int(Reason.TARGET_DATE), int(Reason.INSUREE), int(Reason.DIAGNOSIS)
_NOT_IN_REGISTER, _NOT_IN_PRICE_LIST = int(Reason.NOT_IN_REGISTER), int(Reason.NOT_IN_PRICE_LIST)
_CARE_TYPE, _PATIENT_CATEGORY = int(Reason.CARE_TYPE), int(Reason.PATIENT_CATEGORY)
_VISIT, _HOSPITALIZATION, _OTHER = int(Category.VISIT), int(Category.HOSPITALIZATION), int(Category.OTHER)
_IN_PATIENT, _OUT_PATIENT = int(CareType.IN_PATIENT), int(CareType.OUT_PATIENT)
_ANY_SEX, _FEMALE = int(Sex.ANY), int(Sex.FEMALE)
_ANY_AGE, _ADULT = int(AgeGroup.ANY), int(AgeGroup.ADULT)
_HOSPITAL = int(FacilityLevel.HOSPITAL)
_ITEM, _SERVICE = int(Kind.ITEM), int(Kind.SERVICE)


class Facts(NamedTuple):
    """What the registers say about C claims and L lines."""

    target: Int32s
    """(C,), day number, ``NO_DATE`` where the claim has no date."""
    reason: Int8s
    """(C,): the first check of 4.1 that failed, 0 for none; the check of cover comes later."""
    category: Int8s
    """(C,): the claim's category."""
    in_patient: Int8s
    """(C,)."""
    at_hospital: Int8s
    """(C,): whether the facility's level is hospital."""
    adult: Int8s
    """(C,)."""
    claimed: Int64s
    """(C,), minor units: the sum of quantity × price asked; ``TOO_LARGE`` where that cannot be counted."""
    row: Int32s
    """(L,): the provision's row that is valid on the target date, -1 for none."""
    list_price: Int64s
    """(L,), minor units: the price list's price, or the catalogue's where the list has none."""
    line_reason: Int8s
    """(L,): the first check among 1, 2, 10 and 4 that failed, 0 for none."""


def establish(
    batch: Batch,
    provisions: Provisions,
    price_lists: PriceLists,
    facilities: Facilities,
    diagnoses: Diagnoses,
    people: People,
    adult_age: int,
    claims: slice | None = None,
) -> Facts:
    """Establish the facts about the claims of a batch, or of a run of them.

    Args:
        batch: the claims.
        provisions: the register of provisions.
        price_lists: all price lists.
        facilities: the register of facilities.
        diagnoses: the register of diagnoses.
        people: the insurees.
        adult_age: completed years from which on a person is an adult.
        claims: which claims (a slice without step); all when left out. The facts are of these only.

    """
    start, stop, _ = (claims or slice(None)).indices(len(batch.insuree))
    count = stop - start
    lines = int(batch.first_line[stop] - batch.first_line[start])
    facts = Facts(
        target=np.empty(count, np.int32),
        reason=np.empty(count, np.int8),
        category=np.empty(count, np.int8),
        in_patient=np.empty(count, np.int8),
        at_hospital=np.empty(count, np.int8),
        adult=np.empty(count, np.int8),
        claimed=np.empty(count, np.int64),
        row=np.empty(lines, np.int32),
        list_price=np.empty(lines, np.int64),
        line_reason=np.empty(lines, np.int8),
    )
    _establish(batch, provisions, price_lists, facilities, diagnoses, people, adult_age, start, stop, facts)
    return facts


@step
def valid_row(first_row: Int32s, valid_from: Int32s, valid_to: Int32s, key: int, day: int) -> int:
    """Find the row of a key (not negative) that is valid on a day, -1 for none. *Compiled.*"""
    for row in range(first_row[unsigned(key)], first_row[unsigned(key + 1)]):
        at = unsigned(row)
        if valid_from[at] <= day <= valid_to[at]:
            return row
    return -1


@step
def is_grown(birth: int, day: int, years: int) -> bool:
    """Tell whether so many years are completed since birth. *Compiled.*"""
    # A year has 365 or 366 days, which mostly settles it without the calendar.
    days = day - birth
    if days < years * 365:
        return False
    return days >= years * 366 or completed_years(birth, day) >= years


@kernel
def _establish(
    batch: Batch,
    provisions: Provisions,
    price_lists: PriceLists,
    facilities: Facilities,
    diagnoses: Diagnoses,
    people: People,
    adult_age: int,
    start: int,
    stop: int,
    facts: Facts,
) -> None:
    """Walk the claims from ``start`` to ``stop`` and fill in ``facts``. *Compiled.*"""
    provision_count = len(provisions.first_row) - 1
    first = batch.first_line[start]
    for place in range(start, stop):
        claim, out = unsigned(place), unsigned(place - start)
        date_from, date_to = batch.date_from[claim], batch.date_to[claim]
        target = date_from if date_to == NO_DATE else date_to
        in_patient = date_from != NO_DATE and date_to != NO_DATE and date_to > date_from
        facility = -1
        if batch.facility[claim] >= 0:
            facility = valid_row(
                facilities.first_row,
                facilities.valid_from,
                facilities.valid_to,
                batch.facility[claim],
                target,
            )
        gives = facilities.care_type[facility] if facility >= 0 else 0
        person = -1
        if batch.insuree[claim] >= 0:
            person = valid_row(
                people.first_row, people.valid_from, people.valid_to, batch.insuree[claim], target
            )

        reason = _ACCEPTED
        if (
            target == NO_DATE
            or (date_from != NO_DATE and date_to != NO_DATE and date_to < date_from)
            or (date_from != NO_DATE and batch.date_claimed[claim] < date_from)
        ):
            reason = _TARGET_DATE
        elif person < 0:
            reason = _INSUREE
        else:
            for diagnosis in batch.diagnoses[claim]:
                if diagnosis != NOT_GIVEN and (
                    diagnosis < 0
                    or valid_row(
                        diagnoses.first_row, diagnoses.valid_from, diagnoses.valid_to, diagnosis, target
                    )
                    < 0
                ):
                    reason = _DIAGNOSIS
                    break

        # Of unknown birth date: adult; of unknown sex: man.
        adult = True
        woman = False
        if person >= 0:
            woman = people.sex[unsigned(person)] == _FEMALE
            birth = people.birth_date[unsigned(person)]
            if birth != NO_DATE:
                adult = is_grown(birth, target, adult_age)

        # Where the prices of items and of services begin, -1 for no list.
        item_prices = -1
        service_prices = -1
        if facility >= 0:
            if facilities.price_list[facility, _ITEM] >= 0:
                item_prices = facilities.price_list[facility, _ITEM] * provision_count
            if facilities.price_list[facility, _SERVICE] >= 0:
                service_prices = facilities.price_list[facility, _SERVICE] * provision_count

        # Categories are numbered so that the one that comes first in the law is the largest.
        category = _HOSPITALIZATION if in_patient else _VISIT
        claimed = 0
        for line_place in range(batch.first_line[claim], batch.first_line[unsigned(place + 1)]):
            line, at = unsigned(line_place), unsigned(line_place - first)
            provision = batch.provision[line]
            found = -1
            if provision >= 0 and target != NO_DATE:
                found = valid_row(
                    provisions.first_row, provisions.valid_from, provisions.valid_to, provision, target
                )
            line_reason = _ACCEPTED
            price = 0
            if found < 0:
                line_reason = _NOT_IN_REGISTER
            else:
                row = unsigned(found)
                # An item's category is always OTHER.
                if provisions.category[row] != _OTHER and provisions.category[row] > category:
                    category = provisions.category[row]
                prices = service_prices if provision >= provisions.first_service else item_prices
                entry = -1
                if prices >= 0:
                    entry = valid_row(
                        price_lists.first_entry,
                        price_lists.valid_from,
                        price_lists.valid_to,
                        prices + provision,
                        target,
                    )
                if entry < 0:
                    line_reason = _NOT_IN_PRICE_LIST
                else:
                    price = price_lists.price[unsigned(entry)]
                    if price < 0:
                        price = provisions.price[row]
                    care, sex, age = provisions.care_type[row], provisions.sex[row], provisions.age[row]
                    if (
                        (gives == _OUT_PATIENT and in_patient)
                        or (care == _IN_PATIENT and (not in_patient or gives == _OUT_PATIENT))
                        or (care == _OUT_PATIENT and (in_patient or gives == _IN_PATIENT))
                    ):
                        line_reason = _CARE_TYPE
                    elif (sex != _ANY_SEX and (sex == _FEMALE) != woman) or (
                        age != _ANY_AGE and (age == _ADULT) != adult
                    ):
                        line_reason = _PATIENT_CATEGORY
            facts.row[at] = found
            facts.list_price[at] = price
            facts.line_reason[at] = line_reason
            asked = multiply(batch.price_asked[line], batch.quantity[line])
            if asked == TOO_LARGE or claimed == TOO_LARGE or claimed > MOST - asked:
                claimed = TOO_LARGE
            else:
                claimed += asked

        facts.target[out] = target
        facts.reason[out] = reason
        facts.category[out] = category
        facts.in_patient[out] = in_patient
        facts.at_hospital[out] = facility >= 0 and facilities.level[facility] == _HOSPITAL
        facts.adult[out] = adult
        facts.claimed[out] = claimed
