"""Markdown for people, such as a comment at a pull request: verdicts, models and slices, with what is long folded."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from losscli.comparison import slice_text
from losscli.reports.blocks import Block, Line, blocks, has_parts
from losscli.reports.check_table import checks_and_rules
from losscli.reports.comparison_table import reasons
from losscli.reports.part_notes import part_notes
from losscli.reports.rows import aligned, intervals, limit_text, probability, significant
from losscli.reports.safe import markdown_cell
from losscli.results import Report
from losscli.verdicts import Check, Verdict

_MOST = 20
"""More rows than this are folded."""
_MOST_FOLDED = 200
"""More than this are left out with a word: a comment has a largest size."""
_NUMBERS = ("value", "difference", "percent", "p (Holm)", "limit", "margin", "baseline", "n")


def has_comment(report: Report) -> bool:
    """Whether there is more than a row for each loss."""
    return bool(report.checks) or has_parts(report)


def comment_lines(report: Report) -> list[str]:
    """The lines of the comment, without the warnings."""
    if report.checks:
        return _of_checks(report)
    notes = [*reasons(report), *part_notes(report)]
    return [*_of_results(report), "", *(f"- {markdown_cell(note)}" for note in notes)]


def markdown_lines(
    headings: Sequence[str], rows: Sequence[Sequence[str]], to_right: Collection[str] = _NUMBERS
) -> list[str]:
    """A table of cells that are escaped already."""
    rules = ["---:" if heading in to_right or heading.endswith("interval") else "---" for heading in headings]
    return ["| " + " | ".join(row) + " |" for row in [headings, rules, *rows]]


def _folded(title: str, lines: Sequence[str]) -> list[str]:
    """A table behind a title of ours; the blank lines make it Markdown again inside the HTML."""
    shown = lines[: _MOST_FOLDED + 2]
    more = len(lines) - len(shown)
    rest = ["", f"{more:,} rows more are in the other outputs, such as -o csv."] if more else []
    return ["", f"<details><summary>{title}</summary>", "", *shown, *rest, "", "</details>"]


def _of_checks(report: Report) -> list[str]:
    order = list(Verdict)
    checks = sorted(report.checks, key=lambda check: -order.index(check.verdict))
    shown = _shown_of_checks(checks)
    headings = [heading for heading, _ in shown]
    rows = [[cell(check) for _, cell in shown] for check in checks]
    lines = [verdict_line(report), "", *markdown_lines(headings, rows[:_MOST])]
    if len(rows) > _MOST:
        lines += _folded(f"{len(rows) - _MOST:,} checks more", markdown_lines(headings, rows[_MOST:]))
    return lines


def verdict_line(report: Report) -> str:
    """The verdict in one line, such as `**FAIL**: 1 of 5 rules failed`."""
    verdict = report.verdict or Verdict.of_all([check.verdict for check in report.checks])
    of = checks_and_rules(report.checks)
    words = {Verdict.FAIL: "failed", Verdict.INCONCLUSIVE: "inconclusive", Verdict.WARN: "with a warning"}
    counts = {kind: sum(check.verdict is kind for check in report.checks) for kind in words}
    told = [f"{counts[kind]:,} {word}" for kind, word in words.items() if counts[kind]]
    if not told:
        return f"**{verdict.value}**: {of} passed"
    number, word = told[0].split(" ", 1)
    return f"**{verdict.value}**: {', '.join([f'{number} of {of} {word}', *told[1:]])}"


def _shown_of_checks(checks: Sequence[Check]) -> list[tuple[str, Callable[[Check], str]]]:
    """The headings of the columns that say something, each with its cells."""
    shown: list[tuple[str, Callable[[Check], str]]] = [
        ("verdict", lambda c: f"**{c.verdict.value}**" if c.verdict is not Verdict.PASS else c.verdict.value),
        ("rule", lambda c: markdown_cell(c.rule)),
    ]
    if any(check.model is not None for check in checks):
        shown.append(("model", lambda c: markdown_cell(c.model or "")))
    if any(check.slice is not None for check in checks):
        shown.append(("slice", lambda c: _slice_cell(c.slice is None, slice_text(c.slice))))
    shown.append(("value", lambda c: significant(c.value)))
    level = next((check.ci.level for check in checks if check.ci), None)
    if level is not None:
        shown.append((f"{level * 100:g}% interval", lambda c: intervals([c.ci], 6)[0]))
    if any(check.baseline is not None for check in checks):
        shown.append(("baseline", lambda c: significant(c.baseline)))
        shown.append(("difference", lambda c: significant(c.difference, 4, "+")))
    shown += [
        ("limit", lambda c: limit_text(c.limit)),
        ("margin", lambda c: significant(c.margin, 4, "+")),
        ("n", lambda c: f"{c.count:,}"),
    ]
    if any(check.reason for check in checks):
        shown.append(("reason", lambda c: markdown_cell(c.reason or "")))
    return shown


def _slice_cell(whole: bool, text: str) -> str:
    return "(all)" if whole else markdown_cell(text)


def _of_results(report: Report) -> list[str]:
    """A table of all rows with every loss, and the slices folded below it."""
    found = blocks(report)
    parts = [(line.result.slice is None, cells) for block in found for line, cells in _cells_of(block)]
    whole = [cells for is_whole, cells in parts if is_whole]
    cut = [cells for is_whole, cells in parts if not is_whole]
    baseline = next((block.baseline for block in found if block.baseline is not None), None)
    lines = (
        [f"Differences from the baseline {markdown_cell(baseline)}; the best value is bold.", ""] if baseline else []
    )
    if whole:
        lines += _table(whole)
    if not cut:
        return lines
    slices = len({cells["slice"] for cells in cut})
    return lines + (_folded(f"{slices:,} slice{'' if slices == 1 else 's'}", _table(cut)) if whole else _table(cut))


def _table(rows: Sequence[Mapping[str, str]]) -> list[str]:
    headings = [heading for heading in rows[0] if any(row[heading] for row in rows)]
    return markdown_lines(headings, [[row[heading] for heading in headings] for row in rows])


def _cells_of(block: Block) -> Iterator[tuple[Line, dict[str, str]]]:
    """Each line of a loss with its cells by heading; headings without any cell are left out later."""
    results = [line.result for line in block.lines]
    compared = [line.comparison for line in block.lines]
    values = aligned([result.value for result in results], 6)
    differences = aligned([entry.difference if entry else None for entry in compared], 5, "+")
    own = intervals([result.ci for result in results], 6)
    bounds = intervals([entry.ci if entry else None for entry in compared], 5, "+")
    level = next((entry.ci.level for entry in [*results, *compared] if entry and entry.ci), 0.95)
    for place, line in enumerate(block.lines):
        result, entry = results[place], compared[place]
        value = values[place] if result.value is not None else result.status
        cells = {
            "loss": markdown_cell(block.name),
            "slice": markdown_cell(slice_text(result.slice)),
            "model": markdown_cell(result.model or ""),
            "value": f"**{value}**" if line.best else value,
        }
        if block.baseline is None:
            cells[f"{level * 100:g}% interval"] = own[place]
        else:
            cells["difference"] = differences[place] if entry else ""
            cells[f"{level * 100:g}% interval"] = bounds[place] if entry else ""
            cells["percent"] = f"{significant(entry.percent, 3, '+')}%" if entry and entry.percent is not None else ""
            cells["p (Holm)"] = probability(entry.p_adjusted) if entry else ""
            cells["verdict"] = entry.verdict if entry else "baseline"
        yield line, {**cells, "n": f"{result.count:,}", "units": result.units}
