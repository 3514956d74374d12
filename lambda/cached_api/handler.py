"""A Lambda function that serves an external API from a memcached cluster by lazy loading.

Event: `{"path": "/employees"}`, or that of a function URL, an HTTP API or a load balancer. README.md lists
the environment variables, and has the read path.
"""

import functools
import os

import response
import settings
from api import CachedApi
from event import BadEventError
from memcached.cluster import Cluster
from origin import Origin, OriginError
from routes import Routes
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
            if type(event) is dict:
                if "requestContext" in event:
                    return self.front_door.respond(event)
                if (hit := self.hits.again(event.get("path"))) is not None:
                    return hit
            return self.api.get(self.routes.resource_of(event))
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
        return Cluster(self.settings, self.telemetry.cache_error, self._tls)

    @functools.cached_property
    def api(self):
        """The cached API. Raises SettingsError."""
        origin = Origin(self.settings.origin_limit)
        return CachedApi(self.cluster, origin, self.settings, self.telemetry)

    @functools.cached_property
    def hits(self):
        """The last hits of this worker. Raises SettingsError."""
        return self.api.hits

    @functools.cached_property
    def routes(self):
        """The routes of paths. Raises SettingsError."""
        return Routes(self.settings)

    @functools.cached_property
    def front_door(self):
        """The cached API as HTTP. Raises SettingsError."""
        from front_door.service import FrontDoor  # direct invocations do not need it

        return FrontDoor(self.api, self.routes, self.settings, self.telemetry, self._tls)

    @functools.cached_property
    def _tls(self):
        if not self.settings.tls:
            return None
        import ssl  # only a cluster with TLS needs it

        return ssl.create_default_context()


handler = Handler(os.environ)
