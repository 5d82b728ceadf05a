"""A verification as text: tab-separated, as a table, or as JSON."""

import io
import json

from losscli.reports.safe import inert_lines, printable
from losscli.verification import Finding, Verification
from losscli.version import __version__

KINDS = ("table", "plain", "json")
SCHEMA = "losscli.verification/1"
_HEADINGS = ("kind", "name", "verdict", "field", "saved", "now", "digit", "relative")


def verification_text(verification: Verification, kind: str, width: int) -> str:
    """The verification in one of KINDS."""
    if kind == "json":
        return _json_text(verification)
    rows = [_row(finding) for finding in verification.findings]
    if kind == "table":
        return _table_text(rows, width)
    return "".join("\t".join(row) + "\n" for row in [list(_HEADINGS), *rows])


def _row(finding: Finding) -> list[str]:
    cells = [finding.field, finding.saved, finding.now, finding.digit, finding.relative]
    verdict = "agrees" if finding.agrees else "differs"
    shown = ["" if cell is None or finding.agrees else printable(str(cell)) for cell in cells]
    return [finding.kind, printable(finding.name), verdict, *shown]


def _json_text(verification: Verification) -> str:
    report = {
        "schema": SCHEMA,
        "version": __version__,
        "result": {"path": verification.saved.path, "version": verification.saved.version},
        "verdict": "PASS" if verification.agrees else "FAIL",
        "findings": [finding.to_dict() for finding in verification.findings],
        "inputs": [file.to_dict() for file in verification.files],
        "warnings": list(verification.warnings()),
    }
    return json.dumps(report, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _table_text(rows: list[list[str]], width: int) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in _HEADINGS:
        shown.add_column(heading, overflow="fold")
    for row in rows:
        shown.add_row(*map(Text, row))
    stream = io.StringIO()
    console = Console(file=stream, width=width, no_color=True, highlight=False, legacy_windows=False)
    console.print(shown)
    return inert_lines("\n".join(line.rstrip() for line in stream.getvalue().splitlines())) + "\n"
