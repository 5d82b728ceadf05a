"""The command line as a whole: which commands there are, and how errors become exit codes."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any, TypeAlias

import typer
from typer.exceptions import TyperException

from losscli.cli.invocation import remember
from losscli.cli.typer_text import TextCommand, TextGroup
from losscli.errors import ExitCode, LosscliError, NobodyReads, UsageError
from losscli.version import __version__

_COMMANDS = {
    "compute": "losscli.cli.compute",
    "compare": "losscli.cli.compare",
    "check": "losscli.cli.check",
    "init": "losscli.cli.init",
    "list": "losscli.cli.list",
    "explain": "losscli.cli.explain",
    "inspect": "losscli.cli.inspect",
    "weights": "losscli.cli.weights",
    "worst": "losscli.cli.worst",
    "merge": "losscli.cli.merge",
    "verify": "losscli.cli.verify",
    "schema": "losscli.cli.schema",
}
_CONTEXT = {"help_option_names": ["-h", "--help"]}
_COMPLETING = "_LOSSCLI_COMPLETE"


Command: TypeAlias = Callable[..., Any]


def make_app(names: Iterable[str], set_up: Callable[[Command], Command] | None = None) -> typer.Typer:
    """The command line with these commands; each has a module of its own, with a function `command`.

    Args:
        set_up: what is made of each of these functions first.
    """
    app = typer.Typer(name="losscli", cls=TextGroup, context_settings=_CONTEXT, rich_markup_mode=None)
    app.callback()(_root)
    for name in names:
        function = import_module(_COMMANDS[name]).command
        app.command(name, cls=TextCommand, context_settings=_CONTEXT)(set_up(function) if set_up else function)
    return app


def _described(command: Command) -> Command:
    """A command without its options: enough for the list of all commands, and much quicker to set up."""

    def described() -> None:
        pass

    described.__doc__ = command.__doc__
    return described


def _show_version(asked: bool) -> None:
    if asked:
        from losscli.cli.writing import write_stdout

        write_stdout(f"losscli {__version__}\n")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Evaluate prediction files: any loss, its exact value, its uncertainty."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; errors are told on standard error."""
    remember(arguments)
    _end_tidily_when_told_to()
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except (NobodyReads, BrokenPipeError) as gone:
        _let_go_of_stdout()
        return gone.code if isinstance(gone, NobodyReads) else ExitCode.OK
    except KeyboardInterrupt:
        return _report("interrupted", None, ExitCode.INTERRUPTED)
    except Exception as error:
        if "--debug" in arguments:
            _print_traceback()
        return _report(*_told(error))


def _end_tidily_when_told_to() -> None:
    """Let SIGTERM and SIGHUP unwind as Ctrl-C does, so that no half-written file stays behind."""
    import signal
    import threading

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.default_int_handler)


def _told(error: Exception) -> tuple[str, str | None, ExitCode]:
    """What to say of an error, what to do next, and the exit code."""
    if isinstance(error, LosscliError):
        return error.message, error.hint, error.exit_code
    if isinstance(error, MemoryError):
        return "not enough memory", "name fewer columns, or split the input", ExitCode.DATA
    if isinstance(error, RecursionError):
        return "the input is nested too deeply", "give flat rows", ExitCode.DATA
    if isinstance(error, UnicodeDecodeError):
        return "a text in the input is not encoded as UTF-8", "convert the file to UTF-8", ExitCode.DATA
    if isinstance(error, OSError):
        _let_go_of_stdout()
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}", "check the file and the disk", ExitCode.DATA
    hint = "run again with --debug and send what it prints to the authors"
    return f"a fault of losscli itself: {type(error).__name__}: {error}", hint, ExitCode.FAULT


def _run(arguments: Sequence[str]) -> int:
    if not arguments:
        _run(["--help"])
        return ExitCode.USAGE
    # a line that names its command needs no other: each has some forty options to set up
    names = arguments[:1] if arguments[0] in _COMMANDS else () if arguments[0] == "--version" else _COMMANDS
    # a shell that completes a line gives it in the environment, and then every option counts
    overview = arguments[0] in _CONTEXT["help_option_names"] and _COMPLETING not in os.environ
    command = typer.main.get_command(make_app(names, _described if overview else None))
    try:
        code: Any = command.main(list(arguments), prog_name="losscli", standalone_mode=False)
    except TyperException as error:
        raise UsageError(error.format_message().rstrip("."), hint=_help_of(error)) from error
    except SystemExit as error:
        if error.code == 1:
            # Typer ends so where the reader of a pipe has gone
            raise NobodyReads from error
        raise
    if code == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return int(code) if isinstance(code, int) else ExitCode.OK


def _help_of(error: TyperException) -> str:
    if getattr(error, "option_name", None) == "--engine":
        return "compute, compare and check have engines; this command works here, on as many threads as --threads says"
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
