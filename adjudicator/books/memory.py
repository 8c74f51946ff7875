"""Which accepted lines are kept at hand for later runs to look back on.

Frequencies and quantity limits look back on few provisions. Only their lines are kept by insuree, so that
a run reads little of the past; when a product begins to limit a provision, its earlier lines are taken out
of the ledger once.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.adjudication.adjudicate import CompiledScheme
from adjudicator.adjudication.booking import remembered_provisions
from adjudicator.registers import Int8s, provision_key
from adjudicator.store.database import Database
from adjudicator.store.runs import last_run
from adjudicator.store.schema import (
    ACCEPTED_CLAIMS,
    ACCEPTED_LINES,
    CLAIMS,
    LINE_DECISIONS,
    REMEMBERED,
)
from adjudicator.vocabulary import LineStatus


def remember(database: Database, scheme: CompiledScheme, run: int) -> None:
    """Make sure that the lines which a scheme's limits look back on are at hand, from ``run`` on."""
    wanted = remembered_provisions(scheme)
    with database.reading() as connection:
        known = {tuple(row) for row in connection.execute(sa.select(REMEMBERED.c.kind, REMEMBERED.c.code))}
    new = [provision for provision in wanted if provision not in known]
    if not new:
        return
    with database.writing() as connection:
        if last_run(connection):
            _take_out(connection, new)
        rows = [{"kind": kind, "code": code, "run": run} for kind, code in new]
        connection.execute(sa.insert(REMEMBERED), rows)


def _take_out(connection: sa.Connection, provisions: list[tuple[int, str]]) -> None:
    """Take earlier accepted lines of some provisions out of the ledger."""
    lines, claims = LINE_DECISIONS, ACCEPTED_CLAIMS
    for kind, code in provisions:
        query = (
            sa.select(
                CLAIMS.c.insuree,
                lines.c.claim_id,
                lines.c.line,
                lines.c.run,
                lines.c.entry,
                claims.c.target_date,
                lines.c.kind,
                lines.c.code,
                lines.c.quantity,
            )
            .join(CLAIMS, CLAIMS.c.claim_id == lines.c.claim_id)
            .join(
                claims,
                sa.and_(
                    claims.c.insuree == CLAIMS.c.insuree,
                    claims.c.claim_id == lines.c.claim_id,
                    claims.c.run == lines.c.run,
                    claims.c.entry == lines.c.entry,
                ),
            )
            .where(
                lines.c.kind == kind,
                lines.c.code == code,
                lines.c.status == int(LineStatus.ACCEPTED),
                lines.c.run <= last_run(connection),
            )
        )
        connection.execute(
            sa.insert(ACCEPTED_LINES).from_select([column.name for column in query.selected_columns], query)
        )


def remembered_by(connection: sa.Connection, scheme: CompiledScheme, run: int) -> Int8s:
    """Tell of each provision of a scheme whether a run keeps its accepted lines at hand."""
    rows = connection.execute(
        sa.select(REMEMBERED.c.kind, REMEMBERED.c.code).where(REMEMBERED.c.run <= run)
    ).all()
    known = {*map(tuple, rows), *remembered_provisions(scheme)}
    keys = scheme.registers.provision_keys
    kept = np.zeros(len(keys) + 1, np.int8)
    if known:
        kinds, codes = zip(*sorted(known), strict=True)
        places = keys.encode(provision_key(pa.array(kinds, pa.int8()), pa.array(codes, pa.string())))
        kept[places[places >= 0]] = 1
    return kept[:-1]
