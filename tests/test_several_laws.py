"""Laws of every loss that is not a function of single values: rows of vectors, sets and batches, as functions.

The cases come from the catalogue, so a new loss is held to them by itself. What the command makes of the same rows is
in tests/test_several_commands.py.
"""

import math
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest

from losscli.arrays import Array
from losscli.catalogue import Loss, Role
from losscli.errors import DataError, UsageError
from tests.sampling import Values
from tests.several import WIDTH, Case, case_id, cases, plain_cases, several_losses

ROWS = 7
CLOSE = 1e-12

each_loss = pytest.mark.parametrize("loss", several_losses(), ids=lambda loss: loss.name)
each_case = pytest.mark.parametrize("case", plain_cases(), ids=case_id)
OF_ROWS = [case for case in plain_cases() if case.kind == "row"]
OF_SETS = [case for case in plain_cases() if case.kind == "set"]
OF_BATCHES = [case for case in plain_cases() if case.kind == "batch"]


def same_bits(found: Array, expected: Array) -> None:
    assert found.dtype == expected.dtype == np.float64
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


def _rows(values: Values, chosen: Any) -> Values:
    return {name: array[chosen] for name, array in values.items()}


@each_loss
def test_domain_edges_give_a_number(loss: Loss) -> None:
    """Infinity is an answer, such as that of a certain and wrong probability, which the command refuses; NaN is none.

    A set without truth has a NaN where `empty` says so, or leaves it out.
    """
    rng = np.random.default_rng(1)
    for case in cases(loss):
        if case.given.get("empty") in ("nan", "skip"):
            continue
        edges = {role.name: case.edges(role) for role in case.shapes}
        values = {name: array[rng.integers(0, len(array), 300)] for name, array in edges.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            losses = [case(_rows(values, slice(i, i + 2))) for i in range(0, 300, 2)]
        where = [i for i, found in enumerate(losses) if np.isnan(found).any()]
        assert not where, f"{case.id}: {_rows(values, slice(2 * where[0], 2 * where[0] + 2))}"


@each_loss
def test_every_setting_has_a_finite_loss_of_the_right_shape(loss: Loss) -> None:
    for case in cases(loss):
        losses = case(case.draw(ROWS))
        assert np.isfinite(losses).all(), case.id
        assert losses.dtype == np.float64
        if case.kind == "set":
            wide = max(case.widths.values()) if case.given.get("average") == "none" else 1
            assert losses.shape == ((wide,) if wide > 1 else ()), case.id
        else:
            assert losses.shape == (ROWS,), case.id


@each_case
def test_a_value_just_outside_is_refused_by_name(case: Case) -> None:
    for role, shape in case.shapes.items():
        for place in (0, ROWS - 1):
            for value in (*case.outside(role), math.nan):
                values = case.draw(ROWS)
                where = (place, *(length - 1 for length in shape))
                values[role.name][where] = value
                with pytest.raises(DataError) as refused:
                    case(values)
                at = f"{case.loss.name}: {role.name} at ({', '.join(map(str, where))}{',' if not shape else ''})"
                assert refused.value.message.startswith(f"{at} is {value}; allowed is "), refused.value.message


def _ruled(case: Case) -> list[Role]:
    return [role for role in case.shapes if case.domain(role).row_rule]


@pytest.mark.parametrize("case", [case for case in plain_cases() if _ruled(case)], ids=case_id)
def test_a_row_that_breaks_a_rule_is_refused_by_name(case: Case) -> None:
    for role in _ruled(case):
        domain, values = case.domain(role), case.draw(ROWS)
        assert domain.row_rule is not None
        where = (3, *([1] if domain.stacked else []))
        values[role.name][where] = domain.row_rule.wrong
        with pytest.raises(DataError) as refused:
            case(values)
        at = re.escape(f"{case.loss.name}: {role.name} at ({', '.join(map(str, where))}")
        assert re.match(f"{at},?\\) is .*; allowed is {re.escape(domain.allowed)}$", refused.value.message)


@pytest.mark.parametrize("given", [case for case in cases() if len(case.given) == 1 and _ruled(case)], ids=case_id)
def test_the_rule_follows_the_parameter(given: Case) -> None:
    """Crossed corners are no error of boxes by their size, a zero vector none of euclidean distances."""
    for role in _ruled(given):
        rule = given.domain(role).row_rule
        assert rule is not None
        values = given.draw(ROWS)
        values[role.name][2] = rule.wrong
        with pytest.raises(DataError, match=rf"^{given.loss.name}: {role.name} at \(2,"):
            given(values)


@each_case
def test_roles_of_other_widths_or_rows_are_refused_by_name(case: Case) -> None:
    values = case.draw(ROWS)
    wide = [role for role, shape in case.shapes.items() if shape]
    for role in wide if len(wide) > 1 or any(r.domain.width for r in wide) else []:
        more = np.concatenate([values[role.name], values[role.name][..., :1]], axis=-1)
        less = values[role.name][..., :1]
        for array in (more, less):
            with pytest.raises(DataError, match=f"^{case.loss.name}: .*"):
                case({**values, role.name: array})
    for role in case.shapes:
        for changed in (values[role.name][:-1], values[role.name][:1]):
            with pytest.raises(DataError, match=f"^{case.loss.name}: .* rows: .*{role.name}"):
                case({**values, role.name: changed})
        # with one axis more a mask is one of several classes, to which another role may not fit
        with pytest.raises(DataError, match=f"^{case.loss.name}: .*{'' if role.domain.several else role.name}"):
            case({**values, role.name: values[role.name][None]})


@pytest.mark.parametrize("case", OF_ROWS, ids=case_id)
def test_rows_stand_for_themselves(case: Case) -> None:
    values = case.draw(ROWS)
    losses = case(values)
    for cut in range(ROWS + 1):
        parts = [case(_rows(values, slice(None, cut))), case(_rows(values, slice(cut, None)))]
        same_bits(np.concatenate(parts), losses)
    for chosen in (np.random.default_rng(2).permutation(ROWS), slice(None, None, -1), slice(None, None, 2)):
        same_bits(case(_rows(values, chosen)), losses[chosen])


@pytest.mark.parametrize("case", OF_SETS, ids=case_id)
def test_the_order_of_the_rows_of_a_set_makes_no_difference(case: Case) -> None:
    values = case.draw(100)
    order = np.random.default_rng(3).permutation(100)
    np.testing.assert_allclose(case(_rows(values, order)), case(values), rtol=1e-14)


@pytest.mark.parametrize("case", OF_BATCHES, ids=case_id)
@pytest.mark.parametrize("rows", [2, 50, 700])
def test_reordering_a_batch_reorders_its_losses(case: Case, rows: int) -> None:
    values = case.draw(rows)
    order = np.random.default_rng(4).permutation(rows)
    np.testing.assert_allclose(case(_rows(values, order)), case(values)[order], rtol=CLOSE, atol=CLOSE)


@each_case
def test_the_layout_in_memory_changes_no_bit(case: Case) -> None:
    values = case.draw(40)
    expected = case(values)
    spaced = {name: np.repeat(array, 2, axis=0)[::2] for name, array in values.items()}
    wider = {
        name: np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim > 1 else array for name, array in values.items()
    }
    backwards = {name: array[::-1].copy()[::-1] for name, array in values.items()}
    for made in ({name: np.asfortranarray(array) for name, array in values.items()}, spaced, wider, backwards):
        same_bits(case(made), expected)


@each_case
def test_inputs_stay_as_they_are(case: Case) -> None:
    values = case.draw(ROWS)
    before = {name: array.tobytes() for name, array in values.items()}
    for array in values.values():
        array.flags.writeable = False
    losses = case(values)
    assert {name: array.tobytes() for name, array in values.items()} == before
    assert not any(np.shares_memory(losses, array) for array in values.values())


@each_case
def test_any_kind_of_numbers_gives_float64(case: Case) -> None:
    """Rows of the edges that whole numbers and float32 hold too."""
    whole = {}
    for role in case.shapes:
        rows = case.edges(role)
        fits = (rows == np.round(rows)).reshape(len(rows), -1).all(axis=1)
        if not fits.any():
            return  # logarithms of probabilities have no whole numbers
        whole[role.name] = np.resize(rows[fits], (5, *rows.shape[1:]))
    expected = case(whole)
    for kind in (np.float32, np.float16, np.int8, np.int64):
        same_bits(case({name: array.astype(kind) for name, array in whole.items()}), expected)
    same_bits(case({name: array.tolist() for name, array in whole.items()}), expected)


@each_case
def test_no_rows_are_no_losses(case: Case) -> None:
    """A set without rows has the loss of sums that are 0, which is that of the formula."""
    losses = case(case.draw(0))
    assert losses.shape == (() if case.kind == "set" else (0,))


@each_loss
def test_a_loss_can_be_pickled(loss: Loss) -> None:
    assert pickle.loads(pickle.dumps(loss)) is loss  # noqa: S301 - made on this line


@each_loss
def test_numbers_of_another_number_of_classes_are_refused(loss: Loss) -> None:
    for parameter in loss.parameters:
        for case in cases(loss) if parameter.many == "class" else []:
            for wrong in ((1.0,) * (WIDTH - 1), (1.0,) * (WIDTH + 1)):
                with pytest.raises(
                    UsageError, match=f"{loss.name}: {parameter.name} must be a number for each of {WIDTH}"
                ):
                    case(case.draw(ROWS), **{parameter.name: wrong})


@each_loss
def test_a_parameter_outside_its_domain_is_refused_by_name(loss: Loss) -> None:
    case = next(case for case in plain_cases() if case.loss is loss)
    for parameter in loss.parameters:
        for wrong in (*(parameter.domain.just_outside() if parameter.domain else ("no word",)), math.nan):
            with pytest.raises(UsageError, match=f"^{loss.name}: {parameter.name} must be "):
                case(case.draw(ROWS), **{parameter.name: wrong})
