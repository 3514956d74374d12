"""Rules for all EC2 requests: pages of Describe operations, client tokens of Create operations.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response

PAGED = {
    "DescribeAddressesAttribute": "Addresses",
    "DescribeDhcpOptions": "DhcpOptions",
    "DescribeEgressOnlyInternetGateways": "EgressOnlyInternetGateways",
    "DescribeFlowLogs": "FlowLogs",
    "DescribeInternetGateways": "InternetGateways",
    "DescribeManagedPrefixLists": "PrefixLists",
    "DescribeNatGateways": "NatGateways",
    "DescribeNetworkAcls": "NetworkAcls",
    "DescribeNetworkInterfaces": "NetworkInterfaces",
    "DescribePrefixLists": "PrefixLists",
    "DescribeRouteTables": "RouteTables",
    "DescribeSecurityGroupRules": "SecurityGroupRules",
    "DescribeSecurityGroups": "SecurityGroups",
    "DescribeSubnets": "Subnets",
    "DescribeTags": "Tags",
    "DescribeVpcEndpoints": "VpcEndpoints",
    "DescribeVpcPeeringConnections": "VpcPeeringConnections",
    "DescribeVpcs": "Vpcs",
    "GetManagedPrefixListEntries": "Entries",
    "GetSecurityGroupsForVpc": "SecurityGroupForVpcs",
}
"""By operation: the list in its response. The model holds the limits of MaxResults for most of them."""
_MAX_RESULTS = 1000  # of the operations for which the model has no limit
_FIRST_ERROR = 400  # of the HTTP statuses
_REMEMBERED = 1000  # answers of creations with a client token


class PagedResponse(EC2Response):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The EC2 API with pages and client tokens."""

    def call_action(self) -> Any:
        """Answer a request; a creation with the token of an earlier one gets that one's answer.

        https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
        """
        token, action = self._get_param("ClientToken"), self._get_action()
        if not token or not action.startswith("Create"):
            return super().call_action()
        answers = self.ec2_backend.answers
        parameters = copy.deepcopy(self._get_params())
        earlier, answer = answers.get((action, token), (parameters, None))
        if earlier != parameters:
            message = f"The client token {token} was used with other parameters."
            return self.serialized(ActionResult(EC2ClientError("IdempotentParameterMismatch", message)))
        if answer is None:
            answer = super().call_action()
            if answer[0] < _FIRST_ERROR:
                answers[action, token] = parameters, answer
            while len(answers) > _REMEMBERED:
                del answers[next(iter(answers))]
        return answer

    def serialized(self, action_result: Any) -> Any:
        """Serialize a result; of a list, only the requested page."""
        if isinstance(action_result.result, Mapping):
            try:
                result = page(
                    self._get_action(),
                    action_result.result,
                    self._get_int_param("MaxResults"),
                    self._get_param("NextToken"),
                )
            except EC2ClientError as error:
                result = error
            action_result = ActionResult(result)
        return super().serialized(action_result)


def page(
    operation: str, result: Mapping[str, Any], max_results: int | None, token: str | None
) -> dict[str, Any]:
    """Return one page of a whole response. Raises EC2ClientError for an invalid token.

    Pages are ordered by the resources' IDs, so that resources which are deleted between two requests do not
    displace others.
    """
    name = PAGED.get(operation)
    if name is None or (max_results is None and token is None):
        return dict(result)
    last = "" if token is None else _last_of(operation, token)
    keys = {_key(each): each for each in result[name] or ()}
    rest = sorted(key for key in keys if key > last)
    shown = rest[: min(max_results or len(rest), _MAX_RESULTS)]
    answer = {**result, name: [keys[key] for key in shown]}
    if len(shown) < len(rest):
        answer["NextToken"] = _token(operation, shown[-1])
    return answer


def _key(resource: Any) -> str:
    if isinstance(resource, Mapping):  # a tag, a prefix list's entry or a group of a VPC
        names = ("resource_id", "key", "Cidr", "GroupId")
        return "\0".join(str(resource[name]) for name in names if name in resource)
    return str(resource.id)


def _token(operation: str, key: str) -> str:
    return base64.urlsafe_b64encode(f"{operation}\0{key}".encode()).decode()


def _last_of(operation: str, token: str) -> str:
    """Return the key of the last resource before a page."""
    try:
        origin, separator, key = base64.urlsafe_b64decode(token).decode().partition("\0")
    except ValueError:
        separator = ""
    if not separator or origin != operation:
        raise EC2ClientError("InvalidNextToken", f"The token '{token}' is invalid")
    return key
