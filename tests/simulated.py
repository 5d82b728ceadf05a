"""Simulated samples whose true loss is known, and the share of intervals that hold it.

What is simulated are units; they go through the states and estimates that a command uses, without files. Run as
`python -m tests.simulated` it prints the tables that docs/numbers.md shows.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from losscli.arrays import Array
from losscli.batches import Batches
from losscli.catalogue import find
from losscli.contest_state import new_state
from losscli.contrasts import comparison_of, interval_of, judged
from losscli.data.arrow import MemoryTable
from losscli.data.group_keys import Keys
from losscli.estimates import Estimates, estimates_of
from losscli.fold import add_units
from losscli.outcome import of_batches
from losscli.plan import Contest
from losscli.results import Reduction
from losscli.unit_arrays import Units
from tests.engine import request_of
from tests.hand_made import RESULT

ROWS = 200
Draw = Callable[[np.random.Generator], Units]
MEAN = ("mse", {"target": "y", "pred": "p"})
WHOLE = ("dice", {"target": "m", "probs": "q"})


def contest_of(loss: str, roles: Mapping[str, Any], **asked: Any) -> Contest:
    """A loss bound to columns, as a command binds it."""
    columns: dict[str, Any] = {
        "y": [0.0],
        "p": [0.0],
        "p2": [0.0],
        "m": [0.0],
        "q": [0.0],
        "u": [0],
        "g": [0],
        "w": [1.0],
    }
    return request_of([loss], roles, **asked).plan(MemoryTable("t", pa.table(columns))).contests[0]


def estimates(contest: Contest, units: Units) -> Estimates:
    """What the units come to."""
    state = new_state(contest, gather=False)
    add_units(state.sums, units)
    ((_, outcome),) = state.outcomes()
    return estimates_of(contest, outcome, Reduction.MEAN, 1)


@dataclass(frozen=True)
class Case:
    """A kind of sample.

    Attributes:
        truth: the loss of the whole population.
        draw: a sample of it.
        loss: the loss and its roles; asked: the options beside it.
    """

    name: str
    truth: float
    draw: Draw
    loss: tuple[str, dict[str, Any]] = MEAN
    asked: Mapping[str, Any] | None = None

    def sides(self, repeats: int, **more: Any) -> Array:
        """How often of so many samples the interval lies above the truth, and how often below."""
        rng = np.random.default_rng(1)
        found = np.zeros(2)
        contest = contest_of(*self.loss, **{**(self.asked or {}), **more})
        for seed in range(repeats):
            if "bootstrap" in more:
                contest = contest_of(*self.loss, **{**(self.asked or {}), **more, "seed": seed})
            estimate = estimates(contest, self.draw(rng)).values[0][0]
            interval = interval_of(estimate, estimate.stderr, 0.95)
            assert interval is not None
            found += interval.low > self.truth, interval.high < self.truth
        return found / repeats

    def coverage(self, repeats: int, **more: Any) -> float:
        """The share of intervals that hold the truth."""
        return 1.0 - float(self.sides(repeats, **more).sum())


def _rows(losses: Array, weights: Array | None = None, **more: Any) -> Units:
    return Units(losses, weights, None, numbers=np.arange(len(losses)), **more)


def _clustered(rng: np.random.Generator) -> Units:
    """40 clusters of 5, half of the variance between them."""
    clusters = np.repeat(np.arange(40), 5)
    losses = 1.0 + np.sqrt(0.5) * (rng.normal(size=40)[clusters] + rng.normal(size=ROWS))
    return _rows(losses, clusters=Keys(clusters, list(range(40))))


def _uneven(rng: np.random.Generator) -> Units:
    """40 clusters of 1 to 9 rows whose losses are squares, half of the variance of the errors between them."""
    sizes = rng.permutation(np.tile(np.arange(1, 10), 5)[:40])
    clusters = np.repeat(np.arange(40), sizes)
    errors = np.sqrt(0.5) * (rng.normal(size=40)[clusters] + rng.normal(size=clusters.size))
    return _rows(errors**2, clusters=Keys(clusters, list(range(40))))


def _series(lean: float) -> Draw:
    """An autoregressive series of first order: what is left of a value in the next is `lean`."""

    def draw(rng: np.random.Generator) -> Units:
        shocks = rng.normal(size=ROWS + 50) * np.sqrt(1.0 - lean**2)
        values = [0.0]
        for shock in shocks.tolist():
            values.append(lean * values[-1] + shock)
        return _rows(1.0 + np.array(values[-ROWS:]))

    return draw


def _weighted_normal(rng: np.random.Generator) -> Units:
    return _rows(1.0 + rng.normal(size=ROWS), rng.exponential(size=ROWS))


def _weighted_squares(rng: np.random.Generator) -> Units:
    return _rows(rng.normal(size=ROWS) ** 2, rng.random(ROWS))


def _heavy(rng: np.random.Generator) -> Units:
    """Heavier rows have larger losses: E[w l] = E[w (w + e^2)] = 2 + 1 with w exponential, E[w] = 1."""
    weights = rng.exponential(size=ROWS)
    return _rows(weights + rng.normal(size=ROWS) ** 2, weights)


def _mask(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Pixels of a mask, a third of them 1, and their probabilities: uniform up to 1 and from 0, by the truth."""
    mask = (rng.random(shape) < 1 / 3).astype(np.float64)
    return mask, np.where(mask == 1.0, np.sqrt(rng.random(shape)), 0.75 * rng.random(shape))


