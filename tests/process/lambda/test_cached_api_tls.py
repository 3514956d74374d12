"""The cached API before a real memcached that speaks TLS."""

from __future__ import annotations

import ssl

import pytest
import trustme

from bench.rig import Memcached
from tests.support.cached_reads import Api


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


def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("size", [2_000, 400_000])
def test_values_come_back_over_tls(cached_api, origin, node, authority, size):
    path = f"/bytes/{size}/tls"
    workers = [Api(cached_api, origin.url, node.port, tls=trusting(authority)) for _ in range(2)]
    answers = [worker.get(path) for worker in workers * 2]
    assert [answer.cache for answer in answers] == ["MISS", "HIT", "HIT", "HIT"]
    assert len({answer.body for answer in answers}) == 1
    assert [error for worker in workers for error in worker.telemetry.errors] == []


def test_a_certificate_that_nobody_vouches_for_is_refused(cached_api, origin, node):
    api = Api(cached_api, origin.url, node.port, tls=ssl.create_default_context())
    answer = api.get("/employees")
    assert (answer.status, answer.cache) == (200, "BYPASS")
    assert any("CERTIFICATE_VERIFY_FAILED" in error for error in api.telemetry.errors)


def test_a_node_without_tls_is_not_asked_in_plain_text(cached_api, origin, authority):
    plain = Memcached()
    try:
        api = Api(cached_api, origin.url, plain.port, tls=trusting(authority))
        assert api.get("/employees").cache == "BYPASS"
        assert plain.stats()["cmd_get"] == 0
    finally:
        plain.kill()


def test_the_handler_speaks_tls_where_it_is_told_to(cached_api, monkeypatch, authority, node, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("CACHE_ENDPOINT", f"localhost:{node.port}")
    monkeypatch.setenv("CACHE_TLS", "true")
    monkeypatch.setenv("ORIGIN_URL", "http://127.0.0.1:9")
    cached_api.handler._api.cache_clear()
    try:
        cache = cached_api.handler._api()._cache
        assert cache.run(cached_api.connection.Connection.read, b"nothing")[0] is None
    finally:
        cached_api.handler._api.cache_clear()
