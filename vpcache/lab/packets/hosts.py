"""Hosts of the internet that exist for the time of an exchange, as addresses of the internet's namespace."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from subprocess import PIPE, STDOUT

from vpcache.lab.addresses import IpAddress
from vpcache.lab.errors import LabError
from vpcache.lab.network.naming import INTERNET
from vpcache.lab.network.netns import Namespaces

_LIFETIME = "120"  # seconds after which the kernel removes an address, if the process that added it is killed


@contextmanager
def internet_hosts(namespaces: Namespaces, addresses: Iterable[IpAddress]) -> Iterator[None]:
    """Add those of `addresses` that the internet's namespace does not have, for the time of a `with` block.

    Raises LabError if the kernel rejects one.
    """
    added = []
    try:
        for address in addresses:
            if not namespaces.run(INTERNET, partial(_is_local, address)):
                added.append(address)
                _add(namespaces, address)
        yield
    finally:
        for address in added:
            _ip(namespaces, "del", address)


def _is_local(address: IpAddress) -> bool:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as end:
        try:
            end.bind((str(address), 0))
        except OSError:
            return False
        return True


def _add(namespaces: Namespaces, address: IpAddress) -> None:
    options = ["valid_lft", _LIFETIME, "preferred_lft", _LIFETIME]
    if address.version == 6:
        options.append("nodad")
    if problem := _ip(namespaces, "add", address, *options):
        raise LabError(f"cannot add host {address} to the lab's internet: {problem}")


def _ip(namespaces: Namespaces, verb: str, address: IpAddress, *options: str) -> str:
    """Add or delete an address; return the message of `ip` if it fails, else an empty text."""
    command = ["ip", "address", verb, f"{address}/{address.max_prefixlen}", "dev", "lo", *options]
    process = namespaces.popen(INTERNET, command, stdout=PIPE, stderr=STDOUT)
    output, _ = process.communicate()
    return output.decode(errors="replace").strip() if process.returncode else ""
