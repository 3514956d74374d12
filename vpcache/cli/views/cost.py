"""The cost of an environment."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from vpcache.cli.console import user_errors
from vpcache.cli.views.terraform_json import check_source, planned, read, source_name
from vpcache.project import Project
from vpcache.stack.target import offline_target


@user_errors
def cost(root: Path, environment: str, region: str, *, source: str, as_json: bool) -> None:
    """Print the monthly and usage-based cost of an environment, or of a state or plan in a file."""
    from vpcache.cost.bill import bill
    from vpcache.cost.formatting import bill_rows, choice_rows, money
    from vpcache.cost.prices import load_prices
    from vpcache.cost.savings import choices
    from vpcache.terraform.resources import resources

    check_source(environment, source, region=region)
    region_name = None
    if source:
        document = read(source)
    else:
        project = Project(root)
        pinned = project.values(environment).region
        target = offline_target(os.environ, region=region or None, pinned_region=pinned)
        document, region_name = planned(project.stack(environment, target)), target.region
    prices, everything = load_prices(), resources(document).all
    priced, options = bill(everything, prices), choices(everything, prices)
    if as_json:
        report = {
            "region": prices.region,
            "currency": "USD",
            "monthly": round(priced.monthly, 2),
            "resources": [asdict(item) for item in priced.items],
            "not_priced": priced.not_priced,
            "not_priced_reasons": {each.address: each.reason for each in priced.unpriced},
            "choices": [asdict(choice) for choice in options],
            "prices": {name: asdict(price) for name, price in prices.all.items()},
        }
        print(json.dumps(report, default=str))  # days
        return
    first, last = prices.read
    if region_name not in (None, prices.region):
        print(f"note: {environment} is in {region_name}; the prices are those of {prices.region}")
    subject = environment or source_name(source)
    print(
        f"cost of {subject} in {prices.region}, on demand, without free tier and taxes, "
        f"prices as of {first} to {last}"
    )
    _show(("resource", "a month", "by use"), bill_rows(priced))
    internet, zones = (prices.price[name].usd for name in ("to_internet_gb", "between_zones_gb"))
    print(
        f"data transfer: {money(internet)} per GB to the internet, {money(zones)} per GB between zones, "
        "in each direction"
    )
    if priced.unpriced:
        print(f"not priced: {', '.join(map(str, priced.unpriced))}")
    _show(("choice", "saves", "loses"), choice_rows(options))


def _show(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 200).print(table)  # logs are not wrapped
