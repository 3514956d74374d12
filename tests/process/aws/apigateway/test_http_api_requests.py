"""Requests to HTTP APIs in front of a recorded function."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.process.aws.apigateway.test_http_apis import new_integration
from tests.support.served.functions import ARN, create, role_and_client
from tests.support.served.region import Region, unique
from vpcache.lab.aws.apigateway.requests.calls import ApiRequests
from vpcache.lab.aws.apigateway.requests.hosts import is_resolvable
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

CALLER = "203.0.113.9"
FORMAT = json.dumps(
    {
        "id": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "agent": "$context.identity.userAgent",
        "route": "$context.routeKey",
        "status": "$context.status",
        "error": "$context.integrationErrorMessage",
        "length": "$context.responseLength",
        "none": "$context.unknown.variable",
    }
)


class Api:
    """An HTTP API with one integration, and the server of its host."""

    def __init__(self, region: Region, version: str = "2.0", **options: Any) -> None:
        self.region = region
        self.gateway = region.client("apigatewayv2")
        api = self.gateway.create_api(Name="shop", ProtocolType="HTTP", **options)
        self.id = str(api["ApiId"])
        self.host = f"{self.id}.execute-api.us-east-1.amazonaws.com"
        self.integration = new_integration(self.gateway, self.id, PayloadFormatVersion=version)
        self.requests = ApiRequests(lambda: 0.0)

    def route(self, key: str, **options: Any) -> str:
        target = f"integrations/{self.integration}"
        return str(
            self.gateway.create_route(ApiId=self.id, RouteKey=key, Target=target, **options)["RouteId"]
        )

    def stage(self, name: str = "$default", **options: Any) -> None:
        self.gateway.create_stage(ApiId=self.id, StageName=name, AutoDeploy=True, **options)

    def allow(self, source: str = "*/*") -> None:
        functions = self.region.client("lambda")
        functions.add_permission(
            FunctionName="one",
            StatementId=f"s{time.monotonic_ns()}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{self.id}/{source}",
        )

    def call(self, method: str = "GET", target: str = "/", body: bytes = b"", **headers: str) -> HttpAnswer:
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return self.requests.answer(self.host, HttpRequest(method, target, CALLER, named, body))


@pytest.fixture
def function(region: Region) -> Region:
    """A region with the function that the integrations name, which returns its event."""
    create(role_and_client(region))
    return region


@pytest.fixture
def api(function: Region) -> Api:
    """An API with a default route and stage, which may invoke the function."""
    api = Api(function)
    api.route("$default")
    api.stage()
    api.allow("*")
    return api


def body(answer: HttpAnswer) -> Any:
    return json.loads(answer.body)


def header(answer: HttpAnswer, name: str) -> list[str]:
    return [value for key, value in answer.headers if key.lower() == name]


def returning(region: Region, result: Any) -> None:
    region.runner.answer = lambda _: (json.dumps(result).encode(), False)


def test_event_has_the_documented_members(function: Region) -> None:
    api = Api(function)
    api.route("POST /pets/{id}")
    api.stage("v1", StageVariables={"colour": "red"})
    api.allow("v1/POST/pets/*")
    answer = api.call(
        "POST",
        "/v1/pets/a%20b?x=1&x=2&y=%20",
        b"hi",
        Cookie="a=1; b=2",
        Content_Type="text/plain",
        User_Agent="agent",
        X_Forwarded_For="192.0.2.1",
    )
    event = body(answer)
    context = event.pop("requestContext")
    assert {name: event[name] for name in event if name != "headers"} == {
        "version": "2.0",
        "routeKey": "POST /pets/{id}",
        "rawPath": "/v1/pets/a b",
        "rawQueryString": "x=1&x=2&y=%20",
        "cookies": ["a=1", "b=2"],
        "queryStringParameters": {"x": "1,2", "y": " "},
        "pathParameters": {"id": "a b"},
        "stageVariables": {"colour": "red"},
        "body": "hi",
        "isBase64Encoded": False,
    }
    assert event["headers"].pop("x-amzn-trace-id").startswith("Root=1-")
    assert event["headers"] == {
        "content-length": "2",
        "content-type": "text/plain",
        "user-agent": "agent",
        "x-forwarded-for": f"192.0.2.1, {CALLER}",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    assert context.pop("time") and abs(context.pop("timeEpoch") - time.time() * 1000) < 60_000
    assert context == {
        "accountId": "123456789012",
        "apiId": api.id,
        "domainName": api.host,
        "domainPrefix": api.id,
        "http": {
            "method": "POST",
            "path": "/v1/pets/a b",
            "protocol": "HTTP/1.1",
            "sourceIp": CALLER,
            "userAgent": "agent",
        },
        "requestId": header(answer, "apigw-requestid")[0],
        "routeKey": "POST /pets/{id}",
        "stage": "v1",
    }


def test_event_of_format_1_has_the_documented_members(function: Region) -> None:
    api = Api(function, "1.0")
    api.route("ANY /pets/{proxy+}")
    api.stage()
    api.allow()
    seen: list[Any] = []

    def answer(payload: bytes) -> tuple[bytes, bool]:
        seen.append(json.loads(payload))
        return json.dumps({"statusCode": 201, "multiValueHeaders": {"X-A": ["1", "2"]}}).encode(), False

    function.runner.answer = answer
    result = api.call("PUT", "/pets/a/b?x=1&x=2", b"\xff", Content_Type="image/png")
    assert (result.status, header(result, "x-a"), result.body) == (201, ["1", "2"], b"")
    (event,) = seen
    assert (event["version"], event["resource"], event["path"]) == ("1.0", "/pets/{proxy+}", "/pets/a/b")
    assert event["queryStringParameters"] == {"x": "2"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["pathParameters"] == {"proxy": "a/b"} and event["stageVariables"] is None
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"\xff").decode(), True)
    assert event["multiValueHeaders"]["content-type"] == ["image/png"]
    context = event["requestContext"]
    assert (context["identity"]["sourceIp"], context["resourcePath"]) == (CALLER, "/pets/{proxy+}")
    assert (context["stage"], context["httpMethod"]) == ("$default", "PUT")


@pytest.mark.parametrize(
    ("result", "status", "content", "content_type"),
    [
        ("hello", 200, b"hello", "application/json"),
        ({"a": 1}, 200, b'{"a":1}', "application/json"),
        (None, 200, b"null", "application/json"),
        ({"statusCode": 404, "body": "gone"}, 404, b"gone", "text/plain;charset=UTF-8"),
        ({"statusCode": "200", "headers": {"Content-Type": "text/html"}, "body": ""}, 200, b"", "text/html"),
        (
            {"statusCode": 200, "body": "aGk=", "isBase64Encoded": True},
            200,
            b"hi",
            "text/plain;charset=UTF-8",
        ),
    ],
)
def test_result_becomes_the_response(
    api: Api, result: Any, status: int, content: bytes, content_type: str
) -> None:
    returning(api.region, result)
    answer = api.call()
    assert (answer.status, answer.body) == (status, content)
    assert header(answer, "content-type") == [content_type]


def test_cookies_of_the_result_are_headers(api: Api) -> None:
    returning(api.region, {"statusCode": 200, "cookies": ["a=1", "b=2"]})
    assert header(api.call(), "set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "many"},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
        {"statusCode": 200, "headers": ["a"]},
    ],
)
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_invalid_result_is_an_internal_error(api: Api, result: Any, version: str) -> None:
    api.gateway.update_integration(ApiId=api.id, IntegrationId=api.integration, PayloadFormatVersion=version)
    returning(api.region, result)
    answer = api.call()
    assert (answer.status, body(answer)) == (500, {"message": "Internal Server Error"})


@pytest.mark.parametrize("result", ["hello", {"a": 1}, None, {"statusCode": 200, "multiValueHeaders": 7}])
def test_format_1_needs_a_complete_response(function: Region, result: Any) -> None:
    api = Api(function, "1.0")
    api.route("$default")
    api.stage()
    api.allow("*")
    returning(function, result)
    assert api.call().status == 500


def test_failed_function_is_an_internal_error(api: Api) -> None:
    api.region.runner.answer = lambda _: (b"{}", True)
    answer = api.call()
    assert (answer.status, body(answer)) == (500, {"message": "Internal Server Error"})


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("*/*", 200),
        ("$default/GET/pets/{id}", 200),
        ("*/*/pets/*", 200),
        ("v1/*", 500),
        ("*/POST/pets/*", 500),
        ("*/$default", 500),
    ],
)
def test_permission_names_stage_method_and_path(function: Region, source: str, status: int) -> None:
    api = Api(function)
    api.route("GET /pets/{id}")
    api.stage()
    assert body(api.call(target="/pets/1")) == {"message": "Internal Server Error"}
    api.allow(source)
    assert api.call(target="/pets/1").status == status


def test_unmatched_requests_are_not_found(function: Region) -> None:
    api = Api(function)
    api.route("GET /a")
    api.stage("v1")
    api.allow()
    assert api.call(target="/v1/a").status == 200
    for method, target in (("GET", "/a"), ("POST", "/v1/a"), ("GET", "/v1/b"), ("HEAD", "/v1/a")):
        answer = api.call(method, target)
        assert (answer.status, body(answer)) == (404, {"message": "Not Found"})
        assert header(answer, "content-type") == ["application/json"]


def test_disabled_endpoint_is_not_found(api: Api) -> None:
    api.gateway.update_api(ApiId=api.id, DisableExecuteApiEndpoint=True)
    assert api.call().status == 404


def test_stage_without_automatic_deployment_keeps_its_routes(function: Region) -> None:
    api = Api(function)
    route = api.route("GET /a")
    api.allow()
    api.gateway.create_stage(ApiId=api.id, StageName="$default")
    assert api.call(target="/a").status == 404
    api.gateway.create_deployment(ApiId=api.id, StageName="$default")
    api.gateway.delete_route(ApiId=api.id, RouteId=route)
    assert api.call(target="/a").status == 200


def test_deleted_api_does_not_resolve(api: Api) -> None:
    assert is_resolvable(api.host) and is_resolvable("sqs.us-east-1.amazonaws.com")
    api.gateway.delete_api(ApiId=api.id)
    assert not is_resolvable(api.host)
    assert (api.call().status, body(api.call())) == (403, {"message": "Forbidden"})


def test_slow_function_is_unavailable(api: Api) -> None:
    api.gateway.update_integration(ApiId=api.id, IntegrationId=api.integration, TimeoutInMillis=50)

    def slow(payload: bytes) -> tuple[bytes, bool]:
        time.sleep(2)
        return payload, False

    api.region.runner.answer = slow
    began = time.monotonic()
    answer = api.call()
    assert time.monotonic() - began < 1.5
    assert (answer.status, body(answer)) == (503, {"message": "Service Unavailable"})


def test_throttled_function_is_an_internal_error(api: Api) -> None:
    api.region.client("lambda").put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=0)
    assert api.call().status == 500


def test_event_beyond_lambdas_limit_is_too_large(api: Api) -> None:
    answer = api.call("POST", "/", b"x" * (6 << 20), Content_Type="text/plain")
    assert (answer.status, body(answer)) == (413, {"message": "Request Entity Too Large"})


def test_routes_are_throttled_by_their_burst(function: Region) -> None:
    api = Api(function)
    api.route("GET /a")
    api.route("GET /b")
    limits = {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1.0}
    api.stage(DefaultRouteSettings=limits)
    api.allow()
    assert [api.call(target="/a").status for _ in range(3)] == [200, 200, 429]
    assert body(api.call(target="/a")) == {"message": "Too Many Requests"}
    assert api.call(target="/b").status == 200


def test_preflight_is_answered_without_the_function(api: Api) -> None:
    cors = {
        "AllowOrigins": ["https://a.example"],
        "AllowMethods": ["GET", "PUT"],
        "AllowHeaders": ["x-token"],
        "MaxAge": 60,
    }
    api.gateway.update_api(ApiId=api.id, CorsConfiguration=cors)
    answer = api.call("OPTIONS", "/any", Origin="https://a.example", Access_Control_Request_Method="PUT")
    assert (answer.status, answer.body, api.region.runner.invoked) == (204, b"", [])
    assert header(answer, "access-control-allow-origin") == ["https://a.example"]
    assert header(answer, "access-control-allow-methods") == ["GET,PUT"]
    assert header(answer, "access-control-allow-headers") == ["x-token"]
    assert header(answer, "access-control-max-age") == ["60"]
    other = api.call("OPTIONS", "/any", Origin="https://b.example", Access_Control_Request_Method="PUT")
    assert (other.status, header(other, "access-control-allow-origin")) == (204, [])


def test_configured_cors_headers_replace_the_functions(api: Api) -> None:
    returning(api.region, {"statusCode": 200, "headers": {"access-control-allow-origin": "*"}})
    assert header(api.call(Origin="https://a.example"), "access-control-allow-origin") == ["*"]
    api.gateway.update_api(ApiId=api.id, CorsConfiguration={"AllowOrigins": ["https://*"]})
    answer = api.call(Origin="https://a.example")
    assert header(answer, "access-control-allow-origin") == ["https://a.example"]
    assert header(api.call(Origin="http://a.example"), "access-control-allow-origin") == []


def test_options_without_cors_reaches_the_function(api: Api) -> None:
    returning(api.region, {"statusCode": 299})
    answer = api.call("OPTIONS", "/", Origin="https://a.example", Access_Control_Request_Method="PUT")
    assert answer.status == 299


def test_access_log_has_a_line_for_each_request(function: Region) -> None:
    group = unique("access")
    logs = function.client("logs")
    logs.create_log_group(logGroupName=group)
    api = Api(function)
    api.route("GET /a")
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"
    api.stage(AccessLogSettings={"DestinationArn": arn, "Format": FORMAT})
    answers = [api.call(target=path, User_Agent='say "hi"') for path in ("/a", "/b")]
    events = logs.filter_log_events(logGroupName=group)["events"]
    first, second = sorted(
        (json.loads(each["message"]) for each in events), key=lambda line: line["route"], reverse=True
    )
    assert (first["id"], first["ip"], first["agent"]) == (
        header(answers[0], "apigw-requestid")[0],
        CALLER,
        'say "hi"',
    )
    assert (first["route"], first["status"], first["none"]) == ("GET /a", "500", "-")
    assert "doesn't have permissions" in first["error"]
    assert (second["route"], second["status"], second["error"]) == ("-", "404", "-")
    assert int(second["length"]) == len(answers[1].body)


def test_missing_log_group_does_not_affect_requests(function: Region) -> None:
    api = Api(function)
    api.route("GET /a")
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{unique('none')}:*"
    api.stage(AccessLogSettings={"DestinationArn": arn, "Format": "$context.requestId"})
    api.allow()
    assert api.call(target="/a").status == 200


def signed(api: Api, credentials: Credentials, service: str = "execute-api") -> HttpAnswer:
    request = AWSRequest("GET", f"https://{api.host}/pets/1", headers={"Host": api.host})
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    return api.requests.answer(
        api.host, HttpRequest("GET", "/pets/1", CALLER, tuple(request.headers.items()))
    )


def test_iam_route_needs_a_permitted_signer(function: Region) -> None:
    api = Api(function)
    api.route("GET /pets/{id}", AuthorizationType="AWS_IAM")
    api.stage()
    api.allow()
    iam, name = function.client("iam"), unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def allow(path: str) -> None:
        resource = f"arn:aws:execute-api:us-east-1:123456789012:{api.id}/$default/GET/{path}"
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)

    unsigned = api.call(target="/pets/1")
    assert (unsigned.status, body(unsigned)) == (403, {"message": "Forbidden"})
    assert signed(api, credentials).status == 403
    allow("pets/2")
    assert signed(api, credentials).status == 403
    allow("pets/*")
    answer = signed(api, credentials)
    assert answer.status == 200
    identity = body(answer)["requestContext"]["authorizer"]["iam"]
    assert identity["userArn"] == f"arn:aws:iam::123456789012:user/{name}"
    assert signed(api, credentials, "lambda").status == 403


@pytest.mark.parametrize(
    "target",
    ["//", "/%00", "/%ff%fe", "/" + "a/" * 2000, "/?" + "x=1&" * 2000, "/%2e%2e/%2e%2e", "/a%3Fb=c", "*", ""],
)
def test_hostile_targets_are_answered(api: Api, target: str) -> None:
    answer = api.call(target=target, Cookie=";" * 100, Authorization="AWS4-HMAC-SHA256 Credential=")
    assert answer.status == 200 and body(answer)["routeKey"] == "$default"


def test_function_of_the_integration_is_unknown(function: Region) -> None:
    api = Api(function)
    api.gateway.update_integration(
        ApiId=api.id, IntegrationId=api.integration, IntegrationUri=f"{ARN[:-3]}two"
    )
    api.route("$default")
    api.stage()
    assert api.call().status == 500
