"""The report of an import: what came, what did not, and where our amounts differ, in money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adjudicator.openimis.differences import Part
from adjudicator.openimis.valuated import Comparison, ExplainedDifference
from adjudicator.problems import Problem
from adjudicator.units import unscaled
from adjudicator.vocabulary import Reason
from adjudicator.words import LANGUAGES, Message, say
from ingest.openimis.world import Count, Remark

EXAMPLES: Final = 5
"""Numbers of rows that are shown of those with the same thing wrong."""


@dataclass(frozen=True)
class ProductLine:
    """A product that was brought."""

    code: str
    name: str
    file: str
    entries: int


@dataclass(frozen=True)
class Grouped:
    """Rows of a table of which the same is to be said."""

    table: str
    field: str | None
    reason: Message
    remedy: Message
    rows: int
    examples: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """What an import came to."""

    scheme: str
    currency: str
    currency_given: bool
    decimals: int
    dates_from_covers: bool
    counts: tuple[Count, ...]
    left: Mapping[str, int]
    absent: tuple[str, ...]
    lacking: Mapping[str, tuple[str, ...]]
    registers: Mapping[str, int]
    products: tuple[ProductLine, ...]
    claims: Mapping[str, int]
    balances: int
    set_aside: tuple[Grouped, ...]
    doubts: tuple[Grouped, ...]
    warnings: tuple[Problem, ...]
    comparison: Comparison | None

    @property
    def rows_aside(self) -> int:
        """How many rows that hold were set aside."""
        return sum(count.set_aside for count in self.counts)

    def as_record(self) -> dict[str, Any]:
        """Give the report as plain values, for programs; amounts in major units, as text."""
        return {
            "scheme": self.scheme,
            "currency": self.currency,
            "policy_dates": "covers" if self.dates_from_covers else "policy",
            "tables": [
                {
                    "table": count.table,
                    "read": count.read,
                    "superseded": count.superseded,
                    "current": count.current,
                    "brought": count.brought,
                    "set_aside": count.set_aside,
                    "brought_as_history": count.as_history,
                }
                for count in self.counts
            ],
            "not_needed": dict(self.left),
            "absent": list(self.absent),
            "missing_columns": {table: list(names) for table, names in self.lacking.items()},
            "registers": dict(self.registers),
            "products": [vars(product) for product in self.products],
            "claims": dict(self.claims),
            "opening_balances": self.balances,
            "set_aside": [_group_record(group) for group in self.set_aside],
            "doubts": [_group_record(group) for group in self.doubts],
            "warnings": [
                {f"what_{language}": problem.told(language) for language in LANGUAGES}
                for problem in self.warnings
            ],
            "comparison": None
            if self.comparison is None
            else _comparison_record(self.comparison, self.decimals),
        }


def grouped(remarks: Iterable[Remark]) -> tuple[Grouped, ...]:
    """Put remarks that say the same of the same field together."""
    groups: dict[tuple[str, str, str], list[Remark]] = defaultdict(list)
    for remark in sorted(remarks, key=lambda one: one.place):
        groups[remark.table, remark.field or "", remark.reason.key].append(remark)
    return tuple(
        Grouped(
            table,
            found[0].field,
            found[0].reason,
            found[0].remedy,
            len(found),
            tuple(remark.id for remark in found[:EXAMPLES] if remark.id is not None),
        )
        for (table, _, _), found in sorted(groups.items())
    )


def _group_record(group: Grouped) -> dict[str, Any]:
    record: dict[str, Any] = {
        "table": group.table,
        "field": group.field,
        "rows": group.rows,
        "ids": list(group.examples),
    }
    for language in LANGUAGES:
        record[f"reason_{language}"] = say(group.reason, language)
        record[f"proposal_{language}"] = say(group.remedy, language)
    return record


def money(amount: int, decimals: int) -> str:
    """Give an amount as text, for programs."""
    return f"{unscaled(amount, decimals):.{decimals}f}"


def _comparison_record(comparison: Comparison, decimals: int) -> dict[str, Any]:
    return {
        "claims": comparison.claims,
        "alike": comparison.alike,
        "theirs": money(comparison.theirs, decimals),
        "ours": money(comparison.ours, decimals),
        "difference": money(comparison.ours - comparison.theirs, decimals),
        "not_compared": [list(key) for key in comparison.not_compared],
        "causes": [
            {
                "cause": cause,
                "code": None if reason is None else int(reason),
                "lines": count,
                "amount": money(amount, decimals),
                **_in_both(cause_of(cause, reason)),
            }
            for (cause, reason), (count, amount) in comparison.totals.items()
        ],
        "lines": [_line_record(line, decimals) for line in comparison.lines],
    }


def cause_of(cause: str, reason: Reason | None) -> Message:
    """Give a cause in words."""
    return Part(cause, 0, reason).said


def _in_both(said: Message) -> dict[str, str]:
    return {f"words_{language}": say(said, language) for language in LANGUAGES}


def _line_record(line: ExplainedDifference, decimals: int) -> dict[str, Any]:
    return {
        "facility": line.facility,
        "claim": line.claim,
        "line": line.line,
        "kind": line.kind.word,
        "code": line.code,
        "theirs": money(line.theirs, decimals),
        "ours": money(line.ours, decimals),
        "difference": money(line.difference, decimals),
        "their_reason": line.their_reason,
        "our_reason": line.our_reason,
        "causes": [{"cause": part.cause, "amount": money(part.amount, decimals)} for part in line.parts],
        **{
            f"explanation_{language}": " ".join(
                say(one, language) for one in (*line.about_claim, *line.sentences)
            )
            for language in LANGUAGES
        },
    }
