"""The node of a key. A change of nodes moves only the keys of the added and removed nodes."""

import functools
import zlib


class Ring:
    """Rendezvous hashing: a key belongs to the node with the greatest hash of node and key."""

    def __init__(self, nodes):
        self.nodes = tuple(nodes)
        self.node_of = functools.lru_cache(maxsize=4096)(self._node_of)

    def _node_of(self, key):
        return max(self.nodes, key=lambda node: _weight(node, key), default=None)


def _weight(node, key):
    """Return 32 bits: a CRC and MurmurHash3's finalizer; plain CRCs of two nodes differ by a constant."""
    bits = zlib.crc32(f"{node.host}:{node.port} ".encode() + key)
    bits = (bits ^ bits >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    bits = (bits ^ bits >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return bits ^ bits >> 16
