"""Triangles to estimate from: one that is published, and random ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.simulation.actuarial.triangles import Entries, Triangle

# G. C. Taylor and F. R. Ashe, Second moments of estimates of outstanding claims, Journal of Econometrics 23
# (1983); used by Mack (1993), who gives the reserves and standard errors below in thousands.
TAYLOR_ASHE = (
    (357848, 766940, 610542, 482940, 527326, 574398, 146342, 139950, 227229, 67948),
    (352118, 884021, 933894, 1183289, 445745, 320996, 527804, 266172, 425046),
    (290507, 1001799, 926219, 1016654, 750816, 146923, 495992, 280405),
    (310608, 1108250, 776189, 1562400, 272482, 352053, 206286),
    (443160, 693190, 991983, 769488, 504851, 470639),
    (396132, 937085, 847498, 805037, 705960),
    (440832, 847631, 1131398, 1063269),
    (359480, 1061648, 1443370),
    (376686, 986608),
    (344014,),
)
PUBLISHED_RESERVES = (0, 95, 470, 710, 985, 1419, 2178, 3920, 4279, 4626)
PUBLISHED_TOTAL, PUBLISHED_ERROR = 18_681, 2_447


def triangle_of(rows: tuple[tuple[int, ...], ...] | list[list[int]], grain: Grain = Grain.YEAR) -> Triangle:
    """Make a triangle of what was booked, row by row."""
    size = len(rows)
    cells = np.zeros((size, size), np.int64)
    for place, row in enumerate(rows):
        cells[place, : len(row)] = row
    return Triangle(None, grain, 31, cells)


def cumulative(triangle: Triangle) -> list[list[int]]:
    """Give the known part of each row, added up."""
    sums: list[list[int]] = triangle.cumulative.tolist()
    return [row[: triangle.size - place] for place, row in enumerate(sums)]


@st.composite
def growing_triangles(draw: st.DrawFn) -> Triangle:
    """Triangles of five to eight origins in which something is booked at once, and nothing taken back."""
    size = draw(st.integers(5, 8))
    first = st.integers(100_000, 10_000_000)
    later = st.integers(0, 3_000_000)
    rows = [[draw(first), *(draw(later) for _ in range(size - 1 - place))] for place in range(size)]
    return triangle_of(rows)


@st.composite
def bookings(draw: st.DrawFn) -> Entries:
    """Any bookings, also negative ones and ones before their month, of up to three groups."""
    count = draw(st.integers(1, 40))
    months = st.integers(600, 640)

    def column(values: st.SearchStrategy[int]) -> npt.NDArray[np.int64]:
        return np.array(draw(st.lists(values, min_size=count, max_size=count)), np.int64)

    booked = column(months)
    upto = draw(st.integers(int(booked.max()), 645))
    return Entries(
        column(months),
        booked,
        column(st.integers(-(10**12), 10**12)),
        column(st.integers(0, 2)),
        ("A", "B", None),
        upto,
    )
