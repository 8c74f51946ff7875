"""Reports from the books as pandas tables, for a notebook.

For example, what is still to come of a scheme's claims, with its development::

    from pathlib import Path
    from adjudicator.presentation.frames import frames_of
    from adjudicator.books.actuarial.reports import TriangleAsked, reserve_report
    from adjudicator.books.books import open_books
    from adjudicator.simulation.actuarial.reserves import Method

    with open_books(Path("my-scheme")) as books:
        tables = frames_of(reserve_report(books, TriangleAsked(), [Method.MACK]))
    tables["reserves"]
"""

from __future__ import annotations

import pandas as pd

from adjudicator.presentation.report_values import typed
from adjudicator.reporting.report import Report


def frames_of(report: Report) -> dict[str, pd.DataFrame]:
    """Give the tables of a report by name; amounts are exact decimals, in Arrow's types."""
    return {
        part.name: typed(part, report.decimals, None).to_pandas(types_mapper=pd.ArrowDtype)
        for part in report.parts
    }
