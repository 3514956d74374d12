"""The reference pages of the pytest plugin and of the tasks."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from invoke.collection import Collection
from invoke.loader import FilesystemLoader
from invoke.tasks import Task

from tools.reference_text import NOTE, plain, reflowed

_PLUGIN = "vpcache.testing.pytest_plugin"
_COMMAND = re.compile(r"(?:\./inv|invoke|vpcache) (.*)")


class _Options:
    """Replaces pytest's parser and records the options and ini settings that the plugin adds."""

    def __init__(self) -> None:
        self.options: list[tuple[str, str]] = []
        self.settings: list[tuple[str, str]] = []

    def getgroup(self, *_: object) -> _Options:
        """Return the recorder for the plugin's group of options."""
        return self

    def addoption(
        self, name: str, *, help: str, metavar: str = "", choices: tuple[str, ...] = (), **_: object
    ) -> None:
        """Record an option."""
        value = metavar or "|".join(choices)
        self.options.append((f"{name} {value}".strip(), help))

    def addini(self, name: str, help: str, **_: object) -> None:
        """Record an ini setting."""
        self.settings.append((name, help))


def pytest_page() -> str:
    """Return the page of the fixtures, options and settings of the pytest plugin."""
    plugin = importlib.import_module(_PLUGIN)
    recorded = _Options()
    plugin.pytest_addoption(recorded)
    blocks = [
        "# pytest plugin",
        NOTE,
        "Fixtures, options and ini settings for tests of a root module.",
        "## Fixtures",
    ]
    assert plugin.__file__
    for function in ast.parse(Path(plugin.__file__).read_text()).body:
        scope = _fixture_scope(function)
        if isinstance(function, ast.FunctionDef) and scope and not function.name.startswith("_"):
            result = ast.unparse(function.returns) if function.returns else "Any"
            result = re.sub(r"^Iterator\[(.*)\]$", r"\1", result)
            blocks += [f"### {function.name}", f"Scope: {scope}. Type: `{result}`."]
            blocks += reflowed(ast.get_docstring(function) or "")
    blocks += ["## Options", _definitions(recorded.options)]
    blocks += ["## Settings", "In `[tool.pytest.ini_options]` of `pyproject.toml`:"]
    blocks += [_definitions(recorded.settings)]
    return "\n\n".join(blocks) + "\n"


def _fixture_scope(node: ast.stmt) -> str | None:
    """Return the scope of a fixture, None if the statement defines none."""
    if not isinstance(node, ast.FunctionDef):
        return None
    for decorator in node.decorator_list:
        text = ast.unparse(decorator)
        if text.startswith("pytest.fixture"):
            found = re.search(r"scope='(\w+)'", text)
            return found[1] if found else "function"
    return None


def _definitions(pairs: list[tuple[str, str]]) -> str:
    return "\n".join(f"- `{name}`: {plain(text)}" for name, text in pairs)


def tasks_page(root: Path) -> str:
    """Return the page of the tasks and their options."""
    module, _ = FilesystemLoader(start=str(root)).load("tasks")
    tasks = Collection.from_module(module)
    blocks = [
        "# Tasks",
        NOTE,
        "Tasks of `./inv`, with their options.",
        "If you installed the wheel and have no clone, type `vpcache TASK` instead.",
    ]
    for name in sorted(tasks.task_names, key=lambda name: ("." in name, name)):
        blocks += _task(name, tasks[name])
    return "\n\n".join(blocks) + "\n"


def _task(name: str, task: Task[Any]) -> Iterator[str]:
    yield f"## {name}"
    commands = []
    for block in reflowed(task.__doc__ or ""):
        if _COMMAND.match(block) or " | invoke " in block:
            commands += _commands(block)
        else:
            yield block
    options = []
    for argument in task.get_arguments():
        word = str(argument.name).strip("_-").replace("_", "-")
        flag = f"--[no-]{word}" if argument.default is True else f"--{word}"
        value = "" if argument.kind is bool else f" {word.upper()}"
        short = "".join(f", `-{each}`" for each in argument.names if len(each) == 1)
        help_text = plain(argument.help or "")
        options.append(f"- `{flag}{value}`{short}: {help_text}" if help_text else f"- `{flag}{value}`{short}")
    if options:
        yield "\n".join(options)
    if commands:
        yield "```\n" + "\n".join(commands) + "\n```"


def _commands(block: str) -> list[str]:
    """Return the examples at the end of a task's docstring, a line each."""
    parts = re.split(r" (?=(?:invoke|\./inv|vpcache|terraform) )(?<!\| )", block)
    return [re.sub(r"(^|\| )invoke ", r"\1./inv ", part) for part in parts]
