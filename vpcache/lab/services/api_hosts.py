"""AWS's API under its own host names: on the internet, on gateway endpoints and on interface endpoints."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from wsgiref.types import WSGIApplication

from werkzeug.serving import ThreadedWSGIServer

from vpcache.lab.addresses import API_ADDRESS, SERVICE_ADDRESSES
from vpcache.lab.network.naming import INTERNET, endpoint_namespace, interface_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.authority import Authority
from vpcache.lab.services.http import RequestHandler
from vpcache.lab.services.sockets import BackgroundServer
from vpcache.lab.topology import Topology

_DOMAIN = "amazonaws.com"
_HostAddress = tuple[str, str]  # namespace and address


class ApiHosts:
    """The servers of `api`, over HTTPS and HTTP, at all addresses that a topology has for it."""

    def __init__(self, namespaces: Namespaces, authority: Authority, api: WSGIApplication) -> None:
        self._namespaces = namespaces
        self._tls = authority.server_of_any(_DOMAIN)
        self._api = api
        self._servers: dict[_HostAddress, list[_Server]] = {}

    def reconcile(self, topology: Topology) -> None:
        """Serve at the internet's addresses and at `topology`'s endpoints, whose namespaces must exist."""
        desired = api_addresses(topology)
        for obsolete in self._servers.keys() - desired:
            for server in self._servers.pop(obsolete):
                server.close()
        for host in desired - self._servers.keys():
            self._servers[host] = [
                _Server(self._namespaces.listen(*host, port), tls, self._api)
                for port, tls in ((443, self._tls), (80, None))
            ]


def api_addresses(topology: Topology) -> set[_HostAddress]:
    """Return the namespaces where AWS's API is served, each with its address there."""
    internet = {(INTERNET, str(address)) for address in (API_ADDRESS, *SERVICE_ADDRESSES.values())}
    gateway_endpoints = {
        (endpoint_namespace(endpoint.id), str(SERVICE_ADDRESSES[endpoint.service]))
        for vpc in topology.vpcs
        for endpoint in vpc.gateway_endpoints
    }
    addresses: Mapping[str, str] = {
        interface.id: str(interface.address) for vpc in topology.vpcs for interface in vpc.interfaces
    }
    interface_endpoints = {
        (interface_namespace(interface_id), addresses[interface_id])
        for vpc in topology.vpcs
        for endpoint in vpc.interface_endpoints
        for interface_id in endpoint.interface_ids
    }
    return internet | gateway_endpoints | interface_endpoints


class _Server(BackgroundServer, ThreadedWSGIServer):
    """A WSGI server on a listener, over TLS if a context is given."""

    def __init__(self, listener: socket.socket, tls: ssl.SSLContext | None, api: WSGIApplication) -> None:
        address, port = listener.getsockname()
        super().__init__(address, port, api, RequestHandler, fd=listener.fileno())
        listener.close()  # the server has a duplicate
        self.ssl_context = tls
        self.start(f"api {address}")

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the TLS context, or None for plain HTTP."""
        return self.ssl_context
