"""The command line as a whole: which commands there are, and how errors become exit codes."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from losscli.cli.compare import compare
from losscli.cli.compute import compute
from losscli.cli.list import list_losses
from losscli.cli.typer_text import TextCommand
from losscli.errors import ExitCode, LosscliError, UsageError
from losscli.version import __version__

CONTEXT = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="losscli",
    context_settings=CONTEXT,
    rich_markup_mode=None,
    help="Evaluate prediction files: any loss, its exact value, its uncertainty.",
)
for name, function in (("compute", compute), ("compare", compare), ("list", list_losses)):
    app.command(name, cls=TextCommand, context_settings=CONTEXT)(function)


def _show_version(asked: bool) -> None:
    if asked:
        from losscli.cli.writing import write_stdout

        write_stdout(f"losscli {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Evaluate prediction files: any loss, its exact value, its uncertainty."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; errors are told on standard error."""
    debug = "--debug" in arguments
    try:
        return _run(arguments)
    except BrokenPipeError:
        _let_go_of_stdout()
        return ExitCode.OK
    except KeyboardInterrupt:
        return _report("interrupted", None, ExitCode.INTERRUPTED)
    except LosscliError as error:
        if debug:
            _print_traceback()
        return _report(error.message, error.hint, error.exit_code)
    except MemoryError:
        return _report("not enough memory", None, ExitCode.DATA)
    except Exception as error:
        if debug:
            _print_traceback()
        hint = "run again with --debug and send what it prints to the authors"
        return _report(f"a fault of losscli itself: {type(error).__name__}: {error}", hint, ExitCode.FAULT)


def _run(arguments: Sequence[str]) -> int:
    if not arguments:
        _run(["--help"])
        return ExitCode.USAGE
    command = typer.main.get_command(app)
    try:
        code: Any = command.main(list(arguments), prog_name="losscli", standalone_mode=False)
    except TyperException as error:
        message = error.format_message()
        raise UsageError(message.rstrip("."), hint=_help_of(error)) from error
    if code == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return int(code) if isinstance(code, int) else ExitCode.OK


def _help_of(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "losscli"
    return f"`{path} --help` shows what there is"


def _report(message: str, hint: str | None, code: ExitCode) -> int:
    from losscli.cli.writing import say

    say(f"losscli: {message}")
    if hint:
        say(f"  {hint}")
    return code


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def _let_go_of_stdout() -> None:
    # Python flushes standard output once more at the end, which would fail a second time
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
