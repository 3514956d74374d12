"""What stacks cost, worked out by hand beside what the code says."""

from datetime import date
from typing import Any

import pytest

from vpcache.cost.bill import bill
from vpcache.cost.formatting import bill_rows, choice_rows, money
from vpcache.cost.prices import load_prices
from vpcache.cost.savings import choices
from vpcache.terraform.resources import Resource

PRICES = load_prices()


def made(type_: str, number: int = 1, **values: Any) -> list[Resource]:
    return [Resource(f"{type_}.{count}", type_, values) for count in range(number)]


def function(memory: int, *architectures: str) -> list[Resource]:
    return made("aws_lambda_function", memory_size=memory, architectures=list(architectures))


def cache(node_type: str, nodes: int, engine: str = "memcached") -> list[Resource]:
    return made("aws_elasticache_cluster", engine=engine, node_type=node_type, num_cache_nodes=nodes)


DEV = [
    *made("aws_vpc"),
    *made("aws_nat_gateway", 2),
    *made("aws_eip", 2),
    *cache("cache.t4g.micro", 2),
    *function(256, "arm64"),
    *made("aws_cloudwatch_log_group", 3, retention_in_days=14),
]


def item(resources: list[Resource]) -> Any:
    (only,) = bill(resources, PRICES).items
    return only


def choice(resources: list[Resource], what: str) -> Any:
    (only,) = [each for each in choices(resources, PRICES) if each.what == what]
    return only


def test_a_stack_of_two_zones_costs_what_the_price_list_says():
    # for 730 h: 2 gateways at 0.045 are 65.70, 2 addresses at 0.005 are 7.30, 2 nodes at 0.016 are 23.36
    assert bill(DEV, PRICES).monthly == pytest.approx(65.70 + 7.30 + 23.36)


def test_every_resource_is_an_item_of_its_own_or_free():
    priced = bill(DEV, PRICES)
    assert [each.address for each in priced.items] == [each.address for each in DEV if each.type != "aws_vpc"]
    assert priced.not_priced == ()


def test_what_has_no_price_is_named():
    resources = [*made("aws_db_instance"), *cache("cache.x9.large", 1), *cache("cache.t4g.micro", 1, "redis")]
    priced = bill(resources, PRICES)
    assert priced.items == ()
    assert priced.not_priced == tuple(each.address for each in resources)


def test_what_is_only_read_costs_nothing():
    assert bill([Resource("data.aws_nat_gateway.x", "aws_nat_gateway", {}, is_data=True)], PRICES).items == ()


def test_a_gateway_takes_its_share_of_each_gb():
    (through,) = item(made("aws_nat_gateway")).rates
    assert (through.usd, through.unit) == (0.045, "GB through it")


def test_nodes_cost_by_number_and_reads_across_zones_by_gb():
    three = item(cache("cache.t4g.small", 3))
    assert three.monthly == pytest.approx(70.08)  # 3 x 730 h x 0.032
    assert three.rates[0].usd == 0.02  # 0.01 out of one zone and 0.01 into the other


@pytest.mark.parametrize(
    ("architectures", "usd"),
    [(["arm64"], 3.33335), (["x86_64"], 4.166675), ([], 4.166675)],  # 1/4 GB for a million seconds
)
def test_a_function_costs_by_memory_and_processor(architectures, usd):
    calls, seconds = item(function(256, *architectures)).rates
    assert (calls.usd, calls.unit) == (0.20, "million calls")
    assert seconds.usd == pytest.approx(usd)


def test_logs_cost_when_written_and_for_as_long_as_they_are_kept():
    written, kept = item(made("aws_cloudwatch_log_group", retention_in_days=365)).rates
    assert written.usd == 0.50
    assert kept.usd == pytest.approx(0.36)  # twelve months at 0.03
    _, for_ever = item(made("aws_cloudwatch_log_group")).rates
    assert (for_ever.usd, for_ever.unit) == (0.03, "GB and month")


def test_alarms_cost_each_and_unusual_ones_are_not_guessed():
    assert bill(made("aws_cloudwatch_metric_alarm", 13, period=60), PRICES).monthly == pytest.approx(1.30)
    assert bill(made("aws_cloudwatch_metric_alarm", period=10), PRICES).not_priced


def test_endpoints_are_free_or_cost_by_zone():
    assert item(made("aws_vpc_endpoint", vpc_endpoint_type="Gateway")).monthly == 0
    interface = item(made("aws_vpc_endpoint", vpc_endpoint_type="Interface", subnet_ids=["a", "b"]))
    assert interface.monthly == pytest.approx(14.60)  # 2 x 730 h x 0.01


