"""Laws that hold for every loss of the catalogue: a value per element, and nothing else is touched or let through."""

import math
import re
import warnings
from collections.abc import Container
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from losscli.arrays import Array
from losscli.catalogue import Loss
from losscli.errors import DataError, ExitCode, LosscliError, UsageError
from tests.cli import run_cli
from tests.sampling import (
    LARGEST,
    Case,
    case_id,
    cases,
    cases_of,
    element_losses,
    forms,
    numbers_in,
    numeric,
    plain_cases,
    quick,
    rows,
    some,
)

LOSSES = element_losses()

each_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
each_case = pytest.mark.parametrize("case", cases(), ids=case_id)
each_form = pytest.mark.parametrize("case", plain_cases(), ids=case_id)


def same_bits(found: Array, expected: Array) -> None:
    """The same float64 values in the same shape; all NaN are one."""
    assert found.dtype == expected.dtype == np.float64
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


@each_loss
def test_domain_edges_give_a_number(loss: Loss) -> None:
    """Infinity is an answer where the true value is too large, which tests/test_oracles.py decides; NaN never is."""
    edges = {edge for _, domain in numeric(loss) for edge in domain.edges()}
    for case in cases_of(loss, sorted(edges)):
        tried = [[*case.domain(role).edges(), case.domain(role).inside()] for role in case.roles]
        table = np.array(list(product(*tried)))
        losses = case({role.name: table[:, i] for i, role in enumerate(case.roles)})
        assert not np.isnan(losses).any(), f"{case.id}: {table[np.isnan(losses)][:3].tolist()}"