DICE_TRUTH = 1.0 - 2.0 * (1 / 3 * 2 / 3) / (1 / 3 + 1 / 3 * 2 / 3 + 2 / 3 * 3 / 8)
"""Of the expected sums: of a root of a uniform number 2/3, of three quarters of one 3/8."""


def _addends(mask: Array, probs: Array) -> Array:
    return np.asarray(find("dice").function(mask, probs=probs))


def _one_set(rng: np.random.Generator) -> Units:
    mask, probs = _mask(rng, (ROWS,))
    return _rows(_addends(mask, probs))


def _sets(rng: np.random.Generator) -> Units:
    """200 images of 10 pixels."""
    mask, probs = _mask(rng, (ROWS * 10,))
    return _rows(_addends(mask, probs), keys=Keys(np.repeat(np.arange(ROWS), 10), list(range(ROWS))))


def _mean_of_sets() -> float:
    """The expected loss of an image, from 400,000 of them."""
    mask, probs = _mask(np.random.default_rng(99), (400_000, 10))
    eps = float(contest_of(*WHOLE).first.values["eps"])
    inside = (mask * probs).sum(axis=1)
    return float(np.mean(1.0 - (2.0 * inside + eps) / (mask.sum(axis=1) + probs.sum(axis=1) + eps)))


def _normal(rng: np.random.Generator) -> Units:
    return _rows(1.0 + rng.normal(size=ROWS))


def _squares(rng: np.random.Generator) -> Units:
    return _rows(rng.normal(size=ROWS) ** 2)


def _exponential(rng: np.random.Generator) -> Units:
    return _rows(rng.exponential(size=ROWS))


def _lognormal(rng: np.random.Generator) -> Units:
    return _rows(np.exp(0.5 * rng.normal(size=ROWS)))


def cases() -> list[Case]:
    """The kinds of loss that intervals are tried on."""
    return [
        Case("normal losses", 1.0, _normal),
        Case("squares of normal errors", 1.0, _squares),
        Case("exponential losses", 1.0, _exponential),
        Case("lognormal losses, sigma 0.5", float(np.exp(0.125)), _lognormal),
        Case("normal losses, exponential weights", 1.0, _weighted_normal, asked={"weight": "w"}),
        Case("squares, uniform weights", 1.0, _weighted_squares, asked={"weight": "w"}),
        Case("dice of one set of 200 rows", DICE_TRUTH, _one_set, WHOLE),
        Case("dice of 200 images", _mean_of_sets(), _sets, WHOLE, {"group": "g"}),
        Case("40 clusters of 5, correlation 0.5", 1.0, _clustered, asked={"cluster": "u"}),
        Case("series, 0.3 of a value in the next, runs of 10", 1.0, _series(0.3), asked={"block": 10}),
    ]


def hard_cases() -> list[Case]:
    """Those for which 200 rows are too few: the sums that intervals are made of are skewed, or runs too short."""
    return [
        Case("exponential weights, losses that grow with them", 3.0, _heavy, asked={"weight": "w"}),
        Case("squares in 40 clusters of 1 to 9", 1.0, _uneven, asked={"cluster": "u"}),
        Case("series, 0.7 of a value in the next, runs of 10", 1.0, _series(0.7), asked={"block": 10}),
    ]


