"""`losscli explain`: all there is to know of a loss, with its curve."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from losscli.cli.completion import complete_loss

Loss = Annotated[
    str,
    typer.Argument(
        metavar="LOSS",
        help="A loss by name or alias, its parameters behind it: NAME:param=value,...",
        autocompletion=complete_loss,
        show_default=False,
    ),
]


def command(
    loss: Loss,
    json: Annotated[bool, typer.Option("--json", help="As JSON, the curve in numbers.", show_default=False)] = False,
    plot: Annotated[
        str | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Draw the curve into a file too, .svg or .png; needs the extra losscli[plot].",
            show_default=False,
        ),
    ] = None,
    debug: Annotated[  # noqa: ARG001 - the command line as a whole looks for it
        bool, typer.Option("--debug", help="Show the traceback of an error.", show_default=False)
    ] = False,
) -> None:
    """Explain a loss: formula, columns, parameters, pitfalls, libraries, a worked example that runs, its curve.

    losscli explain huber:delta=3
    """
    from losscli.cli.writing import terminal_width, write_stdout
    from losscli.explanation import Explanation
    from losscli.specs import parse_spec

    kind = None if plot is None else _kind(plot)
    explained = Explanation.of(parse_spec(loss))
    if plot is not None and kind is not None:
        from losscli.reports.curve_plot import curve_plot

        _write(plot, curve_plot(explained, kind))
    if json:
        from losscli.reports.explanation_json import explanation_json

        write_stdout(explanation_json(explained))
        return
    from losscli.reports.curve_text import alphabet_for
    from losscli.reports.explanation import explanation_text

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    alphabet = alphabet_for(sys.stdout.encoding or "utf-8")
    write_stdout(explanation_text(explained, terminal_width(), alphabet, colour))


def _write(path: str, picture: bytes) -> None:
    from losscli.cli.whole_files import whole_files, written

    with whole_files([path]) as (name,), written(path):
        Path(name).write_bytes(picture)


def _kind(path: str) -> str:
    """The kind of picture that the name of a file asks for.

    Raises:
        UsageError: it ends in neither .svg nor .png.
    """
    from losscli.errors import UsageError

    for kind in ("svg", "png"):
        if path.lower().endswith(f".{kind}"):
            return kind
    raise UsageError(f"--plot writes .svg and .png files, not {path!r}", hint="--plot curve.svg")
