"""What went wrong between here and a bucket, in a plain line, from the words of the libraries that talk to it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from losscli.errors import DataError

_OFTEN = (
    (("curlCode: 6,", "Could not resolve"), "its host is not known", "check the address and the network"),
    (("curlCode: 28", "Timeout", "timed out"), "no answer in time", "try again, or check the network"),
    (
        ("NETWORK_CONNECTION", "curlCode"),
        "it cannot be reached, or the connection was lost",
        "check the address and the network",
    ),
    (
        ("ACCESS_DENIED", "HTTP status 401", "HTTP status 403", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH"),
        "no permission to read it",
        "check the credentials in the environment",
    ),
    (("PERMISSION_DENIED", "UNAUTHENTICATED"), "no permission to read it", "check the credentials in the environment"),
    (("NO_SUCH_BUCKET", "Bucket '"), "there is no such bucket", "check the name"),
    (("NO_SUCH_KEY", "RESOURCE_NOT_FOUND"), "no such object", "check the key"),
    (("HTTP status 301", "HTTP status 307"), "the bucket is in another region", "say it: AWS_REGION"),
    (("AWS Error", "google::cloud", "UNAVAILABLE"), "the service failed", "try again"),
)


def network_error(label: str, error: Exception) -> DataError | None:
    """The error for the user where it came from a bucket; None where it did not.

    Args:
        label: the address as it is shown.
    """
    words = str(error)
    for marks, problem, hint in _OFTEN:
        if any(mark in words for mark in marks):
            return DataError(f"{label}: {problem}{_status(words)}", hint)
    return None


def _status(words: str) -> str:
    """The status that a server gave, where the library says it."""
    _, found, rest = words.partition("HTTP status ")
    return f" (HTTP {rest[:3]})" if found and rest[:3].isdigit() else ""


@contextmanager
def plain_errors(label: str) -> Iterator[None]:
    """Says in a plain line what went wrong between here and a bucket.

    Raises:
        DataError: in place of what the library raises.
    """
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{label}: no such object", "check the bucket and the key") from None
    except PermissionError:
        raise DataError(f"{label}: no permission to read it", "check the credentials in the environment") from None
    except (OSError, pa.ArrowException) as error:
        # the words of the libraries may hold more than is wanted in a log
        first = (str(error).splitlines() or [type(error).__name__])[0]
        found = network_error(label, error) or DataError(f"{label} cannot be read: {first}", "check the address")
        raise found from None