def test_one_gateway_saves_the_others_and_says_what_is_lost():
    saved = choice(DEV, "one NAT gateway instead of 2")
    assert saved.monthly == pytest.approx(36.50)  # 730 h x (0.045 + 0.005)
    assert "1,825 GB a month" in saved.loses  # 36.50 / 0.02


def test_addresses_of_others_are_not_saved():
    saved = choice([*made("aws_nat_gateway", 3), *made("aws_eip")], "one NAT gateway instead of 3")
    assert saved.monthly == pytest.approx(2 * 32.85 + 3.65)


def test_gateway_endpoints_save_by_gb_and_nothing_without_a_gateway():
    there = [*DEV, *made("aws_vpc_endpoint", service_name="com.amazonaws.us-east-1.s3")]
    assert choice(there, "gateway endpoint for s3").is_taken
    interface = {"service_name": "com.amazonaws.us-east-1.s3", "vpc_endpoint_type": "Interface"}
    assert not choice([*DEV, *made("aws_vpc_endpoint", **interface)], "gateway endpoint for s3").is_taken
    missing = choice(there, "gateway endpoint for dynamodb")
    assert not missing.is_taken
    assert missing.rates[0].usd == 0.045
    assert not [each for each in choices(cache("cache.t4g.micro", 1), PRICES) if "endpoint" in each.what]


def test_arm_saves_a_fifth_of_the_time():
    saved = choice([*function(128), *function(128, "arm64")], "arm64 for 1 of 2 functions")
    assert saved.rates[0].usd == pytest.approx(3.3333)  # 16.6667 - 13.3334 for a million GB-seconds
    assert choice(DEV, "arm64 for all functions").is_taken


def test_cheaper_nodes_are_the_next_smaller_and_another_as_large():
    smaller = choice(cache("cache.t4g.small", 3), "cache.t4g.micro instead of cache.t4g.small")
    assert smaller.monthly == pytest.approx(35.04)  # 3 x 730 h x (0.032 - 0.016)
    assert smaller.loses == "0.87 of 1.37 GiB of memory a node"
    as_large = choice(cache("cache.t3.medium", 1), "cache.t4g.medium instead of cache.t3.medium")
    assert as_large.monthly == pytest.approx(2.19)  # 730 h x (0.068 - 0.065)
    assert not [each for each in choices(DEV, PRICES) if each.what.startswith("cache.")]


def test_shorter_logs_save_what_is_not_kept():
    saved = choice(made("aws_cloudwatch_log_group", retention_in_days=365), "logs for 14 days instead of 365")
    assert saved.rates[0].usd == pytest.approx(0.03 * 351 / (365 / 12))
    assert choice(made("aws_cloudwatch_log_group"), "logs for 14 days instead of ever").rates[0].usd == 0.03
    assert not [each for each in choices(DEV, PRICES) if each.what.startswith("logs")]


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (0, "$0.00"),
        (96.36, "$96.36"),
        (1234.5, "$1,234.50"),
        (0.045, "$0.045"),
        (0.0000133334, "$0.00001333"),
    ],
)
def test_money_is_told_to_the_cent_or_to_four_digits(usd, words):
    assert money(usd) == words


def test_what_is_alike_is_one_row_and_the_dearest_comes_first():
    rows = list(bill_rows(bill(DEV, PRICES)))
    assert [row[0] for row in rows[:3]] == [
        "2 x NAT gateway",
        "2 cache nodes cache.t4g.micro",
        "2 x public address",
    ]
    assert rows[0][1:] == ("$65.70", "$0.045 for each GB through it")
    assert rows[-1] == ("together", "$96.36", "")


def test_a_choice_that_is_taken_says_so():
    rows = {what: saves for what, saves, _ in choice_rows(choices(DEV, PRICES))}
    assert rows["arm64 for all functions"] == "$3.33 for each million GB-seconds, taken"
    assert rows["one NAT gateway instead of 2"] == "$36.50 a month"


def test_every_price_has_a_day_a_source_and_a_page():
    for name, price in PRICES.all.items():
        assert price.source.startswith("https://"), name
        assert price.page.startswith(("https://aws.amazon.com/", "https://docs.aws.amazon.com/")), name
        assert date(2024, 1, 1) <= price.read <= date.today(), name
