"""How far a long scan is: a line on standard error, on a terminal, after the first second."""

import sys
import time


class Progress:
    """Call it with the number of rows so far; use it in a with statement so that its line goes away."""

    def __init__(self, quiet: bool) -> None:
        self._shown = False
        self._on = not quiet and sys.stderr.isatty()
        self._start = time.monotonic()
        self._next = self._start + 1.0

    def __enter__(self) -> "Progress":
        return self

    def __call__(self, rows: int) -> None:
        now = time.monotonic()
        if not self._on or now < self._next:
            return
        self._next = now + 0.1
        self._shown = True
        rate = rows / (now - self._start)
        sys.stderr.write(f"\r{rows:,} rows, {rate / 1e6:.1f} million a second\x1b[K")
        sys.stderr.flush()

    def __exit__(self, *_: object) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
