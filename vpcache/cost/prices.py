"""The dated price list."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files


@dataclass(frozen=True)
class Price:
    """The price of one unit in US dollars, its date and source, and AWS's page with the current price."""

    usd: float
    unit: str
    read: date
    source: str
    page: str


@dataclass(frozen=True)
class NodeType:
    """A cache node type, its price per hour, and its memory in GiB."""

    name: str
    price: Price
    memory: float

    @property
    def family(self) -> str:
        """The type without its size, such as cache.t4g."""
        return self.name.rpartition(".")[0]


@dataclass(frozen=True)
class Prices:
    """All prices of one region."""

    region: str
    hours_a_month: int
    price: Mapping[str, Price]
    node_types: Mapping[str, NodeType]
    free_types: frozenset[str]

    def monthly(self, name: str) -> float:
        """Return the cost per month of an item with a price per hour."""
        return self.price[name].usd * self.hours_a_month

    @property
    def all(self) -> Mapping[str, Price]:
        """All prices, by name or node type."""
        return {**self.price, **{name: node.price for name, node in self.node_types.items()}}

    @property
    def read(self) -> tuple[date, date]:
        """The dates of the oldest and the newest price."""
        days = sorted(price.read for price in self.all.values())
        return days[0], days[-1]


def load_prices() -> Prices:
    """Return the price list of this package."""
    table = tomllib.loads((files("vpcache.cost") / "prices.toml").read_text())
    nodes = table["cache_nodes"]
    types = nodes.pop("types")
    return Prices(
        region=table["region"],
        hours_a_month=table["hours_a_month"],
        price={name: Price(**price) for name, price in table["price"].items()},
        node_types={
            name: NodeType(name, Price(usd=values["usd"], **nodes), values["memory"])
            for name, values in types.items()
        },
        free_types=frozenset(table["free"]["types"]),
    )
