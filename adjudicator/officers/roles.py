"""The roles of officers, and which commands each of them may give."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from adjudicator.words import Message, message


class Role(StrEnum):
    """What somebody does in a scheme."""

    ADMINISTRATOR = "administrator"
    """Looks after the books, the registers and the officers, and has claims decided."""
    CLERK = "clerk"
    """Enters what comes in: registers, claims, vouchers, feedback."""
    MEDICAL_OFFICER = "medical-officer"
    """Reviews claims."""
    SENIOR_MEDICAL_OFFICER = "senior-medical-officer"
    """Reviews claims, those that are escalated too."""
    FINANCE = "finance"
    """Closes months, and pays."""

    @property
    def label(self) -> Message:
        """Its name, for people."""
        return message(f"officers.role.{self.value}")


_ADMINISTRATOR: Final = (Role.ADMINISTRATOR,)
_ENTRY: Final = (Role.ADMINISTRATOR, Role.CLERK)
_MEDICAL: Final = (Role.MEDICAL_OFFICER, Role.SENIOR_MEDICAL_OFFICER)
_FINANCE: Final = (Role.FINANCE,)
_ALL: Final = tuple(Role)

ACTS: Final[Mapping[str, tuple[Role, ...]]] = {
    "db init": _ADMINISTRATOR,
    "db upgrade": _ADMINISTRATOR,
    "officer add": _ADMINISTRATOR,
    "officer close": _ADMINISTRATOR,
    # Everybody renews their own key; the register sees to it that nobody renews another's.
    "officer renew": _ALL,
    "load registers": _ENTRY,
    "load claims": _ENTRY,
    "load opening": _ADMINISTRATOR,
    "adjudicate": _ADMINISTRATOR,
    "readjudicate": _ADMINISTRATOR,
    "rules ask": _ADMINISTRATOR,
    "serve": _ADMINISTRATOR,
    "serve token add": _ADMINISTRATOR,
    "serve token revoke": _ADMINISTRATOR,
    "select review": (*_ADMINISTRATOR, *_MEDICAL),
    "select feedback": (*_ADMINISTRATOR, *_MEDICAL),
    "feedback record": (*_ENTRY, *_MEDICAL),
    "feedback load": (*_ENTRY, *_MEDICAL),
    "review list": (*_ADMINISTRATOR, *_MEDICAL),
    "review assign": (*_ADMINISTRATOR, *_MEDICAL),
    "review received": (*_ENTRY, *_MEDICAL),
    "review next": _MEDICAL,
    "review take": _MEDICAL,
    "review put-back": _MEDICAL,
    "review return": _MEDICAL,
    "review release": _MEDICAL,
    "review decide": _MEDICAL,
    "review agree": _MEDICAL,
    "review disagree": _MEDICAL,
    "review route": _MEDICAL,
    "close month": _FINANCE,
    "close reopen": _FINANCE,
    "pay export": _FINANCE,
    "pay reconcile": _FINANCE,
    "payroll make": _FINANCE,
    "payroll approve": _FINANCE,
    "payroll cancel": _FINANCE,
    "payroll export": _FINANCE,
    "payroll reconcile": _FINANCE,
    "voucher issue": _ENTRY,
    "voucher use": _ENTRY,
    "voucher claim": _ENTRY,
    "voucher cancel": (*_ENTRY, *_FINANCE),
    "voucher pay": _FINANCE,
}
"""By command that acts in somebody's name, the roles that may give it."""

REVIEWERS: Final = _MEDICAL
"""The roles that cases are assigned to."""


def roles_for(act: str) -> tuple[Role, ...]:
    """Give the roles that may give a command; one that is not listed is the administrator's."""
    return ACTS.get(act, _ADMINISTRATOR)
