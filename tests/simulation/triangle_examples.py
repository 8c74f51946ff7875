"""Triangles to estimate from: one that is published, and random ones."""

from __future__ import annotations

from itertools import pairwise

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


# The triangle of a mortgage guarantee business in T. Mack (1999), ASTIN Bulletin 29, cumulative; errors with
# a tail of 1.05 whose standard error is 0.02 and whose sigma is 71, as R's ChainLadder gives them.
MORTGAGE = (
    (58046, 127970, 476599, 1027692, 1360489, 1647310, 1819179, 1906852, 1950105),
    (24492, 141767, 984288, 2142656, 2961978, 3683940, 4048898, 4115760),
    (32848, 274682, 1522637, 3203427, 4445927, 5158781, 5342585),
    (21439, 529828, 2900301, 4999019, 6460112, 6853904),
    (40397, 763394, 2920745, 4989572, 5648563),
    (90748, 951994, 4210640, 5866482),
    (62096, 868480, 1954797),
    (24983, 284441),
    (13121,),
)
MORTGAGE_TAIL_IBNR, MORTGAGE_TAIL_ERROR = 16_875_555, 4_053_668
MORTGAGE_TAIL_ERRORS = (106544, 179977, 249708, 417857, 670156, 1127984, 1377496, 1901740, 2293437)

# The triangle of M. V. Wüthrich and M. Merz, Stochastic Claims Reserving Methods in Insurance (2008),
# cumulative, with its prior estimates; D. H. Alai, M. Merz and M. V. Wüthrich (2011) give the errors of its
# Bornhuetter-Ferguson reserves where every prior is off by 5%.
PRIORS = (
    11653101, 11367306, 10962965, 10616762, 11044881, 11480700, 11413572, 11126527, 10986548, 11618437,
)  # fmt: skip
WUETHRICH_MERZ = (
    (5946975, 9668212, 10563929, 10771690, 10978394, 11040518, 11106331, 11121181, 11132310, 11148124),
    (6346756, 9593162, 10316383, 10468180, 10536004, 10572608, 10625360, 10636546, 10648192),
    (6269090, 9245313, 10092366, 10355134, 10507837, 10573282, 10626827, 10635751),
    (5863015, 8546239, 9268771, 9459424, 9592399, 9680740, 9724068),
    (5778885, 8524114, 9178009, 9451404, 9681692, 9786916),
    (6184793, 9013132, 9585897, 9830796, 9935753),
    (5600184, 8493391, 9056505, 9282022),
    (5288066, 7728169, 8256211),
    (5290793, 7648729),
    (5675568,),
)
BF_RESERVE, BF_DISPERSION, BF_ERROR = 7_356_580, 14_714, 471_971

# The triangle of the Reinsurance Association of America in T. Mack (1994), CAS Forum, cumulative: its error,
# and what his tests of it found.
RAA = (
    (5012, 8269, 10907, 11805, 13539, 16181, 18009, 18608, 18662, 18834),
    (106, 4285, 5396, 10666, 13782, 15599, 15496, 16169, 16704),
    (3410, 8992, 13873, 16141, 18735, 22214, 22863, 23466),
    (5655, 11555, 15766, 21266, 23425, 26083, 27067),
    (1092, 9565, 15836, 22169, 25955, 26180),
    (1513, 6445, 11702, 12935, 15852),
    (557, 4020, 10946, 12314),
    (1351, 6947, 13112),
    (3133, 5395),
    (2063,),
)
RAA_RESERVE, RAA_ERROR = 52_135, 26_909
RAA_FACTORS = (0.070, 0.127)
RAA_CALENDAR = (14, 12.875, 3.978)


def from_cumulative(rows: tuple[tuple[int, ...], ...]) -> Triangle:
    """Make a triangle of sums."""
    return triangle_of([[one - before for before, one in pairwise((0, *row))] for row in rows])


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
