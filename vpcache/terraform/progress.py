"""What Terraform is doing, from its machine-readable events: a display on a terminal, plain lines elsewhere.

Events are those of https://developer.hashicorp.com/terraform/internals/machine-readable-ui.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_VERBS = {
    "create": ("creating", "created"),
    "update": ("changing", "changed"),
    "delete": ("destroying", "gone"),
}

# (resource type, action) -> what AWS takes its time for
_WAITS = {
    ("aws_elasticache_cluster", "create"): "its nodes to become available",
    ("aws_elasticache_cluster", "delete"): "its nodes to go",
    ("aws_lambda_function", "create"): "its network interfaces",
    ("aws_nat_gateway", "create"): "the gateway to become available",
    ("aws_nat_gateway", "delete"): "its network interface to go",
    (
        "aws_security_group",
        "delete",
    ): "interfaces that still use it (on AWS, Lambda gives them back after 20 to 45 minutes)",
    (
        "aws_subnet",
        "delete",
    ): "interfaces that still stand in it (on AWS, Lambda gives them back after 20 to 45 minutes)",
    ("aws_vpc", "create"): "the VPC and its attributes",
}


@dataclass(frozen=True)
class Running:
    """A resource that Terraform is working on, since `started` (seconds, monotonic)."""

    address: str
    kind: str
    action: str
    started: float

    @property
    def doing(self) -> str:
        """What is going on, and what for."""
        verb = _VERBS.get(self.action, (self.action, ""))[0]
        waits = _WAITS.get((self.kind, self.action))
        return f"{verb}, waits for {waits}" if waits else verb


@dataclass(frozen=True)
class Progress:
    """What the events so far add up to."""

    total: int = 0
    done: int = 0
    running: Mapping[str, Running] = field(default_factory=dict)
    errors: tuple[str, ...] = ()

    def after(self, event: Mapping[str, Any], now: float) -> Progress:
        """Return the progress after one more event."""
        kind = event.get("type")
        if kind == "planned_change":
            actions = {"create": 1, "update": 1, "delete": 1, "replace": 2}
            return replace(self, total=self.total + actions.get(event["change"]["action"], 0))
        if kind == "diagnostic" and event["diagnostic"].get("severity") == "error":
            return replace(self, errors=(*self.errors, event["diagnostic"]["summary"]))
        hook = event.get("hook") or {}
        if hook.get("action") not in _VERBS:
            return self
        address = hook["resource"]["addr"]
        if kind == "apply_start":
            running = Running(address, hook["resource"]["resource_type"], hook["action"], now)
            return replace(self, running={**self.running, address: running})
        if kind in ("apply_complete", "apply_errored"):
            rest = {key: value for key, value in self.running.items() if key != address}
            return replace(self, running=rest, done=self.done + (kind == "apply_complete"))
        return self


class ProgressDisplay:
    """Shows Terraform's events: live on a terminal, else one line for each finished resource.

    Use it as a context manager and as the `on_event` of a Terraform command.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress()
        self._started = time.monotonic()
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> ProgressDisplay:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Take one event of a `-json` command."""
        now = time.monotonic()
        before, self._progress = self._progress, self._progress.after(event, now)
        for address, was in before.running.items():
            if address not in self._progress.running:
                self._say_finished(was, now - was.started, failed=event.get("type") == "apply_errored")

    def _say_finished(self, was: Running, seconds: float, *, failed: bool) -> None:
        count = f"{self._progress.done}/{self._progress.total}"
        outcome = "failed" if failed else _VERBS[was.action][1]
        line = Text.assemble(
            (f"{count:>7} ", "dim"),
            (outcome, "red" if failed else "green"),
            f" {was.address} ",
            (f"{seconds:.0f} s", "dim"),
        )
        self._console.print(line, soft_wrap=True)

    def _render(self) -> Group:
        now = time.monotonic()
        state = self._progress
        table = Table.grid(padding=(0, 2))
        for running in state.running.values():
            table.add_row(running.address, Text(running.doing, "dim"), f"{now - running.started:.0f} s")
        bar = Table.grid(padding=(0, 2))
        bar.add_row(
            ProgressBar(total=max(state.total, 1), completed=state.done, width=40),
            f"{state.done}/{state.total or '?'}",
            f"{now - self._started:.0f} s",
        )
        return Group(table, bar)
