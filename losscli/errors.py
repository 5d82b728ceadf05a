"""The few kinds of error, each with its exit code and the next step for the user."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process ends with; part of the contract with scripts."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DATA = 3
    INCONCLUSIVE = 4
    FAULT = 70
    INTERRUPTED = 130


class LosscliError(Exception):
    """An error that a user can act on.

    Args:
        message: what is wrong, where, and what is allowed.
        hint: what to do next; None where the message already says it.
    """

    exit_code = ExitCode.FAULT

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type["LosscliError"], tuple[str, str | None]]:
        return type(self), (self.message, self.hint)


class UsageError(LosscliError):
    """A flag, a loss, a parameter, a column or a configuration that does not exist or does not fit."""

    exit_code = ExitCode.USAGE


class DataError(LosscliError, ValueError):
    """A file that cannot be read, a value outside a loss's domain, nothing left to evaluate."""

    exit_code = ExitCode.DATA


class NobodyReads(Exception):  # noqa: N818 - not an error: the run ends quietly
    """Standard output is a pipe whose reader has gone. Not an OSError, which Typer would turn into exit code 1.

    Args:
        code: what the process ends with all the same.
    """

    def __init__(self, code: ExitCode = ExitCode.OK) -> None:
        super().__init__(code)
        self.code = code
