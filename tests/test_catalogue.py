"""The catalogue: look-up by name, what a decorated function becomes, and what a call refuses."""

import copy
import pickle
import re
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest

import losscli
from losscli import catalogue
from losscli.catalogue import Loss, Rows, all_losses, find, loss
from losscli.domain import FRACTION, FractionNumber, NonNegative, Positive, PositiveNumber, Real
from losscli.errors import UsageError
from tests.sampling import Values, examples, forms, required

LOSSES = list(all_losses())
NAMES = [(entry, name) for entry in LOSSES for name in (entry.name, *entry.aliases)]

each_loss = pytest.mark.parametrize("entry", LOSSES, ids=lambda entry: entry.name)


def test_the_catalogue_has_each_loss_once() -> None:
    assert len({entry.name for entry in LOSSES}) == len(LOSSES) > 0
    every_name = [name for _, name in NAMES]
    assert len(set(every_name)) == len(every_name)
    assert all(name.isidentifier() and name == name.lower() for name in every_name)


@pytest.mark.parametrize(("entry", "name"), NAMES, ids=lambda value: getattr(value, "name", value))
def test_a_name_is_found_in_any_spelling(entry: Loss, name: str) -> None:
    for spelling in (name, name.upper(), name.title(), name.replace("_", "-"), f" {name}\n"):
        assert find(spelling) is entry, spelling


@pytest.mark.parametrize(("entry", "name"), NAMES, ids=lambda value: getattr(value, "name", value))
def test_a_misspelt_name_gets_its_neighbour(entry: Loss, name: str) -> None:
    misspelt = name[:-1] + "zq"
    with pytest.raises(UsageError) as refused:
        find(misspelt)
    assert repr(misspelt) in refused.value.message
    if len(name) > 3:
        assert refused.value.hint is not None
        assert name in refused.value.hint, f"{entry.name}: {refused.value.hint}"


@pytest.mark.parametrize("name", ["", "xyzxyzxyz", "*", "__class__"])
def test_what_is_like_no_name_is_pointed_to_the_list(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        find(name)
    assert refused.value.hint is not None
    assert "losscli list" in refused.value.hint


@each_loss
def test_a_loss_is_the_same_object_after_a_pickle_and_a_copy(entry: Loss) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(entry, protocol)) is entry  # noqa: S301 - written in this line
    assert copy.copy(entry) is copy.deepcopy(entry) is entry


@each_loss
def test_a_loss_is_a_function_of_the_package(entry: Loss) -> None:
    assert getattr(losscli.losses, entry.name) is entry


@each_loss
def test_what_is_declared_belongs_to_the_loss(entry: Loss) -> None:
    roles = {role.name: role for role in entry.roles}
    parameters = {parameter.name: parameter for parameter in entry.parameters}
    assert not set(roles) & set(parameters)
    # without a meaning of its own --pred is asked what it is, so its role must be among the choices or not be called so
    assert entry.pred_means in roles or (entry.pred_means == "" and "pred" not in roles)
    in_forms = [name for form in entry.forms for name in form]
    assert len(set(in_forms)) == len(in_forms)
    optional = {name for name, role in roles.items() if role.optional}
    free = {entry.unit.unless} - {""}
    assert optional == set(in_forms) | free
    assert not free & set(in_forms)
    for role, parameter in entry.guards.items():
        # what is not relaxed is clipped, and counted
        assert roles[role].domain.relaxed is not None or entry.clipped is not None
        assert parameters[parameter].domain is not None
    for role, chosen_by in entry.variants.items():
        words = {word for name in chosen_by for word in parameters[name].choices}
        assert {word for word, _ in roles[role].domain.variants} <= words
    assert set(entry.reveals) <= set(roles)
    for name, word in filter(None, (entry.leaves_out, entry.several_by)):
        assert word in parameters[name].choices
    if entry.ignores:
        assert (entry.ignores[0] in roles, parameters[entry.ignores[1]].default) == (True, None)
    for key in entry.units_by:
        name, _, word = key.partition("=")
        assert word in parameters[name].choices if word else parameters[name].is_flag
    assert (entry.of_sums is not None) == (entry.unit.kind == "set")


