"""Bodies and values that no service can read are refused in the service's format, and never fail the lab."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping

import pytest

from tests.support.served.region import Region, serve, unique

DEEP = b"[" * 5000 + b"]" * 5000
DEEP_OBJECT = b'{"a":' * 5000 + b"1" + b"}" * 5000
FUNCTIONS = "/2015-03-31/functions"
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Tagging>&b;&b;&b;&b;</Tagging>'
)


@pytest.fixture(scope="module")
def served() -> Iterator[Region]:
    with serve() as region:
        yield region


def answer(
    region: Region, service: str, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = {}
) -> tuple[int, str]:
    """Send bytes as they are, and return the status and the body of the response."""
    scope = f"Credential=test/20260101/us-east-1/{service}/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x", **headers}
    connection = http.client.HTTPConnection(region.url.removeprefix("http://"), timeout=60)
    connection.request(method, path, body, signed)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    assert "<!doctype" not in text.lower()
    return response.status, response.headers.get("x-amzn-ErrorType", "") + text


def json_answer(region: Region, service: str, target: str, body: bytes) -> tuple[int, str]:
    return answer(region, service, "POST", "/", body, {"X-Amz-Target": target})


UNREADABLE = {
    "deep list": DEEP,
    "deep object": DEEP_OBJECT,
    "truncated": b'{"a":',
    "bytes that are not UTF-8": b'{"a":"\xff"}',
    "list": b"[]",
    "text": b'"x"',
    "null": b"null",
    "5,000 digits": b'{"a":' + b"9" * 5000 + b"}",
}
TARGETS = {
    "logs": "Logs_20140328.CreateLogGroup",
    "monitoring": "GraniteServiceVersion20100801.PutMetricData",
    "servicequotas": "ServiceQuotasV20190624.ListServiceQuotas",
    "sqs": "AmazonSQS.CreateQueue",
    "ssm": "AmazonSSM.PutParameter",
}


@pytest.mark.parametrize("service", TARGETS)
@pytest.mark.parametrize("body", UNREADABLE)
def test_unreadable_json_is_a_serialization_error(served: Region, service: str, body: str) -> None:
    status, text = json_answer(served, service, TARGETS[service], UNREADABLE[body])
    assert (status, text.startswith("SerializationException")) == (400, True), text


@pytest.mark.parametrize(
    "body", [b'{"logGroupName": 5}', b'{"logGroupName": ["a"]}', b'{"logGroupName": "a", "tags": "b"}']
)
def test_json_value_of_another_type_is_a_serialization_error(served: Region, body: bytes) -> None:
    status, text = json_answer(served, "logs", TARGETS["logs"], body)
    assert status == 400 and text.startswith("SerializationException") and "t" in text


@pytest.mark.parametrize(
    ("service", "code", "member"),
    [
        ("logs", "InvalidParameterException", "logGroupName"),
        ("sqs", "MissingParameter", "QueueName"),
        ("ssm", "ValidationException", "name"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}", b'{"Unknown": 1}'])
def test_missing_json_member_is_named(
    served: Region, service: str, code: str, member: str, body: bytes
) -> None:
    status, text = json_answer(served, service, TARGETS[service], body)
    assert status == 400 and text.startswith(code) and member in text


@pytest.mark.parametrize("body", [DEEP, DEEP_OBJECT, b'{"a":', b'"\xff"'])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", FUNCTIONS),
        ("PUT", f"{FUNCTIONS}/x/configuration"),
        ("POST", f"{FUNCTIONS}/x/invocations"),
        ("POST", "/2018-10-31/layers/x/versions"),
    ],
)
def test_unreadable_body_of_lambda_is_invalid_content(
    served: Region, method: str, path: str, body: bytes
) -> None:
    status, text = answer(served, "lambda", method, path, body)
    assert status == 400 and "Could not parse request body into json" in text


@pytest.mark.parametrize(
    "path",
    [
        "/2018-10-31/layers/x/versions/abc",
        "/2018-10-31/layers/x/versions/%C2%B2",
        f"/2018-10-31/layers/x/versions/{'9' * 5000}",
        f"/2018-10-31/layers?Marker={'9' * 5000}",
        f"{FUNCTIONS}/?MaxItems=abc",
        f"{FUNCTIONS}/?MaxItems=NaN",
        f"{FUNCTIONS}/?Marker=%C2%B2",
    ],
)
def test_number_that_is_none_is_refused(served: Region, path: str) -> None:
    assert answer(served, "lambda", "GET", path)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"<Tagging>",
        b"{}",
        b"\xff\xfe\x00",
        b"<Tagging>\0</Tagging>",
        b'<?xml version="1.0" encoding="utf-99"?><Tagging/>',
        b"<CORSConfiguration/>",
        b"<a>" * 5000 + b"</a>" * 5000,
        b"<Tagging><TagSet>" + b"<Tag>" * 3000 + b"</Tag>" * 3000 + b"</TagSet></Tagging>",
        LAUGHS,
    ],
)
@pytest.mark.parametrize("query", ["tagging", "lifecycle", "publicAccessBlock", "notification"])
def test_unreadable_xml_is_malformed(served: Region, query: str, body: bytes) -> None:
    if b"CORS" not in body and query != "tagging":
        body = body.replace(b"Tagging", b"Other")
    bucket = unique("xml")
    assert answer(served, "s3", "PUT", f"/{bucket}")[0] == 200
    status, text = answer(served, "s3", "PUT", f"/{bucket}?{query}", body)
    assert status == 400 and "<Code>MalformedXML</Code>" in text
    status, text = answer(served, "s3", "PUT", f"/{bucket}?{query}")
    assert status == 400 and "<Code>MissingRequestBodyError</Code>" in text


@pytest.mark.parametrize("service", ["ec2", "iam", "sts", "sns", "elasticache", "cloudformation"])
def test_action_of_other_characters_is_invalid(served: Region, service: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, text = answer(served, service, "POST", "/", b"Action=%ff&Version=2016-11-15", form)
    assert status == 400 and "<Code>InvalidAction</Code>" in text


def test_upload_that_does_not_exist_is_not_completed(served: Region) -> None:
    bucket = unique("upload")
    assert answer(served, "s3", "PUT", f"/{bucket}")[0] == 200
    part = b"<Part><PartNumber>1</PartNumber><ETag>a</ETag></Part>"
    body = b"<CompleteMultipartUpload>" + part + b"</CompleteMultipartUpload>"
    status, text = answer(served, "s3", "POST", f"/{bucket}/k?uploadId=x", body)
    assert status == 404 and "<Code>NoSuchUpload</Code>" in text


def test_deep_policy_of_a_role_is_malformed(served: Region) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for document in (DEEP, b'{"Statement":' + DEEP + b"}"):
        body = b"Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=" + document
        status, text = answer(served, "iam", "POST", "/", body, form)
        assert status == 400 and "<Code>MalformedPolicyDocument</Code>" in text
