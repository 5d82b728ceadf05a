"""`dataclass` as the whole package uses it: that of the standard library, made in a quarter of the time.

A run on a small file defines a hundred records. The standard decorator writes and compiles six functions for each,
which takes longer than reading and evaluating the file; here one is compiled, and the others are shared. Type checkers
see the decorator of the standard library, so they hold code to `frozen`, which is not looked at again at run time.
"""

from dataclasses import field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """Make a record of a class; records are equal where their fields are, and hashable where they are frozen."""

        def make(plain):
            made = dataclasses.dataclass(plain, repr=False, eq=False, slots=slots)
            if "__repr__" not in plain.__dict__:
                made.__repr__ = _shown
            if eq and "__eq__" not in plain.__dict__:
                _compare_by_fields(made, hashable=frozen and "__hash__" not in plain.__dict__)
            return made

        return make if cls is None else make(cls)


__all__ = ["dataclass", "field"]


def _shown(self: Any) -> str:
    said = ", ".join(f"{entry.name}={getattr(self, entry.name)!r}" for entry in fields(self) if entry.repr)
    return f"{type(self).__qualname__}({said})"


def _compare_by_fields(made: Any, *, hashable: bool) -> None:
    names = [entry.name for entry in fields(made) if entry.compare]
    # an attrgetter of one name gives the value itself, of none there is none
    values = attrgetter(*names) if names else lambda _: ()

    def equal(self: Any, other: object) -> bool:
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    def code(self: Any) -> int:
        return hash(values(self))

    made.__eq__ = equal
    made.__hash__ = code if hashable else None
