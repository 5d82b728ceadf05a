"""The curve of a loss as a picture, by matplotlib, which is an extra."""

import io
from typing import Any

from losscli.curves import Traced
from losscli.errors import DataError, UsageError
from losscli.explanation import Explanation
from losscli.reports.explanation import curve_words, shown

_POINTS = 401
# the same bytes each time: ids by content, no date, nothing of the version that drew it
_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "losscli",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
}
_METADATA: dict[str, dict[str, Any]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}


def curve_plot(explained: Explanation, kind: str) -> bytes:
    """The loss above its slope, as an SVG or PNG file.

    Raises:
        DataError: matplotlib is not installed.
        UsageError: the loss has no curve.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DataError("--plot needs matplotlib, which is not installed", "pip install 'losscli[plot]'") from error
    traced = explained.curve(_POINTS)
    if traced is None:
        raise UsageError(f"{explained.loss.name} has no argument to be drawn over", "leave --plot out")
    stream = io.BytesIO()
    # neither a style of the user's nor a display changes the picture
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(6.4, 6.4), layout="constrained")
        _draw(figure, explained, traced)
        figure.savefig(stream, format=kind, dpi=150, metadata=_METADATA[kind])
    return stream.getvalue()


def _draw(figure: Any, explained: Explanation, traced: Traced) -> None:
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for line, style in zip(traced.lines, ("-", "--", ":", "-.", (0, (1, 3)))[: len(traced.lines)], strict=True):
        above.plot(traced.places, line.losses, linestyle=style, label=line.label)
        below.plot(traced.places, line.slopes, linestyle=style)
    given = ", ".join(f"{name}={shown(value)}" for name, value in explained.spec.given.items())
    above.set_title(_as_it_is(f"{explained.loss.name} {given}".strip()))
    units = explained.loss.units(explained.values)
    above.set_ylabel("loss" if units.startswith("none") else f"loss ({units})")
    below.set_ylabel("slope")
    below.set_xlabel(_as_it_is(curve_words(explained, traced).removeprefix("over ")), wrap=True)
    below.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
    for axes in (above, below):
        axes.grid(alpha=0.25)
    if len(traced.lines) > 1:
        above.legend()


def _as_it_is(text: str) -> str:
    """Words in which no $ begins a formula."""
    return text.replace("$", r"\$")
