"""`python -m losscli` and the `losscli` script."""

import os
import sys
from contextlib import suppress


def main() -> None:
    """Run the command line and end the process with its exit code."""
    import gc

    _forget_working_folder()
    # products of matrices are small tiles here, on which the library's own threads wait more than they work; it reads
    # this when NumPy is imported
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Arrow shares the C library's memory with NumPy instead of keeping its own: less of it, and no slower
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    # nothing that imports make is garbage, and looking for it takes a tenth of the start
    gc.disable()
    _open_missing_streams()
    try:
        from losscli.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    _end(code)


def _end(code: int) -> None:
    """End at once: taking NumPy and Arrow down in order takes longer than a small file, and nothing is left to do."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _forget_working_folder() -> None:
    """`python -m` puts the working folder first on the path: a numpy.py beside the data would be run."""
    if sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - before pathlib is imported
        del sys.path[0]


def _open_missing_streams() -> None:
    """A stream that the caller has closed is as good as the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open to the end


if __name__ == "__main__":
    main()
