"""Which review rules can be asked about one claim at once: those that look no farther than its family.

A rule that holds a facility against its peers looks at a year of the whole country; it is asked about a month
of claims, not about one. A rule whose every look stays with the claim, the insuree or the family finds the
same whether it sees all earlier claims or only the family's, so that only these need be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.archive import Archive
from adjudicator.books.claims import Received, received
from adjudicator.books.rules import LOOK_BACK, look_back
from adjudicator.rulebook import typed
from adjudicator.rulebook.fields import IDENTITY
from adjudicator.rulebook.read import CompiledRule
from adjudicator.store import bulk
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS

NEAR: Final = frozenset((IDENTITY, "claim.insuree", "patient.family"))
"""What a look must have in common with what it sees, to stay within a family."""

_KNOWN: Final[dict[str, bool]] = {}
"""What was found of rules, by the hash of what they say."""

ASLEEP: Final = ("draft", "retired")
"""The statuses of rules that nobody asks."""

FEW: Final = 1_000
"""A batch of no more claims than this reads the past of its families; a month reads everybody's, at once."""


def is_near(rule: CompiledRule) -> bool:
    """Tell whether all that a rule looks at is of the same claim, insuree or family; or nobody asks it."""
    if rule.definition.status in ASLEEP:
        return True
    known = _KNOWN.get(rule.content_hash)
    if known is None:
        known = _stays_near(rule.condition) and all(_stays_near(value) for value in rule.values.values())
        _KNOWN[rule.content_hash] = known
    return known


def _stays_near(part: typed.Condition | typed.Value) -> bool:
    """Tell whether every look in a condition or a value stays near, those within looks as well."""
    match part:
        case typed.Both() | typed.Either():
            return all(_stays_near(one) for one in part.parts)
        case typed.Compare() | typed.Sum() | typed.Product():
            return _stays_near(part.left) and _stays_near(part.right)
        case typed.IsGiven() | typed.Truth() | typed.Among():
            return _stays_near(part.value)
        case typed.Look():
            within = (part.where, part.measure)
            near = not NEAR.isdisjoint(key.path for key in part.keys)
            return near and all(one is None or _stays_near(one) for one in within)
        case typed.Const() | typed.FieldOf():
            return True
        case _:
            # Peers, and whatever else may come.
            return False


def asked_at_once(rules: Sequence[CompiledRule]) -> tuple[CompiledRule, ...]:
    """Give the rules that are asked about claims one by one: near ones, and all that reject.

    What a rule rejects changes what is paid, so that it is always asked, whatever it costs.
    """
    return tuple(rule for rule in rules if rule.definition.then.reject is not None or is_near(rule))


def find_past(
    connection: sa.Connection,
    run: int,
    claims: Received,
    tables: Mapping[str, pa.Table],
    rules: Sequence[CompiledRule],
    archive: Archive | None,
) -> tuple[Received, ...]:
    """Read the earlier claims that rules look at: the families' where that is enough, else everybody's.

    Args:
        connection: of a transaction.
        run: the number of the run that decides the claims.
        claims: the claims.
        tables: registers that hold at least everyone of the claims' families.
        rules: that are asked; without any, nothing is looked at.
        archive: see :func:`adjudicator.books.rules.look_back`.
    """
    if not rules:
        return ()
    if len(claims.claim_ids) > FEW or not all(is_near(rule) for rule in rules):
        return look_back(connection, run, claims, archive)
    if run == 1 or not len(claims.claim_ids):
        return ()
    return (_families_past(connection, run, claims, tables),)


def _families_past(
    connection: sa.Connection, run: int, claims: Received, tables: Mapping[str, pa.Table]
) -> Received:
    first = pc.min(claims.claims["date_claimed"]).cast(pa.int32())
    since = pc.subtract(first, pa.scalar(LOOK_BACK, pa.int32())).cast(pa.date32()).as_py()
    people = pa.table({"insuree": relatives(tables["insurees"], claims.claims["insuree"])})
    wanted = bulk.wanted(connection, "wanted_relatives", people)
    decisions = CLAIM_DECISIONS
    chosen = (
        sa.select(CLAIMS.c.claim_id)
        .join(wanted, wanted.c.insuree == CLAIMS.c.insuree)
        .join(decisions, decisions.c.claim_id == CLAIMS.c.claim_id)
        .where(
            decisions.c.run < run,
            decisions.c.version == 1,
            decisions.c.entry == DECISION,
            CLAIMS.c.date_claimed >= since,
        )
    )
    return received(connection, chosen)


def relatives(insurees: pa.Table, of: pa.ChunkedArray) -> pa.Array:
    """Give the codes of all insurees of the families that some insurees are of, by any of their rows."""
    known = pc.is_in(insurees["insuree"], value_set=pc.unique(of).cast(pa.string()))
    families = pc.unique(insurees["family"].filter(known))
    found = insurees["insuree"].filter(pc.is_in(insurees["family"], value_set=families))
    return pc.unique(found.combine_chunks())
