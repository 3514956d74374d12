"""The operations of API Gateway that the lab emulates, for HTTP APIs, and the parameters that they honour.

WebSocket and REST APIs, authorizers, domain names, VPC links, imports and parameter mappings are refused by
name.
"""

from __future__ import annotations

from collections.abc import Mapping

from vpcache.lab.aws.apigateway.model import API_KEY_EXPRESSION, ROUTE_EXPRESSION

_PAGE = ("MaxResults", "NextToken")
_API = (
    f"ApiKeySelectionExpression={API_KEY_EXPRESSION}",
    "CorsConfiguration",
    "Description",
    "DisableExecuteApiEndpoint",
    "DisableSchemaValidation=false",
    "IpAddressType=ipv4",
    "Name",
    f"RouteSelectionExpression={ROUTE_EXPRESSION}",
    "Version",
)
_INTEGRATION = (
    "ApiId",
    "ConnectionType=INTERNET",
    "Description",
    "IntegrationMethod",
    "IntegrationType=AWS_PROXY",
    "IntegrationUri",
    "PassthroughBehavior=WHEN_NO_MATCH",
    "PayloadFormatVersion",
    "TimeoutInMillis",
)
_ROUTE = (
    "ApiId",
    "ApiKeyRequired=false",
    "AuthorizationType=AWS_IAM",
    "AuthorizationType=NONE",
    "OperationName",
    "RouteKey",
    "Target",
)
_STAGE = (
    "AccessLogSettings",
    "ApiId",
    "AutoDeploy",
    "DefaultRouteSettings",
    "DeploymentId",
    "Description",
    "RouteSettings",
    "StageName",
    "StageVariables",
)
APIGATEWAY_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "CreateApi": (*_API, "ProtocolType=HTTP", "Tags"),
    "CreateDeployment": ("ApiId", "Description", "StageName"),
    "CreateIntegration": _INTEGRATION,
    "CreateRoute": _ROUTE,
    "CreateStage": (*_STAGE, "Tags"),
    "DeleteAccessLogSettings": ("ApiId", "StageName"),
    "DeleteApi": ("ApiId",),
    "DeleteCorsConfiguration": ("ApiId",),
    "DeleteDeployment": ("ApiId", "DeploymentId"),
    "DeleteIntegration": ("ApiId", "IntegrationId"),
    "DeleteRoute": ("ApiId", "RouteId"),
    "DeleteRouteSettings": ("ApiId", "RouteKey", "StageName"),
    "DeleteStage": ("ApiId", "StageName"),
    "GetApi": ("ApiId",),
    "GetApis": _PAGE,
    "GetDeployment": ("ApiId", "DeploymentId"),
    "GetDeployments": ("ApiId", *_PAGE),
    "GetIntegration": ("ApiId", "IntegrationId"),
    "GetIntegrations": ("ApiId", *_PAGE),
    "GetRoute": ("ApiId", "RouteId"),
    "GetRoutes": ("ApiId", *_PAGE),
    "GetStage": ("ApiId", "StageName"),
    "GetStages": ("ApiId", *_PAGE),
    "GetTags": ("ResourceArn",),
    "TagResource": ("ResourceArn", "Tags"),
    "UntagResource": ("ResourceArn", "TagKeys"),
    "UpdateApi": (*_API, "ApiId"),
    "UpdateDeployment": ("ApiId", "DeploymentId", "Description"),
    "UpdateIntegration": (*_INTEGRATION, "IntegrationId"),
    "UpdateRoute": (*_ROUTE, "RouteId"),
    "UpdateStage": _STAGE,
}
