"""The commands as their users meet them: what they print, in which language, and the code they end with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import cli
from adjudicator import run as run_room
from adjudicator.generation.small_scheme import write_small_scheme
from adjudicator.generation.writing import UTILISATION
from adjudicator.problems import DoesNotAddUp
from commands import shared

OK, FINDINGS, USAGE, DATA, DOES_NOT_ADD_UP = 0, 1, 2, 3, 4
JANUARY = "2026-01"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small scheme with a run of it beside it; copied by each test."""
    folder = tmp_path_factory.mktemp("template")
    write_small_scheme(folder / "small")
    call("run", folder / "small", "--claims", folder / "small" / "claims" / JANUARY, "--out", folder / "out")
    return folder


@pytest.fixture
def small(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template / "small", tmp_path / "small")
    shutil.copytree(template / "out", tmp_path / "out")
    return tmp_path / "small"


def call(*arguments: str | Path, code: int = OK, lang: str = "en") -> Result:
    """Call a command; it ends with a code, and never with a traceback."""
    result = CliRunner().invoke(cli.main, [*map(str, arguments), "--lang", lang])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result


def run(small: Path, *more: str | Path, out: str = "new", code: int = OK, lang: str = "en") -> Result:
    claims = small / "claims" / JANUARY
    return call("run", small, "--claims", claims, "--out", small.parent / out, *more, code=code, lang=lang)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def records(path: Path) -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return table


# All is well.


def test_a_run_says_that_it_adds_up(small: Path) -> None:
    done = run(small)
    for said in ("Run 2026-01", "34,344.50", "9,490.20", "adds up to the last minor unit", "explain CLAIM"):
        assert said in done.stdout
    assert done.stderr.strip() == ""
    assert json.loads((small.parent / "new" / "summary.json").read_text("utf-8"))["run"] == JANUARY


def test_a_run_in_french(small: Path) -> None:
    done = run(small, lang="fr")
    for said in ("Liquidation 2026-01", "tout concorde", "Facturé", "34\u202f344,50"):
        assert said in done.stdout.replace("\u00a0", "\u202f")


def test_init_generate_run_explain(tmp_path: Path) -> None:
    assert "small scheme" in call("init", tmp_path / "small").stdout
    assert "README" in call("init", tmp_path / "petit", lang="fr").stdout
    call("init", tmp_path / "small", code=DATA)
    made = call("generate", tmp_path / "made", "--families", "40", "--seed", "3", "--format", "csv")
    assert str(tmp_path / "made") in made.stdout.replace("\n", "")
    call("generate", tmp_path / "made", code=DATA)
    call("generate", tmp_path / "other", "--families", "0", code=USAGE)
    (month,) = (tmp_path / "made" / "claims").iterdir()
    call("run", tmp_path / "made", "--claims", month, "--out", tmp_path / "out")
    claim = records(tmp_path / "out" / "claim_decisions.parquet")[0]["claim"]
    assert claim in call("explain", claim, "--run", tmp_path / "out").stdout


def test_generate_as_many_claims_as_asked_for(tmp_path: Path) -> None:
    (option,) = [one for one in cli.generate.params if one.name == "utilisation"]
    assert option.default == UTILISATION
    for name, asked in (("few", "0.4"), ("many", "1.6")):
        call("generate", tmp_path / name, "--families", "40", "--utilisation", asked)
    few, many = (
        len(records(tmp_path / name / "claims" / JANUARY / "claims.parquet")) for name in ("few", "many")
    )
    assert 0 < 2 * few < many
    for asked in ("0", "11", "often", "nan"):
        call("generate", tmp_path / "other", "--utilisation", asked, code=USAGE)


def test_every_explanation_replays_to_what_was_decided(small: Path) -> None:
    decided = records(small.parent / "out" / "claim_decisions.parquet")
    lines = records(small.parent / "out" / "line_decisions.parquet")
    for one in decided[::3]:
        asked = ("explain", one["claim"], "--run", small.parent / "out", "--format", "json")
        told = json.loads(call(*asked).stdout)
        assert (told["claim"], told["status"]) == (one["claim"], one["status"])
        assert Decimal(told["valuated"]) == one["valuated"]
        of = {row["line"]: row for row in lines if row["claim"] == one["claim"]}
        assert {line["line"] for line in told["lines"]} == set(of)
        for line in told["lines"]:
            assert Decimal(line["valuated"]) == of[line["line"]]["valuated"]
            if line["steps"]:
                assert Decimal(line["steps"][-1]["after"]) == of[line["line"]]["valuated"]
        french = json.loads(call(*asked, lang="fr").stdout)
        assert french.keys() == told.keys()
        assert french["account"] == told["account"]


