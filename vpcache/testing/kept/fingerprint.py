"""The fingerprint of a stack's configuration: HCL, variables and bundles, and the version of this package.

HCL may read files and the clock by functions, and the world outside by data sources. A file that it names is
part of the fingerprint. Where the rest cannot be known without Terraform, the fingerprint is `open`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vpcache.terraform.initialisation import module_folders
from vpcache.terraform.provider.lock import LOCK_FILE
from vpcache.terraform.root_module import values_files

_PACKAGE = Path(__file__).parents[2]
_BUNDLE = frozenset({"path", "sha256"})
_SOURCES = ("*.tf", "*.tf.json")

# https://developer.hashicorp.com/terraform/language/functions, those that read files; a call within a string,
# whose quotes are escaped, is text
_FILE_CALL = re.compile(r'\b(?:file\w*|templatefile)\((?!\\")\s*(?P<argument>"[^"]*")?')
_LITERAL = re.compile(r'"\$\{path\.(?:module|root)\}/(?P<path>[\w./-]+)"')
_IMPURE = re.compile(
    r"\b(?:bcrypt|fileset|pathexpand|plantimestamp|timestamp|uuid)\("
    r'|^\s*(?:data|ephemeral)\s+"(?:archive_file|external|http|local_\w+|terraform_remote_state)"',
    re.MULTILINE,
)


@dataclass(frozen=True)
class Fingerprint:
    """What an apply depends on. `bundles` are the bundles among the variables, by their path in these.

    An `open` configuration reads something that the fingerprint does not have.
    """

    hcl: str
    variables: str
    bundles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    open: bool = False


def fingerprint(root_module: Path, data_dir: Path, variables: Mapping[str, Any]) -> Fingerprint:
    """Return the fingerprint of a root module that `terraform init` has initialised in `data_dir`."""
    bundles = dict(_bundles(variables))
    folders = sorted(set(module_folders(root_module, data_dir).values()))
    sources = [file for folder in folders for glob in _SOURCES for file in sorted(folder.glob(glob))]
    texts = [(file, file.read_text()) for file in sources]
    files = {*values_files(root_module), root_module / LOCK_FILE}
    is_open = False
    for file, text in texts:
        is_open = is_open or file.suffix == ".json" or bool(_IMPURE.search(text))
        for call in _FILE_CALL.finditer(text):
            path = _LITERAL.fullmatch(call["argument"] or "")
            is_open = is_open or path is None
            if path is not None:
                files |= {file.parent / path["path"], root_module / path["path"]}
    parts = [(str(file), text.encode()) for file, text in texts]
    parts += [(str(file), file.read_bytes()) for file in sorted(files) if file.is_file()]
    return Fingerprint(
        hcl=_digest(part for name, content in parts for part in (name.encode(), content)),
        variables=_digest([json.dumps(_without_bundles(variables), sort_keys=True).encode()]),
        bundles=bundles,
        open=is_open,
    )


@cache
def package_version() -> str:
    """Return the version of this package and a digest of its source, as a branch keeps its version number."""
    try:
        number = version("vpcache")
    except PackageNotFoundError:
        number = "0"
    sources = sorted(_PACKAGE.rglob("*.py"))
    source = _digest(
        part for file in sources for part in (str(file.relative_to(_PACKAGE)).encode(), file.read_bytes())
    )
    return f"{number} ({source[:8]})"


def text_digest(text: str) -> str:
    """Return a digest of a text, such as a state."""
    return _digest([text.encode()])


def _bundles(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the path and the value of each bundle in a value of Terraform."""
    if not isinstance(value, Mapping):
        return
    if value.keys() == _BUNDLE:
        yield ".".join(path), dict(value)
        return
    for key, part in value.items():
        yield from _bundles(part, (*path, str(key)))


def _without_bundles(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if value.keys() == _BUNDLE:
        return "bundle"
    return {str(key): _without_bundles(part) for key, part in value.items()}


def _digest(parts: Iterable[bytes]) -> str:
    """Return a digest of the parts; a length before each makes them unambiguous."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
