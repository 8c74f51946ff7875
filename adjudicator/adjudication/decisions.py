"""From the kernel's integers back to tables that people and other programs read.

Decisions come family by family, in adjudication order, so that the order of the rows that came in, the
number of threads and the cut into groups leave no trace in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme, Decided
from adjudicator.adjudication.opening import BALANCE_COLUMNS, Opening
from adjudicator.claims import Claims
from adjudicator.encoding import UNKNOWN, Keys
from adjudicator.product.read import version_name
from adjudicator.tables import BALANCES
from adjudicator.units import NO_DATE
from adjudicator.vocabulary import ClaimStatus, Cut, LineStatus, Reason

Mask = npt.NDArray[np.bool_]


class Tabulator:
    """Turns groups of decisions into typed tables (see :mod:`adjudicator.tables`).

    Args:
        scheme: the compiled scheme.
        claims: the batch that is decided.
        run: the name of the run, kept with each decision.
        content_hashes: of each product version, in the order of ``scheme.products.versions``.
        flags: (C,): the rules that flagged each claim of the batch, as text; none when left out.
    """

    def __init__(
        self,
        scheme: CompiledScheme,
        claims: Claims,
        run: str,
        content_hashes: Sequence[str] | None = None,
        flags: pa.Array | None = None,
    ) -> None:
        self._scheme, self._claims, self._run = scheme, claims, run
        self._flags = pa.nulls(len(claims.batch.insuree), pa.string()) if flags is None else flags
        versions = scheme.products.versions
        hashes: Iterable[str | None] = content_hashes or [None] * len(versions)
        self._version_names = [version_name(v, h) for v, h in zip(versions, hashes, strict=True)]
        self._products = Keys(pa.array(scheme.products.products, pa.string()))
        self._product_of_version = self._products.encode(
            pa.array([version.product for version in versions], pa.string())
        )
        # In adjudication order, so that the lines of a group are named by neighbours.
        self._claim = _text(claims.received["claim"].combine_chunks()).take(pa.array(claims.claim_row))

    def claim_decisions(self, decided: Decided) -> pa.Table:
        """Tabulate what was decided about the claims of a group."""
        here = slice(decided.first_claim, decided.end_claim)
        named = {
            "claim": self._claim[here],
            "facility": self._scheme.registers.facility_keys.dictionary(self._claims.batch.facility[here]),
        }
        run = self._named_run(decided.end_claim - decided.first_claim)
        return pa.table(named | self.claim_values(decided) | {"run": run})

    def claim_values(self, decided: Decided) -> dict[str, Any]:
        """Give the columns of what was decided about the claims of a group, without whose claims they are."""
        facts, results, batch = decided.facts, decided.results, self._claims.batch
        lines_before = batch.first_line[decided.first_claim : decided.end_claim + 1] - decided.first_line
        valuated = np.diff(np.concatenate(([0], np.cumsum(results.valuated)))[lines_before])
        waits = results.status == ClaimStatus.PROCESSED
        rejected = results.status == ClaimStatus.REJECTED
        return {
            "status": results.status,
            "reason": _some(results.reason.astype(np.int64), rejected),
            "category": facts.category,
            "product_versions": self._versions_used(results.version, lines_before),
            "claimed": facts.claimed,
            "valuated": valuated,
            "remunerated": _some(valuated, ~waits),
            "flags": self._flags[decided.first_claim : decided.end_claim],
        }

    def line_decisions(self, decided: Decided) -> pa.Table:
        """Tabulate what was decided about the lines of a group."""
        claim = self.claim_of_line(decided)
        named = {
            "claim": self._named(claim),
            "facility": self._scheme.registers.facility_keys.dictionary(self._claims.batch.facility[claim]),
        }
        return pa.table(named | self.line_values(decided) | {"run": self._named_run(len(claim))})

    def line_values(self, decided: Decided) -> dict[str, Any]:
        """Give the columns of what was decided about the lines of a group, without whose lines they are."""
        results, registers = decided.results, self._scheme.registers
        here = slice(decided.first_line, decided.end_line)
        claim = self.claim_of_line(decided)
        accepted = results.line_reason == Reason.ACCEPTED
        waits = (results.status == ClaimStatus.PROCESSED)[claim - decided.first_claim]
        cuts = [getattr(results, cut.word) for cut in Cut]
        policy = np.where(accepted, registers.policy_code[results.policy] if accepted.any() else 0, UNKNOWN)
        product = np.where(
            accepted, self._product_of_version[results.version] if accepted.any() else 0, UNKNOWN
        )
        return {
            "line": self._claims.line_number[here],
            "kind": self._claims.kind[here],
            "code": pa.DictionaryArray.from_arrays(
                pa.array(self._claims.code[here], pa.int32()), self._claims.codes
            ),
            "status": np.where(accepted, LineStatus.ACCEPTED, LineStatus.REJECTED).astype(np.int8),
            "reason": _some(results.line_reason.astype(np.int64), ~accepted),
            "policy": registers.policy_keys.decode(policy),
            "product": self._products.dictionary(product),
            "price_origin": _some(results.price_origin, accepted),
            "quantity": results.quantity,
            "unit_price": _some(results.unit_price, accepted),
            "gross": sum(cuts, start=results.valuated),
            **{cut.word: amounts for cut, amounts in zip(Cut, cuts, strict=True)},
            "valuated": results.valuated,
            "remunerated": _some(results.valuated, ~waits),
        }

    def earlier_claims(self, decided: Decided) -> pa.Table:
        """Tabulate the accepted claims of a group, for later runs to look back on."""
        places = np.flatnonzero(decided.results.reason == Reason.ACCEPTED)
        claim = places + decided.first_claim
        return pa.table(
            self._looked_back_on(claim, decided) | {"category": decided.facts.category[places]}
        ).select(["facility", "claim", "insuree", "target_date", "category"])

    def earlier_lines(self, decided: Decided) -> pa.Table:
        """Tabulate the accepted lines of a group, for later runs to look back on."""
        places = np.flatnonzero(decided.results.line_reason == Reason.ACCEPTED)
        line = places + decided.first_line
        claim = self.claim_of_line(decided)[places]
        columns = self._looked_back_on(claim, decided) | {
            "line": self._claims.line_number[line],
            "kind": self._claims.kind[line],
            "code": pa.DictionaryArray.from_arrays(
                pa.array(self._claims.code[line], pa.int32()), self._claims.codes
            ),
            "quantity": decided.results.quantity[places],
        }
        order = ["facility", "claim", "line", "insuree", "target_date", "kind", "code", "quantity"]
        return pa.table(columns).select(order)

    def balances(self, decided: Decided) -> pa.Table:
        """Tabulate what is used, after the batch, of the balances that a group touched."""
        registers = self._scheme.registers
        policy = registers.policy_code[registers.covers.policy[decided.carrier]]
        columns = {
            "policy": registers.policy_keys.decode(policy),
            "insuree": registers.insuree_keys.decode(registers.covers.insuree[decided.carrier]),
        }
        for what, names in enumerate(BALANCE_COLUMNS):
            columns |= {name: decided.used[:, what, care] for care, name in enumerate(names)}
        return pa.table(columns).select([column.name for column in BALANCES.columns])

    def untouched(self, opening: Opening, touched: npt.NDArray[np.int32]) -> pa.Table:
        """Give the opening balances that no group touched: they are carried on as they were."""
        # The last place is that of balances without a cover, which nobody touches.
        is_touched = np.zeros(len(self._scheme.registers.covers.policy) + 1, np.bool_)
        is_touched[touched] = True
        return opening.balances.filter(pa.array(~is_touched[opening.cover]))

    def _looked_back_on(self, claim: npt.NDArray[np.int64], decided: Decided) -> dict[str, pa.Array]:
        batch, registers = self._claims.batch, self._scheme.registers
        target = decided.facts.target[claim - decided.first_claim]
        return {
            "facility": registers.facility_keys.dictionary(batch.facility[claim]),
            "claim": self._named(claim),
            "insuree": registers.insuree_keys.dictionary(batch.insuree[claim]),
            "target_date": pa.array(target, mask=target == NO_DATE).cast(pa.date32()),
        }

    def claim_of_line(self, decided: Decided) -> npt.NDArray[np.int64]:
        """Give the claim of each line of a group: places in the batch."""
        first_line = self._claims.batch.first_line[decided.first_claim : decided.end_claim + 1]
        return np.repeat(np.arange(decided.first_claim, decided.end_claim), np.diff(first_line))

    def _named(self, claim: npt.NDArray[np.int64]) -> pa.DictionaryArray:
        """Give the numbers of claims, which are places in the batch, without copying them."""
        return pa.DictionaryArray.from_arrays(pa.array(claim, pa.int32()), self._claim)

    def _versions_used(
        self, version: npt.NDArray[np.int32], lines_before: npt.NDArray[np.int64]
    ) -> pa.DictionaryArray:
        """Name the product versions that each claim's accepted lines were paid by."""
        names = list(self._version_names)
        used = np.full(len(lines_before) - 1, UNKNOWN, np.int32)
        has_lines = np.flatnonzero(np.diff(lines_before))
        starts = lines_before[has_lines]
        if len(starts):
            most = np.maximum.reduceat(version, starts)
            least = np.minimum.reduceat(np.where(version < 0, np.int32(2**31 - 1), version), starts)
            used[has_lines] = most
            for claim in has_lines[(most >= 0) & (most != least)].tolist():
                distinct = set(version[lines_before[claim] : lines_before[claim + 1]].tolist()) - {UNKNOWN}
                name = ";".join(sorted(self._version_names[row] for row in distinct))
                if name not in names[len(self._version_names) :]:
                    names.append(name)
                used[claim] = names.index(name)
        return pa.DictionaryArray.from_arrays(pa.array(used, mask=used < 0), pa.array(names, pa.string()))

    def _named_run(self, count: int) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(count, np.int32)), pa.array([self._run], pa.string())
        )


def _some(values: npt.NDArray[np.signedinteger], given: Mask) -> pa.Array:
    """Give values where they are given, none elsewhere."""
    return pa.array(values, mask=~given)


def _text(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
