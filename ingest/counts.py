"""Control totals: what went in is what was kept and what was set aside."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from adjudicator.problems import DoesNotAddUp


@dataclass(frozen=True)
class Counts:
    """The rows of a table: those read are those kept and those set aside."""

    read: int
    kept: int
    set_aside: int

    @property
    def add_up(self) -> bool:
        """Whether no row was lost or made."""
        return self.read == self.kept + self.set_aside


@dataclass(frozen=True)
class Tally:
    """Some claims and lines, and what the lines claim."""

    claims: int = 0
    lines: int = 0
    claimed: int = 0
    """Quantity × price asked of the lines, each rounded to the minor unit."""
    unread: int = 0
    """Lines whose amount could not be read; it is not in ``claimed``."""

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.claims + other.claims,
            self.lines + other.lines,
            self.claimed + other.claimed,
            self.unread + other.unread,
        )


@dataclass(frozen=True)
class Totals:
    """The control totals of claims, each counted by itself."""

    received: Tally
    kept: Tally
    set_aside: Tally

    def check(self) -> None:
        """Make sure that everything adds up.

        Raises:
            DoesNotAddUp: it does not.
        """
        if self.received != self.kept + self.set_aside:
            raise DoesNotAddUp(f"received {self.received}, kept {self.kept}, set aside {self.set_aside}")
        if self.kept.unread:
            raise DoesNotAddUp(f"{self.kept.unread} lines were kept without an amount")

    def as_record(self) -> dict[str, dict[str, int]]:
        """Give the totals as plain values; amounts in minor units."""
        return asdict(self)
