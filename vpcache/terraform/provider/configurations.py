"""The configurations of providers in modules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from vpcache.errors import VpcacheError
from vpcache.terraform.hcl import attributes, blocks, parse_hcl

_PROVIDER = re.compile(r"^\s*provider\b", re.MULTILINE)


def each_has_one_configuration(modules: Iterable[Path]) -> bool:
    """Return whether no provider has several configurations in the folders of modules.

    They have aliases, or are in several modules. Beside an alias, Terraform configures the provider by the
    environment for resources that do not name the alias. JSON, and HCL that python-hcl2 cannot parse, may
    have several.
    https://developer.hashicorp.com/terraform/language/providers/configuration#alias-multiple-provider-configurations
    """
    folders = list(modules)
    if any(file for folder in folders for file in folder.glob("*.tf.json")):
        return False
    try:
        configurations = [each for folder in folders for each in _configurations(folder)]
    except VpcacheError:
        return False
    names = [name for name, _ in configurations]
    return len(names) == len(set(names)) and not any(has_alias for _, has_alias in configurations)


def _configurations(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield the name of each configured provider, and whether the configuration has an alias."""
    for file in sorted(folder.glob("*.tf")):
        if _PROVIDER.search(file.read_text()):  # parsing takes 0.05 s a file
            for name, body in blocks(parse_hcl(file), "provider"):
                yield name, any(entry.name == "alias" for entry in attributes(body))
