"""Measure cash transfers: a million families made into a list, handed over and reconciled.

python -m benchmarks.payroll [--families 1000000] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from adjudicator.benefits.listing import entitled
from adjudicator.benefits.read import CompiledPlan
from adjudicator.books.benefits.families import families_on
from adjudicator.books.benefits.handing import export
from adjudicator.books.benefits.payrolls import approve, make
from adjudicator.books.benefits.plans import find_plan
from adjudicator.books.benefits.returns import reconcile
from adjudicator.books.benefits.verification import check_benefits
from adjudicator.books.books import make_books, open_books
from adjudicator.books.registers import load_registers
from adjudicator.presentation.benefit_files import write_benefit_file
from adjudicator.units import day_number

MEMBERS: Final = 5
"""Of each family."""

_PLAN = """\
plan: GRANT
title: {en: Grant, fr: Allocation}
attributes: {score: number, mobile: text}
criteria: |
  attribute.score < 800
  and family.children_under_5 >= 1
  and family.region = "R1"
with_member: member.sex = female and member.age >= 15
amount:
  tiers: [{when: family.members > 5, amount: 30}, {amount: 20}]
  per: [{each: 5, where: member.age < 2, at_most: 2}]
cycle: month
payment: {by: mobile_money, account: mobile}
examples:
  - receives: 25
    family: {attribute.score: 1, family.region: R1}
    members: [{member.sex: female, member.age: 20}, {member.age: 1}]
  - receives: nothing
"""


_PRODUCT = """\
product: CARE
name: {en: Care, fr: Soins}
enrolment: {insurance_period: 12 months}
coverage: [{services: all}]
"""


def write_scheme(folder: Path, families: int) -> Path:
    """Write a scheme with so many families and nothing else; give its folder."""
    chance = np.random.default_rng(1)
    registers = folder / "registers"
    registers.mkdir(parents=True)
    (folder / "products").mkdir()
    (folder / "benefits").mkdir()
    (folder / "scheme.yaml").write_text("scheme: MANY\ncurrency: KES\n", "utf-8")
    (folder / "products" / "care.yaml").write_text(_PRODUCT, "utf-8")
    (folder / "benefits" / "grant.yaml").write_text(_PLAN, "utf-8")
    number = np.arange(families)
    codes = [f"F{one:07}" for one in number.tolist()]
    table = {
        "family": codes,
        "location": ["R1"] * families,
        "score": [str(score) for score in chance.integers(0, 1000, families).tolist()],
        "mobile": [f"07{one:08}" for one in number.tolist()],
    }
    pq.write_table(pa.table(table), registers / "families.parquet")
    count = families * MEMBERS
    whose = np.repeat(number, MEMBERS)
    place = np.tile(np.arange(MEMBERS), families)
    born = day_number_of(chance, place)
    insurees = {
        "insuree": [
            f"{family:07}-{member}" for family, member in zip(whose.tolist(), place.tolist(), strict=True)
        ],
        "family": pa.array(codes).take(pa.array(whose)),
        "head": pa.array(place == 0),
        "sex": pa.array(["female", "male"]).take(pa.array(chance.integers(0, 2, count))),
        "birth_date": pa.array(born.astype("datetime64[D]")),
    }
    pq.write_table(pa.table(insurees), registers / "insurees.parquet")
    pq.write_table(
        pa.table({"code": ["R1"], "name": ["Region"], "level": ["region"]}), registers / "locations.parquet"
    )
    return folder


def day_number_of(chance: np.random.Generator, place: Any) -> Any:
    """Draw days of birth: the first two of a family are adults, the others are of any age up to thirty."""
    years = np.where(place < 2, 20 + chance.integers(0, 50, len(place)), chance.integers(0, 30, len(place)))
    return np.datetime64("2026-01-01").astype(np.int64) - years * 365 - chance.integers(0, 365, len(place))


def measured(what: str, do: Callable[[], Any]) -> Any:
    """Do something, and print the processor's and the clock's seconds."""
    clock, processor = time.monotonic(), time.process_time()
    done = do()
    spent = (time.process_time() - processor, time.monotonic() - clock)
    print(f"{what:<44} {spent[0]:7.1f} s of CPU, {spent[1]:7.1f} s", flush=True)
    return done


def main() -> None:
    """Measure all steps of a list on the embedded database."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.payroll", description=__doc__)
    parser.add_argument("--families", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "adjudicator-payroll"))
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    folder = write_scheme(options.folder, options.families)
    make_books(folder, "bench")
    with open_books(folder) as books:
        measured("load the registers", lambda: load_registers(books, folder / "registers", "bench"))
        plan = find_plan(books, "GRANT", CompiledPlan)
        with books.database.reading() as connection:
            day = day_number(np.datetime64("2026-03-01").astype(object))
            families = measured("read the families", lambda: families_on(connection, 1, day, 18, plan))
        found = measured("ask the plan of all of them", partial(entitled, plan, families.universe))
        print(f"{len(families):,} families, {len(found.rows):,} on the list")
        del families, found
        measured("payroll make --confirm", lambda: make(books, "A", "GRANT", "2026-03", confirm=True))
        measured("payroll approve", lambda: approve(books, "B", 1))
        file = measured("payroll export", lambda: export(books, "B", 1))
        (path, *_) = measured("write the file", lambda: write_benefit_file(books, file, folder / "bank"))
        lines = path.read_text("utf-8").splitlines()
        head, rows = (
            f"{lines[0]},status,reference",
            [f"{line},paid,R{at}" for at, line in enumerate(lines[1:])],
        )
        returned = folder / "returned.csv"
        returned.write_text("\n".join([head, *rows]), "utf-8")
        done = measured("payroll reconcile", lambda: reconcile(books, "B", returned))
        print(f"{len(done.rows):,} rows, {len(done.findings)} to look at")
        with books.database.reading() as connection:
            wrong = measured("verify", lambda: check_benefits(books, connection))
        print(f"{len(wrong)} findings")


if __name__ == "__main__":
    main()
