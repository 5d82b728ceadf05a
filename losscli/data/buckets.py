"""Objects in buckets, by the file systems that come with Arrow; credentials and endpoint from the environment."""

import os
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from os.path import commonpath
from typing import Any
from urllib.parse import urlsplit

from losscli.data.addresses import Address
from losscli.data.folders import Found, below, chosen_files, fixed_part, is_hidden, seen_by, with_keys
from losscli.data.network_errors import plain_errors
from losscli.data.sources import natural_order
from losscli.errors import DataError
from losscli.records import dataclass, field

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 20.0
_ATTEMPTS = 3
_ENVIRONMENT = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"),
    *("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_NO_SIGN_REQUEST", "AWS_CA_BUNDLE"),
    *("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST", "CLOUDSDK_AUTH_DISABLE_CREDENTIALS"),
)
"""What is read of the environment, besides what Arrow's own libraries read."""


@dataclass(frozen=True)
class ObjectFile:
    """An object in a bucket.

    Attributes:
        path: the bucket and the key.
    """

    scheme: str
    path: str
    label: str
    size: int
    version: str | None = None

    def open(self) -> Any:
        """A file as Arrow reads it, if it is still the same."""
        file, size, version = _opened(self.scheme, self.path, self.label)
        if (size, version) != (self.size, self.version):
            raise DataError(f"{self.label} changed while it was read", "run again when its writer is done")
        return file

    def check(self) -> None:
        """See that it is still the same."""
        self.open().close()


def find_object(scheme: str, path: str, label: str) -> ObjectFile:
    """The object of a key.

    Raises:
        DataError: there is none, or it cannot be reached.
    """
    file, size, version = _opened(scheme, path, label)
    file.close()
    return ObjectFile(scheme, path, label, size, version)


def _opened(scheme: str, path: str, label: str) -> tuple[Any, int, str | None]:
    with plain_errors(label):
        files = _filesystem(scheme, path)
        if scheme == "gs":
            # an open file there says nothing of itself, and keeps to the version that it was opened at
            found = files.get_file_info(path)
            if not found.is_file:
                raise FileNotFoundError
            return files.open_input_file(path), int(found.size), f"modified:{found.mtime_ns}"
        file = files.open_input_file(path)
        said = {name.lower(): value.decode("latin-1") for name, value in (file.metadata() or {}).items()}
        return file, int(file.size()), _version(said)


def _version(said: Mapping[str, str]) -> str | None:
    for name in ("etag", "last-modified"):
        if said.get(name):
            return f"{name}:{said[name].strip(chr(34))}"
    return None


def files_in_bucket(address: Address, input_format: str | None) -> list[Found] | None:
    """The files of a folder or a pattern in a bucket; None where the address is that of an object.

    Raises:
        DataError: nothing is there, it cannot be reached, or what a folder is refused for.
    """
    from pyarrow import fs

    path, shown = address.path, address.shown
    if re.search(r"[*?\[]", path):
        return _files_of_pattern(address, input_format)
    with plain_errors(shown):
        kind = _filesystem(address.scheme, path).get_file_info(path.rstrip("/")).type
    if kind == fs.FileType.File and not path.endswith("/"):
        return None
    if kind != fs.FileType.Directory:
        raise DataError(f"{shown}: no such object", "check the bucket and the key")
    folder = path.rstrip("/")
    return _found(address, f"{folder}/", _below(address, folder, input_format))


def _found(address: Address, start: str, names: Sequence[str]) -> list[Found]:
    """Files by their address; their keys are what the folders below `start` say."""
    return with_keys([f"{address.scheme}://{name}" for name in names], [below(start, name) for name in names])


def _below(address: Address, folder: str, input_format: str | None) -> list[str]:
    """The data files below a folder."""
    inside = [below(f"{folder}/", name) for name in listed(address.scheme, folder, address.shown)]
    visible = [name for name in inside if not any(is_hidden(part) for part in name.split("/"))]
    chosen = chosen_files(f"{address.scheme}://{folder}", sorted(visible, key=natural_order), input_format)
    return [f"{folder}/{name}" for name in chosen]


def _files_of_pattern(address: Address, input_format: str | None) -> list[Found] | None:
    """The files that fit a pattern; a folder that fits stands for the files below it."""
    pattern = address.path
    start, parts = fixed_part(pattern), pattern.rstrip("/").split("/")
    deep = "**" in parts or len(parts) > start.count("/") + 1
    entries = _entries(address.scheme, start.rstrip("/"), address.shown, deep=deep)
    if pattern in entries:
        return None
    found: list[str] = []
    for name in sorted(filter(lambda name: path_fits(name.split("/"), parts), entries), key=natural_order):
        if entries[name] is not None:
            path = below(start, name)
            if "**" not in parts or seen_by(pattern, path):
                found.append(name)
        elif "**" not in parts:
            found += _below(address, name, input_format)
    if not found:
        raise DataError(f"{address.shown}: no object fits this pattern", "check the pattern")
    return _found(address, start, found)


