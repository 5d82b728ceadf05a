"""`python -m losscli` and the `losscli` script."""

import os
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    import gc

    # nothing that imports make is garbage, and looking for it takes a tenth of the start
    gc.disable()
    _open_missing_streams()
    from losscli.cli.app import run

    sys.exit(run(sys.argv[1:]))


def _open_missing_streams() -> None:
    """A stream that the caller has closed is as good as the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open to the end


if __name__ == "__main__":
    main()
