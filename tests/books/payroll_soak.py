"""Looking for a family that is paid twice, for as long as one likes.

python -m tests.books.payroll_soak [SECONDS] [sqlite|postgresql]
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.books.grants import write_grants
from tests.books.states import Shelf
from tests.books.test_payroll_orders import ACTS, live
from tests.databases import engine_of


def main() -> None:
    """Live many random lives; the seed of one that goes wrong is printed."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    engine = engine_of(sys.argv[2] if len(sys.argv) > 2 else "sqlite")
    until = time.monotonic() + seconds
    counts: Counter[str] = Counter()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        parish = write_grants(folder / "parish")
        shelf = Shelf(folder)
        while time.monotonic() < until:
            seed = random.randrange(10**9)
            acts = random.Random(seed).choices(ACTS, k=random.Random(seed).randrange(8, 60))
            try:
                payer = live(engine, shelf, parish, folder / "books", seed, acts)
            except BaseException:
                print(f"seed {seed}: {acts}")
                raise
            counts["lives"] += 1
            counts["numbers handed over"] += len(payer.handed)
            counts["second and later attempts"] += sum("/" in number for number in payer.handed)
            counts["paid"] += sum(payer.paid().values())
        shelf.close()
    print(dict(counts))


if __name__ == "__main__":
    main()
