import pytest

from tests.support.terraform_documents import resource, state
from vpcache.errors import VpcacheError
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


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"format_version": "2.0", "resource_changes": []}, r"has format version 2\.0, and 1\.x is known"),
        ({"format_version": "0.2", "values": {}}, r"has format version 0\.2, and 1\.x is known"),
        ({"name": "package", "version": "1"}, "is neither a state nor a plan"),
        ([], "is neither a state nor a plan"),
        ({"format_version": "1.2", "errored": True, "resource_changes": []}, "plan is incomplete"),
        ({"format_version": "1.0"}, "has no resources"),
    ],
)
def test_document_that_cannot_be_read_is_refused(document, message):
    with pytest.raises(VpcacheError, match=message):
        resources(document)
