"""The console script `vpcache`: the user's tasks about the project in the current folder."""

from __future__ import annotations

import os
import signal
import sys
from importlib.metadata import version
from pathlib import Path

from invoke.program import Program

from vpcache.cli.tasks import user_tasks


def main() -> None:
    """Run the tasks that the command line names."""
    tasks = user_tasks(Path.cwd())
    words = sys.argv[1:]
    if words and not words[0].startswith("-") and {"--help", "-h"} & {*words[1:]}:
        words = ["--help", words[0]]  # Invoke would take the --help of `apply --help` for the value of --env
    program = Program(name="vpcache", binary="vpcache", version=version("vpcache"), namespace=tasks)
    try:
        program.run(["vpcache", *words])
    except BrokenPipeError:  # the reader of the output has ended, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
