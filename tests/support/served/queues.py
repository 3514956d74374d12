"""A queue of a served region, as the event source of a function."""

from __future__ import annotations

import json
from typing import Any

from tests.support.served.functions import role_and_client
from tests.support.served.region import Region, api_error, unique

LAMBDA = "arn:aws:lambda:us-east-1:123456789012"
ROLE = "function"
ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
}


class Source:
    """A queue with a mapping to the function `one`, which may use it."""

    def __init__(self, region: Region, fifo: bool = False, **attributes: str) -> None:
        self.region = region
        self.functions = role_and_client(region)
        self.sqs = region.client("sqs")
        grant(region)
        name = unique("queue") + (".fifo" if fifo else "")
        if fifo:
            attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        self.url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
        self.options = {"MessageGroupId": "a"} if fifo else {}

    def map(self, **options: Any) -> dict[str, Any]:
        mapping: dict[str, Any] = self.functions.create_event_source_mapping(
            **{"FunctionName": "one", "EventSourceArn": self.arn} | options
        )
        return mapping

    def refused(self, **options: Any) -> Any:
        return api_error(
            self.functions.create_event_source_mapping,
            **{"FunctionName": "one", "EventSourceArn": self.arn} | options,
        )

    def send(self, *bodies: str, **options: Any) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **{**self.options, **options})

    def state(self, mapping: dict[str, Any]) -> str:
        return str(self.functions.get_event_source_mapping(UUID=mapping["UUID"])["State"])

    def is_in(self, mapping: dict[str, Any], state: str) -> bool:
        return self.state(mapping) == state

    def batches(self) -> list[list[str]]:
        """Return the bodies of the messages of each invocation."""
        events = [json.loads(event.payload) for _, event in list(self.region.runner.invoked)]
        return [[each["body"] for each in event["Records"]] for event in events]

    def left(self) -> tuple[int, int]:
        """Return the number of visible and of invisible messages."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        values = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(values[names[0]]), int(values[names[1]])


def grant(region: Region, policy: dict[str, Any] = ALLOWED) -> None:
    region.client("iam").put_role_policy(
        RoleName=ROLE, PolicyName="queues", PolicyDocument=json.dumps(policy)
    )
