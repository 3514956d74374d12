"""The default origin of a stack's cached API: deterministic JSON behind a function URL.

Paths: `/employees`, `/employees/archive` (100 KB), `/employee/<key>`; `/whoami/<anything>` returns the
caller's address. ALLOWED_ADDRESSES, separated by commas, limits the callers.
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

import functools
import hashlib
import json
import os
import random

EMPLOYEES, ARCHIVED = 21, 1030  # about 2 KB and 100 KB of JSON
MAX_AGE_SECONDS = 300
SYLLABLES = ("ba", "de", "fi", "go", "ka", "lu", "me", "no", "pi", "ra", "so", "ti", "vu", "ze")


def handler(event, context):
    """Return the response to an event of a function URL."""
    http = event["requestContext"]["http"]
    allowed = os.environ.get("ALLOWED_ADDRESSES", "")
    if allowed and http["sourceIp"] not in allowed.split(","):
        return _response(403, _error(f"{http['sourceIp']} is not an address of this stack"))
    if http["method"] not in ("GET", "HEAD"):
        return _response(405, _error(f"{http['method']} is not allowed"), allow="GET, HEAD")
    path = event["rawPath"]
    if path.startswith("/whoami/"):
        return _response(200, _success({"address": http["sourceIp"]}))
    body = _resource(path)
    if body is None:
        return _response(404, _error(f"nothing at {path}"))
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
    return _response(200, body, etag=etag, **{"cache-control": f"max-age={MAX_AGE_SECONDS}"})


@functools.lru_cache(maxsize=256)
def _resource(path):
    """Return the JSON of a path, always the same; None if there is none."""
    stem, _, key = path.rpartition("/")
    if path == "/employees":
        return _success([_employee(str(number)) for number in range(1, EMPLOYEES + 1)])
    if path == "/employees/archive":
        return _success([_employee(f"a{number}") for number in range(1, ARCHIVED + 1)])
    return _success(_employee(key)) if stem == "/employee" and key else None


def _employee(key):
    """Return the generated employee of a key."""
    chance = random.Random(key)
    names = ["".join(chance.choices(SYLLABLES, k=3)).capitalize() for _ in range(2)]
    salary, age = chance.randrange(40_000, 400_000), chance.randrange(20, 66)
    return {"id": key, "employee_name": " ".join(names), "employee_salary": salary, "employee_age": age}


def _success(data):
    return json.dumps({"status": "success", "data": data})


def _error(message):
    return json.dumps({"status": "error", "message": message})


def _response(status, body, **headers):
    return {"statusCode": status, "headers": {"content-type": "application/json"} | headers, "body": body}
