"""The DNS resolvers of VPCs: they answer for the names of the lab and forward no request."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import IPv4Address

from dnslib import AAAA, CLASS, QTYPE, RCODE, RR, A, DNSRecord

from vpcache.lab.addresses import FUNCTIONS_RESOLVER, IpAddress, resolver_addresses
from vpcache.lab.faults import Fault, Mode
from vpcache.lab.network.naming import FUNCTIONS
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.topology import Topology, Vpc

Records = Callable[[str], tuple[IpAddress, ...] | None]
"""A function from a host name in lower case to its addresses, or None for an unknown name."""

_PORT = 53
_TYPES = {4: QTYPE.A, 6: QTYPE.AAAA}
_TTL = 5  # seconds; short, so that clients soon see changes of a cluster
_UDP_LIMIT = 512  # bytes of a response over UDP without EDNS (RFC 1035, 4.2.1)
_TCP_TIMEOUT = 5.0  # seconds after which a silent TCP connection is closed


def private_records(vpc: Vpc) -> dict[str, tuple[IPv4Address, ...]]:
    """Return the addresses of the names that only `vpc` resolves, or resolves differently.

    They are the names of its caches, its interface endpoints and, with DNS hostnames enabled, its interfaces.
    """
    records: dict[str, tuple[IPv4Address, ...]] = {}
    for cluster in vpc.cache_clusters:
        records[cluster.configuration_hostname] = tuple(node.endpoint_address for node in cluster.nodes)
        records |= {node.hostname: (node.address,) for node in cluster.nodes}
    for cache in vpc.serverless_caches:
        records[cache.hostname] = tuple(address for _, address in cache.endpoints)
    interfaces = {interface.id: interface for interface in vpc.interfaces}
    for endpoint in vpc.interface_endpoints:
        addresses = tuple(interfaces[interface_id].address for interface_id in endpoint.interface_ids)
        records |= dict.fromkeys(endpoint.names, addresses)
    if vpc.has_hostnames:
        private, public = hostname_domains(vpc.region)
        for interface in vpc.interfaces:
            records[_hostname("ip", interface.address, private)] = (interface.address,)
            if interface.public_address:  # inside the VPC, a public name resolves to the private address
                records[_hostname("ec2", interface.public_address, public)] = (interface.address,)
    return {name.lower(): addresses for name, addresses in records.items()}


def hostname_domains(region: str) -> tuple[str, str]:
    """Return the domains of the private and the public host names of interfaces.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
    """
    if region == "us-east-1":
        return "ec2.internal", "compute-1.amazonaws.com"
    return f"{region}.compute.internal", f"{region}.compute.amazonaws.com"


def _hostname(prefix: str, address: IPv4Address, domain: str) -> str:
    return f"{prefix}-{str(address).replace('.', '-')}.{domain}"


def answer(
    packet: bytes, records: Records, limit: int | None = None, *, is_failing: bool = False
) -> bytes | None:
    """Return the response to one DNS message, from `records`, or None if the message is not a query.

    The order of several addresses depends on the query's ID. A response of more than `limit` bytes is
    truncated and marked as such, so that the client repeats the query over TCP.
    """
    try:
        query = DNSRecord.parse(packet)
        name = str(query.q.qname).rstrip(".").lower()
    except Exception:  # dnslib raises struct.error, UnicodeError and more on garbage
        return None
    if query.header.qr or not query.questions:
        return None
    reply = query.reply(ra=1, aa=0)
    addresses = records(name)
    if query.header.opcode or query.q.qclass != CLASS.IN:
        reply.header.rcode = RCODE.NOTIMP
    elif is_failing:
        reply.header.rcode = RCODE.SERVFAIL
    elif addresses is None:
        reply.header.rcode = RCODE.NXDOMAIN
    else:
        asked = [each for each in addresses if query.q.qtype in (_TYPES[each.version], QTYPE.ANY)]
        first = query.header.id % max(len(asked), 1)
        for address in asked[first:] + asked[:first]:
            data = (A if address.version == 4 else AAAA)(str(address))
            reply.add_answer(RR(query.q.qname, _TYPES[address.version], ttl=_TTL, rdata=data))
    packed = reply.pack()
    if limit is not None and len(packed) > limit:
        packed = reply.truncate().pack()
    return bytes(packed)


class Resolver:
    """A resolver on UDP and TCP port 53 of `addresses` inside `namespace`; `update` sets its records."""

    def __init__(self, namespaces: Namespaces, namespace: str, *addresses: IPv4Address) -> None:
        self._records: Records = lambda _: None
        self._mode: Mode | None = None
        self._listeners = {}
        self._datagrams = {}
        for address in addresses:
            listener = namespaces.listen(namespace, str(address), _PORT)
            self._listeners[listener.fileno()] = listener
            datagrams = namespaces.socket(namespace, socket.SOCK_DGRAM)
            datagrams.bind((str(address), _PORT))
            self._datagrams[datagrams.fileno()] = datagrams
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name=f"resolver {namespace}", daemon=True)
        self._thread.start()

    def update(self, records: Records, fault: Fault | None = None) -> None:
        """Replace all records of the resolver, and its fault, if any."""
        self._records = records
        self._mode = fault.mode if fault else None

    def close(self) -> None:
        """Stop the resolver and release its ports."""
        self._stop.close()
        self._thread.join()
        for end in (*self._listeners.values(), *self._datagrams.values(), self._stopped):
            end.close()

    def _serve(self) -> None:
        poll = select.poll()
        for end in (*self._listeners.values(), *self._datagrams.values(), self._stopped):
            end.setblocking(False)
            poll.register(end, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._stopped.fileno() in ready:
                return
            for descriptor in ready & self._datagrams.keys():
                self._answer_udp(self._datagrams[descriptor])
            for descriptor in ready & self._listeners.keys():
                self._accept(self._listeners[descriptor])

    def _answer_udp(self, datagrams: socket.socket) -> None:
        try:
            packet, client = datagrams.recvfrom(65535)
            if reply := self._answer(packet, _UDP_LIMIT):
                datagrams.sendto(reply, client)
        except OSError:
            return  # the client is gone, or the kernel dropped the packet after announcing it

    def _answer(self, packet: bytes, limit: int | None = None) -> bytes | None:
        if self._mode is Mode.DOWN:
            return None
        return answer(packet, self._records, limit, is_failing=self._mode is Mode.ERRORING)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=self._answer_tcp, args=(connection,), daemon=True).start()

    def _answer_tcp(self, connection: socket.socket) -> None:
        connection.settimeout(_TCP_TIMEOUT)
        try:
            with connection, connection.makefile("rb") as stream:
                while len(size := stream.read(2)) == 2:
                    reply = self._answer(stream.read(int.from_bytes(size)))
                    if reply is None:
                        return
                    connection.sendall(len(reply).to_bytes(2) + reply)
        except OSError:
            return


class Resolvers:
    """The resolvers of all VPCs with DNS support, each in its router's namespace, and the one of functions
    outside VPCs; all resolve `public`."""

    def __init__(
        self,
        namespaces: Namespaces,
        router_namespace: Callable[[str], str],
        public: Records,
    ) -> None:
        self._namespaces = namespaces
        self._router_namespace = router_namespace
        self._public = public
        self._resolvers: dict[str, Resolver] = {}
        self._of_functions: Resolver | None = None

    def reconcile(self, topology: Topology, faults: Mapping[str, Fault] | None = None) -> None:
        """Run one resolver for each VPC of `topology` with DNS support, and one for its functions outside
        VPCs. The namespaces must exist.

        `faults` are the faults of resolvers, by VPC.
        """
        self._reconcile_functions(has_functions=bool(topology.public_functions))
        desired = {vpc.id: vpc for vpc in topology.vpcs if vpc.has_dns}
        for obsolete in self._resolvers.keys() - desired.keys():
            self._resolvers.pop(obsolete).close()
        for vpc in desired.values():
            if vpc.id not in self._resolvers:
                namespace = self._router_namespace(vpc.id)
                self._resolvers[vpc.id] = Resolver(self._namespaces, namespace, *resolver_addresses(vpc.cidr))
            private = private_records(vpc)
            records = partial(_look_up, private, self._public)
            self._resolvers[vpc.id].update(records, (faults or {}).get(vpc.id))

    def _reconcile_functions(self, *, has_functions: bool) -> None:
        if has_functions and not self._of_functions:
            self._of_functions = Resolver(self._namespaces, FUNCTIONS, FUNCTIONS_RESOLVER)
            self._of_functions.update(self._public)
        elif self._of_functions and not has_functions:
            self._of_functions.close()
            self._of_functions = None

    @property
    def vpcs(self) -> set[str]:
        """The VPCs that have a resolver."""
        return set(self._resolvers)

    def close(self) -> None:
        """Close every resolver."""
        self.reconcile(Topology())


def _look_up(
    private: Mapping[str, tuple[IPv4Address, ...]], public: Records, name: str
) -> tuple[IpAddress, ...] | None:
    return private[name] if name in private else public(name)
