"""The network interfaces through which functions reach their VPC."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Set
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.ec2.exceptions import EC2ClientError

from vpcache.lab.control.ec2 import Ec2Backend
from vpcache.lab.control.function import FunctionVersion, Place
from vpcache.lab.control.interfaces import ManagedInterface

Later = Callable[[float, Callable[[], None]], None]
"""Makes a change of the model in so many seconds."""


class FunctionInterfaces:
    """Functions share interfaces per subnet and set of security groups, as on AWS.

    An interface that no function needs any more lingers for as long as `linger` says (seconds; on AWS it is
    half an hour) before `later` frees it, unless it is needed again.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """

    def __init__(self, ec2: Callable[[], Ec2Backend], linger: Callable[[], int], later: Later) -> None:
        self._ec2 = ec2
        self._linger = linger
        self._later = later
        self._standing: dict[Place, ManagedInterface] = {}
        self._lingering: dict[Place, object] = {}  # with a token for the time since which it does

    def of(self, function: FunctionVersion) -> tuple[str, ...]:
        """Return the ids of a function's interfaces, one per subnet."""
        return tuple(self._standing[place].id for place in function.places())

    def settle(self, needed: Set[Place], maker: str) -> None:
        """Make the interfaces that are needed and lacking, in the name of `maker`; free the others.

        Raises InvalidParameterValueException if a subnet is full.
        """
        for place in sorted(needed - self._standing.keys(), key=lambda each: each[0]):
            self._standing[place] = self._make(place, maker)
        for place in self._lingering.keys() & needed:
            del self._lingering[place]
        for place in self._standing.keys() - needed - self._lingering.keys():
            self._release(place)

    def _release(self, place: Place) -> None:
        seconds = self._linger()
        if not seconds:
            self._free(place)
            return
        token = self._lingering[place] = object()
        self._later(seconds, lambda: self._free(place) if self._lingering.get(place) is token else None)

    def _free(self, place: Place) -> None:
        self._lingering.pop(place, None)
        self._ec2().free_managed_interface(self._standing.pop(place).id)

    def _make(self, place: Place, maker: str) -> ManagedInterface:
        subnet_id, group_ids = place
        try:
            return self._ec2().create_managed_interface(
                self._ec2().get_subnet(subnet_id),
                "lambda",
                f"AWS Lambda VPC ENI-{maker}-{uuid.uuid4()}",
                requester_id=f"amazon-lambda:{maker}",
                group_ids=sorted(group_ids),
            )
        except EC2ClientError as error:
            raise _refusal("CreateNetworkInterface", error) from error

    def check(self, wanted: Mapping[str, Any]) -> None:
        """Raise InvalidParameterValueException if a VpcConfig means no place in one VPC."""
        subnet_ids, group_ids = wanted.get("SubnetIds") or [], wanted.get("SecurityGroupIds") or []
        if bool(subnet_ids) != bool(group_ids):
            raise InvalidParameterValueException(
                "VpcConfig must name both SubnetIds and SecurityGroupIds, or neither."
            )
        try:
            vpcs = {self._ec2().get_subnet(each).vpc_id for each in subnet_ids}
        except EC2ClientError as error:
            raise _refusal("DescribeSubnets", error) from error
        try:
            groups = self._ec2().describe_security_groups(group_ids) if group_ids else []
        except EC2ClientError as error:
            raise _refusal("DescribeSecurityGroups", error) from error
        vpcs |= {group.vpc_id for group in groups}
        if len(vpcs) > 1:
            raise InvalidParameterValueException(
                f"Subnets and security groups must belong to one VPC, not to {', '.join(sorted(vpcs))}."
            )


def _refusal(action: str, error: EC2ClientError) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Error occurred while {action}. EC2 Error Code: {error.code}. EC2 Error Message: {error.message}"
    )
