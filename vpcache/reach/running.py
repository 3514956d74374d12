"""The network of a running stack, as AWS's API describes it now."""

from __future__ import annotations

from vpcache.reach.aws_source.collector import collect
from vpcache.reach.aws_source.network import network
from vpcache.reach.network import Network
from vpcache.reach.terraform_source.vpcs import vpc_ids
from vpcache.stack.stack import Stack

POLICY = "reach.policy"
"""The policy of a root module: this file beside it."""


def running_network(stack: Stack) -> Network:
    """Return the network of a stack, whatever its state says about rules and routes.

    Raises VpcacheError if the stack is not applied, or if a permission is missing.
    """
    state = stack.show_json()
    if state is None:
        raise stack.not_applied()
    return network(collect(stack.target.client, vpc_ids(state)))
