"""Every case of a folder of small worlds: the reference and the kernel give the result of the law.

``pytest tests/conformance --cases DIR`` reads another folder than the shared one.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adjudicator.adjudication.adjudicate import compile_scheme
from adjudicator.vocabulary import Category, ClaimStatus, Cut, Kind, LineStatus, PriceOrigin
from ingest.claims import claims_from_rows
from ingest.openimis import Imported, import_records, policy_code
from ingest.registers import registers_from_rows
from tests.adjudication.comparison import kernel_rows, kernel_tables, reference_rows

DECIMALS = 2

Row = dict[str, Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each case, under its name."""
    if "case_file" in metafunc.fixturenames:
        folder = Path(metafunc.config.getoption("--cases"))
        files = sorted(folder.glob("*.json"))
        if not files:
            skipped = pytest.param(None, marks=pytest.mark.skip(reason=f"no cases in {folder}"), id="none")
            metafunc.parametrize("case_file", [skipped])
            return
        metafunc.parametrize("case_file", files, ids=[f"{file.stem}-{_name(file)}" for file in files])


def _name(file: Path) -> str:
    return str(json.loads(file.read_text("utf-8")).get("name", ""))


def test_the_law(case_file: Path) -> None:
    case = json.loads(case_file.read_text("utf-8"), parse_float=Decimal)
    imported = import_records(case["input"], DECIMALS)
    registers = registers_from_rows(imported.registers, DECIMALS).tables
    reading = claims_from_rows(imported.claims, imported.claim_lines, DECIMALS, registers["facilities"])
    assert len(reading.claims) == len(case["input"]["claims"])

    scheme = compile_scheme(registers, imported.products, imported.adult_age)
    by_kernel = kernel_rows(kernel_tables(scheme, reading.claims, reading.lines))
    by_reference = reference_rows(
        imported.products, registers, imported.adult_age, reading.claims, reading.lines
    )

    assert by_reference == by_kernel
    assert _result(imported, *by_kernel) == _expected(case)


def _expected(case: Row) -> Row:
    """Give the case's expected result, policies by the importer's codes."""
    claims = [
        claim
        | {
            "lines": [
                line | {"policy": None if line["policy"] is None else policy_code(line["policy"])}
                for line in claim["lines"]
            ]
        }
        for claim in case["expected"]["claims"]
    ]
    balances = [row | {"policy": policy_code(row["policy"])} for row in case["expected"]["balances"]]
    return {"claims": claims, "balances": balances}


def _result(imported: Imported, decided: dict[tuple[str, str], Row], balances: list[Row]) -> Row:
    """Give the decisions in the form of the cases."""
    asked = {
        (line["facility"], line["claim"], line["line"]): line["quantity"] for line in imported.claim_lines
    }
    claims = []
    for received in imported.claims:
        claim = decided[received["facility"], received["claim"]]
        claims.append(
            {
                "code": claim["claim"],
                "status": ClaimStatus(claim["status"]).word,
                "reason": claim["reason"],
                "category": Category(claim["category"]).word,
                "claimed": _decimal(claim["claimed"]),
                "valuated": _decimal(claim["valuated"]),
                "lines": [
                    _line(line, asked[line["facility"], line["claim"], line["line"]])
                    for line in claim["lines"]
                ],
            }
        )
    amounts = [f"{what}_{care}" for what in ("deducted", "covered") for care in ("hospital", "non_hospital")]
    return {
        "claims": claims,
        "balances": [
            {"policy": row["policy"], "insuree": row["insuree"]}
            | {name: _decimal(row[name]) for name in amounts}
            for row in balances
        ],
    }


def _line(line: Row, asked: str) -> Row:
    return {
        "kind": Kind(line["kind"]).word,
        "code": line["code"],
        "status": LineStatus(line["status"]).word,
        "reason": line["reason"],
        "policy": line["policy"],
        "product": line["product"],
        "price_origin": None if line["price_origin"] is None else PriceOrigin(line["price_origin"]).word,
        "quantity": f"{Decimal(asked):.2f}",
        "quantity_allowed": _decimal(line["quantity"]),
        "unit_price": None if line["unit_price"] is None else _decimal(line["unit_price"]),
        "gross": _decimal(line["gross"]),
        **{cut.word: _decimal(line[cut.word]) for cut in Cut},
        "valuated": _decimal(line["valuated"]),
    }


def _decimal(minor: int) -> str:
    return f"{Decimal(minor).scaleb(-DECIMALS):.2f}"
