"""What a drill can take away from a stack, and give back: by AWS's own API where AWS has one for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from vpcache.errors import VpcacheError
from vpcache.kinds import STACK_TAG
from vpcache.lab.client import Lab
from vpcache.stack import Outputs
from vpcache.target import Target


@dataclass(frozen=True)
class Premises:
    """A running stack with the zone that a drill is about; `lab` is None on AWS."""

    target: Target
    outputs: Outputs
    zone: str
    lab: Lab | None

    @property
    def node(self) -> str:
        """The id of the zone's first cache node."""
        nodes = [node["id"] for node in self.outputs["cache_nodes"] if node["availability_zone"] == self.zone]
        if not nodes:
            raise VpcacheError(f"zone {self.zone} has no cache node: choose another with --zone")
        return str(nodes[0])

    @property
    def cluster(self) -> str:
        """The id of the cache cluster, as its configuration endpoint's name begins."""
        return str(self.outputs["configuration_endpoint"]).split(".", 1)[0]


@dataclass(frozen=True)
class Disruption:
    """Something to take away inside a `with` block; `on_aws` if AWS's API can do it."""

    what: str
    on_aws: bool
    apply: Callable[[Premises], Any]


def disruption(name: str, premises: Premises) -> Disruption:
    """Return the disruption of that name. Raises VpcacheError if the target cannot do it."""
    known = DISRUPTIONS.get(name)
    if known is None:
        raise VpcacheError(f"unknown fault '{name}': choose one of {', '.join(DISRUPTIONS)}")
    if premises.zone not in premises.outputs["zones"]:
        zones = ", ".join(premises.outputs["zones"])
        raise VpcacheError(f"unknown zone '{premises.zone}': the stack stands in {zones}")
    if premises.lab is None and not known.on_aws:
        possible = ", ".join(key for key, value in DISRUPTIONS.items() if value.on_aws)
        raise VpcacheError(f"fault '{name}' can be made on the lab only; on aws choose one of {possible}")
    return known


def _lab_fault(
    kind: str, name: Callable[[Premises], str], mode: str | None = None
) -> Callable[[Premises], Any]:
    def apply(premises: Premises) -> Any:
        assert premises.lab is not None  # `disruption` saw to it
        return premises.lab.faulted(kind, name(premises), mode)

    return apply


@contextmanager
def _without_route(premises: Premises) -> Iterator[None]:
    """Take the default route out of the table of the zone's private subnet."""
    ec2 = premises.target.client("ec2")
    subnet = premises.outputs["private_subnet_ids"][premises.zone]
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])[
        "RouteTables"
    ]
    default = {"RouteTableId": table["RouteTableId"], "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.delete_route(**default)
    try:
        yield
    finally:
        ec2.create_route(**default, NatGatewayId=premises.outputs["nat_gateway_ids"][premises.zone])


@contextmanager
def _shut_subnets(premises: Premises) -> Iterator[None]:
    """Put the zone's subnets behind a network ACL without rules, which lets nothing pass."""
    ec2 = premises.target.client("ec2")
    subnets = [premises.outputs[key][premises.zone] for key in ("private_subnet_ids", "public_subnet_ids")]
    acls = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": subnets}])
    before = {
        association["SubnetId"]: (association["NetworkAclAssociationId"], acl["NetworkAclId"])
        for acl in acls["NetworkAcls"]
        for association in acl["Associations"]
        if association["SubnetId"] in subnets
    }
    vpc = premises.outputs["vpc_id"]
    tags = [{"ResourceType": "network-acl", "Tags": [{"Key": STACK_TAG, "Value": _owner(ec2, vpc)}]}]
    shut = ec2.create_network_acl(VpcId=vpc, TagSpecifications=tags)["NetworkAcl"]["NetworkAclId"]
    with ExitStack() as undo:
        undo.callback(ec2.delete_network_acl, NetworkAclId=shut)
        for association, acl in before.values():
            changed = ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=shut)
            undo.callback(
                ec2.replace_network_acl_association,
                AssociationId=changed["NewAssociationId"],
                NetworkAclId=acl,
            )
        yield


def _owner(ec2: Any, vpc: str) -> str:
    """Return the stack that a VPC belongs to: a sweep finds what a killed drill leaves there by its name."""
    (found,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    return next(str(tag["Value"]) for tag in found["Tags"] if tag["Key"] == STACK_TAG)


@contextmanager
def _rebooted_node(premises: Premises) -> Iterator[None]:
    """Restart the zone's cache node, which comes back empty by itself."""
    premises.target.client("elasticache").reboot_cache_cluster(
        CacheClusterId=premises.cluster, CacheNodeIdsToReboot=[premises.node]
    )
    yield


@contextmanager
def _all_nodes_dead(premises: Premises) -> Iterator[None]:
    assert premises.lab is not None  # `disruption` saw to it
    with ExitStack() as undo:
        for node in premises.outputs["cache_nodes"]:
            undo.enter_context(premises.lab.faulted("cache_node", f"{premises.cluster}/{node['id']}", "dead"))
        yield


def _node(premises: Premises) -> str:
    return f"{premises.cluster}/{premises.node}"


def _origin(premises: Premises) -> str:
    """Return the host that the cached API fetches from, as the function is told."""
    functions = premises.target.client("lambda")
    told = functions.get_function_configuration(FunctionName=premises.outputs["cached_api"])
    return str(urlsplit(told["Environment"]["Variables"]["ORIGIN_URL"]).hostname)


DISRUPTIONS: Mapping[str, Disruption] = {
    "zone": Disruption(
        "all of the zone, as if its power were cut", False, _lab_fault("zone", lambda premises: premises.zone)
    ),
    "zone-network": Disruption("all packets of the zone's subnets, by network ACL", True, _shut_subnets),
    "nat-gateway": Disruption("the zone's route to its NAT gateway", True, _without_route),
    "node-reboot": Disruption("the keys of the zone's cache node, by a reboot", True, _rebooted_node),
    "node-dead": Disruption("the zone's cache node: refuses", False, _lab_fault("cache_node", _node, "dead")),
    "node-hung": Disruption("the zone's cache node: silent", False, _lab_fault("cache_node", _node, "hung")),
    "all-nodes": Disruption("all cache nodes", False, _all_nodes_dead),
    "origin-down": Disruption("the origin: silent", False, _lab_fault("origin", _origin, "down")),
    "origin-erroring": Disruption("the origin: HTTP 500", False, _lab_fault("origin", _origin, "erroring")),
}
