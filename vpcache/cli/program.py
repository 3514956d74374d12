"""The console script `vpcache`: the user's tasks about the project in the current folder."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from invoke.program import Program

from vpcache.cli.tasks import user_tasks


def main() -> None:
    """Run the tasks that the command line names."""
    tasks = user_tasks(Path.cwd())
    Program(name="vpcache", binary="vpcache", version=version("vpcache"), namespace=tasks).run()
