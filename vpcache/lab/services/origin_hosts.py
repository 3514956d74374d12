"""The servers of the origins that a user adds to the lab's internet."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from vpcache.lab.addresses import ORIGIN_ADDRESSES
from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault
from vpcache.lab.network.naming import INTERNET
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.origins import Origin, OriginRequest
from vpcache.lab.services.http_host import HttpAnswer, HttpHost, HttpRequest, Tls
from vpcache.lab.services.responders import Connect, Responder, responder
from vpcache.lab.topology import InternetHost

_KEPT_REQUESTS = 1000


@dataclass(frozen=True, slots=True)
class _Served:
    origin: Origin
    address: IPv4Address
    host: HttpHost
    closing: threading.Event


class OriginHosts:
    """Serves origins over HTTPS, each at its own address, and remembers the newest requests."""

    def __init__(self, namespaces: Namespaces, tls: Callable[[str], Tls], connect: Connect) -> None:
        self._namespaces = namespaces
        self._tls = tls
        self._connect = connect
        self._served: dict[str, _Served] = {}
        self._requests: deque[OriginRequest] = deque(maxlen=_KEPT_REQUESTS)

    def serve(self, origin: Origin) -> None:
        """Serve `origin` from now on, in place of another one of its name. Raises LabError.

        Its address remains the same, since clients may have resolved it.
        """
        if origin.folder is not None and not Path(origin.folder).is_dir():
            raise LabError(f"folder {origin.folder} of origin {origin.name}: the lab finds no such folder")
        before = self._served.get(origin.name)
        address = before.address if before else self._free_address()
        self._stop(origin.name)
        closing = threading.Event()
        answer = self._answering(origin, responder(origin, self._connect), closing)
        listener = self._namespaces.listen(INTERNET, str(address), 443)
        host = HttpHost(listener, self._tls(origin.name), answer)
        self._served[origin.name] = _Served(origin, address, host, closing)

    def remove(self, name: str) -> None:
        """Stop serving an origin and forget its requests; an unknown name is no error."""
        self._stop(name)
        kept = [request for request in self._requests.copy() if request.origin != name]
        self._requests = deque(kept, maxlen=_KEPT_REQUESTS)

    def reconcile(self, faults: Mapping[str, Fault]) -> None:
        """Apply exactly the faults in `faults`, by host name."""
        for name, served in self._served.items():
            served.host.set_fault(faults.get(name))

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The origins, sorted by name."""
        return tuple(self._served[name].origin for name in sorted(self._served))

    @property
    def hosts(self) -> tuple[InternetHost, ...]:
        """The addresses of the origins, sorted by name."""
        return tuple(InternetHost(name, self._served[name].address) for name in sorted(self._served))

    @property
    def requests(self) -> tuple[OriginRequest, ...]:
        """The newest 1,000 requests, oldest first."""
        return tuple(self._requests.copy())

    def _stop(self, name: str) -> None:
        if served := self._served.pop(name, None):
            served.closing.set()
            served.host.close()

    def _free_address(self) -> IPv4Address:
        used = {served.address for served in self._served.values()}
        free = next((address for address in ORIGIN_ADDRESSES if address not in used), None)
        if free is None:
            raise LabError(f"the lab has {len(used)} origins, and no address for more: remove one first")
        return free

    def _answering(
        self, origin: Origin, answer: Responder, closing: threading.Event
    ) -> Callable[[HttpRequest], HttpAnswer]:
        def recorded(request: HttpRequest) -> HttpAnswer:
            arrived = time.time()
            closing.wait(origin.delay)
            reply = answer(request)
            self._requests.append(
                OriginRequest(
                    arrived, origin.name, request.caller, request.method, request.target, reply.status
                )
            )
            return reply

        return recorded
