"""Memcached clusters, their groups, and their descriptions in ElastiCache's API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vpcache.lab.aws.ec2.interfaces import ManagedInterface
from vpcache.lab.aws.elasticache.parameters import FAMILIES, VERSIONS, arguments
from vpcache.lab.aws.transitions import Transition


@dataclass
class SubnetGroup:
    """A cache subnet group: the subnets of a VPC for nodes."""

    name: str
    arn: str
    description: str
    vpc_id: str
    subnets: list[Any]

    def describe(self) -> dict[str, Any]:
        """Return the group as the API shows it."""
        return {
            "CacheSubnetGroupName": self.name,
            "CacheSubnetGroupDescription": self.description,
            "VpcId": self.vpc_id,
            "ARN": self.arn,
            "SupportedNetworkTypes": ["ipv4"],
            "Subnets": [
                {
                    "SubnetIdentifier": subnet.id,
                    "SubnetAvailabilityZone": {"Name": subnet.availability_zone},
                    "SupportedNetworkTypes": ["ipv4"],
                }
                for subnet in self.subnets
            ],
        }


@dataclass
class ParameterGroup:
    """A cache parameter group; `changed` contains the parameters that users have set."""

    name: str
    arn: str
    family: str
    description: str
    changed: dict[str, str] = field(default_factory=dict)

    @property
    def is_default(self) -> bool:
        """Whether this is one of AWS's default groups, which cannot be changed."""
        return self.name.startswith("default.")

    def values(self) -> dict[str, str]:
        """Return every parameter's value."""
        return {name: parameter.default for name, parameter in FAMILIES[self.family].items()} | self.changed

    def describe(self) -> dict[str, Any]:
        """Return the group as the API shows it."""
        return {
            "CacheParameterGroupName": self.name,
            "CacheParameterGroupFamily": self.family,
            "Description": self.description,
            "IsGlobal": False,
            "ARN": self.arn,
        }

    def describe_parameters(self, source: str | None) -> list[dict[str, Any]]:
        """Return the parameters as the API shows them: all, or those with this `Source`."""
        descriptions = [
            {
                "ParameterName": parameter.name,
                "ParameterValue": self.changed.get(parameter.name, parameter.default),
                "Source": "user" if parameter.name in self.changed else "system",
                "DataType": parameter.type,
                "AllowedValues": parameter.allowed,
                "IsModifiable": parameter.modifiable,
                "MinimumEngineVersion": VERSIONS[0],
                "ChangeType": "requires-reboot",
            }
            for parameter in FAMILIES[self.family].values()
        ]
        return [each for each in descriptions if source in (None, each["Source"])]


@dataclass
class NodeModel:
    """A cache node with its network interface."""

    id: str  # "0001"
    interface: ManagedInterface
    created: datetime
    running: dict[str, str]  # the parameter values with which memcached was started
    boots: int = 0  # the number of reboots

    def boot(self, values: dict[str, str]) -> None:
        """Restart memcached without items, with these parameter values."""
        self.running = values
        self.boots += 1


@dataclass
class ClusterModel:
    """A memcached cluster."""

    id: str
    arn: str
    node_type: str
    engine_version: str
    port: int
    az_mode: str
    label: str  # the six characters after the cluster's ID in its hostnames
    suffix: str  # of its hostnames: "use1.cache.amazonaws.com"
    subnet_group: SubnetGroup
    security_group_ids: list[str]
    parameter_group: ParameterGroup
    is_encrypted: bool
    created: datetime
    maintenance_window: str
    auto_minor_version_upgrade: bool
    notification_topic_arn: str | None
    notification_topic_status: str = "active"
    nodes: list[NodeModel] = field(default_factory=list)
    membership: int = 0  # the number of changes of `nodes`
    pending: dict[str, Any] = field(default_factory=dict)  # changes that wait for the maintenance window
    transition: Transition = field(default_factory=Transition)
    is_deleting: bool = False

    @property
    def status(self) -> str:
        """The status that the API shows."""
        return "deleting" if self.is_deleting else self.transition.state("available")

    @property
    def is_available(self) -> bool:
        """Whether the cluster can be changed, deleted and tagged."""
        return self.status == "available"

    @property
    def configuration_hostname(self) -> str:
        """The hostname of the configuration endpoint."""
        return f"{self.id}.{self.label}.cfg.{self.suffix}"

    def hostname(self, node: NodeModel) -> str:
        """Return the hostname of a node."""
        return f"{self.id}.{self.label}.{node.id}.{self.suffix}"

    def arguments(self, node: NodeModel) -> tuple[str, ...]:
        """Return the arguments of a node's memcached process."""
        return arguments(self.node_type, node.running)

    def describe(self, status: str | None = None, *, with_nodes: bool = False) -> dict[str, Any]:
        """Return the cluster as the API shows it, by default with its current status."""
        status = status or self.status
        zones = {node.interface.availability_zone for node in self.nodes}
        to_reboot = [node.id for node in self.nodes if not self._is_in_sync(node)]
        description: dict[str, Any] = {
            "CacheClusterId": self.id,
            "ARN": self.arn,
            "Engine": "memcached",
            "EngineVersion": self.engine_version,
            "CacheNodeType": self.node_type,
            "CacheClusterStatus": status,
            "NumCacheNodes": len(self.nodes),
            "PreferredAvailabilityZone": zones.pop() if len(zones) == 1 else "Multiple",
            "CacheClusterCreateTime": self.created,
            "PreferredMaintenanceWindow": self.maintenance_window,
            "PendingModifiedValues": self.pending,
            "CacheSecurityGroups": [],
            "SecurityGroups": [
                {"SecurityGroupId": each, "Status": "active"} for each in self.security_group_ids
            ],
            "CacheParameterGroup": {
                "CacheParameterGroupName": self.parameter_group.name,
                "ParameterApplyStatus": "pending-reboot" if to_reboot else "in-sync",
                "CacheNodeIdsToReboot": to_reboot,
            },
            "CacheSubnetGroupName": self.subnet_group.name,
            "AutoMinorVersionUpgrade": self.auto_minor_version_upgrade,
            "TransitEncryptionEnabled": self.is_encrypted,
            "AtRestEncryptionEnabled": False,
            "AuthTokenEnabled": False,
            "NetworkType": "ipv4",
            "IpDiscovery": "ipv4",
        }
        if self.notification_topic_arn:
            description["NotificationConfiguration"] = {
                "TopicArn": self.notification_topic_arn,
                "TopicStatus": self.notification_topic_status,
            }
        if status != "creating":
            description["ConfigurationEndpoint"] = {"Address": self.configuration_hostname, "Port": self.port}
        if with_nodes:
            description["CacheNodes"] = [self._describe_node(node, status) for node in self.nodes]
        return description

    def _is_in_sync(self, node: NodeModel) -> bool:
        return node.running == self.parameter_group.values()

    def _describe_node(self, node: NodeModel, status: str) -> dict[str, Any]:
        return {
            "CacheNodeId": node.id,
            "CacheNodeStatus": status,
            "CacheNodeCreateTime": node.created,
            "Endpoint": {"Address": self.hostname(node), "Port": self.port},
            "ParameterGroupStatus": "in-sync" if self._is_in_sync(node) else "pending-reboot",
            "CustomerAvailabilityZone": node.interface.availability_zone,
        }
