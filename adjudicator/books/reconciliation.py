"""What a payer's return file comes to: what each of its rows means, and what is still open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, Protocol, TypeVar


class Found(Enum):
    """What a row of a return file says."""

    PAID = "paid"
    FAILED = "failed"
    DUPLICATE = "duplicate"
    """It says nothing new."""
    AFTER_ALL = "after_all"
    """It was paid, although it had been said to have failed: it is booked, and somebody must look at it.
    So it is with payments to families, each attempt of which has a number of its own."""
    UNKNOWN = "unknown"
    """No payment has that number."""
    NOT_HANDED_OVER = "not_handed_over"
    """That attempt was never handed over."""
    DIFFERS = "differs"
    """It is not of the amount that was to be paid."""
    CONTRADICTS = "contradicts"
    """It was paid, and has failed or was paid a second time: the payer must be asked."""
    UNREADABLE = "unreadable"
    """The number is none, the status is neither paid nor failed, or the amount is none."""


_WELL: Final = (Found.PAID, Found.FAILED, Found.DUPLICATE)


class ReturnedRow(Protocol):
    """A row of a return file, and what it means."""

    @property
    def found(self) -> Found:
        """What it says."""

    @property
    def amount(self) -> int | None:
        """The amount of the payment, minor units; None where there is no such payment."""


Row = TypeVar("Row", bound=ReturnedRow)


@dataclass(frozen=True)
class Reconciliation(Generic[Row]):
    """What a return file comes to."""

    rows: tuple[Row, ...]
    open: int
    """Payments that were handed over, and that no return file has spoken of yet."""

    def count(self, found: Found) -> int:
        """Count the rows that mean something."""
        return sum(row.found is found for row in self.rows)

    def amount(self, found: Found) -> int:
        """Add up the rows that mean something, in minor units."""
        return sum(row.amount or 0 for row in self.rows if row.found is found)

    @property
    def findings(self) -> list[Row]:
        """The rows that somebody must look at."""
        return [row for row in self.rows if row.found not in _WELL]
