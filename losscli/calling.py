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
        for role in loss.roles:
            if role.name in values:
                domain = loss.domain_of(role, parameters, {} if loss.by_element else widths)
                _check(loss.name, role.name, domain, values[role.name])
        loss.check_labels(values)
        _check_class_numbers(loss, parameters, max(widths.values(), default=1))
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


def _check_class_numbers(loss: "Loss", parameters: Mapping[str, Any], classes: int) -> None:
    """Refuse numbers for classes that are not as many as the classes."""
    for parameter in loss.parameters:
        value = parameters[parameter.name]
        if parameter.many == "class" and value is not None and np.shape(value) != (classes,):
            found = f"{np.size(value)} in the shape {np.shape(value)}"
            raise UsageError(
                f"{loss.name}: {parameter.name} must be a number for each of {classes} classes, not {found}"
            )


def _check(loss: str, role: str, domain: Domain, array: Array) -> None:
    """Refuse an array that is not what the role takes.

    Raises:
        DataError: with the first place that is wrong.
    """
    if domain.vector and (array.ndim < 2 or domain.width not in (None, array.shape[-1])):
        wanted = f"(rows, {domain.width or 'values of a row'})"
        raise DataError(f"{loss}: {role} needs an array of shape {wanted}, not {array.shape}")
    where = _first(domain.outside(array))
    if where is None and domain.vector:
        where = _first(domain.broken_rows(array))
    if where is not None:
        found = f"{role} at {where} is {array[where]}" if where else f"{role} is {array}"
        raise DataError(f"{loss}: {found}; allowed is {domain.allowed}")


def _first(outside: Mask | None) -> tuple[int, ...] | None:
    return None if outside is None else tuple(int(i) for i in np.argwhere(outside)[0])
