"""The network interfaces that connect functions to their VPC."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.ec2.exceptions import EC2ClientError

from vpcache.lab.aws.awslambda.version import FunctionVersion, Placement
from vpcache.lab.aws.changes import ScheduleChange
from vpcache.lab.aws.ec2.addresses.ipv6 import ipv6_block
from vpcache.lab.aws.ec2.backend import Ec2Backend
from vpcache.lab.aws.ec2.interfaces import ManagedInterface


class FunctionInterfaces:
    """The interfaces of functions, which functions with the same subnet and security groups share, as on AWS.

    An interface that no function needs any more stays `in-use` for `linger_seconds` (on AWS 20 to 45 minutes)
    unless it is needed again. Then Lambda deletes it with the role of the last function that used it. If that
    role no longer exists (`has_role` returns False for its ARN), the interface remains, with the status
    `available`, until a user deletes it.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    https://github.com/awslabs/aws-support-tools/pull/174
    """

    def __init__(
        self,
        ec2: Callable[[], Ec2Backend],
        linger_seconds: Callable[[], int],
        has_role: Callable[[str], bool],
        schedule: ScheduleChange,
    ) -> None:
        self._ec2 = ec2
        self._linger_seconds = linger_seconds
        self._has_role = has_role
        self._schedule = schedule
        self._interfaces: dict[Placement, ManagedInterface] = {}
        self._roles: dict[Placement, str] = {}  # ARN of the role of the function that used it last
        self._lingering: dict[Placement, object] = {}  # with a token per release

    def of(self, function: FunctionVersion) -> tuple[str, ...]:
        """Return the IDs of a function's interfaces, one per subnet."""
        return tuple(self._interfaces[placement].id for placement in function.placements())

    def reconcile(self, needed: Mapping[Placement, str], function_name: str) -> None:
        """Create the missing interfaces on behalf of a function, and release the unneeded ones.

        `needed` contains for each placement the ARN of the role of a function there. Raises
        InvalidParameterValueException if a subnet is full.
        """
        self._roles |= needed
        missing = needed.keys() - self._interfaces.keys()
        for placement in sorted(missing, key=lambda each: each[0]):
            self._interfaces[placement] = self._create(placement, function_name)
        for placement in self._lingering.keys() & needed.keys():
            del self._lingering[placement]
        for placement in self._interfaces.keys() - needed.keys() - self._lingering.keys():
            self._release(placement)

    def _release(self, placement: Placement) -> None:
        seconds = self._linger_seconds()
        if not seconds:
            self._delete(placement)
            return
        token = self._lingering[placement] = object()

        self._schedule(seconds, partial(self._delete_unneeded, placement, token))

    def _delete_unneeded(self, placement: Placement, token: object) -> None:
        """Delete an interface that has not been needed since its release."""
        if self._lingering.get(placement) is token:
            self._delete(placement)

    def _delete(self, placement: Placement) -> None:
        self._lingering.pop(placement, None)
        interface = self._interfaces.pop(placement)
        if self._has_role(self._roles.pop(placement)):
            self._ec2().delete_managed_interface(interface.id)
        else:
            interface.abandon()

    def _create(self, placement: Placement, function_name: str) -> ManagedInterface:
        try:
            return self._ec2().create_managed_interface(
                self._ec2().get_subnet(placement.subnet_id),
                "lambda",
                f"AWS Lambda VPC ENI-{function_name}-{uuid.uuid4()}",
                requester_id=f"amazon-lambda:{function_name}",
                group_ids=sorted(placement.group_ids),
                ipv6_count=int(placement.has_ipv6),
            )
        except EC2ClientError as error:
            raise _lambda_error("CreateNetworkInterface", error) from error

    def check(self, vpc_config: Mapping[str, Any]) -> None:
        """Raise InvalidParameterValueException for a VpcConfig with unknown resources or several VPCs."""
        subnet_ids, group_ids = vpc_config.get("SubnetIds") or [], vpc_config.get("SecurityGroupIds") or []
        if bool(subnet_ids) != bool(group_ids):
            raise InvalidParameterValueException(
                "VpcConfig must name both SubnetIds and SecurityGroupIds, or neither."
            )
        try:
            groups = self._ec2().describe_security_groups(group_ids) if group_ids else []
        except EC2ClientError as error:
            raise _lambda_error("DescribeSecurityGroups", error) from error
        try:
            subnets = [self._ec2().get_subnet(each) for each in subnet_ids]
        except EC2ClientError as error:
            raise _lambda_error("DescribeSubnets", error) from error
        if vpc_config.get("Ipv6AllowedForDualStack") and not all(map(ipv6_block, subnets)):
            raise InvalidParameterValueException(
                "Ipv6AllowedForDualStack requires that all subnets have an IPv6 CIDR block."
            )
        vpcs = {each.vpc_id for each in (*subnets, *groups)}
        if len(vpcs) > 1:
            raise InvalidParameterValueException(
                f"Subnets and security groups must belong to one VPC, not to {', '.join(sorted(vpcs))}."
            )


def _lambda_error(action: str, error: EC2ClientError) -> InvalidParameterValueException:
    """Return Lambda's error for a failed call of EC2."""
    return InvalidParameterValueException(
        f"Error occurred while {action}. EC2 Error Code: {error.code}. EC2 Error Message: {error.message}"
    )
