"""The modules and environments: valid, with passing tests, and stable when a zone is added."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from tests.support.paths import ROOT
from vpcache.terraform.installation import find_terraform
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.provider.attached import attached_provider
from vpcache.terraform.runner import plugin_dir

TREES = ("modules", "envs")
FOLDERS = sorted(
    str(main.parent.relative_to(ROOT)) for tree in TREES for main in ROOT.glob(f"{tree}/*/main.tf")
)

TWO_ZONES = {
    "a": {"public_cidr": "10.0.0.0/26", "private_cidr": "10.0.0.128/26"},
    "b": {"public_cidr": "10.0.0.64/26", "private_cidr": "10.0.0.192/26"},
}
THREE_ZONES = TWO_ZONES | {"c": {"public_cidr": "10.0.1.0/26", "private_cidr": "10.0.1.128/26"}}

_TIMEOUT_SECONDS = 300

# resources in several zones, which are updated in place when a zone is added
SPANNING = {
    "module.cached_api.aws_lambda_function.this",
    "module.elasticache_memcached.aws_elasticache_cluster.this[0]",
    "module.elasticache_memcached.aws_elasticache_subnet_group.this[0]",
    "module.origin[0].aws_lambda_function.this",
}


@dataclass(frozen=True)
class Workspace:
    """A copy of the HCL, so that parallel tests share no lock file, state or data directory."""

    folder: Path
    environment: dict[str, str]

    def terraform(self, *arguments: str) -> str:
        """Run one command and return its stdout; a failed assertion shows its whole output."""
        command = [str(find_terraform(self.environment)), *arguments]
        run = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        assert run.returncode == 0, f"terraform {' '.join(arguments)}\n{run.stdout}{run.stderr}"
        return run.stdout

    def init(self, *options: str) -> None:
        """Install the modules and the provider, from a local plugin folder if there is one."""
        plugins = plugin_dir(self.environment)
        self.terraform("init", "-no-color", *options, *([f"-plugin-dir={plugins}"] if plugins else []))

    def planned(self, variables: Mapping[str, object]) -> dict[str, Any]:
        """Return the planned change of each resource, by address."""
        self.terraform("plan", "-input=false", "-out=plan.tfplan", self.var_file(variables))
        changes = json.loads(self.terraform("show", "-json", "plan.tfplan"))["resource_changes"]
        return {change["address"]: change["change"] for change in changes}

    def var_file(self, variables: Mapping[str, object]) -> str:
        """Write the variables to a file and return the option that names it."""
        path = self.folder / "variables.tfvars.json"
        path.write_text(json.dumps(variables))
        return f"-var-file={path}"


def workspace(folder: str, tmp_path: Path, **environment: str) -> Workspace:
    for tree in TREES:
        shutil.copytree(
            ROOT / tree, tmp_path / tree, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*")
        )
    return Workspace(
        tmp_path / folder, terraform_environment(os.environ, tmp_path / "terraform-data") | environment
    )


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's AWS profile, keys and endpoints from Terraform and moto."""
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_is_valid_and_its_tests_pass(folder: str, tmp_path: Path) -> None:
    space = workspace(folder, tmp_path)
    space.init("-backend=false")
    data_dir = Path(space.environment["TF_DATA_DIR"])
    with attached_provider(space.folder, data_dir, space.environment) as environment:
        attached = replace(space, environment=environment)
        attached.terraform("validate", "-no-color")
        assert " 0 failed" in attached.terraform("test", "-no-color")
    assert folder.startswith("envs/") or list((space.folder / "tests").glob("*.tftest.hcl"))


def test_adding_a_zone_changes_no_other_zone(tmp_path: Path, moto_endpoint: str) -> None:
    space = workspace(
        "envs/dev",
        tmp_path,
        AWS_ENDPOINT_URL=moto_endpoint,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_MAX_ATTEMPTS="3",
    )
    (space.folder / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    space.init()
    bundle = {"path": "bundle.zip", "sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
    common = {
        "name": "vpcache-dev",
        "account_id": "123456789012",
        "region": "us-east-1",
        "cidr_block": "10.0.0.0/23",
        "bundles": {"cached_api": bundle, "egress_probe": bundle, "origin": bundle},
    }
    before, after = common | {"zones": TWO_ZONES}, common | {"zones": THREE_ZONES}

    # The network is applied; cache and functions, which moto does not fully support, are only planned.
    network = "-target=module.nat_per_az"
    space.terraform("apply", "-auto-approve", "-input=false", network, space.var_file(before))
    two, three = space.planned(before), space.planned(after)

    assert two['module.nat_per_az.aws_nat_gateway.this["us-east-1a"]']["actions"] == ["no-op"]
    assert two.keys() >= SPANNING
    assert {address: two[address]["actions"] for address in two} == {
        address: three[address]["actions"] for address in two
    }
    assert not [address for address in two.keys() - SPANNING if three[address] != two[address]]
    added = three.keys() - two.keys()
    assert added
    assert all("us-east-1c" in address for address in added)


@pytest.fixture
def moto_endpoint(no_aws_settings: None) -> Iterator[str]:
    """Yield the endpoint of a moto server in a separate process, as moto's state is global to its process."""
    context = multiprocessing.get_context("spawn")
    parent, child = context.Pipe()
    server = context.Process(target=_serve, args=(child,), daemon=True)
    server.start()
    child.close()
    host, port = parent.recv()
    yield f"http://{host}:{port}"
    parent.close()
    server.join()


def _serve(pipe: Connection) -> None:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    pipe.send(server.get_host_and_port())
    pipe.poll(None)  # until the test closes the connection
    server.stop()