@each_loss
def test_defaults_lie_in_their_domains(entry: Loss) -> None:
    for parameter in entry.parameters:
        assert parameter.allowed
        if not parameter.required:
            parameter.check(parameter.default, entry.name)


@each_loss
def test_every_form_is_a_call(entry: Loss) -> None:
    """The arrays that the tests below leave out or add to are such that all else is well."""
    for form in forms(entry):
        losses = entry(**examples(form), **required(entry))
        assert np.isfinite(losses).all()
        assert losses.shape == (() if entry.unit.kind == "set" else (2,))


def _arrays(entry: Loss) -> Values:
    return examples(next(forms(entry)))


@each_loss
def test_an_unknown_parameter_is_named_with_those_there_are(entry: Loss) -> None:
    arrays = _arrays(entry)
    with pytest.raises(UsageError, match=f"^{entry.name} has no parameter wrong;") as refused:
        entry(**arrays, wrong=1.0)
    assert all(parameter.name in str(refused.value) for parameter in entry.parameters)


@each_loss
def test_a_parameter_of_another_kind_is_refused_by_name(entry: Loss) -> None:
    arrays = _arrays(entry)
    for parameter in entry.parameters:
        others: list[object] = ["wrong", "@column"]
        others += [True, np.True_] if parameter.domain is not None else [2.0, ["exact"], [True]]
        others += [] if parameter.default is None and not parameter.required else [None]
        if parameter.many:
            inside = parameter.domain.inside() if parameter.domain else 0.0
            others += [(inside, "wrong"), (), {"a": inside}]
        for other in others:
            _refused(entry, arrays, parameter.name, other)


@each_loss
def test_a_number_for_each_class_is_one_for_each(entry: Loss) -> None:
    arrays = _arrays(entry)
    classes = max(array.shape[-1] for array in arrays.values())
    for parameter in entry.parameters:
        if parameter.many == "class":
            entry(**arrays, **{parameter.name: [1.0] * classes})
            for other in ([1.0] * (classes - 1), [1.0] * (classes + 1), [[1.0] * classes], 1.0):
                _refused(entry, arrays, parameter.name, other)


def _refused(entry: Loss, arrays: Values, name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"^{entry.name}: {name} must be "):
        pytest.fail(f"{entry.name} takes {name}={value!r} and says {entry(**arrays, **{name: value})}")


@each_loss
def test_a_required_parameter_is_asked_for(entry: Loss) -> None:
    for parameter in entry.parameters:
        if parameter.required:
            with pytest.raises(UsageError, match=f"needs {parameter.name}, {parameter.allowed}") as refused:
                entry(**_arrays(entry))
            assert refused.value.hint == f"--{parameter.name.replace('_', '-')} VALUE"


@each_loss
def test_a_missing_role_is_asked_for(entry: Loss) -> None:
    for form in forms(entry):
        arrays = examples(form)
        for role in form:
            rest = {name: value for name, value in arrays.items() if name != role.name}
            if not role.optional:
                with pytest.raises(UsageError, match=f"{entry.name} needs {role.name}$"):
                    entry(**rest, **required(entry))


@each_loss
def test_exactly_one_form_is_read(entry: Loss) -> None:
    if not entry.forms:
        return
    choices = re.escape(", ".join(" with ".join(form) for form in entry.forms))
    in_forms = [name for form in entry.forms for name in form]
    everything: Values = {}
    for form in forms(entry):
        everything |= examples(form)
    with pytest.raises(UsageError, match=f"exactly one of {choices}; given: ") as refused:
        entry(**everything, **required(entry))
    assert str(refused.value).partition("given: ")[2] == " and ".join(in_forms)
    without = {name: value for name, value in everything.items() if name not in in_forms}
    with pytest.raises(UsageError, match=f"exactly one of {choices}; given: none"):
        entry(**without, **required(entry))


