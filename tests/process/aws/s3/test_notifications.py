"""Notifications of buckets to functions, queues and topics: configuration, permissions and events."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served.functions import ARN, create, eventually, role_and_client
from tests.support.served.region import Region, api_error, unique

CREATED = "s3:ObjectCreated:*"
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
INVALID = (400, "InvalidArgument")
UNABLE = "Unable to validate the following destination configurations"


class Notified:
    """A bucket, and the function `one` that it may invoke."""

    def __init__(self, region: Region, bucket: str) -> None:
        self.region = region
        self.bucket = bucket
        self.s3 = region.client("s3")
        self.functions = role_and_client(region)
        create(self.functions)
        self.functions.add_permission(
            FunctionName="one",
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{bucket}",
            SourceAccount=ACCOUNT,
        )

    def configure(self, **configuration: Any) -> None:
        self.s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration=configuration
        )

    def invoke_on(self, *events: str, **rules: str) -> None:
        self.configure(LambdaFunctionConfigurations=[function(*events, **rules)])

    def put(self, key: str, body: bytes = b"data") -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def records(self) -> list[dict[str, Any]]:
        events = [json.loads(event.payload) for _, event in list(self.region.runner.invoked)]
        return [record for event in events for record in event["Records"]]

    def names(self) -> list[str]:
        return sorted(record["eventName"] for record in self.records())

    def received(self, number: int) -> Callable[[], bool]:
        return lambda: len(self.records()) >= number


def function(*events: str, **rules: str) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        "LambdaFunctionArn": ARN,
        "Events": list(events or (CREATED,)),
        "Id": "id",
    }
    if rules:
        listed = [{"Name": name, "Value": value} for name, value in rules.items()]
        configuration["Filter"] = {"Key": {"FilterRules": listed}}
    return configuration


@pytest.fixture
def notified(region: Region, bucket: str) -> Notified:
    return Notified(region, bucket)


def test_created_object_invokes_a_function_with_awss_record(notified: Notified) -> None:
    notified.invoke_on()
    notified.put("a b/ü.txt", b"hello")
    eventually(notified.received(1))
    (record,) = notified.records()
    assert record.pop("eventTime").endswith("Z")
    assert set(record.pop("responseElements")) == {"x-amz-request-id", "x-amz-id-2"}
    assert record.pop("userIdentity")["principalId"].startswith("AWS:")
    assert int(record["s3"]["object"].pop("sequencer"), 16) > 0
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventName": "ObjectCreated:Put",
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "id",
            "bucket": {
                "name": notified.bucket,
                "ownerIdentity": {"principalId": ACCOUNT},
                "arn": f"arn:aws:s3:::{notified.bucket}",
            },
            "object": {
                "key": "a+b/%C3%BC.txt",
                "size": 5,
                "eTag": "5d41402abc4b2a76b9719d911017c592",
            },
        },
    }


def test_each_write_and_deletion_is_an_event(notified: Notified) -> None:
    s3, bucket = notified.s3, notified.bucket
    notified.invoke_on(CREATED, "s3:ObjectRemoved:*", "s3:ObjectTagging:*")
    s3.put_object(Bucket=bucket, Key="key", Body=b"x", Tagging="a=b")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/key")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload=parts)
    s3.put_object_tagging(Bucket=bucket, Key="key", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="key")
    s3.delete_object(Bucket=bucket, Key="key")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "copy"}]})
    eventually(notified.received(7))
    time.sleep(0.2)  # for events that should not be
    assert notified.names() == [
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectCreated:Copy",
        "ObjectCreated:Put",
        "ObjectRemoved:Delete",
        "ObjectRemoved:Delete",
        "ObjectTagging:Delete",
        "ObjectTagging:Put",
    ]


def test_deletions_in_a_versioned_bucket_name_their_version(notified: Notified) -> None:
    s3, bucket = notified.s3, notified.bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    notified.invoke_on("s3:ObjectRemoved:*")
    version = s3.put_object(Bucket=bucket, Key="key", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="key")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="key", VersionId=version)
    eventually(notified.received(2))
    objects = {each["eventName"]: each["s3"]["object"] for each in notified.records()}
    created = objects["ObjectRemoved:DeleteMarkerCreated"]
    assert (created["versionId"], created["eTag"]) == (marker, "d41d8cd98f00b204e9800998ecf8427e")
    deleted = objects["ObjectRemoved:Delete"]
    assert deleted["versionId"] == version and not {"eTag", "size"} & deleted.keys()


def test_prefix_suffix_and_event_select_objects(notified: Notified) -> None:
    notified.invoke_on("s3:ObjectCreated:Put", prefix="in/", Suffix=".txt")
    for key in ("in/a.txt", "in/a.png", "out/a.txt"):
        notified.put(key)
    notified.s3.copy_object(
        Bucket=notified.bucket, Key="in/copy.txt", CopySource=f"{notified.bucket}/in/a.txt"
    )
    notified.put("in/b.txt")
    eventually(notified.received(2))
    keys = sorted(record["s3"]["object"]["key"] for record in notified.records())
    assert keys == ["in/a.txt", "in/b.txt"]


def test_configuration_is_shown_as_it_was_set_and_removed(notified: Notified) -> None:
    show = notified.s3.get_bucket_notification_configuration
    notified.invoke_on(CREATED, prefix="in/")
    shown = show(Bucket=notified.bucket)
    expected = function(CREATED, Prefix="in/")
    assert shown["LambdaFunctionConfigurations"] == [expected]
    assert not {"QueueConfigurations", "TopicConfigurations"} & shown.keys()
    notified.configure()
    assert set(show(Bucket=notified.bucket)) == {"ResponseMetadata"}


def test_function_must_allow_the_bucket_to_invoke_it(notified: Notified) -> None:
    notified.functions.remove_permission(FunctionName="one", StatementId="s3")
    with pytest.raises(ClientError) as caught:
        notified.invoke_on()
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidArgument", UNABLE)
    assert error["ArgumentName1"] == f"{ARN}, null"
    assert error["ArgumentValue1"] == f"Not authorized to invoke function [{ARN}]"
    notified.s3.put_bucket_notification_configuration(
        Bucket=notified.bucket,
        NotificationConfiguration={"LambdaFunctionConfigurations": [function()]},
        SkipDestinationValidation=True,
    )


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (function() | {"LambdaFunctionArn": "f"}, "The ARN could not be parsed"),
        (
            function() | {"LambdaFunctionArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"},
            "The ARN could not be parsed",
        ),
        (function("s3:Unknown"), "The event is not supported for notifications"),
        (function(CREATED, infix="x"), "filter rule name must be either prefix or suffix"),
    ],
)
def test_invalid_configuration_is_refused(notified: Notified, configuration: Any, message: str) -> None:
    error = api_error(
        notified.s3.put_bucket_notification_configuration,
        Bucket=notified.bucket,
        NotificationConfiguration={"LambdaFunctionConfigurations": [configuration]},
    )
    assert error == (*INVALID, message)


@pytest.mark.parametrize("event", ["s3:LifecycleExpiration:*", "s3:Replication:*", "s3:IntelligentTiering"])
def test_events_that_the_lab_never_emits_are_refused_by_name(notified: Notified, event: str) -> None:
    error = api_error(
        notified.s3.put_bucket_notification_configuration,
        Bucket=notified.bucket,
        NotificationConfiguration={"LambdaFunctionConfigurations": [function(event)]},
    )
    assert error[:2] == (501, "NotImplemented")
    assert error.message.endswith(f"The event {event} is not emulated by the lab.")


def test_configurations_of_one_event_must_not_overlap(notified: Notified) -> None:
    def configure(first: dict[str, str], second: dict[str, str]) -> None:
        configurations = [
            function("s3:ObjectCreated:Put", **first) | {"Id": "a"},
            function(CREATED, **second) | {"Id": "b"},
        ]
        notified.configure(LambdaFunctionConfigurations=configurations)

    configure({"prefix": "a"}, {"prefix": "b"})
    configure({"prefix": "a", "suffix": ".x"}, {"prefix": "a", "suffix": ".y"})
    for first, second in (({}, {}), ({"prefix": "a"}, {"prefix": "ab"}), ({"prefix": "a"}, {"suffix": ".x"})):
        with pytest.raises(ClientError, match="Configurations overlap"):
            configure(first, second)


@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_queue_and_topic_need_a_policy_and_get_a_test_event(notified: Notified, kind: str) -> None:
    sqs, sns = notified.region.client("sqs"), notified.region.client("sns")
    url = sqs.create_queue(QueueName=(name := unique("queue")))["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    if kind == "topic":
        sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"}
        )
    arn, plural = (queue, "QueueConfigurations") if kind == "queue" else (topic, "TopicConfigurations")
    configuration = {plural: [{f"{kind.capitalize()}Arn": arn, "Events": [CREATED]}]}
    with pytest.raises(ClientError) as caught:
        notified.configure(**configuration)
    error = caught.value.response["Error"]
    assert (error["Message"], error["ArgumentName1"]) == (UNABLE, arn)
    assert error["ArgumentValue1"] == (
        f"Permissions on the destination {kind} do not allow S3 to publish notifications from this bucket"
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage" if kind == "queue" else "sns:Publish",
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{notified.bucket}"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    if kind == "queue":
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    else:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    notified.configure(**configuration)
    notified.put("key")
    messages: list[Any] = []
    while len(messages) < 2:
        messages += sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)["Messages"]
    bodies = [json.loads(each["Body"]) for each in messages]
    assert bodies[0]["Event"] == "s3:TestEvent" and bodies[0]["Bucket"] == notified.bucket
    assert bodies[1]["Records"][0]["eventName"] == "ObjectCreated:Put"
