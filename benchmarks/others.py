"""The same law by other means, on a sample of families: pandas, and the reference in plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.adjudication import reference
from adjudicator.adjudication.adjudicate import adjudicate
from adjudicator.adjudication.records import claim_records, world
from benchmarks import analyst
from benchmarks.month import Month
from benchmarks.table import Part, Row, median_seconds


@dataclass(frozen=True)
class Sample:
    """Families with claims: claims, lines, registers, and what the kernel pays."""

    tables: Mapping[str, pa.Table]
    units: npt.NDArray[np.int64]
    """(claims,): the unit (families that share policies or people) of each claim of the sample."""
    valuated: npt.NDArray[np.int64]
    """(claims,), minor units: what the kernel pays for each."""

    @property
    def lines(self) -> int:
        """How many lines the sample has."""
        return len(self.tables["claim_lines"])


def measure_others(month: Month, families: int, repeat: int) -> Part:
    """Measure pandas and the reference, and make sure that they pay what the kernel pays."""
    sample, scheme = sample_of(month, families), month.inputs.compiled
    frames = analyst.frames_of(sample.tables, scheme)
    by_pandas = median_seconds(lambda: analyst.adjudicate(frames, scheme), min(repeat, 3))
    agreed = _check_pandas(sample, month)
    by_reference = _reference_seconds(sample, month, min(repeat, 3))
    about = (
        f"The families of {len(np.unique(sample.units)):,} units with claims. Pandas joins, then "
        "loops over each family with its balances; it leaves out frequencies, quantity limits, reviews and "
        f"the choice between policies. On the {agreed:.0%} of claims whose families need none of these it "
        "pays what the kernel pays; the reference, which is the whole law with traces, pays the same in all."
    )
    rows = [
        Row("pandas, joins and a loop by family", sample.lines, by_pandas),
        Row("reference in plain Python", sample.lines, by_reference),
    ]
    return Part("The same law by other means", about, rows)


def sample_of(month: Month, families: int) -> Sample:
    """Take the first units with claims, and of the registers what is about their people."""
    batch, claims = month.claims.batch, month.claims
    claims_of_unit = np.diff(batch.first_of_unit[:-1])
    last = np.flatnonzero(claims_of_unit)[:families].max()
    count = int(batch.first_of_unit[last + 1])
    rows = claims.claim_row[:count]
    lines = month.reading.lines
    place = np.full(len(month.reading.claims), -1, np.int32)
    place[rows] = np.arange(count)
    claim_index = place[lines["claim_index"].to_numpy()]
    kept = lines.filter(pa.array(claim_index >= 0))
    position = kept.column_names.index("claim_index")
    kept = kept.set_column(position, "claim_index", pa.array(claim_index[claim_index >= 0]))
    tables = _registers_of(month, int(last) + 1)
    tables |= {"claims": month.reading.claims.take(pa.array(rows)), "claim_lines": kept}
    unit = np.repeat(np.arange(last + 1), claims_of_unit[: last + 1])
    paid = np.concatenate([group.results.valuated for group in adjudicate(month.inputs.compiled, claims)])
    before = np.concatenate(([0], np.cumsum(paid)))
    return Sample(tables, unit, np.diff(before[batch.first_line[: count + 1]]))


def _registers_of(month: Month, units: int) -> dict[str, pa.Table]:
    """Give the registers with the people, policies and covers of the first units only."""
    registers = month.inputs.compiled.registers
    tables = dict(month.inputs.registers.tables)
    people = registers.insuree_keys.decode(np.flatnonzero(registers.people.unit < units).astype(np.int32))
    for name in ("insurees", "covers"):
        tables[name] = tables[name].filter(pc.is_in(tables[name]["insuree"], value_set=people))
    of_people = pc.is_in(tables["policies"]["policy"], value_set=pc.unique(tables["covers"]["policy"]))
    tables["policies"] = tables["policies"].filter(of_people)
    return tables


def _check_pandas(sample: Sample, month: Month) -> float:
    """Compare what pandas pays for each claim where it covers the law; give the share where it does."""
    scheme = month.inputs.compiled
    frames = analyst.frames_of(sample.tables, scheme)
    lines = analyst.adjudicate(frames, scheme)
    paid = np.zeros(len(sample.valuated), np.int64)
    np.add.at(paid, lines["claim_index"].to_numpy(), lines["valuated"].to_numpy())
    covered = np.ones(len(paid), bool)
    covered[list(analyst.beyond(frames, lines))] = False
    wrong = np.flatnonzero(covered & (paid != sample.valuated))
    assert not len(wrong), f"pandas pays otherwise for {len(wrong)} claims, the first at {wrong[:5]}"
    return float(covered.mean())


def _reference_seconds(sample: Sample, month: Month, repeat: int) -> float:
    """Measure the reference, unit by unit, so that it looks back on no more than it has to."""
    products = [source.definition for source in month.inputs.scheme.products]
    of_world = world(products, sample.tables, month.inputs.scheme.settings.adult_age)
    records = claim_records(sample.tables["claims"], sample.tables["claim_lines"])
    edges = np.flatnonzero(np.diff(sample.units, prepend=-1, append=np.iinfo(np.int64).max)).tolist()
    units = [records[start:end] for start, end in pairwise(edges)]

    def total() -> int:
        return sum(d.valuated for unit in units for d in reference.adjudicate(of_world, unit))

    paid, kernel = total(), int(sample.valuated.sum())
    assert paid == kernel, f"the reference pays {paid}, the kernel {kernel}"
    return median_seconds(total, repeat)
