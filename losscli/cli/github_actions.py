"""What a run tells GitHub Actions beside its output."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from losscli.cli.writing import say

if TYPE_CHECKING:
    from losscli.results import Report


def tell_github(report: "Report", environ: Mapping[str, str]) -> str:
    """Append to the summary of the step, and return the annotations; nothing where this is not GitHub Actions.

    The annotations belong on standard error, from which GitHub reads commands as it does from standard output: that one
    stays as it was asked for, so `--json > file` is JSON. A summary that cannot be written is a warning and no more.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return ""
    from losscli.reports.github import annotations

    if path := environ.get("GITHUB_STEP_SUMMARY"):
        try:
            _append(report, Path(path))
        except (OSError, ValueError) as error:
            say(f"warning: the summary of the step cannot be written to {path}: {error}")
    return annotations(report)


def _append(report: "Report", path: Path) -> None:
    from losscli.reports.github import SUMMARY_BYTES, step_summary

    with path.open("ab") as file:
        # a blank line keeps what stands there already from running on into this
        before = b"\n\n" if file.tell() else b""
        text = step_summary(report, SUMMARY_BYTES - file.tell() - len(before))
        if not text:
            raise ValueError("it has no room left, 1 MiB is the most of a step")
        file.write(before + text.encode())
