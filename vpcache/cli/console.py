"""How commands speak to the user: errors in one line, and a sign of life while something goes on."""

from __future__ import annotations

import math
import os
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
from vpcache.program import program

P = ParamSpec("P")
R = TypeVar("R")


def user_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what the user can mend into one line on stderr and an exit status."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except VpcacheError as error:
            raise Exit(f"error: {error}", code=error.exit_status) from error
        except BrokenPipeError:
            # whoever read the output has ended, such as `head`; nothing may be flushed into it at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Exit(code=128 + signal.SIGPIPE) from None
        except Exception as error:
            if not type(error).__module__.startswith("botocore."):  # not imported: most commands need none
                raise
            raise Exit(f"error: unexpected AWS error: {error}", code=1) from error
        except KeyboardInterrupt as error:
            raise Exit("interrupted", code=130) from error

    return guarded


def is_confirmed(question: str) -> bool:
    """Ask for a yes. Raises VpcacheError if there is no terminal to ask on."""
    if not sys.stdin.isatty():
        raise VpcacheError(f"{question}: this needs a yes and there is no terminal to ask on; give --yes")
    if input(f"{question}. Type yes: ").strip() == "yes":
        return True
    print("nothing done")
    return False


def confirm_name(name: str, what: str, given: str) -> None:
    """Have the user type a stack's name before `what` happens to it; `given` is the option --confirm.

    Raises VpcacheError if that is another name, or if there is neither the option nor a terminal.
    """
    if given:
        if given != name:
            raise VpcacheError(f"--confirm is '{given}', but the stack is {name}: nothing was done")
        return
    if not sys.stdin.isatty():
        command = shlex.join([program(), *sys.argv[1:], "--confirm", name])
        raise VpcacheError(
            f"{what}: this needs the stack's name typed, and there is no terminal to type it on: {command}"
        )
    if (typed := input(f"{what}. Type the stack's name: ").strip()) != name:
        raise VpcacheError(f"'{typed}' is not {name}: nothing was done")


def parse_positive(text: str, option: str) -> float:
    """Return the number above 0 that the user gave for an option. Raises VpcacheError if it is none."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise VpcacheError(f"{option} is '{text}': give a number above 0")
    return number


def writable(file: str) -> Path:
    """Return a file's path. Raises VpcacheError if it cannot be written."""
    path = Path(file)
    try:
        path.touch()
    except OSError as error:
        raise VpcacheError(f"cannot write {path}: {error.strerror}") from error
    return path


def say_notice(text: str) -> None:
    """Tell on stderr what the user would not expect."""
    print(f"note: {text}", file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show on a terminal's stderr that something is going on, for as long as it does."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
