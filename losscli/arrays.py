"""NumPy under the name `np`, imported when it is first used, and the array type of the whole package.

`--help` and `--version` describe every loss without computing one. The modules that define losses take
`np` from here, so NumPy is imported when the first array is touched and not before.
"""

from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    Mask: TypeAlias = NDArray[np.bool_]
    Index: TypeAlias = NDArray[np.int64]
else:

    class _NumpyOnFirstUse(ModuleType):
        def __getattr__(self, name: str) -> Any:
            import numpy

            value = getattr(numpy, name)
            setattr(self, name, value)
            return value

    np = _NumpyOnFirstUse("numpy")
    Array = Mask = Index = Any

__all__ = ["Array", "Index", "Mask", "np"]
