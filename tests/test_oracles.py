"""Every loss against an independent value: mpmath in 50 digits, element by element, within 8 ulp."""

import importlib
import importlib.util
import math
import zlib
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from mpmath import mp

import tests.several_oracles  # noqa: F401 - enters the oracles of losses of several values
from losscli.catalogue import Loss, all_losses
from losscli.domain import Domain
from tests.oracles import DIGITS, ORACLES, ULPS, WITHOUT_ORACLE, Inexact, Number
from tests.sampling import LARGEST, LEAST, Case, Values, case_id, cases_of, element_losses, sample

# Sizes at which formulas break: the ends of float64, where squares vanish or overflow, where exp does, around 1,
# counts (0, 1, 170 is the last with a float64 factorial, 1e5), the table of log-factorials, close to -1.
SIZES = (
    0.0, LEAST, 1e-300, 1e-170, 2e-162, 1e-160, 1e-20, 1e-12, 1e-8, 1e-3, 0.1, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 9.5, 20.0,
    20.5, 37.0, 170.0, 700.0, 746.0, 1023.0, 1024.0, 1e4, 1e5, 1e8, 1e16, 1e100, 1e153, 1e160, 1e300,
)  # fmt: skip
NEAR_MINUS_ONE = (-1.0 + 2.0**-53, -1.0 + 1e-10, -0.99, -0.7)
NEAR_ONE = (1.0 - 2.0**-53, 1.0 - 2.0**-52, 1.0 - 1e-10, 0.99, 0.7)
PARAMETERS = (0.0, LEAST, 1e-12, 0.1, 0.75, 1.0 - 2.0**-53, 3.0, 1e300)
RANDOM, PAIRS, CLOSE = 30, 60, 60

MOST = 60

# the losses of several values a row have their oracles, which enter themselves, and their tests in modules of their own
if importlib.util.find_spec("tests.several_oracles"):
    importlib.import_module("tests.several_oracles")


def _tried(loss: Loss) -> list[Case]:
    """All settings; of a loss with more than can be tried, those that change one parameter, and some of the others."""
    tried = cases_of(loss, PARAMETERS)
    if len(tried) <= MOST * len(loss.forms or (1,)):
        return tried
    one = [case for case in tried if len(case.given) <= 1]
    more = [case for case in tried if len(case.given) > 1]
    chosen = np.random.default_rng(zlib.crc32(loss.name.encode())).choice(len(more), MOST, replace=False)
    return one + [more[i] for i in chosen]


CASES = [case for loss in element_losses() for case in _tried(loss) if loss.name in ORACLES]


def test_every_loss_has_an_oracle_or_a_reason() -> None:
    names = {loss.name for loss in all_losses()}
    assert set(ORACLES) | set(WITHOUT_ORACLE) == names
    assert not set(ORACLES) & set(WITHOUT_ORACLE)
    assert all(reason.strip() for reason in WITHOUT_ORACLE.values())


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_loss_agrees_with_its_oracle(case: Case) -> None:
    rng = np.random.default_rng(zlib.crc32(case.id.encode()))
    values = _inputs(case, rng)
    found = case(values)
    wrong = [miss for row, loss in enumerate(found.tolist()) if (miss := _miss(case, values, row, loss))]
    assert not wrong, f"{len(wrong)} of {len(found)} rows:\n" + "\n".join(map(str, wrong[:6]))


def _inputs(case: Case, rng: np.random.Generator) -> Values:
    """Special values one by one, extremes together, others in pairs; random values; predictions close to targets."""
    special = {role.name: np.array(_special(case.domain(role))) for role in case.roles}
    parts = [_one_by_one(case, special), _corners(case, special)]
    parts.append({name: rng.choice(values, PAIRS) for name, values in special.items()})
    parts.append({role.name: sample(case.domain(role), RANDOM, rng) for role in case.roles})
    if "target" in special and case.others:
        parts.append(_close(case, special, rng))
    return {name: np.concatenate([part[name] for part in parts]) for name in special}


def _special(domain: Domain) -> list[float]:
    signed = [*SIZES, *(-size for size in SIZES), *NEAR_MINUS_ONE, *NEAR_ONE, *domain.edges()]
    return [value for value in signed if value in domain]


