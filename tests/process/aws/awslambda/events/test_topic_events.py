"""Notifications of topics to functions: permission, events, filters, retries and refusals."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import load_pem_x509_certificate

from tests.support.served.functions import ARN, create, eventually
from tests.support.served.region import Region, api_error, unique


class Topic:
    """A topic that may invoke the function `one`."""

    def __init__(self, region: Region, functions: Any) -> None:
        self.region = region
        self.functions = functions
        self.sns = region.client("sns")
        self.arn = self.sns.create_topic(Name=unique("topic"))["TopicArn"]
        create(functions)
        self.permit(self.arn)

    def permit(self, source: str, name: str = "sns") -> None:
        self.functions.add_permission(
            FunctionName="one",
            StatementId=name,
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=source,
        )

    def subscribe(self, **attributes: str) -> str:
        subscription = self.sns.subscribe(
            TopicArn=self.arn,
            Protocol="lambda",
            Endpoint=ARN,
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return str(subscription["SubscriptionArn"])

    def publish(self, message: str, **options: Any) -> str:
        return str(self.sns.publish(TopicArn=self.arn, Message=message, **options)["MessageId"])

    def records(self) -> list[dict[str, Any]]:
        events = [json.loads(event.payload) for _, event in list(self.region.runner.invoked)]
        return [record for event in events for record in event["Records"]]


@pytest.fixture
def topic(region: Region, functions: Any) -> Topic:
    return Topic(region, functions)


def test_notification_is_awss_event_and_signed(topic: Topic) -> None:
    subscription = topic.subscribe()
    attributes = {"kind": {"DataType": "Number", "StringValue": "1"}}
    message_id = topic.publish("hi", Subject="greeting", MessageAttributes=attributes)
    (record,) = eventually(topic.records)
    notification = record.pop("Sns")
    assert record == {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
    }
    text = "".join(
        f"{name}\n{notification[name]}\n"
        for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    )
    url = notification.pop("SigningCertUrl")
    assert url.startswith("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-")
    signature = base64.b64decode(notification.pop("Signature"))
    key: Any = load_pem_x509_certificate(certificate_of(url)).public_key()
    key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA1())
    assert notification.pop("Timestamp")
    assert notification == {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": topic.arn,
        "Subject": "greeting",
        "Message": "hi",
        "SignatureVersion": "1",
        "UnsubscribeUrl": (
            f"https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription}"
        ),
        "MessageAttributes": {"kind": {"Type": "Number", "Value": "1"}},
    }


def certificate_of(url: str) -> bytes:
    from moto.sns.models import sns_backends

    keys = sns_backends["123456789012"]["us-east-1"]._message_public_keys
    return bytes(keys[url.rpartition("/")[2]])


def test_notification_without_subject_has_null(topic: Topic) -> None:
    topic.subscribe()
    topic.publish("hi")
    (record,) = eventually(topic.records)
    assert (record["Sns"]["Subject"], record["Sns"]["MessageAttributes"]) == (None, {})


def test_topic_needs_the_permission_of_the_function(topic: Topic) -> None:
    topic.subscribe()
    topic.functions.remove_permission(FunctionName="one", StatementId="sns")
    topic.publish("without")
    topic.permit(f"{topic.arn}-other", "other")
    topic.publish("for another topic")
    topic.permit(topic.arn)
    topic.publish("allowed")
    (record,) = eventually(topic.records)
    assert record["Sns"]["Message"] == "allowed"


def test_filter_policy_selects_notifications(topic: Topic) -> None:
    topic.subscribe(FilterPolicy='{"colour": ["red"]}')
    for colour in ("blue", "red"):
        attributes = {"colour": {"DataType": "String", "StringValue": colour}}
        topic.publish(colour, MessageAttributes=attributes)
    (record,) = eventually(topic.records)
    assert record["Sns"]["Message"] == "red"


def test_message_structure_has_a_text_for_functions(topic: Topic) -> None:
    topic.subscribe()
    message = json.dumps({"default": "all", "lambda": "functions", "sqs": "queues"})
    topic.publish(message, MessageStructure="json")
    (record,) = eventually(topic.records)
    assert record["Sns"]["Message"] == "functions"


def test_failed_notification_is_retried_as_any_event(topic: Topic) -> None:
    topic.region.settings = topic.region.settings.changed({"async_minute_ms": 20})
    topic.region.runner.answer = lambda _: (b'{"errorType": "Boom"}', True)
    topic.subscribe()
    topic.publish("hi")
    eventually(lambda: len(topic.records()) == 3)
    time.sleep(0.1)
    assert len({record["Sns"]["MessageId"] for record in topic.records()}) == 1
    assert len(topic.records()) == 3


def test_functions_have_no_raw_delivery(topic: Topic) -> None:
    text = "Delivery protocol [lambda] does not support raw message delivery."
    error = api_error(
        topic.sns.subscribe,
        TopicArn=topic.arn,
        Protocol="lambda",
        Endpoint=ARN,
        Attributes={"RawMessageDelivery": "true"},
    )
    assert error == (400, "InvalidParameter", f"Invalid parameter: Attributes Reason: {text}")
    assert topic.sns.list_subscriptions_by_topic(TopicArn=topic.arn)["Subscriptions"] == []
    subscription = topic.subscribe(RawMessageDelivery="false")
    error = api_error(
        topic.sns.set_subscription_attributes,
        SubscriptionArn=subscription,
        AttributeName="RawMessageDelivery",
        AttributeValue="true",
    )
    assert error == (400, "InvalidParameter", f"Invalid parameter: {text}")


def test_subscription_of_a_queue_is_raw_only_if_it_says_so(topic: Topic) -> None:
    sqs = topic.region.client("sqs")
    for raw in ("false", "true"):
        name = unique("queue")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
        topic.sns.subscribe(
            TopicArn=topic.arn, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": raw}
        )
        topic.publish("hi")
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        assert (message["Body"] == "hi") is (raw == "true")


def test_what_a_subscription_drops_is_refused_by_name(topic: Topic) -> None:
    subscription = topic.subscribe()
    error = api_error(
        topic.sns.set_subscription_attributes,
        SubscriptionArn=subscription,
        AttributeName="RedrivePolicy",
        AttributeValue='{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:q"}',
    )
    assert (error.status, error.code) == (501, "NotImplemented")
