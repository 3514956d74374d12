"""Counters of links in the text of /proc/net/dev, and rates between two readings."""

from __future__ import annotations

from dataclasses import replace

from tests.support.network.scenario import VPC
from vpcache.lab.daemon.link_counters import Counters, ids_by_device, parse, traffic
from vpcache.lab.network.naming import device, endpoint_device
from vpcache.lab.topology import GatewayEndpoint

TEXT = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
e-0123456789ab:    1500      12    0    0    0     0          0         0   90000      60    0    0    0     0       0          0
gateway:123456789012 1 0 0 0 0 0 0 7 2 0 0 0 0 0 0
"""  # noqa: E501  # as the kernel writes it


def test_what_a_router_receives_was_sent_by_the_other_end() -> None:
    assert parse(TEXT) == {
        "lo": Counters(0, 0, 0, 0),
        "e-0123456789ab": Counters(12, 1500, 60, 90000),
        "gateway": Counters(1, 123456789012, 2, 7),
    }


def test_links_have_the_ids_of_their_other_ends() -> None:
    names = ids_by_device(replace(VPC, gateway_endpoints=(GatewayEndpoint("vpce-s3", "s3"),)))
    assert names[device("eni-cache")] == "eni-cache"
    assert names[endpoint_device("vpce-s3")] == "vpce-s3"
    assert names["gateway"] == "igw-1"
    assert "gateway" not in ids_by_device(replace(VPC, internet_gateway_id=None))


def test_rates_are_those_since_the_reading_before() -> None:
    before, now = {"eni-1": Counters(10, 1000, 0, 0)}, {"eni-1": Counters(30, 4000, 5, 50)}
    found = traffic(now, before, 2.0)["eni-1"]
    assert found["sent"] == {
        "packets": 30,
        "bytes": 4000,
        "packets_per_second": 10.0,
        "bytes_per_second": 1500.0,
    }
    assert found["received"]["bytes_per_second"] == 25.0


def test_first_reading_of_a_link_has_no_rate() -> None:
    found = traffic({"eni-1": Counters(30, 4000, 5, 50)}, {}, 1.0)["eni-1"]["sent"]
    assert (found["packets"], found["packets_per_second"], found["bytes_per_second"]) == (30, 0.0, 0.0)
