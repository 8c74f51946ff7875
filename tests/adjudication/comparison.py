"""The kernel's and the reference's decisions about the same world, in the same form, to be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from adjudicator import claims as claims_room
from adjudicator.adjudication import opening as opening_room
from adjudicator.adjudication import reference
from adjudicator.adjudication.adjudicate import CompiledScheme, adjudicate, compile_scheme
from adjudicator.adjudication.decisions import Tabulator
from adjudicator.adjudication.opening import Opening
from adjudicator.adjudication.records import claim_records, world
from adjudicator.product.definition import Product
from adjudicator.product.read import version_name
from adjudicator.vocabulary import Care, Cut, PriceOrigin, Reason

Row = dict[str, Any]
Key = tuple[str, str]


def kernel_tables(
    scheme: CompiledScheme,
    claims: pa.Table,
    lines: pa.Table,
    opening: Opening | None = None,
    *,
    threads: int = 1,
    lines_of_a_group: int = 1 << 17,
) -> dict[str, pa.Table]:
    """Adjudicate with the kernel and give the tables of a run."""
    encoded = claims_room.encode(scheme.registers, claims, lines)
    opening = opening_room.nothing(scheme.registers) if opening is None else opening
    tabulator = Tabulator(scheme, encoded, "test")
    groups = list(adjudicate(scheme, encoded, opening, threads, lines_of_a_group))
    touched = np.concatenate([group.carrier for group in groups])
    return {
        "claim_decisions": _together([tabulator.claim_decisions(group) for group in groups]),
        "line_decisions": _together([tabulator.line_decisions(group) for group in groups]),
        "balances": _together(
            [tabulator.balances(group) for group in groups] + [tabulator.untouched(opening, touched)]
        ),
        "earlier_claims": _together(
            [opening.earlier_claims] + [tabulator.earlier_claims(group) for group in groups]
        ),
        "earlier_lines": _together(
            [opening.earlier_lines] + [tabulator.earlier_lines(group) for group in groups]
        ),
    }


def _together(tables: Sequence[pa.Table]) -> pa.Table:
    plain = [
        pa.table(
            {
                name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
                for name, column in zip(table.column_names, table.columns, strict=True)
            }
        )
        for table in tables
    ]
    return pa.concat_tables(plain, promote_options="permissive")


def opening_of(scheme: CompiledScheme, tables: Mapping[str, pa.Table]) -> Opening:
    """Make the opening of the next run from the tables of one."""
    return opening_room.encode(
        scheme.registers, tables["balances"], tables["earlier_claims"], tables["earlier_lines"]
    )


def kernel_rows(tables: Mapping[str, pa.Table]) -> tuple[dict[Key, Row], list[Row]]:
    """Give claims with their lines by (facility, claim), and the balances that are not nothing."""
    decided = {
        (row["facility"], row["claim"]): row | {"lines": []} for row in tables["claim_decisions"].to_pylist()
    }
    for row in tables["line_decisions"].to_pylist():
        decided[row["facility"], row["claim"]]["lines"].append(row)
    return decided, sorted(tables["balances"].to_pylist(), key=lambda row: (row["policy"], row["insuree"]))


def reference_rows(
    products: Sequence[Product],
    registers: Mapping[str, pa.Table],
    adult_age: int,
    claims: pa.Table,
    lines: pa.Table,
) -> tuple[dict[Key, Row], list[Row]]:
    """Adjudicate with the reference and give the same as :func:`kernel_rows`."""
    history = reference.History()
    decided = reference.adjudicate(
        world(products, registers, adult_age), claim_records(claims, lines), history
    )
    rows = {(d.claim.facility, d.claim.claim): _claim_row(d) for d in decided}
    balances = [
        {"policy": policy, "insuree": insuree}
        | {
            f"{what}_{care.word}": getattr(used, what)[care]
            for what in ("deducted", "covered")
            for care in (Care.HOSPITAL, Care.NON_HOSPITAL)
        }
        for (policy, insuree), used in history.used.items()
    ]
    return rows, sorted(balances, key=lambda row: (row["policy"], row["insuree"]))


def _claim_row(decision: reference.ClaimDecision) -> Row:
    waits = any(line.price_origin is PriceOrigin.RELATIVE for line in decision.lines)
    versions = {_version_name(line.version) for line in decision.lines if line.version is not None}
    row = {
        "claim": decision.claim.claim,
        "facility": decision.claim.facility,
        "status": int(decision.status),
        "reason": _reason(decision.reason),
        "category": int(decision.category),
        "product_versions": ";".join(sorted(versions)) or None,
        "claimed": decision.claimed,
        "valuated": decision.valuated,
        "remunerated": None if waits else decision.valuated,
        "flags": None,
        "run": "test",
    }
    return row | {"lines": [_line_row(decision, line, waits) for line in decision.lines]}


def _version_name(version: Product) -> str:
    return version_name(version)


def _line_row(decision: reference.ClaimDecision, line: reference.LineDecision, waits: bool) -> Row:
    return {
        "claim": decision.claim.claim,
        "facility": decision.claim.facility,
        "line": line.line.number,
        "kind": int(line.line.kind),
        "code": line.line.code,
        "status": int(line.status),
        "reason": _reason(line.reason),
        "policy": line.policy,
        "product": line.version.product if line.version else None,
        "price_origin": None if line.price_origin is None else int(line.price_origin),
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "gross": line.gross,
        **{cut.word: line.cuts.get(cut, 0) for cut in Cut},
        "valuated": line.valuated,
        "remunerated": None if waits else line.valuated,
        "run": "test",
    }


def _reason(reason: Reason) -> int | None:
    return None if reason is Reason.ACCEPTED else int(reason)


def compiled_scheme(
    products: Sequence[Product], registers: Mapping[str, pa.Table], adult_age: int
) -> CompiledScheme:
    """Compile a scheme (a short name for tests)."""
    return compile_scheme(registers, products, adult_age)
