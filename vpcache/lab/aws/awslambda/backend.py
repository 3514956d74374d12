"""Lambda as moto has it, with real network interfaces, and invocations by a runner of the lab's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from moto.awslambda.exceptions import (
    CrossAccountNotAllowed,
    FunctionAlreadyExists,
    InvalidParameterValueException,
    InvalidRoleFormat,
    LambdaClientError,
)
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.awslambda.urls import url_bases
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from vpcache.lab.aws.awslambda.checks import check_configuration, check_new_function
from vpcache.lab.aws.awslambda.code import code_of
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
from vpcache.lab.aws.awslambda.responses import FunctionsResponse
from vpcache.lab.aws.awslambda.version import PENDING, UPDATING, FunctionVersion, Place, places_of
from vpcache.lab.aws.changes import Later
from vpcache.lab.aws.ec2.backend import backend_of
from vpcache.lab.aws.lag import ListingLag
from vpcache.lab.functions.spec import FunctionRunner
from vpcache.lab.settings import Settings


class FunctionsBackend(LambdaBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """One region's Lambda."""

    def __init__(
        self,
        region_name: str,
        account_id: str,
        *,
        runner: FunctionRunner,
        settings: Callable[[], Settings],
        later: Later,
    ) -> None:
        super().__init__(region_name, account_id)
        self._settings = settings
        self._runner = runner
        self._lambdas = FunctionStore(region_name, account_id)
        self._interfaces = FunctionInterfaces(
            lambda: backend_of(account_id, region_name),
            lambda: settings().interface_linger_seconds,
            self._has_role,
            later,
        )
        self._lag: ListingLag[list[Configuration]] = ListingLag(lambda: settings().iam_lag_ms)
        logs = FunctionLogs(account_id, region_name)
        self.invocations = Invocations(self._lambdas, self._interfaces, logs, runner, settings)

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(url_bases=url_bases, url_paths={"{0}/.*": FunctionsResponse.dispatch})

    @property
    def functions(self) -> FunctionStore:
        """The functions."""
        return self._lambdas

    # functions

    def create_function(self, spec: Mapping[str, Any]) -> FunctionVersion:
        """Make a function and the interfaces that it needs; return $LATEST, or the version published."""
        name = self._lambdas.parse(spec["FunctionName"]).name
        if name in (each.latest.function_name for each in self._lambdas):
            raise FunctionAlreadyExists(name)
        check_new_function(spec)
        self._check_role(spec["Role"])
        self._interfaces.check(spec.get("VpcConfig") or {})
        latest = FunctionVersion(self.account_id, self.region_name, {**spec, "FunctionName": name})
        self._make_room(latest.places(), spec["Role"], name)
        latest.transition.begin(PENDING, self._settings().transition_ms)
        function = self._lambdas.add(latest)
        return function.publish() if spec.get("Publish") else latest

    def update_function_configuration(
        self, function_name: str, qualifier: str | None, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Change a function's configuration and the interfaces that it needs."""
        latest = self._lambdas.find_whole(function_name).latest
        latest.check_settled()
        check_revision(latest.revision_id, body.get("RevisionId"))
        check_configuration(body)
        if body.get("Role"):
            self._check_role(body["Role"])
        if "VpcConfig" in body:  # what it does not name stays
            place = {**(latest.vpc_config if latest.places() else {}), **body["VpcConfig"]}
            self._interfaces.check(place)
            self._make_room(places_of(place), body.get("Role") or latest.role, latest.function_name)
            body = {**body, "VpcConfig": place}
        latest.update_configuration(body)
        self._reconcile_interfaces(latest.function_name)
        self._updated(latest)
        return latest.get_configuration()

    def update_function_code(
        self, function_name: str, qualifier: str | None, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Change a function's code, and publish it if asked to."""
        function = self._lambdas.find_whole(function_name)
        function.latest.check_settled()
        check_revision(function.latest.revision_id, body.get("RevisionId"))
        if body.get("DryRun"):
            code_of(body, self.account_id, function.latest.partition)
            return function.latest.get_configuration()
        function.latest.update_function_code(body)
        self._updated(function.latest)
        version = function.publish() if body.get("Publish") else function.latest
        return version.get_configuration()

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """Delete a function, or one version of it, with the interfaces that nothing else needs."""
        name = self._lambdas.parse(function_name, qualifier)
        function = self._lambdas.find(function_name, qualifier)
        if name.qualifier:
            version = function.delete_version(name.qualifier)
            gone = [version] if version else []
        else:
            self._lag.deleted(function.latest.function_name, configurations(function))
            self._lambdas.remove(function)
            gone = function.versions
        self._reconcile_interfaces(name.name)
        for each in gone:
            self._forget(each)

    def listed(self) -> list[list[Configuration]]:
        """Return what ListFunctions shows of each function: its configuration, then its versions'.

        A function that was deleted is shown for a while.
        """
        known = {each.latest.function_name: configurations(each) for each in self._lambdas}
        shown = self._lag.still_shown() | known
        return [shown[name] for name in sorted(shown)]

    # concurrency

    def put_function_concurrency(self, function_name: str, reserved_concurrency: int) -> int:
        """Reserve concurrent invocations for a function, which are its limit, too."""
        function = self._lambdas.find_whole(function_name)
        others = sum(each.reserved or 0 for each in self._lambdas if each is not function)
        if self._settings().concurrent_executions - others - reserved_concurrency < MIN_UNRESERVED:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{MIN_UNRESERVED}]."
            )
        function.reserved = reserved_concurrency
        return reserved_concurrency

    def account_settings(self) -> dict[str, Any]:
        """Return the account's limits and what it uses, as GetAccountSettings shows them."""
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
                "TotalCodeSize": sum(each.code_size for function in functions for each in function.versions),
                "FunctionCount": len(functions),
            },
        }

    def interfaces_by_function(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return the functions' names, each with the ids of the interfaces of $LATEST."""
        return [(each.latest.function_name, self._interfaces.of(each.latest)) for each in self._lambdas]

    def _updated(self, version: FunctionVersion) -> None:
        version.transition.begin(UPDATING, self._settings().transition_ms)
        self._forget(version)

    def _forget(self, version: FunctionVersion) -> None:
        self._runner.forget(version.base_arn, str(version.version))

    # interfaces and the role

    def _places(self) -> dict[Place, str]:
        """Return the places that functions need, each with the role of one of them."""
        return {
            place: version.role
            for each in self._lambdas
            for version in each.versions
            for place in version.places()
        }

    def _make_room(self, places: list[Place], role: str, maker: str) -> None:
        """Make the interfaces for places that a function is about to have. Raises if a subnet is full."""
        try:
            self._interfaces.reconcile(self._places() | dict.fromkeys(places, role), maker)
        except LambdaClientError:
            self._reconcile_interfaces(maker)
            raise

    def _reconcile_interfaces(self, maker: str) -> None:
        self._interfaces.reconcile(self._places(), maker)

    def _check_role(self, role: str) -> None:
        found = re.match(InvalidRoleFormat.pattern, role)
        if not found:
            raise InvalidRoleFormat(role)
        if found[2] != self.account_id:
            raise CrossAccountNotAllowed()
        if not self._has_role(role):
            raise InvalidParameterValueException(
                "The role defined for the function cannot be assumed by Lambda."
            )

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
