"""One case: a command line over files of this corpus, and what must come of it."""

import fnmatch
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

FILES = Path(__file__).parent / "files"

Columns: TypeAlias = Mapping[str, tuple[str, ...]]
Writer: TypeAlias = Callable[[Path], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A command line and its outcome.

    Attributes:
        id: the test's name.
        why: what goes wrong in the wild, in one plain sentence.
        line: the command line after `losscli`, as a user types it; files are relative to `FILES`.
        code: the exit code.
        value: the value of the first result; worked out by hand or by the arithmetic that stands there.
        values: the values of all results in order, where there are several.
        columns: the columns of the first result, by role.
        rows: the data rows of the input.
        used: the rows in the value; None stands for all of them.
        skipped: the rows left out, by cause; None where the contract leaves the name of the cause open.
        stdin: the file that is piped in.
        rows_named: data rows, from 1, that the message on stderr names.
        stdout_has, stdout_lacks, stderr_has, stderr_lacks: pieces of text, in any case of letters.
        as_json: whether `--json` is added to the line.
    """

    id: str
    why: str
    line: str
    code: int = 0
    value: float | None = None
    values: tuple[float, ...] = ()
    columns: Columns | None = None
    rows: int | None = None
    used: int | None = None
    skipped: Mapping[str, int] | None = field(default_factory=dict)
    stdin: str | None = None
    rows_named: tuple[int, ...] = ()
    stdout_has: tuple[str, ...] = ()
    stdout_lacks: tuple[str, ...] = ()
    stderr_has: tuple[str, ...] = ()
    stderr_lacks: tuple[str, ...] = ()
    as_json: bool = True

    @property
    def args(self) -> tuple[str, ...]:
        """The arguments as a shell would hand them over."""
        return (*shlex.split(self.line), *(("--json",) if self.as_json else ()))

    @property
    def files(self) -> frozenset[str]:
        """The files that the case reads: by name, by `NAME=FILE`, by a glob, or piped in."""
        found = {self.stdin} if self.stdin else set()
        for word in (part for arg in self.args for part in (arg, arg.partition("=")[2]) if part):
            if (FILES / word).is_file():
                found.add(word)
            else:
                found.update(fnmatch.filter((path.name for path in FILES.iterdir()), word))
        return frozenset(found)


def roles(target: str, pred: str, **others: str) -> Columns:
    """The columns of a result whose roles have one column each."""
    return {role: (name,) for role, name in {"target": target, "pred": pred, **others}.items()}


def text(*lines: str, eol: str = "\n", last_eol: bool = True, encoding: str = "utf-8") -> bytes:
    """The bytes of a text file."""
    return (eol.join(lines) + (eol if last_eol else "")).encode(encoding)
