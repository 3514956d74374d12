"""The hosts of function URLs on the lab's internet."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from ipaddress import IPv4Address

from vpcache.lab.faults import Fault
from vpcache.lab.network.naming import INTERNET
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.http_host import HttpAnswer, HttpHost, HttpRequest, Tls
from vpcache.lab.topology import FunctionUrl


class FunctionHosts:
    """Serves function URLs over TLS on port 443; `call` answers a request to a host. It counts the calls."""

    def __init__(
        self,
        namespaces: Namespaces,
        tls: Callable[[str], Tls],
        call: Callable[[str, HttpRequest], HttpAnswer],
    ) -> None:
        self._namespaces = namespaces
        self._tls = tls
        self._call = call
        self._hosts: dict[FunctionUrl, HttpHost] = {}
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reconcile(self, urls: Iterable[FunctionUrl], faults: Mapping[str, Fault]) -> None:
        """Let exactly the hosts of `urls` answer, those in `faults` in their way."""
        wanted = set(urls)
        for gone in self._hosts.keys() - wanted:
            self._hosts.pop(gone).close()
            self._forget(gone.hostname)
        for url in wanted - self._hosts.keys():
            listener = self._namespaces.listen(INTERNET, str(url.address), 443)
            self._hosts[url] = HttpHost(
                listener, self._tls(url.hostname), partial(self._answer, url.hostname)
            )
        for url, host in self._hosts.items():
            host.set_fault(faults.get(url.hostname))

    @property
    def names(self) -> set[str]:
        """The hosts that answer."""
        return {url.hostname for url in self._hosts}

    def address(self, name: str) -> IPv4Address | None:
        """Return the address of a host, None if there is no such host."""
        return next((url.address for url in tuple(self._hosts) if url.hostname == name), None)

    def calls(self) -> dict[str, int]:
        """Return how often each host and path was asked for: `HOST/employees`."""
        with self._lock:
            return dict(self._calls)

    def _answer(self, hostname: str, request: HttpRequest) -> HttpAnswer:
        with self._lock:
            self._calls[f"{hostname}{request.path}"] += 1
        return self._call(hostname, request)

    def _forget(self, hostname: str) -> None:
        with self._lock:
            for asked in [each for each in self._calls if each.startswith(f"{hostname}/")]:
                del self._calls[asked]
