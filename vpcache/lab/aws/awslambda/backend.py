"""Lambda: moto's backend with network interfaces in VPCs and the lab's function runner."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from moto.awslambda.exceptions import (
    CrossAccountNotAllowed,
    FunctionAlreadyExists,
    InvalidParameterValueException,
    InvalidRoleFormat,
    LambdaClientError,
)
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.cloudwatch.models import CloudWatchMetricProvider, MetricAggregatedDatum
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from vpcache.lab.aws.accounts import user_arn
from vpcache.lab.aws.awslambda.checks import check_configuration, check_new_function
from vpcache.lab.aws.awslambda.errors import UntypedValueError
from vpcache.lab.aws.awslambda.event_sources.mappings import EventSourceMappings
from vpcache.lab.aws.awslambda.function import (
    Configuration,
    FunctionStore,
    check_revision,
    configurations,
)
from vpcache.lab.aws.awslambda.interfaces import FunctionInterfaces
from vpcache.lab.aws.awslambda.invocation.concurrency import MIN_UNRESERVED
from vpcache.lab.aws.awslambda.invocation.invocations import Invocations
from vpcache.lab.aws.awslambda.invocation.logs import FunctionLogs
from vpcache.lab.aws.awslambda.layers.access import check_total_size, layers_of_function
from vpcache.lab.aws.awslambda.layers.store import LayerStore, LayerVersion
from vpcache.lab.aws.awslambda.names import check_name_length
from vpcache.lab.aws.awslambda.packages.code import code_of
from vpcache.lab.aws.awslambda.policy import Statement
from vpcache.lab.aws.awslambda.roles import (
    ExecutionRoles,
    check_dead_letters,
    check_interfaces,
    check_trust,
    may_delete_interface,
)
from vpcache.lab.aws.awslambda.url_callers import UrlCallers
from vpcache.lab.aws.awslambda.version import PENDING, UPDATING, FunctionVersion, Placement, placements_of
from vpcache.lab.aws.changes import ScheduleChange
from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.ec2.backend import ec2_of
from vpcache.lab.aws.lag import ListingLag
from vpcache.lab.functions.spec import LATEST, FunctionRunner
from vpcache.lab.settings import LabSettings
from vpcache.lab.topology import PublicFunction


class FunctionsBackend(LambdaBackend, CloudWatchMetricProvider):  # type: ignore[misc]  # classes of type Any
    """Lambda of one region. moto's CloudWatch asks every subclass of CloudWatchMetricProvider for metrics."""

    def __init__(
        self,
        region_name: str,
        account_id: str,
        *,
        urls: UrlModule,
        runner: FunctionRunner,
        settings: Callable[[], LabSettings],
        schedule: ScheduleChange,
        roles: ExecutionRoles,
        url_callers: UrlCallers,
    ) -> None:
        self._urls = urls
        super().__init__(region_name, account_id)
        self._settings = settings
        self._runner = runner
        self._roles = roles
        self.url_callers = url_callers
        self._lambdas = FunctionStore(region_name, account_id)
        self.layers = LayerStore()
        self._interfaces = FunctionInterfaces(
            lambda: ec2_of(account_id, region_name),
            lambda: settings().interface_linger_seconds,
            lambda role: self._has_role(role) and may_delete_interface(roles, role, region_name),
            schedule,
        )
        self._lag: ListingLag[list[Configuration]] = ListingLag(lambda: settings().iam_lag_ms)
        logs = FunctionLogs(account_id, region_name, roles)
        self.invocations = Invocations(self._lambdas, self._interfaces, logs, runner, settings, roles)
        self.event_sources = EventSourceMappings(
            f"arn:aws:lambda:{region_name}:{account_id}",
            self._lambdas,
            self.invocations,
            roles,
            lambda: settings().transition_ms,
        )

    @property
    def _url_module(self) -> UrlModule:
        return self._urls

    @property
    def functions(self) -> FunctionStore:
        """The region's functions."""
        return self._lambdas

    @staticmethod
    def get_cloudwatch_metrics(account_id: str, region: str) -> list[MetricAggregatedDatum]:
        """Return the metrics of one region's functions."""
        return lambda_of(account_id, region).invocations.metrics.data()

    def resume(self) -> None:
        """Prepare the runtimes of a snapshot's functions. A function without one fails when it is called."""
        for runtime in {str(each.latest.run_time) for each in self._lambdas}:
            with suppress(NotImplementedError):
                self._runner.check_runtime(runtime)

    # functions

    def create_function(self, spec: Mapping[str, Any]) -> FunctionVersion:
        """Create a function and its interfaces; return $LATEST or, if requested, the published version."""
        name = self._lambdas.parse(spec["FunctionName"]).name
        check_name_length(name)
        layers = self._layers_of(spec) or ()
        if name in (each.latest.function_name for each in self._lambdas):
            raise FunctionAlreadyExists(name)
        check_new_function(spec)
        self._runner.check_runtime(spec["Runtime"])
        self._check_role(spec["Role"])
        self._interfaces.check(spec.get("VpcConfig") or {})
        self._check_permissions(spec["Role"], spec, placements_of(spec.get("VpcConfig") or {}))
        latest = FunctionVersion(self.account_id, self.region_name, {**spec, "FunctionName": name}, layers)
        self._provision_interfaces(latest.placements(), spec["Role"], name)
        latest.transition.begin(PENDING, self._settings().transition_ms)
        function = self._lambdas.add(latest)
        return function.publish() if spec.get("Publish") else latest

    def update_function_configuration(
        self, function_name: str, qualifier: str | None, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Update a function's configuration and its interfaces."""
        latest = self._lambdas.find_unqualified(function_name).latest
        latest.check_not_updating()
        check_revision(latest.revision_id, body.get("RevisionId"))
        check_configuration(body)
        if body.get("Runtime"):
            self._runner.check_runtime(body["Runtime"])
        layers = self._layers_of(body)
        if layers is not None:
            check_total_size(latest.code_bytes, layers)
        if body.get("Role"):
            self._check_role(body["Role"])
        if "VpcConfig" in body:  # members that are not set keep their values
            vpc_config = {**(latest.vpc_config if latest.placements() else {}), **body["VpcConfig"]}
            self._interfaces.check(vpc_config)
            body = {**body, "VpcConfig": vpc_config}
        role = body.get("Role") or latest.role
        placements = placements_of(body["VpcConfig"]) if "VpcConfig" in body else latest.placements()
        if "VpcConfig" in body or "Role" in body:
            self._check_permissions(role, body, placements)
            self._provision_interfaces(placements, role, latest.function_name)
        else:
            self._check_permissions(role, body, [])
        latest.update_configuration(body)
        if layers is not None:
            latest.set_layers(layers)
        self._reconcile_interfaces(latest.function_name)
        self._updated(latest)
        return latest.get_configuration()

    def update_function_code(
        self, function_name: str, qualifier: str | None, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Update a function's code, and publish it if requested."""
        function = self._lambdas.find_unqualified(function_name)
        function.latest.check_not_updating()
        check_revision(function.latest.revision_id, body.get("RevisionId"))
        if body.get("DryRun"):
            code_of(body, self.account_id, function.latest.partition)
            return function.latest.get_configuration()
        function.latest.update_function_code(body)
        self._updated(function.latest)
        version = function.publish() if body.get("Publish") else function.latest
        return version.get_configuration()

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """Delete a function or a version of it, and the interfaces that are no longer needed."""
        name = self._lambdas.parse(function_name, qualifier)
        if name.qualifier == LATEST:  # also of a function that does not exist
            raise InvalidParameterValueException(
                "$LATEST version cannot be deleted without deleting the function."
            )
        function = self._lambdas.find(name.name)  # AWS's error has no qualifier
        if name.qualifier:
            version = function.delete_version(name.qualifier)
            deleted = [version] if version else []
        else:
            self._lag.deleted(function.latest.function_name, configurations(function))
            self._lambdas.remove(function)
            deleted = function.versions
        self._reconcile_interfaces(name.name)
        for version in deleted:
            self._stop_workers(version)

    def list_configurations(self) -> list[list[Configuration]]:
        """Return for each function its configuration and those of its versions, for ListFunctions.

        Deleted functions are included for a limited time.
        """
        current = {each.latest.function_name: configurations(each) for each in self._lambdas}
        listed = self._lag.deleted_members() | current
        return [listed[name] for name in sorted(listed)]

    # concurrency

    def put_function_concurrency(self, function_name: str, reserved_concurrency: int) -> int:
        """Set a function's reserved concurrency, which is also its limit."""
        function = self._lambdas.find_unqualified(function_name, LATEST)
        others = sum(each.reserved or 0 for each in self._lambdas if each is not function)
        if self._settings().concurrent_executions - others - reserved_concurrency < MIN_UNRESERVED:
            raise UntypedValueError(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{MIN_UNRESERVED}]."
            )
        function.reserved = reserved_concurrency
        return reserved_concurrency

    def account_settings(self) -> dict[str, Any]:
        """Return the account's limits and usage, as GetAccountSettings shows them."""
        limit = self._settings().concurrent_executions
        functions = list(self._lambdas)
        return {
            "AccountLimit": {
                "TotalCodeSize": 75 << 30,
                "CodeSizeUnzipped": 250 << 20,
                "CodeSizeZipped": 50 << 20,
                "ConcurrentExecutions": limit,
                "UnreservedConcurrentExecutions": limit - sum(each.reserved or 0 for each in functions),
            },
            "AccountUsage": {
                "TotalCodeSize": sum(each.code_size for function in functions for each in function.versions)
                + sum(each.reference()["CodeSize"] for each in self.layers.all_versions()),
                "FunctionCount": len(functions),
            },
        }

    def interfaces_by_function(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return the name of each function with the interface IDs of $LATEST."""
        return [(each.latest.function_name, self._interfaces.of(each.latest)) for each in self._lambdas]

    def _layers_of(self, parameters: Mapping[str, Any]) -> tuple[LayerVersion, ...] | None:
        """Return the layers that a request gives a function, None if it does not change them."""
        arns = parameters.get("Layers")
        if arns is None:
            return None
        return layers_of_function(arns, layers_in, self.region_name, self.account_id)

    def _updated(self, version: FunctionVersion) -> None:
        version.transition.begin(UPDATING, self._settings().transition_ms)
        self._stop_workers(version)

    def _stop_workers(self, version: FunctionVersion) -> None:
        self._runner.forget(version.base_arn, str(version.version))

    # interfaces and the role

    def _placements(self) -> dict[Placement, str]:
        """Return the placements of all versions, each with the role of a function there."""
        return {
            placement: version.role
            for each in self._lambdas
            for version in each.versions
            for placement in version.placements()
        }

    def _provision_interfaces(self, placements: list[Placement], role: str, function_name: str) -> None:
        """Create the interfaces for a function's placements. Raises LambdaClientError if a subnet is full."""
        try:
            self._interfaces.reconcile(self._placements() | dict.fromkeys(placements, role), function_name)
        except LambdaClientError:
            self._reconcile_interfaces(function_name)
            raise

    def _reconcile_interfaces(self, function_name: str) -> None:
        self._interfaces.reconcile(self._placements(), function_name)

    def _check_permissions(
        self, role: str, parameters: Mapping[str, Any], placements: list[Placement]
    ) -> None:
        """Raise InvalidParameterValueException if a role lacks what Lambda requires for these parameters."""
        check_interfaces(self._roles, role, self.region_name, placements)
        if target := (parameters.get("DeadLetterConfig") or {}).get("TargetArn"):
            check_dead_letters(self._roles, role, self.region_name, target)

    def _check_role(self, role: str) -> None:
        match = re.match(InvalidRoleFormat.pattern, role)
        if not match:
            raise InvalidRoleFormat(role)
        if match[2] != self.account_id:
            raise CrossAccountNotAllowed()
        if not self._has_role(role):
            raise InvalidParameterValueException(
                "The role defined for the function cannot be assumed by Lambda."
            )
        check_trust(self._roles, role)

    def statements(self, name: str, qualifier: str | None) -> list[Statement]:
        """Return the statements of the policy of a function, version or alias; none if it does not exist."""
        try:
            target = self._lambdas.parse(name, qualifier)
            return list(self._lambdas.find(target.name).policy(target.qualifier).statements)
        except LambdaClientError:
            return []

    def has_principal(self, principal: str) -> bool:
        """Return whether the account has the role or user with an ARN; those of other accounts are "
        "assumed."""
        if principal == user_arn(self.account_id):
            return True
        match = re.fullmatch(rf"arn:[a-z-]+:iam::{self.account_id}:(role|user)/(?:.+/)?([^/]+)", principal)
        if match and match[1] == "user":
            users = list(iam_backends[self.account_id][self.partition].users.values())
            return match[2] in (each.name for each in users)
        return not match or self._has_role(principal)

    def _has_role(self, role: str) -> bool:
        try:
            iam_backends[self.account_id][self.partition].get_role_by_arn(role)
        except NotFoundException:
            return False
        return True


def lambda_of(account_id: str, region: str) -> FunctionsBackend:
    """Return Lambda of one account in one region."""
    backend: FunctionsBackend = lambda_backends[account_id][region]
    return backend


def public_functions(account_id: str) -> tuple[PublicFunction, ...]:
    """Return the functions of all regions of which a version is in no VPC, sorted."""
    functions = (
        PublicFunction(region, each.latest.function_name)
        for region in list(lambda_backends[account_id])
        for each in lambda_of(account_id, region).functions
        if not all(version.placements() for version in each.versions)
    )
    return tuple(sorted(functions))


def layers_in(account_id: str, region: str) -> LayerStore:
    """Return the layers of one account in one region."""
    return lambda_of(account_id, region).layers
