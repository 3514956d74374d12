"""The control plane of HTTP APIs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.functions import ARN
from tests.support.served.region import Region, api_error

INVOKE_ARN = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}/invocations"
LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:access"
BAD_ROUTE_KEY = (
    "The provided route key is not formatted properly for HTTP protocol. "
    'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)


def new_integration(gateway: Any, api_id: str, **options: Any) -> str:
    """Create an integration with the function of the tests and return its ID."""
    answer = gateway.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", **{"IntegrationUri": INVOKE_ARN, **options}
    )
    return str(answer["IntegrationId"])


def new_route(gateway: Any, api_id: str, key: str = "$default", **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = gateway.create_route(ApiId=api_id, RouteKey=key, **options)
    return answer


def test_created_api_is_described(gateway: Any) -> None:
    cors = {"AllowOrigins": ["https://a.example"], "MaxAge": 60}
    api = gateway.create_api(Name="shop", ProtocolType="HTTP", CorsConfiguration=cors, Tags={"a": "b"})

    assert api["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert api["ApiEndpoint"] == f"https://{api['ApiId']}.execute-api.us-east-1.amazonaws.com"
    found = gateway.get_api(ApiId=api["ApiId"])
    assert {name: found[name] for name in found if name not in ("ResponseMetadata", "CreatedDate")} == {
        "ApiEndpoint": api["ApiEndpoint"],
        "ApiId": api["ApiId"],
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "CorsConfiguration": cors,
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Name": "shop",
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": {"a": "b"},
    }
    assert api["ApiId"] in [each["ApiId"] for each in gateway.get_apis(MaxResults="1000")["Items"]]


def test_updated_api_keeps_what_is_not_given(gateway: Any, api_id: str) -> None:
    gateway.update_api(ApiId=api_id, Description="first", CorsConfiguration={"AllowMethods": ["GET"]})
    gateway.update_api(ApiId=api_id, Name="store")
    api = gateway.get_api(ApiId=api_id)
    assert (api["Name"], api["Description"]) == ("store", "first")
    assert api["CorsConfiguration"] == {"AllowMethods": ["GET"]}
    gateway.delete_cors_configuration(ApiId=api_id)
    assert "CorsConfiguration" not in gateway.get_api(ApiId=api_id)


def test_deleted_api_is_unknown(gateway: Any, api_id: str) -> None:
    gateway.delete_api(ApiId=api_id)
    for call in (gateway.get_api, gateway.delete_api, gateway.get_routes, gateway.get_stages):
        error = api_error(call, ApiId=api_id)
        assert (error.status, error.code) == (404, "NotFoundException")
        assert error.message == f"Invalid API identifier specified 123456789012:{api_id}"


def test_apis_of_another_region_are_unknown(region: Region, api_id: str) -> None:
    other = region.client("apigatewayv2", region="eu-west-1")
    assert api_error(other.get_api, ApiId=api_id).code == "NotFoundException"


def test_integration_has_defaults_of_http_apis(gateway: Any, api_id: str) -> None:
    created = gateway.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=ARN)
    found = gateway.get_integration(ApiId=api_id, IntegrationId=created["IntegrationId"])
    del found["ResponseMetadata"]
    assert found == {
        "ConnectionType": "INTERNET",
        "IntegrationId": created["IntegrationId"],
        "IntegrationMethod": "POST",
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": ARN,
        "PayloadFormatVersion": "1.0",
        "TimeoutInMillis": 30000,
    }


def test_integration_is_updated_member_by_member(gateway: Any, api_id: str) -> None:
    integration = new_integration(gateway, api_id, PayloadFormatVersion="2.0", TimeoutInMillis=500)
    gateway.update_integration(
        ApiId=api_id, IntegrationId=integration, IntegrationType="AWS_PROXY", Description="second"
    )
    found = gateway.get_integration(ApiId=api_id, IntegrationId=integration)
    assert (found["PayloadFormatVersion"], found["TimeoutInMillis"]) == ("2.0", 500)
    assert (found["IntegrationUri"], found["Description"]) == (INVOKE_ARN, "second")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"IntegrationUri": "https://example.com"}, "Invalid function ARN or invalid uri"),
        ({"PayloadFormatVersion": "3.0"}, "Invalid payload format version specified: 3.0"),
        ({"TimeoutInMillis": 30001}, "TimeoutInMillis"),
        ({"Description": "d" * 1025}, "description must have 0 to 1024 characters, not 1025"),
    ],
)
def test_invalid_integration_is_refused(
    gateway: Any, api_id: str, options: dict[str, Any], text: str
) -> None:
    error = api_error(
        gateway.create_integration,
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        **{"IntegrationUri": ARN, **options},
    )
    assert (error.status, error.code) == (400, "BadRequestException")
    assert text in error.message


def test_integration_of_a_route_cannot_be_deleted(gateway: Any, api_id: str) -> None:
    integration = new_integration(gateway, api_id)
    route = new_route(gateway, api_id, Target=f"integrations/{integration}")["RouteId"]
    error = api_error(gateway.delete_integration, ApiId=api_id, IntegrationId=integration)
    assert (error.status, error.code) == (409, "ConflictException")
    assert error.message == (
        f"Cannot delete Integration because it is referenced by the following Routes with Ids: [{route}]"
    )
    gateway.delete_route(ApiId=api_id, RouteId=route)
    gateway.delete_integration(ApiId=api_id, IntegrationId=integration)
    assert gateway.get_integrations(ApiId=api_id)["Items"] == []


@pytest.mark.parametrize(
    "key", ["GET /", "$default", "ANY /{proxy+}", "GET /pets/{id}/toys", "DELETE /a/{b}/{c+}", "PUT /a.b/~c"]
)
def test_route_key_is_accepted(gateway: Any, api_id: str, key: str) -> None:
    route = new_route(gateway, api_id, key, AuthorizationType="AWS_IAM")
    found = gateway.get_route(ApiId=api_id, RouteId=route["RouteId"])
    assert (found["RouteKey"], found["AuthorizationType"]) == (key, "AWS_IAM")
    assert found["ApiKeyRequired"] is False


@pytest.mark.parametrize(
    "key",
    [
        "GET",
        "/items",
        "FETCH /items",
        "GET items",
        "$connect",
        "GET /{proxy+}/more",
        "GET /{id",
        "get /a",
        "GET  /a",
        "GET /a b",
        "GET //",
        "GET /a//b",
        "GET /a{b}",
    ],
)
def test_malformed_route_key_is_refused(gateway: Any, api_id: str, key: str) -> None:
    error = api_error(gateway.create_route, ApiId=api_id, RouteKey=key)
    assert (error.status, error.code, error.message) == (400, "BadRequestException", BAD_ROUTE_KEY)


def test_route_key_exists_once(gateway: Any, api_id: str) -> None:
    new_route(gateway, api_id, "GET /a")
    other = new_route(gateway, api_id, "GET /b")["RouteId"]
    for error in (
        api_error(gateway.create_route, ApiId=api_id, RouteKey="GET /a"),
        api_error(gateway.update_route, ApiId=api_id, RouteId=other, RouteKey="GET /a"),
    ):
        assert (error.status, error.code) == (409, "ConflictException")
        assert error.message == "Route with key GET /a already exists for this API"


def test_route_needs_an_existing_integration(gateway: Any, api_id: str) -> None:
    error = api_error(gateway.create_route, ApiId=api_id, RouteKey="GET /a", Target="integrations/none")
    assert (error.code, error.message) == ("NotFoundException", "Invalid Integration identifier specified")
    error = api_error(gateway.create_route, ApiId=api_id, RouteKey="GET /a", Target="none")
    assert error.code == "BadRequestException"


def test_stage_is_described_with_its_settings(gateway: Any, api_id: str) -> None:
    new_route(gateway, api_id, "GET /a")
    settings = {"DetailedMetricsEnabled": False, "ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5}
    log = {"DestinationArn": LOG_GROUP, "Format": "$context.requestId $context.status"}
    gateway.create_stage(
        ApiId=api_id,
        StageName="$default",
        AutoDeploy=True,
        AccessLogSettings=log,
        DefaultRouteSettings=settings,
        RouteSettings={"GET /a": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 1}},
        StageVariables={"colour": "red"},
        Tags={"a": "b"},
    )
    stage = gateway.get_stage(ApiId=api_id, StageName="$default")
    assert (stage["AccessLogSettings"], stage["DefaultRouteSettings"]) == (log, settings)
    assert stage["RouteSettings"] == {"GET /a": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 1}}
    assert (stage["StageVariables"], stage["Tags"]) == ({"colour": "red"}, {"a": "b"})
    assert stage["AutoDeploy"] is True and stage["DeploymentId"] in stage["LastDeploymentStatusMessage"]


def test_updated_stage_merges_settings_and_variables(gateway: Any, api_id: str) -> None:
    """A settings structure that Terraform empties keeps the limits, as on AWS."""
    new_route(gateway, api_id, "GET /a")
    gateway.create_stage(
        ApiId=api_id,
        StageName="v1",
        AccessLogSettings={"DestinationArn": LOG_GROUP, "Format": "$context.requestId"},
        DefaultRouteSettings={"ThrottlingBurstLimit": 5},
        RouteSettings={"GET /a": {"ThrottlingBurstLimit": 1}},
        StageVariables={"one": "1", "two": "2"},
    )
    gateway.update_stage(
        ApiId=api_id,
        StageName="v1",
        AccessLogSettings={},
        DefaultRouteSettings={},
        StageVariables={"one": "", "three": "3"},
    )
    stage = gateway.get_stage(ApiId=api_id, StageName="v1")
    assert "AccessLogSettings" not in stage
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 5
    assert stage["StageVariables"] == {"two": "2", "three": "3"}
    gateway.delete_route_settings(ApiId=api_id, StageName="v1", RouteKey="GET /a")
    assert gateway.get_stage(ApiId=api_id, StageName="v1")["RouteSettings"] == {}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"StageName": "bad name!"}, "Stage name only allows"),
        (
            {"DefaultRouteSettings": {"LoggingLevel": "INFO"}},
            "Execution logs are not supported on protocolType HTTP",
        ),
        ({"DefaultRouteSettings": {"DataTraceEnabled": True}}, "Execution logs are not supported"),
        ({"DefaultRouteSettings": {"ThrottlingRateLimit": -1.0}}, "throttlingRateLimit"),
        (
            {"AccessLogSettings": {"DestinationArn": LOG_GROUP, "Format": "$context.status"}},
            "$context.requestId",
        ),
        (
            {"AccessLogSettings": {"DestinationArn": LOG_GROUP, "Format": "$context.requestId\na"}},
            "single line",
        ),
        ({"AccessLogSettings": {"DestinationArn": ARN, "Format": "$context.requestId"}}, "Invalid ARN"),
        ({"AutoDeploy": True, "DeploymentId": "abcdef"}, "AutoDeploy is enabled"),
    ],
)
def test_invalid_stage_is_refused(gateway: Any, api_id: str, options: dict[str, Any], text: str) -> None:
    error = api_error(gateway.create_stage, **{"ApiId": api_id, "StageName": "v1", **options})
    assert (error.status, error.code) == (400, "BadRequestException")
    assert text in error.message


def test_stage_name_exists_once(gateway: Any, api_id: str) -> None:
    gateway.create_stage(ApiId=api_id, StageName="v1")
    error = api_error(gateway.create_stage, ApiId=api_id, StageName="v1")
    assert (error.status, error.code, error.message) == (409, "ConflictException", "Stage already exists")
    gateway.delete_stage(ApiId=api_id, StageName="v1")
    assert api_error(gateway.get_stage, ApiId=api_id, StageName="v1").code == "NotFoundException"


def test_api_without_routes_cannot_be_deployed(gateway: Any, api_id: str) -> None:
    error = api_error(gateway.create_deployment, ApiId=api_id)
    assert (error.code, error.message) == (
        "BadRequestException",
        "Unable to deploy API because no routes exist in this API",
    )
    stage = gateway.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    assert error.message in stage["LastDeploymentStatusMessage"]


def test_automatic_deployment_follows_each_change(gateway: Any, api_id: str) -> None:
    gateway.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    seen = set()
    for path in ("a", "b"):
        new_route(gateway, api_id, f"GET /{path}")
        seen.add(gateway.get_stage(ApiId=api_id, StageName="$default")["DeploymentId"])
    assert len(seen) == 2
    (deployment,) = gateway.get_deployments(ApiId=api_id)["Items"]
    assert deployment["AutoDeployed"] is True and deployment["DeploymentStatus"] == "DEPLOYED"


def test_deployment_of_a_stage_cannot_be_deleted(gateway: Any, api_id: str) -> None:
    new_route(gateway, api_id, "GET /a")
    gateway.create_stage(ApiId=api_id, StageName="v1")
    deployment = gateway.create_deployment(ApiId=api_id, StageName="v1", Description="first")["DeploymentId"]
    assert gateway.get_stage(ApiId=api_id, StageName="v1")["DeploymentId"] == deployment
    assert api_error(gateway.delete_deployment, ApiId=api_id, DeploymentId=deployment).code == (
        "BadRequestException"
    )
    gateway.update_deployment(ApiId=api_id, DeploymentId=deployment, Description="second")
    found = gateway.get_deployment(ApiId=api_id, DeploymentId=deployment)
    assert (found["Description"], found["AutoDeployed"]) == ("second", False)


@pytest.mark.parametrize("suffix", ["", "/stages/v1"])
def test_tags_are_added_and_removed(gateway: Any, api_id: str, suffix: str) -> None:
    gateway.create_stage(ApiId=api_id, StageName="v1")
    arn = f"arn:aws:apigateway:us-east-1::/apis/{api_id}{suffix}"
    gateway.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": "2"})
    gateway.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert gateway.get_tags(ResourceArn=arn)["Tags"] == {"b": "2"}
    error = api_error(gateway.tag_resource, ResourceArn=arn, Tags={"aws:a": "1"})
    assert error.code == "BadRequestException"


def test_lists_have_pages(gateway: Any, api_id: str) -> None:
    for number in range(3):
        new_route(gateway, api_id, f"GET /{number}")
    first = gateway.get_routes(ApiId=api_id, MaxResults="2")
    second = gateway.get_routes(ApiId=api_id, MaxResults="2", NextToken=first["NextToken"])
    keys = [each["RouteKey"] for each in first["Items"] + second["Items"]]
    assert keys == ["GET /0", "GET /1", "GET /2"] and "NextToken" not in second
    for options in ({"MaxResults": "0"}, {"MaxResults": "many"}, {"NextToken": "x" * 300}):
        assert api_error(gateway.get_routes, ApiId=api_id, **options).code == "BadRequestException"


@pytest.mark.parametrize(
    ("operation", "arguments", "parameter"),
    [
        ("create_api", {"Name": "a", "ProtocolType": "WEBSOCKET"}, "ProtocolType"),
        ("create_api", {"Name": "a", "ProtocolType": "HTTP", "Target": ARN}, "Target"),
        ("create_api", {"Name": "a", "ProtocolType": "HTTP", "IpAddressType": "dualstack"}, "IpAddressType"),
        ("create_integration", {"IntegrationType": "HTTP_PROXY"}, "IntegrationType"),
        (
            "create_integration",
            {"IntegrationType": "AWS_PROXY", "ConnectionType": "VPC_LINK"},
            "ConnectionType",
        ),
        ("create_integration", {"IntegrationType": "AWS_PROXY", "CredentialsArn": ARN}, "CredentialsArn"),
        (
            "create_integration",
            {"IntegrationType": "AWS_PROXY", "RequestParameters": {"append:header.a": "b"}},
            "RequestParameters",
        ),
        (
            "create_integration",
            {"IntegrationType": "AWS_PROXY", "ResponseParameters": {"200": {"append:header.a": "b"}}},
            "ResponseParameters",
        ),
        ("create_route", {"RouteKey": "$default", "AuthorizationType": "JWT"}, "AuthorizationType"),
        ("create_route", {"RouteKey": "$default", "AuthorizerId": "a"}, "AuthorizerId"),
        ("create_route", {"RouteKey": "$default", "ApiKeyRequired": True}, "ApiKeyRequired"),
        ("create_stage", {"StageName": "a", "ClientCertificateId": "a"}, "ClientCertificateId"),
    ],
)
def test_parameter_that_is_not_emulated_is_named(
    gateway: Any, api_id: str, operation: str, arguments: dict[str, Any], parameter: str
) -> None:
    target = {} if operation == "create_api" else {"ApiId": api_id}
    error = api_error(getattr(gateway, operation), **target, **arguments)
    assert (error.status, error.code) == (501, "NotImplemented")
    assert f"The parameter {parameter}" in error.message


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "name"),
    [
        (
            "apigatewayv2",
            "create_authorizer",
            {"ApiId": "a", "AuthorizerType": "JWT", "Name": "a", "IdentitySource": ["a"]},
            "CreateAuthorizer",
        ),
        ("apigatewayv2", "create_domain_name", {"DomainName": "a.example"}, "CreateDomainName"),
        ("apigatewayv2", "create_vpc_link", {"Name": "a", "SubnetIds": ["subnet-1"]}, "CreateVpcLink"),
        ("apigatewayv2", "import_api", {"Body": "{}"}, "ImportApi"),
        ("apigateway", "create_rest_api", {"name": "a"}, "CreateRestApi"),
    ],
)
def test_operation_that_is_not_emulated_is_named(
    region: Region, service: str, operation: str, arguments: dict[str, Any], name: str
) -> None:
    error = api_error(getattr(region.client(service), operation), **arguments)
    assert (error.status, error.code) == (501, "NotImplemented")
    assert error.message.startswith(f"{name} of apigateway is not emulated")
