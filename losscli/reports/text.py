"""Plain (TSV), CSV, Markdown, JSON and JSON Lines."""

import csv
import io
import json

from losscli.reports.rows import table_of
from losscli.reports.safe import markdown_cell, printable, spreadsheet_cell
from losscli.results import Report


def plain_text(report: Report) -> str:
    """Tab-separated values with a line of headings, never cropped."""
    headings, rows = table_of(report)
    return "".join("\t".join(map(printable, row)) + "\n" for row in [headings, *rows])


def csv_text(report: Report) -> str:
    """Comma-separated values with a line of headings."""
    headings, rows = table_of(report)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(headings)
    for row in rows:
        writer.writerow([_csv_cell(heading, cell) for heading, cell in zip(headings, row, strict=True)])
    return stream.getvalue()


_OF_RESULTS = ("value", "stderr", "ci_low", "ci_high", "rows", "used", "count", "denominator", "risk")
_OF_DIFFERENCES = ("difference", "percent", "diff_low", "diff_high", "p_value", "p_adjusted", "detectable", "compared")
_NUMERIC = frozenset([*_OF_RESULTS, *_OF_DIFFERENCES, "limit", "margin", "tested"])


def _csv_cell(heading: str, cell: str) -> str:
    return cell if heading in _NUMERIC else spreadsheet_cell(cell)


def markdown_text(report: Report) -> str:
    """A Markdown table, or a comment where there are models, slices or rules; the warnings are below it."""
    from losscli.reports.comment import comment_lines, has_comment, markdown_lines

    if has_comment(report):
        lines = comment_lines(report)
    else:
        headings, rows = table_of(report)
        lines = markdown_lines(headings, [list(map(markdown_cell, row)) for row in rows], _NUMERIC)
    if report.warnings and not lines[-1].startswith("- "):
        lines.append("")
    lines += [f"- {markdown_cell(warning)}" for warning in report.warnings]
    return "\n".join(lines) + "\n"


def json_text(report: Report) -> str:
    """The whole report as one JSON object, strict: never NaN or Infinity."""
    return json.dumps(report.to_dict(), indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def json_lines_text(report: Report) -> str:
    """Each result as a JSON object on a line of its own; then each comparison and check, and a word what a line is."""
    lines = [result.to_dict() for result in report.results]
    if report.comparisons or report.checks:
        lines = [{"record": "result", **line} for line in lines]
        lines += [{"record": "comparison", **comparison.to_dict()} for comparison in report.comparisons]
        lines += [{"record": "check", **check.to_dict()} for check in report.checks]
    return "".join(json.dumps(line, ensure_ascii=True, allow_nan=False) + "\n" for line in lines)
