"""Documents in the format of `terraform show -json`, for various root modules."""

from __future__ import annotations

from typing import Any

ZONES = [f"eu-west-3{letter}" for letter in "abcdef"]


def resource(type_: str, name: str, /, *, mode: str = "managed", **values: Any) -> dict[str, Any]:
    """Return a resource; its ID is its type without `aws_`, and its name."""
    id_ = values.pop("id", f"{type_.removeprefix('aws_')}.{name}")
    return {"address": f"{type_}.{name}", "mode": mode, "type": type_, "values": {"id": id_, **values}}


def state(*resources: dict[str, Any]) -> dict[str, Any]:
    """Return a state with these resources, half of them in a child module."""
    half = len(resources) // 2
    child = {"address": "module.other", "resources": list(resources[half:])}
    root = {"resources": list(resources[:half]), "child_modules": [child]}
    return {"format_version": "1.0", "values": {"root_module": root}}


def plan(*resources: dict[str, Any]) -> dict[str, Any]:
    """Return a plan after which these resources exist, and of which it changes none."""
    changes = [
        {key: value for key, value in each.items() if key != "values"}
        | {"change": {"actions": ["no-op"], "before": each["values"], "after": each["values"]}}
        for each in resources
    ]
    return {"format_version": "1.2", "resource_changes": changes}


def network(zones: int, *, one_gateway_per_zone: bool = True, name: str = "shop") -> list[dict[str, Any]]:
    """Return a VPC with a public and a private subnet in each zone, and a NAT gateway in each or in one."""
    vpc = f"vpc.{name}"
    resources = [
        resource("aws_vpc", name, cidr_block="10.9.0.0/16", tags={"Name": name}),
        resource("aws_internet_gateway", name, vpc_id=vpc),
        resource("aws_route_table", f"{name}-public", vpc_id=vpc),
        resource(
            "aws_route",
            f"{name}-internet",
            route_table_id=f"route_table.{name}-public",
            destination_cidr_block="0.0.0.0/0",
            gateway_id=f"internet_gateway.{name}",
            nat_gateway_id="",
        ),
    ]
    for number, zone in enumerate(ZONES[:zones]):
        for tier, table in (("public", f"{name}-public"), ("private", f"{name}-{zone}")):
            resources += [
                resource(
                    "aws_subnet",
                    f"{name}-{tier}-{zone}",
                    vpc_id=vpc,
                    availability_zone=zone,
                    cidr_block=f"10.9.{number + 100 * (tier == 'private')}.0/24",
                ),
                resource(
                    "aws_route_table_association",
                    f"{name}-{tier}-{zone}",
                    subnet_id=f"subnet.{name}-{tier}-{zone}",
                    route_table_id=f"route_table.{table}",
                ),
            ]
        gateway_zone = zone if one_gateway_per_zone else ZONES[0]
        route = {
            "cidr_block": "0.0.0.0/0",
            "gateway_id": "",
            "nat_gateway_id": f"nat_gateway.{name}-{gateway_zone}",
        }
        resources.append(resource("aws_route_table", f"{name}-{zone}", vpc_id=vpc, route=[route]))
        if gateway_zone == zone:
            resources += [
                resource("aws_eip", f"{name}-{zone}", public_ip=f"203.0.113.{10 + number}"),
                resource(
                    "aws_nat_gateway",
                    f"{name}-{zone}",
                    subnet_id=f"subnet.{name}-public-{zone}",
                    allocation_id=f"eip.{name}-{zone}",
                ),
            ]
    return resources


def group(name: str, *, vpc: str = "shop", **values: Any) -> dict[str, Any]:
    """Return a security group."""
    return resource("aws_security_group", name, vpc_id=f"vpc.{vpc}", name=f"{vpc}-{name}", **values)


def function(
    name: str, zones: int, group: str | None = None, *, vpc: str = "shop", **variables: str
) -> dict[str, Any]:
    """Return a function in the private subnets of the first zones; `group` defaults to its name."""
    return resource(
        "aws_lambda_function",
        name,
        function_name=f"{vpc}-{name}",
        runtime="python3.13",
        memory_size=256,
        environment=[{"variables": variables}] if variables else [],
        vpc_config=[
            {
                "subnet_ids": [f"subnet.{vpc}-private-{zone}" for zone in ZONES[:zones]],
                "security_group_ids": [f"security_group.{group or name}"],
            }
        ],
    )


def cache(name: str, nodes: list[str], *, vpc: str = "shop", **values: Any) -> list[dict[str, Any]]:
    """Return a memcached cluster with a node in each zone of `nodes`, in the security group `name`."""
    return [
        resource(
            "aws_elasticache_subnet_group",
            name,
            name=name,
            subnet_ids=[f"subnet.{vpc}-private-{zone}" for zone in sorted(set(nodes))],
        ),
        resource(
            "aws_elasticache_cluster",
            name,
            cluster_id=name,
            engine="memcached",
            node_type="cache.t4g.micro",
            num_cache_nodes=len(nodes),
            subnet_group_name=name,
            security_group_ids=[f"security_group.{name}"],
            cache_nodes=[{"id": f"{n:04}", "availability_zone": zone} for n, zone in enumerate(nodes, 1)],
            **values,
        ),
    ]


def ingress(target: str, source: str, port: int = 11211) -> dict[str, Any]:
    """Return a rule that allows traffic from the group `source` to the group `target`."""
    return resource(
        "aws_vpc_security_group_ingress_rule",
        f"{target}-from-{source}",
        security_group_id=f"security_group.{target}",
        referenced_security_group_id=f"security_group.{source}",
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
    )
