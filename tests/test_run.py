"""A run as a whole: the same bytes for the same inputs, month after month, and all of it or nothing."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adjudicator import prepared, run
from adjudicator.explain import explain_claim, inputs_of_run
from adjudicator.folders import alone
from adjudicator.generation import generate
from adjudicator.generation.small_scheme import write_small_scheme
from adjudicator.manifest import MANIFEST, file_hash
from adjudicator.problems import DoesNotAddUp, Refused
from adjudicator.run import Where, run_month

ROOT = Path(__file__).parents[1]
JANUARY, FEBRUARY = "2026-01", "2026-02"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up scheme with two months of claims; not to be changed."""
    folder = tmp_path_factory.mktemp("country") / "scheme"
    generate(folder, 300, 2, 1)
    return folder


@pytest.fixture(scope="session")
def january(country: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the first month; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "january"
    run_month(country, [country / "claims" / JANUARY], out)
    return out


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    write_small_scheme(folder)
    return folder


def small_run(small: Path, out: Path, **options: Any) -> run.Run:
    return run_month(small, [small / "claims" / JANUARY], out, **options)


def written(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def without_manifest(folder: Path) -> dict[str, bytes]:
    return {path: held for path, held in written(folder).items() if path != MANIFEST}


def manifest_without_inputs(folder: Path) -> dict[str, Any]:
    """Give a manifest without what says where its inputs lie and what their bytes are."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    for key in ("inputs", "where"):
        del manifest[key]
    for product in manifest["products"]:
        del product["file"]
    return manifest


def rows(path: Path) -> Rows:
    table: Rows = pq.read_table(path).to_pylist()
    return table


def counted(table: Rows, *left_out: str) -> Counter[tuple[tuple[str, Any], ...]]:
    """Count rows, in whatever order they stand."""
    return Counter(tuple((key, row[key]) for key in sorted(row) if key not in left_out) for row in table)


def write(path: Path, table: Rows) -> None:
    """Write rows as CSV or Parquet, by the name of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(table), path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def rewritten(source: Path, target: Path, form: str, seed: int) -> None:
    """Write the tables of a folder again: their rows shuffled, and in another form."""
    draw = random.Random(seed)
    for path in sorted(source.glob("*.parquet")):
        table = rows(path)
        draw.shuffle(table)
        write(target / f"{path.stem}.{form}", table)


# The same bytes.


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_threads_and_times_do_not_matter(country: Path, tmp_path: Path, form: str) -> None:
    outs = [tmp_path / name / "out" for name in ("one", "two", "again")]
    for out, threads in zip(outs, (1, 2, 2), strict=True):
        run_month(country, [country / "claims" / JANUARY], out, threads=threads, form=form)
    first, *others = [written(out) for out in outs]
    assert {f"claim_decisions.{form}", f"line_decisions.{form}", f"carried/balances.{form}"} <= set(first)
    for other in others:
        assert other.keys() == first.keys()
        assert [path for path in first if first[path] != other[path]] == []


@pytest.mark.parametrize(("form", "seed"), [("parquet", 1), ("csv", 2)])
def test_the_order_and_the_form_of_claims_do_not_matter(
    country: Path, january: Path, tmp_path: Path, form: str, seed: int
) -> None:
    rewritten(country / "claims" / JANUARY, tmp_path / "claims", form, seed)
    out = tmp_path / "out"
    run_month(country, [tmp_path / "claims"], out)
    assert without_manifest(out) == without_manifest(january)
    assert manifest_without_inputs(out) == manifest_without_inputs(january)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_the_order_and_the_form_of_registers_do_not_matter(
    country: Path, january: Path, tmp_path: Path, form: str
) -> None:
    scheme, out = tmp_path / "scheme", tmp_path / "out"
    shutil.copytree(country, scheme, ignore=shutil.ignore_patterns(".prepared", "registers"))
    rewritten(country / "registers", scheme / "registers", form, 3)
    run_month(scheme, [scheme / "claims" / JANUARY], out)
    assert without_manifest(out) == without_manifest(january)
    assert manifest_without_inputs(out) == manifest_without_inputs(january)


def test_a_manifest_says_what_every_file_is(january: Path) -> None:
    manifest = json.loads((january / MANIFEST).read_text("utf-8"))
    for record in manifest["inputs"] + manifest["outputs"]:
        path = january / record["path"]
        assert (path.stat().st_size, file_hash(path)) == (record["bytes"], record["sha256"])
    assert {record["path"] for record in manifest["outputs"]} == set(without_manifest(january))


def test_families_do_not_depend_on_each_other(country: Path, january: Path, tmp_path: Path) -> None:
    family = {row["insuree"]: row["family"] for row in rows(country / "registers" / "insurees.parquet")}
    families = sorted({str(one) for one in family.values()})
    first_half = set(families[: len(families) // 2])
    source = country / "claims" / JANUARY
    claims, lines = (rows(source / f"{name}.parquet") for name in ("claims", "claim_lines"))
    decided: dict[str, Rows] = {"line_decisions": [], "claim_decisions": []}
    for half in (True, False):
        kept = [one for one in claims if (family.get(one["insuree"]) in first_half) is half]
        numbers = {one["claim"] for one in kept}
        folder, out = tmp_path / f"claims-{half}", tmp_path / f"out-{half}"
        write(folder / "claims.parquet", kept)
        write(folder / "claim_lines.parquet", [one for one in lines if one["claim"] in numbers])
        assert 0 < len(kept) < len(claims)
        run_month(country, [folder], out)
        for table in decided:
            decided[table] += rows(out / f"{table}.parquet")
    for table, held in decided.items():
        assert counted(held) == counted(rows(january / f"{table}.parquet"))


# Month after month.


def test_two_months_are_as_one_run_over_both(country: Path, january: Path, tmp_path: Path) -> None:
    sources = [country / "claims" / month for month in (JANUARY, FEBRUARY)]
    run_month(country, sources, tmp_path / "both")
    run_month(country, sources[1:], tmp_path / "february", opening_folder=january)
    for table in ("claim_decisions", "line_decisions"):
        months = [rows(folder / f"{table}.parquet") for folder in (january, tmp_path / "february")]
        both = rows(tmp_path / "both" / f"{table}.parquet")
        assert {one["run"] for one in months[1]} == {FEBRUARY}
        assert {one["run"] for one in both} == {f"{JANUARY}..{FEBRUARY}"}
        assert counted([*months[0], *months[1]], "run") == counted(both, "run")
    for table in ("balances", "earlier_claims", "earlier_lines"):
        carried = [rows(tmp_path / name / "carried" / f"{table}.parquet") for name in ("february", "both")]
        assert carried[0]
        assert counted(carried[0]) == counted(carried[1])


def test_nobody_is_paid_twice(country: Path, january: Path, tmp_path: Path) -> None:
    source, out = country / "claims" / JANUARY, tmp_path / "out"
    done = run_month(country, [source], out, opening_folder=january)
    before = rows(january / "claim_decisions.parquet")
    accepted = {(one["facility"], one["claim"]) for one in before if one["status"] != "rejected"}
    again = rows(out / "claim_decisions.parquet")
    assert accepted
    assert not accepted & {(one["facility"], one["claim"]) for one in again}
    assert len(again) + len(accepted) == len(before)
    assert sum(one["valuated"] for one in again) == 0
    reasons = Counter(fault.reason.key for fault in done.claims.set_aside if fault.table == "claims")
    assert reasons == {"run.already_accepted": len(accepted)}
    for table in ("balances", "earlier_claims", "earlier_lines"):
        carried = [rows(folder / "carried" / f"{table}.parquet") for folder in (january, out)]
        assert counted(carried[0]) == counted(carried[1])


def test_what_was_set_aside_is_not_explained(country: Path, january: Path) -> None:
    accepted = rows(january / "carried" / "earlier_claims.parquet")[0]
    source = [country / "claims" / JANUARY]
    assert explain_claim(accepted["claim"], Where(country, tuple(source), None), accepted["facility"])
    with pytest.raises(Refused, match=r"there is no claim"):
        explain_claim(accepted["claim"], Where(country, tuple(source), january), accepted["facility"])


def test_an_opening_is_whole_or_refused(small: Path, tmp_path: Path) -> None:
    small_run(small, tmp_path / "first", form="csv")
    carried = tmp_path / "first" / "carried"
    small_run(small, tmp_path / "second", opening_folder=carried)
    balances = carried / "balances.csv"
    lines = balances.read_text("utf-8").splitlines(keepends=True)
    cells = lines[1].split(",")
    balances.write_text("".join([lines[0], ",".join([*cells[:2], "much", *cells[3:]]), *lines[2:]]), "utf-8")
    with pytest.raises(Refused, match=r"balances\.csv row 2 \[deducted_hospital\]"):
        small_run(small, tmp_path / "third", opening_folder=tmp_path / "first")
    balances.unlink()
    with pytest.raises(Refused, match="balances"):
        small_run(small, tmp_path / "third", opening_folder=tmp_path / "first")
    assert not (tmp_path / "third").exists()


def test_a_month_without_claims(small: Path, tmp_path: Path) -> None:
    for name in ("claims.csv", "claim_lines.csv"):
        header = (small / "claims" / JANUARY / name).read_text("utf-8").splitlines()[0]
        (tmp_path / "none").mkdir(exist_ok=True)
        (tmp_path / "none" / name).write_text(header + "\n", "utf-8")
    small_run(small, tmp_path / "first")
    done = run_month(small, [tmp_path / "none"], tmp_path / "out", opening_folder=tmp_path / "first")
    assert (done.name, done.summary.claims.total()) == ("nothing", 0)
    for table in ("balances", "earlier_claims", "earlier_lines"):
        carried = [rows(tmp_path / name / "carried" / f"{table}.parquet") for name in ("first", "out")]
        assert carried[0]
        assert counted(carried[0]) == counted(carried[1])


# Prepared registers.


def forbidden(*_: object) -> Any:
    raise AssertionError("the registers were read again")


def test_registers_are_read_once(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_run(small, tmp_path / "a" / "out")
    monkeypatch.setattr(prepared, "read_tables", forbidden)
    small_run(small, tmp_path / "b" / "out")
    assert written(tmp_path / "a" / "out") == written(tmp_path / "b" / "out")


def test_a_changed_register_is_noticed(small: Path, tmp_path: Path) -> None:
    before = small_run(small, tmp_path / "before").summary.valuated
    covers = small / "registers" / "covers.csv"
    stat = covers.stat()
    covers.write_text(
        covers.read_text("utf-8").replace("2025-07-01,2026-06-30", "2024-07-01,2025-06-30"), "utf-8"
    )
    os.utime(covers, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert covers.stat().st_size == stat.st_size
    assert small_run(small, tmp_path / "after").summary.valuated < before
    assert len(list((small / ".prepared").iterdir())) == prepared.KEPT


def truncate(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)


def lose_one(folder: Path) -> None:
    next(folder.glob("people.*.npy")).unlink()


def garble_arrays(folder: Path) -> None:
    for path in folder.glob("*.npy"):
        path.write_bytes(b"\x00" * path.stat().st_size)


def garble_tables(folder: Path) -> None:
    for path in folder.glob("*.arrow"):
        path.write_bytes(b"\x00" * path.stat().st_size)


def change_one_byte(folder: Path) -> None:
    array = np.load(folder / "people.birth_date.npy", mmap_mode="r+")
    array[0] += 1
    array.flush()


def list_nothing(folder: Path) -> None:
    (folder / "list.json").write_text("[]", "utf-8")


DAMAGE = [truncate, lose_one, garble_arrays, garble_tables, change_one_byte, list_nothing]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_preparation_is_not_used_and_is_mended(
    small: Path, tmp_path: Path, damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    small_run(small, tmp_path / "a" / "out")
    (state,) = (small / ".prepared").iterdir()
    damage(state)
    small_run(small, tmp_path / "b" / "out")
    monkeypatch.setattr(prepared, "read_tables", forbidden)
    small_run(small, tmp_path / "c" / "out")
    assert (
        written(tmp_path / "a" / "out") == written(tmp_path / "b" / "out") == written(tmp_path / "c" / "out")
    )


def test_a_place_that_cannot_be_written_to_does_no_harm(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small / ".prepared").write_text("a file where a folder should be", "utf-8")
    small_run(small, tmp_path / "a" / "out")
    (small / ".prepared").unlink()
    small_run(small, tmp_path / "b" / "out")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(os, "utime", refuse)
    small_run(small, tmp_path / "c" / "out")
    assert (
        written(tmp_path / "a" / "out") == written(tmp_path / "b" / "out") == written(tmp_path / "c" / "out")
    )


def test_what_killed_processes_left_is_swept(small: Path, tmp_path: Path) -> None:
    left = small / ".prepared" / "new.abc"
    left.mkdir(parents=True)
    with alone(small / ".prepared" / ".lock"):
        small_run(small, tmp_path / "first")
    # While another process was at it, nothing was kept and nothing touched.
    assert [path.name for path in (small / ".prepared").iterdir()] == ["new.abc"]
    small_run(small, tmp_path / "second")
    (state,) = (small / ".prepared").iterdir()
    assert (state / "list.json").is_file()


def test_registers_with_something_wrong_are_told_of_each_time(small: Path, tmp_path: Path) -> None:
    with (small / "registers" / "insurees.csv").open("a", encoding="utf-8") as file:
        file.write("9999,F1,perhaps,male,1979-05-14,Nobody,2024-11-02,\n")
    for name in ("first", "second"):
        assert len(small_run(small, tmp_path / name).registers.set_aside) == 1
        assert "perhaps" in (tmp_path / name / "set_aside" / "registers" / "set_aside.csv").read_text("utf-8")


# All or nothing.

PAUSED = """
import os, sys
from pathlib import Path
import adjudicator.folders as folders
import adjudicator.run as run
from cli import main

def pause(*arguments, **options):
    Path(sys.argv[1]).touch()
    sys.stdin.read()
    os._exit(1)

def rename(path, target, rename=Path.rename):
    return pause() if ".new-" in path.name else rename(path, target)

room, name = sys.argv[2].split(".")
if room == "Path":
    Path.rename = rename
else:
    setattr({"run": run, "folders": folders}[room], name, pause)
main(sys.argv[3:])
"""
"""Runs the command until a function, or until a finished folder gets its name, and stays there for good."""


def killed_at(moment: str, marker: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-c", PAUSED, str(marker), moment, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not marker.exists() and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    assert marker.exists()


@pytest.mark.parametrize("moment", ["run._write_decisions", "run.write_manifest", "folders._publish"])
def test_killed_at_any_moment_leaves_nothing_and_harms_nothing(
    small: Path, tmp_path: Path, moment: str
) -> None:
    small_run(small, tmp_path / "there")
    there = written(tmp_path / "there")
    arguments = ["run", str(small), "--claims", str(small / "claims" / JANUARY), "--out"]
    if moment != "run.write_manifest":
        killed_at(moment, tmp_path / "new.marker", [*arguments, str(tmp_path / "new")])
        assert not (tmp_path / "new").exists()
        small_run(small, tmp_path / "new")
        assert without_manifest(tmp_path / "new") == without_manifest(tmp_path / "there")
    if moment != "run._write_decisions":
        again = [*arguments, str(tmp_path / "there"), "--name", "other", "--replace"]
        killed_at(moment, tmp_path / "there.marker", again)
        assert written(tmp_path / "there") == there
        small_run(small, tmp_path / "there", name="other", replace=True)
        assert written(tmp_path / "there") != there
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_killed_between_two_names(small: Path, tmp_path: Path) -> None:
    """What was to be replaced is found again by whoever comes next: a run, or one who asks about it."""
    out = tmp_path / "out"
    small_run(small, out)
    before = written(out)
    arguments = ["run", str(small), "--claims", str(small / "claims" / JANUARY), "--out", str(out)]
    killed_at("Path.rename", tmp_path / "marker", [*arguments, "--replace"])
    assert not out.exists()
    where = inputs_of_run(out)
    assert written(out) == before
    assert explain_claim("HF2-2026-001", where)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    killed_at("Path.rename", tmp_path / "marker2", [*arguments, "--replace"])
    with pytest.raises(Refused, match="--replace"):
        small_run(small, out)
    assert written(out) == before


def test_killed_while_writing(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["run", str(small), "--claims", str(small / "claims" / JANUARY), "--out", str(out)]
    command = [sys.executable, "-c", "from cli import main; main()", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not list(tmp_path.glob(".out.new-*")) and process.poll() is None:
            time.sleep(0.001)
        process.kill()
    # The kill may come too late; then all is there.
    assert not out.exists() or (out / MANIFEST).is_file()
    small_run(small, out, replace=True)
    assert (out / MANIFEST).is_file()


def test_what_fails_leaves_nothing(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def amiss(*_: object) -> None:
        raise DoesNotAddUp("one is missing")

    monkeypatch.setattr(run, "_check_totals", amiss)
    with pytest.raises(DoesNotAddUp):
        small_run(small, tmp_path / "runs" / "out")
    assert list((tmp_path / "runs").iterdir()) == []


def test_only_a_run_is_replaced(small: Path, tmp_path: Path) -> None:
    small_run(small, tmp_path / "out")
    with pytest.raises(Refused, match="--replace"):
        small_run(small, tmp_path / "out")
    small_run(small, tmp_path / "out", replace=True, name="second")
    assert rows(tmp_path / "out" / "claim_decisions.parquet")[0]["run"] == "second"
    (tmp_path / "empty").mkdir()
    small_run(small, tmp_path / "empty")
    with pytest.raises(Refused, match="not the folder of a run"):
        small_run(small, small, replace=True)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
