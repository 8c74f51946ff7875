"""What went into a run and what came out, with hashes: the record that lets anybody repeat it.

A manifest holds no clock, no thread count and no absolute path, so that the same run has the same
manifest. Paths are relative to the folder that the manifest lies in, so that all can be moved together.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from adjudicator.problems import Place, Problem, Refused, refused
from adjudicator.words import message

MANIFEST: Final = "manifest.json"

_BLOCK: Final = 1 << 20


def file_hash(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def file_hashes(paths: Iterable[Path]) -> dict[Path, str]:
    """Give the SHA-256 of some files."""
    listed = list(paths)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(listed, pool.map(file_hash, listed), strict=True))


def files_below(folder: Path) -> list[Path]:
    """List the files below a folder in the order of their paths, hidden ones left out; a file is itself."""
    if folder.is_file():
        return [folder]
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(
        path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def file_records(hashes: Mapping[Path, str], folder: Path) -> list[dict[str, Any]]:
    """Describe files by path (relative to ``folder``), size and hash, sorted by path."""
    records = [
        {"path": relative(path, folder), "bytes": path.stat().st_size, "sha256": digest}
        for path, digest in hashes.items()
    ]
    return sorted(records, key=lambda record: str(record["path"]))


def relative(path: Path, folder: Path) -> str:
    """Give a path relative to a folder, with forward slashes."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def content_hash(manifest: dict[str, Any]) -> str:
    """Hash a manifest's content: SHA-256 of its canonical JSON."""
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest into a folder."""
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, "utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a folder.

    Raises:
        OSError: there is none.
        ValueError: it is no JSON object.
    """
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    if not isinstance(manifest, dict):
        raise ValueError(f"{folder / MANIFEST} holds no JSON object")
    return manifest


def check_out(out: Path, replace: bool) -> None:
    """Make sure that what has a manifest may be written into a folder: nothing else is ever replaced.

    Args:
        out: the folder.
        replace: whether what was written there earlier may be replaced.

    Raises:
        Refused: it holds something else, or what may not be replaced.
    """
    if not out.exists():
        return
    if not out.is_dir() or (any(out.iterdir()) and not (out / MANIFEST).is_file()):
        raise Refused([Problem(message("run.out_is_something_else"), Place(out), message("run.out.remedy"))])
    if any(out.iterdir()) and not replace:
        raise refused("run.out_exists", Place(out))
