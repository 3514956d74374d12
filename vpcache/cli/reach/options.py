"""The options of `reach` as typed, and their check."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vpcache.cli.console import writable
from vpcache.cli.target_choice import TargetChoice
from vpcache.errors import VpcacheError
from vpcache.reach.traffic import Target, parse_target
from vpcache.stack.target import LAB, target_name


@dataclass(frozen=True)
class ReachOptions:
    """The options of the task, empty if omitted."""

    environment: str
    target: TargetChoice
    name: str
    source: str
    destination: str
    plan: bool
    from_plan: str
    against: str
    policy: str
    live: bool
    markdown: str
    sarif: str
    as_json: bool

    @property
    def asks_for_flows(self) -> bool:
        """Whether an end was given; policy and findings are of a whole network."""
        return bool(self.source or self.destination)

    def check(self) -> None:
        """Raise VpcacheError for an invalid value or combination of options."""
        self._check_source()
        if self.live and (self.plan or self.from_plan):
            raise VpcacheError("--live sends packets in a running stack: omit --plan and --from-plan")
        if self.live and target_name(self.target.name, os.environ) != LAB:
            raise VpcacheError("--live sends packets in the lab: use it with --target lab")
        if self.policy and self.asks_for_flows:
            raise VpcacheError("--policy checks a whole network: omit --from and --to")
        if self.policy and not Path(self.policy).is_file():
            raise VpcacheError(f"--policy {self.policy}: there is no such file")
        if self.markdown and self.sarif and Path(self.markdown).absolute() == Path(self.sarif).absolute():
            raise VpcacheError(f"--markdown and --sarif are both {self.markdown}: use two files")
        self.traffic()
        for file in filter(None, (self.markdown, self.sarif)):
            writable(file)

    def _check_source(self) -> None:
        if bool(self.environment) == bool(self.from_plan):
            raise VpcacheError("use either --env, or --from-plan with the output of `terraform show -json`")
        if self.from_plan:
            chosen = {"target": self.target.name, "region": self.target.region, "name": self.name}
            for option, value in chosen.items():
                if value:
                    raise VpcacheError(f"--{option} {value} is of a stack: omit it with --from-plan")
            if self.plan:
                raise VpcacheError("--plan plans an environment: use --env instead of --from-plan")
        elif self.against:
            raise VpcacheError(f"--against {self.against} compares files: use it with --from-plan")

    def traffic(self) -> Target | None:
        """Return the target of the flows, None if all are meant. Raises VpcacheError for an invalid port."""
        return parse_target(self.destination) if self.destination else None
