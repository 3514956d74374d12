"""The network interfaces through which functions reach their VPC."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.ec2.exceptions import EC2ClientError

from vpcache.lab.aws.awslambda.version import FunctionVersion, Place
from vpcache.lab.aws.changes import Later
from vpcache.lab.aws.ec2.backend import Ec2Backend
from vpcache.lab.aws.ec2.interfaces import ManagedInterface


class FunctionInterfaces:
    """Functions share interfaces per subnet and set of security groups, as on AWS.

    An interface that no function needs any more stays `in-use` for as long as `linger` says (seconds; on AWS
    20 to 45 minutes) unless it is needed again. Then Lambda deletes it with the role of the last function
    that used it; if that role is gone, `has_role` being false of its ARN, the interface stays behind,
    `available`, until somebody deletes it. `later` schedules that.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    https://github.com/awslabs/aws-support-tools/pull/174
    """

    def __init__(
        self,
        ec2: Callable[[], Ec2Backend],
        linger: Callable[[], int],
        has_role: Callable[[str], bool],
        later: Later,
    ) -> None:
        self._ec2 = ec2
        self._linger = linger
        self._has_role = has_role
        self._later = later
        self._standing: dict[Place, ManagedInterface] = {}
        self._roles: dict[Place, str] = {}  # of the function that used the place last
        self._lingering: dict[Place, object] = {}  # with a token for the time since which it does

    def of(self, function: FunctionVersion) -> tuple[str, ...]:
        """Return the ids of a function's interfaces, one per subnet."""
        return tuple(self._standing[place].id for place in function.places())

    def reconcile(self, needed: Mapping[Place, str], maker: str) -> None:
        """Make the interfaces that are needed and lacking, in the name of `maker`; release the others.

        `needed` gives for each place the ARN of the role of a function there. Raises
        InvalidParameterValueException if a subnet is full.
        """
        self._roles |= needed
        for place in sorted(needed.keys() - self._standing.keys(), key=lambda each: each[0]):
            self._standing[place] = self._make(place, maker)
        for place in self._lingering.keys() & needed.keys():
            del self._lingering[place]
        for place in self._standing.keys() - needed.keys() - self._lingering.keys():
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
        interface = self._standing.pop(place)
        if self._has_role(self._roles.pop(place)):
            self._ec2().free_managed_interface(interface.id)
        else:
            interface.abandon()

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
