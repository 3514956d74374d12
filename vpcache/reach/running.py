"""The network of a running stack, as AWS's API describes it now."""

from __future__ import annotations

from vpcache.reach.aws_source.collector import collect
from vpcache.reach.aws_source.network import network
from vpcache.reach.network import Network
from vpcache.stack.stack import Stack
from vpcache.stack.state_history import written_resources


def running_network(stack: Stack) -> Network:
    """Return the network of a stack, whatever its state says about rules and routes.

    It only reads. The state names the VPCs, without `terraform init`, which may change the state bucket.
    Raises VpcacheError if the stack is not applied, or if a permission is missing.
    """
    return network(collect(stack.target.client, vpc_ids(stack.written_state())))


def vpc_ids(state: str) -> tuple[str, ...]:
    """Return the IDs of the VPCs of a stack, from the content of its state: its own, and those that it uses.

    Raises VpcacheError for an unknown format.
    """
    resources = list(written_resources(state))
    own = (str(attributes.get("id")) for kind, attributes in resources if kind == "aws_vpc")
    used = (str(attributes.get("vpc_id")) for _, attributes in resources)
    return tuple(each for each in dict.fromkeys((*own, *used)) if each.startswith("vpc-"))
