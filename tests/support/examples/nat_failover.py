"""A drill of failover between NAT gateways: what functions in two zones see while one gateway is out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, groupby

from vpcache.functions import FunctionClient, FunctionError
from vpcache.lab.addresses import DUAL_STACK_CHECKIP, HOSTS, ORIGIN
from vpcache.lab.client import Lab
from vpcache.stack.stack import Outputs
from vpcache.stack.target import Target

LAB_TARGETS = [str(HOSTS[name]) for name in (ORIGIN, DUAL_STACK_CHECKIP)]
"""Targets of the checks on the lab: its hosts that the functions of a drill do not call."""

RATE = 2.0  # requests a second in each zone
CONNECTIONS = 64
STEADY_SECONDS = 3.0


@dataclass(frozen=True)
class Request:
    """A request of a zone's function: begin and end by `time.monotonic`, and the address that was seen.

    `address` is None if the request failed.
    """

    zone: str
    begin: float
    end: float
    address: str | None


@dataclass(frozen=True)
class Figures:
    """What a drill measured. Times are in seconds: from the fault, and from its end."""

    requests: int
    failed: int
    failed_elsewhere: int  # in the zone whose gateway works
    egress_back: float
    own_address_back: float
    addresses: tuple[
        str, ...
    ]  # of the zone of the fault, each change once, in the order of the requests' ends


class Requests:
    """The requests of a load that is running."""

    def __init__(self, target: Target, functions: Mapping[str, str]) -> None:
        self._client = FunctionClient(target, connections=CONNECTIONS)
        self._functions = functions
        self._ended: list[Request] = []

    def ended(self, zone: str, since: float = 0.0) -> list[Request]:
        """Return the ended requests of a zone that began after `since`, in the order of their ends."""
        requests = [each for each in self._ended.copy() if each.zone == zone and each.begin > since]
        return sorted(requests, key=lambda each: each.end)

    def all_ended(self) -> int:
        """Return the number of requests that have ended."""
        return len(self._ended)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send requests for the time of a `with` block, and wait for the last ones."""
        stopping, started = threading.Event(), time.monotonic()
        with ThreadPoolExecutor(CONNECTIONS) as pool:

            def run() -> None:
                for number in count():
                    if stopping.wait(max(0.0, started + number / RATE - time.monotonic())):
                        return
                    for zone in self._functions:
                        pool.submit(self._request, zone)

            clock = threading.Thread(target=run, name="load", daemon=True)
            clock.start()
            try:
                yield
            finally:
                stopping.set()
                clock.join()

    def _request(self, zone: str) -> None:
        begin = time.monotonic()
        try:
            address = self._client.call(self._functions[zone], {}).payload["address"]
        except FunctionError:
            address = None
        self._ended.append(Request(zone, begin, time.monotonic(), address))


def drill(target: Target, lab: Lab, outputs: Outputs, zone: str, *, hold: float = 5.0) -> Figures:
    """Cut a zone's NAT gateway, wait for the failover and `hold` seconds more, and repair it.

    The function of each zone is in the output `egress_probes`. Raises TimeoutError if a change takes longer
    than 90 seconds.
    """
    functions, addresses = outputs["egress_probes"], outputs["egress_ips"]
    (other,) = (each for each in functions if each != zone)
    requests = Requests(target, functions)
    with requests.running():
        _wait(lambda: addresses[zone] in _seen(requests, zone, 0.0))
        time.sleep(STEADY_SECONDS)
        lab.fault("nat_gateway", outputs["nat_gateway_ids"][zone])
        try:
            cut = time.monotonic()
            _wait(lambda: addresses[other] in _seen(requests, zone, cut))
            time.sleep(hold)
        finally:
            lab.clear_faults("nat_gateway", outputs["nat_gateway_ids"][zone])
        repaired = time.monotonic()
        _wait(lambda: addresses[zone] in _seen(requests, zone, repaired))
        time.sleep(STEADY_SECONDS)
    back = next(each.end for each in requests.ended(zone, cut) if each.address)
    own = next(each.end for each in requests.ended(zone, repaired) if each.address == addresses[zone])
    seen = [each.address for each in requests.ended(zone) if each.address]
    return Figures(
        requests=requests.all_ended(),
        failed=sum(each.address is None for each in requests.ended(zone)),
        failed_elsewhere=sum(each.address != addresses[other] for each in requests.ended(other)),
        egress_back=round(back - cut, 1),
        own_address_back=round(own - repaired, 1),
        addresses=tuple(address for address, _ in groupby(seen)),
    )


def _seen(requests: Requests, zone: str, since: float) -> set[str | None]:
    return {each.address for each in requests.ended(zone, since)}


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the zone's requests do not have the expected address")
        time.sleep(0.1)
