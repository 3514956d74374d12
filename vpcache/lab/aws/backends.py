"""The lab's backends of moto's services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from vpcache.lab.aws.authorization.usage import Usage
from vpcache.lab.aws.changes import Changes
from vpcache.lab.aws.cloudformation.calls import LabApi
from vpcache.lab.functions.spec import FunctionRunner
from vpcache.lab.settings import LabSettings

if TYPE_CHECKING:
    from vpcache.lab.aws.authorization.execution_roles import PolicyRoles
    from vpcache.lab.aws.awslambda.url_callers import Signature, UrlCaller


def install_backends(
    functions: FunctionRunner, settings: Callable[[], LabSettings], changes: Changes, usage: Usage
) -> None:
    """Replace moto's backends by the lab's, and discard the resources of their services:

    - EC2: addresses inside their subnets, AWS's dependency rules, no default VPC;
    - ElastiCache: memcached clusters and their groups, which moto lacks;
    - Lambda: network interfaces in the VPC, and a runner instead of Docker;
    - IAM: eventually consistent lists, trust policies, roles linked to services;
    - STS: sessions of roles that exist;
    - S3: AWS's versions, conditional requests and defaults;
    - SQS: messages by group;
    - SNS: functions as subscribers;
    - CloudWatch: filters and pages of alarms;
    - CloudWatch Logs: classes of log groups, metric filters;
    - Service Quotas: the quotas that the lab enforces.

    Other services have a backend from their first request on: see `RareBackends`.
    """
    from moto.awslambda.models import lambda_backends
    from moto.cloudwatch.models import cloudwatch_backends
    from moto.ec2.models import ec2_backends
    from moto.elasticache.models import elasticache_backends
    from moto.iam.models import iam_backends
    from moto.logs.models import logs_backends
    from moto.s3.models import s3_backends
    from moto.servicequotas.models import servicequotas_backends
    from moto.sns.models import sns_backends
    from moto.sqs.models import sqs_backends
    from moto.sts.models import sts_backends

    from vpcache.lab.aws.awslambda.api.responses import FUNCTIONS_URLS
    from vpcache.lab.aws.awslambda.backend import FunctionsBackend
    from vpcache.lab.aws.ec2.backend import Ec2Backend
    from vpcache.lab.aws.ec2.responses import EC2_URLS
    from vpcache.lab.aws.elasticache.backend import MemcachedBackend
    from vpcache.lab.aws.elasticache.responses import MEMCACHED_URLS
    from vpcache.lab.aws.iam.identities import IdentitiesBackend
    from vpcache.lab.aws.iam.responses import IAM_URLS
    from vpcache.lab.aws.iam.sessions import STS_URLS, SessionsBackend
    from vpcache.lab.aws.messaging.alarms import AlarmsBackend
    from vpcache.lab.aws.messaging.log_groups import LogGroupsBackend
    from vpcache.lab.aws.messaging.queue_requests import SQS_URLS
    from vpcache.lab.aws.messaging.queues import QueuesBackend
    from vpcache.lab.aws.messaging.topics import TopicsBackend
    from vpcache.lab.aws.quotas import QuotasBackend
    from vpcache.lab.aws.s3.backend import BucketsBackend
    from vpcache.lab.aws.s3.responses import S3_URLS

    schedule = changes.schedule
    _install(ec2_backends, partial(Ec2Backend, urls=EC2_URLS, settings=settings))
    _install(
        elasticache_backends,
        partial(MemcachedBackend, urls=MEMCACHED_URLS, settings=settings, schedule=schedule),
    )
    principals = _Principals(usage)
    _install(
        lambda_backends,
        partial(
            FunctionsBackend,
            urls=FUNCTIONS_URLS,
            runner=functions,
            settings=settings,
            schedule=schedule,
            roles=principals,
            url_callers=principals,
        ),
    )
    _install(iam_backends, partial(IdentitiesBackend, urls=IAM_URLS, settings=settings))
    _install(sts_backends, partial(SessionsBackend, urls=STS_URLS))
    _install(s3_backends, partial(BucketsBackend, urls=S3_URLS))
    s3_backends.bucket_accounts.clear()
    _install(sqs_backends, partial(QueuesBackend, urls=SQS_URLS))
    _install(cloudwatch_backends, AlarmsBackend)
    _install(sns_backends, TopicsBackend)
    _install(logs_backends, LogGroupsBackend)
    _install(servicequotas_backends, partial(QuotasBackend, settings=settings))


class _Principals:
    """Execution roles and callers of URLs.

    The evaluation of their policies is imported at its first use: that takes 0.15 s.
    """

    def __init__(self, usage: Usage) -> None:
        self._usage = usage

    def can_be_assumed(self, role_arn: str) -> bool:
        """Return whether Lambda may assume a role."""
        return self._roles.can_be_assumed(role_arn)

    def allows(self, role_arn: str, region: str, action: str, parameters: Mapping[str, Any]) -> bool:
        """Return whether a role may make a call in a region."""
        return self._roles.allows(role_arn, region, action, parameters)

    def url_caller(self, signature: Signature, function_arn: str) -> UrlCaller | None:
        """Return who signed a request to a function URL, None if it is forbidden."""
        return self._roles.url_caller(signature, function_arn)

    def api_caller(self, signature: Signature, request_arn: str) -> UrlCaller | None:
        """Return who signed a request to an HTTP API, None if it is forbidden."""
        return self._roles.api_caller(signature, request_arn)

    @cached_property
    def _roles(self) -> PolicyRoles:
        from vpcache.lab.aws.authorization.execution_roles import PolicyRoles

        return PolicyRoles(self._usage)


class RareBackends:
    """Installs the backends of services that few stacks use, at their first request: imports take seconds.

    - API Gateway: HTTP APIs in front of functions;
    - EventBridge: schedules that invoke functions;
    - CloudFormation: stacks whose resources are made by calls of the API;
    - RDS and Redshift: subnet groups, which CloudFormation makes too.
    """

    def __init__(self, changes: Changes, api: LabApi) -> None:
        self._changes = changes
        self._api = api
        self._installed: set[str] = set()

    def install(self, service: str) -> None:
        """Install the backend of a service if it is one of these. Not for concurrent calls."""
        if service == "apigateway":
            self._once("apigateway", _install_apigateway)
        if service in ("cloudformation", "events"):
            self._once("events", _install_events)
        if service in ("cloudformation", "rds"):
            self._once("rds", _install_rds)
        if service in ("cloudformation", "redshift"):
            self._once("redshift", _install_redshift)
        if service == "cloudformation":
            self._once("cloudformation", self._install_cloudformation)

    def _once(self, service: str, install: Callable[[], None]) -> None:
        if service not in self._installed:
            install()
            self._installed.add(service)

    def _install_cloudformation(self) -> None:
        from moto.cloudformation.models import cloudformation_backends

        from vpcache.lab.aws.cloudformation.backend import StacksBackend
        from vpcache.lab.aws.cloudformation.responses import STACKS_URLS

        _install(
            cloudformation_backends,
            partial(StacksBackend, urls=STACKS_URLS, api=self._api, changes=self._changes),
        )


def _install_apigateway() -> None:
    from moto.apigatewayv2.models import apigatewayv2_backends

    from vpcache.lab.aws.apigateway.backend import HttpApisBackend
    from vpcache.lab.aws.apigateway.responses import HTTP_APIS_URLS

    _install(apigatewayv2_backends, partial(HttpApisBackend, urls=HTTP_APIS_URLS))


def _install_events() -> None:
    from moto.events.models import events_backends

    from vpcache.lab.aws.messaging.rules import RulesBackend

    _install(events_backends, RulesBackend)


def _install_rds() -> None:
    from moto.rds.models import rds_backends

    from vpcache.lab.aws.subnet_groups import DatabasesBackend

    _install(rds_backends, DatabasesBackend)


def _install_redshift() -> None:
    from moto.redshift.models import redshift_backends

    from vpcache.lab.aws.subnet_groups import WarehousesBackend

    _install(redshift_backends, WarehousesBackend)


def _install(backends: Any, factory: Callable[..., Any]) -> None:
    backends.clear()
    backends.backend = factory
