"""Answers for an external API from a memcached cluster, and on a miss from the API itself (lazy loading).

Event: `{"path": "/employees"}`. The environment variables are in settings.py.
"""

import functools
import os

import answer
import settings
from api import CachedApi
from cache import Cache
from event import BadEventError, resource_of
from origin import Origin, OriginError
from telemetry import Telemetry


def handler(event, context):
    """Answer one event as an API Gateway proxy integration would, in JSON bytes."""
    telemetry = _telemetry()
    telemetry.begin(context)
    try:
        return _api().answer(resource_of(event))
    except BadEventError as error:
        return answer.problem(400, str(error))
    except OriginError as error:
        telemetry.failed(None, error)
        return answer.problem(error.status, str(error))
    except Exception:
        telemetry.crashed()
        return answer.problem(500, "the function failed; its log says why")


@functools.cache
def _telemetry():
    return Telemetry()


@functools.cache
def _api():
    chosen = settings.from_environment(os.environ)
    tls = _tls_context() if chosen.tls else None
    return CachedApi(
        Cache(chosen.endpoint, _telemetry().cache_error, tls),
        Origin(chosen.origin_url, chosen.origin_limit),
        chosen,
        _telemetry(),
    )


def _tls_context():
    import ssl  # only a cluster with TLS needs it

    return ssl.create_default_context()
