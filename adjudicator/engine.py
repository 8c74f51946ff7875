"""What engine this is: its version, and a fingerprint of the code that decides."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

_MARKS: Final = (b"adjudicator.compiled", b"NamedTuple", b"IntEnum")
"""What the source of compiled code holds: kernels, the arrays that they take, and the numbers they know."""


def version() -> str:
    """Give the version of the installed engine."""
    try:
        return metadata.version("adjudicator")
    except metadata.PackageNotFoundError:
        return "0+checkout"


@cache
def fingerprint() -> str:
    """Give a hash (hex) of all sources of compiled code: two engines with the same one decide the same."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted([*root.rglob("*.py"), *(root.parent / "ingest").glob("*.py")]):
        source = path.read_bytes()
        if any(mark in source for mark in _MARKS):
            digest.update(path.relative_to(root.parent).as_posix().encode() + b"\0" + source + b"\0")
    return digest.hexdigest()
