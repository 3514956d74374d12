"""The help of the tasks: each option says what happens without it."""

from __future__ import annotations

import pytest
from invoke.collection import Collection
from invoke.loader import FilesystemLoader

from tests.support.paths import ROOT


def optional_arguments() -> list[tuple[str, object, str]]:
    """Return option, default and help of all options with a value, and of switches that are on."""
    module, _ = FilesystemLoader(start=str(ROOT)).load("tasks")
    tasks = Collection.from_module(module)
    return [
        (f"{name} --{argument.names[0]}", argument.default, argument.help or "")
        for name in sorted(tasks.task_names)
        for argument in tasks[name].get_arguments()
        if not (argument.positional or argument.default is False)
    ]


@pytest.mark.parametrize(("option", "default", "text"), optional_arguments(), ids=lambda part: str(part)[:40])
def test_help_of_each_option_has_its_default(option: str, default: object, text: str) -> None:
    assert "default: " in text, f"{option}: {text}"
    if default not in ("", None, True):
        assert f"default: {default}" in text, f"{option}: {text}"
