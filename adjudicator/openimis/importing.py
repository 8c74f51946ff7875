"""Moving in: an openIMIS installation becomes a scheme's folder, and every row is accounted for.

The folder appears whole or not at all. Its bytes follow from the rows of the installation alone: not from
their order, nor from whether they came from files or from a database.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from adjudicator.files import write_table
from adjudicator.folders import recover, whole_folder
from adjudicator.openimis import report as report_room
from adjudicator.openimis.product_files import file_name, product_text
from adjudicator.openimis.report import Report
from adjudicator.openimis.report_text import markdown
from adjudicator.openimis.report_workbook import write_workbook
from adjudicator.openimis.valuated import Comparison, compare
from adjudicator.openimis.written import write_rows
from adjudicator.prepared import FOLDER as PREPARED
from adjudicator.problems import Place, refused
from adjudicator.scheme import SETTINGS
from adjudicator.tables import (
    BALANCES,
    CLAIM_LINES,
    CLAIMS,
    EARLIER_CLAIMS,
    EARLIER_LINES,
    REGISTERS,
)
from adjudicator.units import currency_decimals
from adjudicator.words import LANGUAGES, message, say, text
from ingest.openimis.cells import SourceRow
from ingest.openimis.claims import Claims, Group, bring_claims
from ingest.openimis.names import Brought, Names
from ingest.openimis.products import ProductFile, bring_products
from ingest.openimis.registers import Choices, bring_registers
from ingest.openimis.shapes import SHAPES
from ingest.openimis.source import open_source
from ingest.openimis.world import Remark, World
from ingest.set_aside import Fault
from ingest.tables import Reading, claims_from_rows, registers_from_rows

NO_CURRENCY: Final = "XTS"
"""The code for trials: openIMIS does not say what its amounts are in."""

SUBMITTED: Final = "claims/submitted"
ENTERED: Final = "claims/entered"
HISTORY: Final = "history/claims"
OPENING: Final = "history/opening"
STATES: Final = "history/claim_states.csv"
SET_ASIDE: Final = "set_aside"
REPORT: Final = "import-report"
IDS: Final = "history/openimis_ids.csv"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wishes:
    """What the person who imports asks for."""

    currency: str | None = None
    scheme: str | None = None
    """What the scheme is called; its folder's name when left out."""
    adult_age: int = 18
    choices: Choices = field(default_factory=Choices)
    compare: bool = True
    """Whether claims that openIMIS has valuated are valuated here as well."""
    replace: bool = False
    language: str = LANGUAGES[0]
    """Of the comments in files."""


def import_openimis(
    source: str, folder: Path, wishes: Wishes, progress: Progress = lambda stage, done, total: None
) -> Report:
    """Bring an openIMIS installation into a new scheme's folder.

    Args:
        source: a folder of its tables as CSV files, or the URL of its PostgreSQL database.
        folder: of the scheme; it must not be there yet, or hold an earlier import.
        wishes: what is asked for.
        progress: told how far it is.

    Returns:
        The report, which also lies in the folder.

    Raises:
        Refused: the source cannot be read, or the folder holds something else; nothing was written.
        DoesNotAddUp: a row was lost, which must never happen; nothing was written.
    """
    recover(folder)
    _check_folder(folder, wishes.replace)
    currency = wishes.currency or NO_CURRENCY
    decimals = currency_decimals(currency)
    with open_source(source) as opened:
        progress("openimis.stage.reading", 0, 3)
        world = World(opened)
        names = Names(world)
        brought = bring_registers(world, names, wishes.choices)
        progress("openimis.stage.reading", 1, 3)
        products = bring_products(world, names, brought, decimals)
        claims = bring_claims(world, names, brought, decimals)
        left = world.left()
    progress("openimis.stage.reading", 2, 3)
    registers = _judged_registers(world, brought, decimals)
    _judge_claims(world, claims, decimals, registers)
    progress("openimis.stage.reading", 3, 3)
    counts = world.counts()
    scheme = wishes.scheme or _scheme_code(folder)
    judged = _Judged(wishes, scheme, currency, world, registers, products, claims)
    with whole_folder(folder) as temporary:
        files = _write(temporary, judged)
        comparison = None
        if wishes.compare and claims.decided.claims:
            progress("openimis.stage.comparing", 0, 1)
            comparison = compare(temporary, temporary / HISTORY, claims.theirs)
            progress("openimis.stage.comparing", 1, 1)
        shutil.rmtree(temporary / PREPARED, ignore_errors=True)
        report = _report(judged, counts, left, files, comparison)
        _write_report(report, temporary, wishes.language)
    return report


