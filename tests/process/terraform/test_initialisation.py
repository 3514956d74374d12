"""When `terraform init` runs again, with a program in place of Terraform."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.terraform.stand_in import stand_in
from vpcache.terraform.initialisation import initialise
from vpcache.terraform.provider.lock import LOCK_FILE
from vpcache.terraform.runner import Terraform, TerraformError

PROVIDER = "providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64/terraform-provider-aws"
INIT = """\
echo init >> "$RUNS"
test ! -e "$RUNS.fail" || exit 1
cd "$TF_DATA_DIR"
mkdir -p modules "$(dirname "$PROVIDER")"
echo '{"Modules": [{"Key": "", "Dir": "."}, {"Key": "net", "Dir": "../net"}]}' > modules/modules.json
echo '{"backend": {}}' > terraform.tfstate
echo provider > "$PROVIDER"
"""


@dataclass(frozen=True)
class RootModule:
    """A root module in `folder`/infra with a module in `folder`/net."""

    folder: Path

    @property
    def data_dir(self) -> Path:
        """The folder of Terraform's data."""
        return self.folder / "data"

    def initialise(self, **options: object) -> int:
        """Initialise it as a new process does; return how often Terraform ran."""
        runs = self.folder / "runs"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PROVIDER": PROVIDER,
            "RUNS": str(runs),
            "TF_DATA_DIR": str(self.data_dir),
        }
        before = _lines(runs)
        terraform = Terraform(
            self.folder / "infra",
            executable=self.folder / "terraform",
            environment=environment,
            log_dir=self.folder / "logs",
        )
        initialise(terraform, **({"backend_config": {"key": "shop"}} | options))
        return _lines(runs) - before


def _lines(file: Path) -> int:
    return file.read_text().count("\n") if file.exists() else 0


@pytest.fixture
def module(tmp_path: Path) -> RootModule:
    """A root module, initialised once."""
    for name in ("infra", "net"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text('resource "aws_vpc" "this" {}\n')
    (tmp_path / "data").mkdir()
    stand_in(tmp_path, INIT)
    module = RootModule(tmp_path)
    assert module.initialise() == 1
    return module


CHANGES: dict[str, Callable[[Path], object]] = {
    "root module": lambda folder: (folder / "infra/more.tf").touch(),
    "module": lambda folder: (folder / "net/main.tf").write_text("module {}\n"),
    "JSON": lambda folder: (folder / "net/more.tf.json").write_text("{}"),
    "lock file": lambda folder: (folder / "infra" / LOCK_FILE).touch(),
    "backend": lambda folder: (folder / "data/terraform.tfstate").write_text("{}"),
    "installed modules": lambda folder: (folder / "data/modules/modules.json").unlink(),
    "provider": lambda folder: (folder / "data" / PROVIDER).unlink(),
    "other build of the provider": lambda folder: (folder / "data" / PROVIDER).write_text("other build"),
    "Terraform": lambda folder: os.utime(folder / "terraform", (1, 1)),
    "CLI configuration": lambda folder: (folder / ".terraformrc").write_text("disable_checkpoint = true\n"),
}


def test_nothing_to_do(module: RootModule) -> None:
    (module.folder / "infra/terraform.tfvars").write_text("zones = 2\n")
    assert module.initialise() == 0


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_followed_by_an_init(module: RootModule, change: str) -> None:
    CHANGES[change](module.folder)
    assert module.initialise() == 1
    assert module.initialise() == 0


def test_other_options_are_followed_by_an_init(module: RootModule) -> None:
    assert module.initialise(backend_config={"key": "other"}) == 1
    assert module.initialise() == 1
    assert module.initialise(lockfile="readonly") == 1


def test_failed_init_is_repeated(module: RootModule) -> None:
    fail = module.folder / "runs.fail"
    fail.touch()
    more = module.folder / "infra/more.tf"
    more.touch()
    with pytest.raises(TerraformError):
        module.initialise()
    more.unlink()
    fail.unlink()
    assert module.initialise() == 1  # although the configuration is that of the first
