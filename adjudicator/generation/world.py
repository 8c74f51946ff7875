"""All that the claims of any month are made from."""

from __future__ import annotations

from dataclasses import dataclass

from adjudicator.generation.births import Women, newborn_between, women_of
from adjudicator.generation.days import first_of_month
from adjudicator.generation.diagnoses import Diagnoses, diagnoses_of
from adjudicator.generation.facilities import Facilities, facilities_of
from adjudicator.generation.market import Offers
from adjudicator.generation.people import Families, Persons, families_of, persons_of
from adjudicator.generation.places import Places, places_of
from adjudicator.generation.policies import Cover, Policies, policies_of
from adjudicator.generation.provisions import Provisions
from adjudicator.generation.sickness import Sicknesses, sicknesses_of
from adjudicator.generation.stream import I32


@dataclass(frozen=True)
class World:
    """A country with its people, their illnesses and their cover."""

    seed: int
    start: int
    places: Places
    facilities: Facilities
    diagnoses: Diagnoses
    sicknesses: Sicknesses
    families: Families
    persons: Persons
    women: Women
    mothers: I32
    """Of the newborn, the last persons: the place of each one's mother among the women."""
    cover: Cover


def world_of(
    seed: int, count: int, start: int, last: int, provisions: Provisions, offers: Offers
) -> tuple[World, Policies]:
    """Make a country of so many families for claims from a month to a last day, and all its policies."""
    diagnoses = diagnoses_of(start)
    sicknesses = sicknesses_of(provisions, diagnoses)
    places = places_of(seed, count)
    facilities = facilities_of(seed, places, start)
    families = families_of(seed, count, places)
    persons = persons_of(seed, families, places, sicknesses, start)
    women = women_of(seed, persons, start)
    # A year's births and policies at least, because how often people are seen is set by a year's average.
    until = max(last, first_of_month(start + 13))
    newborn, mothers = newborn_between(seed, persons, women, start, until)
    everybody = persons.plus(newborn)
    policies = policies_of(seed, families, places, offers, start, until)
    cover = Cover(policies, everybody, offers)
    world = World(
        seed, start, places, facilities, diagnoses, sicknesses, families, everybody, women, mothers, cover
    )
    return world, policies
