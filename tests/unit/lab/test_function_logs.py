"""The limit of a function's log."""

from moto.logs.models import logs_backends

from vpcache.lab.aws.awslambda.invocation.logs import KEPT_LINES, FunctionLogs
from vpcache.lab.functions.spec import Invocation

ACCOUNT, REGION, GROUP = "210987654321", "us-east-1", "/aws/lambda/talkative"


def test_log_group_keeps_its_last_lines_over_all_streams():
    logs = FunctionLogs(ACCOUNT, REGION)
    messages = [f"line {number}" for number in range(KEPT_LINES + 8)]
    for stream, lines in (("old", messages[:5]), ("first", messages[5:20]), ("second", messages[20:])):
        logs.keep(GROUP, Invocation(b"", None, "\n".join(lines).encode(), stream, "request"))
    streams = logs_backends[ACCOUNT][REGION].groups[GROUP].streams
    kept = {name: [event.message for event in stream.events] for name, stream in streams.items()}
    assert kept == {"first": messages[8:20], "second": messages[20:]}