def _one_by_one(case: Case, special: Values) -> Values:
    """Each special value of each role, while the others are 0, or 1 where 0 is not allowed."""
    usual = {role.name: 0.0 if 0.0 in case.domain(role) else 0.5 for role in case.roles}
    rows = [{**usual, name: value} for name, values in special.items() for value in values.tolist()]
    return {name: np.array([row[name] for row in rows]) for name in special}


def _corners(case: Case, special: Values) -> Values:
    """The least, the largest and the outermost values that are allowed, all roles against all."""
    extremes = [
        sorted({float(special[role.name].min()), float(special[role.name].max()), *case.domain(role).edges()})
        for role in case.roles
    ]
    table = np.array(list(product(*extremes)))
    return {role.name: table[:, i] for i, role in enumerate(case.roles)}


def _close(case: Case, special: Values, rng: np.random.Generator) -> Values:
    """The next float after the target, 1e-12 of it away, some of it away, a parameter's value away from it.

    A label is nothing that a prediction can be close to; what it can be close to is a parameter's value on either side.
    """
    part = {name: rng.choice(values, CLOSE) for name, values in special.items()}
    sign = rng.choice([-1.0, 1.0], CLOSE)
    numbers = [value for value in case.given.values() if isinstance(value, float)] or [1.0]
    center = part["target"]
    if next(case.domain(role) for role in case.roles if role.name == "target").coded:
        center = rng.choice([-1.0, 1.0], CLOSE) * rng.choice(numbers, CLOSE)
    else:
        center[: CLOSE // 4] = 1e8
    ways = [
        np.nextafter(center, sign * np.inf),
        center * (1.0 + sign * 1e-12),
        center * rng.choice([0.4, 0.7, 1.3, 1.7, 4.0], CLOSE),
        center + sign * rng.choice(numbers, CLOSE),
    ]
    close = np.choose(np.arange(CLOSE) % len(ways), ways)
    fits = np.array([value in case.domain(case.varied) for value in close.tolist()])
    part[case.varied.name] = np.where(fits, close, part[case.varied.name])
    return part


@dataclass(frozen=True)
class Miss:
    """A row on which the loss and its oracle differ."""

    row: dict[str, float]
    found: float
    expected: str
    ulps: str

    def __str__(self) -> str:
        return f"  {self.row}: {self.found!r}, expected {self.expected}, off by {self.ulps} ulp"


def _miss(case: Case, values: Values, row: int, found: float) -> Miss | None:
    inputs = {name: float(array[row]) for name, array in values.items()}
    with mp.workdps(DIGITS):
        exact = {name: mp.mpf(value) for name, value in inputs.items()}
        parameters = {p.name: _exact(case.value(p.name)) for p in case.loss.parameters}
        result = ORACLES[case.loss.name](**exact, **parameters)
        true, tolerance = _value(result)
        # the difference of the two is all that can be had from them: where it is no float64, the row is refused
        difference = abs(exact.get("pred", 0) - exact.get("target", 0))
        passed_through = max(difference, result.intermediate if isinstance(result, Inexact) else 0)
        if _agree(found, true, tolerance) or (passed_through > LARGEST and found == math.inf):
            return None
        off = ULPS * abs(found - true) / tolerance if math.isfinite(found) and tolerance else mp.nan
        expected = mp.nstr(true, 20) if abs(true) <= LARGEST else "a number that float64 cannot hold"
        return Miss(inputs, found, expected, mp.nstr(off, 4))


def _agree(found: float, true: Number, tolerance: Number) -> bool:
    if abs(true) > LARGEST:
        # no float64 holds the loss, so it must not look like one; the command refuses the row
        return not math.isfinite(found) and found != -math.copysign(math.inf, true)
    return math.isfinite(found) and bool(abs(found - true) <= tolerance)


def _exact(value: object) -> object:
    return mp.mpf(value) if isinstance(value, float) else value


def _value(result: Number | Inexact) -> tuple[Number, Number]:
    """The true value and the tolerance: ulps of the value itself, or of what a sum says."""
    if not isinstance(result, Inexact):
        return result, ULPS * mp.mpf(_ulp(result))
    assert result.why, "an oracle that is not measured on the loss itself says why"
    largest = max(abs(part) for part in (*result.terms, *result.rounded))
    return mp.fsum(result.terms), ULPS * mp.mpf(_ulp(largest)) + result.least


def _ulp(size: Number) -> float:
    return math.ulp(float(min(abs(size), LARGEST)))
