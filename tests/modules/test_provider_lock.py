"""The provider lock files of the root modules: complete, and unchanged by `terraform init`."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from vpcache.terraform.installation import find_terraform
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.provider.lock import LOCK_FILE, lockfile_mode, remedy
from vpcache.terraform.runner import PROVIDER, plugin_dir

EXAMPLE = "examples/platform-team/infra"
ENVIRONMENTS = sorted(f"envs/{main.parent.name}" for main in ROOT.glob("envs/*/main.tf"))
FOLDERS = [*ENVIRONMENTS, "examples/nightly-role", EXAMPLE]
PLUGINS = plugin_dir(os.environ)

needs_plugins = pytest.mark.skipif(PLUGINS is None, reason="no folder on this machine holds the provider")


@pytest.fixture
def checkout(tmp_path):
    """Return a copy of all HCL in which the example uses the modules of this checkout."""
    for tree in ("modules", "envs", "examples"):
        ignored = shutil.ignore_patterns(".terraform", ".vpcache", "*.tfstate*")
        shutil.copytree(ROOT / tree, tmp_path / tree, ignore=ignored)
    main = tmp_path / EXAMPLE / "main.tf"
    main.write_text(re.sub(r'"git::\S+//modules/(\w+)\?\S+"', r'"../../../modules/\1"', main.read_text()))
    return tmp_path


def _init(folder, plugins, *options):
    environment = terraform_environment(os.environ, folder / ".terraform")
    terraform = str(find_terraform(environment))
    words = [terraform, "init", "-backend=false", "-input=false", "-no-color", f"-plugin-dir={plugins}"]
    done = subprocess.run(
        [*words, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def _link(source, copy):
    Path(copy).symlink_to(source)


def _other_build(folder):
    """Return a plugin folder with another build of the same provider version."""
    assert PLUGINS is not None
    build = folder / PROVIDER
    shutil.copytree(PLUGINS / PROVIDER, build, copy_function=_link)
    (licence,) = build.glob("*/*/LICENSE.txt")
    licence.unlink()
    licence.write_text("another build")
    return folder


@needs_plugins
@pytest.mark.parametrize("folder", FOLDERS)
def test_init_from_local_plugins_changes_no_lock_file(folder, checkout):
    status, text = _init(checkout / folder, PLUGINS, "-lockfile=readonly")
    assert status == 0, text
    assert "not saved" not in text  # the warning that init would have written another lock


@pytest.mark.parametrize("folder", FOLDERS)
def test_lock_file_has_a_hash_for_each_platform(folder):
    """Version 5.100.0 has 14 zips and a manifest: https://releases.hashicorp.com/terraform-provider-aws/."""
    text = (ROOT / folder / LOCK_FILE).read_text()
    assert len(set(re.findall(r'"zh:([0-9a-f]{64})"', text))) == 15


@pytest.mark.parametrize("environment", ENVIRONMENTS[1:])
def test_environments_have_the_same_lock_file(environment):
    first = ROOT / ENVIRONMENTS[0] / LOCK_FILE
    assert (ROOT / environment / LOCK_FILE).read_bytes() == first.read_bytes()


@needs_plugins
def test_remedy_for_another_provider_build_works(checkout, tmp_path):
    folder, plugins = checkout / "examples/nightly-role", _other_build(tmp_path / "other")
    status, text = _init(folder, plugins)
    assert status == 1
    message = remedy(text, folder, plugins)
    assert message is not None and str(folder / LOCK_FILE) in message
    shown = re.search(r"`terraform (.*)`", message)
    assert shown is not None
    command = shown[1].split()
    environment = terraform_environment(os.environ, folder / ".terraform")
    subprocess.run([find_terraform(environment), *command], env=environment, check=True, capture_output=True)
    assert _init(folder, plugins, "-lockfile=readonly")[0] == 0
    assert _init(folder, PLUGINS, "-lockfile=readonly")[0] == 0


def test_other_init_errors_have_no_remedy(tmp_path):
    assert remedy("Error: Failed to query available provider packages", tmp_path, None) is None


@pytest.mark.parametrize(
    ("has_lock", "environ", "mode"),
    [(True, {"CI": "true"}, "readonly"), (False, {"CI": "true"}, None), (True, {}, None)],
)
def test_lock_file_is_read_only_in_ci(has_lock, environ, mode, tmp_path):
    if has_lock:
        (tmp_path / LOCK_FILE).touch()
    assert lockfile_mode(tmp_path, environ) == mode
