"""Calls of AWS's API that change resources, as opposed to those that read them or use them. Pure.

A call that is not known to read or to use a resource counts as a change. The names are those of
`vpcache.lab.client.Lab.calls`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_READS = re.compile(
    r"(BatchGet|Check|Decode|Describe|Estimate|Filter|Get|Head|List|Lookup|Query|Scan|Search|Select|Simulate"
    r"|Test|TransactGet|Validate|Verify)"
)
_USES = re.compile(
    r"dynamodb:(BatchWriteItem|DeleteItem|PutItem|TransactWriteItems|UpdateItem)"
    r"|elasticache:RebootCacheCluster"
    r"|events:PutEvents"
    r"|kms:(Decrypt|Encrypt|GenerateDataKey\w*|ReEncrypt)"
    r"|lambda:Invoke\w*"
    r"|logs:(CreateLogStream|PutLogEvents|StartQuery|StopQuery)"
    r"|monitoring:PutMetricData"
    r"|s3:(AbortMultipartUpload|CompleteMultipartUpload|CopyObject|CreateMultipartUpload|DeleteObjects?"
    r"|PutObject|UploadPart)"
    r"|sns:Publish(Batch)?"
    r"|sqs:(ChangeMessageVisibility|DeleteMessage|SendMessage)(Batch)?|sqs:(PurgeQueue|ReceiveMessage)"
    r"|sts:\w+"
    r"|xray:Put\w+"
)

DATA_TYPES = frozenset(
    {
        "aws_dynamodb_table_item",
        "aws_lambda_invocation",
        "aws_s3_bucket_object",
        "aws_s3_object",
        "aws_s3_object_copy",
        "aws_cloudwatch_log_stream",
    }
)
"""Terraform's types of resources that data-plane calls create: their changes are not seen in the calls."""


def changes(calls: Mapping[str, int]) -> dict[str, int]:
    """Return the number of calls of each operation that changes resources."""
    return {name: count for name, count in calls.items() if _changes_resources(name)}


def changes_since(before: Mapping[str, int], calls: Mapping[str, int]) -> list[str]:
    """Return the operations among `calls` that changed resources since `changes` returned `before`."""
    return [name for name, count in changes(calls).items() if count != before.get(name, 0)]


def _changes_resources(name: str) -> bool:
    operation = name.rpartition(":")[2]
    return not (_READS.match(operation) or _USES.fullmatch(name))
