"""A loss called as a plain function on arrays: which array is which role, and whether values are allowed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from losscli.arrays import Array, Mask, np
from losscli.domain import Domain
from losscli.errors import DataError, UsageError

if TYPE_CHECKING:
    from losscli.loss import Loss

GIVEN_ELSEWHERE = object()
"""Stands for the value of a parameter that comes from an array or a column and is checked there."""


def call(loss: "Loss", arrays: tuple[Any, ...], named: dict[str, Any]) -> Array:
    """Check the parameters and the values, and apply the formula."""
    bound = _bound(loss, arrays, named)
    roles = {role.name for role in loss.roles}
    with np.errstate(all="ignore"):
        parameters = _parameters(loss, {name: value for name, value in bound.items() if name not in roles})
        values = {
            role.name: np.asarray(bound[role.name], dtype=np.float64)
            for role in loss.roles
            if bound.get(role.name) is not None
        }
        loss.check_roles(values)
        widths = {name: array.shape[-1] if array.ndim > 1 else 1 for name, array in values.items()}
        _check_ignored(loss, values, parameters)
        for role in loss.roles:
            if role.name in values:
                domain = loss.domain_of(role, parameters, {} if loss.by_element else widths)
                _check(loss.name, role.name, domain, values[role.name], alone=not loss.by_element)
        if not loss.by_element:
            _check_shapes(loss, values, parameters)
            loss.check_labels(values)
        result = np.asarray(loss.function(**values, **parameters))
    if loss.of_sums is not None:
        return np.asarray(loss.of_sums(result.sum(axis=0)[None, :], **parameters)[0])
    if not loss.by_element:
        return result
    shape = np.broadcast_shapes(*(np.shape(value) for value in (*values.values(), *parameters.values())))
    return result if result.shape == shape else np.broadcast_to(result, shape).copy()


def _bound(loss: "Loss", arrays: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    if len(arrays) > len(loss.roles):
        raise UsageError(f"{loss.name} reads {len(loss.roles)} arrays, not {len(arrays)}")
    bound = {role.name: array for role, array in zip(loss.roles, arrays, strict=False)}
    known = {role.name for role in loss.roles} | {parameter.name for parameter in loss.parameters}
    for name in named:
        if name not in known:
            raise UsageError(loss.no_such_parameter(name))
        if name in bound:
            raise UsageError(f"{loss.name}: {name} is given twice")
    return {**bound, **named}


def _parameters(loss: "Loss", given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters by name; a number may also be an array with a value for each element."""
    known = {parameter.name: parameter for parameter in loss.parameters}
    arrays: dict[str, Any] = {}
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None or parameter.domain is None or isinstance(value, (int, float, str, type(None))):
            continue
        if np.asarray(value).dtype.kind not in "iuf":
            raise UsageError(f"{loss.name}: {name} must be {parameter.allowed}, not {value}")
        array = np.asarray(value, dtype=np.float64)
        if array.ndim and not parameter.by_row and not parameter.many:
            raise UsageError(f"{loss.name}: {name} must be one number, {parameter.allowed}, not {array.size}")
        if parameter.many and not array.size:
            raise UsageError(f"{loss.name}: {name} must be {parameter.allowed}, not empty")
        where = _first(parameter.domain.outside(array))
        if where is not None:
            raise UsageError(f"{loss.name}: {name} must be {parameter.allowed}, not {array[where]}")
        arrays[name] = array
    for name, value in given.items():
        if name in known and known[name].many == "class" and isinstance(value, str):
            raise UsageError(f"{loss.name}: {name} must be a number for each class here, not {value!r}")
    # with_defaults looks at single values only
    return {**loss.with_defaults({**given, **dict.fromkeys(arrays, GIVEN_ELSEWHERE)}), **arrays}


def _check_shapes(loss: "Loss", values: Mapping[str, Array], parameters: Mapping[str, Any]) -> None:
    """Refuse roles of different numbers of rows or of values a row, and parameters of as many numbers as no role has.

    Raises:
        DataError: two roles do not fit together.
        UsageError: a parameter has not one number for each class.
    """
    rows = {name: array.shape[0] for name, array in values.items()}
    if len(set(rows.values())) > 1:
        raise DataError(f"{loss.name}: the roles have different numbers of rows: {_shown(rows)}")
    wide = {name: array.shape[-1] for name, array in values.items() if array.ndim > 1}
    if len(set(wide.values())) > 1:
        raise DataError(f"{loss.name}: the roles have different numbers of values a row: {_shown(wide)}")
    if set(wide) == {"target"}:
        raise DataError(f"{loss.name}: target has {wide['target']} values a row where the prediction has one")
    empty = next((name for name, array in values.items() if 0 in array.shape[1:]), None)
    if empty is not None:
        raise DataError(f"{loss.name}: {empty} has no values in its rows")
    classes = max(wide.values(), default=0)
    for parameter in loss.parameters:
        given = parameters.get(parameter.name)
        if parameter.many == "class" and given is not None and np.shape(given) != (classes,):
            found = f"{np.size(given)} in the shape {np.shape(given)}"
            raise UsageError(
                f"{loss.name}: {parameter.name} must be a number for each of {classes} classes, not {found}"
            )
        if parameter.by_row and given is not None and np.shape(given) not in ((), *((n,) for n in rows.values())):
            found = f"{np.size(given)} in the shape {np.shape(given)}"
            raise UsageError(f"{loss.name}: {parameter.name} must be one number or one for each row, not {found}")


def _shown(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{role} {size}" for role, size in sizes.items())


def _check_ignored(loss: "Loss", values: Mapping[str, Array], parameters: Mapping[str, Any]) -> None:
    """Refuse rows that a parameter leaves out: a loss for each row has no place for them."""
    role, name = loss.ignores or ("", "")
    labels = values.get(role)
    if labels is None or labels.ndim > 1 or parameters.get(name) is None:
        return
    ignored = np.flatnonzero(labels == parameters[name])
    if ignored.size:
        raise DataError(
            f"{loss.name}: {role} at ({ignored[0]},) is {labels[ignored[0]]}, which {name} leaves out",
            "leave such rows out before the call",
        )


def _check(loss: str, role: str, domain: Domain, array: Array, *, alone: bool = False) -> None:
    """Refuse an array that is not what the role takes.

    Args:
        alone: whether the first axis is the rows, and no shapes broadcast.

    Raises:
        DataError: with the first place that is wrong.
    """
    axes = 3 if domain.stacked else 2 if domain.vector else 1
    if (alone and array.ndim != axes) or (domain.vector and domain.width not in (None, array.shape[-1])):
        values = [str(domain.width or "values of a row")] if domain.vector else []
        wanted = ", ".join(["rows", *(["vectors"] if domain.stacked else []), *values])
        raise DataError(f"{loss}: {role} needs an array of shape ({wanted}), not {array.shape}")
    where = _first(domain.outside(array))
    if where is None and domain.vector:
        where = _first(domain.broken_rows(array))
    if where is not None:
        found = f"{role} at {where} is {array[where]}" if where else f"{role} is {array}"
        raise DataError(f"{loss}: {found}; allowed is {domain.allowed}")


def _first(outside: Mask | None) -> tuple[int, ...] | None:
    return None if outside is None else tuple(int(i) for i in np.argwhere(outside)[0])
