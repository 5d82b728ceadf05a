"""How the process keeps memory that it will need again."""

import contextlib

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt in glibc's malloc.h."""
_KEPT = 64 << 20


def keep_freed_memory() -> None:
    """Let the C library keep the arrays of one block for the next, instead of giving them back to the system.

    Getting them again as fresh pages took a third of the time where rows are long vectors. Where there is no mallopt,
    nothing happens. ctypes is imported by NumPy in any case.
    """
    import ctypes

    with contextlib.suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, _KEPT // 2)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT)
