"""Messages for command lines that Invoke cannot parse. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext

from vpcache.program import command

_MISSING = re.compile(r"'.+' did not receive required positional arguments: (.+)")
_UNKNOWN = re.compile(r"No idea what (['\"])(?P<word>.*)\1 is!", re.DOTALL)
_NO_VALUE = re.compile(r"Flag <Argument: (\S+).*> needed value and was not given one!")
_EXTRA_VALUE = re.compile(r"Flag <Argument: (\S+).*> doesn't take any value!")


def usage_error(message: str, context: ParserContext | None, tasks: Sequence[str]) -> str:
    """Return Invoke's parse error with the names of options and what to type next.

    `context` is that of the task before the error, without a name or None before the first task.
    """
    task = context.name if context else None
    if missing := _MISSING.fullmatch(message):
        options = " and ".join(f"--{_dashed(name)}" for name in re.findall(r"'([^']+)'", missing[1]))
        return f"{task} requires {options}{_see(task)}"
    if unknown := _UNKNOWN.fullmatch(message):
        return _unknown(unknown["word"], task, context, tasks)
    if flag := _NO_VALUE.fullmatch(message):
        return f"--{_dashed(flag[1])} requires a value{_see(task)}"
    if flag := _EXTRA_VALUE.fullmatch(message):
        return f"--{_dashed(flag[1])} takes no value{_see(task)}"
    return f"{message}{_see(task)}"


def empty_option(context: ParserContext) -> str | None:
    """Return a message if an option has a blank value, which would mean the default: `--name "$UNSET"`."""
    texts = ((each, each.raw_value) for each in context.args.values() if each.kind is str)
    blank = next((each for each, text in texts if text is not None and not text.strip()), None)
    if blank is None:
        return None
    return f"{option(blank)} is empty: give it a value, or omit the option"


def option(argument: Argument) -> str:
    """Return the option of an argument: `--in` for `in_`."""
    return f"--{_dashed(argument.names[0])}"


def _unknown(word: str, task: str | None, context: ParserContext | None, tasks: Sequence[str]) -> str:
    known = [option(each) for each in context.args.values()] if context and task else []
    # Invoke takes a misspelt option for the value of the first one that is required
    values = [str(each.raw_value) for each in context.positional_args] if context and task else []
    word = next((value for value in values if value.startswith("--") and value not in known), word)
    if word.startswith("-"):
        of_task = f" of {task}" if task else ""
        return f"unknown option {word}{of_task}{_guess(word, known)}{_see(task)}"
    listed = f"; `{command('--list')}` shows all tasks"
    if task:
        return f"unexpected '{word}' after {task}: neither a value that it takes nor a task{_see(task)}"
    return f"unknown task '{word}'{_guess(word, tasks)}{listed}"


def _guess(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f", did you mean {close[0]}?" if close else ""


def _see(task: str | None) -> str:
    return f"; see `{command('--help', task)}`" if task else ""


def _dashed(name: str) -> str:
    return name.strip("_").replace("_", "-")
