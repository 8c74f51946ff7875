"""A scheme's registers, read, checked and encoded once, and kept beside it until any of them changes.

Millions of people are read in half a minute, and change once a month; claims are adjudicated, and
explained, every day. What was prepared lies in ``.prepared/`` of the scheme's folder under a name that
holds the hashes of the register files, the products' codes and the engine's fingerprint, so that it is
never used for anything else. It can be deleted at any time. A scheme whose folder cannot be written to, or
whose registers have anything wrong with them, is prepared anew each time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from adjudicator import engine
from adjudicator.encoding import Keys
from adjudicator.folders import alone, sync
from adjudicator.manifest import file_hashes, files_below
from adjudicator.problems import Place, Problem, Refused
from adjudicator.registers import Covers, Enrolment, People, Policies, encode_enrolment
from adjudicator.scheme import Scheme
from adjudicator.tables import ADJUDICATED_BY
from adjudicator.words import message
from ingest.tables import Counts, Reading, SetAside, read_tables

FOLDER: Final = ".prepared"
FOLDER_OF_BOOKS: Final = ".prepared-books"
KEPT: Final = 1
"""How many states of the registers are kept: they are large, and the present one is what is asked for."""

NEEDED: Final = tuple(name for name in ADJUDICATED_BY if name not in ("locations", "families"))
"""The registers without which claims would be rejected wrongly."""

_LIST: Final = "list.json"
_LOCK: Final = ".lock"
_NEW: Final = "new."
_KEYS: Final = ("insuree_keys", "policy_keys")
_ARRAYS: Final = ("policy_code", "policy_place")
_STRUCTURES: Final[Mapping[str, type[Any]]] = {"people": People, "policies": Policies, "covers": Covers}


@dataclass(frozen=True)
class Prepared:
    """The registers that decide about claims: as typed tables, and encoded."""

    reading: Reading
    enrolment: Enrolment
    hashes: Mapping[Path, str]
    """The SHA-256 of each register file."""


def prepare(scheme: Scheme) -> Prepared:
    """Read and encode a scheme's registers, or take them as they were kept.

    Raises:
        Refused: with everything that is wrong with the registers.
    """
    hashes = file_hashes(files_below(scheme.registers))
    codes = tuple(sorted({source.definition.product for source in scheme.products}))
    files = sorted((path.relative_to(scheme.registers).as_posix(), digest) for path, digest in hashes.items())
    folder = scheme.folder / FOLDER / _name(scheme.settings.decimals, codes, files)
    kept = _load(folder)
    if kept is not None:
        return Prepared(*kept, hashes)
    reading = read_tables(scheme.registers, ADJUDICATED_BY, scheme.settings.decimals)
    if missing := [name for name in NEEDED if name not in reading.tables]:
        raise Refused(_missing(scheme, name) for name in missing)
    enrolment = encode_enrolment(reading.tables, codes)
    if not len(reading.set_aside) and not reading.warnings:
        _keep(folder, reading, enrolment)
    return Prepared(reading, enrolment, hashes)


def _missing(scheme: Scheme, table: str) -> Problem:
    what, remedy = (message(key, table=table) for key in ("ingest.no_table", "ingest.no_table.remedy"))
    return Problem(what, Place(scheme.registers), remedy)


def prepare_state(
    folder: Path, state: str, decimals: int, codes: tuple[str, ...], read: Callable[[], dict[str, pa.Table]]
) -> tuple[dict[str, pa.Table], Enrolment]:
    """Encode a state of the registers in the books, or take it as it was kept.

    Args:
        folder: the scheme's.
        state: the hash of the state.
        decimals: of the currency.
        codes: of the products, sorted.
        read: gives the typed tables, where they are needed.
    """
    place = folder / FOLDER_OF_BOOKS / _name(decimals, codes, state)
    kept = _load(place)
    if kept is not None:
        return kept[0].tables, kept[1]
    tables = read()
    enrolment = encode_enrolment(tables, codes)
    counts = {name: Counts(table.num_rows, table.num_rows, 0) for name, table in tables.items()}
    _keep(place, Reading(tables, SetAside(), [], counts, []), enrolment)
    return tables, enrolment


def _name(decimals: int, codes: tuple[str, ...], state: object) -> str:
    about = [engine.fingerprint(), decimals, codes, state]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]


def _load(folder: Path) -> tuple[Reading, Enrolment] | None:
    """Take what was kept, mapped into memory; None where there is nothing, or not all of it."""
    try:
        listed = json.loads((folder / _LIST).read_text("utf-8"))
        if any(_state(folder / name) != state for name, state in listed["files"].items()):
            return None
        tables = {name: _mapped(folder / f"{name}.arrow") for name in listed["tables"]}
        keys: dict[str, Any] = {
            name: Keys(_mapped(folder / f"{name}.arrow")["key"].chunk(0)) for name in _KEYS
        }
        enrolment = Enrolment(
            **keys,
            **{name: _array(folder, name) for name in _ARRAYS},
            **{
                name: structure(*(_array(folder, f"{name}.{field}") for field in structure._fields))
                for name, structure in _STRUCTURES.items()
            },
            units=listed["units"],
        )
    except (OSError, EOFError, ValueError, TypeError, AttributeError, LookupError, pa.ArrowException):
        return None
    with suppress(OSError):  # of a folder that may only be read
        os.utime(folder)
    counts = {name: Counts(table.num_rows, table.num_rows, 0) for name, table in tables.items()}
    return Reading(tables, SetAside(), [], counts, []), enrolment


def _mapped(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _array(folder: Path, name: str) -> Any:
    # Mapped as a private copy: kernels are compiled for arrays that could be written to.
    return np.load(folder / f"{name}.npy", mmap_mode="c").view(np.ndarray)


def _keep(folder: Path, reading: Reading, enrolment: Enrolment) -> None:
    """Keep what was prepared, unless another process is at it."""
    with suppress(OSError):
        # A full disk, or another process that is at it: the registers are prepared anew next time.
        folder.parent.mkdir(exist_ok=True)
        with alone(folder.parent / _LOCK) as certain:
            if certain:
                # Whoever wrote these was killed.
                for left in folder.parent.glob(f"{_NEW}*"):
                    shutil.rmtree(left, ignore_errors=True)
            _write(folder, reading, enrolment)


def _write(folder: Path, reading: Reading, enrolment: Enrolment) -> None:
    temporary = folder.with_name(f"{_NEW}{token_hex(4)}")
    try:
        temporary.mkdir()
        for name, table in reading.tables.items():
            _write_table(temporary / f"{name}.arrow", table.combine_chunks())
        for name in _KEYS:
            _write_table(temporary / f"{name}.arrow", pa.table({"key": getattr(enrolment, name).values}))
        for name in _ARRAYS:
            np.save(temporary / f"{name}.npy", getattr(enrolment, name))
        for name in _STRUCTURES:
            for field, array in getattr(enrolment, name)._asdict().items():
                np.save(temporary / f"{name}.{field}.npy", array)
        for path in temporary.iterdir():
            sync(path)
        files = {path.name: _state(path) for path in sorted(temporary.iterdir())}
        about = {"tables": sorted(reading.tables), "units": enrolment.units, "files": files}
        (temporary / _LIST).write_text(json.dumps(about, indent=1), "utf-8")
        sync(temporary / _LIST)
        sync(temporary)
        # What stands there under this name could not be used.
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
        sync(folder.parent)
        _forget_old(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _state(path: Path) -> list[int]:
    """Give a file's size and the nanosecond of its last change.

    All files are on the disk before their folder gets its name, so that none is torn; whoever changes one
    afterwards leaves another time. A checksum would mean reading a gigabyte for six million people, each
    time that one claim is explained.
    """
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _write_table(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        # One batch, so that a column is read back as one array.
        writer.write_table(table, max_chunksize=max(1, table.num_rows))


def _forget_old(folder: Path) -> None:
    states = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(_NEW)]
    for path in sorted(states, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)
