"""What is selected and how: a plan, as it is asked for and as the books keep it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from adjudicator.review.selection import Allocation, Method

REVIEW: Final = "review"
FEEDBACK: Final = "feedback"
PURPOSES: Final = (REVIEW, FEEDBACK)
"""What claims are selected for."""

CLASSES: Final = 4
"""Classes of size that strata by amount are cut into, if nothing else is said."""

FEWEST: Final = 10
"""Other claims that make a mean, if nothing else is said."""


@dataclass(frozen=True)
class Wanted:
    """Which claims can be selected at all; None: whatever it is."""

    start: dt.date | None = None
    """The first day on which they were claimed."""
    end: dt.date | None = None
    """The last day."""
    facility: str | None = None
    least: int | None = None
    """They ask for this amount (minor units) or more."""


@dataclass(frozen=True)
class Plan:
    """What is selected, and how; what a method does not ask for is left as it is."""

    purpose: str
    method: Method
    wanted: Wanted = Wanted()
    seed: str | None = None
    percent: int | None = None
    """Of the claims, in hundredths of a percent."""
    size: int | None = None
    by: tuple[str, ...] = ()
    """What strata differ in."""
    allocation: Allocation = Allocation.PROPORTIONAL
    classes: int = CLASSES
    take_all: int | None = None
    """Claims that ask for this much (minor units) or more are all taken."""
    excess: int = 0
    """In hundredths of a percent."""
    by_level: bool = False
    fewest: int = FEWEST
    history: tuple[dt.date | None, dt.date | None] | None = None
    """The first and the last day of the claims that others are compared with; None where none are."""
    history_asked: tuple[dt.date | None, dt.date | None] = (None, None)
    """The same as they were asked for; what is None is found from the claims."""

    def as_record(self) -> dict[str, Any]:
        """Give the plan as the books keep it."""
        record = asdict(self)
        record |= {"method": self.method.value, "allocation": self.allocation.value, "by": list(self.by)}
        record["wanted"] = {name: _written(value) for name, value in record["wanted"].items()}
        for name in ("history", "history_asked"):
            value = record[name]
            record[name] = None if value is None else [_written(day) for day in value]
        return record

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Self:
        """Read a plan from a record that may say more."""
        values = {name: record[name] for name in cls.__dataclass_fields__}
        wanted = values["wanted"]
        days = {name: _day(wanted[name]) for name in ("start", "end")}
        values |= {
            "method": Method(values["method"]),
            "allocation": Allocation(values["allocation"]),
            "by": tuple(values["by"]),
            "wanted": Wanted(**(wanted | days)),
        }
        for name in ("history", "history_asked"):
            value = values[name]
            values[name] = None if value is None else (_day(value[0]), _day(value[1]))
        return cls(**values)

    def as_asked(self) -> dict[str, Any]:
        """Give what somebody asked for, without what was found from the claims."""
        record = self.as_record()
        del record["history"]
        return record


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
