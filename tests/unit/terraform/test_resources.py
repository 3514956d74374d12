from tests.support.terraform_documents import resource, state
from vpcache.terraform.resources import resources


def test_data_source_of_a_managed_resource_is_omitted():
    found = resources(
        state(
            resource("aws_elasticache_cluster", "this"),
            resource("aws_elasticache_cluster", "read", mode="data", id="elasticache_cluster.this"),
            resource("aws_elasticache_cluster", "other", mode="data", id="elasticache_cluster.other"),
        )
    )
    assert [item.address for item in found.of("aws_elasticache_cluster")] == [
        "aws_elasticache_cluster.this",
        "aws_elasticache_cluster.other",
    ]
