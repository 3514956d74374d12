"""The external APIs that the cache is in front of."""

MAX_BYTES = 5 * 1024 * 1024


class OriginError(Exception):
    """The origin did not return a usable response; `status` is returned to the caller, 502 or 504."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Origin:
    """Fetches Resources, over connections that persist across invocations.

    `limit` is in seconds for a whole fetch: DNS lookup, connection, retries and the last byte.
    """

    def __init__(self, limit):
        self._limit = limit
        self._fetcher = None

    def fetch(self, resource, while_waiting):
        """Return status, content type and content; `while_waiting` is called during the wait.

        Raises OriginError, whose message has the URL.
        """
        import fetcher  # imports requests, which takes 100 ms that a hit does not need

        url = resource.origin + resource.path
        http = self._fetcher = self._fetcher or fetcher.Fetcher(self._limit, MAX_BYTES)
        try:
            status, content_type, content = http.get(url, while_waiting)
        except fetcher.DeadlineError as error:
            self._fetcher = None  # it is still busy
            raise OriginError(504, f"{url} did not answer within {self._limit} s") from error
        except fetcher.TIMEOUTS as error:
            raise OriginError(504, f"{url} did not answer in time: {error}") from error
        except fetcher.ERRORS as error:
            raise OriginError(502, f"request to {url} failed: {error}") from error
        if content is None:
            raise OriginError(502, f"{url} answered with more than {MAX_BYTES} bytes")
        if status >= 500 or 300 <= status < 400:
            raise OriginError(502, f"{url} answered {status}")
        return status, content_type, content
