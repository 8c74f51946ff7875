"""The commands that bring openIMIS in and hand it back: what they say, and how they end."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.ingest.openimis_world import an_installation, write_tables

CLOSED = "postgresql://a:secret@127.0.0.1:1/x"
"""A database where nobody listens."""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_in_run_out_and_side_by_side(tmp_path: Path) -> None:
    tables, scheme = write_tables(tmp_path / "tables", an_installation()), tmp_path / "scheme"

    brought = run("import", "openimis", tables, "--into", scheme, "--currency", "KES")
    assert brought.exit_code == 0, brought.output
    assert (
        "3 claims, 3 of them alike in all. openIMIS valuated 747.50, here it is 747.50 KES: 0.00."
        in brought.output
    )
    again = run("import", "openimis", tables, "--into", scheme)
    assert again.exit_code == 3
    assert "--replace" in again.output
    assert run("product", "check", scheme).exit_code == 0

    decided = run("run", scheme, "--claims", scheme / "history" / "claims", "--out", tmp_path / "run")
    assert decided.exit_code == 0, decided.output
    written = run("export", "openimis", "--run", tmp_path / "run", "--out", tmp_path / "out")
    assert written.exit_code == 0, written.output
    assert "3 claims with 4 lines" in written.output
    same = run("compare", "openimis", tables, tmp_path / "out")
    assert (same.exit_code, same.output.count("all decided alike")) == (0, 1)

    other = an_installation()
    other["tblClaimServices"][1] |= {"PriceValuated": "900.00"}
    pairs = tmp_path / "pairs.csv"
    differ = run(
        "compare",
        "openimis",
        write_tables(tmp_path / "other", other),
        tmp_path / "out",
        "--out",
        pairs,
        "--lang",
        "fr",
    )
    assert differ.exit_code == 1
    assert "−180,00" in differ.output
    assert pairs.read_text("utf-8").count("-180.00") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("import", "openimis", "{}/nowhere", "--into", "{}/x"), 3, "no such folder of tables"),
        (("import", "openimis", "{}", "--into", "{}/x"), 3, "no table of openIMIS"),
        (
            ("import", "openimis", "postgresql://a:secret@127.0.0.1:1/x", "--into", "{}/x"),
            3,
            "does not answer",
        ),
        (("import", "openimis", "{}", "--into", "{}/x", "--currency", "BEADS"), 2, "BEADS"),
        (("export", "openimis", "--scheme", "{}", "--out", "{}/x"), 3, "scheme.yaml"),
        (("export", "openimis", "--run", "{}", "--month", "2025-01", "--out", "{}/x"), 2, "--month"),
        (("compare", "openimis", "{}", "{}"), 3, "no table of openIMIS"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    done = run(*(argument.replace("{}", str(tmp_path)) for argument in arguments))

    assert done.exit_code == code, done.output
    assert said in done.output
    assert "secret" not in done.output
    assert not (tmp_path / "x").exists()
