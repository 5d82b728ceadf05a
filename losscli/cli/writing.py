"""Where output goes: standard output has one writer, and files are written whole or not at all."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from losscli.cli.invocation import without_typed_secrets
from losscli.cli.whole_files import whole_files, written
from losscli.errors import DataError, NobodyReads, UsageError
from losscli.memory import look
from losscli.records import dataclass
from losscli.reports.safe import drawable, printable

if TYPE_CHECKING:
    from losscli.results import Report

KINDS = ("table", "plain", "json", "jsonl", "csv", "markdown", "junit", "github")


@dataclass(frozen=True, slots=True)
class Destination:
    """A kind of output and the file it goes to; None is standard output."""

    kind: str
    path: str | None


def destinations(outputs: Sequence[str], as_json: bool, kinds: Sequence[str], default: str) -> list[Destination]:
    """What -o and --json ask for.

    Raises:
        UsageError: an unknown kind, or two for standard output.
    """
    asked = [*outputs, *(["json"] if as_json else [])] or [default]
    found: list[Destination] = []
    for text in asked:
        kind, _, path = text.partition(":")
        if kind not in kinds:
            raise UsageError(f"there is no output {kind!r} here", hint=f"one of {', '.join(kinds)}")
        found.append(Destination(kind, path or None))
    on_stdout = [entry.kind for entry in found if entry.path is None]
    if len(set(on_stdout)) > 1:
        raise UsageError(
            f"two outputs for standard output: {' and '.join(on_stdout)}",
            hint=f"write one to a file: -o {on_stdout[-1]}:PATH",
        )
    for place in found:
        if place.path is not None and sum(_same(place.path, other.path) for other in found) > 1:
            raise UsageError(f"two outputs for {place.path}", hint="name a file for each")
    return found[:1] if on_stdout and len(found) == len(on_stdout) else found


def _same(path: str, other: str | None) -> bool:
    return other is not None and Path(path).resolve() == Path(other).resolve()


def check_places(places: Sequence[Destination], inputs: Sequence[str]) -> None:
    """Refuse to write over what is read.

    Raises:
        UsageError: an output is one of the inputs.
    """
    for place in places:
        if place.path is None or not Path(place.path).exists():
            continue
        for name in inputs:
            if name != "-" and Path(name).exists() and Path(name).samefile(place.path):
                raise UsageError(f"{place.path} is an input as well", hint="name another file for the output")


def default_kind() -> str:
    """A table on a terminal, plain elsewhere."""
    return "table" if sys.stdout.isatty() else "plain"


def write_report(report: "Report", places: Sequence[Destination], below: Callable[[int], str] | None = None) -> None:
    """Render a report for each destination and write it.

    Args:
        below: makes what stands below a table of a width.
    """
    texts: dict[str | None, str] = {}
    for place in places:
        text = _render(report, place)
        if below is not None and place.kind == "table":
            text += "\n" + below(terminal_width())
        texts[place.path] = text
    write_texts(texts)


def write_texts(texts: Mapping[str | None, str]) -> None:
    """Write a text to each path: all files or none, then standard output, whose path is None.

    Raises:
        NobodyReads: the other end of the pipe is closed; the files are there all the same.
        DataError: one of them cannot be written, or more memory was taken than the user allows.
    """
    look()
    paths = [path for path in texts if path is not None]
    with whole_files(paths) as names:
        for path, name in zip(paths, names, strict=True):
            with written(path):
                Path(name).write_bytes(texts[path].encode())
    if None in texts:
        write_stdout(texts[None])


def _render(report: "Report", place: Destination) -> str:
    if place.kind == "table":
        from losscli.reports.table import table_text

        on_terminal = place.path is None and sys.stdout.isatty()
        table = table_text(report, terminal_width(), colour=on_terminal and not os.environ.get("NO_COLOR"))
        return table if place.path is not None else drawable(table, sys.stdout.encoding or "utf-8")
    if place.kind == "junit":
        from losscli.reports.junit import junit_text

        return junit_text(report)
    if place.kind == "github":
        from losscli.reports.github import annotations

        return annotations(report)
    from losscli.reports import text

    renderers: dict[str, Callable[[Report], str]] = {
        "plain": text.plain_text,
        "json": text.json_text,
        "jsonl": text.json_lines_text,
        "csv": text.csv_text,
        "markdown": text.markdown_text,
    }
    return renderers[place.kind](report)


def terminal_width() -> int:
    """The columns of the terminal, 80 where there is none."""
    import shutil

    return max(40, shutil.get_terminal_size((80, 24)).columns)


def write_stdout(text: str) -> None:
    """Write to standard output, whatever its encoding can hold.

    Raises:
        NobodyReads: the other end of the pipe is closed.
        DataError: it cannot be written, for instance because the disk is full.
    """
    try:
        stream = sys.stdout.buffer
        stream.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
        stream.flush()
    except BrokenPipeError as error:
        raise NobodyReads from error
    except OSError as error:
        raise DataError(f"standard output cannot be written: {error.strerror}") from error


def say(text: str) -> None:
    """A line on standard error; a standard error that is closed is no reason to fail."""
    if "://" in text:
        text = without_typed_secrets(text)
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{printable(text)}\n")
        sys.stderr.flush()
