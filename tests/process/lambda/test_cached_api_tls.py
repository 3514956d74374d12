"""The cached API with a real memcached that requires TLS."""

from __future__ import annotations

import ssl

import pytest
import trustme

from bench.rig import Memcached
from tests.support.cached_api.cached_reads import Api


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def node(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "chain.pem"))
    options = f"ssl_chain_cert={folder}/chain.pem,ssl_key={folder}/key.pem"
    running = Memcached(options=["--enable-ssl", "-o", options])
    yield running
    running.kill()


def trusting_context(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("size", [2_000, 400_000])
def test_values_are_stored_and_read_over_tls(cached_api, origin, node, authority, size):
    path = f"/bytes/{size}/tls"
    workers = [Api(cached_api, origin.url, node.port, tls=trusting_context(authority)) for _ in range(2)]
    responses = [worker.get(path) for worker in workers * 2]
    assert [response.cache for response in responses] == ["MISS", "HIT", "HIT", "HIT"]
    assert len({response.body for response in responses}) == 1
    assert [error for worker in workers for error in worker.telemetry.errors] == []


def test_node_with_an_untrusted_certificate_is_refused(cached_api, origin, node):
    api = Api(cached_api, origin.url, node.port, tls=ssl.create_default_context())
    response = api.get("/employees")
    assert (response.status, response.cache) == (200, "BYPASS")
    assert any("CERTIFICATE_VERIFY_FAILED" in error for error in api.telemetry.errors)


def test_node_without_tls_receives_no_plain_text(cached_api, origin, authority):
    plain = Memcached()
    try:
        api = Api(cached_api, origin.url, plain.port, tls=trusting_context(authority))
        assert api.get("/employees").cache == "BYPASS"
        assert plain.stats()["cmd_get"] == 0
    finally:
        plain.kill()


def test_handler_uses_tls_if_configured(cached_api, monkeypatch, authority, node, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    variables = {
        "CACHE_ENDPOINT": f"localhost:{node.port}",
        "CACHE_TLS": "true",
        "ORIGIN_URL": "http://127.0.0.1:9",
    }
    cluster = cached_api.handler.Handler(variables).cluster
    assert cluster.run(cached_api.connection.Connection.read, b"nothing")[0] is None
