"""Plain (TSV), CSV, Markdown, JSON and JSON Lines."""

import csv
import io
import json

from losscli.reports.rows import HEADINGS, table_rows
from losscli.reports.safe import markdown_cell, printable, spreadsheet_cell
from losscli.results import Report


def plain_text(report: Report) -> str:
    """Tab-separated values with a line of headings, never cropped."""
    lines = ["\t".join(HEADINGS)]
    lines += ["\t".join(printable(cell) for cell in row) for row in table_rows(report)]
    return "\n".join(lines) + "\n"


def csv_text(report: Report) -> str:
    """Comma-separated values with a line of headings."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADINGS)
    for row in table_rows(report):
        writer.writerow([_csv_cell(heading, cell) for heading, cell in zip(HEADINGS, row, strict=True)])
    return stream.getvalue()


_NUMERIC = frozenset(["value", "stderr", "ci_low", "ci_high", "rows", "used", "count", "denominator", "risk"])


def _csv_cell(heading: str, cell: str) -> str:
    return cell if heading in _NUMERIC else spreadsheet_cell(cell)


def markdown_text(report: Report) -> str:
    """A Markdown table, numbers to the right, and the warnings below it."""
    rules = ["---:" if heading in _NUMERIC else "---" for heading in HEADINGS]
    lines = ["| " + " | ".join(HEADINGS) + " |", "| " + " | ".join(rules) + " |"]
    lines += ["| " + " | ".join(markdown_cell(cell) for cell in row) + " |" for row in table_rows(report)]
    if report.warnings:
        lines.append("")
    lines += [f"- {markdown_cell(warning)}" for warning in report.warnings]
    return "\n".join(lines) + "\n"


def json_text(report: Report) -> str:
    """The whole report as one JSON object, strict: never NaN or Infinity."""
    return json.dumps(report.to_dict(), indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def json_lines_text(report: Report) -> str:
    """Each result as a JSON object on a line of its own."""
    return "".join(json.dumps(result.to_dict(), ensure_ascii=True, allow_nan=False) + "\n" for result in report.results)