def test_explaining_needs_no_run(small: Path) -> None:
    asked = ("explain", "HF2-2026-001")
    by_run = call(*asked, "--run", small.parent / "out")
    by_scheme = call(*asked, "--scheme", small, "--claims", small / "claims" / JANUARY)
    assert by_run.stdout == by_scheme.stdout
    assert call(*asked, "--run", small.parent / "out", lang="fr").stdout != by_run.stdout


def test_an_explanation_names_provisions_as_they_were_called_that_day(small: Path) -> None:
    provisions = small / "registers" / "provisions.csv"
    header, *lines = provisions.read_text("utf-8").splitlines()
    place = header.split(",").index("valid_from")
    (consultation,) = [line for line in lines if line.startswith("service,C1,")]
    versions = []
    for name, start, end in (("Seen by a nurse", "", "2026-01-05"), ("Seen", "2026-01-06", "")):
        cells = consultation.split(",")
        cells[2], cells[place : place + 2] = name, [start, end]
        versions.append(",".join(cells))
    others = [line for line in lines if line != consultation]
    provisions.write_text("\n".join([header, *versions, *others]) + "\n", "utf-8")
    asked = ("--scheme", small, "--claims", small / "claims" / JANUARY)
    assert "service C1, Seen by a nurse\n" in call("explain", "HF2-2026-001", *asked).stdout
    assert "acte C1, Seen\n" in call("explain", "HF2-2026-002", *asked, lang="fr").stdout


def test_a_claim_too_large_to_count_is_told_of_and_passed_over(small: Path) -> None:
    lines = small / "claims" / JANUARY / "claim_lines.csv"
    # What is asked can be counted; at the price of the list it cannot.
    change(lines, "HF2-2026-001,3,item,ACT,24,6.50", "HF2-2026-001,3,item,ACT,9000000000000,0.01")
    run(small)
    asked = ("--run", small.parent / "new")
    refused = call("explain", "HF2-2026-001", *asked, code=DATA)
    assert "HF2-2026-001 is set aside, not decided: on line 3" in refused.stderr
    assert "est écartée" in call("explain", "HF2-2026-001", *asked, code=DATA, lang="fr").stderr
    # The next claim of the same patient meets the deductible that this one did not use.
    (decided,) = [
        row
        for row in records(small.parent / "new" / "claim_decisions.parquet")
        if row["claim"] == "HF2-2026-002"
    ]
    told = json.loads(call("explain", "HF2-2026-002", *asked, "--format", "json").stdout)
    assert Decimal(told["valuated"]) == decided["valuated"] > 0
    assert Decimal(told["account"]["deductible"]) == -100


def test_products(small: Path) -> None:
    product = small / "products" / "village.yaml"
    assert "no problem found" in call("product", "check", small).output
    assert "aucun problème" in call("product", "check", product, lang="fr").output
    shown = call("product", "show", small, "VILLAGE", "--provision", "AMOX").stdout
    assert "AMOX" in shown
    assert "PARA" not in shown
    assert "Formule village" in call("product", "show", small, "VILLAGE@2026-01-15", lang="fr").stdout
    assert json.loads(call("product", "schema").stdout)["type"] == "object"
    other = small.parent / "other.yaml"
    shutil.copy(product, other)
    call("product", "diff", small, "VILLAGE", other)
    change(other, "{per: insuree, amount: 100}", "{per: insuree, amount: 275}")
    assert "275" in call("product", "diff", small, "VILLAGE", other, code=FINDINGS).stdout


