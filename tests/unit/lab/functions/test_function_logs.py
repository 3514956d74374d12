"""The limit of a function's log."""

import time

from moto.logs.models import logs_backends

from vpcache.lab.aws.awslambda.invocation.logs import KEPT_EVENTS, FunctionLogs
from vpcache.lab.functions.spec import Invocation, LogEvent

ACCOUNT, REGION, GROUP = "210987654321", "us-east-1", "/aws/lambda/talkative"


class EverythingAllowed:
    def can_be_assumed(self, _):
        return True

    def allows(self, *_):
        return True


def test_log_group_keeps_its_last_events_over_all_streams():
    logs = FunctionLogs(ACCOUNT, REGION, EverythingAllowed())
    messages = [f"line {number}" for number in range(KEPT_EVENTS + 8)]
    for stream, lines in (("old", messages[:5]), ("first", messages[5:20]), ("second", messages[20:])):
        events = tuple(LogEvent(int(time.time() * 1000), line) for line in lines)
        logs.keep(GROUP, "arn:aws:iam::210987654321:role/r", Invocation(b"", None, events, stream, "request"))
    streams = logs_backends[ACCOUNT][REGION].groups[GROUP].streams
    kept = {name: [event.message for event in stream.events] for name, stream in streams.items()}
    assert kept == {"first": messages[8:20], "second": messages[20:]}
