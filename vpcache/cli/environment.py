"""The command that creates an environment."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from vpcache.cli.console import user_errors
from vpcache.lab.addresses import HOSTS
from vpcache.program import command
from vpcache.project import Project


@user_errors
def new_env(root: Path, name: str, *, region: str, zones: str, cidr: str, origin_url: str, like: str) -> None:
    """Create an environment and print its addresses and the next commands."""
    from vpcache.environments.creation import create, new_environment

    project = Project(root)
    new = new_environment(
        project, name, like=like, region=region, zones=zones, cidr=cidr, origin_url=origin_url
    )
    create(project, new, like)
    print(f"created envs/{name} like envs/{like}: VPC {new.addresses.vpc} in {region}")
    for letter, subnets in new.addresses.zones.items():
        print(f"{region}{letter}: public {subnets.public}, private {subnets.private}")
    host = urlsplit(origin_url).hostname
    if host and host not in HOSTS:
        serve = command("lab.origin", host, proxy="127.0.0.1:PORT")
        print(
            f"on the lab https://{host} needs a server: "
            f"`{command('lab.start')}`, then `{serve}` or --serve DIR"
        )
    tasks = ", ".join(command(task, env=name) for task in ("plan", "apply", "verify"))
    print(f"next: read envs/{name}/terraform.tfvars, then {tasks}")
