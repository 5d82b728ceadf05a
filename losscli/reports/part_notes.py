"""What was read and how it was added up, said once for many models and slices."""

from losscli.comparison import slice_text
from losscli.reports.rows import significant, skipped_text
from losscli.reports.safe import printable
from losscli.results import Report, Result

_MOST = 8


def part_notes(report: Report) -> list[str]:
    """Lines below the table: the columns that all have in common, those of each model, the reduction, rows left out."""
    if not report.results:
        return []
    first = report.results[0]
    how = first.reduction if first.transform is None else f"{first.reduction}, after {first.transform}"
    weighted = "; weighted" if "weight" in first.columns else ""
    return [*_columns(report), f"reduction: {how}{weighted}", *_left_out(report), *_penalised(report)]


def _penalised(report: Report) -> list[str]:
    told = [f"{_name(result)} {significant(result.risk)}" for result in report.results if result.penalties]
    return [printable(f"with penalties: {', '.join(_few(told))}")] if told else []


def _name(result: Result) -> str:
    return " ".join(filter(None, [result.loss, result.model, slice_text(result.slice)]))


def _columns(report: Report) -> list[str]:
    """The columns of each role; of a role that differs, those that are not simply named like the model."""
    by_role: dict[str, dict[str, list[Result]]] = {}
    for result in report.results:
        for role, names in result.columns.items():
            by_role.setdefault(role, {}).setdefault(",".join(names), []).append(result)
    same = {role: next(iter(found)) for role, found in by_role.items() if len(found) == 1}
    lines = ["columns: " + printable(" ".join(f"{role}={names}" for role, names in same.items()))] if same else []
    for role, found in by_role.items():
        if role in same:
            continue
        owners = {
            columns: list(dict.fromkeys(result.model or result.loss for result in results))
            for columns, results in found.items()
        }
        told = [f"{columns} for {', '.join(of)}" for columns, of in owners.items() if of != [columns]]
        if told:
            lines.append(printable(f"{role}: {'; '.join(_few(told))}"))
    return lines


def _left_out(report: Report) -> list[str]:
    """The rows left out, said for all rows and not again for each slice."""
    whole = [result for result in report.results if result.slice is None] or list(report.results)
    lines: dict[str, list[str]] = {}
    for result in whole:
        if skipped_text(result):
            line = f"left out of {result.rows:,} rows: {skipped_text(result)}"
            lines.setdefault(line, []).append(_name(result))
    if len(lines) == 1 and sum(map(len, lines.values())) == len(whole):
        return list(lines)
    return [printable(f"{', '.join(_few(list(dict.fromkeys(of))))}: {line}") for line, of in lines.items()]


def _few(words: list[str]) -> list[str]:
    return words if len(words) <= _MOST else [*words[:_MOST], f"and {len(words) - _MOST:,} more"]
