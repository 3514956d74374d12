"""The provider lock files of the root modules: complete for what is installed here, and left as they are."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from vpcache.terraform.installation import find_terraform
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.provider_lock import LOCK_FILE, lockfile_mode, remedy
from vpcache.terraform.runner import PROVIDER, plugin_dir

EXAMPLE = "examples/platform-team/infra"
FOLDERS = ["envs/dev", "envs/prod", "examples/nightly-role", EXAMPLE]
PLUGINS = plugin_dir(os.environ)

needs_plugins = pytest.mark.skipif(PLUGINS is None, reason="no folder on this machine holds the provider")


@pytest.fixture
def checkout(tmp_path):
    """Return a copy of all HCL in which the example takes the modules of this checkout."""
    for tree in ("modules", "envs", "examples"):
        ignored = shutil.ignore_patterns(".terraform", ".vpcache", "*.tfstate*")
        shutil.copytree(ROOT / tree, tmp_path / tree, symlinks=True, ignore=ignored)
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
    """Return a plugin folder whose provider is of the same version and another build."""
    build = folder / PROVIDER
    shutil.copytree(PLUGINS / PROVIDER, build, copy_function=_link)
    (licence,) = build.glob("*/*/LICENSE.txt")
    licence.unlink()
    licence.write_text("another build")
    return folder


@needs_plugins
@pytest.mark.parametrize("folder", FOLDERS)
def test_init_takes_the_local_provider_and_would_change_no_lock(folder, checkout):
    status, text = _init(checkout / folder, PLUGINS, "-lockfile=readonly")
    assert status == 0, text
    assert "not saved" not in text  # the warning that init would have written another lock


@pytest.mark.parametrize("folder", FOLDERS)
def test_lock_has_the_registrys_hash_for_every_platform(folder):
    """Version 5.100.0 has 14 zips and a manifest: https://releases.hashicorp.com/terraform-provider-aws/."""
    text = (ROOT / folder / LOCK_FILE).read_text()
    assert len(set(re.findall(r'"zh:([0-9a-f]{64})"', text))) == 15
    assert (ROOT / folder / LOCK_FILE).is_file() and not (ROOT / folder / LOCK_FILE).is_symlink()


def test_dev_and_prod_lock_the_same():
    assert (ROOT / "envs/dev" / LOCK_FILE).read_bytes() == (ROOT / "envs/prod" / LOCK_FILE).read_bytes()


@needs_plugins
def test_another_build_is_refused_with_a_remedy_that_works(checkout, tmp_path):
    folder, plugins = checkout / "examples/nightly-role", _other_build(tmp_path / "other")
    status, text = _init(folder, plugins)
    assert status == 1
    told = remedy(text, folder, plugins)
    assert str(folder / LOCK_FILE) in told
    command = re.search(r"`terraform (.*)`", told)[1].split()
    environment = terraform_environment(os.environ, folder / ".terraform")
    subprocess.run([find_terraform(environment), *command], env=environment, check=True, capture_output=True)
    assert _init(folder, plugins, "-lockfile=readonly")[0] == 0
    assert _init(folder, PLUGINS, "-lockfile=readonly")[0] == 0


def test_another_failure_has_no_remedy(tmp_path):
    assert remedy("Error: Failed to query available provider packages", tmp_path, None) is None


@pytest.mark.parametrize(
    ("has_lock", "environ", "mode"),
    [(True, {"CI": "true"}, "readonly"), (False, {"CI": "true"}, None), (True, {}, None)],
)
def test_ci_reads_a_lock_that_is_there(has_lock, environ, mode, tmp_path):
    if has_lock:
        (tmp_path / LOCK_FILE).touch()
    assert lockfile_mode(tmp_path, environ) == mode
