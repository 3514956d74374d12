"""Costs of stacks, compared with results computed by hand."""

from datetime import date
from typing import Any

import pytest

from vpcache.cost.bill import bill
from vpcache.cost.formatting import bill_rows, choice_rows, money
from vpcache.cost.prices import load_prices
from vpcache.cost.savings import choices
from vpcache.terraform.resources import Resource

PRICES = load_prices()


def create(type_: str, number: int = 1, **values: Any) -> list[Resource]:
    return [Resource(f"{type_}.{count}", type_, values) for count in range(number)]


def function(memory: int, *architectures: str) -> list[Resource]:
    return create("aws_lambda_function", memory_size=memory, architectures=list(architectures))


def cache(node_type: str, nodes: int, engine: str = "memcached") -> list[Resource]:
    return create("aws_elasticache_cluster", engine=engine, node_type=node_type, num_cache_nodes=nodes)


DEV = [
    *create("aws_vpc"),
    *create("aws_nat_gateway", 2),
    *create("aws_eip", 2),
    *cache("cache.t4g.micro", 2),
    *function(256, "arm64"),
    *create("aws_cloudwatch_log_group", 3, retention_in_days=14),
]


def item(resources: list[Resource]) -> Any:
    (only,) = bill(resources, PRICES).items
    return only


def choice(resources: list[Resource], what: str) -> Any:
    (only,) = [each for each in choices(resources, PRICES) if each.what == what]
    return only


def test_stack_of_two_zones_costs_the_sum_of_its_prices():
    # for 730 h: 2 gateways at 0.045 are 65.70, 2 addresses at 0.005 are 7.30, 2 nodes at 0.016 are 23.36
    assert bill(DEV, PRICES).monthly == pytest.approx(65.70 + 7.30 + 23.36)


def test_every_resource_is_an_item_or_free():
    priced = bill(DEV, PRICES)
    assert [each.address for each in priced.items] == [each.address for each in DEV if each.type != "aws_vpc"]
    assert priced.not_priced == ()


def test_http_api_costs_a_dollar_for_a_million_calls():
    priced = item(create("aws_apigatewayv2_api", protocol_type="HTTP"))
    (calls,) = priced.rates
    assert (priced.monthly, calls.usd, calls.unit) == (0, 1.00, "million calls of up to 512 KB")
    parts = [each for kind in ("route", "stage") for each in create(f"aws_apigatewayv2_{kind}")]
    assert bill(parts, PRICES).not_priced == ()
    websocket = create("aws_apigatewayv2_api", protocol_type="WEBSOCKET")
    assert bill(websocket, PRICES).not_priced == ("aws_apigatewayv2_api.0",)


def test_serverless_cache_costs_its_metered_minimum():
    # 1 GB at 0.125 for 730 h
    memcached = item(create("aws_elasticache_serverless_cache", engine="memcached"))
    assert memcached.monthly == pytest.approx(91.25)
    assert [(rate.usd, rate.unit) for rate in memcached.rates] == [
        (pytest.approx(91.25), "GB-month beyond 1 GB"),
        (0.0034, "million ECPUs"),
    ]
    assert bill(create("aws_elasticache_serverless_cache", engine="valkey"), PRICES).items == ()


def test_resources_without_a_price_are_listed():
    resources = [
        *create("aws_db_instance"),
        *cache("cache.x9.large", 1),
        *cache("cache.t4g.micro", 1, "redis"),
    ]
    priced = bill(resources, PRICES)
    assert priced.items == ()
    assert priced.not_priced == tuple(each.address for each in resources)
    assert [each.reason for each in priced.unpriced] == [
        "the price list does not have aws_db_instance",
        "the price list of us-east-1 does not have node type cache.x9.large",
        "engine redis: only memcached is priced",
    ]


def test_data_sources_are_free():
    assert bill([Resource("data.aws_nat_gateway.x", "aws_nat_gateway", {}, is_data=True)], PRICES).items == ()


def test_nat_gateway_costs_per_gb():
    (processed,) = item(create("aws_nat_gateway")).rates
    assert (processed.usd, processed.unit) == (0.045, "GB processed")


def test_nodes_cost_per_hour_and_cross_zone_reads_per_gb():
    three = item(cache("cache.t4g.small", 3))
    assert three.monthly == pytest.approx(70.08)  # 3 x 730 h x 0.032
    assert three.rates[0].usd == 0.02  # 0.01 out of one zone and 0.01 into the other


@pytest.mark.parametrize(
    ("architectures", "usd"),
    [(["arm64"], 3.33335), (["x86_64"], 4.166675), ([], 4.166675)],  # 1/4 GB for a million seconds
)
def test_function_costs_by_memory_and_architecture(architectures, usd):
    calls, seconds = item(function(256, *architectures)).rates
    assert (calls.usd, calls.unit) == (0.20, "million calls")
    assert seconds.usd == pytest.approx(usd)


def test_logs_cost_per_gb_written_and_stored():
    written, stored = item(create("aws_cloudwatch_log_group", retention_in_days=365)).rates
    assert written.usd == 0.50
    assert stored.usd == pytest.approx(0.36)  # twelve months at 0.03
    _, unlimited = item(create("aws_cloudwatch_log_group")).rates
    assert (unlimited.usd, unlimited.unit) == (0.03, "GB-month")


