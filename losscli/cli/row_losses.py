"""`--reduction none`: the loss of each row, streamed in input order as CSV or Parquet."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from losscli.cli.whole_files import whole_files, written
from losscli.cli.writing import Destination, say, write_stdout
from losscli.errors import NobodyReads
from losscli.reports.safe import spreadsheet_cell

if TYPE_CHECKING:
    from losscli.data.assembly import Assembly
    from losscli.evaluation import Opener, Sums
    from losscli.plan import Term
    from losscli.request import Request

ROW_KINDS = ("csv", "parquet")


class _Writer(Protocol):
    def write(self, rows: Any, losses: Any) -> None: ...


def write_row_losses(
    inputs: "Assembly", request: "Request", places: Sequence[Destination], quiet: bool, threads: int
) -> None:
    """Write `row` (from 1, over all inputs) and `loss` of every unit; for sets and batches the group's value.

    Raises:
        DataError: a row is refused, or none is left.
        UsageError: Parquet for standard output.
    """
    from losscli.evaluation import scan
    from losscli.execution import Threads
    from losscli.resolved_words import resolved

    openers, once = list(inputs.openers), inputs.read_once
    request = resolved(openers, request, Threads(threads), once)
    with closing(openers[0]()) as table:
        # the columns tell whether rows are units at all, before anything is opened for them
        term = request.plan(table).terms[0]
        if once:
            openers[0] = lambda: table
        if term.sets.kind == "row":
            _write_rows(openers, request, term, places, quiet)
        else:
            _write_sets(scan(openers, request, threads, once=once), places, quiet)
    say_what_was_met({}, 0, inputs.notes, quiet)


def _write_rows(
    openers: "Sequence[Opener]", request: "Request", term: "Term", places: Sequence[Destination], quiet: bool
) -> None:
    from losscli.evaluation import stream_units
    from losscli.notices import Notices
    from losscli.outcome import Outcome
    from losscli.remarks import of_term
    from losscli.summary import nothing_left
    from losscli.tally import Tally
    from losscli.unit_arrays import refuse_several

    count, seen = 0, 0
    tally, notices = Tally(), Notices()
    with ExitStack() as stack:
        writers = _open(places, stack)
        for units, first, span in stream_units(openers, request, tally, notices):
            refuse_several(units.losses)
            numbers = _row_numbers(units, first, span)
            _write(writers, numbers, units.losses)
            count += len(units.losses)
            seen = first + span
        if not count:
            raise nothing_left(seen, tally.skipped_in_order())
        # before the files take their places: labels that contradict what was said of them are an error here too
        warnings = [*of_term(term, Outcome([], rows=count), tally), *notices.lines()]
    say_what_was_met(tally.skipped_in_order(), tally.undefined, warnings, quiet)


def _write_sets(sums: "Sums", places: Sequence[Destination], quiet: bool) -> None:
    from losscli.errors import UsageError
    from losscli.remarks import of_term
    from losscli.summary import nothing_left
    from losscli.unit_arrays import refuse_several

    term, outcome, tally = sums.plan.terms[0], sums.outcomes()[0][0][1], sums.states[0].tallies[0]
    if outcome.labels is None or outcome.losses is None:
        raise UsageError(
            f"{term.spec.loss.name}: the whole input is one set", hint="--group COLUMN makes one of each image"
        )
    if not outcome.labels:
        raise nothing_left(sums.rows, tally.skipped_in_order())
    refuse_several(outcome.losses)
    warnings = [*of_term(term, outcome, tally), *sums.notices.lines()]
    labels = ["|".join(map(str, label)) if isinstance(label, tuple) else label for label in outcome.labels]
    with ExitStack() as stack:
        _write(_open(places, stack), labels, outcome.losses)
    say_what_was_met(tally.skipped_in_order(), tally.undefined, warnings, quiet)


def say_what_was_met(skipped: Mapping[str, int], undefined: int, warnings: Sequence[str], quiet: bool) -> None:
    """Say on standard error what a reader should know, and how many sets and rows were left out."""
    if quiet:
        return
    for warning in warnings:
        say(f"warning: {warning}")
    if undefined:
        say(f"warning: sets left out because they have no loss: {undefined}")
    if skipped:
        left_out = ", ".join(f"{cause} {count}" for cause, count in skipped.items())
        say(f"warning: rows left out: {left_out}")


def _row_numbers(units: Any, first: int, span: int) -> Any:
    from losscli.arrays import np

    rows = np.arange(span) if units.rows is None else units.rows
    return rows + (first + 1)


def _open(places: Sequence[Destination], stack: ExitStack) -> "list[_Writer]":
    from losscli.errors import UsageError

    if any(place.kind == "parquet" and place.path is None for place in places):
        raise UsageError("Parquet is not for standard output", hint="-o parquet:FILE")
    # the files are closed before any of them takes its place, because closing may fail as well
    names = iter(stack.enter_context(whole_files([place.path for place in places if place.path is not None])))
    return [
        _CsvOnStdout() if place.path is None else stack.enter_context(_File(place.path, place.kind, next(names)))
        for place in places
    ]


def _write(writers: list[_Writer], rows: Any, losses: Any) -> None:
    for writer in tuple(writers):
        try:
            writer.write(rows, losses)
        except NobodyReads:
            if len(writers) == 1:
                raise
            # the files are wanted all the same
            writers.remove(writer)


def _lines(rows: Any, losses: Any) -> Iterator[str]:
    values = rows if isinstance(rows, list) else rows.tolist()
    return (f"{_cell(row)},{loss!r}\n" for row, loss in zip(values, losses.tolist(), strict=True))


def _cell(value: object) -> str:
    """A row number, or the value of a group as a cell of CSV that no spreadsheet takes for a formula."""
    if not isinstance(value, str):
        return str(value)
    text = spreadsheet_cell(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


class _CsvOnStdout:
    def __init__(self) -> None:
        self._heading = "row,loss\n"

    def write(self, rows: Any, losses: Any) -> None:
        write_stdout(self._heading + "".join(_lines(rows, losses)))
        self._heading = ""


class _File:
    def __init__(self, path: str, kind: str, name: str) -> None:
        self._path = path
        with written(path):
            self._content = _CsvFile(name) if kind == "csv" else _parquet_file(name)

    def __enter__(self) -> "_File":
        return self

    def write(self, rows: Any, losses: Any) -> None:
        with written(self._path):
            self._content.write(rows, losses)

    def __exit__(self, *_: object) -> None:
        with written(self._path):
            self._content.close()


class _CsvFile:
    def __init__(self, name: str) -> None:
        self._stream = Path(name).open("w", encoding="utf-8")  # noqa: SIM115 - close closes it
        self._stream.write("row,loss\n")

    def write(self, rows: Any, losses: Any) -> None:
        self._stream.writelines(_lines(rows, losses))

    def close(self) -> None:
        self._stream.close()


def _parquet_file(name: str) -> Any:
    from losscli.data.row_file import RowFile

    return RowFile(name)
