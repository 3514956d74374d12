"""Topics: notifications as SNS signs them, and functions as subscribers.

https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription
from moto.sns.responses import SNSResponse
from moto.sns.urls import url_bases

from vpcache.lab.aws.awslambda.service_invocations import invoke_for
from vpcache.lab.aws.dispatch import UrlModule

_FUNCTION = "lambda"
_PRINCIPAL = "sns.amazonaws.com"
_RAW = "RawMessageDelivery"
_SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
"""https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html"""
_NAMES_IN_EVENTS = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}


class TopicSubscription(Subscription):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A subscription whose notifications are signed as the topic wants, or a function's."""

    def publish(
        self,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> None:
        """Send a message to the subscriber, if it passes the filter policy."""
        if self.protocol != _FUNCTION:
            super().publish(
                message,
                message_id,
                subject,
                message_attributes,
                group_id,
                deduplication_id,
                message_structure,
            )
            return
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        data = self.get_post_data(message, message_id, subject, message_attributes)
        invoke_for(self.endpoint, _PRINCIPAL, self.topic.arn, self.topic.account_id, self._event(data))

    def get_post_data(
        self,
        message: str,
        message_id: str,
        subject: str | None,
        message_attributes: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return a signed notification."""
        data: dict[str, Any] = super().get_post_data(message, message_id, subject, message_attributes)
        version = str(getattr(self.topic, "signature_version", None) or "1")
        text = "".join(f"{name}\n{data[name]}\n" for name in _SIGNED if name in data)
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303  # SNS's
        signature = self.private_key().sign(text.encode(), padding.PKCS1v15(), algorithm)
        region = self.topic.arn.split(":")[3]
        unsubscribe = f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={self.arn}"
        return data | {
            "Signature": base64.b64encode(signature).decode(),
            "SignatureVersion": version,
            "UnsubscribeURL": unsubscribe,
        }

    def _event(self, data: dict[str, Any]) -> bytes:
        """Return the event of a function for a notification."""
        members = {_NAMES_IN_EVENTS.get(name, name): value for name, value in data.items()}
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": self.arn,
            "Sns": {"Subject": None, "MessageAttributes": {}, **members},
        }
        return json.dumps({"Records": [record]}).encode()


class TopicsBackend(SNSBackend):  # type: ignore[misc]
    """SNS of one region."""

    @property
    def _url_module(self) -> UrlModule:
        return _SNS_URLS

    def subscribe(self, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        """Subscribe an endpoint. Raises SNSInvalidParameter."""
        if protocol == _FUNCTION:
            topic = self.get_topic(topic_arn)
            if str(topic.fifo_topic).lower() == "true":
                raise SNSInvalidParameter(
                    "Invalid parameter: Invalid parameter: Endpoint Reason: Please use FIFO SQS queue"
                )
            parts = endpoint.split(":")
            if parts[:1] != ["arn"] or parts[2:3] != ["lambda"] or parts[5:6] != ["function"]:
                raise SNSInvalidParameter("Invalid parameter: Lambda endpoint ARN")
        subscription = super().subscribe(topic_arn, endpoint, protocol)
        subscription.__class__ = TopicSubscription  # moto names the class itself
        return subscription

    def set_subscription_attributes(self, arn: str, name: str, value: Any) -> None:
        """Change a subscription. Raises SNSInvalidParameter."""
        subscription = self.subscriptions.get(arn)
        if name == _RAW:
            value = str(value).lower() == "true"
            if subscription:
                check_raw_delivery(subscription.protocol, is_raw=value)
        super().set_subscription_attributes(arn, name, value)


class _TopicsResponse(SNSResponse):  # type: ignore[misc]
    """The API of SNS."""

    def subscribe(self) -> ActionResult:
        """Answer Subscribe; a subscription that is refused is not created."""
        is_raw = str((self._get_attributes() or {}).get(_RAW)).lower() == "true"
        check_raw_delivery(self._get_param("Protocol"), is_raw=is_raw, prefix="Attributes Reason: ")
        return super().subscribe()

    def set_topic_attributes(self) -> Any:
        """Answer SetTopicAttributes; a rate of 0 is the default, with which SNS logs no successes."""
        name, value = self._get_param("AttributeName", ""), self._get_param("AttributeValue")
        if name.endswith("SuccessFeedbackSampleRate") and value not in (None, "", "0"):
            raise NotImplementedError(
                f"The parameter AttributeName={name} of SetTopicAttributes can be 0 only."
            )
        return super().set_topic_attributes()


def check_raw_delivery(protocol: str, *, is_raw: bool, prefix: str = "") -> None:
    """Raise SNSInvalidParameter if a protocol has no raw message delivery.

    https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
    """
    if is_raw and protocol not in ("sqs", "http", "https", "firehose"):
        reason = f"Delivery protocol [{protocol}] does not support raw message delivery."
        raise SNSInvalidParameter(f"Invalid parameter: {prefix}{reason}")


_SNS_URLS = UrlModule(
    url_bases,
    {
        "{0}/$": _TopicsResponse.dispatch,
        "{0}/SimpleNotificationService-(?P<pem_id>[^/]+).pem": _TopicsResponse.serve_pem,
    },
)
