"""Validators and conditions: RFC 9110, 8.8.3 and 13.1.2. Pure."""

import hashlib
import re

_MAX_HEADER = 4096  # characters
_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def etag_of(prepared, coding):
    """Return the strong entity tag of a prepared response in a content coding, None for identity.

    It is the same on all workers, and after a refresh that changes nothing.
    """
    digest = hashlib.sha256(prepared).hexdigest()[:32]
    return f'"{digest}-{coding}"' if coding else f'"{digest}"'


def is_match(if_none_match, etag):
    """Return whether an If-None-Match header lists an entity tag, by weak comparison."""
    if len(if_none_match) > _MAX_HEADER:
        return False
    return if_none_match.strip() == "*" or etag.strip('"') in _TAG.findall(if_none_match)
