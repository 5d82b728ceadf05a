"""A state as a file: what was asked, of which files, which shard, and what its rows add up to."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from losscli.contest_state import new_sums
from losscli.data.table import Column, Kind
from losscli.errors import DataError
from losscli.fold import FragmentSums
from losscli.notices import Notices
from losscli.plan import Plan
from losscli.records import dataclass
from losscli.results import Input, Penalty
from losscli.states.labels import LabelTable, label_of
from losscli.states.runs import end_of, ends_fields, ends_of
from losscli.states.scanning import Part, Scanned
from losscli.states.shards import MOST_SHARDS, Shard, Span
from losscli.states.sums import fill, sums_fields
from losscli.states.tallies import notices_fields, notices_of, tally_fields, tally_of
from losscli.strict import Fields, UnfitError, json_object, listed, mapped, text, whole
from losscli.version import __version__

SCHEMA = "losscli.state/1"
_NAMES = ("asked", "shard", "inputs", "pieces", "columns", "penalties", "labels", "parts", "notices", "notes")


@dataclass(frozen=True, slots=True)
class Document:
    """A state that was read; its sums are looked at when they are folded.

    Attributes:
        path: the file.
        asked: what the command said, as plain data.
        inputs: the files of the whole input; pieces: how many each of them has.
        columns: those of the first file.
        labels: the labels, which the sums name by number.
        parts: what the rows of each file add up to, as JSON.
        notes: what to say of files that were left out by the names of their folders.
    """

    path: str
    asked: Mapping[str, Any]
    shard: Shard
    inputs: Sequence[Input]
    pieces: Sequence[int]
    columns: Sequence[Column]
    penalties: tuple[Penalty, ...]
    labels: Sequence[Any]
    parts: Sequence[Any]
    notices: Notices
    notes: Sequence[str] = ()

    def spans(self) -> list[Span]:
        """The pieces of each part."""
        return list(self.shard.of_pieces(self.pieces))

    def part(self, place: int, plan: Plan) -> Part:
        """The sums of one part.

        Raises:
            UnfitError: they are not those of the plan.
        """
        at = f"parts[{place}]"
        fields = Fields(self.parts[place], at, ("start", "rows", "contests"))
        start, rows = fields.whole("start", 0, 1 << 40), fields.whole("rows", 0, 1 << 40)
        sums, tallies = [], []
        entries = fields.listed("contests", len(plan.contests))
        for number, (contest, entry) in enumerate(zip(plan.contests, entries, strict=True)):
            one = Fields(entry, f"{at}.contests[{number}]", ("tallies", "before", "sums", "after"))
            before, after = ends_of(start, rows)
            state = new_sums(contest)
            fill(state, *one.at("sums"), self.labels)
            ends = [end_of(*one.at("before"), self.labels, before), end_of(*one.at("after"), self.labels, after)]
            sums.append(FragmentSums(ends[0], state, ends[1], rows))
            tallies.append([tally_of(met, one.place) for met in one.listed("tallies", len(contest.terms))])
        return Part(self.spans()[place].file, start, rows, sums, tallies)


def document_text(
    asked: Mapping[str, Any],
    shard: Shard,
    inputs: Sequence[Input],
    penalties: Sequence[Penalty],
    scanned: Scanned,
    notes: Sequence[str] = (),
) -> str:
    """A state as the text of its file.

    Raises:
        DataError: a label that cannot be written.
    """
    labels = LabelTable()
    parts = [_part_fields(part, labels) for part in scanned.parts]
    body = {
        "asked": asked,
        "shard": [shard.number, shard.count],
        "inputs": [[entry.path, entry.bytes, entry.hash, entry.files] for entry in inputs],
        "pieces": scanned.pieces,
        "columns": [[entry.name, entry.kind.value, entry.sample, entry.width] for entry in scanned.columns],
        "penalties": [penalty.to_dict() for penalty in penalties],
        "labels": labels.entries,
        "parts": parts,
        "notices": notices_fields(scanned.notices),
        "notes": list(notes),
    }
    whole_body = _one_line(body)
    head = {"schema": SCHEMA, "version": __version__, "sha256": _digest(whole_body)}
    return f"{_one_line(head)[:-1]},\n{whole_body[1:]}\n"


def _one_line(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _part_fields(part: Part, labels: LabelTable) -> dict[str, Any]:
    contests = [
        {
            "tallies": [tally_fields(tally) for tally in tallies],
            **ends_fields(sums, labels),
            "sums": sums_fields(sums.moments, labels),
        }
        for sums, tallies in zip(part.sums, part.tallies, strict=True)
    ]
    return {"start": part.start, "rows": part.rows, "contests": contests}


@contextmanager
def state_at(path: str) -> Iterator[None]:
    """Says of which file it is that something in it does not fit."""
    try:
        yield
    except UnfitError as error:
        raise DataError(f"{path} is no state that can be joined: {error}", "write it again") from error


def read_document(path: str) -> Document:
    """Read a state and look at all but its sums.

    Raises:
        DataError: it cannot be read, is of another version, or is damaged.
    """
    with state_at(path):
        values = _json_of(path)
        fields = Fields(values, "", ("schema", "version", "sha256", *_NAMES))
        shard = fields.listed("shard", 2)
        count = whole(shard[1], "shard", 1, MOST_SHARDS)
        inputs = [_input_of(entry) for entry in fields.listed("inputs")]
        document = Document(
            path,
            mapped(*fields.at("asked")),
            Shard(whole(shard[0], "shard", 1, count), count),
            inputs,
            [
                whole(number, "pieces", 0, 1 << 40)
                for number in fields.listed("pieces", sum(entry.files or 1 for entry in inputs))
            ],
            [_column_of(entry) for entry in fields.listed("columns")],
            tuple(_penalty_of(entry) for entry in fields.listed("penalties")),
            [label_of(label, f"labels[{number}]") for number, label in enumerate(fields.listed("labels"))],
            fields.listed("parts"),
            notices_of(*fields.at("notices")),
            [text(note, "notes") for note in fields.listed("notes")],
        )
        if len(document.parts) != len(document.spans()):
            raise UnfitError("parts", f"must have {len(document.spans())} entries, not {len(document.parts)}")
        return document


def _json_of(path: str) -> Any:
    values = json_object(path)
    for name, own in (("schema", SCHEMA), ("version", __version__)):
        if values.get(name) != own:
            raise UnfitError(name, f"is {str(values.get(name))[:40]!r} where this is {own!r}")
    body = {name: value for name, value in values.items() if name not in ("schema", "version", "sha256")}
    if _digest(_one_line(body)) != values.get("sha256"):
        raise UnfitError("sha256", "its content is not what was written")
    return values


def _input_of(value: Any) -> Input:
    path, size, digest, files = listed(value, "inputs", 4)
    of_many = None if files is None else whole(files, "inputs", 1)
    return Input(text(path, "inputs"), whole(size, "inputs"), text(digest, "inputs"), of_many)


def _column_of(value: Any) -> Column:
    name, kind, sample, width = listed(value, "columns", 4)
    if kind not in [entry.value for entry in Kind]:
        raise UnfitError("columns", f"has the unknown kind {str(kind)[:40]!r}")
    shown = None if sample is None else text(sample, "columns")
    return Column(text(name, "columns"), Kind(kind), shown, whole(width, "columns", 1))


def _penalty_of(value: Any) -> Penalty:
    names = ("name", "strength", "total", "value", "parameters", "columns", "path")
    fields = Fields(value, "penalties", names)
    strength, total, value = (fields.at(name)[0] for name in ("strength", "total", "value"))
    if not all(isinstance(number, float) for number in (strength, total, value)):
        raise UnfitError("penalties", "must be numbers")
    columns = tuple(text(name, "penalties") for name in fields.listed("columns"))
    return Penalty(
        fields.text("name"), strength, total, value, fields.whole("parameters"), columns, fields.text("path")
    )
