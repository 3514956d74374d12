"""ElastiCache's auto discovery within memcached's text protocol: the command and its reply. Pure."""

from __future__ import annotations

from vpcache.lab.topology import CacheCluster

_DISCOVER = [b"config", b"get", b"cluster"]


def is_discovery(words: list[bytes]) -> bool:
    """Return whether the words of a command are `config get cluster`."""
    return words == _DISCOVER


def discovery_reply(cluster: CacheCluster) -> bytes:
    """Return the answer to `config get cluster` for `cluster` (ElastiCache's auto discovery protocol)."""
    nodes = " ".join(f"{node.hostname}|{node.address}|{node.port}" for node in cluster.nodes)
    payload = f"{cluster.version}\n{nodes}\n".encode()
    return b"CONFIG cluster 0 %d\r\n%s\r\nEND\r\n" % (len(payload), payload)


class AnswerStream:
    """Replaces each `mark` in memcached's bytes by a reply; the bytes may arrive in pieces of any size."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._kept = b""  # the last bytes, if they may be the beginning of a mark

    def feed(self, received: bytes, reply: bytes) -> bytes:
        """Return the bytes that can be passed on."""
        *before, last = (self._kept + received).split(self._mark)
        end = len(last) - _overlap(last, self._mark)
        self._kept = last[end:]
        return reply.join([*before, last[:end]])

    def rest(self) -> bytes:
        """Return the bytes that are still kept at the end of the connection."""
        return self._kept


def _overlap(text: bytes, mark: bytes) -> int:
    """Return how many bytes at the end of `text` may be the beginning of `mark`."""
    sizes = range(min(len(text), len(mark) - 1), 0, -1)
    return next((size for size in sizes if text.endswith(mark[:size])), 0)
