"""What the system refuses, in words: why, and what a person can do about it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from adjudicator.problems import Place, Problem
from adjudicator.words import Message, message

_REASONS: Final = {
    errno.EACCES: "not_allowed",
    errno.EPERM: "not_allowed",
    errno.EROFS: "read_only",
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.ENOENT: "not_there",
    errno.ENOTDIR: "no_folder",
    errno.EEXIST: "no_folder",
    errno.EISDIR: "is_folder",
    errno.EBUSY: "busy",
    errno.EIO: "broken",
    errno.ENAMETOOLONG: "too_long",
    errno.EADDRINUSE: "port_taken",
    errno.EADDRNOTAVAIL: "no_address",
}
"""The words of the catalogue for numbers of the system."""


def reason(error: OSError) -> Message:
    """Say why the system refused, in the reader's language where the catalogue knows the reason."""
    known = _REASONS.get(error.errno or 0)
    if known is None:
        return message("system.other", said=error.strerror or str(error))
    return message(f"system.{known}")


def problem(error: OSError) -> Problem:
    """Give what the system refused as a problem with its place and a remedy."""
    known = _REASONS.get(error.errno or 0, "other")
    place = Place(Path(str(error.filename))) if error.filename else Place()
    return Problem(message("run.system", what=reason(error)), place, message(f"system.{known}.remedy"))
