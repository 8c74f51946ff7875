"""A rulebook over a month of a scheme: lines that it rejects before they are decided, flags afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme, Decided
from adjudicator.claims import Claims
from adjudicator.rulebook.fields import Level
from adjudicator.rulebook.flags import WHOLE_CLAIM, Fired, explanation, fire
from adjudicator.rulebook.now_and_past import decisions, universe_of_claims
from adjudicator.rulebook.past import Past
from adjudicator.rulebook.read import CompiledRule
from adjudicator.rulebook.universe import Universe
from adjudicator.tables import REJECTED_BY_RULE

REJECTING_SCORE = 100
"""The score of a flag of a rule that rejects: nothing is left to doubt."""


@dataclass(frozen=True)
class Rejections:
    """The lines that rules reject, before they are decided."""

    fired: tuple[Fired, ...]
    rule_of_line: Mapping[int, str]
    """The first rule that rejects each line, by its place in the batch."""
    universe: Universe | None = None
    """That they were asked about; the others can be asked about the same when the claims are decided."""


def _in_batch(fired: Fired, past: Past | None) -> Fired:
    """Turn places in a universe, where the past comes first, into places in the batch of now."""
    if past is None:
        return fired
    line = np.where(fired.line == WHOLE_CLAIM, WHOLE_CLAIM, fired.line - past.lines)
    return replace(fired, claim=fired.claim - past.claims, line=line)


def reject(
    rules: Sequence[CompiledRule],
    scheme: CompiledScheme,
    tables: Mapping[str, pa.Table],
    claims: Claims,
    past: Past | None = None,
) -> tuple[Claims, Rejections]:
    """Ask the rules that reject, and mark the lines that they reject in the batch.

    A shadow rule rejects nothing, and is told of all the same.
    """
    if not any(rule.definition.then.reject for rule in rules):
        return claims, Rejections((), {})
    universe = universe_of_claims(scheme, tables, claims, past)
    fired = tuple(_in_batch(one, past) for one in fire(rules, universe, rejecting=True))
    rejected = np.zeros(len(claims.line_number), np.int8)
    rule_of_line: dict[int, str] = {}
    for one in fired:
        if one.rule.definition.status == "shadow":
            continue
        lines = _lines(one, claims)
        rejected[lines] = 1
        for line in lines.tolist():
            rule_of_line.setdefault(line, one.rule.name)
    if not rule_of_line:
        return claims, Rejections(fired, {}, universe)
    batch = claims.batch._replace(rejected_by_rule=rejected)
    return replace(claims, batch=batch), Rejections(fired, rule_of_line, universe)


def _lines(fired: Fired, claims: Claims) -> npt.NDArray[np.int64]:
    if fired.rule.level is Level.LINE:
        return fired.line
    first = claims.batch.first_line
    spans = [np.arange(first[claim], first[claim + 1]) for claim in fired.claim.tolist()]
    return np.concatenate([np.zeros(0, np.int64), *spans])


def with_rejections(lines: pa.Table, claims: Claims, rejections: Rejections) -> pa.Table:
    """Give typed lines with the rule that rejects each, for whoever decides from tables."""
    names: list[str | None] = [None] * len(lines)
    for line, rule in rejections.rule_of_line.items():
        names[int(claims.line_row[line])] = rule
    return lines.append_column(REJECTED_BY_RULE, pa.array(names, pa.string()))


def flag(
    rules: Sequence[CompiledRule],
    scheme: CompiledScheme,
    tables: Mapping[str, pa.Table],
    claims: Claims,
    decided: Sequence[Decided],
    past: Past | None = None,
    threads: int = 1,
    asked: Universe | None = None,
) -> list[Fired]:
    """Ask the rules that flag or draw, after the claims were decided.

    Args:
        rules: compiled.
        scheme: the compiled scheme.
        tables: its registers, typed.
        claims: the batch.
        decided: the decisions about it, group by group.
        past: the earlier claims.
        threads: how many rules are asked at a time.
        asked: the universe of the same batch before it was decided, if there is one already.
    """
    if asked is None:
        universe = universe_of_claims(scheme, tables, claims, past, decided)
    else:
        universe = asked.but_for(decisions(scheme, tables, claims, past, decided))
    fired = fire(rules, universe, rejecting=False, threads=threads)
    return [_in_batch(one, past) for one in fired]


def flags_table(fired: Sequence[Fired], claims: Claims, facilities: pa.Array, decimals: int) -> pa.Table:
    """Tabulate flags (see :data:`adjudicator.tables.FLAGS`), claim by claim in the order of the batch."""
    numbers = claims.received["claim"].combine_chunks()
    rows: list[tuple[Any, ...]] = []
    for place, one in enumerate(fired):
        score, queue = score_and_queue(one.rule)
        for at in range(len(one)):
            claim, line = int(one.claim[at]), int(one.line[at])
            told = one.told(at)
            rows.append(
                (
                    claim,
                    line,
                    place,
                    None if line == WHOLE_CLAIM else int(claims.line_number[line]),
                    one.rule.name,
                    one.rule.content_hash[:12],
                    int(one.rule.definition.severity),
                    score,
                    queue,
                    *(explanation(one.rule, told, decimals, language) for language in ("en", "fr")),
                )
            )
    rows.sort(key=lambda row: row[:3])
    whose_claim = np.array([row[0] for row in rows], np.int64)
    columns = list(zip(*(row[3:] for row in rows), strict=True)) or [()] * 8
    names = ("line", "rule", "version", "severity", "score", "queue", "explanation", "explanation_fr")
    types = (pa.int64(), pa.string(), pa.string(), pa.int8(), pa.int64(), *[pa.string()] * 3)
    whose = {
        "claim": numbers.take(pa.array(claims.claim_row[whose_claim])).cast(pa.string()),
        "facility": facilities.take(pa.array(claims.batch.facility[whose_claim])).cast(pa.string()),
    }
    told_of = {name: pa.array(values, kind) for name, values, kind in zip(names, columns, types, strict=True)}
    return pa.table(whose | told_of)


def score_and_queue(rule: CompiledRule) -> tuple[int, str]:
    """Give the score and the queue of a rule's flags."""
    then = rule.definition.then
    if then.flag is not None:
        return then.flag.score, then.flag.queue
    if then.sample is not None:
        return 0, then.sample.queue
    return REJECTING_SCORE, "rejected"


def rules_of_claims(fired: Sequence[Fired], count: int) -> pa.Array:
    """Name the rules that flagged each claim of a batch, in the order of the rules; shadow ones left out."""
    names: dict[int, list[str]] = {}
    for one in fired:
        if one.rule.definition.status == "active":
            for claim in np.unique(one.claim).tolist():
                names.setdefault(claim, []).append(one.rule.name)
    told: list[str | None] = [None] * count
    for claim, rules in names.items():
        told[claim] = ";".join(rules)
    return pa.array(told, pa.string())
