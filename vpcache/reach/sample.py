"""The flows of a whole network that are worth sending: each pair of ends at the ports that matter. Pure."""

from __future__ import annotations

from itertools import product

from vpcache.lab.prover.traffic import Flow
from vpcache.reach.answers import Answer, answers
from vpcache.reach.ends import Places
from vpcache.reach.network import Network

_HTTPS = Flow("tcp", 443)
_MOST = 600  # flows, which the lab sends within seconds


def sample(network: Network) -> list[Answer]:
    """Return the answers for TCP between all places, at 443 and at each port at which a cache listens."""
    places = Places(network).all()
    flows = (_HTTPS, *(Flow("tcp", port) for port in sorted(set(network.ports.values()))))
    found = [
        answer
        for flow in flows
        for source, target in product(places, places)
        for answer in answers(network, source, target, flow)
    ]
    return found[:_MOST]
