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
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "SnapStart.ApplyOn=None",
    "Timeout",
    "TracingConfig",
    "VpcConfig.Ipv6AllowedForDualStack",
    "VpcConfig.SecurityGroupIds",
    "VpcConfig.SubnetIds",
)
_CODE = ("S3Bucket", "S3Key", "S3ObjectVersion", "ZipFile")
_EVENT_CONFIG = (*_QUALIFIED, "DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
_URL = (*_QUALIFIED, "AuthType", "Cors", "InvokeMode=BUFFERED")
_ALIAS = ("Description", "FunctionName", "FunctionVersion", "Name", "RoutingConfig.AdditionalVersionWeights")
_LAYER = ("LayerName", "VersionNumber")
_LAYER_FILTERS = (*_PAGE, "CompatibleArchitecture", "CompatibleRuntime")
_MAPPING = (
    "BatchSize",
    "Enabled",
    "FilterCriteria",
    "FunctionName",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "ScalingConfig",
    # refused as AWS refuses them for queues
    "AmazonManagedKafkaEventSourceConfig",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "DocumentDBEventSourceConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "TumblingWindowInSeconds",
)

LAMBDA_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "AddLayerVersionPermission": (
        *_LAYER,
        "Action",
        "OrganizationId",
        "Principal",
        "RevisionId",
        "StatementId",
    ),
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
    "CreateEventSourceMapping": (
        *_MAPPING,
        "EventSourceArn",
        "Queues",
        "SelfManagedEventSource",
        "StartingPosition",
        "StartingPositionTimestamp",
        "Tags",
        "Topics",
    ),
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
    "DeleteEventSourceMapping": ("UUID",),
    "DeleteFunction": _QUALIFIED,
    "DeleteFunctionConcurrency": ("FunctionName",),
    "DeleteFunctionEventInvokeConfig": _QUALIFIED,
    "DeleteFunctionUrlConfig": _QUALIFIED,
    "DeleteLayerVersion": _LAYER,
    "GetAccountSettings": (),
    "GetAlias": ("FunctionName", "Name"),
    "GetEventSourceMapping": ("UUID",),
    "GetFunction": _QUALIFIED,
    "GetFunctionCodeSigningConfig": ("FunctionName",),
    "GetFunctionConcurrency": ("FunctionName",),
    "GetFunctionConfiguration": _QUALIFIED,
    "GetFunctionEventInvokeConfig": _QUALIFIED,
    "GetFunctionUrlConfig": _QUALIFIED,
    "GetLayerVersion": _LAYER,
    "GetLayerVersionByArn": ("Arn",),
    "GetLayerVersionPolicy": _LAYER,
    "GetPolicy": _QUALIFIED,
    "Invoke": (*_QUALIFIED, "ClientContext", "InvocationType", "LogType", "Payload"),
    "InvokeAsync": ("FunctionName", "InvokeArgs"),
    "ListAliases": (*_PAGE, "FunctionName", "FunctionVersion"),
    "ListEventSourceMappings": (*_PAGE, "EventSourceArn", "FunctionName"),
    "ListFunctionEventInvokeConfigs": (*_PAGE, "FunctionName"),
    "ListFunctionUrlConfigs": (*_PAGE, "FunctionName"),
    "ListFunctions": (*_PAGE, "FunctionVersion"),
    "ListLayerVersions": (*_LAYER_FILTERS, "LayerName"),
    "ListLayers": _LAYER_FILTERS,
    "ListTags": ("Resource",),
    "ListVersionsByFunction": (*_PAGE, "FunctionName"),
    "PublishLayerVersion": (
        "CompatibleArchitectures",
        "CompatibleRuntimes",
        *(f"Content.{name}" for name in _CODE),
        "Description",
        "LayerName",
        "LicenseInfo",
    ),
    "PublishVersion": ("CodeSha256", "Description", "FunctionName", "RevisionId"),
    "PutFunctionConcurrency": ("FunctionName", "ReservedConcurrentExecutions"),
    "PutFunctionEventInvokeConfig": _EVENT_CONFIG,
    "RemoveLayerVersionPermission": (*_LAYER, "RevisionId", "StatementId"),
    "RemovePermission": (*_QUALIFIED, "RevisionId", "StatementId"),
    "TagResource": ("Resource", "Tags"),
    "UntagResource": ("Resource", "TagKeys"),
    "UpdateAlias": (*_ALIAS, "RevisionId"),
    "UpdateEventSourceMapping": (*_MAPPING, "UUID"),
    "UpdateFunctionCode": (*_CODE, "Architectures", "DryRun", "FunctionName", "Publish", "RevisionId"),
    "UpdateFunctionConfiguration": (*_CONFIGURATION, "RevisionId"),
    "UpdateFunctionEventInvokeConfig": _EVENT_CONFIG,
    "UpdateFunctionUrlConfig": _URL,
}
