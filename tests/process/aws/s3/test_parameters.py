from __future__ import annotations

from typing import Any

import botocore.session
import pytest
import requests

from tests.support.served.region import Region, api_error, unique
from vpcache.lab.aws.gateway.call import Call
from vpcache.lab.aws.gateway.request_parameters import operation_of
from vpcache.lab.aws.s3.parameters import S3_PARAMETERS

RULE = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}}


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("put_bucket_website", {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "i"}}}),
        ("put_bucket_logging", {"BucketLoggingStatus": {}}),
        ("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "Requester"}}),
        (
            "put_bucket_replication",
            {
                "ReplicationConfiguration": {
                    "Role": "arn:aws:iam::123456789012:role/r",
                    "Rules": [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::b"}}],
                }
            },
        ),
        (
            "put_bucket_accelerate_configuration",
            {"AccelerateConfiguration": {"Status": "Enabled"}},
        ),
        ("delete_bucket_metrics_configuration", {"Id": "m"}),
        ("get_bucket_metrics_configuration", {"Id": "m"}),
        ("get_object_retention", {"Key": "k"}),
        ("restore_object", {"Key": "k", "RestoreRequest": {"Days": 1}}),
    ],
)
def test_operation_that_is_not_emulated_is_refused_by_name(
    s3: Any, bucket: str, call: str, arguments: dict[str, Any]
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    error = api_error(getattr(s3, call), Bucket=bucket, **arguments)

    assert error[:2] == (501, "NotImplemented")
    assert error.message.startswith("".join(word.capitalize() for word in call.split("_")))
    s3.head_bucket(Bucket=bucket)


@pytest.mark.parametrize(
    ("call", "arguments", "parameter"),
    [
        (
            "put_bucket_notification_configuration",
            {"NotificationConfiguration": {"EventBridgeConfiguration": {}}},
            "NotificationConfiguration.EventBridgeConfiguration",
        ),
        (
            "put_bucket_lifecycle_configuration",
            {"LifecycleConfiguration": {"Rules": [RULE | {"Filter": {"ObjectSizeGreaterThan": 1}}]}},
            "LifecycleConfiguration.Rules.Filter.ObjectSizeGreaterThan",
        ),
        ("put_object", {"Key": "k", "WebsiteRedirectLocation": "/x"}, "WebsiteRedirectLocation"),
        ("put_object", {"Key": "k", "GrantRead": "id=1"}, "GrantRead"),
        ("list_object_versions", {"OptionalObjectAttributes": ["RestoreStatus"]}, "OptionalObjectAttributes"),
    ],
)
def test_unhonoured_parameter_of_s3_is_refused_by_name(
    s3: Any, bucket: str, call: str, arguments: dict[str, Any], parameter: str
) -> None:
    error = api_error(getattr(s3, call), Bucket=bucket, **arguments)

    assert error[:2] == (501, "NotImplemented")
    assert f"The parameter {parameter} of " in error.message


def test_virtual_hosts_have_the_operations_of_paths(region: Region, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    scope = "Credential=lab/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    headers = {
        "Host": f"{bucket}.s3.us-east-1.amazonaws.com",
        "Authorization": f"AWS4-HMAC-SHA256 {scope}",
    }

    def status(method: str, path: str) -> int:
        return requests.request(method, region.url + path, headers=headers, timeout=10).status_code

    assert [status("GET", path) for path in ("/", "/a/b", "/a%2Fb", "/?metrics&id=1")] == [200, 200, 200, 501]
    assert status("PUT", "/?metrics&id=1") == status("DELETE", "/?metrics&id=1") == 501
    assert status("HEAD", "/") == 200


def test_each_emulated_operation_is_recognized() -> None:
    model = botocore.session.get_session().get_service_model("s3")

    def environ(name: str) -> dict[str, Any]:
        operation = model.operation_model(name)
        path, _, query = operation.http["requestUri"].partition("?")
        names: dict[str, list[str]] = {"querystring": [query], "header": [], "uri": []}
        for member in operation.input_shape.required_members:
            serialization = operation.input_shape.members[member].serialization
            names.setdefault(serialization.get("location", "body"), []).append(serialization.get("name", ""))
        return {
            "REQUEST_METHOD": operation.http["method"],
            "PATH_INFO": path.replace("{Bucket}", "bucket").replace("{Key+}", "a/key"),
            "QUERY_STRING": "&".join(filter(None, names["querystring"])),
            **{f"HTTP_{each.upper().replace('-', '_')}": "1" for each in names["header"]},
        }

    call = Call("s3", "GET /", is_change=False)
    assert [name for name in S3_PARAMETERS if operation_of(call, environ(name)) != name] == []


def test_request_payment_is_the_owners(s3: Any, bucket: str) -> None:
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert s3.list_objects_v2(Bucket=bucket, RequestPayer="requester")["KeyCount"] == 0
    assert unique("bucket") not in s3.list_buckets()
