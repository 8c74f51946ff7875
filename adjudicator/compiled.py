"""One way to compile a kernel, so that every kernel is typed, cached and free of the interpreter lock."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile ``function`` with numba on its first call and keep the machine code on disk.

    A kernel takes integers and arrays of integers, never an object. It releases the interpreter lock,
    so that threads over groups of families run side by side.
    """
    return cast(Function, numba.njit(cache=True, nogil=True)(function))
