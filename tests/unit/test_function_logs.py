"""What is kept of a function's log."""

from moto.logs.models import logs_backends

from vpcache.lab.control.function_logs import KEPT_LINES, FunctionLogs
from vpcache.lab.functions import Invocation

ACCOUNT, REGION, GROUP = "210987654321", "us-east-1", "/aws/lambda/talkative"


def test_a_stream_keeps_its_last_lines_and_no_others_lose_any():
    logs = FunctionLogs(ACCOUNT, REGION)
    said = [f"line {number}" for number in range(KEPT_LINES + 5)]
    for stream, lines in (("other", said[:5]), ("long", said[:-5]), ("long", said[-5:])):
        logs.keep(GROUP, Invocation(b"", None, "\n".join(lines).encode(), stream, "request"))
    streams = logs_backends[ACCOUNT][REGION].groups[GROUP].streams
    assert [event.message for event in streams["long"].events] == said[5:]
    assert [event.message for event in streams["other"].events] == said[:5]
