"""The external API that the cache stands in front of."""

import queue
import threading
import time
from dataclasses import dataclass

MAX_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Reply:
    """What the origin said."""

    status: int
    content_type: str
    content: bytes


class OriginError(Exception):
    """The origin gave no usable answer; `status` is the one to pass on, 502 or 504."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Origin:
    """Fetches paths below one URL, over connections that live across invocations.

    `limit` is in seconds and holds for a whole fetch: look-up, connection, retries and the last byte.
    """

    def __init__(self, url, limit):
        self._url = url.rstrip("/")
        self._limit = limit
        self._session = None

    def fetch(self, path):
        """Return the Reply to a GET of `path`. Raises OriginError."""
        url = self._url + path
        deadline = time.monotonic() + self._limit
        outcome = queue.SimpleQueue()
        # a thread, since no setting of requests limits a look-up, or headers that come drop by drop
        threading.Thread(target=self._work, args=(url, deadline, outcome), daemon=True).start()
        try:
            reply = outcome.get(timeout=self._limit)
        except queue.Empty:
            self._session = None  # it belongs to the thread that is late
            reply = OriginError(504, f"{url} did not answer within {self._limit} s")
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _work(self, url, deadline, outcome):
        try:
            outcome.put(self._get(url, deadline))
        except OriginError as error:
            outcome.put(error)
        except Exception as error:  # or the caller would wait for the limit
            outcome.put(OriginError(502, f"{url}: {type(error).__name__}: {error}"))

    def _get(self, url, deadline):
        import exchange  # it imports requests: 100 ms that a hit can do without

        session = self._session = self._session or exchange.new_session()
        try:
            status, content_type, content = exchange.get(session, url, self._limit, deadline, MAX_BYTES)
        except exchange.TIMEOUTS as error:
            raise OriginError(504, f"{url} did not answer in time") from error
        except exchange.ERRORS as error:
            raise OriginError(502, f"{url} cannot be had: {error}") from error
        if content is None:
            raise OriginError(502, f"{url} answered with more than {MAX_BYTES} bytes")
        if status >= 500 or 300 <= status < 400:
            raise OriginError(502, f"{url} answered {status}")
        return Reply(status, content_type, content)
