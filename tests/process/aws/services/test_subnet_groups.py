from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Network, Region, error_code


@pytest.fixture
def rds(region: Region) -> Any:
    """A client of the region's RDS."""
    return region.client("rds")


@pytest.fixture
def redshift(region: Region) -> Any:
    """A client of the region's Redshift."""
    return region.client("redshift")


def options(subnet_ids: list[str]) -> dict[str, Any]:
    return {"DBSubnetGroupName": "private", "DBSubnetGroupDescription": "both", "SubnetIds": subnet_ids}


def test_database_subnet_group_is_kept_and_deleted(rds: Any, network: Network) -> None:
    subnet_ids = sorted(network.private.values())
    made = rds.create_db_subnet_group(**options(subnet_ids), Tags=[{"Key": "a", "Value": "b"}])

    (group,) = rds.describe_db_subnet_groups(DBSubnetGroupName="private")["DBSubnetGroups"]
    tags = rds.list_tags_for_resource(ResourceName=made["DBSubnetGroup"]["DBSubnetGroupArn"])["TagList"]
    assert sorted(each["SubnetIdentifier"] for each in group["Subnets"]) == subnet_ids
    assert (group["VpcId"], group["SubnetGroupStatus"]) == (network.vpc, "Complete")
    assert tags == [{"Key": "a", "Value": "b"}]

    rds.delete_db_subnet_group(DBSubnetGroupName="private")
    code = error_code(rds.describe_db_subnet_groups, DBSubnetGroupName="private")
    assert code == "DBSubnetGroupNotFoundFault"


def test_changed_database_subnet_group_is_kept(rds: Any, network: Network) -> None:
    rds.create_db_subnet_group(**options(list(network.private.values())))
    rds.modify_db_subnet_group(
        DBSubnetGroupName="private",
        SubnetIds=list(network.public.values()),
        DBSubnetGroupDescription="other",
    )

    (group,) = rds.describe_db_subnet_groups()["DBSubnetGroups"]
    assert {each["SubnetIdentifier"] for each in group["Subnets"]} == set(network.public.values())
    assert group["DBSubnetGroupDescription"] == "other"


def test_database_subnet_group_needs_two_zones(rds: Any, network: Network) -> None:
    subnet_ids = [network.private["us-east-1a"], network.public["us-east-1a"]]

    code = error_code(rds.create_db_subnet_group, **options(subnet_ids))
    assert code == "DBSubnetGroupDoesNotCoverEnoughAZs"


def test_name_of_a_database_subnet_group_is_unique(rds: Any, network: Network) -> None:
    request = options(list(network.private.values()))
    rds.create_db_subnet_group(**request)

    assert error_code(rds.create_db_subnet_group, **request) == "DBSubnetGroupAlreadyExists"


def test_warehouse_subnet_group_is_kept_and_deleted(redshift: Any, network: Network) -> None:
    request = {
        "ClusterSubnetGroupName": "Private",
        "Description": "both",
        "SubnetIds": list(network.private.values()),
    }
    redshift.create_cluster_subnet_group(**request)

    (group,) = redshift.describe_cluster_subnet_groups()["ClusterSubnetGroups"]
    assert (group["ClusterSubnetGroupName"], group["VpcId"]) == ("private", network.vpc)
    assert error_code(redshift.create_cluster_subnet_group, **request) == "ClusterSubnetGroupAlreadyExists"

    redshift.delete_cluster_subnet_group(ClusterSubnetGroupName="private")
    assert redshift.describe_cluster_subnet_groups()["ClusterSubnetGroups"] == []