@each_loss
def test_the_largest_floats_are_no_fault(loss: Loss) -> None:
    """They may give infinity, which the command refuses with its row; an exception would stop it without a word."""
    for case in cases_of(loss):
        tried = [
            [value for value in (LARGEST, -LARGEST, case.domain(role).inside()) if value in case.domain(role)]
            for role in case.roles
        ]
        table = np.array(list(product(*tried)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the test below is on warnings
            losses = case({role.name: table[:, i] for i, role in enumerate(case.roles)})
        assert losses.shape == (len(table),)


def test_large_values_warn_nobody() -> None:
    warned = []
    for case in plain_cases():
        # the largest, and half of the way to a bound, which is what there is between two bounds
        tried = [
            [value for value in (LARGEST, -LARGEST, domain.high / 2, domain.inside()) if value in domain]
            for domain in map(case.domain, case.roles)
        ]
        table = np.array(list(product(*tried)))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            case({role.name: table[:, i] for i, role in enumerate(case.roles)})
        warned += [f"{case.id}: {warning.message}" for warning in caught]
    assert not warned


@each_form
@pytest.mark.parametrize("place", [0, 2])
def test_a_role_outside_its_domain_is_refused_by_name(case: Case, place: int) -> None:
    for relaxed in (False, True):
        guards = dict.fromkeys(case.loss.guards.values(), 0.25) if relaxed else {}
        tried = Case(case.loss, case.roles, {**case.given, **guards})
        for role in tried.roles:
            domain = tried.domain(role)
            for value in (*domain.just_outside(), math.nan):
                values: dict[str, list[float]] = {r.name: [tried.domain(r).inside()] * 3 for r in tried.roles}
                values[role.name][place] = value
                with pytest.raises(DataError) as refused:
                    tried(values)
                said = f"{case.loss.name}: {role.name} at ({place},) is {value}; allowed is {domain.allowed}"
                assert refused.value.message == said


@each_form
def test_of_several_values_outside_the_first_is_named(case: Case) -> None:
    for role in case.roles:
        good, bad = case.domain(role).inside(), next(case.domain(role).just_outside())
        values = {r.name: np.full((2, 3), case.domain(r).inside()) for r in case.roles}
        values[role.name] = np.array([[good, good, bad], [good, math.nan, bad]])
        with pytest.raises(DataError, match=re.escape(f"{role.name} at (0, 2) is {bad};")):
            case(values)


@each_loss
def test_a_parameter_outside_its_domain_is_refused_by_name(loss: Loss) -> None:
    for parameter, values, wrong in _wrong_numbers(loss):
        with pytest.raises(UsageError) as refused:
            loss(**values, **{parameter: wrong})
        assert refused.value.message.startswith(f"{loss.name}: {parameter} must be ")
        assert str(wrong) in refused.value.message


@each_loss
def test_so_is_one_that_comes_from_numpy_or_a_list(loss: Loss) -> None:
    for parameter, values, wrong in _wrong_numbers(loss):
        single = [np.float32(wrong)] if float(np.float32(wrong)) == wrong else []
        whole = [np.int64(wrong)] if math.isfinite(wrong) and wrong == round(wrong) else []
        right = dict(numeric(loss))[parameter].inside()
        for other in (*single, *whole, np.array(wrong), np.array([wrong]), np.array([right, wrong]), [right, wrong]):
            with pytest.raises(LosscliError, match=f"^{loss.name}: {parameter}"):
                pytest.fail(f"{loss.name} takes {parameter}={other!r} and says {loss(**values, **{parameter: other})}")


def _wrong_numbers(loss: Loss) -> list[tuple[str, dict[str, list[float]], float]]:
    values = {role.name: [role.domain.inside()] * 2 for role in next(forms(loss))}
    return [(name, values, wrong) for name, domain in numeric(loss) for wrong in (*domain.just_outside(), math.nan)]


@each_loss
@given(data=st.data())
@quick
def test_the_loss_of_a_concatenation_is_the_concatenation(loss: Loss, data: st.DataObject) -> None:
    case, values = data.draw(rows(loss))
    size = len(next(iter(values.values())))
    cut = data.draw(st.integers(0, size))
    first = case({name: array[:cut] for name, array in values.items()})
    second = case({name: array[cut:] for name, array in values.items()})
    same_bits(case(values), np.concatenate([first, second]))


@each_loss
@given(data=st.data())
@quick
def test_reordering_and_slicing_commute_with_the_loss(loss: Loss, data: st.DataObject) -> None:
    case, values = data.draw(rows(loss))
    losses = case(values)
    order = data.draw(st.permutations(range(len(losses))))
    step = data.draw(st.sampled_from([1, 2, 3, -1, -2]))
    for chosen in (np.array(order, dtype=np.intp), slice(None, None, step)):
        same_bits(case({name: array[chosen] for name, array in values.items()}), losses[chosen])


@each_loss
@given(data=st.data())
@quick
def test_shapes_broadcast(loss: Loss, data: st.DataObject) -> None:
    """A role that has its own axis gives every combination, as if all had been written out."""
    case, values = data.draw(rows(loss, least=1))
    count = len(case.roles)
    shapes = [[-1 if axis == own else 1 for axis in range(count)] for own in range(count)]
    apart = {name: array.reshape(shape) for (name, array), shape in zip(values.items(), shapes, strict=True)}
    written_out = [np.ascontiguousarray(array) for array in np.broadcast_arrays(*apart.values())]
    flat = case({name: array.ravel() for name, array in zip(values, written_out, strict=True)})
    same_bits(case(apart), flat.reshape(written_out[0].shape))


@each_loss
@given(data=st.data())
@quick
def test_a_single_number_is_an_array_of_one(loss: Loss, data: st.DataObject) -> None:
    case, values = data.draw(rows(loss, least=1))
    alone = case({name: float(array[0]) for name, array in values.items()})
    same_bits(np.asarray(alone).reshape(1), case({name: array[:1] for name, array in values.items()}))


@each_case
def test_empty_arrays_give_an_empty_array(case: Case) -> None:
    for shape in ((0,), (0, 3), (3, 0)):
        same_bits(case({role.name: np.empty(shape) for role in case.roles}), np.empty(shape))


@each_case
def test_inputs_stay_as_they_are(case: Case) -> None:
    values = {role.name: np.array([case.domain(role).inside()] * 4) for role in case.roles}
    before = {name: array.tobytes() for name, array in values.items()}
    for array in values.values():
        array.flags.writeable = False
    losses = case(values)
    assert {name: array.tobytes() for name, array in values.items()} == before
    assert losses.flags.writeable
    assert not any(np.shares_memory(losses, array) for array in values.values())


@each_case
def test_any_kind_of_numbers_gives_float64(case: Case) -> None:
    # 0 and 1 are numbers of each of these kinds
    plain = {role.name: np.full(3, 1.0 if 1.0 in case.domain(role) else 0.0) for role in case.roles}
    expected = case(plain)
    same_bits(expected, expected.astype(np.float64))
    for kind in (np.float32, np.float16, np.int8, np.int64, np.uint32, np.bool_, list, tuple):
        made = {name: kind(array) if kind in (list, tuple) else array.astype(kind) for name, array in plain.items()}
        same_bits(case(made), expected)


@each_loss
@given(data=st.data())
@quick
def test_a_parameter_may_differ_from_row_to_row(loss: Loss, data: st.DataObject) -> None:
    """As with `--tau @level`: an array of values is each row with its own value."""
    for name, domain in numeric(loss):
        case, values = data.draw(rows(loss, without=name, least=1))
        size = len(next(iter(values.values())))
        column = data.draw(st.lists(numbers_in(domain), min_size=size, max_size=size))
        each = [{role: array[i : i + 1] for role, array in values.items()} for i in range(size)]
        expected = [case(row, **{name: value}) for row, value in zip(each, column, strict=True)]
        same_bits(case(values, **{name: np.array(column)}), np.concatenate(expected))


@each_form
def test_one_row_may_meet_many_values_of_a_parameter(case: Case) -> None:
    row = {role.name: case.domain(role).inside() for role in case.roles}
    for name, domain in numeric(case.loss):
        column = some(domain)
        listed = {role: [value] for role, value in row.items()}
        expected = np.concatenate([case(listed, **{name: value}) for value in column])
        for shaped in (row, listed):
            same_bits(case(shaped, **{name: np.array(column)}), expected)


@each_case
def test_a_role_that_is_revealed_leaves_no_loss_finite(case: Case) -> None:
    """Whatever the other roles are, edges included: a label can take all of the weight of what is infinite."""
    parameters = case.loss.with_defaults(case.given)
    for bad, value in product(case.roles, (math.inf, -math.inf, math.nan)):
        if bad.name not in case.loss.reveals or not case.domain(bad).within_bounds(np.array([value])):
            continue  # its column is looked at, or its bounds are
        tried = [[value] if role is bad else [*case.domain(role).edges(), *some(role.domain)] for role in case.roles]
        table = np.array(list(product(*tried)))
        with np.errstate(all="ignore"):
            losses = case.loss.function(**{r.name: table[:, i] for i, r in enumerate(case.roles)}, **parameters)
        assert not np.isfinite(losses).any(), f"{bad.name}={value}: {table[np.isfinite(losses)][:3].tolist()}"


@each_loss
@pytest.mark.parametrize("in_columns", [False, True], ids=["defaults", "parameters in columns"])
def test_the_command_refuses_what_is_not_finite_wherever_it_stands(
    loss: Loss, in_columns: bool, tmp_path: Path
) -> None:
    """One sum over the losses stands for a look at each column, so no loss of a NaN or of infinity may look finite."""
    numbers = dict(numeric(loss)) if in_columns else {}
    taken = []
    for case in _without(numbers, cases_of(loss, numbers=(0.25,))):
        columns = {role.name: some(role.domain)[i % len(some(role.domain))] for i, role in enumerate(case.roles)}
        columns |= {name: domain.inside() for name, domain in numbers.items()}
        given = ",".join(f"{name}={value}" for name, value in case.given.items())
        flags = [f"--{name.replace('_', '-')}={'@' if name in numbers else ''}{name}" for name in columns]
        for name, value in product(columns, (math.inf, -math.inf, math.nan)):
            if name in numbers and math.isnan(value):
                continue  # rows without a level are left out and counted, as the contract has it
            file = _write_rows(tmp_path, [columns, {**columns, name: value}])
            outcome = run_cli(["compute", "--loss", f"{loss.name}:{given}".rstrip(":"), *flags, str(file)])
            if outcome.code != ExitCode.DATA or f"'{name}'" not in outcome.err:
                taken.append(f"{case.id}: {name}={value}: {outcome.out}{outcome.err}")
    assert not taken, "\n".join(taken[:6])


def _without(numbers: Container[str], tried: list[Case]) -> list[Case]:
    """The cases with these parameters left open, each once."""
    left = [
        Case(case.loss, case.roles, {name: value for name, value in case.given.items() if name not in numbers})
        for case in tried
    ]
    return list({case.id: case for case in left}.values())


def _write_rows(folder: Path, rows: list[dict[str, float]]) -> Path:
    file = folder / "rows.csv"
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file
