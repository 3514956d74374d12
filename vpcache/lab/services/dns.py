"""The DNS resolver of a VPC, at base plus two of its range: it knows the lab's names and forwards nothing."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import IPv4Address

from dnslib import CLASS, QTYPE, RCODE, RR, A, DNSRecord

from vpcache.lab.addresses import resolver_addresses
from vpcache.lab.faults import Fault, Mode
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.topology import Topology, Vpc

Records = Callable[[str], tuple[IPv4Address, ...] | None]
"""What a name in lower case means: its addresses, or None if there is no such name."""

_PORT = 53
_TTL = 5  # seconds; short, so that a client of a changed cluster soon sees it
_UDP_LIMIT = 512  # bytes of an answer over UDP without EDNS (RFC 1035, 4.2.1)
_TCP_PATIENCE = 5.0  # seconds that a TCP client may be silent


def private_records(vpc: Vpc) -> dict[str, tuple[IPv4Address, ...]]:
    """Return the names that mean something else inside `vpc` than outside, or nothing there.

    They are those of its cache clusters, its interface endpoints and, if it has host names, its interfaces.
    """
    records: dict[str, tuple[IPv4Address, ...]] = {}
    for cluster in vpc.cache_clusters:
        records[cluster.configuration_hostname] = tuple(node.endpoint_address for node in cluster.nodes)
        records |= {node.hostname: (node.address,) for node in cluster.nodes}
    interfaces = {each.id: each for each in vpc.interfaces}
    for endpoint in vpc.interface_endpoints:
        addresses = tuple(interfaces[each].address for each in endpoint.interface_ids)
        records |= dict.fromkeys(endpoint.names, addresses)
    if vpc.has_hostnames:
        private, public = hostname_domains(vpc.region)
        for each in vpc.interfaces:
            records[_hostname("ip", each.address, private)] = (each.address,)
            if each.public_address:  # from inside, a public name means the private address
                records[_hostname("ec2", each.public_address, public)] = (each.address,)
    return {name.lower(): addresses for name, addresses in records.items()}


def hostname_domains(region: str) -> tuple[str, str]:
    """Return the domains of interfaces' private and public names.

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
    """Answer one DNS message from `records`, names in lower case; None if it is no question.

    Several addresses come in an order that changes with the question's id. An answer longer than
    `limit` bytes is cut and marked so, for the client to ask again over TCP.
    """
    try:
        question = DNSRecord.parse(packet)
        name = str(question.q.qname).rstrip(".").lower()
    except Exception:  # dnslib raises struct.error, UnicodeError and more on garbage
        return None
    if question.header.qr or not question.questions:
        return None
    reply = question.reply(ra=1, aa=0)
    addresses = records(name)
    if question.header.opcode or question.q.qclass != CLASS.IN:
        reply.header.rcode = RCODE.NOTIMP
    elif is_failing:
        reply.header.rcode = RCODE.SERVFAIL
    elif addresses is None:
        reply.header.rcode = RCODE.NXDOMAIN
    elif question.q.qtype in (QTYPE.A, QTYPE.ANY) and addresses:
        first = question.header.id % len(addresses)
        for address in addresses[first:] + addresses[:first]:
            reply.add_answer(RR(question.q.qname, QTYPE.A, ttl=_TTL, rdata=A(str(address))))
    packed = reply.pack()
    if limit is not None and len(packed) > limit:
        packed = reply.truncate().pack()
    return bytes(packed)


class Resolver:
    """A resolver on UDP and TCP port 53 of `addresses` inside `namespace`; `update` says what it knows."""

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
        """Replace all that the resolver knows at once; `fault` is what is wrong with it."""
        self._records = records
        self._mode = fault.mode if fault else None

    def close(self) -> None:
        """Stop answering and free the port."""
        self._stop.close()
        self._thread.join()
        for each in (*self._listeners.values(), *self._datagrams.values(), self._stopped):
            each.close()

    def _serve(self) -> None:
        poll = select.poll()
        for each in (*self._listeners.values(), *self._datagrams.values(), self._stopped):
            each.setblocking(False)
            poll.register(each, select.POLLIN)
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
            return  # a client that vanished, or a packet that the kernel took back

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
        connection.settimeout(_TCP_PATIENCE)
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
    """The resolvers of all VPCs with DNS, each in its router's namespace; all know the names of `public`."""

    def __init__(
        self,
        namespaces: Namespaces,
        router_namespace: Callable[[str], str],
        public: Records,
    ) -> None:
        self._namespaces = namespaces
        self._router_namespace = router_namespace
        self._public = public
        self._standing: dict[str, Resolver] = {}

    def reconcile(self, topology: Topology, faults: Mapping[str, Fault] | None = None) -> None:
        """Let exactly the VPCs of `topology` have a resolver, each with its names. The routers must stand.

        `faults` are those of resolvers, by VPC.
        """
        wanted = {vpc.id: vpc for vpc in topology.vpcs if vpc.has_dns}
        for gone in self._standing.keys() - wanted.keys():
            self._standing.pop(gone).close()
        for vpc in wanted.values():
            if vpc.id not in self._standing:
                namespace = self._router_namespace(vpc.id)
                self._standing[vpc.id] = Resolver(self._namespaces, namespace, *resolver_addresses(vpc.cidr))
            private = private_records(vpc)
            records = partial(_looked_up, private, self._public)
            self._standing[vpc.id].update(records, (faults or {}).get(vpc.id))

    @property
    def vpcs(self) -> set[str]:
        """The VPCs that have a resolver."""
        return set(self._standing)

    def close(self) -> None:
        """Close every resolver."""
        self.reconcile(Topology())


def _looked_up(
    private: Mapping[str, tuple[IPv4Address, ...]], public: Records, name: str
) -> tuple[IPv4Address, ...] | None:
    return private[name] if name in private else public(name)