# Usage.


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "{small}"],
        ["run", "{small}", "--claims", "{small}/claims/2026-01"],
        ["run", "{small}", "--claims", "{small}/claims/2026-01", "--out", "o", "--colour"],
        ["run", "{small}", "--claims", "{small}/claims/2026-01", "--out", "o", "--threads", "0"],
        ["run", "{small}", "--claims", "{small}/claims/2026-01", "--out", "o", "--format", "xls"],
        ["run", "{small}", "--claims", "{small}/claims/1999-01", "--out", "o"],
        ["run", "{small}", "--claims", "{small}/scheme.yaml", "--out", "o"],
        ["explain", "HF2-2026-001"],
        ["explain", "HF2-2026-001", "--scheme", "{small}"],
        ["explain", "HF2-2026-001", "--run", "{small}", "--scheme", "{small}", "--claims", "{small}"],
        ["product", "check", "nowhere"],
        ["paint"],
    ],
)
def test_usage(small: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(cli.main, [argument.format(small=small) for argument in arguments])
    assert result.exit_code == USAGE, result.output
    assert "Error: " in result.stderr
    assert "Traceback" not in result.output


def test_the_language_of_the_reader() -> None:
    assert shared.language_of(["run", "--lang", "fr"], {"LANG": "en_GB.UTF-8"}) == "fr"
    assert shared.language_of(["run", "--lang=fr"], {}) == "fr"
    assert shared.language_of([], {"ADJUDICATOR_LANG": "fr", "LANG": "en_GB.UTF-8"}) == "fr"
    assert shared.language_of([], {"LANG": "fr_CM.UTF-8"}) == "fr"
    assert shared.language_of(["--lang"], {"LANG": "C"}) == "en"


# Data that cannot be used.


def no_settings(small: Path) -> str:
    (small / "scheme.yaml").unlink()
    return "is no scheme: it has no scheme.yaml"


def unknown_currency(small: Path) -> str:
    change(small / "scheme.yaml", "currency: XTS", "currency: XQZ")
    return "scheme.yaml:4:11: `XQZ` is no currency"


def misspelt_setting(small: Path) -> str:
    change(small / "scheme.yaml", "adult_age", "adult_agee")
    return "did you mean `adult_age`?"


def settings_of_another_kind(small: Path) -> str:
    (small / "scheme.yaml").write_text("- a list\n", "utf-8")
    return "scheme.yaml:1:1"


def no_yaml(small: Path) -> str:
    change(small / "products" / "village.yaml", "product: VILLAGE", "product: [VILLAGE")
    return "village.yaml:"


def misspelt_key(small: Path) -> str:
    change(small / "products" / "village.yaml", "\nceiling:", "\nceilling:")
    return "village.yaml:20:1: `ceilling`"


def no_products(small: Path) -> str:
    shutil.rmtree(small / "products")
    return "products"


def no_registers(small: Path) -> str:
    shutil.rmtree(small / "registers")
    return "registers"


def some_registers_missing(small: Path) -> str:
    for name in ("insurees", "facilities", "covers"):
        (small / "registers" / f"{name}.csv").unlink()
    return "there is no table insurees → add insurees.csv or insurees.parquet"


def missing_column(small: Path) -> str:
    change(small / "claims" / JANUARY / "claims.csv", "insuree", "patient")
    return "insuree"


def missing_column_of_a_register(small: Path) -> str:
    change(small / "registers" / "insurees.csv", "birth_date", "born")
    return "birth_date"


def empty_folder(small: Path) -> str:
    for path in (small / "claims" / JANUARY).iterdir():
        path.unlink()
    return "there is no table claims"


def no_text(small: Path) -> str:
    (small / "claims" / JANUARY / "claims.csv").write_bytes(b"\xff\xfe\x00claim\x00\n")
    return "claims.csv"


def no_parquet(small: Path) -> str:
    folder = small / "claims" / JANUARY
    (folder / "claims.csv").rename(folder / "claims.parquet")
    return "claims.parquet"


@pytest.mark.parametrize(
    "spoil",
    [
        no_settings,
        unknown_currency,
        misspelt_setting,
        settings_of_another_kind,
        no_yaml,
        misspelt_key,
        no_products,
        no_registers,
        some_registers_missing,
        missing_column,
        missing_column_of_a_register,
        empty_folder,
        no_text,
        no_parquet,
    ],
)
def test_data_that_cannot_be_used(small: Path, spoil: Callable[[Path], str]) -> None:
    said = spoil(small)
    refused = run(small, code=DATA)
    assert said in refused.stderr
    assert refused.stdout == ""
    french = run(small, code=DATA, lang="fr")
    assert french.stderr != refused.stderr
    assert sorted(path.name for path in small.parent.iterdir()) == ["out", "small"]


def test_a_run_is_not_replaced_unasked(small: Path) -> None:
    assert "--replace" in run(small, out="out", code=DATA).stderr
    run(small, "--replace", "--name", "second", out="out")
    assert records(small.parent / "out" / "claim_decisions.parquet")[0]["run"] == "second"
    assert "not the folder of a run" in run(small, "--replace", out="small", code=DATA).stderr
    assert (small / "scheme.yaml").is_file()


def test_a_place_that_cannot_be_written_to(small: Path) -> None:
    assert run(small, out="small/scheme.yaml/new", code=DATA).stderr.strip()


def test_an_opening_that_is_none(small: Path) -> None:
    assert "balances" in run(small, "--opening", small, code=DATA).stderr


def test_bad_cells_are_set_aside_with_their_reason(small: Path) -> None:
    folder = small / "claims" / JANUARY
    change(
        folder / "claims.csv",
        "HF2-2026-001,HF2,1001,2026-01-05,,2026-01-09",
        "HF2-2026-001,HF2,1001,2026-01-05,,soon",
    )
    change(folder / "claim_lines.csv", "HF2-2026-002,1,service,C1,1,", "HF2-2026-002,1,service,C1,some,")
    done = run(small)
    assert "set aside, to be mended" in done.stdout
    assert "adds up" in done.stdout
    aside = (small.parent / "new" / "set_aside" / "set_aside.csv").read_text("utf-8")
    (of_claims,) = [line for line in aside.splitlines() if "soon" in line]
    assert of_claims.startswith("claims,")
    assert "claims.csv,2,date_claimed,soon," in of_claims
    (of_lines,) = [line for line in aside.splitlines() if "some" in line]
    assert "claim_lines.csv,5,quantity,some," in of_lines
    decided = {row["claim"] for row in records(small.parent / "new" / "claim_decisions.parquet")}
    assert not {"HF2-2026-001", "HF2-2026-002"} & decided
    assert len(decided) == 20
    call("explain", "HF2-2026-001", "--run", small.parent / "new", code=DATA)


def test_a_claim_that_is_not_there(small: Path) -> None:
    asked = call("explain", "HF2-2026-01", "--run", small.parent / "out", code=DATA)
    assert "did you mean HF2-2026-0" in asked.stderr
    assert (
        "vouliez-vous dire"
        in call("explain", "HF2-2026-01", "--run", small.parent / "out", code=DATA, lang="fr").stderr
    )
    assert (
        "HF9"
        not in call(
            "explain", "HF2-2026-001", "--run", small.parent / "out", "--facility", "HF9", code=DATA
        ).stdout
    )


def test_what_changed_since_is_not_explained(small: Path) -> None:
    asked = ("explain", "HF2-2026-001", "--run", small.parent / "out")
    change(small / "claims" / JANUARY / "claim_lines.csv", "ACT,24,6.50", "ACT,24,6.60")
    assert "claim_lines.csv: this is not what it was" in call(*asked, code=DATA).stderr
    (small / "registers" / "covers.csv").unlink()
    assert "covers.csv: this file went into the run" in call(*asked, code=DATA).stderr


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"where": {}, "inputs": []}', '{"where": 1, "inputs": 2}']
)
def test_a_folder_that_is_no_run(small: Path, manifest: str) -> None:
    (small.parent / "out" / "manifest.json").write_text(manifest, "utf-8")
    refused = call("explain", "HF2-2026-001", "--run", small.parent / "out", code=DATA)
    assert "is not the folder of a run" in refused.stderr


def test_products_that_cannot_be_used(small: Path) -> None:
    for version in ("TOWN", "VILLAGE@1999-01-01", "VILLAGE@soon", "VILLAGE@"):
        assert call("product", "show", small, version, code=DATA).stderr.strip()
    assert "NOPE" in call("product", "show", small, "VILLAGE", "--provision", "NOPE", code=DATA).stderr
    call("product", "diff", small, "VILLAGE", "TOWN", code=DATA)
    said = misspelt_key(small)
    for path in (small, small / "products" / "village.yaml"):
        assert said in call("product", "check", path, code=DATA).stderr
    call("product", "check", small / "claims", code=DATA)


# What must never happen.


@pytest.mark.parametrize(("lang", "said"), [("en", "do not add up"), ("fr", "ne concordent pas")])
def test_amounts_that_do_not_add_up(
    small: Path, monkeypatch: pytest.MonkeyPatch, lang: str, said: str
) -> None:
    def amiss(*_: object) -> None:
        raise DoesNotAddUp("one is missing")

    monkeypatch.setattr(run_room, "_check_totals", amiss)
    assert said in run(small, code=DOES_NOT_ADD_UP, lang=lang).stderr
    assert not (small.parent / "new").exists()
