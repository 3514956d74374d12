"""AWS's API under its own host names: on the internet, on gateway endpoints and on interface endpoints."""

from __future__ import annotations

import socket
import ssl
from wsgiref.types import WSGIApplication

from werkzeug.serving import ThreadedWSGIServer

from vpcache.lab.addresses import API_ADDRESS, SERVICE_ADDRESSES
from vpcache.lab.network.naming import INTERNET, endpoint_namespace, interface_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.authority import Authority
from vpcache.lab.services.endpoint_requests import UsedEndpoint, through
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
        for obsolete in self._servers.keys() - desired.keys():
            for server in self._servers.pop(obsolete):
                server.close()
        for host in desired.keys() - self._servers.keys():
            endpoint = desired[host]
            api = through(endpoint, self._api) if endpoint else self._api
            self._servers[host] = [
                _Server(self._namespaces.listen(*host, port), tls, api)
                for port, tls in ((443, self._tls), (80, None))
            ]


def api_addresses(topology: Topology) -> dict[_HostAddress, UsedEndpoint | None]:
    """Return where AWS's API is served, each namespace and address with the VPC endpoint there, if any."""
    hosts: dict[_HostAddress, UsedEndpoint | None] = {
        (INTERNET, str(address)): None for address in (API_ADDRESS, *SERVICE_ADDRESSES.values())
    }
    for vpc in topology.vpcs:
        for gateway in vpc.gateway_endpoints:
            used = UsedEndpoint(gateway.id, vpc.id, vpc.region)
            hosts[endpoint_namespace(gateway.id), str(SERVICE_ADDRESSES[gateway.service])] = used
        addresses = {interface.id: str(interface.address) for interface in vpc.interfaces}
        for endpoint in vpc.interface_endpoints:
            used = UsedEndpoint(endpoint.id, vpc.id, vpc.region)
            for interface_id in endpoint.interface_ids:
                hosts[interface_namespace(interface_id), addresses[interface_id]] = used
    return hosts


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
