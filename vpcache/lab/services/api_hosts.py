"""AWS's API under its own names: on the internet, behind gateway endpoints and on interface endpoints."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Any
from wsgiref.types import WSGIApplication

from werkzeug.serving import ThreadedWSGIServer

from vpcache.lab.addresses import API_ADDRESS, SERVICE_ADDRESSES
from vpcache.lab.network.naming import INTERNET, endpoint_namespace, interface_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.authority import Authority
from vpcache.lab.services.http import RequestHandler
from vpcache.lab.services.sockets import cut
from vpcache.lab.topology import Topology

_DOMAIN = "amazonaws.com"
_PATIENCE = 60.0  # seconds that a kept connection may be silent
_Place = tuple[str, str]  # namespace and address


class ApiHosts:
    """The hosts where `api` answers over TLS and without, as far as a topology has them."""

    def __init__(self, namespaces: Namespaces, authority: Authority, api: WSGIApplication) -> None:
        self._namespaces = namespaces
        self._tls = authority.server_of_any(_DOMAIN)
        self._api = api
        self._standing: dict[_Place, list[_Server]] = {}

    def reconcile(self, topology: Topology) -> None:
        """Let exactly the internet's hosts and `topology`'s endpoints answer. Their places must stand."""
        wanted = places(topology)
        for gone in self._standing.keys() - wanted:
            for server in self._standing.pop(gone):
                server.close()
        for place in wanted - self._standing.keys():
            self._standing[place] = [
                _Server(self._namespaces.listen(*place, port), tls, self._api)
                for port, tls in ((443, self._tls), (80, None))
            ]


def places(topology: Topology) -> set[_Place]:
    """Return the namespaces where AWS's API answers, each with its address there."""
    internet = {(INTERNET, str(address)) for address in (API_ADDRESS, *SERVICE_ADDRESSES.values())}
    behind = {
        (endpoint_namespace(endpoint.id), str(SERVICE_ADDRESSES[endpoint.service]))
        for vpc in topology.vpcs
        for endpoint in vpc.gateway_endpoints
    }
    addresses: Mapping[str, str] = {
        each.id: str(each.address) for vpc in topology.vpcs for each in vpc.interfaces
    }
    inside = {
        (interface_namespace(interface_id), addresses[interface_id])
        for vpc in topology.vpcs
        for endpoint in vpc.interface_endpoints
        for interface_id in endpoint.interface_ids
    }
    return internet | behind | inside


class _Server(ThreadedWSGIServer):
    """HTTP on a given listener, over TLS where a context is given, one thread a connection."""

    def __init__(self, listener: socket.socket, tls: ssl.SSLContext | None, api: WSGIApplication) -> None:
        address, port = listener.getsockname()
        super().__init__(address, port, api, RequestHandler, fd=listener.fileno())
        listener.close()  # the server has a duplicate
        self.ssl_context = tls
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, name=f"api {address}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting and cut what is open."""
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                cut(connection)
        self.server_close()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection in its thread, handshake included, so that no client holds up others."""
        request.settimeout(_PATIENCE)
        if self.ssl_context:
            request = self.ssl_context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that vanish or speak no TLS."""
