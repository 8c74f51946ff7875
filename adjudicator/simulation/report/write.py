"""The report of a simulation in the form that is asked for."""

from __future__ import annotations

from typing import Final

from adjudicator.simulation.actuarial.triangles import Triangle
from adjudicator.simulation.report.page import page
from adjudicator.simulation.report.workbook import workbook
from adjudicator.simulation.results import Simulation

FORMS: Final = ("html", "xlsx")


def report_bytes(simulation: Simulation, form: str, language: str, triangle: Triangle | None = None) -> bytes:
    """Write the report of a simulation.

    Args:
        simulation: what it is about.
        form: ``html``, one self-contained page, or ``xlsx``, a workbook.
        language: ``en`` or ``fr``.
        triangle: a loss triangle of the same scheme, in minor units, to be shown as well.

    Returns:
        The same bytes for the same simulation.
    """
    if form == "html":
        return page(simulation, language, triangle).encode()
    if form == "xlsx":
        return workbook(simulation, language, triangle)
    raise ValueError(form)
