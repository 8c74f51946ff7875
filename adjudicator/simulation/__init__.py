"""The actuary's desk: the same claims under other products, and how sure one can be of the difference.

The rooms in here are pure: they are handed columns and definitions, and give results. What a notebook needs
is given out here as well, from :mod:`adjudicator.notebook`, which reads files; it is imported when it is
asked for, so that the rooms themselves import no reader.

>>> from adjudicator.simulation import open_claims, simulate, sweep, bootstrap, solve, read
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adjudicator.notebook import (
        Result,
        bootstrap,
        open_claims,
        read,
        simulate,
        solve,
        sweep,
    )

__all__ = ["Result", "bootstrap", "open_claims", "read", "simulate", "solve", "sweep"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from adjudicator import notebook  # noqa: PLC0415 - a notebook's functions read files, these rooms do not

        return getattr(notebook, name)
    raise AttributeError(name)
