"""The console script `vpcache`: the tasks for the project in the current folder."""

from __future__ import annotations

import os
import signal
import sys
from importlib.metadata import version
from pathlib import Path

from invoke.program import Program

from vpcache.cli.tasks import user_tasks


def main() -> None:
    """Run the tasks in the command line."""
    tasks = user_tasks(Path.cwd())
    words = sys.argv[1:]
    if words and not words[0].startswith("-") and {"--help", "-h"} & {*words[1:]}:
        words = ["--help", words[0]]  # Invoke would parse the --help of `apply --help` as the value of --env
    program = Program(name="vpcache", binary="vpcache", version=version("vpcache"), namespace=tasks)
    try:
        program.run(["vpcache", *words])
    except BrokenPipeError:  # the reader of the output, e.g. `head`, has exited
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
