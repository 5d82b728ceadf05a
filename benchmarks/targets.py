"""What losscli must reach beside other tools in one run, and what it reached, computed from the samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from contests import MSE_ALONE, NO_SLICES
from measure import Timing
from parts import BARE, COMPLETION, HELP, IMPORTS, SMALL, VERSION
from tools import DUCKDB, LOSSCLI, NUMPY, PANDAS, POLARS, SCIPY, SKLEARN, TORCH, TORCH_TILES, TORCH_WHOLE, Rival

Measure = Callable[[Timing], float]
Findings = Mapping[tuple[str, str], Sequence[Timing]]  # by part and name
STARTUP = ("startup", "startup")
MEMORY = ("memory", "memory")
MB = 1_000_000


class NotMeasuredError(Exception):
    """A part or a tool was not there."""


@dataclass(frozen=True)
class Found:
    """What was measured, and where: of several cases, the one that decides."""

    value: float
    where: str


@dataclass(frozen=True)
class Target:
    """At most this much. It is met where the number as it was measured, not as it is printed, is no larger."""

    what: str
    most: float
    measure: Callable[[Findings], Found]
    unit: str = ""

    def shown(self, value: float) -> str:
        """A number of this target."""
        return f"{value:.0f} MB" if self.unit == "MB" else f"{value:.3f}{self.unit and ' '}{self.unit}"

    def row(self, findings: Findings) -> list[str]:
        """What is wanted, in which case it is decided, whether it is met, how much it is, and how much at most."""
        try:
            found = self.measure(findings)
        except NotMeasuredError as absent:
            return [self.what, f"without {absent}", "not measured", "", self.shown(self.most)]
        met = "yes" if found.value <= self.most else "**no**"
        return [self.what, found.where, met, self.shown(found.value), self.shown(self.most)]


def wall(timing: Timing) -> float:
    """The median of its wall time."""
    return timing.wall


def peak(timing: Timing) -> float:
    """Its peak memory in MB."""
    return timing.peak / MB


def one(findings: Findings, key: tuple[str, str], tool: str) -> Timing:
    """The samples of one tool in one contest."""
    for timing in findings.get(key, ()):
        if timing.command.name == tool:
            return timing
    raise NotMeasuredError(tool if key in findings else f"the part {key[0]}")


def beside(
    findings: Findings, key: tuple[str, str], tools: Iterable[str], measure: Measure = wall, own: str = LOSSCLI
) -> Found:
    """losscli's share of the least of these; each of them must have been measured."""
    least = min((one(findings, key, tool) for tool in tools), key=measure)
    return Found(measure(one(findings, key, own)) / measure(least), f"{key[1]}, {least.command.name}")


def worst(cases: Iterable[Found]) -> Found:
    """The case that decides."""
    return max(cases, key=lambda found: found.value)


def geometric_mean(cases: Sequence[Found]) -> Found:
    """Of all of them; where it lies between."""
    values = [found.value for found in cases]
    return Found(exp(sum(map(log, values)) / len(values)), f"from {min(values):.3f} to {max(values):.3f}")


def names(*rivals: Rival) -> tuple[str, ...]:
    """By which their samples are found."""
    return tuple(rival.name for rival in rivals)


TABLES = names(DUCKDB, POLARS)
SCRIPTS = names(NUMPY, TORCH)
SIX = tuple(("parquet", name) for name in ("mse", "mae", "huber", "pinball", "log_cosh", "bce"))
SKLEARN_CASES = {("parquet", name): names(SKLEARN) for name in ("mse", "mae", "pinball", "log_cosh")}
NUMPY_CASE = {("parquet", "log_cosh"): names(PANDAS)}
TEXT = tuple(("csv", name) for name in ("mse", "pinball", "log_cosh"))
EIGHT = ("compare", "eight losses")
SLICES = ("slices", "mse by region")
BOOTSTRAP = ("bootstrap", "mse, 1,000 resamples")
BATCH = ("nt_xent", "nt_xent")
MODELS = tuple((name, name) for name in ("dice", "giou", "triplet"))
CLASSES = {"cross_entropy": "ten classes, a column each", "cross_entropy_list": "ten classes, one column of lists"}
FASTER = "of the faster of DuckDB and Polars"


def of(key: tuple[str, str], *tools: str, measure: Measure = wall, own: str = LOSSCLI) -> Callable[[Findings], Found]:
    """A share in one contest."""
    return lambda findings: beside(findings, key, tools, measure, own)


def worst_of(cases: Mapping[tuple[str, str], tuple[str, ...]], measure: Measure = wall) -> Callable[[Findings], Found]:
    """The largest share of several contests."""
    return lambda findings: worst([beside(findings, key, tools, measure) for key, tools in cases.items()])


