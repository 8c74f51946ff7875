"""One family as a plain row: for the examples of plans, for one family that asks why, and for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adjudicator.benefits.fields import CHILDREN_UNDER, COUNTS, ELDERLY
from adjudicator.rulebook.rows import ClaimRow, Row
from adjudicator.units import completed_years


def family_row(
    family: Row, members: Sequence[Row], adult_age: int, several: Mapping[str, tuple[str, ...]] | None = None
) -> ClaimRow:
    """Make the row of a family, with what follows from what is given: ages, counts, the head.

    Args:
        family: the family's fields by their paths; ``cycle.day`` is the day by which ages are taken.
        members: each member's fields.
        adult_age: completed years from which on a member is no child.
        several: the fields that a family has several of.
    """
    done = dict(family)
    day = done.get("cycle.day")
    people = [_aged(member, day if isinstance(day, int) else None) for member in members]
    for path, value in _counts(people, adult_age).items():
        done.setdefault(path, value)
    heads = [member for member in people if member.get("member.head") == 1]
    if heads:
        head = min(heads, key=lambda member: str(member.get("member.insuree", "")).encode())
        for name in ("sex", "age", "birth_date"):
            if f"member.{name}" in head:
                done.setdefault(f"head.{name}", head[f"member.{name}"])
    return ClaimRow(done, tuple(people), 0, True, several or {})


def _aged(member: Row, day: int | None) -> Row:
    born = member.get("member.birth_date")
    done = dict(member)
    if isinstance(born, int) and day is not None:
        done.setdefault("member.age", completed_years(born, day))
        done.setdefault("member.age_days", day - born)
    return done


def _counts(people: Sequence[Row], adult_age: int) -> dict[str, int]:
    ages = [age for person in people if isinstance(age := person.get("member.age"), int)]
    under = {path: sum(age < years for age in ages) for path, years in CHILDREN_UNDER.items()}
    children = sum(age < adult_age for age in ages)
    counts = {
        "family.members": len(people),
        "family.adults": len(ages) - children,
        "family.children": children,
        "family.elderly": sum(age >= ELDERLY for age in ages),
        **under,
    }
    return {path: counts[path] for path in COUNTS}
