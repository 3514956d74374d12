"""The actions of the page: faults, invocations, explanations."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.awslambda.backend import lambda_of
from vpcache.lab.daemon.live.explanation import Question, explain
from vpcache.lab.daemon.live.fault_view import described
from vpcache.lab.daemon.live.page import Action
from vpcache.lab.daemon.region import Region
from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, internet_hosts

Json = dict[str, Any]
_ARN_PARTS = 7  # arn:aws:lambda:REGION:ACCOUNT:function:NAME


def actions(region: Region) -> dict[str, Action]:
    """Return the actions by name. Each takes a request's object and returns the response's.

    They raise LabError, and TypeError if a member is missing or unknown.
    """
    return {
        "fault": lambda body: {"faults": described(region.fault(Fault.create(**body)))},
        "clear": lambda body: {"faults": described(_clear(region, **body))},
        "invoke": lambda body: _invoke(**body),
        "explain": lambda body: _explain(region, **body),
    }


def _clear(region: Region, kind: str | None = None, target: str | None = None) -> tuple[Fault, ...]:
    if (kind is None) != (target is None):
        raise LabError("clear needs both kind and target, or neither for all faults")
    return region.clear_faults(kind, target)


def _invoke(function: str, payload: Any = None) -> Json:
    parts = function.split(":") if isinstance(function, str) else []
    if len(parts) != _ARN_PARTS:
        raise LabError(f"invalid function {function!r}: must be the ARN of a function")
    region, name = parts[3], parts[6]
    invocations = lambda_of(ACCOUNT, region).invocations
    invocations.check(name)
    began = time.perf_counter()
    result = invocations.invoke(name, None, json.dumps(payload).encode()).invocation
    return {
        "failed": result.error is not None,
        "payload": result.payload.decode(errors="replace"),
        "duration_ms": round((time.perf_counter() - began) * 1000, 2),
        "log": result.log_result,
    }


def _explain(region: Region, source: Any, target: Any, protocol: Any, port: Any = None) -> Json:
    question = Question.create(source, target, protocol, port)
    topology = region.topology
    answer = explain(topology, region.faults, question, internet_hosts(topology).items())
    return {
        "passes": answer.passes,
        "summary": answer.summary,
        "steps": [asdict(check) for check in answer.checks],
    }
