"""Which permissions principals used, and which were denied."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from vpcache.lab.aws.policies.decision import Decision
from vpcache.lab.aws.policies.documents import Statement


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """An action on a resource by a role or user."""

    principal: str  # ARN of the role or the user
    action: str
    resource: str
    is_allowed: bool = True


class Usage:
    """Counts the permissions that were evaluated since the lab started."""

    def __init__(self) -> None:
        self._counts: Counter[Use] = Counter()
        self._grants: dict[str, set[tuple[Statement, ...]]] = {}
        self._lock = threading.Lock()

    def record(self, principal: str, action: str, resource: str, decision: Decision) -> None:
        """Count a decision."""
        with self._lock:
            self._counts[Use(principal, action, resource, decision.is_allowed)] += 1
            if decision.is_allowed:
                self._grants.setdefault(principal, set()).add(decision.statements)

    def counts(self, principal: str) -> dict[Use, int]:
        """Return how often a principal used each permission, or was denied it."""
        with self._lock:
            return {use: count for use, count in sorted(self._counts.items()) if use.principal == principal}

    def grants(self, principal: str) -> frozenset[tuple[Statement, ...]]:
        """Return the statements that allowed each of a principal's uses."""
        with self._lock:
            return frozenset(self._grants.get(principal, ()))

    def principals(self) -> tuple[str, ...]:
        """Return the ARNs of all principals with recorded decisions."""
        with self._lock:
            return tuple(sorted({use.principal for use in self._counts}))
