"""Deployment packages: zip files, checked when they are uploaded and unpacked when they first run."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path, PurePosixPath

_MAX_LINK = 4095  # bytes
_MAX_NAME = 255
_UNIX = 3  # the system whose modes an entry can have
_WRITESTR_MODE = 0o600  # what Python's zipfile gives an entry that has only a name; it has no file type
_NO_TIME = (1980, 1, 1, 0, 0, 0)
CA_FILES = ("certifi/cacert.pem", "botocore/cacert.pem")
"""The files with certificate authorities of well-known packages."""


class InvalidArchiveError(Exception):
    """The zip file cannot be unpacked."""


class ArchiveSizeError(Exception):
    """The zip file has no entries, or too large ones."""

    def __init__(self, is_empty: bool) -> None:
        super().__init__()
        self.is_empty = is_empty


def check_archive(code: bytes, max_size: int) -> None:
    """Raise InvalidArchiveError if a zip file cannot be unpacked, ArchiveSizeError if it is empty or large.

    `max_size` is in bytes, unzipped.
    """
    try:
        with zipfile.ZipFile(BytesIO(code)) as archive:
            entries = archive.infolist()
            _check_paths(entries)
            if not entries or sum(entry.file_size for entry in entries) >= max_size:
                raise ArchiveSizeError(is_empty=not entries)
            if archive.testzip() is not None:
                raise InvalidArchiveError
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise InvalidArchiveError from error


def _check_paths(entries: list[zipfile.ZipInfo]) -> None:
    paths = [(_path(entry), entry.is_dir()) for entry in entries]
    files = {path for path, is_dir in paths if not is_dir}
    folders = {folder for path, _ in paths for folder in path.parents} | {PurePosixPath()}
    folders |= {path for path, is_dir in paths if is_dir}
    names = {name for path in files | folders for name in path.parts}
    if files & folders or any(len(os.fsencode(name)) > _MAX_NAME for name in names):
        raise InvalidArchiveError


def unzipped_size(code: bytes) -> int:
    """Return the size in bytes of the files of a checked zip file."""
    with zipfile.ZipFile(BytesIO(code)) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def extensions(code: bytes) -> list[str]:
    """Return the paths of the external extensions in the checked zip file of a layer.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
    """
    with zipfile.ZipFile(BytesIO(code)) as archive:
        paths = [_path(entry) for entry in archive.infolist() if not entry.is_dir()]
    return sorted(str(path) for path in paths if path.parent == PurePosixPath("extensions"))


def unpack(codes: Sequence[bytes], folder: Path, compile_modules: Callable[[Path], None]) -> None:
    """Unpack checked zip files into the new folder `folder`, with modes and links, and compile the modules.

    A later file replaces earlier ones. The process sees the folder read-only, so it cannot write its own byte
    code. Links are made last: nothing is written or read through them.
    """
    folder.mkdir()
    links = {}
    with ExitStack() as stack:
        archives = [stack.enter_context(zipfile.ZipFile(BytesIO(code))) for code in codes]
        for path, (number, entry) in _merged([archive.infolist() for archive in archives]).items():
            if _is_link(entry):
                links[path] = archives[number].read(entry)
                continue
            extracted = Path(archives[number].extract(entry, folder))
            if not entry.is_dir():
                _set_mode(extracted, entry)
    compile_modules(folder)
    for path, target in links.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(os.fsdecode(target[:_MAX_LINK].partition(b"\0")[0]) or ".")


def _merged(
    archives: Sequence[Sequence[zipfile.ZipInfo]],
) -> dict[PurePosixPath, tuple[int, zipfile.ZipInfo]]:
    """Return the entry at each path of several archives, with the index of its archive.

    An entry replaces an earlier one at its path, a folder an earlier file, and a file an earlier folder with
    all that is in it.
    """
    merged: dict[PurePosixPath, tuple[int, zipfile.ZipInfo]] = {}
    for number, entries in enumerate(archives):
        own = {_path(entry): entry for entry in entries}
        files = {path for path, entry in own.items() if not entry.is_dir()}
        folders = (own.keys() - files) | {parent for path in own for parent in path.parents}
        merged = {
            path: (index, entry)
            for path, (index, entry) in merged.items()
            if path not in files
            and files.isdisjoint(path.parents)
            and (entry.is_dir() or path not in folders)
        }
        merged |= {path: (number, entry) for path, entry in own.items()}
    return merged


def ca_files(folder: Path) -> list[str]:
    """Return the files with certificate authorities of well-known packages, relative to `folder`."""
    found = (path for name in CA_FILES for path in folder.rglob(name))
    return sorted(str(path.relative_to(folder)) for path in found if path.is_file() and not path.is_symlink())


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    """Return the path at which zipfile puts an entry."""
    return PurePosixPath(*(part for part in entry.filename.split("/") if part not in ("", ".", "..")))


def _mode(entry: zipfile.ZipInfo) -> int:
    return entry.external_attr >> 16 if entry.create_system == _UNIX else 0


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(_mode(entry))


def _set_mode(path: Path, entry: zipfile.ZipInfo) -> None:
    """Set the mode of a file. As on AWS, the function's user may do what the mode allows to others."""
    if entry.create_system != _UNIX or (_mode(entry) == _WRITESTR_MODE and entry.date_time != _NO_TIME):
        mode = 0o644
    else:
        mode = _mode(entry) & 0o777
    others = (mode & 0o005) << 6
    path.chmod((mode & ~0o500) | others)