CASES = {case.name: case for case in cases()}


DEPENDENT = [case.name for case in CASES.values() if {"cluster", "block"} & set(case.asked or {})]


def alone(name: str) -> Case:
    """The same samples with each row taken as independent of the others."""
    return Case(name, CASES[name].truth, CASES[name].draw)


def batches_covered(repeats: int) -> float:
    """The share of intervals over 200 batches of 3 rows that hold the mean over very many batches."""
    rng = np.random.default_rng(5)
    pool = np.array([_of_batch(rng) for _ in range(6_000)])
    contest = contest_of("info_nce", {"anchor": "y", "positive": "p"}, group="g")
    held = 0
    for _ in range(repeats):
        # drawn from a pool, whose mean is then the truth, since a batch takes longer to evaluate than to draw
        losses = pool[rng.integers(0, pool.size, ROWS)]
        batches = Batches(lambda units: units.losses, None, False, rows=3 * ROWS)
        batches.losses, batches.labels = [[loss] for loss in losses.tolist()], list(range(ROWS))
        estimate = estimates_of(contest, of_batches(contest, batches), Reduction.MEAN, 1).values[0][0]
        interval = interval_of(estimate, estimate.stderr, 0.95)
        assert interval is not None
        held += interval.low <= pool.mean() <= interval.high
    return held / repeats


def _of_batch(rng: np.random.Generator) -> float:
    anchor = rng.normal(size=(3, 2))
    return float(np.mean(find("info_nce")(anchor=anchor, positive=anchor + rng.normal(size=(3, 2)), temperature=0.5)))


def two_models(rng: np.random.Generator) -> Array:
    """The squared errors of two models that are equally good and have half of their errors in common."""
    shared = rng.normal(size=(ROWS, 1))
    return np.asarray((shared + rng.normal(size=(ROWS, 2))) ** 2)


def gate_fails(repeats: int, **asked: Any) -> float:
    """How often the whole interval of the difference of two equal models is worse than no difference."""
    rng = np.random.default_rng(3)
    failed = 0
    for seed in range(repeats):
        more = {**asked, "seed": seed} if "bootstrap" in asked else asked
        contest = contest_of("mse", {"target": "y"}, models={"pred": ["p", "p2"]}, **more)
        ((estimate,),) = estimates(contest, _rows(two_models(rng))).differences[1:]
        interval = interval_of(estimate, estimate.stderr, 0.95)
        assert interval is not None
        failed += interval.low > 0.0
    return failed / repeats


LOSSES: tuple[Callable[[Array], Array], ...] = (np.abs, np.square, np.sqrt, np.log1p, lambda e: np.minimum(e, 1.0))


def families_that_fail(repeats: int) -> float:
    """How often any of five losses calls one of two equal models better or worse, after Holm."""
    rng = np.random.default_rng(4)
    contest = contest_of("mse", {"target": "y"}, models={"pred": ["p", "p2"]})
    failed = 0
    for _ in range(repeats):
        squares = two_models(rng)
        found = []
        for loss in LOSSES:
            ((estimate,),) = estimates(contest, _rows(loss(np.sqrt(squares)))).differences[1:]
            found.append(comparison_of(RESULT, RESULT, estimate, 0.95))
        failed += any(one.verdict in ("better", "worse") for one in judged(found, 0.95))
    return failed / repeats


def _lines() -> Iterator[str]:
    yield "| losses | by formula | --bootstrap 1000 |"
    yield "| --- | ---: | ---: |"
    for case in (*CASES.values(), *hard_cases()):
        yield f"| {case.name} | {case.coverage(10_000):.1%} | {case.coverage(2_000, bootstrap=1000):.1%} |"
    yield f"| 200 batches, info_nce | {batches_covered(10_000):.1%} | |"
    for name in DEPENDENT:
        yield f"| {name}: without --cluster or --block | {alone(name).coverage(10_000):.1%} | |"
    yield ""
    yield f"gate on two equal models: {gate_fails(10_000):.2%}, {gate_fails(2_000, bootstrap=1000):.2%} by draws"
    yield f"any of five losses after Holm: {families_that_fail(10_000):.2%}"


if __name__ == "__main__":
    for line in _lines():
        print(line, flush=True)