@each_loss
def test_a_form_of_two_roles_needs_both(entry: Loss) -> None:
    for form in entry.forms:
        given = next(roles for roles in forms(entry) if set(form) <= {role.name for role in roles})
        for name in form:
            others = [other for other in form if other != name]
            rest = {role: value for role, value in examples(given).items() if role != name}
            if others:
                with pytest.raises(UsageError, match=f"{entry.name} needs {name} beside {' and '.join(others)}"):
                    entry(**rest, **required(entry))


@each_loss
def test_too_many_arrays_and_an_array_given_twice_are_refused(entry: Loss) -> None:
    count = len(entry.roles)
    with pytest.raises(UsageError, match=f"reads {count} arrays, not {count + 1}"):
        entry(*[[0.5]] * (count + 1))
    first = entry.roles[0].name
    arrays = _arrays(entry)
    with pytest.raises(UsageError, match=f"{first} is given twice"):
        entry(arrays[first], **arrays, **required(entry))


@each_loss
def test_a_guard_says_how_it_relaxes_a_role(entry: Loss) -> None:
    for role in entry.roles:
        plain = entry.guard_hint(role, {})
        guard = entry.guards.get(role.name)
        assert bool(plain) == (guard is not None)
        if guard is not None:
            assert f"{plain}." == f"--{guard} VALUE: {entry.doc.arguments[guard]}"
            assert entry.domain_of(role, {guard: 0.25}) is (role.domain.relaxed or role.domain)
            assert entry.domain_of(role, {guard: 0.0}) is entry.domain_of(role, {guard: None}) is role.domain
            assert entry.guard_hint(role, {guard: 0.25}) == ""


@pytest.fixture
def own_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses that a test defines are gone after it."""
    monkeypatch.setattr(catalogue, "_BY_NAME", dict(catalogue._BY_NAME))


def _decorator(*aliases: str) -> Callable[[Callable[..., Rows]], Loss]:
    return loss(
        task="t",
        convex="yes",
        differentiable="yes",
        robust="no",
        units="u",
        aliases=aliases,
        one_of=("rate", "log_rate"),
        pred_means="rate",
        guards={"rate": "eps"},
    )


def _shift(
    target: NonNegative,
    rate: Positive | None = None,
    log_rate: Real | None = None,
    *,
    level: FractionNumber,
    eps: PositiveNumber | None = None,
    kind: Literal["plain", "fancy"] = "plain",
    doubled: bool = False,
) -> Rows:
    """Sum of all."""
    given = rate if rate is not None else log_rate
    assert given is not None
    return np.asarray((target + given + level + (eps or 0.0)) * (2.0 if doubled else 1.0) + (kind == "fancy"))


@pytest.mark.usefixtures("own_catalogue")
def test_a_decorated_function_is_a_loss_with_all_that_its_signature_says() -> None:
    made = _decorator("shifted")(_shift)
    assert find("shifted") is find("-shift") is made
    assert [(role.name, role.domain.name, role.optional) for role in made.roles] == [
        ("target", "non-negative", False),
        ("rate", "positive", True),
        ("log_rate", "real", True),
    ]
    level, eps, kind, doubled = made.parameters
    assert (level.domain, level.required, level.allowed) == (FRACTION, True, FRACTION.allowed)
    assert (eps.domain is not None, eps.default, eps.required) == (True, None, False)
    assert (kind.choices, kind.default, kind.allowed) == (("plain", "fancy"), "plain", "one of plain, fancy")
    assert (doubled.is_flag, doubled.default, doubled.allowed) == (True, False, "true or false")
    assert not level.is_flag
    assert made([1], rate=[2], level=0.5, kind="fancy", doubled=True).tolist() == [8.0]


@pytest.mark.usefixtures("own_catalogue")
def test_two_losses_cannot_share_a_name() -> None:
    taken = NAMES[0][1]
    with pytest.raises(ValueError, match=f"two losses are called {taken}"):
        _decorator(taken)(_shift)


def test_a_role_without_a_domain_is_a_mistake_in_the_source() -> None:
    def bare(target: float, pred: Real) -> Rows:
        return np.asarray(pred - target)

    with pytest.raises(TypeError, match="role target has no domain"):
        _decorator()(bare)
