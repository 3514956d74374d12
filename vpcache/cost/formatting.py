"""A bill and its choices as rows of words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vpcache.cost.bill import Bill, Item, Rate
from vpcache.cost.savings import Choice


def money(usd: float) -> str:
    """Return dollars to the cent, and what is less than ten cents to four digits."""
    if usd == 0 or usd >= 0.1:
        return f"${usd:,.2f}"
    return f"${float(f'{usd:.4g}'):.10f}".rstrip("0")


def bill_rows(bill: Bill) -> Iterator[tuple[str, str, str]]:
    """Yield what it is, its price a month and by use, for all resources alike in one row; then the sum."""
    alike: dict[tuple[str, tuple[Rate, ...]], list[Item]] = {}
    for item in bill.items:
        alike.setdefault((item.what, item.rates), []).append(item)
    for (what, rates), items in sorted(
        alike.items(), key=lambda pair: -sum(item.monthly for item in pair[1])
    ):
        number = f"{len(items)} x " if len(items) > 1 else ""
        yield f"{number}{what}", money(sum(item.monthly for item in items)), _rates(rates)
    yield "together", money(bill.monthly), ""


def choice_rows(choices: Iterable[Choice]) -> Iterator[tuple[str, str, str]]:
    """Yield what there is to choose, what it saves or is saving, and what it loses."""
    for choice in choices:
        saved = _rates(choice.rates) or f"{money(choice.monthly)} a month"
        yield choice.what, f"{saved}{', taken' if choice.is_taken else ''}", choice.loses


def _rates(rates: Iterable[Rate]) -> str:
    return "; ".join(f"{money(rate.usd)} for each {rate.unit}" for rate in rates)
