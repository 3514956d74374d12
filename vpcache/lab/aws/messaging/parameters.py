"""The operations of SQS and SNS that the lab emulates, and the parameters that they honour.

Others are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping

_QUEUE = (
    "Attributes={}",
    *(
        f"Attributes.{name}"
        for name in (
            "ContentBasedDeduplication",
            "DeduplicationScope=queue",
            "DelaySeconds",
            "FifoQueue",
            "FifoThroughputLimit=perQueue",
            "KmsDataKeyReusePeriodSeconds",
            "KmsMasterKeyId",
            "MaximumMessageSize",
            "MessageRetentionPeriod",
            "Policy",
            "ReceiveMessageWaitTimeSeconds",
            "RedrivePolicy",
            "SqsManagedSseEnabled",
            "VisibilityTimeout",
        )
    ),
)
_MESSAGE = (
    "DelaySeconds",
    "MessageAttributes",
    "MessageBody",
    "MessageDeduplicationId",
    "MessageGroupId",
    "MessageSystemAttributes",
)
SQS_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "AddPermission": ("AWSAccountIds", "Actions", "Label", "QueueUrl"),
    "ChangeMessageVisibility": ("QueueUrl", "ReceiptHandle", "VisibilityTimeout"),
    "ChangeMessageVisibilityBatch": ("Entries", "QueueUrl"),
    "CreateQueue": (*_QUEUE, "QueueName", "tags"),
    "DeleteMessage": ("QueueUrl", "ReceiptHandle"),
    "DeleteMessageBatch": ("Entries", "QueueUrl"),
    "DeleteQueue": ("QueueUrl",),
    "GetQueueAttributes": ("AttributeNames", "QueueUrl"),
    "GetQueueUrl": ("QueueName", "QueueOwnerAWSAccountId"),
    "ListDeadLetterSourceQueues": ("QueueUrl",),
    "ListQueueTags": ("QueueUrl",),
    "ListQueues": ("MaxResults", "NextToken", "QueueNamePrefix"),
    "PurgeQueue": ("QueueUrl",),
    "ReceiveMessage": (
        "AttributeNames",
        "MaxNumberOfMessages",
        "MessageAttributeNames",
        "MessageSystemAttributeNames",
        "QueueUrl",
        "VisibilityTimeout",
        "WaitTimeSeconds",
    ),
    "RemovePermission": ("Label", "QueueUrl"),
    "SendMessage": (*_MESSAGE, "QueueUrl"),
    "SendMessageBatch": ("Entries.Id", *(f"Entries.{name}" for name in _MESSAGE), "QueueUrl"),
    "SetQueueAttributes": (*_QUEUE, "QueueUrl"),
    "TagQueue": ("QueueUrl", "Tags"),
    "UntagQueue": ("QueueUrl", "TagKeys"),
}
_PUBLICATION = (
    "Message",
    "MessageAttributes",
    "MessageDeduplicationId",
    "MessageGroupId",
    "MessageStructure",
    "Subject",
)
_TOPIC = ("ContentBasedDeduplication", "DeliveryPolicy", "DisplayName", "KmsMasterKeyId", "Policy")
_LOGGED = ("Application", "Firehose", "HTTP", "Lambda", "SQS")  # with delivery status logs
_SUBSCRIPTION = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery")
SNS_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "AddPermission": ("AWSAccountId", "ActionName", "Label", "TopicArn"),
    "CreateTopic": (*(f"Attributes.{name}" for name in ("FifoTopic", *_TOPIC)), "Name", "Tags"),
    "DeleteTopic": ("TopicArn",),
    "GetSubscriptionAttributes": ("SubscriptionArn",),
    "GetTopicAttributes": ("TopicArn",),
    "ListSubscriptions": ("NextToken",),
    "ListSubscriptionsByTopic": ("NextToken", "TopicArn"),
    "ListTagsForResource": ("ResourceArn",),
    "ListTopics": ("NextToken",),
    "Publish": (*_PUBLICATION, "TargetArn", "TopicArn"),
    "PublishBatch": (
        "PublishBatchRequestEntries.Id",
        *(f"PublishBatchRequestEntries.{name}" for name in _PUBLICATION),
        "TopicArn",
    ),
    "RemovePermission": ("Label", "TopicArn"),
    "SetSubscriptionAttributes": (
        *(f"AttributeName={name}" for name in _SUBSCRIPTION),
        "AttributeValue",
        "SubscriptionArn",
    ),
    "SetTopicAttributes": (
        *(f"AttributeName={name}" for name in _TOPIC),
        *(f"AttributeName={protocol}SuccessFeedbackSampleRate" for protocol in _LOGGED),
        "AttributeValue",
        "TopicArn",
    ),
    "Subscribe": (
        *(f"Attributes.{name}" for name in _SUBSCRIPTION),
        "Endpoint",
        "Protocol=email",
        "Protocol=email-json",
        "Protocol=lambda",
        "Protocol=sqs",
        "ReturnSubscriptionArn",
        "TopicArn",
    ),
    "TagResource": ("ResourceArn", "Tags"),
    "Unsubscribe": ("SubscriptionArn",),
    "UntagResource": ("ResourceArn", "TagKeys"),
}
