"""The parameters that operations of SQS, SNS, CloudWatch Logs and SSM honour.

Operations that are not listed are not checked; one with no parameters at all, such as a subscription filter,
whose records go nowhere, is refused at its first parameter.
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
    "ChangeMessageVisibility": ("QueueUrl", "ReceiptHandle", "VisibilityTimeout"),
    "CreateQueue": (*_QUEUE, "QueueName", "tags"),
    "DeleteMessage": ("QueueUrl", "ReceiptHandle"),
    "ReceiveMessage": (
        "AttributeNames",
        "MaxNumberOfMessages",
        "MessageAttributeNames",
        "MessageSystemAttributeNames",
        "QueueUrl",
        "VisibilityTimeout",
        "WaitTimeSeconds",
    ),
    "SendMessage": (*_MESSAGE, "QueueUrl"),
    "SendMessageBatch": ("Entries.Id", *(f"Entries.{name}" for name in _MESSAGE), "QueueUrl"),
    "SetQueueAttributes": (*_QUEUE, "QueueUrl"),
    "StartMessageMoveTask": (),
}
_PUBLICATION = (
    "Message",
    "MessageAttributes",
    "MessageDeduplicationId",
    "MessageGroupId",
    "MessageStructure",
    "Subject",
)
SNS_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "CreatePlatformApplication": (),
    "CreateTopic": ("Attributes", "Name", "Tags"),
    "Publish": (*_PUBLICATION, "TargetArn", "TopicArn"),
    "PublishBatch": (
        "PublishBatchRequestEntries.Id",
        *(f"PublishBatchRequestEntries.{name}" for name in _PUBLICATION),
        "TopicArn",
    ),
    "PutDataProtectionPolicy": (),
    "SetTopicAttributes": ("AttributeName", "AttributeValue", "TopicArn"),
    "Subscribe": (
        "Attributes.FilterPolicy",
        "Attributes.FilterPolicyScope",
        "Attributes.RawMessageDelivery",
        "Endpoint",
        "Protocol=email",
        "Protocol=email-json",
        "Protocol=sqs",
        "ReturnSubscriptionArn",
        "TopicArn",
    ),
}
_EVENTS = ("endTime", "limit", "logGroupName", "nextToken", "startTime")
LOGS_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "AssociateKmsKey": ("kmsKeyId", "logGroupName"),
    "CreateDelivery": (),
    "CreateExportTask": (),
    "CreateLogGroup": (
        "kmsKeyId",
        "logGroupClass=INFREQUENT_ACCESS",
        "logGroupClass=STANDARD",
        "logGroupName",
        "tags",
    ),
    "CreateLogStream": ("logGroupName", "logStreamName"),
    "DescribeLogGroups": ("limit", "logGroupClass", "logGroupNamePrefix", "nextToken"),
    "DescribeLogStreams": (
        "descending",
        "limit",
        "logGroupIdentifier",
        "logGroupName",
        "logStreamNamePrefix",
        "nextToken",
        "orderBy",
    ),
    "FilterLogEvents": (*_EVENTS, "filterPattern", "interleaved", "logStreamNames"),
    "GetLogEvents": (*_EVENTS, "logGroupIdentifier", "logStreamName", "startFromHead"),
    "PutDestination": (),
    "PutLogEvents": ("logEvents", "logGroupName", "logStreamName", "sequenceToken"),
    "PutMetricFilter": (),
    "PutRetentionPolicy": ("logGroupName", "retentionInDays"),
    "PutSubscriptionFilter": (),
}
_PAGE = ("MaxResults", "NextToken")
SSM_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "DescribeParameters": (*_PAGE, "Filters", "ParameterFilters"),
    "GetParameter": ("Name", "WithDecryption"),
    "GetParameterHistory": (*_PAGE, "Name", "WithDecryption"),
    "GetParameters": ("Names", "WithDecryption"),
    "GetParametersByPath": (*_PAGE, "ParameterFilters", "Path", "Recursive", "WithDecryption"),
    "PutParameter": (
        "AllowedPattern",
        "DataType=text",
        "Description",
        "KeyId",
        "Name",
        "Overwrite",
        "Tags",
        "Tier",
        "Type",
        "Value",
    ),
}
