"""Console input and output of commands: errors in one line, confirmations, notices, progress."""

from __future__ import annotations

import math
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from invoke.exceptions import Exit

from vpcache.errors import VpcacheError
from vpcache.lab.errors import LabEndedError
from vpcache.program import typed
from vpcache.prompt import ask, is_yes

_NO_CONNECTION = re.compile(
    r"(?i)could not connect|connection (refused|(was )?(closed|reset|broken|aborted))|remote end closed"
)

P = ParamSpec("P")
R = TypeVar("R")


def user_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Print a user error as one line on stderr, and exit with its status."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except VpcacheError as error:
            raise Exit(f"error: {lost_lab(str(error)) or error}", code=error.exit_status) from error
        except BrokenPipeError:
            # the reader of the output, e.g. `head`, has exited; the flush at exit must not write to it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Exit(code=128 + signal.SIGPIPE) from None
        except Exception as error:
            if not type(error).__module__.startswith(
                "botocore."
            ):  # not imported: most commands do not need it
                raise
            message = lost_lab(str(error)) or f"unexpected AWS error: {error}"
            raise Exit(f"error: {message}", code=1) from error
        except KeyboardInterrupt as error:
            raise Exit("interrupted", code=130) from error

    return guarded


def lost_lab(message: str) -> str | None:
    """Return the error to show if the chosen lab ended during the command, None for any other failure.

    `message` is an error of Terraform's provider or of botocore, which has the address of the lab.
    """
    if not _NO_CONNECTION.search(message):
        return None
    from vpcache.lab.client import DEFAULT_PORT, Lab  # not at the top: most commands need no lab

    port = os.environ.get("VPCACHE_LAB_PORT", str(DEFAULT_PORT))
    if f"127.0.0.1:{port}" not in message:
        return None
    lab = Lab(int(port))
    return None if lab.status().running else str(LabEndedError(lab.endpoint))


def is_confirmed(question: str) -> bool:
    """Return whether the user confirms with `yes`. Raises VpcacheError if there is no terminal."""
    if not sys.stdin.isatty():
        raise VpcacheError(
            f"{question}: this requires a confirmation, and stdin is not a terminal; use --yes"
        )
    if is_yes(question):
        return True
    print("nothing was changed")
    return False


def confirm_name(name: str, what: str, option: str) -> None:
    """Let the user type a stack's name before `what` happens to it. `option` is the value of --confirm.

    Raises VpcacheError if the name differs, or if there is neither the option nor a terminal.
    """
    if option:
        if option != name:
            raise VpcacheError(f"--confirm is '{option}', but the stack is {name}: nothing was changed")
        return
    if not sys.stdin.isatty():
        command = f"{typed()} {shlex.join(['--confirm', name])}"
        raise VpcacheError(
            f"{what}: this requires the stack's name, and stdin is not a terminal; run `{command}`"
        )
    if (answer := ask(f"{what}. Type the stack's name: ")) != name:
        raise VpcacheError(f"'{answer}' is not {name}: nothing was changed")


def parse_positive(text: str, option: str, *, at_most: float) -> float:
    """Return the number in an option. Raises VpcacheError unless it is above 0 and at most `at_most`."""
    number = _number(text)
    if not 0 < number < math.inf:
        raise VpcacheError(f"{option} is '{text}': must be a number above 0")
    if number > at_most:
        raise VpcacheError(f"{option} is '{text}': must be at most {at_most:g}")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def writable(file: str) -> Path:
    """Return the path of a file, without creating it. Raises VpcacheError if it cannot be written."""
    path = Path(file)
    exists = path.exists()
    try:
        path.open("ab").close()
        if not exists:
            path.unlink()
    except OSError as error:
        raise VpcacheError(f"cannot write {path}: {error.strerror}") from error
    return path


def parse_number(text: str, option: str, *, at_most: float) -> float:
    """Return the number in an option. Raises VpcacheError unless it is from 0 to `at_most`."""
    number = _number(text)
    if not 0 <= number <= at_most:
        raise VpcacheError(f"{option} is '{text}': must be a number from 0 to {at_most:g}")
    return number


def print_notice(text: str) -> None:
    """Print an unexpected event on stderr."""
    print(f"note: {text}", file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show a spinner with the name of the current step, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
