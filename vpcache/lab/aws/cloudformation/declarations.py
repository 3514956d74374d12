"""The operations of CloudFormation that the lab emulates, and the parameters that they honour."""

from __future__ import annotations

from collections.abc import Mapping

_TEMPLATE = ("Capabilities", "Parameters", "Tags", "TemplateBody", "TemplateURL")

CLOUDFORMATION_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "CreateChangeSet": (
        *_TEMPLATE,
        "ChangeSetName",
        "ChangeSetType=CREATE",
        "ChangeSetType=UPDATE",
        "ClientToken",
        "Description",
        "OnStackFailure",
        "StackName",
        "UsePreviousTemplate",
    ),
    "CreateStack": (
        *_TEMPLATE,
        "ClientRequestToken",
        "DisableRollback",
        "EnableTerminationProtection",
        "OnFailure",
        "StackName",
        "TimeoutInMinutes",
    ),
    "DeleteChangeSet": ("ChangeSetName", "StackName"),
    "DeleteStack": ("ClientRequestToken", "DeletionMode=STANDARD", "StackName"),
    "DescribeChangeSet": ("ChangeSetName", "StackName"),
    "DescribeStackEvents": ("StackName",),
    "DescribeStackResource": ("LogicalResourceId", "StackName"),
    "DescribeStackResources": ("LogicalResourceId", "PhysicalResourceId", "StackName"),
    "DescribeStacks": ("StackName",),
    "ExecuteChangeSet": ("ChangeSetName", "ClientRequestToken", "DisableRollback", "StackName"),
    "GetTemplate": ("StackName", "TemplateStage"),
    "GetTemplateSummary": ("StackName", "TemplateBody", "TemplateURL"),
    "ListChangeSets": ("StackName",),
    "ListExports": (),
    "ListImports": ("ExportName",),
    "ListStackResources": ("StackName",),
    "ListStacks": ("StackStatusFilter",),
    "UpdateStack": (
        *_TEMPLATE,
        "ClientRequestToken",
        "DisableRollback",
        "StackName",
        "UsePreviousTemplate",
    ),
    "UpdateTerminationProtection": ("EnableTerminationProtection", "StackName"),
    "ValidateTemplate": ("TemplateBody", "TemplateURL"),
}
