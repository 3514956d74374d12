"""The monthly and per-use cost of each resource. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from vpcache.cost.prices import Prices
from vpcache.terraform.resources import Resource
from vpcache.wording import counted

DAYS_A_MONTH = 365 / 12


@dataclass(frozen=True)
class Rate:
    """US dollars per `unit`, such as "GB processed"."""

    usd: float
    unit: str


@dataclass(frozen=True)
class BillItem:
    """The cost of one resource: US dollars a month, and the rates of its use."""

    address: str
    type: str
    what: str
    monthly: float
    rates: tuple[Rate, ...] = ()


@dataclass(frozen=True)
class Unpriced:
    """A resource that is not priced, and why."""

    address: str
    reason: str

    def __str__(self) -> str:
        return f"{self.address} ({self.reason})"


@dataclass(frozen=True)
class Bill:
    """The priced resources, and those without a price."""

    items: tuple[BillItem, ...]
    unpriced: tuple[Unpriced, ...]

    @property
    def not_priced(self) -> tuple[str, ...]:
        """The addresses of the resources without a price."""
        return tuple(each.address for each in self.unpriced)

    @property
    def monthly(self) -> float:
        """US dollars a month without use."""
        return sum(item.monthly for item in self.items)


def bill(resources: Iterable[Resource], prices: Prices) -> Bill:
    """Return the bill of resources; free ones and data sources are on neither of its lists."""
    items, unpriced = [], []
    for resource in resources:
        if resource.is_data or resource.type in prices.free_types:
            continue
        price = _PRICED.get(resource.type)
        result = price(resource, prices) if price else f"the price list does not have {resource.type}"
        if isinstance(result, BillItem):
            items.append(result)
        else:
            unpriced.append(Unpriced(resource.address, result))
    return Bill(tuple(items), tuple(unpriced))


def _item(resource: Resource, what: str, monthly: float, *rates: Rate) -> BillItem:
    return BillItem(resource.address, resource.type, what, monthly, rates)


def _nat_gateway(resource: Resource, prices: Prices) -> BillItem:
    processed = Rate(prices.price["nat_gateway_gb"].usd, "GB processed")
    return _item(resource, "NAT gateway", prices.monthly("nat_gateway"), processed)


def _elastic_ip(resource: Resource, prices: Prices) -> BillItem:
    return _item(resource, "public IPv4 address", prices.monthly("public_ipv4"))


def _cache(resource: Resource, prices: Prices) -> BillItem | str:
    name, engine = (resource.values.get(key) for key in ("node_type", "engine"))
    if engine != "memcached":
        return _engine(engine)
    node_type = prices.node_types.get(name or "")
    if node_type is None:
        return f"the price list of {prices.region} does not have node type {name}"
    number = int(resource.values.get("num_cache_nodes") or 1)
    what = f"{counted(number, 'cache node')} {node_type.name}"
    cross_zone = Rate(2 * prices.price["between_zones_gb"].usd, "GB of cross-zone reads")
    return _item(resource, what, number * node_type.price.usd * prices.hours_a_month, cross_zone)


def _engine(name: object) -> str:
    return f"engine {name}: only memcached is priced"


def _serverless_cache(resource: Resource, prices: Prices) -> BillItem | str:
    if (engine := resource.values.get("engine")) != "memcached":
        return _engine(engine)
    storage = prices.price["serverless_cache_gb_hour"].usd
    return _item(
        resource,
        "serverless cache with the metered minimum of 1 GB",
        storage * prices.hours_a_month,
        Rate(storage * prices.hours_a_month, "GB-month beyond 1 GB"),
        Rate(prices.price["serverless_cache_million_ecpus"].usd, "million ECPUs"),
    )


def _function(resource: Resource, prices: Prices) -> BillItem:
    memory = int(resource.values.get("memory_size") or 128)
    architecture = architecture_of(resource)
    second = prices.price[f"lambda_gb_second_{architecture}"].usd * memory / 1024
    return _item(
        resource,
        f"function, {memory} MB, {architecture}",
        0,
        Rate(prices.price["lambda_million_calls"].usd, "million calls"),
        Rate(second * 1e6, "million seconds of execution"),
    )


def _log_group(resource: Resource, prices: Prices) -> BillItem:
    days = int(resource.values.get("retention_in_days") or 0)
    retention = counted(days, "day") if days else "unlimited"
    storage = Rate(prices.price["log_storage_gb"].usd, "GB-month")
    if days:
        storage = Rate(storage.usd * days / DAYS_A_MONTH, f"GB stored for {retention}, before compression")
    return _item(
        resource,
        f"log group, retention {retention}",
        0,
        Rate(prices.price["log_gb"].usd, "GB written"),
        storage,
    )


def _alarm(resource: Resource, prices: Prices) -> BillItem | str:
    if int(resource.values.get("period") or 60) < 60 or resource.values.get("metric_query"):
        return "alarms of high resolution and on expressions have other prices"
    return _item(resource, "alarm", prices.price["alarm"].usd)


def _endpoint(resource: Resource, prices: Prices) -> BillItem | str:
    kind = resource.values.get("vpc_endpoint_type") or "Gateway"
    if kind == "Gateway":
        processed = Rate(prices.price["gateway_endpoint_gb"].usd, "GB processed")
        return _item(resource, "gateway endpoint", 0, processed)
    if kind != "Interface":
        return f"endpoint of type {kind}: only Gateway and Interface are priced"
    zones = len(resource.values.get("subnet_ids") or []) or 1
    processed = Rate(prices.price["interface_endpoint_gb"].usd, "GB processed")
    monthly = zones * prices.monthly("interface_endpoint")
    return _item(resource, f"interface endpoint in {counted(zones, 'zone')}", monthly, processed)


def _http_api(resource: Resource, prices: Prices) -> BillItem | str:
    if (protocol := resource.values.get("protocol_type")) != "HTTP":
        return f"API of protocol {protocol}: only HTTP is priced"
    return _item(
        resource,
        "HTTP API",
        0,
        Rate(prices.price["http_api_million_calls"].usd, "million calls of up to 512 KB"),
    )


def architecture_of(function: Resource) -> str:
    """Return a function's processor architecture; AWS's default is x86_64."""
    return next(iter(function.values.get("architectures") or []), "x86_64")


_PRICED: Mapping[str, Callable[[Resource, Prices], BillItem | str]] = {
    "aws_apigatewayv2_api": _http_api,
    "aws_cloudwatch_log_group": _log_group,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_eip": _elastic_ip,
    "aws_elasticache_cluster": _cache,
    "aws_elasticache_serverless_cache": _serverless_cache,
    "aws_lambda_function": _function,
    "aws_nat_gateway": _nat_gateway,
    "aws_vpc_endpoint": _endpoint,
}
