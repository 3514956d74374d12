"""Plans of changes to a deployed stack."""

import pytest

from tests.support.terraform.attached import attached
from vpcache.stack.stack import Stack
from vpcache.terraform.runner import TerraformError

CLUSTER = "module.elasticache_memcached.aws_elasticache_cluster.this[0]"
SPANNING = {
    CLUSTER,
    "module.elasticache_memcached.aws_elasticache_subnet_group.this[0]",
    "module.cached_api.aws_lambda_function.this",
    "module.origin[0].aws_lambda_function.this",
}


@pytest.fixture(scope="module")
def deployed(stack):
    """The deployed stack, with one provider process for all plans."""
    given = {name: value for name, value in stack.variables.items() if name not in ("name", "region")}
    with attached(stack.target, stack.environment_dir) as with_provider:
        yield Stack(
            name=stack.name,
            environment_dir=stack.environment_dir,
            target=with_provider,
            work_dir=stack.work_dir,
            variables=given,
            temporary=True,
        )


def _changes(stack, **variables):
    other = stack.with_variables(**variables)
    with other.exclusive_lock():
        return other.changes(other.plan())


@pytest.fixture
def cache(stack):
    """The current settings of the cache, for plans that change one of them."""
    return {
        "zones": ["a", "b"],
        "node_type": "cache.t4g.micro",
        "transit_encryption": False,
    }


def test_plan_with_current_settings_is_empty(deployed, outputs, cache):
    assert _changes(deployed, cache=cache) == {}


def test_zone_with_cache_nodes_needs_two_steps_to_remove(deployed, outputs, cache):
    zones = {"a": {"public_cidr": "10.0.0.0/26", "private_cidr": "10.0.0.128/26"}}
    with pytest.raises(
        TerraformError, match="has nodes in us-east-1b: the zones of all nodes must be in subnets"
    ):
        _changes(deployed, zones=zones, cache={**cache, "zones": ["a"]})


def test_third_party_origin_removes_the_stacks_own(deployed, outputs):
    changes = _changes(deployed, origin_url="https://api.example.com/v1")
    assert changes.pop("module.cached_api.aws_lambda_function.this") == ("update",)
    assert set(changes.values()) == {("delete",)}
    assert all("origin" in address for address in changes)


@pytest.mark.parametrize(
    "changed",
    [{"node_type": "cache.t4g.small"}, {"transit_encryption": True}],
    ids=lambda changed: next(iter(changed)),
)
def test_replacement_of_the_cluster_is_in_the_plan(deployed, outputs, cache, changed):
    changes = _changes(deployed, cache=cache | changed)
    assert changes[CLUSTER] == ("delete", "create")
    assert set(changes) <= SPANNING


def test_additional_node_changes_only_the_cluster(deployed, outputs, cache):
    zones = [*cache["zones"], "a"]
    assert _changes(deployed, cache={**cache, "zones": zones}) == {CLUSTER: ("update",)}


def test_move_of_a_node_is_refused_with_instructions(deployed, outputs, cache):
    with pytest.raises(TerraformError, match="append zones to nodes or remove the last ones"):
        _changes(deployed, cache={**cache, "zones": ["a", "a"]})
