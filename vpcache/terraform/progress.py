"""The progress of Terraform, from its machine-readable events: live on a terminal, else plain lines.

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
    "delete": ("destroying", "destroyed"),
}

# (resource type, action) -> the slow step on AWS
_WAITS = {
    ("aws_elasticache_cluster", "create"): "its nodes to become available",
    ("aws_elasticache_cluster", "delete"): "the deletion of its nodes",
    ("aws_lambda_function", "create"): "its network interfaces",
    ("aws_nat_gateway", "create"): "the gateway to become available",
    ("aws_nat_gateway", "delete"): "the deletion of its network interface",
    (
        "aws_security_group",
        "delete",
    ): "network interfaces that use it (on AWS, Lambda releases them after 20 to 45 minutes)",
    (
        "aws_subnet",
        "delete",
    ): "network interfaces in it (on AWS, Lambda releases them after 20 to 45 minutes)",
    ("aws_vpc", "create"): "the VPC and its attributes",
}

_SECONDS_WIDTH = 12  # of the last column of the live display, with the space around it


@dataclass(frozen=True)
class Running:
    """A resource that Terraform has been changing since `started` (seconds, monotonic)."""

    address: str
    kind: str
    action: str
    started: float

    @property
    def doing(self) -> str:
        """The current action, and the reason of a wait."""
        verb = _VERBS.get(self.action, (self.action, ""))[0]
        waits = _WAITS.get((self.kind, self.action))
        return f"{verb}, waiting for {waits}" if waits else verb


@dataclass(frozen=True)
class Progress:
    """The progress after all events so far."""

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


def shortened(address: str, width: int) -> str:
    """Return an address with an ellipsis in its middle if it exceeds `width`: both ends identify it."""
    if len(address) <= width:
        return address
    end = max(1, (width - 1) * 2 // 3)
    return f"{address[: max(0, width - 1 - end)]}…{address[-end:]}"


class ProgressDisplay:
    """A display of Terraform's events: live on a terminal, else one line for each finished resource.

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
        """Process one event of a `-json` command."""
        now = time.monotonic()
        before, self._progress = self._progress, self._progress.after(event, now)
        for address, finished in before.running.items():
            if address not in self._progress.running:
                has_failed = event.get("type") == "apply_errored"
                self._print_finished(finished, now - finished.started, has_failed=has_failed)

    def _print_finished(self, finished: Running, seconds: float, *, has_failed: bool) -> None:
        count = f"{self._progress.done}/{self._progress.total}"
        outcome = "failed" if has_failed else _VERBS[finished.action][1]
        duration = f"{seconds:.0f} s"
        address = finished.address
        if self._console.is_terminal:  # lines of a log file are complete
            rest = len(f"{count:>7} {outcome}  {duration}")
            address = shortened(address, self._console.width - rest)
        line = Text.assemble(
            (f"{count:>7} ", "dim"),
            (outcome, "red" if has_failed else "green"),
            f" {address} ",
            (duration, "dim"),
        )
        self._console.print(line, soft_wrap=True)

    def _render(self) -> Group:
        now = time.monotonic()
        state = self._progress
        table = Table.grid(padding=(0, 2))
        addresses = [shortened(each.address, self._console.width * 3 // 5) for each in state.running.values()]
        rest = self._console.width - max(map(len, addresses), default=0) - _SECONDS_WIDTH
        for address, running in zip(addresses, state.running.values(), strict=True):
            doing = Text(running.doing, "dim")
            doing.truncate(max(1, rest), overflow="ellipsis")
            table.add_row(address, doing, f"{now - running.started:.0f} s")
        bar = Table.grid(padding=(0, 2))
        bar.add_row(
            ProgressBar(total=max(state.total, 1), completed=state.done, width=40),
            f"{state.done}/{state.total or '?'}",
            f"{now - self._started:.0f} s",
        )
        return Group(table, bar)
