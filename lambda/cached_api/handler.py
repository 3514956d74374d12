"""A Lambda function that serves an external API from a memcached cluster by lazy loading.

Event: `{"path": "/employees"}`. settings.py lists the environment variables, README.md the read path.
"""

import functools
import os

import response
import settings
from api import CachedApi
from event import BadEventError, resource_of
from memcached.cluster import Cluster
from origin import Origin, OriginError
from telemetry import Telemetry


class Handler:
    """Handles the events of one Lambda worker; its connections last as long as the worker.

    The environment variables in `variables` are read at the first event.
    """

    def __init__(self, variables, new_telemetry=Telemetry):
        self._variables = variables
        self._new_telemetry = new_telemetry

    def __call__(self, event, context):
        """Return the response to an event, in the format of an API Gateway proxy integration."""
        telemetry = self.telemetry
        telemetry.begin(context)
        try:
            return self.api.get(resource_of(event))
        except BadEventError as error:
            return response.error(400, str(error))
        except OriginError as error:
            telemetry.failed(None, error)
            return response.error(error.status, str(error))
        except Exception:
            telemetry.crashed()
            return response.error(500, "the function failed; see its log")

    @functools.cached_property
    def telemetry(self):
        """The metrics and the log of this worker."""
        return self._new_telemetry()

    @functools.cached_property
    def settings(self):
        """The settings from the environment variables. Raises SettingsError."""
        return settings.from_environment(self._variables)

    @functools.cached_property
    def cluster(self):
        """The connections to the cache nodes. Raises SettingsError."""
        tls = _tls_context() if self.settings.tls else None
        return Cluster(self.settings, self.telemetry.cache_error, tls)

    @functools.cached_property
    def api(self):
        """The cached API. Raises SettingsError."""
        origin = Origin(self.settings.origin_url, self.settings.origin_limit)
        return CachedApi(self.cluster, origin, self.settings, self.telemetry)


def _tls_context():
    import ssl  # only a cluster with TLS needs it

    return ssl.create_default_context()


handler = Handler(os.environ)