def _check_folder(folder: Path, replace: bool) -> None:
    """Make sure that nothing but an earlier import is replaced.

    Raises:
        Refused: something else would be.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    earlier = (folder / f"{REPORT}.json").is_file()
    if earlier and any(folder.glob("books.db*")):
        key = "openimis.has_books"
    elif earlier:
        if replace:
            return
        key = "openimis.imported_before"
    else:
        key = "openimis.something_else"
    raise refused(key, Place(folder))


# What the readers of our own tables say.


def _judged_registers(world: World, brought: Brought, decimals: int) -> Reading:
    """Put the rows through the reader of registers, which judges them as it would judge files."""
    rows: dict[str, list[dict[str, Any]]] = {name: brought.rows.get(name, []) for name in REGISTERS}
    reading = registers_from_rows(rows, decimals)
    for fault in reading.set_aside:
        for row in brought.sources[fault.table][fault.row - 2]:
            world.put_aside_as(_remark(row, fault))
    return reading


def _remark(row: SourceRow, fault: Fault) -> Remark:
    return Remark(row.table, row.id, fault.field, fault.value, fault.reason, fault.remedy)


def _judge_claims(world: World, claims: Claims, decimals: int, registers: Reading) -> None:
    """Put the claims through the reader of claims, and drop from each group what it sets aside."""
    for group in claims.groups:
        reading = claims_from_rows(group.claims, group.lines, decimals, registers.tables["facilities"])
        bad_claims: set[int] = set()
        bad_lines: set[int] = set()
        for fault in reading.set_aside:
            place = fault.row - 2
            (bad_claims if fault.table == CLAIMS.name else bad_lines).add(place)
            row = (group.claim_sources if fault.table == CLAIMS.name else group.line_sources)[place]
            remark = _remark(row, fault)
            if fault.reason.key == "ingest.with_its_claim":
                reason, remedy = message("openimis.with_its_claim"), message("openimis.with_its_claim.remedy")
                remark = Remark(row.table, row.id, "ClaimID", row.text("ClaimID"), reason, remedy)
            world.put_aside_as(remark)
        keys = [(group.claims[place]["facility"], group.claims[place]["claim"]) for place in bad_claims]
        for key in keys:
            claims.theirs.pop(key, None)
        gone = set(keys)
        if gone and group is claims.decided:
            claims.earlier_claims = _not_of(claims.earlier_claims, gone)
            claims.earlier_lines = _not_of(claims.earlier_lines, gone)
        _drop(group, bad_claims, bad_lines)


def _not_of(rows: list[dict[str, Any]], gone: set[tuple[str, str]]) -> list[dict[str, Any]]:
    return [row for row in rows if (row["facility"], row["claim"]) not in gone]


def _drop(group: Group, claims: set[int], lines: set[int]) -> None:
    group.claims = [one for place, one in enumerate(group.claims) if place not in claims]
    group.claim_sources = [one for place, one in enumerate(group.claim_sources) if place not in claims]
    group.lines = [one for place, one in enumerate(group.lines) if place not in lines]
    group.line_sources = [one for place, one in enumerate(group.line_sources) if place not in lines]


# Writing.


@dataclass(frozen=True)
class _Judged:
    """What an installation holds, judged by the readers of our own tables: all that is written."""

    wishes: Wishes
    scheme: str
    currency: str
    world: World
    registers: Reading
    products: Sequence[ProductFile]
    claims: Claims

    @property
    def decimals(self) -> int:
        """Of the currency."""
        return currency_decimals(self.currency)


def _write(folder: Path, judged: _Judged) -> dict[str, str]:
    """Write a scheme into a folder; give the file of each product."""
    (folder / SETTINGS).write_text(_settings(judged.scheme, judged.currency, judged.wishes), "utf-8")
    _write_registers(folder / "registers", judged)
    files = _write_products(folder / "products", judged)
    _write_claims(folder, judged.claims)
    _write_ids(folder / IDS, judged.world, judged.claims)
    _write_remarks(folder, judged.world)
    return files


def _write_registers(folder: Path, judged: _Judged) -> None:
    folder.mkdir()
    for name, table in judged.registers.tables.items():
        if len(table) or name not in ("catchments", "contributions"):
            write_table(folder / f"{name}.csv", table, REGISTERS[name], judged.decimals)


def _write_products(folder: Path, judged: _Judged) -> dict[str, str]:
    folder.mkdir()
    files: dict[str, str] = {}
    for product in judged.products:
        name = file_name(product.definition.product, files.values())
        files[product.definition.product] = name
        text = product_text(product, judged.decimals, judged.wishes.language)
        (folder / name).write_text(text, "utf-8")
    return files


def _write_claims(folder: Path, claims: Claims) -> None:
    """Write the claims, with what was used up before them, and how they came to be as they are."""
    for where, group in ((SUBMITTED, claims.submitted), (ENTERED, claims.entered), (HISTORY, claims.decided)):
        if group.claims:
            write_rows(folder / where / "claims.csv", _names(CLAIMS), group.claims)
            write_rows(folder / where / "claim_lines.csv", _names(CLAIM_LINES), group.lines)
    for spec, rows in (
        (BALANCES, claims.balances),
        (EARLIER_CLAIMS, claims.earlier_claims),
        (EARLIER_LINES, claims.earlier_lines),
    ):
        key = spec.key
        ordered = sorted(rows, key=lambda row: tuple(_sortable(row[name]) for name in key))
        write_rows(folder / OPENING / f"{spec.name}.csv", _names(spec), ordered)
    if claims.history:
        states = sorted(
            claims.history,
            key=lambda row: (row["openimis_claim"], row["until"] is None, row["since"] or ""),
        )
        write_rows(folder / STATES, list(states[0]), states)


def _names(spec: Any) -> list[str]:
    return [column.name for column in spec.columns]


def _sortable(value: object) -> Any:
    return (0, value, "") if isinstance(value, int) else (1, 0, str(value))


def _scheme_code(folder: Path) -> str:
    return re.sub(r"[^A-Z0-9]+", "-", folder.resolve().name.upper()).strip("-") or "OPENIMIS"


def _settings(scheme: str, currency: str, wishes: Wishes) -> str:
    def comment(key: str) -> str:
        return f"# {text(f'openimis.settings.{key}', wishes.language)}"

    code = yaml.safe_dump(scheme, allow_unicode=True).removesuffix("...\n").strip()
    lines = [comment("head"), f"scheme: {code}"]
    if wishes.currency is None:
        lines.append(comment("currency"))
    lines += [
        f"currency: {currency}",
        f"adult_age: {wishes.adult_age}",
        "registers: registers",
        "products: products",
    ]
    return "\n".join(lines) + "\n"


_ID_TABLES: Final = {
    "tblLocations": "LocationCode",
    "tblHF": "HFCode",
    "tblItems": "ItemCode",
    "tblServices": "ServCode",
    "tblICDCodes": "ICDCode",
    "tblProduct": "ProductCode",
    "tblInsuree": "CHFID",
    "tblClaimAdmin": "ClaimAdminCode",
}
"""Tables whose numbers are kept, so that an export says them again, with the column of their codes."""


def _write_ids(path: Path, world: World, claims: Claims) -> None:
    # What was deleted keeps its number: new rows come behind the highest one.
    rows: list[dict[str, object]] = [
        {"table": table, "code": None, "id": max(held)} for table in SHAPES if (held := world.rows(table))
    ]
    for table, column in _ID_TABLES.items():
        rows += [{"table": table, "code": row.text(column), "id": row.id} for row in world.current(table)]
    for group in claims.groups:
        rows += [
            {"table": "tblClaim", "code": f"{claim['facility']}/{claim['claim']}", "id": source.id}
            for claim, source in zip(group.claims, group.claim_sources, strict=True)
        ]
        rows += [
            {
                "table": source.table,
                "code": f"{line['facility']}/{line['claim']}/{line['line']}",
                "id": source.id,
            }
            for line, source in zip(group.lines, group.line_sources, strict=True)
        ]
    write_rows(
        path, ("table", "code", "id"), sorted(rows, key=lambda row: (str(row["table"]), int(str(row["id"]))))
    )


_REMARK_COLUMNS: Final = (
    "table",
    "id",
    "row",
    "field",
    "value",
    *(f"{what}_{language}" for what in ("reason", "proposal") for language in LANGUAGES),
)


def _write_remarks(folder: Path, world: World) -> None:
    """Write what was set aside and what is doubtful, and the rows that were set aside as they came."""
    for name, remarks in (("set_aside", world.set_aside), ("doubts", world.doubts)):
        if remarks:
            rows = [_remark_row(remark) for remark in sorted(remarks, key=lambda one: one.place)]
            write_rows(folder / SET_ASIDE / f"{name}.csv", _REMARK_COLUMNS, rows)
    by_table: dict[str, set[int]] = {}
    for remark in world.set_aside:
        if remark.id is not None:
            by_table.setdefault(remark.table, set()).add(remark.id)
    for table, ids in sorted(by_table.items()):
        _write_source_rows(folder / SET_ASIDE / f"{table}.csv", world, table, sorted(ids))


def _remark_row(remark: Remark) -> dict[str, object]:
    row: dict[str, object] = {
        "table": remark.table,
        "id": remark.id,
        "row": remark.row,
        "field": remark.field,
        "value": remark.value,
    }
    for language in LANGUAGES:
        row[f"reason_{language}"] = say(remark.reason, language)
        row[f"proposal_{language}"] = say(remark.remedy, language)
    return row


def _write_source_rows(path: Path, world: World, table: str, ids: Iterable[int]) -> None:
    shape = SHAPES[table]
    rows = [row for id_ in ids if (row := world.find(table, id_)) is not None]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(shape.all_columns)
        for row in rows:
            writer.writerow([str(row.id), *(row.text(name) or "" for name in shape.all_columns[1:])])


def _report(
    judged: _Judged,
    counts: Sequence[Any],
    left: Mapping[str, int],
    files: Mapping[str, str],
    comparison: Comparison | None,
) -> Report:
    wishes, world, claims = judged.wishes, judged.world, judged.claims
    return Report(
        scheme=judged.scheme,
        currency=judged.currency,
        currency_given=wishes.currency is not None,
        decimals=judged.decimals,
        dates_from_covers=wishes.choices.dates_from_covers,
        counts=tuple(counts),
        left=dict(left),
        absent=tuple(world.absent),
        lacking=dict(world.lacking),
        registers={name: len(table) for name, table in judged.registers.tables.items()},
        products=tuple(
            report_room.ProductLine(
                file.definition.product,
                file.definition.name.en if file.definition.name else file.definition.product,
                f"products/{files[file.definition.product]}",
                len(file.definition.coverage),
            )
            for file in judged.products
        ),
        claims={
            "submitted": len(claims.submitted.claims),
            "entered": len(claims.entered.claims),
            "decided": len(claims.decided.claims),
        },
        balances=len(claims.balances),
        set_aside=report_room.grouped(world.set_aside),
        doubts=report_room.grouped(world.doubts),
        warnings=tuple(judged.registers.warnings),
        comparison=comparison,
    )


def _write_report(report: Report, folder: Path, language: str) -> None:
    """Write the report: JSON for programs, Markdown for readers, Excel to go through it."""
    record = json.dumps(report.as_record(), indent=2, ensure_ascii=False) + "\n"
    (folder / f"{REPORT}.json").write_text(record, "utf-8")
    (folder / f"{REPORT}.md").write_text(markdown(report, language), "utf-8")
    write_workbook(report, folder / f"{REPORT}.xlsx", language)
