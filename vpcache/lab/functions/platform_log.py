"""The lines that the Lambda platform adds to a function's log, in AWS's format."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

from vpcache.lab.functions.sandbox import EXITED, TIMED_OUT, Outcome


def platform_log(request_id: str, version: str, memory: int, outcome: Outcome) -> str:
    """Return the log of one invocation: the function's output with the lines START, END and REPORT.

    `memory` is the function's memory size in MB. CR, which ends lines within a message, is replaced by LF.
    Format: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
    """
    output = outcome.output.replace("\r\n", "\n").replace("\r", "\n")
    lines = [f"START RequestId: {request_id} Version: {version}"]
    if output:
        lines += output.removesuffix("\n").split("\n")
    if outcome.failure == TIMED_OUT:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        lines += [f"{now}Z {request_id} Task timed out after {outcome.duration:.2f} seconds", ""]
    elif outcome.failure == EXITED:
        lines += [json.loads(outcome.payload)["errorMessage"], outcome.failure]
    lines += [f"END RequestId: {request_id}", _report(request_id, memory, outcome), ""]
    return "\n".join(lines)


def billed_ms(outcome: Outcome) -> int:
    """Return the milliseconds that AWS bills, rounded up; since August 2025 they include the init phase."""
    return math.ceil((outcome.duration + (outcome.init_duration or 0)) * 1000)


def _report(request_id: str, memory: int, outcome: Outcome) -> str:
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {outcome.duration * 1000:.2f} ms",
        f"Billed Duration: {billed_ms(outcome)} ms",
        f"Memory Size: {memory} MB",
        f"Max Memory Used: {outcome.memory} MB",
    ]
    if outcome.init_duration is not None:
        fields.append(f"Init Duration: {outcome.init_duration * 1000:.2f} ms")
    if outcome.failure == TIMED_OUT:
        fields.append("Status: timeout")
    elif outcome.failure:
        fields += ["Status: error", f"Error Type: {outcome.failure}"]
    return "\t".join([*fields, ""])
