"""Calls a URL, and answers on its function URL and its HTTP API with the caller's address."""

import urllib.error
import urllib.request


def handler(event, context):
    if "requestContext" in event:
        return {"statusCode": 200, "body": event["requestContext"]["http"]["sourceIp"]}
    try:
        with urllib.request.urlopen(event["url"], timeout=5) as reply:
            return {"answer": [reply.status, reply.read().decode()]}
    except urllib.error.HTTPError as error:
        return {"answer": [error.code, None]}
