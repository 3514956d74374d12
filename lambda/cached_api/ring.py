"""Which node a key belongs to, so that nodes can come and go without moving the keys of the others."""

import functools
import hashlib


class Ring:
    """Rendezvous hashing: a key goes to the node whose name, hashed together with it, gives the most."""

    def __init__(self, nodes):
        self.nodes = tuple(nodes)
        self.node_of = functools.lru_cache(maxsize=4096)(self._node_of)

    def _node_of(self, key):
        return max(self.nodes, key=lambda node: _weight(node, key), default=None)


def _weight(node, key):
    name = f"{node.host}:{node.port} ".encode()
    return hashlib.blake2b(name + key, digest_size=8).digest()
