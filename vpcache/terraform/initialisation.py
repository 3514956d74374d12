"""`terraform init`, unless nothing that it reads has changed since its last success.

The command computes the checksum of each provider two or three times, which takes longer than all else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged

from vpcache.terraform.provider.lock import LOCK_FILE
from vpcache.terraform.runner import Terraform

_SOURCES = ("*.tf", "*.tf.json", "*.tftest.hcl", "tests/*.tftest.hcl")
_CONFIGURATION = (*_SOURCES, LOCK_FILE)
_MODULES = "modules/modules.json"
_BACKEND = "terraform.tfstate"
_PROVIDERS = "providers/*/*/*/*/*/*"


def initialise(terraform: Terraform, **options: Any) -> None:
    """Run `terraform init` with `options` if it has something to do. Raises TerraformError if it fails."""
    record = Path(terraform.environment["TF_DATA_DIR"], "initialised")
    if record.exists() and record.read_text() == fingerprint(terraform, options):
        return
    record.unlink(missing_ok=True)
    before = _sources(Path(terraform.working_dir))
    terraform.cmd("init", input=False, no_color=IsFlagged, **options)
    if _sources(Path(terraform.working_dir)) == before:  # else it may have read the files before their change
        record.write_text(fingerprint(terraform, options))


def fingerprint(terraform: Terraform, options: Mapping[str, Any]) -> str:
    """Return a hash of what `terraform init` reads and of what it installed.

    Files of HCL, of the backend and of the lock count by their content; providers and Terraform itself by
    their path, size and time of change.
    """
    environment, folder = terraform.environment, Path(terraform.working_dir)
    data_dir = Path(environment["TF_DATA_DIR"])
    settings = {name: value for name, value in environment.items() if name.startswith("TF_")}
    programs = [Path(terraform.terraform_bin_path), *sorted(data_dir.glob(_PROVIDERS))]
    facts = {
        "options": {name: str(value) for name, value in options.items()},
        "settings": settings,
        "cli_config": _content(_cli_config(environment)),
        "backend": _content(data_dir / _BACKEND),
        "programs": [_version(program) for program in programs],
        "configuration": [(str(file), _content(file)) for file in _configuration(folder, data_dir)],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def module_folders(root_module: Path, data_dir: Path) -> dict[str, Path]:
    """Return the folders of the root module and of the modules that it uses, which `init` listed, by key.

    A key is that of Terraform's modules.json: "" for the root module, `network.subnets` for a nested one.
    """
    modules = json.loads(_content(data_dir / _MODULES) or "{}").get("Modules", [])
    folders = {module["Key"]: (root_module / module["Dir"]).resolve() for module in modules}
    return folders | {"": root_module.resolve()}


def _sources(folder: Path) -> list[tuple[str, str]]:
    """Return the files of HCL of the root module, without those that `terraform init` writes."""
    files = sorted(file for pattern in _SOURCES for file in folder.glob(pattern))
    return [(str(file), _content(file)) for file in files]


def _configuration(folder: Path, data_dir: Path) -> Iterator[Path]:
    """Yield the files of the root module and of its installed modules."""
    for each in sorted(set(module_folders(folder, data_dir).values())):
        yield from sorted(file for pattern in _CONFIGURATION for file in each.glob(pattern))


def _cli_config(environment: Mapping[str, str]) -> Path:
    """Return the file of Terraform's own settings.

    https://developer.hashicorp.com/terraform/cli/config/config-file#locations
    """
    return Path(environment.get("TF_CLI_CONFIG_FILE") or Path(environment.get("HOME", "/"), ".terraformrc"))


def _content(file: Path) -> str:
    return file.read_text(errors="replace") if file.is_file() else ""


def _version(program: Path) -> tuple[str, int, int] | None:
    try:
        status = program.stat()
    except OSError:
        return None  # a link to a deleted file
    return str(program), status.st_size, status.st_mtime_ns
