"""`--reduction none`: the loss of each row, streamed in input order as CSV or Parquet."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

from losscli.cli.writing import Destination, say, whole_file, write_stdout
from losscli.reports.safe import spreadsheet_cell

if TYPE_CHECKING:
    from losscli.data.sources import Source
    from losscli.request import Request

ROW_KINDS = ("csv", "parquet")


class _Writer(Protocol):
    def write(self, rows: Any, losses: Any) -> None: ...


def write_row_losses(
    sources: "Sequence[Source]", request: "Request", places: Sequence[Destination], quiet: bool, threads: int
) -> None:
    """Write `row` (from 1, over all inputs) and `loss` of every unit; for sets and batches the group's value.

    Raises:
        DataError: a row is refused, or none is left.
        UsageError: Parquet for standard output.
    """
    from losscli.evaluation import SetsNotRowsError

    try:
        _write_rows(sources, request, places, quiet)
    except SetsNotRowsError:
        _write_sets(sources, request, places, quiet, threads)


def _write_rows(sources: "Sequence[Source]", request: "Request", places: Sequence[Destination], quiet: bool) -> None:
    from losscli.evaluation import stream_units
    from losscli.notices import Notices
    from losscli.summary import nothing_left
    from losscli.tally import Tally

    written, seen = 0, 0
    tally, notices = Tally(), Notices()
    once = any(source.read_once for source in sources)
    with ExitStack() as stack:
        writers: list[_Writer] = []
        openers = [source.open for source in sources]
        for units, first, span in stream_units(openers, request, tally, notices, once):
            writers = writers or [_open(place, stack) for place in places]
            _refuse_several(units.losses)
            numbers = _row_numbers(units, first, span)
            for writer in writers:
                writer.write(numbers, units.losses)
            written += len(units.losses)
            seen = first + span
        if not written:
            raise nothing_left(seen, tally.skipped_in_order())
    _say_what_was_met(tally, notices.lines(), quiet)


def _write_sets(
    sources: "Sequence[Source]", request: "Request", places: Sequence[Destination], quiet: bool, threads: int
) -> None:
    from losscli.errors import UsageError
    from losscli.evaluation import scan
    from losscli.summary import nothing_left

    once = any(source.read_once for source in sources)
    sums = scan([source.open for source in sources], request, threads, once=once)
    outcome, tally = sums.outcomes()[0], sums.tallies[0]
    name = sums.plan.terms[0].spec.loss.name
    if outcome.labels is None or outcome.losses is None:
        raise UsageError(f"{name}: the whole input is one set", hint="--group COLUMN makes one of each image")
    if not outcome.labels:
        raise nothing_left(sums.rows, tally.skipped_in_order())
    _refuse_several(outcome.losses)
    labels = ["|".join(map(str, label)) if isinstance(label, tuple) else label for label in outcome.labels]
    with ExitStack() as stack:
        for place in places:
            _open(place, stack).write(labels, outcome.losses)
    _say_what_was_met(tally, sums.notices.lines(), quiet)


def _refuse_several(losses: Any) -> None:
    from losscli.errors import UsageError

    if losses.ndim > 1:
        raise UsageError("a set has a loss for each class here", hint="--average macro or micro gives one a set")


def _say_what_was_met(tally: Any, notices: Sequence[str], quiet: bool) -> None:
    if quiet:
        return
    for warning in notices:
        say(f"warning: {warning}")
    if tally.clipped:
        say(f"warning: in {tally.clipped} rows eps took the place of a value")
    if tally.skipped:
        left_out = ", ".join(f"{cause} {count}" for cause, count in tally.skipped_in_order().items())
        say(f"warning: rows left out: {left_out}")


def _row_numbers(units: Any, first: int, span: int) -> Any:
    from losscli.arrays import np

    rows = np.arange(span) if units.rows is None else units.rows
    return rows + (first + 1)


def _open(place: Destination, stack: ExitStack) -> _Writer:
    from losscli.errors import UsageError

    if place.kind == "parquet" and place.path is None:
        raise UsageError("Parquet is not for standard output", hint="-o parquet:FILE")
    if place.path is None:
        return _CsvOnStdout()
    name = stack.enter_context(whole_file(place.path))
    if place.kind == "csv":
        return _CsvFile(stack.enter_context(open(name, "w", encoding="utf-8")))  # noqa: PTH123 - the stack closes it
    return _parquet_writer(name, stack)


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


class _CsvFile:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        stream.write("row,loss\n")

    def write(self, rows: Any, losses: Any) -> None:
        self._stream.writelines(_lines(rows, losses))


def _parquet_writer(name: str, stack: ExitStack) -> _Writer:
    from losscli.data.row_file import RowFile

    return stack.enter_context(RowFile(name))
