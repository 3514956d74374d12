"""The lines that the Lambda platform adds to a function's log, as AWS formats them."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

from vpcache.lab.functions.sandbox import EXITED, TIMED_OUT, Outcome


def platform_log(request_id: str, version: str, memory: int, outcome: Outcome) -> str:
    """Return the log of one invocation: what the function wrote between START, END and REPORT.

    `memory` is the function's size in MB. The runtime ends lines within one message by CR; here by LF.
    Format: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
    """
    written = outcome.output.replace("\r\n", "\n").replace("\r", "\n")
    lines = [f"START RequestId: {request_id} Version: {version}"]
    if written:
        lines += written.removesuffix("\n").split("\n")
    if outcome.failure == TIMED_OUT:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        lines += [f"{now}Z {request_id} Task timed out after {outcome.duration:.2f} seconds", ""]
    elif outcome.failure == EXITED:
        lines += [json.loads(outcome.payload)["errorMessage"], outcome.failure]
    lines += [f"END RequestId: {request_id}", _report(request_id, memory, outcome), ""]
    return "\n".join(lines)


def billed_ms(outcome: Outcome) -> int:
    """Return the whole milliseconds that AWS bills: since August 2025 the init phase is among them."""
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
