"""Dispatch tables: which handler answers a request to a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class UrlModule:
    """The part of a moto service's `urls` module that moto reads through the service's backend.

    moto finds the module by the name of the backend's class, so a replaced backend must provide its own. It
    is passed to the backend when the control plane is created, so that backends do not import their API's
    handlers.
    """

    url_bases: Sequence[str]  # regular expressions of the service's endpoints
    url_paths: Mapping[str, Callable[..., Any]]  # handler by path, where {0} is the endpoint
