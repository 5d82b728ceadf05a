"""Which columns of a table a terminal has room for, and how wide those that may wrap become."""

from collections.abc import Sequence

from losscli.records import dataclass

GAP = 2
"""Blanks between two columns."""
_COMFORTABLE = 40


@dataclass(frozen=True, slots=True)
class Column:
    """A column of texts that are printable.

    Attributes:
        heading: what stands above it.
        cells: its texts; one may have several lines.
        narrowest: how far it may be wrapped; None for numbers, which never are.
        comfortable: as far as it is wrapped before columns of little weight are left out; None for not at all.
        to_left: whether its texts begin at its left edge; numbers end at the right one.
        styles: the style of each cell; none for plain.
    """

    heading: str
    cells: Sequence[str]
    narrowest: int | None = None
    comfortable: int | None = None
    to_left: bool = False
    styles: Sequence[str] = ()


def names(heading: str, cells: Sequence[str], styles: Sequence[str] = ()) -> Column:
    """A column of names or words, which may be wrapped."""
    return Column(heading, cells, narrowest=6, comfortable=_COMFORTABLE, to_left=True, styles=styles)


def words(heading: str, cells: Sequence[str], styles: Sequence[str] = ()) -> Column:
    """A column of words that are wrapped between words only, and only where there is no other way."""
    longest = max(len(word) for cell in [heading, *cells] for word in cell.split(" "))
    return Column(heading, cells, narrowest=longest, to_left=True, styles=styles)


def numbers(heading: str, cells: Sequence[str], styles: Sequence[str] = ()) -> Column:
    """A column of numbers."""
    return Column(heading, cells, styles=styles)


def that_fit(
    labels: Sequence[Column], columns: Sequence[Column], light: Sequence[str], heavy: Sequence[str], width: int
) -> list[Column]:
    """The columns without those that there is no room for beside the labels, which stay whatever their names are.

    Args:
        light: headings that go before words are wrapped, the first one first.
        heavy: headings that go where wrapping is not enough.
    """
    kept = list(columns)
    for headings, need in ((light, comfortable_width), (heavy, least_width)):
        for heading in headings:
            if need([*labels, *kept]) <= width:
                break
            kept = [column for column in kept if column.heading != heading]
    return kept


def comfortable_width(columns: Sequence[Column]) -> int:
    """How wide the columns are with long names wrapped, and nothing else."""
    return _total(
        [_natural(c) if c.comfortable is None else min(_natural(c), max(c.comfortable, _least(c))) for c in columns]
    )


def least_width(columns: Sequence[Column]) -> int:
    """How wide the columns are with all that may be wrapped wrapped."""
    return _total([_least(column) for column in columns])


def _least(column: Column) -> int:
    return _natural(column) if column.narrowest is None else min(_natural(column), column.narrowest)


def _natural(column: Column) -> int:
    from rich.cells import cell_len

    return max(cell_len(line) for cell in [column.heading, *column.cells] for line in cell.split("\n"))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * max(len(widths) - 1, 0)


def widths(columns: Sequence[Column], width: int) -> list[int]:
    """The widths of the columns: the widest of those that may be wrapped gives way first."""
    found = [_natural(column) for column in columns]
    while (excess := _total(found) - width) > 0:
        loose = [place for place, column in enumerate(columns) if found[place] > _least(column)]
        if not loose:
            break
        widest = max(loose, key=found.__getitem__)
        others = max((found[place] for place in loose if place != widest), default=0)
        floor = max(_least(columns[widest]), min(others, found[widest] - 1))
        found[widest] = max(floor, found[widest] - excess)
    return found


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of this width: broken at blanks, and inside a word that is longer."""
    from rich.cells import cell_len, chop_cells

    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, empty = "", True
        for word in paragraph.split(" "):
            longer = word if empty else f"{line} {word}"
            if cell_len(longer) > width:
                lines += [] if empty else [line]
                *full, longer = chop_cells(word, width) or [""]
                lines += full
            line, empty = longer, False
        lines.append(line)
    return lines
