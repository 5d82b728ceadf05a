"""losscli from Python: `compute`, `compare` and the losses themselves as functions on arrays.

    import losscli

    result = losscli.compute("preds.parquet", loss="huber", delta=1.0)
    result.value, result.ci
    losscli.losses.huber(target, pred, delta=1.0)

    with losscli.max_memory("2GiB"):
        losscli.compute("preds.parquet", loss="dice", group="image")

Importing the package imports neither NumPy nor pyarrow; using it does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from losscli.version import __version__

if TYPE_CHECKING:
    from losscli import losses
    from losscli.api import compare, compute, worst
    from losscli.api_gate import check
    from losscli.errors import DataError, LosscliError, UsageError
    from losscli.memory import max_memory
    from losscli.results import Report, Result

__all__ = [
    "DataError",
    "LosscliError",
    "Report",
    "Result",
    "UsageError",
    "__version__",
    "check",
    "compare",
    "compute",
    "losses",
    "max_memory",
    "worst",
]

_HOMES = {
    "compute": "losscli.api",
    "compare": "losscli.api",
    "worst": "losscli.api",
    "check": "losscli.api_gate",
    "max_memory": "losscli.memory",
    "Result": "losscli.results",
    "Report": "losscli.results",
    "LosscliError": "losscli.errors",
    "DataError": "losscli.errors",
    "UsageError": "losscli.errors",
}


def __getattr__(name: str) -> Any:
    if name == "losses":
        return import_module("losscli.losses")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'losscli' has no attribute {name!r}")
