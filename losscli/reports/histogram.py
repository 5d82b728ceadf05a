"""A histogram of losses drawn in characters: a bar a line, with counts, percents, and where mean and quantiles lie."""

import itertools
import math
from collections.abc import Sequence

from losscli.histogram import Bar, Histogram
from losscli.reports.safe import printable

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEAST_BAR = 8
_BETWEEN = 15
"""Columns of the percent and of the blanks between the parts of a line."""
BARS, _FEWEST = 20, 6
"""How many bars there are at most, and for how many there is room however few the losses."""


def histogram_text(
    histogram: Histogram,
    *,
    title: str = "loss",
    mean: float | None = None,
    unit: str = "rows",
    width: int = 80,
    encoding: str = "utf-8",
) -> str:
    """The distribution as lines of at most `width` columns, 60 at least.

    Args:
        title: what the losses are, with their units.
        mean: the mean loss, which the counts do not tell; None for no mark of it.
        unit: what has a loss: rows, sets or batches.
        encoding: that of the output: where it cannot hold blocks, bars are made of #.
    """
    # about as many bars as the root of the count, which is what shows a shape without its noise
    bars = histogram.bars(min(BARS, max(_FEWEST, math.isqrt(histogram.count))))
    if not bars:
        return f"{printable(title)}: no {unit} to show the distribution of\n"
    labels, marks = _labels(bars), _marks(histogram, mean)
    beside = [" ".join(name for name, value in marks if _holds(bars, place, value)) for place in range(len(bars))]
    counts = [f"{bar.count:,}" for bar in bars]
    percents = [f"{100.0 * bar.count / histogram.count:.1f}%" for bar in bars]
    label_room = max(map(len, labels))
    count_room = max(len(unit), *map(len, counts))
    room = max(_LEAST_BAR, width - label_room - count_room - max(map(len, beside)) - _BETWEEN)
    most = max(bar.count for bar in bars)
    lines = [printable(title), f"{'':{label_room}}  {'':{room}}  {unit:>{count_room}}  percent"]
    for place, bar in enumerate(bars):
        drawn = _bar(bar.count / most, room, encoding)
        line = f"{labels[place]:>{label_room}} {_edge(encoding)}{drawn:{room}}  {counts[place]:>{count_room}}"
        lines.append(f"{line}  {percents[place]:>7}  {beside[place]}".rstrip())
    return "\n".join([*lines, *_words(histogram, bars, marks, width)]) + "\n"


def _labels(bars: Sequence[Bar]) -> list[str]:
    """From where to where each bar goes, with as many digits as place its edges."""
    edges = sorted({edge for bar in bars for edge in (bar.low, bar.high)})
    least = min((high / 2 - low / 2 for low, high in itertools.pairwise(edges)), default=0.0)

    def near(digits: int) -> bool:
        return all(abs(float(f"{edge:.{digits}g}") / 2 - edge / 2) <= least / 50 for edge in edges)

    digits = next((digits for digits in range(3, 17) if near(digits)), 17) if least else 6
    return [_label(bar, place == 0, place == len(bars) - 1, digits) for place, bar in enumerate(bars)]


def _label(bar: Bar, first: bool, last: bool, digits: int) -> str:
    low, high = f"{bar.low:.{digits}g}", f"{bar.high:.{digits}g}"
    if bar.tail and first and not last:
        return f"below {high}"
    if bar.tail and last and not first:
        return f"{low} and more"
    return low if bar.low == bar.high else f"{low} to {high}"


def _marks(histogram: Histogram, mean: float | None) -> list[tuple[str, float]]:
    """What is marked beside the bars."""
    found = [("mean", mean)] if mean is not None else []
    quantiles = [(name, histogram.quantile(q)) for name, q in (("median", 0.5), ("p95", 0.95), ("p99", 0.99))]
    return [*found, *((name, value) for name, value in quantiles if value is not None)]


def _holds(bars: Sequence[Bar], place: int, value: float) -> bool:
    """Whether a value is marked at a bar: the last that begins at or below it, for bars may have gaps between them."""
    follows = place + 1 < len(bars) and bars[place + 1].low <= value
    return not follows and (place == 0 or bars[place].low <= value)


def _bar(share: float, room: int, encoding: str) -> str:
    """A bar of so much of the room; what is there at all is seen."""
    eighths = round(share * room * 8) or (1 if share else 0)
    if not _has_blocks(encoding):
        return "#" * max(round(share * room), 1 if share else 0)
    whole, rest = divmod(eighths, 8)
    return _EIGHTHS[8] * whole + (_EIGHTHS[rest] if rest else "")


def _edge(encoding: str) -> str:
    return "│" if _has_blocks(encoding) else "|"


def _has_blocks(encoding: str) -> bool:
    try:
        f"{_EIGHTHS}│".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _words(histogram: Histogram, bars: Sequence[Bar], marks: Sequence[tuple[str, float]], width: int) -> list[str]:
    """The numbers of the marks, and what is beyond the bars."""
    shown = [*marks, ("least", histogram.low or 0.0), ("most", histogram.high or 0.0)]
    lines: list[str] = []
    for name, value in shown:
        text = f"{name} {value:.4g}"
        if lines and len(lines[-1]) + 2 + len(text) <= width:
            lines[-1] += f"  {text}"
        else:
            lines.append(text)
    if any(bar.tail for bar in bars):
        lines.append("a bar of a tail holds all that lies beyond it")
    if histogram.excluded:
        lines.append(f"not finite and left out: {histogram.excluded:,}")
    return lines
