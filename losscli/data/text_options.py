"""How to read the cells of a text file."""

from dataclasses import fields

from losscli.data.numbers import NULL_WORDS, plain_number
from losscli.records import dataclass


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How to read cells.

    Attributes:
        delimiter: None to find it in the header.
        decimal: the decimal mark.
        header: whether the first line has the names of the columns.
        skip_lines: how many lines to leave out before the header.
        nulls: the texts that mean missing.
        percent_cells: whether 50.5% is 0.505.
    """

    delimiter: str | None = None
    decimal: str = "."
    header: bool = True
    skip_lines: int = 0
    nulls: tuple[str, ...] = NULL_WORDS
    percent_cells: bool = False

    def summary(self) -> str:
        """The options that are not at their defaults, as one text."""
        changed = (entry.name for entry in fields(self) if getattr(self, entry.name) != entry.default)
        return ",".join(f"{name}={getattr(self, name)!r}" for name in changed)

    def number(self, cell: str) -> float | None:
        """A cell's number, None where it is missing.

        Raises:
            ValueError: it is neither.
        """
        text = cell.strip()
        if text in self.nulls:
            return None
        if self.decimal != ".":
            if "." in text:
                raise ValueError("not the decimal mark of this file")
            text = text.replace(self.decimal, ".")
        if self.percent_cells and text.endswith("%"):
            # shifted as text, so that 7.3% is the double nearest to 0.073
            text = f"{text[:-1].rstrip()}e-2"
        return plain_number(text)
