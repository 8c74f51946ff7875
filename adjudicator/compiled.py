"""One way to compile a kernel, so that every kernel is typed, cached and free of the interpreter lock."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import caching

from adjudicator.engine import fingerprint

Function = TypeVar("Function", bound=Callable[..., Any])

# numba looks at the file of a kernel only, not at what the kernel calls, so that a cached kernel could
# outlive the law that it was compiled from. Each state of the sources has a cache of its own.
_CACHE = Path(
    os.environ.get("NUMBA_CACHE_DIR")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "adjudicator")
)
setattr(numba.config, "CACHE_DIR", str(_CACHE / fingerprint()[:16]))  # noqa: B010 - numba adds its settings at run time


class SideBySide(caching.IndexDataCacheFile):
    """The machine code of a kernel as it is kept on disk, by processes side by side.

    numba numbers the kinds of arguments that a kernel was compiled for as they come. Two processes that
    compile it for two kinds at once give both the same number, and a third may find the code of one under
    the name of the other. Here the number follows from the kind, and the code is there before its entry.
    """

    def save(self, key: Any, data: Any) -> None:
        """Keep the machine code for a kind of arguments."""
        files: Any = self  # of numba, which is not typed
        kept = files._load_index()
        if key not in kept:
            taken = set(kept.values())
            first = int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:6], "big")
            kept[key] = next(name for name in map(files._data_name, count(first)) if name not in taken)
        files._save_data(kept[key], data)
        files._save_index(kept)


setattr(caching, "IndexDataCacheFile", SideBySide)  # noqa: B010 - numba has no setting for it


def compiled(function: Function) -> Function:
    """Compile ``function`` with numba on its first call and keep the machine code on disk.

    A kernel takes integers and arrays of integers, never an object. It releases the interpreter lock,
    so that threads over groups of families run side by side.
    """
    return cast(Function, numba.njit(cache=True, nogil=True)(function))


def kernel(function: Function) -> Function:
    """Compile a kernel that makes no arrays: all that it works on is handed to it.

    Its callers hold the arrays, so that it need not count references to them. Counting them costs more than
    the law does, and threads would wait for one another over each count.
    """
    return cast(Function, cast(Any, numba.njit)(cache=True, nogil=True, _nrt=False)(function))


def step(function: Function) -> Function:
    """Compile a step of a kernel, which is put in the place where the kernel calls it."""
    compile_inline = cast(Any, numba.njit)(cache=True, nogil=True, _nrt=False, forceinline=True)
    return cast(Function, compile_inline(function))


@step
def unsigned(number: int) -> int:
    """Take a number that is not negative as one that cannot be. *Compiled.*

    Kernels then do not look whether an index counts from an array's end, and divide in a third of the time.
    """
    return np.uint64(number)  # type: ignore[return-value]  # in a kernel, an integer


@step
def signed(number: int) -> int:
    """Take a number as one that can be negative: the two do not mix. *Compiled.*"""
    return np.int64(number)  # type: ignore[return-value]  # in a kernel, an integer
