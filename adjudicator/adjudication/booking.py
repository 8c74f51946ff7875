"""Decisions as the rows that the books keep of them: typed tables named after those of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme, Decided
from adjudicator.adjudication.decisions import Tabulator
from adjudicator.adjudication.entries import balance_entries
from adjudicator.adjudication.opening import BALANCE_COLUMNS
from adjudicator.claims import Claims
from adjudicator.registers import Int8s, Int64s
from adjudicator.tables import BALANCES
from adjudicator.vocabulary import ClaimStatus, Reason

DECISION, REVERSAL = 1, -1
"""The values of ``entry``: a decision, and one that is taken back."""


class Booker:
    """Turns groups of decisions into rows of the ledger.

    Args:
        scheme: the compiled scheme.
        claims: the batch that is decided.
        claim_ids: (rows received,): the books' number of each claim as received.
        versions: (rows received,): which version of the decision about each claim this is.
        run: the number of the run.
        content_hashes: of each product version, in the order of ``scheme.products.versions``.
        remembered: (provisions,): 1 where accepted lines are kept for later runs to look back on.
    """

    def __init__(
        self,
        scheme: CompiledScheme,
        claims: Claims,
        claim_ids: Int64s,
        versions: Int64s,
        run: int,
        content_hashes: Sequence[str],
        remembered: Int8s,
    ) -> None:
        self._scheme, self._claims, self._run, self._remembered = scheme, claims, run, remembered
        self._tabulator = Tabulator(scheme, claims, str(run), content_hashes)
        self._claim_id = claim_ids[claims.claim_row]
        self._version = versions[claims.claim_row]

    def rows(self, decided: Decided) -> dict[str, pa.Table]:
        """Give the rows of a group, by the table of the ledger that they belong to, without digests."""
        return {
            "claim_decisions": self._claim_decisions(decided),
            "line_decisions": self._line_decisions(decided),
            "balance_entries": self._entries(decided),
            "balances": self._balances(decided),
            "accepted_claims": self._accepted_claims(decided),
            "accepted_lines": self._accepted_lines(decided),
        }

    def _booked(self, claim: Any, columns: dict[str, Any]) -> pa.Table:
        count = len(claim)
        entry = pa.array(np.full(count, DECISION, np.int8))
        run = pa.array(np.full(count, self._run, np.int64))
        return pa.table({"run": run, "claim_id": self._claim_id[claim], "entry": entry} | columns)

    def _claim_decisions(self, decided: Decided) -> pa.Table:
        claim = np.arange(decided.first_claim, decided.end_claim)
        values = self._tabulator.claim_values(decided)
        # Flags have a table of their own.
        del values["flags"]
        return self._booked(claim, {"version": self._version[claim]} | values)

    def _line_decisions(self, decided: Decided) -> pa.Table:
        values = self._tabulator.line_values(decided)
        del values["gross"]
        return self._booked(self._tabulator.claim_of_line(decided), values)

    def _entries(self, decided: Decided) -> pa.Table:
        entries = balance_entries(self._scheme, self._claims, decided)
        registers = self._scheme.registers
        columns = {
            "policy": registers.policy_keys.decode(registers.policy_code[entries.policy]),
            "insuree": registers.insuree_keys.decode(self._claims.batch.insuree[entries.claim]),
        }
        for what, names in enumerate(BALANCE_COLUMNS):
            columns |= {name: entries.used[:, what, care] for care, name in enumerate(names)}
        ordered = {column.name: columns[column.name] for column in BALANCES.columns}
        return self._booked(entries.claim, ordered)

    def _balances(self, decided: Decided) -> pa.Table:
        balances = self._tabulator.balances(decided)
        return balances.append_column("run", pa.array(np.full(len(balances), self._run, np.int64)))

    def _accepted_claims(self, decided: Decided) -> pa.Table:
        place = np.flatnonzero(decided.results.status != ClaimStatus.REJECTED)
        claim = place + decided.first_claim
        booked = self._booked(
            claim,
            {
                "insuree": self._scheme.registers.insuree_keys.decode(self._claims.batch.insuree[claim]),
                "target_date": pa.array(decided.facts.target[place]).cast(pa.date32()),
                "category": decided.facts.category[place],
            },
        )
        return booked.select(["insuree", "claim_id", "run", "entry", "target_date", "category"])

    def _accepted_lines(self, decided: Decided) -> pa.Table:
        here = slice(decided.first_line, decided.end_line)
        accepted = decided.results.line_reason == Reason.ACCEPTED
        looked_back_on = self._remembered[self._claims.batch.provision[here]] != 0
        place = np.flatnonzero(accepted & looked_back_on)
        line = place + decided.first_line
        claim = self._tabulator.claim_of_line(decided)[place]
        insuree = self._claims.batch.insuree[claim]
        booked = self._booked(
            claim,
            {
                "insuree": self._scheme.registers.insuree_keys.decode(insuree),
                "line": self._claims.line_number[line],
                "target_date": pa.array(decided.facts.target[claim - decided.first_claim]).cast(pa.date32()),
                "kind": self._claims.kind[line],
                "code": pa.DictionaryArray.from_arrays(
                    pa.array(self._claims.code[line], pa.int32()), self._claims.codes
                ),
                "quantity": decided.results.quantity[place],
            },
        )
        columns = ["insuree", "claim_id", "line", "run", "entry", "target_date", "kind", "code", "quantity"]
        return booked.select(columns)


def remembered_provisions(scheme: CompiledScheme) -> list[tuple[int, str]]:
    """List the provisions (kind and code) whose accepted lines a limit looks back on, in order."""
    keys = scheme.registers.provision_keys.values
    found = keys.take(pa.array(np.flatnonzero(scheme.remembered))).to_pylist()
    return [(int(key[0]), key[2:]) for key in found]
