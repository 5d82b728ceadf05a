"""Losses as users write them: `NAME`, `NAME:param=value,param=value`, and parameters beside them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from losscli.catalogue import Loss, Parameter, find
from losscli.class_weights import scheme
from losscli.errors import UsageError
from losscli.plan import LossSpec

_YES, _NO = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


def parse_spec(text: str) -> LossSpec:
    """A loss with the parameters that stand behind its name.

    Raises:
        UsageError: an unknown loss or parameter, or a value outside its domain.
    """
    name, _, rest = text.partition(":")
    loss = find(name)
    given: dict[str, Any] = {}
    # a comma begins the next parameter only where a name and = follow it
    for item in re.split(r",(?=\s*\w+\s*=)", rest) if rest.strip() else []:
        key, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"{text!r}: {item!r} is no parameter", hint=f"{loss.name}:param=value,param=value")
        parameter = _parameter(loss, key.strip())
        if parameter.name in given:
            raise UsageError(f"{text!r}: {parameter.name} is given twice")
        given[parameter.name] = parse_value(parameter, value.strip(), loss)
    return LossSpec(loss, given)


def with_parameters(specs: Sequence[LossSpec], parameters: Mapping[str, Any]) -> list[LossSpec]:
    """The losses with the parameters that stand beside them; each goes to the losses that have it.

    Raises:
        UsageError: a parameter that none of the losses has.
    """
    filled = [LossSpec(spec.loss, {**spec.given, **_fitting(spec, parameters)}) for spec in specs]
    for name in parameters:
        key = name.replace("-", "_")
        if not any(parameter.name == key for spec in specs for parameter in spec.loss.parameters):
            raise UsageError(_no_parameter(specs, name), hint=_has(specs))
    for spec in filled:
        spec.values()
    return filled


def _fitting(spec: LossSpec, parameters: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parameters.items():
        key = name.replace("-", "_")
        match = next((parameter for parameter in spec.loss.parameters if parameter.name == key), None)
        if match is None:
            continue
        if key in spec.given:
            raise UsageError(f"{spec.loss.name}: {key} is given behind its name and as an option")
        found[key] = parse_value(match, value, spec.loss)
    return found


def _no_parameter(specs: Sequence[LossSpec], name: str) -> str:
    names = " and ".join(spec.loss.name for spec in specs)
    return f"{names} {'has' if len(specs) == 1 else 'have'} no parameter {name}"


def _has(specs: Sequence[LossSpec]) -> str:
    return "; ".join(
        f"{spec.loss.name} has {', '.join(p.name for p in spec.loss.parameters) or 'no parameters'}" for spec in specs
    )


def _parameter(loss: Loss, name: str) -> Parameter:
    key = name.replace("-", "_")
    for parameter in loss.parameters:
        if parameter.name == key:
            return parameter
    raise UsageError(_no_parameter([LossSpec(loss)], name), hint=_has([LossSpec(loss)]))


def _numbers(parameter: Parameter, values: Any, loss: Loss) -> Any:
    """Several numbers; names with numbers stay a text until the classes are known."""
    if isinstance(values, Mapping):
        return ",".join(f"{name}:{float(weight)!r}" for name, weight in values.items())
    try:
        numbers = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise UsageError(f"{loss.name}: {parameter.name} must be {parameter.allowed}, not {values}") from None
    parameter.check(numbers, loss.name)
    return numbers


def parse_value(parameter: Parameter, value: Any, loss: Loss) -> Any:
    """A parameter's value from text; `@column` stays as it is, and so does what is no text.

    Raises:
        UsageError: it is not what the parameter takes.
    """
    if not isinstance(value, (str, bool)) and hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()  # a number of NumPy
    if isinstance(value, int) and not isinstance(value, bool):
        # 1 and 1.0 are one value, and the signature of a result must say so
        return float(value)
    if parameter.many and not isinstance(value, str) and hasattr(value, "__iter__"):
        return _numbers(parameter, value, loss)
    if not isinstance(value, str) or (value.startswith("@") and len(value) > 1):
        return value
    word = value.strip().lower()
    if word in ("none", "null") and parameter.default is None and not parameter.required:
        return None
    if parameter.is_flag and word in _YES + _NO:
        return word in _YES
    if parameter.many == "class" and (":" in word or "=" in word or scheme(word) is not None):
        # a scheme or names with weights: resolved when the classes are known
        return word if scheme(word) is not None else value
    if parameter.many and "," in word:
        return _numbers(parameter, word.split(","), loss)
    if parameter.domain is not None:
        try:
            number = float(word if word.isascii() and "_" not in word else "")
        except ValueError:
            raise UsageError(f"{loss.name}: {parameter.name} must be {parameter.allowed}, not {value!r}") from None
        parameter.check(number, loss.name)
        return number
    parameter.check(word if parameter.choices else value, loss.name)
    return word
