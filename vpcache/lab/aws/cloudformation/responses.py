"""CloudFormation's API.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.urls import url_bases
from moto.core.responses import ActionResult, EmptyResult

from vpcache.lab.aws.cloudformation.backend import StacksBackend, stacks_of
from vpcache.lab.aws.cloudformation.capabilities import needed_capability, reason_of_capability
from vpcache.lab.aws.cloudformation.errors import TemplateError
from vpcache.lab.aws.cloudformation.model import Caller, Plan, Stack
from vpcache.lab.aws.cloudformation.parameters import declared_parameters, given_parameters
from vpcache.lab.aws.cloudformation.shapes import (
    changes_shape,
    changes_summary_shape,
    event_shape,
    resource_shape,
    stack_shape,
    summary_shape,
)
from vpcache.lab.aws.cloudformation.templates.template import Template, parse_template
from vpcache.lab.aws.dispatch import UrlModule

_CREDENTIAL = re.compile(r"Credential=([^/]+)/")
_STACK_NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]{0,127}")
_BUCKET_HOST = re.compile(r"(.+)\.s3[.-].*amazonaws\.com")
_MAX_TEMPLATE = 51_200  # bytes of a TemplateBody: "Understand CloudFormation quotas"
_MAX_STORED_TEMPLATE = 1 << 20


class StacksResponse(CloudFormationResponse):  # type: ignore[misc]
    """The handlers of CloudFormation's operations."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER: dict[str, Any] = {}

    @property
    def _stacks(self) -> StacksBackend:
        return stacks_of(self.current_account, self.region)

    def _caller(self) -> Caller:
        key = _CREDENTIAL.search(self.headers.get("Authorization", ""))
        return Caller(key[1] if key else "test", self.headers.get("X-Amz-Security-Token", ""))

    # stacks

    def create_stack(self) -> ActionResult:
        """Answer CreateStack."""
        on_failure = self._get_param("OnFailure")
        if on_failure and self._get_param("DisableRollback") is not None:
            raise TemplateError("Cannot specify both DisableRollback and OnFailure")
        if self._get_bool_param("DisableRollback", False):
            on_failure = "DO_NOTHING"
        minutes = self._get_param("TimeoutInMinutes")
        stack = self._stacks.create(
            self._new_name(),
            self._plan(None),
            self._caller(),
            on_failure=on_failure or "ROLLBACK",
            is_protected=self._get_bool_param("EnableTerminationProtection", False),
            timeout=int(minutes) * 60 if minutes else None,
            token=self._get_param("ClientRequestToken"),
        )
        return ActionResult({"StackId": stack.id})

    def update_stack(self) -> ActionResult:
        """Answer UpdateStack."""
        stack = self._stack()
        self._stacks.update(
            stack.id,
            self._plan(stack),
            self._caller(),
            rolls_back=not self._get_bool_param("DisableRollback", False),
            token=self._get_param("ClientRequestToken"),
        )
        return ActionResult({"StackId": stack.id})

    def delete_stack(self) -> ActionResult:
        """Answer DeleteStack."""
        self._stacks.delete(
            self._get_param("StackName"), self._caller(), self._get_param("ClientRequestToken")
        )
        return EmptyResult()

    def describe_stacks(self) -> ActionResult:
        """Answer DescribeStacks."""
        if self._get_param("StackName"):
            return ActionResult({"Stacks": [stack_shape(self._stack())]})
        return ActionResult({"Stacks": [stack_shape(each) for each in list(self._stacks.stacks.values())]})

    def list_stacks(self) -> ActionResult:
        """Answer ListStacks."""
        wanted = self._get_param("StackStatusFilter", [])
        stacks = [*self._stacks.stacks.values(), *self._stacks.deleted_stacks.values()]
        shown = [summary_shape(each) for each in stacks if not wanted or each.status in wanted]
        return ActionResult({"StackSummaries": shown})

    def describe_stack_events(self) -> ActionResult:
        """Answer DescribeStackEvents: the newest event first."""
        stack = self._stack()
        events = [event_shape(stack, each) for each in reversed(list(stack.events))]
        return ActionResult({"StackEvents": events})

    def describe_stack_resource(self) -> ActionResult:
        """Answer DescribeStackResource."""
        stack, logical_id = self._stack(), self._get_param("LogicalResourceId")
        if logical_id not in stack.resources:
            raise TemplateError(f"Resource {logical_id} does not exist for stack {stack.name}")
        shape = resource_shape(stack, stack.resources[logical_id], "LastUpdatedTimestamp")
        return ActionResult({"StackResourceDetail": shape})

    def describe_stack_resources(self) -> ActionResult:
        """Answer DescribeStackResources."""
        logical_id, physical_id = self._get_param("LogicalResourceId"), self._get_param("PhysicalResourceId")
        if self._get_param("StackName"):
            stack = self._stack()
        else:
            stacks = list(self._stacks.stacks.values())
            found = [each for each in stacks if physical_id in (one.id for one in each.resources.values())]
            if not found:
                raise TemplateError(f"Stack for {physical_id} does not exist")
            stack = found[0]
        shapes = [
            resource_shape(stack, each, "Timestamp")
            for each in list(stack.resources.values())
            if not logical_id or each.logical_id == logical_id
        ]
        return ActionResult({"StackResources": shapes})

    def list_stack_resources(self) -> ActionResult:
        """Answer ListStackResources."""
        stack = self._stack()
        resources = list(stack.resources.values())
        shapes = [resource_shape(stack, each, "LastUpdatedTimestamp") for each in resources]
        return ActionResult({"StackResourceSummaries": shapes})

    def update_termination_protection(self) -> ActionResult:
        """Answer UpdateTerminationProtection."""
        stack = self._stack()
        stack.is_protected = self._get_bool_param("EnableTerminationProtection", False)
        return ActionResult({"StackId": stack.id})

    def list_exports(self) -> ActionResult:
        """Answer ListExports."""
        exports = [
            {"ExportingStackId": stack.id, "Name": name, "Value": value}
            for stack, name, value in self._stacks.exporting()
        ]
        return ActionResult({"Exports": exports})

    def list_imports(self) -> ActionResult:
        """Answer ListImports."""
        name = self._get_param("ExportName")
        imports = self._stacks.importing(name)
        if not imports:
            raise TemplateError(f"Export '{name}' is not imported by any stack.")
        return ActionResult({"Imports": imports})

    # templates

    def get_template(self) -> ActionResult:
        """Answer GetTemplate."""
        text = self._stack().plan.template.text
        return ActionResult({"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]})

    def get_template_summary(self) -> ActionResult:
        """Answer GetTemplateSummary."""
        template = self._stack().plan.template if self._get_param("StackName") else self._template()
        kinds = sorted({each.type for each in template.resources.values()})
        return ActionResult(_described(template) | {"ResourceTypes": kinds})

    def validate_template(self) -> ActionResult:
        """Answer ValidateTemplate."""
        return ActionResult(_described(self._template()))

    # change sets

    def create_change_set(self) -> ActionResult:
        """Answer CreateChangeSet."""
        kind = self._get_param("ChangeSetType") or "UPDATE"
        name = self._new_name() if kind == "CREATE" else self._get_param("StackName")
        stack, changes = self._stacks.create_changes(
            name,
            self._plan(None if kind == "CREATE" else self._stack()),
            self._caller(),
            self._get_param("ChangeSetName"),
            type=kind,
            description=self._get_param("Description"),
            on_failure=self._get_param("OnStackFailure"),
        )
        return ActionResult({"Id": changes.id, "StackId": stack.id})

    def describe_change_set(self) -> ActionResult:
        """Answer DescribeChangeSet."""
        return ActionResult(changes_shape(*self._changes()))

    def list_change_sets(self) -> ActionResult:
        """Answer ListChangeSets."""
        stack = self._stack()
        shapes = [changes_summary_shape(stack, each) for each in stack.change_sets.values()]
        return ActionResult({"Summaries": shapes})

    def delete_change_set(self) -> ActionResult:
        """Answer DeleteChangeSet; a missing change set of an existing stack is no error."""
        name = self._get_param("ChangeSetName")
        if self._get_param("StackName"):
            self._stack().change_sets.pop(name, None)
        else:
            stack, changes = self._changes()
            del stack.change_sets[changes.name]
        return EmptyResult()

    def execute_change_set(self) -> ActionResult:
        """Answer ExecuteChangeSet."""
        stack, changes = self._changes()
        self._stacks.execute_changes(
            stack,
            changes,
            self._caller(),
            rolls_back=not self._get_bool_param("DisableRollback", False),
            token=self._get_param("ClientRequestToken"),
        )
        return EmptyResult()

    # parameters

    def _stack(self) -> Stack:
        return self._stacks.find(self._get_param("StackName"))

    def _changes(self) -> Any:
        return self._stacks.find_changes(self._get_param("StackName"), self._get_param("ChangeSetName"))

    def _new_name(self) -> str:
        name = str(self._get_param("StackName"))
        if not _STACK_NAME.fullmatch(name):
            raise TemplateError(
                f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
            )
        return name

    def _plan(self, stack: Stack | None) -> Plan:
        """Return what the request wants; `stack` is the one to update."""
        uses_previous = self._get_bool_param("UsePreviousTemplate", False)
        template = stack.plan.template if stack and uses_previous else self._template()
        given, previous = {}, dict[str, str]()
        for each in self._get_param("Parameters", []):
            key = each["ParameterKey"]
            if str(each.get("UsePreviousValue", False)).lower() != "true":
                given[key] = each.get("ParameterValue", "")
            elif stack and key in stack.plan.parameters:
                previous[key] = stack.plan.parameters[key]
            else:
                raise TemplateError(f"Invalid input for parameter key {key}. Cannot specify usePreviousValue")
        tags = self._get_param("Tags")
        return Plan(
            template,
            given_parameters(template, given, previous),
            stack.plan.tags if stack and tags is None else _tags(tags or ()),
            tuple(self._get_param("Capabilities", [])),
        )

    def _template(self) -> Template:
        body, url = self._get_param("TemplateBody"), self._get_param("TemplateURL")
        if bool(body) == bool(url):
            raise TemplateError("Either Template URL or Template Body must be specified.")
        limit = _MAX_TEMPLATE if body else _MAX_STORED_TEMPLATE
        text = body or self._stored_template(url)
        if len(text.encode()) > limit:
            raise TemplateError(
                f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                f"Member must have length less than or equal to {limit}"
            )
        return parse_template(text)

    def _stored_template(self, url: str) -> str:
        """Return the text of an object in S3, which `url` names in one of S3's ways."""
        parts = urlsplit(url)
        path = unquote(parts.path).lstrip("/")
        match = _BUCKET_HOST.fullmatch(parts.hostname or "")
        bucket, key = (match[1], path) if match else (path.partition("/")[0], path.partition("/")[2])
        version = parse_qs(parts.query).get("versionId", [None])[0]
        if not bucket or not key:
            raise TemplateError("TemplateURL must be a supported URL.")
        try:
            found = self._stacks.calls(self._caller())(
                "s3", "GetObject", Bucket=bucket, Key=key, VersionId=version
            )
        except ClientError as error:
            detail = error.response["Error"]
            raise TemplateError(f"S3 error: {detail.get('Message', '')} ({detail['Code']})") from error
        return str(found["Body"].read().decode())


def _tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in tags}


def _described(template: Template) -> dict[str, Any]:
    capability = needed_capability(template)
    reason = reason_of_capability(template)
    return {
        "DeclaredTransforms": [],
        "Parameters": declared_parameters(template),
        **({"Description": template.description} if template.description else {}),
        **({"Capabilities": [capability], "CapabilitiesReason": reason} if capability else {}),
    }


STACKS_URLS = UrlModule(url_bases, {"{0}/$": StacksResponse.dispatch})