def path_fits(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path fits a pattern as the shell has it: `*` is within a name, and not for a dot at its beginning."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(path_fits(path[i:], pattern[1:]) for i in range(len(path))) or (len(pattern) == 1 and bool(path))
    if not path or (path[0].startswith(".") and not pattern[0].startswith(".")):
        return False
    return fnmatchcase(path[0], pattern[0]) and path_fits(path[1:], pattern[1:])


def listed(scheme: str, folder: str, label: str) -> dict[str, tuple[int, int]]:
    """The objects below a folder, each with its size and when it was written, in nanoseconds.

    Raises:
        DataError: it cannot be listed.
    """
    return {path: said for path, said in _entries(scheme, folder, label).items() if said is not None}


def _entries(scheme: str, folder: str, label: str, *, deep: bool = True) -> dict[str, tuple[int, int] | None]:
    """The same, with folders, of which nothing is said; those in other folders only if `deep`."""
    from pyarrow import fs

    with plain_errors(label):
        where = fs.FileSelector(folder, recursive=deep, allow_not_found=True)
        entries = _filesystem(scheme, folder).get_file_info(where)
    return {e.path: (e.size, e.mtime_ns or 0) if e.type == fs.FileType.File else None for e in entries}


def sizes_and_times(addresses: Sequence[str], label: str) -> list[tuple[int, int]]:
    """The size of each of many objects, and when it was written, in nanoseconds.

    Raises:
        DataError: one is not there, or they cannot be listed.
    """
    scheme, _, first = addresses[0].partition("://")
    paths = [address.partition("://")[2] for address in addresses]
    folder = first if len(paths) == 1 else commonpath(paths)
    said = listed(scheme, folder, label)
    lacking = next((path for path in paths if path not in said), None)
    if lacking is not None:
        raise DataError(f"{scheme}://{lacking} is gone", "run again when its writer is done")
    return [said[path] for path in paths]


@dataclass(frozen=True)
class _Said:
    """The part of the environment that says how to reach buckets."""

    values: tuple[str | None, ...] = field(default_factory=lambda: tuple(map(os.environ.get, _ENVIRONMENT)))

    def get(self, *names: str) -> str | None:
        """The first of some variables that is set."""
        return next((value for n in names if (value := self.values[_ENVIRONMENT.index(n)])), None)


def _filesystem(scheme: str, path: str) -> Any:
    return _s3(_Said(), path.partition("/")[0]) if scheme == "s3" else _gcs(_Said())


@lru_cache(maxsize=16)
def _s3(said: _Said, bucket: str) -> Any:
    try:
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem, resolve_s3_region
    except ImportError:
        raise _lacking("S3") from None
    options: dict[str, Any] = {}
    endpoint, region = said.get("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), said.get("AWS_REGION", "AWS_DEFAULT_REGION")
    if endpoint:
        parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
        options |= {"scheme": parts.scheme, "endpoint_override": parts.netloc.rpartition("@")[2]}
    elif region is None:
        # a bucket is known under its region only
        region = resolve_s3_region(bucket)
    if said.get("AWS_CA_BUNDLE"):
        options["tls_ca_file_path"] = said.get("AWS_CA_BUNDLE")
    return S3FileSystem(
        region=region or "us-east-1",
        anonymous=_is_yes(said.get("AWS_NO_SIGN_REQUEST")),
        connect_timeout=CONNECT_SECONDS,
        request_timeout=ANSWER_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
        **options,
    )


@lru_cache(maxsize=4)
def _gcs(said: _Said) -> Any:
    try:
        from pyarrow.fs import GcsFileSystem
    except ImportError:
        raise _lacking("Google Cloud Storage") from None
    options: dict[str, Any] = {}
    emulator = said.get("STORAGE_EMULATOR_HOST")
    if emulator:
        parts = urlsplit(emulator if "://" in emulator else f"http://{emulator}")
        options = {"scheme": parts.scheme, "endpoint_override": parts.netloc}
    return GcsFileSystem(
        anonymous=bool(emulator) or _is_yes(said.get("CLOUDSDK_AUTH_DISABLE_CREDENTIALS")),
        retry_time_limit=timedelta(seconds=ANSWER_SECONDS),
        **options,
    )


def _is_yes(text: str | None) -> bool:
    return (text or "").lower() in ("1", "true", "yes")


def _lacking(what: str) -> DataError:
    return DataError(f"this build of pyarrow cannot read {what}", "pip install --force-reinstall pyarrow")
