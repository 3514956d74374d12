"""The command lines of the tasks: the console script `vpcache`, and `./inv` in a clone."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import invoke
from invoke.exceptions import Exit, ParseError
from invoke.parser.context import ParserContext
from invoke.program import Program

from vpcache.cli.tasks import user_tasks
from vpcache.cli.usage import empty_option, usage_error
from vpcache.errors import VpcacheError


class TaskProgram(Program):
    """Invoke's program, whose messages name options as they are typed, and the help of the task."""

    def parse_tasks(self) -> None:
        """Parse tasks and options. Raises Exit with one line for those that do not exist or lack a value."""
        try:
            super().parse_tasks()
        except ParseError as error:
            raise _usage_exit(str(error), error.context, self._task_names()) from error
        for context in self.tasks:
            if problem := empty_option(context):
                raise Exit(f"error: {problem}", code=1)

    def parse_cleanup(self) -> None:
        """Print help and lists. Raises Exit with one line for the help of an unknown task."""
        try:
            super().parse_cleanup()
        except ParseError as error:
            raise _usage_exit(str(error), None, self._task_names()) from error

    def _task_names(self) -> list[str]:
        return [] if self.collection is None else list(self.collection.task_names)


class CloneProgram(TaskProgram):
    """The program of `./inv`, which offers to download Terraform if a task needs it and it is missing."""

    def execute(self) -> None:
        """Run the tasks. Raises Exit with one line if the download of Terraform fails."""
        if any(needs_terraform(context.name or "") for context in self.tasks):
            from vpcache.terraform import installation

            try:
                installation.main(os.environ)
            except VpcacheError as error:
                raise Exit(f"inv: {error}", code=1) from error
            except KeyboardInterrupt as error:
                raise Exit(code=128 + signal.SIGINT) from error
        super().execute()


def needs_terraform(task: str) -> bool:
    """Return whether a task may run Terraform. The tasks of the lab do not."""
    return not task.startswith("lab.")


def _usage_exit(message: str, context: ParserContext | None, tasks: list[str]) -> Exit:
    return Exit(f"error: {usage_error(message, context, tasks)}", code=1)


def main() -> None:
    """Run the tasks in the command line of `vpcache`, for the project in the current folder."""
    from importlib.metadata import version  # slow to import

    namespace = user_tasks(Path.cwd())
    _run(TaskProgram(name="vpcache", binary="vpcache", version=version("vpcache"), namespace=namespace))


def clone_main() -> None:
    """Run the tasks in the command line of `./inv`, which are those of the clone's tasks.py."""
    names = ["invoke", "inv"]
    program = CloneProgram(name="Invoke", binary="inv[oke]", binary_names=names, version=invoke.__version__)
    _run(program)


def _help_first(words: list[str]) -> list[str]:
    """Return `--help apply` for `apply --help`, where Invoke would parse --help as the value of --env."""
    before = words[:2] if words[:1] == ["--search-root"] else []  # ./inv adds it
    task = words[len(before) :][:1]
    if task and not task[0].startswith("-") and {"--help", "-h"} & {*words[len(before) + 1 :]}:
        return [*before, "--help", *task]
    return words


def _run(program: Program) -> None:
    try:
        program.run([program.binary_names[0], *_help_first(sys.argv[1:])])
    except BrokenPipeError:  # the reader of the output, e.g. `head`, has exited
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)


if __name__ == "__main__":
    clone_main()
