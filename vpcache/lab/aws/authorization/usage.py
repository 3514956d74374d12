"""Which permissions principals used, and which were denied."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from vpcache.lab.aws.policies.decision import Decision, Request
from vpcache.lab.aws.policies.documents import Statement
from vpcache.lab.permissions import AuthorizedRequest

_TIMES = frozenset({"aws:currenttime", "aws:epochtime"})
"""Keys in which requests differ that are the same otherwise."""


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
        self._requests: dict[tuple[object, ...], AuthorizedRequest] = {}
        self._lock = threading.Lock()

    def record(self, principal: str, request: Request, decision: Decision) -> None:
        """Count a decision. The first of several requests that differ in their time only is kept."""
        context = frozenset(item for item in request.context.items() if item[0] not in _TIMES)
        key = (principal, request.action, request.resource, decision.is_allowed, context)
        with self._lock:
            self._counts[Use(principal, request.action, request.resource, decision.is_allowed)] += 1
            if key not in self._requests:
                self._requests[key] = AuthorizedRequest(
                    principal, request.action, request.resource, dict(request.context), decision.is_allowed
                )
            if decision.is_allowed:
                self._grants.setdefault(principal, set()).add(decision.statements)

    def requests(self) -> tuple[AuthorizedRequest, ...]:
        """Return what was requested, in the order of the first such request."""
        with self._lock:
            return tuple(self._requests.values())

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
