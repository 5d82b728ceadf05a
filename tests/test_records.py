"""Records behave as those of the standard library do, which makes the same classes here to be held against."""

import dataclasses
import pickle
from typing import Any

import pytest

from losscli import records


@records.dataclass(frozen=True, slots=True)
class Frozen:
    """A record with a default, a factory and a field that is not compared."""

    name: str
    numbers: tuple[int, ...] = ()
    notes: list[str] = records.field(default_factory=list, compare=False, repr=False)


@records.dataclass(slots=True)
class Open:
    """A record that may change."""

    count: int = 0


@records.dataclass(frozen=True, eq=False)
class Single:
    """A record that is equal to itself only."""

    name: str


@records.dataclass(frozen=True)
class Nothing:
    """A record without fields."""


def stock(cls: Any) -> Any:
    """The same class as the standard library makes it."""
    body = {"__annotations__": cls.__annotations__, "__qualname__": cls.__qualname__}
    defaults = {entry.name: entry for entry in dataclasses.fields(cls)}
    for name, entry in defaults.items():
        body[name] = dataclasses.field(
            default=entry.default, default_factory=entry.default_factory, compare=entry.compare, repr=entry.repr
        )
    return dataclasses.dataclass(frozen=True, slots=True)(type(cls.__name__, (), body))


def test_equality_hash_and_text_are_those_of_the_standard_library() -> None:
    other = stock(Frozen)
    one, same, different = (Frozen("a", (1,), ["x"]), Frozen("a", (1,), ["y"]), Frozen("a", (2,)))
    assert one == same
    assert hash(one) == hash(same) == hash(other("a", (1,)))
    assert one != different
    assert repr(one) == repr(other("a", (1,))) == "Frozen(name='a', numbers=(1,))"
    assert one != other("a", (1,)), "another class is never equal"
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(())


def test_what_is_not_frozen_has_no_hash() -> None:
    assert Open(1) == Open(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Open(1))


def test_without_equality_a_record_is_itself_only() -> None:
    one = Single("a")
    assert one != Single("a")
    assert {one: 1}[one] == 1


@pytest.mark.parametrize("record", [Frozen("a", (1, 2)), Open(3), Nothing()])
def test_records_can_be_replaced_and_pickled(record: Any) -> None:
    assert dataclasses.replace(record) == record
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301 - what was dumped in the same line
    assert dataclasses.is_dataclass(record)


def test_slots_admit_no_other_attribute() -> None:
    with pytest.raises(AttributeError):
        Open(1).other = 2  # type: ignore[attr-defined]
