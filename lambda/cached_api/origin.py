"""The external API that the cache stands in front of."""

MAX_BYTES = 5 * 1024 * 1024


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
        self._fetcher = None

    def fetch(self, path, meanwhile):
        """Return status, content type and content of `path`; `meanwhile` is called during the wait.

        Raises OriginError.
        """
        import exchange  # it imports requests: 100 ms that a hit can do without

        url = self._url + path
        fetcher = self._fetcher = self._fetcher or exchange.Fetcher(self._limit, MAX_BYTES)
        try:
            status, content_type, content = fetcher.get(url, meanwhile)
        except exchange.LateError as error:
            self._fetcher = None  # it is not done yet
            raise OriginError(504, f"{url} did not answer within {self._limit} s") from error
        except exchange.TIMEOUTS as error:
            raise OriginError(504, f"{url} did not answer in time: {error}") from error
        except exchange.ERRORS as error:
            raise OriginError(502, f"{url} cannot be had: {error}") from error
        if content is None:
            raise OriginError(502, f"{url} answered with more than {MAX_BYTES} bytes")
        if status >= 500 or 300 <= status < 400:
            raise OriginError(502, f"{url} answered {status}")
        return status, content_type, content
