"""The operations of Lambda that the lab emulates, and the parameters that they honour.

Others are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping

_PAGE = ("Marker", "MaxItems")
_QUALIFIED = ("FunctionName", "Qualifier")
_CONFIGURATION = (
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FunctionName",
    "Handler",
    "KMSKeyArn",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "SnapStart.ApplyOn=None",
    "Timeout",
    "TracingConfig",
    "VpcConfig.Ipv6AllowedForDualStack=false",
    "VpcConfig.SecurityGroupIds",
    "VpcConfig.SubnetIds",
)
_CODE = ("S3Bucket", "S3Key", "S3ObjectVersion", "ZipFile")
_EVENT_CONFIG = (*_QUALIFIED, "DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
_URL = (*_QUALIFIED, "AuthType=NONE", "InvokeMode=BUFFERED")
_ALIAS = ("Description", "FunctionName", "FunctionVersion", "Name", "RoutingConfig.AdditionalVersionWeights")

LAMBDA_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "AddPermission": (
        *_QUALIFIED,
        "Action",
        "EventSourceToken",
        "FunctionUrlAuthType",
        "InvokedViaFunctionUrl",
        "Principal",
        "PrincipalOrgID",
        "RevisionId",
        "SourceAccount",
        "SourceArn",
        "StatementId",
    ),
    "CreateAlias": _ALIAS,
    "CreateFunction": (
        *_CONFIGURATION,
        *(f"Code.{name}" for name in _CODE),
        "Architectures",
        "PackageType=Zip",
        "Publish",
        "Tags",
    ),
    "CreateFunctionUrlConfig": _URL,
    "DeleteAlias": ("FunctionName", "Name"),
    "DeleteFunction": _QUALIFIED,
    "DeleteFunctionConcurrency": ("FunctionName",),
    "DeleteFunctionEventInvokeConfig": _QUALIFIED,
    "DeleteFunctionUrlConfig": _QUALIFIED,
    "GetAccountSettings": (),
    "GetAlias": ("FunctionName", "Name"),
    "GetFunction": _QUALIFIED,
    "GetFunctionCodeSigningConfig": ("FunctionName",),
    "GetFunctionConcurrency": ("FunctionName",),
    "GetFunctionConfiguration": _QUALIFIED,
    "GetFunctionEventInvokeConfig": _QUALIFIED,
    "GetFunctionUrlConfig": _QUALIFIED,
    "GetPolicy": _QUALIFIED,
    "Invoke": (*_QUALIFIED, "ClientContext", "InvocationType", "LogType", "Payload"),
    "InvokeAsync": ("FunctionName", "InvokeArgs"),
    "ListAliases": (*_PAGE, "FunctionName", "FunctionVersion"),
    "ListFunctionEventInvokeConfigs": (*_PAGE, "FunctionName"),
    "ListFunctionUrlConfigs": (*_PAGE, "FunctionName"),
    "ListFunctions": (*_PAGE, "FunctionVersion"),
    "ListTags": ("Resource",),
    "ListVersionsByFunction": (*_PAGE, "FunctionName"),
    "PublishVersion": ("CodeSha256", "Description", "FunctionName", "RevisionId"),
    "PutFunctionConcurrency": ("FunctionName", "ReservedConcurrentExecutions"),
    "PutFunctionEventInvokeConfig": _EVENT_CONFIG,
    "RemovePermission": (*_QUALIFIED, "RevisionId", "StatementId"),
    "TagResource": ("Resource", "Tags"),
    "UntagResource": ("Resource", "TagKeys"),
    "UpdateAlias": (*_ALIAS, "RevisionId"),
    "UpdateFunctionCode": (*_CODE, "Architectures", "DryRun", "FunctionName", "Publish", "RevisionId"),
    "UpdateFunctionConfiguration": (*_CONFIGURATION, "RevisionId"),
    "UpdateFunctionEventInvokeConfig": _EVENT_CONFIG,
    "UpdateFunctionUrlConfig": _URL,
}
