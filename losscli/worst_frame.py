"""The worst units as a data frame."""

from typing import TYPE_CHECKING

from losscli.reports.worst import cells_of, headings, number_of
from losscli.worst_units import Worst

if TYPE_CHECKING:
    import pandas as pd


def frame_of_worst(worst: Worst) -> "pd.DataFrame":
    """A row for each unit; a column of texts that the loss reads as numbers has numbers."""
    import pandas as pd

    names = headings(worst)
    numeric = {place for place, shown in enumerate(worst.shown, len(names) - len(worst.shown)) if shown.numeric}
    rows = [
        [number_of(cell) if place in numeric else cell for place, cell in enumerate(cells_of(worst, unit))]
        for unit in worst.worst
    ]
    return pd.DataFrame(rows, columns=names)
