"""What `inspect --json` prints: the facts, the roles, the pitfalls and the commands, keys in a fixed order."""

import json
import math
from typing import Any

from losscli.column_facts import ColumnFacts
from losscli.inspection import Inspection
from losscli.pitfalls import balances, in_order, is_index, pitfalls
from losscli.role_uses import uses
from losscli.suggestions import Suggestion, Suggestions
from losscli.version import __version__

_MOST_VALUES = 20
_EXAMPLES = 5


def inspection_json(found: Inspection, suggested: Suggestions) -> str:
    """One JSON object, strict: never NaN or Infinity."""
    document = {
        "schema": "losscli.inspect/1",
        "version": __version__,
        "command": "inspect",
        "files": [_file(entry) for entry in found.files],
        "rows": found.rows,
        "columns": _columns(found),
        "repeated": [{"name": name, "count": count} for name, count in found.repeated.items()],
        "groups": [
            {"columns": list(group.columns), "rows": group.rows, "rows_adding_up_to_1": group.ones}
            for group in found.groups
        ],
        "classes": [
            {
                "column": balance.column,
                "labels": [
                    {"label": label, "count": count, "share": count / balance.rows} for label, count in balance.labels
                ],
            }
            for balance in balances(found)
        ],
        "pitfalls": [{"kind": p.kind, "columns": list(p.columns), "text": p.says} for p in pitfalls(found)],
        "ready": [_suggestion(entry) for entry in suggested.ready],
        "needs": [_suggestion(entry) for entry in suggested.needs],
        "compare": [_suggestion(entry) for entry in suggested.compare],
    }
    return json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _file(entry: Any) -> dict[str, Any]:
    return {
        "name": entry.name,
        "format": entry.format,
        "delimiter": entry.delimiter,
        "rows": entry.rows,
        "row_groups": entry.row_groups,
        "bytes": entry.size,
    }


def _columns(found: Inspection) -> list[dict[str, Any]]:
    table = uses(found)
    return [
        {
            **_facts(facts),
            "roles": [{"role": use.role, "by_name": use.by_name, "losses": use.losses} for use in table[facts.name]],
        }
        for facts in found.columns.values()
    ]


def _facts(facts: ColumnFacts) -> dict[str, Any]:
    numbers = facts.low is not None
    level = facts.fault
    return {
        "name": facts.name,
        "kind": facts.kind.value,
        "missing": facts.missing,
        "first_missing": facts.first_missing or None,
        "min": _bound(facts.low) if numbers else facts.earliest,
        "max": _bound(facts.high) if numbers else facts.latest,
        "whole": facts.whole if numbers else None,
        "within_0_1": facts.within_one if numbers else None,
        "not_finite": facts.infinite,
        "lengths": None if facts.shortest is None else [facts.shortest, facts.longest],
        "different": facts.different,
        "values": _values(facts),
        "index": is_index(facts),
        "fault": None if level is None else {"row": level.row, "problem": level.problem, "hint": level.hint},
    }


def _bound(value: float | None) -> float | int | None:
    """A bound that is a whole number without a point."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == math.floor(value) and abs(value) < 2**53 else value


def _values(facts: ColumnFacts) -> list[dict[str, Any]]:
    """All values with their counts where they are few, otherwise some examples."""
    values = list(in_order(facts))
    shown = values if len(values) <= _MOST_VALUES else values[:_EXAMPLES]
    return [{"value": value, "count": count} for value, count in shown]


def _suggestion(entry: Suggestion) -> dict[str, Any]:
    return {
        "loss": entry.loss,
        "summary": entry.says,
        "command": entry.command,
        "arguments": list(entry.arguments),
        "unclear": list(entry.unclear),
        "note": entry.note,
    }
