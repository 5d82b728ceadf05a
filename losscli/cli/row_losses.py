"""`--reduction none`: the loss of each row, streamed in input order as CSV or Parquet."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

from losscli.cli.writing import Destination, say, whole_file, write_stdout

if TYPE_CHECKING:
    from losscli.data.sources import Source
    from losscli.request import Request

ROW_KINDS = ("csv", "parquet")


class _Writer(Protocol):
    def write(self, rows: Any, losses: Any) -> None: ...


def write_row_losses(
    sources: "Sequence[Source]", request: "Request", places: Sequence[Destination], quiet: bool
) -> None:
    """Write `row` (from 1, over all inputs) and `loss` of every unit.

    Raises:
        DataError: a row is refused, or none is left.
        UsageError: Parquet for standard output.
    """
    from losscli.evaluation import stream_units
    from losscli.notices import Notices
    from losscli.summary import nothing_left
    from losscli.tally import Tally

    written, seen = 0, 0
    tally, notices = Tally(), Notices()
    with ExitStack() as stack:
        writers = [_open(place, stack) for place in places]
        for units, first, span in stream_units([source.open for source in sources], request, tally, notices):
            numbers = _row_numbers(units, first, span)
            for writer in writers:
                writer.write(numbers, units.losses)
            written += len(units.losses)
            seen = first + span
        if not written:
            raise nothing_left(seen, tally.skipped_in_order())
    if quiet:
        return
    for warning in notices.lines():
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
    return (f"{row},{loss!r}\n" for row, loss in zip(rows.tolist(), losses.tolist(), strict=True))


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
