"""Flags as rows of the books."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.claims import Claims
from adjudicator.rulebook.flags import WHOLE_CLAIM, Fired, canonical
from adjudicator.rulebook.month import score_and_queue

Int64s = npt.NDArray[np.int64]


def flag_rows(run: int, fired: Sequence[Fired], claims: Claims, claim_ids: Int64s) -> pa.Table:
    """Give flags as rows of the table ``flags``, without digests; line 0 stands for the whole claim.

    Args:
        run: the number of the run that asked.
        fired: where rules fired, by places in the batch.
        claims: the batch.
        claim_ids: (claims of the batch,): their numbers in the books.
    """
    parts = [no_flags()]
    for one in fired:
        of_line = one.line != WHOLE_CLAIM
        line = np.zeros(len(one), np.int64)
        line[of_line] = claims.line_number[one.line[of_line]]
        score, _ = score_and_queue(one.rule)
        of_rule = {
            "run": pa.array(np.full(len(one), run, np.int64)),
            "claim_id": pa.array(claim_ids[one.claim]),
            "line": pa.array(line),
            "rule": pa.array([one.rule.name] * len(one), pa.string()),
            "version": pa.array([one.rule.content_hash] * len(one), pa.string()),
            "severity": pa.array([int(one.rule.definition.severity)] * len(one), pa.int8()),
            "score": pa.array([score] * len(one), pa.int64()),
            "values": pa.array([canonical(one.told(at)) for at in range(len(one))], pa.string()),
        }
        parts.append(pa.table(of_rule))
    return pa.concat_tables(parts)


def no_flags() -> pa.Table:
    """Give no flag at all."""
    numbers, texts = ("run", "claim_id", "line"), ("rule", "version")
    return pa.table(
        {name: pa.array([], pa.int64()) for name in numbers}
        | {name: pa.array([], pa.string()) for name in texts}
        | {"severity": pa.array([], pa.int8()), "score": pa.array([], pa.int64())}
        | {"values": pa.array([], pa.string())}
    )
