"""HTTP by requests, with limits on time and size. Imported at the first miss."""

import os
import queue
import re
import threading
import time
from contextlib import closing
from http.client import HTTPException

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

CONNECT_SECONDS = 2.0
RETRIES = 2
BACKOFF_SECONDS = 0.1  # before the second attempt, twice that before the third
TIMEOUTS = (requests.Timeout, ReadTimeoutError, TimeoutError)
ERRORS = (requests.RequestException, HTTPError, HTTPException, OSError)
_HEAD_START = 0.005  # seconds in which the request is sent; the interpreter runs one thread at a time
_CHUNK = 64 * 1024
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_CONTENT_TYPE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,199}")


class DeadlineError(Exception):
    """A fetch took longer than its limit."""


class Fetcher:
    """A thread that fetches, since requests cannot limit a DNS lookup or headers that arrive byte by byte.

    `limit` is in seconds for a whole fetch. After DeadlineError the fetcher is unusable; its thread ends with
    the fetch.
    """

    def __init__(self, limit, max_bytes):
        self._limit = limit
        self._max_bytes = max_bytes
        self._orders: queue.SimpleQueue[tuple[str, queue.SimpleQueue] | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def get(self, url, while_waiting):
        """Return status, content type and content of `url`; content is None if it exceeds `max_bytes`.

        Redirects are not followed. `while_waiting` is called during the wait. Raises DeadlineError, or one of
        TIMEOUTS or ERRORS.
        """
        outcome: queue.SimpleQueue[tuple[int, str, bytes | None] | Exception] = queue.SimpleQueue()
        self._orders.put((url, outcome))
        try:
            reply = _get_within(outcome, _HEAD_START)
            while_waiting()
            reply = reply or outcome.get(timeout=self._limit)
        except queue.Empty:
            self._orders.put(None)
            raise DeadlineError from None
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _work(self):
        adapter = _new_adapter()
        verify = next((os.environ[name] for name in _CA_VARIABLES if os.environ.get(name)), True)
        session = requests.Session()
        session.trust_env = False  # no .netrc
        # preparing a request for each fetch would double the time spent in requests
        request = session.prepare_request(requests.Request("GET", "http://localhost"))
        while order := self._orders.get():
            request.url, outcome = order
            try:
                outcome.put(self._exchange(adapter, request, verify))
            except Exception as error:
                outcome.put(error)

    def _exchange(self, adapter, request, verify):
        deadline = time.monotonic() + self._limit
        timeout = (CONNECT_SECONDS, self._limit)
        # cookies, hooks and redirects of Session.send are not used; they take 0.1 to 0.2 ms
        with closing(adapter.send(request, stream=True, timeout=timeout, verify=verify)) as reply:
            content = bytearray()
            while chunk := reply.read1(_CHUNK, decode_content=True):
                content += chunk
                if len(content) > self._max_bytes:
                    return reply.status, "", None
                if time.monotonic() > deadline:
                    raise TimeoutError("the body is incomplete")
            content_type = reply.headers.get("content-type", "")
            if not _CONTENT_TYPE.fullmatch(content_type):
                content_type = "application/octet-stream"
            return reply.status, content_type, bytes(content)


def _get_within(outcome, seconds):
    """Return the item that arrives within some seconds, else None."""
    try:
        return outcome.get(timeout=seconds)
    except queue.Empty:
        return None


def _new_adapter():
    """Return an adapter that keeps connections open and retries idempotent requests; it uses no proxy."""
    return _Adapter(
        max_retries=Retry(
            RETRIES,
            redirect=False,
            allowed_methods={"GET"},
            status_forcelist={502, 503, 504},
            raise_on_status=False,
            respect_retry_after_header=False,
            backoff_factor=BACKOFF_SECONDS,
        )
    )


class _Adapter(HTTPAdapter):
    """Binds each connection to an IPv4 address: NAT gateways have no IPv6."""

    def init_poolmanager(self, *args, **options):
        """Create the connection pool with an IPv4 source address."""
        super().init_poolmanager(*args, source_address=("0.0.0.0", 0), **options)

    def build_response(self, request, reply):
        """Return urllib3's response, without the one of requests and its cookies."""
        return reply
