"""The register of officers: what happened to it, in order, and who stands in it after that.

A key that somebody else gave out is known to two people. It is good for one thing, which is to make one's
own; else whoever adds officers could be the second person of everything.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from adjudicator.officers.roles import Role
from adjudicator.problems import Problem, problem_of

LONGEST: Final = 80
"""Letters of a name."""


class What(StrEnum):
    """What happened to an officer."""

    ADDED = "add officer"
    RENEWED = "renew key"
    CLOSED = "close officer"


@dataclass(frozen=True)
class Event:
    """One thing that happened to the register."""

    number: int
    """The entry of the journal by which it did."""
    what: What
    officer: str
    by: str
    roles: tuple[Role, ...] = ()
    """Of an officer who was added."""
    since: dt.date | None = None
    until: dt.date | None = None
    hash: str | None = None
    """What is kept of the key that they have from then on."""


@dataclass(frozen=True)
class Officer:
    """An officer, as they stand after the events."""

    name: str
    roles: tuple[Role, ...]
    since: dt.date
    until: dt.date | None
    """The last day on which they may act."""
    hash: str
    given_by: str | None
    """Who gave them their key; None where they made it themselves."""
    added: int
    closed: int | None = None
    """The entries of the journal by which they came and went."""

    def stands(self, day: dt.date) -> bool:
        """Tell whether they may act on a day."""
        return self.closed is None and self.since <= day and (self.until is None or day <= self.until)

    def may(self, roles: Collection[Role]) -> bool:
        """Tell whether they have one of some roles."""
        return not set(self.roles).isdisjoint(roles)


Register = Mapping[str, Officer]
"""Officers by :func:`plain_name`, in the order in which they came; those that went too."""


def tidy_name(name: str) -> str:
    """Write a name as it is kept: in composed letters, with single blanks."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def plain_name(name: str) -> str:
    """Write a name so that it is the same one however it was typed."""
    # Unicode's compatibility caseless match: what looks the same is one name.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", name).casefold())
    return " ".join(unicodedata.normalize("NFKD", folded.casefold()).split())


def replay(events: Iterable[Event]) -> dict[str, Officer]:
    """Give the register after events, in their order.

    Raises:
        KeyError: something happened to an officer who was never added.
        ValueError: somebody was added without a day or a key.
    """
    found: dict[str, Officer] = {}
    first = True
    for event in events:
        name = plain_name(event.officer)
        # The first one adds themselves: there is nobody yet who could prove to be somebody else.
        own = first or plain_name(event.by) == name
        first = False
        given_by = None if own else event.by
        match event.what:
            case What.ADDED:
                if event.since is None or event.hash is None:
                    raise ValueError(event.number)
                found.pop(name, None)
                found[name] = Officer(
                    *(event.officer, event.roles, event.since, event.until, event.hash, given_by),
                    added=event.number,
                )
            case What.RENEWED:
                if event.hash is None:
                    raise ValueError(event.number)
                found[name] = replace(found[name], hash=event.hash, given_by=given_by)
            case What.CLOSED:
                found[name] = replace(found[name], closed=event.number)
    return found


def problems_of_adding(
    register: Register, new: Officer, by: str, today: dt.date, named: bool = True
) -> list[Problem]:
    """Say what is wrong with adding an officer; nothing, where it may be done.

    Args:
        register: as it stands.
        new: who is to be added.
        by: who adds them; whoever it is while there is no officer.
        today: the day.
        named: whether the name can be kept as it is; see :func:`nameable`.
    """
    problems: list[Problem] = []
    if not register:
        if Role.ADMINISTRATOR not in new.roles or new.until is not None or new.since > today:
            problems.append(problem_of("officers.first"))
    elif problem := problem_of_acting(register, by, (Role.ADMINISTRATOR,), today):
        problems.append(problem)
    if not named:
        problems.append(problem_of("officers.no_name", name=new.name, most=LONGEST))
    if not new.roles:
        problems.append(problem_of("officers.no_role"))
    if new.until is not None and new.until < max(new.since, today):
        problems.append(problem_of("officers.over", until=new.until))
    present = register.get(plain_name(new.name))
    if present is not None and present.closed is None and (present.until is None or today <= present.until):
        problems.append(problem_of("officers.present", officer=present.name))
    return problems


def nameable(name: str) -> bool:
    """Tell whether a name can be kept: it has letters, none that cannot be seen, and is not too long."""
    kept = tidy_name(name)
    seen = all(unicodedata.category(letter)[0] != "C" for letter in kept)
    return seen and 0 < len(kept) <= LONGEST and any(letter.isalnum() for letter in kept)


def problems_of_renewing(register: Register, name: str, by: str, today: dt.date) -> list[Problem]:
    """Say what is wrong with giving an officer a new key: another's is an administrator's to give."""
    problem = problem_of_standing(register, name, today)
    if problem is None and plain_name(name) != plain_name(by):
        problem = problem_of_acting(register, by, (Role.ADMINISTRATOR,), today)
    return [problem] if problem else []


def problems_of_closing(register: Register, name: str, by: str, today: dt.date) -> list[Problem]:
    """Say what is wrong with closing an officer: the last administrator who can act for good stays."""
    if problem := problem_of_acting(register, by, (Role.ADMINISTRATOR,), today):
        return [problem]
    officer = register.get(plain_name(name))
    if officer is None or officer.closed is not None:
        return [_unknown(name) if officer is None else problem_of("officers.closed", officer=officer.name)]
    others = [one for one in lasting_administrators(register, today) if one is not officer]
    return [] if others else [problem_of("officers.last_administrator", officer=officer.name)]


def lasting_administrators(register: Register, today: dt.date) -> list[Officer]:
    """Give the administrators whose time does not end, and whose key is theirs alone."""
    return [
        one
        for one in register.values()
        if Role.ADMINISTRATOR in one.roles
        and one.stands(today)
        and one.until is None
        and one.given_by is None
    ]


def problem_of_standing(register: Register, name: str, today: dt.date) -> Problem | None:
    """Say why somebody may not act today, whatever their role; None where they may."""
    officer = register.get(plain_name(name))
    if officer is None:
        return _unknown(name)
    if officer.stands(today):
        return None
    if officer.closed is not None:
        return problem_of("officers.closed", officer=officer.name)
    if officer.since > today:
        return problem_of("officers.not_yet", officer=officer.name, since=officer.since)
    return problem_of("officers.ended", officer=officer.name, until=officer.until)


def problem_of_acting(
    register: Register, name: str, roles: Collection[Role], today: dt.date
) -> Problem | None:
    """Say why somebody may not act in one of some roles today; None where they may."""
    if problem := problem_of_standing(register, name, today):
        return problem
    officer = register[plain_name(name)]
    if officer.given_by is not None:
        return problem_of("officers.given_key", officer=officer.name, by=officer.given_by)
    if not officer.may(roles):
        return role_missing(officer, roles)
    return None


def role_missing(officer: Officer, roles: Collection[Role]) -> Problem:
    """Say that an officer has none of some roles."""
    has, wanted = ([role.label for role in some] for some in (officer.roles, roles))
    return problem_of("officers.other_role", officer=officer.name, has=has, wanted=wanted)


def _unknown(name: str) -> Problem:
    return problem_of("officers.unknown", name=name)
