"""Stores and reads a value over TLS at the endpoint of a cache."""

import socket
import ssl


def handler(event, context):
    host, port = event["endpoint"].split(":")
    try:
        plain = socket.create_connection((host, int(port)), 1)
    except TimeoutError:
        return {"answer": "timeout"}
    with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as connection:
        connection.sendall(b"set k 0 60 1\r\nv\r\nget k\r\nquit\r\n")
        return {"answer": b"".join(iter(lambda: connection.recv(100), b"")).decode()}
