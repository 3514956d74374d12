"""The servers of function URLs on the lab's internet."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address

from vpcache.lab.addresses import UNKNOWN_URL_ADDRESS
from vpcache.lab.faults import Fault
from vpcache.lab.network.naming import INTERNET
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.http_host import HttpAnswer, HttpHost, HttpRequest, Tls
from vpcache.lab.topology import FunctionUrl

_DOMAIN = "on.aws"


class FunctionHosts:
    """Serves function URLs over HTTPS; `call` answers the requests to a host, which are counted.

    The names of URLs that do not exist are served, too, and not counted.
    """

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
        listener = namespaces.listen(INTERNET, str(UNKNOWN_URL_ADDRESS), 443)
        self._unknown = HttpHost(listener, replace(tls(_DOMAIN), is_domain=True), self._answer_unknown)

    def reconcile(self, urls: Iterable[FunctionUrl], faults: Mapping[str, Fault]) -> None:
        """Serve exactly the hosts of `urls`, with the faults in `faults`, by host name."""
        desired = set(urls)
        for obsolete in self._hosts.keys() - desired:
            self._hosts.pop(obsolete).close()
            self._forget(obsolete.hostname)
        for url in desired - self._hosts.keys():
            listener = self._namespaces.listen(INTERNET, str(url.address), 443)
            self._hosts[url] = HttpHost(
                listener, self._tls(url.hostname), partial(self._answer, url.hostname)
            )
        for url, host in self._hosts.items():
            host.set_fault(faults.get(url.hostname))

    @property
    def names(self) -> set[str]:
        """The host names that are served."""
        return {url.hostname for url in self._hosts}

    def address(self, name: str) -> IPv4Address | None:
        """Return the address of a host, or None for an unknown name."""
        return next((url.address for url in tuple(self._hosts) if url.hostname == name), None)

    def calls(self) -> dict[str, int]:
        """Return the number of requests by host and path: `HOST/employees`."""
        with self._lock:
            return dict(self._calls)

    def _answer_unknown(self, request: HttpRequest) -> HttpAnswer:
        names = (value for name, value in request.headers if name.lower() == "host")
        return self._call(next(names, "").partition(":")[0].lower(), request)

    def _answer(self, hostname: str, request: HttpRequest) -> HttpAnswer:
        with self._lock:
            self._calls[f"{hostname}{request.path}"] += 1
        return self._call(hostname, request)

    def _forget(self, hostname: str) -> None:
        with self._lock:
            for key in [key for key in self._calls if key.startswith(f"{hostname}/")]:
                del self._calls[key]
