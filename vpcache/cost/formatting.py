"""Table rows of a bill and its choices. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vpcache.cost.bill import Bill, BillItem, Rate
from vpcache.cost.savings import Choice


def money(usd: float) -> str:
    """Format dollars to the cent, and amounts below ten cents to four digits."""
    if usd == 0 or usd >= 0.1:
        return f"${usd:,.2f}"
    return f"${float(f'{usd:.4g}'):.10f}".rstrip("0")


def bill_rows(bill: Bill) -> Iterator[tuple[str, str, str]]:
    """Yield description, monthly and per-use cost for each group of equal resources, then the total."""
    groups: dict[tuple[str, tuple[Rate, ...]], list[BillItem]] = {}
    for item in bill.items:
        groups.setdefault((item.what, item.rates), []).append(item)
    for (what, rates), items in sorted(
        groups.items(), key=lambda pair: -sum(item.monthly for item in pair[1])
    ):
        number = f"{len(items)} x " if len(items) > 1 else ""
        yield f"{number}{what}", money(sum(item.monthly for item in items)), _rates(rates)
    yield "total", money(bill.monthly), ""


def choice_rows(choices: Iterable[Choice]) -> Iterator[tuple[str, str, str]]:
    """Yield a row of description, saving and drawback for each choice."""
    for choice in choices:
        saving = _rates(choice.rates) or f"{money(choice.monthly)} a month"
        yield choice.what, f"{saving}{', already in place' if choice.is_taken else ''}", choice.loses


def _rates(rates: Iterable[Rate]) -> str:
    return "; ".join(f"{money(rate.usd)} per {rate.unit}" for rate in rates)
