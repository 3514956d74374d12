"""The options and ini options of the pytest plugin, and their values."""

from __future__ import annotations

from pathlib import Path

import pytest

from vpcache.errors import VpcacheError
from vpcache.lab.errors import LabError
from vpcache.lab.settings import parse_settings
from vpcache.program import command
from vpcache.project import check_stack_name
from vpcache.stack.target import AWS, LAB
from vpcache.terraform.root_module import environment_values
from vpcache.testing.kept.reuse import KeepOptions

WORK_DIR = ".vpcache"
"""The folder of files of vpcache in pytest's root directory."""
_ROOT_MODULE = "vpcache_env_dir"
_LAB_SETTINGS = "vpcache_lab_settings"
_IAM = "vpcache_iam"


def add_options(parser: pytest.Parser) -> None:
    """Add the options and ini options. Their prefix avoids clashes: pytest rejects duplicate options."""
    group = parser.getgroup("vpcache", "vpcache, Terraform stacks on the embedded lab or on AWS")
    group.addoption(
        "--vpcache-env-dir",
        metavar="DIR",
        help="root module that the fixture `stack` applies; by default the ini option vpcache_env_dir",
    )
    group.addoption(
        "--vpcache-target",
        choices=(LAB, AWS),
        help="target of the apply: a lab that the run starts (the default), or AWS, which costs money; "
        "also VPCACHE_TARGET",
    )
    group.addoption(
        "--vpcache-region",
        metavar="REGION",
        help="AWS region, e.g. eu-west-1; default: the region in the root module's values, then, "
        "on AWS, AWS_REGION and the profile's region, then us-east-1",
    )
    group.addoption(
        "--vpcache-report-dir",
        metavar="DIR",
        help="write report.html to this folder: stack, probes, drills, timings, leftovers",
    )
    group.addoption(
        "--vpcache-keep",
        action="store_true",
        help="keep lab and stack after the run, and reuse those of the last run: only what differs is "
        "applied; default: false, both end with the run",
    )
    group.addoption(
        "--vpcache-name",
        metavar="NAME",
        help="name of the stack that --vpcache-keep keeps, required on AWS; default: vpcache-ci-…",
    )
    group.addoption(
        "--vpcache-fresh",
        action="store_true",
        help="destroy the stack that --vpcache-keep has kept, and start from scratch; default: false",
    )
    parser.addini(
        _ROOT_MODULE, "root module that the fixture `stack` applies, relative to the root directory"
    )
    parser.addini(
        _LAB_SETTINGS,
        "settings of the run's lab, one `name=value` a line; the defaults are AWS's quotas and delays",
        type="linelist",
    )
    parser.addini(_IAM, "`enforce` makes the run's lab refuse what IAM policies do not allow", default="")


def root_module_of(config: pytest.Config) -> Path | None:
    """Return the root module that the fixture `stack` applies, None if none is configured."""
    if option := config.getoption("--vpcache-env-dir"):
        return Path(config.invocation_params.dir, option)
    ini_value = config.getini(_ROOT_MODULE)
    return Path(config.rootpath, ini_value) if ini_value else None


def pinned_region(root_module: Path) -> str | None:
    """Return the region in the root module's values. Raises UsageError if these are invalid."""
    try:
        return environment_values(root_module).region
    except VpcacheError as error:
        raise pytest.UsageError(str(error)) from error


def lab_settings(config: pytest.Config) -> dict[str, int | str]:
    """Return the settings of the run's lab. Raises UsageError for an invalid one."""
    try:
        settings = parse_settings(config.getini(_LAB_SETTINGS))
    except LabError as error:
        raise pytest.UsageError(f"ini option {_LAB_SETTINGS}: {error}") from None
    iam = config.getini(_IAM)
    try:
        return settings | parse_settings([f"iam={iam}"] if iam else [])
    except LabError as error:
        raise pytest.UsageError(f"ini option {_IAM}: {error}") from None


def keep_options(config: pytest.Config, root_module: Path, target: str) -> KeepOptions:
    """Return the options of the kept stack. Raises UsageError if they are contradictory or incomplete."""
    keep, fresh = config.getoption("--vpcache-keep"), config.getoption("--vpcache-fresh")
    name = config.getoption("--vpcache-name")
    if name and not (keep or fresh):
        raise pytest.UsageError(f"--vpcache-name names the stack that is kept: add --vpcache-keep to {name}")
    if target == AWS and keep and not name:
        raise pytest.UsageError(
            "--vpcache-keep on aws keeps resources that cost money: name the stack, as in "
            "--vpcache-keep --vpcache-name orders-test"
        )
    if target == AWS and fresh and not keep:
        raise pytest.UsageError(
            "--vpcache-fresh on aws needs --vpcache-keep; to destroy the kept stack run "
            f"`{command('sweep', name=name or 'NAME', target=AWS)}`"
        )
    if name:
        try:
            check_stack_name(name)
        except VpcacheError as error:
            raise pytest.UsageError(f"--vpcache-name: {error}") from error
    return KeepOptions(
        root=config.rootpath,
        work_dir=config.rootpath / WORK_DIR,
        root_module=root_module,
        target=target,
        name=name or "",
        keep=keep,
        fresh=fresh,
    )
