"""The commands of cash transfers and vouchers: what they print in both languages, and how they end."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.books.grants import GRANTS, write_grants
from tests.books.states import Shelf
from tests.databases import engine_of


@pytest.fixture
def folder(shelf: Shelf, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    scheme = write_grants(tmp_path_factory.mktemp("counter") / "scheme")
    return shelf.books(engine_of("sqlite"), scheme, GRANTS, tmp_path / "scheme")


def run(folder: Path, *arguments: str, ends: int = 0) -> str:
    result: Result = CliRunner().invoke(main, [*arguments, "--scheme", str(folder)])
    assert result.exit_code == ends, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def test_from_a_list_to_its_payment(folder: Path, tmp_path: Path) -> None:
    assert "GRANT" in run(folder, "payroll", "plans")
    assert "35.00" in run(folder, "payroll", "make", "GRANT", "2026-01")
    assert "35,00" in run(folder, "payroll", "make", "GRANT", "2026-01", "--lang", "fr")
    assert "F4" in run(folder, "payroll", "make", "GRANT", "2026-01", "--confirm", "--by", "Amina")
    run(folder, "payroll", "approve", "1", "--by", "Amina", ends=3)
    run(folder, "payroll", "approve", "1", "--by", "Bola")
    bank = str(tmp_path / "bank")
    run(folder, "payroll", "export", "1", "--out", bank, "--by", "Bola")
    run(folder, "payroll", "export", "1", "--out", bank, "--by", "Bola", ends=3)
    run(folder, "payroll", "export", "--copy", "1", "--out", bank)
    path = tmp_path / "bank" / "payroll-0001-file-0001.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    returned = tmp_path / "returned.csv"
    said = [f"{row['transaction']},{state}" for row, state in zip(rows, ("paid", "failed", "?"), strict=True)]
    returned.write_text("\n".join(["transaction,status", *said]), "utf-8")
    told = run(folder, "payroll", "reconcile", str(returned), "--by", "Bola", "--lang", "fr", ends=1)
    assert "ligne 4" in told
    assert "F1" in run(folder, "payroll", "trace", "F1")
    assert rows[1]["transaction"] in run(folder, "payroll", "trace", rows[1]["transaction"], "--lang", "fr")
    assert "F2" in run(folder, "payroll", "show", "1")
    shown = list(csv.DictReader(run(folder, "payroll", "show", "1", "--format", "csv").splitlines()))
    assert [row["state"] for row in shown] == ["paid", "failed", "exported"]
    assert "GRANT" in run(folder, "payroll", "list", "--lang", "fr")
    for language in ("en", "fr"):
        assert "13" in run(folder, "payroll", "why", "GRANT", "2026-01", "F2", "--lang", language)
    run(folder, "payroll", "cancel", "1", "--reason", "x", "--by", "Bola", ends=3)
    run(folder, "payroll", "make", "GRANT", "2026-02", "--confirm", "--by", "Amina")
    assert "2" in run(folder, "payroll", "cancel", "2", "--reason", "x", "--by", "Bola")


def test_plans_are_checked(folder: Path) -> None:
    runner = CliRunner()
    path = folder / "benefits" / "grant.yaml"
    for asked in (folder, folder / "benefits", path):
        assert runner.invoke(main, ["payroll", "check", str(asked)]).exit_code == 0
    path.write_text(path.read_text("utf-8").replace("attribute.score < 3", "attribute.scor < 3"), "utf-8")
    result = runner.invoke(main, ["payroll", "check", str(folder)])
    assert result.exit_code == 3
    assert "grant.yaml:5:11" in result.output
    assert "family.members" in runner.invoke(main, ["payroll", "fields", "--lang", "fr"]).output


@pytest.mark.parametrize(
    "arguments",
    [
        ("make", "GRANT", "2026-01", "--confirm"),
        ("make", "GRANT", "2026-01", "--confirm", "--dry-run", "--by", "A"),
        ("export", "--out", "x"),
        ("export", "1", "--copy", "1", "--out", "x"),
        ("approve", "1"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(folder: Path, arguments: tuple[str, ...]) -> None:
    run(folder, "payroll", *arguments, ends=2)


def test_from_a_voucher_to_its_payment(folder: Path, tmp_path: Path) -> None:
    day = ("--date", "2026-02-01")
    issued = run(folder, "voucher", "issue", "I-1", "--plan", "BIRTH", "--by", "Amina", *day)
    numbers = [line.split()[0] for line in issued.splitlines() if line[4:5] == "-"]
    assert len(numbers) == 3
    run(folder, "voucher", "issue", "I-1", "--plan", "BIRTH", "--by", "Amina", *day, ends=3)
    used = run(folder, "voucher", "use", numbers[0], "--facility", "C1", "--by", "Bola", *day)
    assert "5.00" in used
    path = tmp_path / "claimed.csv"
    rows = [f"{number},2026-02-01" for number in numbers]
    path.write_text("\n".join(["voucher,date", *rows]), "utf-8")
    for language in ("en", "fr"):
        told = run(folder, "voucher", "claim", "C1", str(path), "--by", "Bola", "--lang", language, ends=1)
        assert numbers[2] in told
    assert "C1" in run(folder, "voucher", "pay", "BIRTH", "--lang", "fr")
    run(folder, "voucher", "pay", "BIRTH", "--confirm", "--by", "Amina")
    run(folder, "voucher", "pay", "BIRTH", "--confirm", "--by", "Amina", ends=3)
    run(folder, "voucher", "cancel", numbers[2], "--reason", "lost", "--by", "Amina")
    for language in ("en", "fr"):
        for number in numbers:
            assert number in run(folder, "voucher", "show", number, "--lang", language)
        listed = run(folder, "voucher", "list", "--insuree", "I-1", "--lang", language)
        assert all(number in listed for number in numbers)
    assert numbers[2] not in run(folder, "voucher", "list", "--facility", "C1")
    assert numbers[2] in run(folder, "voucher", "list", "--state", "cancelled")
    assert run(folder, "voucher", "list", "--insuree", "I-9")
