"""How to read the cells of a text file."""

from dataclasses import dataclass

from losscli.data.numbers import NULL_WORDS


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How to read cells.

    Attributes:
        delimiter: None to find it in the header.
        decimal: the decimal mark.
        header: whether the first line has the names of the columns.
        skip_lines: how many lines to leave out before the header.
        nulls: the texts that mean missing.
        percent_cells: whether to read 50.5% as 50.5.
    """

    delimiter: str | None = None
    decimal: str = "."
    header: bool = True
    skip_lines: int = 0
    nulls: tuple[str, ...] = NULL_WORDS
    percent_cells: bool = False
