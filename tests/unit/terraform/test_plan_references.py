"""References of plans to resources without IDs: each form is decided, or it is said that it is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.terraform_plans import called, configured, created, module, plan, unchanged
from vpcache.terraform.resources import resources

VPC = created("aws_vpc.this")
SUBNETS = [created(f"aws_subnet.private[{number}]") for number in range(2)]
BY_ZONE = [created(f'aws_subnet.private["{zone}"]') for zone in "ab"]


def attribute(document: dict[str, Any], address: str, name: str) -> Any:
    """Return the attribute of a resource of a plan."""
    return next(each for each in resources(document).all if each.address == address).values.get(name)


def one(
    name: str, texts: tuple[str, ...], *others: dict[str, Any], key: str = ""
) -> tuple[Any, tuple[str, ...]]:
    """Return an attribute of an interface with the references `texts`, and what is undecided."""
    address = f"aws_network_interface.this{key}"
    document = plan(
        module(configured("aws_network_interface.this", **{name: texts})), created(address, name), *others
    )
    return attribute(document, address, name), resources(document).undecided


def test_reference_to_the_id_of_a_resource_is_its_address() -> None:
    assert one("subnet_id", ("aws_subnet.x.id",), created("aws_subnet.x")) == ("aws_subnet.x", ())


def test_reference_to_an_existing_resource_is_its_id() -> None:
    assert one("subnet_id", ("aws_subnet.x.id",), unchanged("aws_subnet.x", id="subnet-1")) == (
        "subnet-1",
        (),
    )


def test_explicit_index_selects_an_instance() -> None:
    assert one("subnet_id", ("aws_subnet.private[1].id",), *SUBNETS)[0] == "aws_subnet.private[1]"


def test_explicit_key_selects_an_instance() -> None:
    assert one("subnet_id", ('aws_subnet.private["b"].id',), *BY_ZONE)[0] == 'aws_subnet.private["b"]'


@pytest.mark.parametrize(("index", "selected"), [(0, 0), (1, 1), (2, 0)])
def test_count_index_selects_the_same_index_modulo_the_number(index: int, selected: int) -> None:
    found, _ = one("subnet_id", ("aws_subnet.private", "count.index"), *SUBNETS, key=f"[{index}]")
    assert found == f"aws_subnet.private[{selected}]"


def test_each_key_selects_the_same_key() -> None:
    found, _ = one("subnet_id", ("aws_subnet.private", "each.key"), *BY_ZONE, key='["b"]')
    assert found == 'aws_subnet.private["b"]'


def test_each_value_is_an_instance_of_the_collection() -> None:
    root = module(
        configured(
            "aws_network_interface.this", for_each=("aws_subnet.private",), subnet_id=("each.value.id",)
        )
    )
    address = 'aws_network_interface.this["a"]'
    document = plan(root, created(address, "subnet_id"), *BY_ZONE)
    assert attribute(document, address, "subnet_id") == 'aws_subnet.private["a"]'


def test_list_takes_all_instances() -> None:
    groups = [created(f"aws_security_group.{name}") for name in "ab"]
    found, _ = one("security_groups", ("aws_security_group.a.id", "aws_security_group.b.id"), *groups)
    assert found == ["aws_security_group.a", "aws_security_group.b"]


def test_one_of_several_instances_is_not_guessed() -> None:
    assert one("subnet_id", ("aws_subnet.private",), *SUBNETS) == (
        None,
        ("aws_network_interface.this: subnet_id is known after the apply",),
    )


def test_list_of_one_branch_of_a_condition_is_not_guessed() -> None:
    others = created("aws_subnet.public")
    texts = ("var.is_public", "aws_subnet.public.id", "aws_subnet.private")
    document = plan(
        module(configured("aws_elasticache_subnet_group.this", subnet_ids=texts)),
        created("aws_elasticache_subnet_group.this", "subnet_ids"),
        others,
        *SUBNETS,
    )
    assert resources(document).undecided == (
        "aws_elasticache_subnet_group.this: subnet_ids is known after the apply",
    )


def test_local_value_is_the_only_instance_of_the_type() -> None:
    assert one("subnet_id", ("local.subnet",), created("aws_subnet.x")) == ("aws_subnet.x", ())


def test_local_value_with_several_instances_of_the_type_is_undecided() -> None:
    _, undecided = one("subnet_id", ("local.subnet",), *SUBNETS)
    assert undecided == ("aws_network_interface.this: subnet_id is known after the apply",)


def test_local_value_with_several_instances_takes_the_same_key() -> None:
    assert one("subnet_id", ("local.subnets",), *BY_ZONE, key='["a"]')[0] == 'aws_subnet.private["a"]'


def test_attribute_of_another_resource_is_followed() -> None:
    root = module(
        configured("aws_subnet.x", vpc_id=("aws_vpc.this.id",)),
        configured("aws_security_group.x", vpc_id=("aws_subnet.x.vpc_id",)),
    )
    document = plan(root, VPC, created("aws_subnet.x", "vpc_id"), created("aws_security_group.x", "vpc_id"))
    assert attribute(document, "aws_security_group.x", "vpc_id") == "aws_vpc.this"


def test_variable_is_followed_to_the_call_of_the_module() -> None:
    child = module(configured("aws_subnet.x", vpc_id=("var.network.vpc_id",)))
    root = module(configured("aws_vpc.this"), child=called(child, network=("aws_vpc.this.id",)))
    address = "module.child.aws_subnet.x"
    document = plan(root, VPC, created("aws_vpc.other"), created(address, "vpc_id"))
    assert attribute(document, address, "vpc_id") == "aws_vpc.this"


def test_output_is_followed_into_the_module() -> None:
    child = module(configured("aws_vpc.this"), outputs={"vpc_id": ("aws_vpc.this.id",)})
    root = module(configured("aws_subnet.x", vpc_id=("module.child.vpc_id",)), child=called(child))
    changes = [created(f"module.{name}.aws_vpc.this") for name in ("child", "other")]
    document = plan(root, *changes, created("aws_subnet.x", "vpc_id"))
    assert attribute(document, "aws_subnet.x", "vpc_id") == "module.child.aws_vpc.this"


def test_output_of_a_module_with_keys_is_that_of_the_same_key() -> None:
    child = module(configured("aws_vpc.this"), outputs={"vpc_id": ("aws_vpc.this.id",)})
    root = module(configured("aws_subnet.x", vpc_id=("module.child", "each.key")), child=called(child))
    changes = [created(f'module.child["{key}"].aws_vpc.this') for key in "ab"]
    document = plan(root, *changes, created('aws_subnet.x["b"]', "vpc_id"))
    assert attribute(document, 'aws_subnet.x["b"]', "vpc_id") == 'module.child["b"].aws_vpc.this'


def test_part_of_an_output_with_two_resources_is_not_guessed() -> None:
    outputs = {"zones": ("aws_subnet.public", "aws_subnet.private")}
    child = module(configured("aws_subnet.public"), configured("aws_subnet.private"), outputs=outputs)
    root = module(
        configured("aws_elasticache_subnet_group.this", subnet_ids=("module.child.zones.private",)),
        child=called(child),
    )
    changes = [created(f"module.child.aws_subnet.{name}") for name in ("public", "private")]
    document = plan(root, *changes, created("aws_elasticache_subnet_group.this", "subnet_ids"))
    assert len(resources(document).undecided) == 1


def test_default_route_table_is_that_of_its_vpc() -> None:
    root = module(
        configured(
            "aws_default_route_table.this", default_route_table_id=("aws_vpc.this.default_route_table_id",)
        ),
        configured("aws_route.x", route_table_id=("aws_vpc.this.main_route_table_id",)),
    )
    changes = [created("aws_default_route_table.this", "vpc_id"), created("aws_route.x", "route_table_id")]
    document = plan(root, VPC, *changes)
    assert attribute(document, "aws_default_route_table.this", "vpc_id") == "aws_vpc.this"
    assert attribute(document, "aws_route.x", "route_table_id") == "aws_default_route_table.this"


def inline(*ports: int) -> dict[str, Any]:
    """Return a plan with a group whose inline rules refer to the groups a and b in one expression."""
    group = created("aws_security_group.x", ingress=[{"from_port": port} for port in ports])
    group["change"]["after_unknown"]["ingress"] = [{"security_groups": True} for _ in ports]
    texts = ("aws_security_group.a.id", "aws_security_group.b.id")
    others = [created(f"aws_security_group.{name}") for name in "ab"]
    return plan(module(configured("aws_security_group.x", ingress=texts)), group, *others)


def test_only_inline_rule_with_groups_has_all_of_them() -> None:
    groups = ["aws_security_group.a", "aws_security_group.b"]
    assert attribute(inline(80), "aws_security_group.x", "ingress")[0]["security_groups"] == groups


def test_groups_of_several_inline_rules_are_not_guessed() -> None:
    assert resources(inline(80, 443)).undecided == (
        "aws_security_group.x: ingress.security_groups is known after the apply",
    )


def test_nested_block_is_matched_by_its_constants() -> None:
    targets = {80: "aws_subnet.private[0].id", 443: "aws_subnet.private[1].id"}
    blocks = [
        {"port": {"constant_value": port}, "subnet_ids": {"references": [text]}}
        for port, text in targets.items()
    ]
    function = created("aws_lambda_function.x", vpc_config=[{"port": 443}, {"port": 80}])
    function["change"]["after_unknown"]["vpc_config"] = [{"subnet_ids": True}, {"subnet_ids": True}]
    document = plan(module(configured("aws_lambda_function.x", vpc_config=blocks)), function, *SUBNETS)
    found = attribute(document, "aws_lambda_function.x", "vpc_config")
    assert [block["subnet_ids"] for block in found] == [["aws_subnet.private[1]"], ["aws_subnet.private[0]"]]


def test_unknown_cidr_block_of_a_rule_is_said() -> None:
    root = module(configured("aws_vpc_security_group_ingress_rule.x", cidr_ipv4=("aws_eip.x.public_ip",)))
    document = plan(root, created("aws_vpc_security_group_ingress_rule.x", "cidr_ipv4"))
    assert resources(document).undecided == (
        "aws_vpc_security_group_ingress_rule.x: cidr_ipv4 is known after the apply",
    )


def test_mock_plan_decides_local_values() -> None:
    root = module(configured("aws_network_interface.this", subnet_id=("local.subnet",)))
    document = plan(root, created("aws_network_interface.this", "subnet_id"), *SUBNETS)
    mock = plan(
        root,
        created("aws_network_interface.this", subnet_id="subnet-b"),
        created("aws_subnet.private[0]", id="subnet-a"),
        created("aws_subnet.private[1]", id="subnet-b"),
    )
    found = resources(document, mock)
    interface = next(each for each in found.all if each.type == "aws_network_interface")
    assert (interface.text("subnet_id"), found.undecided) == ("aws_subnet.private[1]", ())


def test_mock_plan_decides_blocks_whose_other_values_aws_has_set() -> None:
    """A function that exists has the VPC of its subnets in its block, and its evaluation has none."""
    root = module(configured("aws_lambda_function.this", vpc_config=[{"subnet_ids": ("local.subnets",)}]))
    document = plan(root, unchanged("aws_lambda_function.this", vpc_config=[{"vpc_id": "vpc-1"}]), *SUBNETS)
    document["resource_changes"][0]["change"] |= {
        "actions": ["update"],
        "after_unknown": {"vpc_config": [{"subnet_ids": True}]},
    }
    mock = plan(
        root,
        created("aws_lambda_function.this", vpc_config=[{"subnet_ids": ["subnet-a", "subnet-b"]}]),
        created("aws_subnet.private[0]", id="subnet-a"),
        created("aws_subnet.private[1]", id="subnet-b"),
    )
    found = resources(document, mock)
    function = next(each for each in found.all if each.type == "aws_lambda_function")
    subnets = ["aws_subnet.private[0]", "aws_subnet.private[1]"]
    assert (function.blocks("vpc_config")[0]["subnet_ids"], found.undecided) == (subnets, ())
