"""Event source mappings with a real function: in a VPC and outside, by its own calls to SQS."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.support.network.vpc_factory import VpcFactory

TIMEOUT = 20.0  # seconds; long enough for a busy machine
NO_VPC: dict[str, list[str]] = {"SubnetIds": [], "SecurityGroupIds": []}
CONSUMER = """
    import json, os, socket

    def handler(event, context):
        bodies = [json.loads(each["body"]) for each in event["Records"]]
        print("BODIES", json.dumps(bodies))
        failed = [each["messageId"] for each in event["Records"] if json.loads(each["body"]) == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
"""


def eventually(condition: Any) -> Any:
    deadline = time.monotonic() + TIMEOUT
    while not (result := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result


def bodies(vpc_factory: VpcFactory, function: str) -> list[Any]:
    """Return the bodies of all messages that a function printed."""
    logs = vpc_factory.client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    lines = [each["message"] for each in events if each["message"].startswith("BODIES")]
    return [body for line in lines for body in json.loads(line.removeprefix("BODIES "))]


def test_messages_reach_functions_in_a_vpc_and_outside(vpc_factory: VpcFactory) -> None:
    name, sqs = vpc_factory.name, vpc_factory.client("sqs")
    allowed = {"Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:aws:sqs:*:*:{name}-*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    vpc_factory.client("iam").put_role_policy(RoleName=name, PolicyName="queues", PolicyDocument=policy)
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{name}-dead", "maxReceiveCount": 1}
    for number, config in enumerate((vpc_factory.vpc_config(), NO_VPC)):
        queue = f"{name}-{number}"
        attributes = {"VisibilityTimeout": "2", "RedrivePolicy": json.dumps(redrive)}
        url = sqs.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]
        function = vpc_factory.new_function(f"f{number}", code=CONSUMER, VpcConfig=config, Timeout=2)
        vpc_factory.client("lambda").create_event_source_mapping(
            EventSourceArn=f"arn:aws:sqs:us-east-1:123456789012:{queue}",
            FunctionName=function,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        for body in ("good", "bad"):
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
        assert sorted(eventually(lambda f=function: len(b := bodies(vpc_factory, f)) == 2 and b)) == [
            "bad",
            "good",
        ]
        (letter,) = eventually(lambda: sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages"))
        assert json.loads(letter["Body"]) == "bad"
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
