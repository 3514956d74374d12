"""Content codings by Accept-Encoding: RFC 9110, 8.4.1 and 12.5.3. Pure."""

import re
import zlib
from collections import OrderedDict

IDENTITY = "identity"
MIN_BYTES = 1000  # CloudFront's minimum; a smaller body saves nothing
_MAX_HEADER = 1000  # characters
_LEVEL = 6
_WINDOW_BITS = {"gzip": 31, "deflate": 15}  # of zlib: with gzip's frame, and with its own; the better first
_ITEM = re.compile(r"([!#$%&'*+.^_`|~0-9a-z-]+)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?", re.ASCII)
_TEXT = re.compile(r"text/.+|application/(.+\+)?(json|xml)|application/javascript|image/svg\+xml")


def weights(header):
    """Return the codings in an Accept-Encoding header with their weights, 0 to 1; invalid items are ignored.

    A header of more than 1,000 characters counts as absent.
    """
    if len(header) > _MAX_HEADER:
        return {}
    found = {}
    for item in header.lower().split(","):
        if match := _ITEM.fullmatch(item.strip()):
            found["gzip" if match[1] == "x-gzip" else match[1]] = float(match[2] or 1)
    return found


def choose(header, *, is_worthwhile):
    """Return the coding for an Accept-Encoding header, None if the header accepts none.

    Without `is_worthwhile`, a coding is used only if the header does not accept identity.
    """
    listed = weights(header)
    others = listed.get("*", 0.0)
    identity = listed.get(IDENTITY, others if "*" in listed else 1.0)
    name, weight = max(
        ((name, listed.get(name, others)) for name in _WINDOW_BITS), key=lambda each: each[1]
    )  # of equal ones, the first
    # identity that is not listed is acceptable, but a listed coding is preferred
    is_preferred = weight >= (identity if IDENTITY in listed else 0.0)
    if weight > 0 and (identity == 0 or (is_worthwhile and is_preferred)):
        return name
    return IDENTITY if identity > 0 else None


def is_worthwhile(content_type, size):
    """Return whether a body of `size` bytes gets much smaller by a coding."""
    return size >= MIN_BYTES and _TEXT.fullmatch(content_type.partition(";")[0].strip().lower()) is not None


def encode(content, coding):
    """Return content in a coding; equal content becomes equal bytes."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS[coding])
    return compressor.compress(content) + compressor.flush()


class RecentResults:
    """The last results of an expensive function, by name, as long as they fit into `max_bytes`."""

    def __init__(self, max_bytes):
        self._free = max_bytes
        self._results: OrderedDict[str, bytes] = OrderedDict()

    def get(self, name, make):
        """Return the result with a name, which `make()` returns if there is none."""
        if name in self._results:
            self._results.move_to_end(name)
            return self._results[name]
        result = make()
        self._results[name] = result
        self._free -= len(result)
        while self._free < 0:
            _, removed = self._results.popitem(last=False)
            self._free += len(removed)
        return result
