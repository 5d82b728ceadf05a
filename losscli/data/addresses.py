"""Addresses: what kind they are, and how they are shown, without what is secret in them."""

import re

from losscli.errors import UsageError
from losscli.records import dataclass, field

BUCKETS = ("s3", "gs")
WEB = ("http", "https")


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an object or of a web page.

    Attributes:
        shown: for messages and results: without user, password, and the values of the query.
        path: for a bucket, its name and the key.
        whole: as it was given.
    """

    scheme: str
    shown: str
    path: str
    whole: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read an address.

        Raises:
            UsageError: it is of another kind, or has no host or bucket.
        """
        scheme = text.partition("://")[0].lower()
        if scheme not in (*BUCKETS, *WEB):
            known = ", ".join(f"{name}://" for name in (*BUCKETS, *WEB))
            raise UsageError(f"{shown_address(text)}: there is no reader of such addresses", hint=f"one of {known}")
        rest = text.partition("://")[2]
        place, _, key = rest.partition("/")
        if scheme in BUCKETS and "@" in place:
            raise UsageError(
                f"{shown_address(text)}: the name of a bucket has no user or password",
                hint="credentials come from the environment",
            )
        if not place.rpartition("@")[2] or (scheme in BUCKETS and not key):
            kind = "bucket and a key" if scheme in BUCKETS else "host"
            raise UsageError(f"{shown_address(text)} is no address: it lacks a {kind}")
        return cls(scheme, shown_address(text), rest, text)


def shown_address(text: str) -> str:
    """An address without user and password; of a query only the names are left.

    In the key of a bucket a question mark is a mark like others.
    """
    scheme, mark, rest = text.partition("://")
    if scheme.lower() in BUCKETS:
        place, slash, key = rest.partition("/")
        return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{key}"
    place, path, query = _PARTS.fullmatch(rest).groups()  # type: ignore[union-attr] # anything fits
    place = place.rpartition("@")[2]
    names = "&".join(f"{part.partition('=')[0]}=..." if "=" in part else "..." for part in (query or "")[1:].split("&"))
    return f"{scheme}{mark}{place}{path}" + (f"?{names}" if query else "")


_PARTS = re.compile(r"([^/?#]*)([^?#]*)(\?[^#]*)?.*", re.DOTALL)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.+")


def addresses_in(word: str) -> list[str]:
    """The addresses in a word of a command, such as `new=https://...`."""
    return _ADDRESS.findall(word)
