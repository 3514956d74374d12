import socket

import pytest


def test_connect_distinguishes_connected_from_refused(function_module):
    probe = function_module("egress_probe", "handler")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert probe.handler({"connect": f"127.0.0.1:{port}"}, None) == {"outcome": "connected"}
    assert probe.handler({"connect": f"127.0.0.1:{port}"}, None) == {"outcome": "refused"}


def test_unreachable_address_service_is_named(function_module):
    with pytest.raises(RuntimeError, match="no address from https://127"):
        function_module("egress_probe", "handler").public_address("https://127.0.0.1:1/")
