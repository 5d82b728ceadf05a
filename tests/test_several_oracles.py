"""Losses of vectors, sets and batches against mpmath in 50 digits, within 8 ulp or what an oracle says, and by hand."""

import math
import zlib
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from losscli.arrays import Array
from losscli.catalogue import find
from tests.oracles import DIGITS, ORACLES, ULPS, Inexact, Number
from tests.sampling import LARGEST, LEAST, Values
from tests.several import Case, case_id, cases, several_losses

assert __import__("tests.several_oracles")  # enters the oracles

ROWS = 12


def test_every_loss_has_an_oracle() -> None:
    assert {loss.name for loss in several_losses()} <= set(ORACLES)


TRIED = [
    case for case in cases() if case.given.get("average") != "none" and case.given.get("empty") in (None, "formula")
]


@pytest.mark.parametrize("case", TRIED, ids=case_id)
def test_a_loss_agrees_with_its_oracle(case: Case) -> None:
    seed = zlib.crc32(case.id.encode())
    found = [case.draw(ROWS, seed), _at_the_edges(case, seed)]
    for values in found:
        losses = np.atleast_1d(case(values))
        expected = _expected(case, values)
        wrong = [miss for i, loss in enumerate(losses.tolist()) if (miss := _miss(loss, expected[i]))]
        assert not wrong, f"{len(wrong)} of {len(losses)}: {wrong[:4]}\n{values}"


def _at_the_edges(case: Case, seed: int) -> Values:
    """Rows of the outermost values; a small size takes the place of the least float, which beside 1 vanishes."""
    rng = np.random.default_rng(seed)
    edges = {role.name: case.edges(role) for role in case.shapes}
    drawn = {name: array[rng.integers(0, len(array), ROWS)] for name, array in edges.items()}
    return {name: np.where(array == LEAST, 2.0**-30, array) for name, array in drawn.items()}


def _exact(values: Any) -> Any:
    return [_exact(value) for value in values] if isinstance(values, list) else mp.mpf(values)


def _expected(case: Case, values: Values) -> list[Number | Inexact]:
    with mp.workdps(DIGITS):
        given = {name: _number(value) for name, value in case.loss.with_defaults(case.given).items()}
        exact = {name: _exact(array.tolist()) for name, array in values.items()}
        formula = ORACLES[case.loss.name]
        if case.kind == "set":
            return [formula(**exact, **given)]
        if case.kind == "batch":
            batch: Any = formula(**exact, **given)
            return list(batch)
        rows = [{name: array[i] for name, array in exact.items()} for i in range(ROWS)]
        return [formula(**row, **given) for row in rows]


def _number(value: Any) -> Any:
    if isinstance(value, tuple):
        return [mp.mpf(number) for number in value]
    return mp.mpf(value) if isinstance(value, float) else value


def _miss(found: float, result: Number | Inexact) -> str:
    """What is wrong; empty where the two agree."""
    with mp.workdps(DIGITS):
        if isinstance(result, Inexact):
            assert result.why
            true, size = mp.fsum(result.terms), max(abs(part) for part in (*result.terms, *result.rounded))
        else:
            true = size = result
        if abs(true) > LARGEST:
            return "" if not math.isfinite(found) else f"{found} where the loss is no float64"
        tolerance = ULPS * mp.mpf(math.ulp(float(min(abs(size), LARGEST))))
        tolerance += result.least if isinstance(result, Inexact) else 0
        off = abs(mp.mpf(found) - true) if math.isfinite(found) else mp.inf
        return (
            ""
            if off <= tolerance
            else f"{found!r}, expected {mp.nstr(true, 20)}, off {mp.nstr(off / tolerance * 8, 4)}"
        )


# --- what breaks formulas, by hand


def test_logits_of_any_size_are_exact() -> None:
    """Expected by hand: the distance to the largest logit, which no exponential takes part in."""
    loss = find("cross_entropy")
    logits = np.array([[1e4, 0.0, -1e4], [-1e4, 1e4, 0.0], [1e4, 1e4, -1e4]])
    assert loss([0.0, 1.0, 2.0], logits=logits).tolist() == [0.0, 0.0, 2e4 + math.log(2.0)]
    assert loss([2.0, 0.0, 0.0], logits=logits).tolist() == [2e4, 2e4, math.log(2.0)]
    assert loss([0.0], logits=[[0.0, -700.0]]).tolist() == [math.exp(-700.0)]
    assert find("kl_div")([[0.0, 1.0, 0.0]], logits=logits[:1]).tolist() == [1e4]


def test_probabilities_of_0_and_1() -> None:
    """Expected by hand: a sure and right class costs 0, a sure and wrong one has no finite loss."""
    loss = find("cross_entropy")
    sure: Any = {"probs": [[1.0, 0.0], [1.0, 0.0]]}
    assert loss([0.0, 1.0], **sure).tolist() == [0.0, math.inf]
    assert loss([[1.0, 0.0], [0.5, 0.5]], **sure).tolist() == [0.0, math.inf]
    eps = 2.0**-40
    assert loss([0.0, 1.0], **sure, eps=eps).tolist() == pytest.approx([eps, 40 * math.log(2.0)], rel=1e-11)
    divergence = find("kl_div")
    assert divergence([[1.0, 0.0], [0.0, 1.0]], **sure).tolist() == [0.0, math.inf]
    assert divergence([[0.0, 1.0]], probs=[[1.0, 0.0]], eps=0.25, base="2").tolist() == [2.0]


def test_boxes_without_an_area() -> None:
    """Expected by hand, as the specification has it: 1 for the same box, else 0."""
    point, line, box = [1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 2.0, 1.0], [0.0, 0.0, 2.0, 2.0]
    pairs = [(point, point), (line, line), (point, line), (point, box), (line, box)]
    target, pred = np.array([one for one, _ in pairs]), np.array([other for _, other in pairs])
    assert find("box_iou")(target, pred).tolist() == [0.0, 0.0, 1.0, 1.0, 1.0]
    assert find("giou")(target, pred).tolist() == [0.0, 0.0, 1.0, 1.0, 1.0]
    assert find("diou")(target, pred).tolist() == [0.0, 0.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_directions_have_no_size(size: float) -> None:
    """Expected: the same vectors of size 1."""
    rng = np.random.default_rng(6)
    vectors = [rng.normal(size=(5, 4)) for _ in range(3)]
    large = [vectors[0] * size, vectors[1], vectors[2] / max(size, 1e-200)]
    for name, given in (("triplet", {"distance": "cosine"}), ("info_nce", {}), ("nt_xent", {})):
        count = 3 if name == "triplet" else 2
        expected = find(name)(*vectors[:count], **given)
        np.testing.assert_allclose(find(name)(*large[:count], **given), expected, rtol=1e-12)


def test_a_temperature_beyond_the_exponential() -> None:
    """Expected by hand: the difference of the similarities over the temperature."""
    same: Array = np.eye(2)
    assert find("info_nce")(same, same, temperature=1e-4).tolist() == [0.0, 0.0]
    assert find("info_nce")(same, same[::-1], temperature=1e-4).tolist() == [1e4, 1e4]
    negatives = np.repeat(same[None], 2, axis=0)[:, ::-1].copy()
    assert find("info_nce")(same, same[::-1], negatives, temperature=1e-4).tolist() == [1e4, 1e4]