def mean_of_six(findings: Findings) -> Found:
    """The geometric mean of the shares."""
    return geometric_mean([beside(findings, key, TABLES) for key in SIX])


def seconds_of_bootstrap(findings: Findings) -> Found:
    """As the clock says."""
    return Found(wall(one(findings, BOOTSTRAP, LOSSCLI)), BOOTSTRAP[1])


def lengths(findings: Findings) -> list[Timing]:
    """losscli on the files whose length grows."""
    found = [timing for timing in findings.get(MEMORY, ()) if timing.command.name.startswith(LOSSCLI)]
    if not found:
        raise NotMeasuredError("the part memory")
    return found


def span(timings: Sequence[Timing]) -> str:
    """From the shortest to the longest."""
    first, last = (timing.command.name.removeprefix(f"{LOSSCLI}, ") for timing in (timings[0], timings[-1]))
    return f"{first} to {last}"


def growth(findings: Findings) -> Found:
    """The largest peak over the least."""
    found = lengths(findings)
    peaks = [peak(timing) for timing in found]
    return Found(max(peaks) / min(peaks), span(found))


def above_imports(findings: Findings) -> Found:
    """How much more than a process that only imports."""
    found = lengths(findings)
    return Found(max(map(peak, found)) - peak(one(findings, MEMORY, IMPORTS)), span(found))


TARGETS = (
    Target(
        "`compute` of 1,000 rows as JSON, of `import numpy, pyarrow.parquet`", 1.35, of(STARTUP, IMPORTS, own=SMALL)
    ),
    Target("`--version`, of bare Python (70 ms where that is 10)", 7.0, of(STARTUP, BARE, own=VERSION)),
    Target("`--help`, of bare Python (180 ms where that is 10)", 18.0, of(STARTUP, BARE, own=HELP)),
    Target("completion of a loss, of bare Python (150 ms where that is 10)", 15.0, of(STARTUP, BARE, own=COMPLETION)),
    Target(f"mse, mae, huber, pinball, log_cosh, bce, {FASTER}: geometric mean", 0.9, mean_of_six),
    Target("the same, the worst of the six", 1.1, worst_of(dict.fromkeys(SIX, TABLES))),
    Target("`compare` of eight losses, of one: mse", 2.5, of(EIGHT, MSE_ALONE)),
    Target(f"`compare` of eight losses, {FASTER} in one query", 1.0, of(EIGHT, *TABLES)),
    Target("mse, mae, pinball, log_cosh: the worst, of pandas with scikit-learn", 1 / 6, worst_of(SKLEARN_CASES)),
    Target("log_cosh, of pandas with NumPy, as scikit-learn lacks it", 1 / 6, worst_of(NUMPY_CASE)),
    Target("the same four, peak memory: the worst", 0.1, worst_of(SKLEARN_CASES, peak)),
    Target(f"CSV, the worst of three losses, {FASTER}", 1.0, worst_of(dict.fromkeys(TEXT, TABLES))),
    Target(f"CSV gzipped, {FASTER}", 1.0, of(("csv_gz", "mse"), *TABLES)),
    Target("20 slices, of the same without", 1.5, of(SLICES, NO_SLICES)),
    Target("20 slices, of DuckDB's GROUP BY", 1.0, of(SLICES, DUCKDB.name)),
    *(
        target
        for part, what in CLASSES.items()
        for target in (
            Target(f"{what}, {FASTER}", 1.0, of((part, part), *TABLES)),
            Target(f"{what}, of PyTorch", 1 / 3, of((part, part), TORCH.name)),
        )
    ),
    Target("bootstrap of 1,000 resamples", 2.0, seconds_of_bootstrap, "s"),
    Target("bootstrap of 1,000 resamples, of SciPy", 1 / 20, of(BOOTSTRAP, SCIPY.name)),
    Target("NT-Xent of one batch, of the faster PyTorch script", 1.0, of(BATCH, TORCH_WHOLE.name, TORCH_TILES.name)),
    Target(
        "the same, peak memory, of the script with the whole matrix", 0.1, of(BATCH, TORCH_WHOLE.name, measure=peak)
    ),
    Target("masks, boxes, triples: the worst, of the faster script", 1.0, worst_of(dict.fromkeys(MODELS, SCRIPTS))),
    Target("the same, peak memory, of the leaner", 0.2, worst_of(dict.fromkeys(MODELS, SCRIPTS), peak)),
    Target("peak memory, of the file that needs least, as the file grows", 1.1, growth),
    Target("peak memory above `import numpy, pyarrow.parquet`", 160.0, above_imports, "MB"),
)