def test_alarms_cost_each_except_unusual_ones():
    assert bill(create("aws_cloudwatch_metric_alarm", 13, period=60), PRICES).monthly == pytest.approx(1.30)
    assert bill(create("aws_cloudwatch_metric_alarm", period=10), PRICES).not_priced


def test_endpoints_are_free_or_cost_per_zone():
    assert item(create("aws_vpc_endpoint", vpc_endpoint_type="Gateway")).monthly == 0
    interface = item(create("aws_vpc_endpoint", vpc_endpoint_type="Interface", subnet_ids=["a", "b"]))
    assert interface.monthly == pytest.approx(14.60)  # 2 x 730 h x 0.01


def test_one_nat_gateway_saves_the_others_until_break_even():
    saved = choice(DEV, "one NAT gateway instead of 2")
    assert saved.monthly == pytest.approx(36.50)  # 730 h x (0.045 + 0.005)
    assert "break-even at 1,825 GB a month" in saved.loses  # 36.50 / 0.02


def test_one_nat_gateway_saves_only_own_addresses():
    saved = choice([*create("aws_nat_gateway", 3), *create("aws_eip")], "one NAT gateway instead of 3")
    assert saved.monthly == pytest.approx(2 * 32.85 + 3.65)


def test_one_nat_gateway_for_all_zones_is_taken_already():
    routes = [*create("aws_route", 2, nat_gateway_id="nat-1"), *create("aws_route", gateway_id="igw-1")]
    taken = choice([*create("aws_nat_gateway"), *create("aws_eip"), *routes], "one NAT gateway instead of 2")
    assert taken.is_taken
    assert taken.monthly == pytest.approx(36.50)


def test_gateway_endpoints_save_nat_traffic():
    with_s3 = [*DEV, *create("aws_vpc_endpoint", service_name="com.amazonaws.us-east-1.s3")]
    assert choice(with_s3, "gateway endpoint for s3").is_taken
    interface = create(
        "aws_vpc_endpoint", service_name="com.amazonaws.us-east-1.s3", vpc_endpoint_type="Interface"
    )
    assert not choice([*DEV, *interface], "gateway endpoint for s3").is_taken
    missing = choice(with_s3, "gateway endpoint for dynamodb")
    assert not missing.is_taken
    assert missing.rates[0].usd == 0.045
    assert not [each for each in choices(cache("cache.t4g.micro", 1), PRICES) if "endpoint" in each.what]


def test_arm_saves_a_fifth_of_the_price():
    saved = choice([*function(128), *function(128, "arm64")], "arm64 for 1 of 2 functions")
    assert saved.rates[0].usd == pytest.approx(3.3333)  # 16.6667 - 13.3334 for a million GB-seconds
    assert choice(DEV, "arm64 for all functions").is_taken


def test_cheaper_nodes_are_smaller_or_of_another_family():
    smaller = choice(cache("cache.t4g.small", 3), "cache.t4g.micro instead of cache.t4g.small")
    assert smaller.monthly == pytest.approx(35.04)  # 3 x 730 h x (0.032 - 0.016)
    assert smaller.loses == "0.87 of 1.37 GiB of memory per node"
    as_large = choice(cache("cache.t3.medium", 1), "cache.t4g.medium instead of cache.t3.medium")
    assert as_large.monthly == pytest.approx(2.19)  # 730 h x (0.068 - 0.065)
    assert not [each for each in choices(DEV, PRICES) if each.what.startswith("cache.")]


def test_shorter_log_retention_saves_storage():
    saved = choice(
        create("aws_cloudwatch_log_group", retention_in_days=365), "log retention of 14 days instead of 365"
    )
    assert saved.rates[0].usd == pytest.approx(0.03 * 351 / (365 / 12))
    assert (
        choice(create("aws_cloudwatch_log_group"), "log retention of 14 days instead of unlimited")
        .rates[0]
        .usd
        == 0.03
    )
    assert not [each for each in choices(DEV, PRICES) if each.what.startswith("log ")]


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0, "$0.00"),
        (96.36, "$96.36"),
        (1234.5, "$1,234.50"),
        (0.045, "$0.045"),
        (0.0000133334, "$0.00001333"),
    ],
)
def test_money_is_rounded_to_cents_or_four_digits(usd, text):
    assert money(usd) == text


def test_equal_resources_are_one_row_sorted_by_cost():
    rows = list(bill_rows(bill(DEV, PRICES)))
    assert [row[0] for row in rows[:3]] == [
        "2 x NAT gateway",
        "2 cache nodes cache.t4g.micro",
        "2 x public IPv4 address",
    ]
    assert rows[0][1:] == ("$65.70", "$0.045 per GB processed")
    assert rows[-1] == ("total", "$96.36", "")


def test_choice_in_place_is_marked():
    rows = {what: saves for what, saves, _ in choice_rows(choices(DEV, PRICES))}
    assert rows["arm64 for all functions"] == "$3.33 per million GB-seconds, already in place"
    assert rows["one NAT gateway instead of 2"] == "$36.50 a month"


def test_every_price_has_date_source_and_page():
    for name, price in PRICES.all.items():
        assert price.source.startswith("https://"), name
        assert price.page.startswith(("https://aws.amazon.com/", "https://docs.aws.amazon.com/")), name
        assert date(2024, 1, 1) <= price.read <= date.today(), name
