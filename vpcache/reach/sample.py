"""The flows of a whole network that are worth sending: each pair of ends at the ports that matter. Pure."""

from __future__ import annotations

from itertools import product

from vpcache.lab.prover.traffic import Flow
from vpcache.reach.answers import Answer, answers
from vpcache.reach.ends import Places
from vpcache.reach.network import Network

_HTTPS = Flow("tcp", 443)
_MOST = 600  # flows, which the lab sends within seconds


def sample(network: Network, source: str = "", target: str = "") -> list[Answer]:
    """Return the answers for TCP between all places, at 443 and at each port at which a cache listens.

    With `source` or `target`, they are those from or to this end.
    """
    places = Places(network)
    every = places.all()
    sources = (places.named(source),) if source else every
    targets = (places.named(target),) if target else every
    flows = (_HTTPS, *(Flow("tcp", port) for port in sorted(set(network.ports.values()))))
    found = [
        answer
        for flow in flows
        for pair in product(sources, targets)
        for answer in answers(network, *pair, flow)
    ]
    return found[:_MOST]
