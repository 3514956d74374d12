"""A VPC that is created through AWS's API: two zones with a public and a private subnet each."""

from __future__ import annotations

import io
import json
import secrets
import textwrap
import zipfile
from dataclasses import replace
from functools import cache
from typing import Any

from tests.support.execution_roles import create_execution_role
from tests.support.runtimes import HOST_PYTHON
from vpcache.lab.client import Lab
from vpcache.stack.target import lab_target

ZONES = ("us-east-1a", "us-east-1b")
_PROBE = """
    import json, socket, urllib.request

    def handler(event, context):
        try:
            return {"answer": answer(event)}
        except Exception as error:
            return {"error": type(error).__name__, "message": str(error)}

    def answer(event):
        if "url" in event:
            with urllib.request.urlopen(event["url"], timeout=event.get("timeout", 5)) as response:
                return response.read().decode()
        if "name" in event:
            return sorted({each[4][0] for each in socket.getaddrinfo(event["name"], 80)})
        if "port" in event:
            socket.create_connection((event["address"], event["port"]), event.get("timeout", 2)).close()
            return "connected"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.connect(("198.51.100.1", 9))  # sends nothing
            return end.getsockname()[0]
"""


class VpcFactory:
    """One VPC in a lab, and resources in it, with unique names."""

    def __init__(
        self, lab: Lab, cidr: str = "10.0.0.0/24", *, region: str = "us-east-1", name: str | None = None
    ) -> None:
        self.lab = lab
        self.zones = (f"{region}a", f"{region}b")
        self._target = replace(lab_target(lab.endpoint, {}), region=region)
        self.client = cache(self._target.client)
        self.name = name or f"t{secrets.token_hex(4)}"
        ec2 = self.client("ec2")
        self.ec2 = ec2
        self.vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        base = cidr.rpartition(".")[0]
        self.public = {
            zone: self._subnet(zone, f"{base}.{64 * number}/26") for number, zone in enumerate(self.zones)
        }
        self.private = {
            zone: self._subnet(zone, f"{base}.{128 + 64 * number}/26")
            for number, zone in enumerate(self.zones)
        }
        self.role = create_execution_role(self.client("iam"), self.name)
        self.group = self.new_group("all")
        ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[_all_traffic("0.0.0.0/0")])

    def new_group(self, name: str) -> str:
        """Create a security group that allows all egress and no ingress."""
        group = self.ec2.create_security_group(
            GroupName=f"{self.name}-{name}", Description="test", VpcId=self.vpc
        )
        return str(group["GroupId"])

    def attach_internet_gateway(self) -> None:
        """Attach an internet gateway to the VPC, with a default route of the public subnets."""
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        table = self.new_table(*self.public.values())
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)

    def new_table(self, *subnets: str) -> str:
        """Create a route table and associate it with some subnets."""
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        for subnet in subnets:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return str(table)

    def new_nat_gateway(self, zone: str) -> tuple[str, str, str]:
        """Create a NAT gateway for a zone's private subnet; return ID, address and route table."""
        address = self.ec2.allocate_address(Domain="vpc")
        response = self.ec2.create_nat_gateway(
            SubnetId=self.public[zone], AllocationId=address["AllocationId"]
        )
        gateway = response["NatGateway"]["NatGatewayId"]
        table = self.new_table(self.private[zone])
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
        return gateway, address["PublicIp"], table

    def new_cluster(self, nodes: int = 2, **options: Any) -> str:
        """Create a memcached cluster in the private subnets."""
        elasticache = self.client("elasticache")
        elasticache.create_cache_subnet_group(
            CacheSubnetGroupName=self.name,
            CacheSubnetGroupDescription="test",
            SubnetIds=list(self.private.values()),
        )
        elasticache.create_cache_cluster(
            CacheClusterId=self.name,
            Engine="memcached",
            CacheNodeType="cache.t4g.micro",
            NumCacheNodes=nodes,
            AZMode="cross-az" if nodes > 1 else "single-az",
            CacheSubnetGroupName=self.name,
            SecurityGroupIds=[self.group],
            **options,
        )
        elasticache.get_waiter("cache_cluster_available").wait(
            CacheClusterId=self.name, WaiterConfig={"Delay": 0.1}
        )
        return self.name

    def new_function(self, name: str = "probe", *zones: str, code: str = _PROBE, **options: Any) -> str:
        """Create a function in the private subnets of `zones`, all by default; it is a probe by default."""
        full = f"{self.name}-{name}"
        functions = self.client("lambda")
        functions.create_function(
            FunctionName=full,
            Runtime=HOST_PYTHON,
            Role=self.role,
            Handler="index.handler",
            Code={"ZipFile": zip_of(code)},
            **{"Timeout": 10, "MemorySize": 256, "VpcConfig": self.vpc_config(*zones)} | options,
        )
        functions.get_waiter("function_active_v2").wait(FunctionName=full, WaiterConfig={"Delay": 0.02})
        return full

    def vpc_config(self, *zones: str) -> dict[str, list[str]]:
        """Return the VpcConfig of functions in the private subnets of `zones`, all by default."""
        subnets = [self.private[zone] for zone in zones or self.zones]
        return {"SubnetIds": subnets, "SecurityGroupIds": [self.group]}

    def invoke(self, function: str, **event: Any) -> Any:
        """Invoke a function and return its decoded result."""
        response = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        return json.load(response["Payload"])

    def interface_of(self, function: str, zone: str) -> str:
        """Return the ID of a function's interface in a zone."""
        config = self.client("lambda").get_function_configuration(FunctionName=function)
        response = self.ec2.describe_network_interfaces(
            Filters=[
                {"Name": "subnet-id", "Values": [self.private[zone]]},
                {"Name": "interface-type", "Values": ["lambda"]},
                {"Name": "group-id", "Values": config["VpcConfig"]["SecurityGroupIds"]},
            ]
        )
        (interface,) = response["NetworkInterfaces"]
        return str(interface["NetworkInterfaceId"])

    def _subnet(self, zone: str, cidr: str) -> str:
        response = self.ec2.create_subnet(VpcId=self.vpc, AvailabilityZone=zone, CidrBlock=cidr)
        return str(response["Subnet"]["SubnetId"])


def _all_traffic(cidr: str) -> dict[str, Any]:
    return {"IpProtocol": "-1", "IpRanges": [{"CidrIp": cidr}]}


def zip_of(code: str) -> bytes:
    """Return a bundle with one module, `index`."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as folder:
        folder.writestr("index.py", textwrap.dedent(code))
    return archive.getvalue()
