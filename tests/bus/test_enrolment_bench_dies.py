# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bench dies before, during and after each call of a device that enrols, renews or is re-assigned. When it is back
the device goes on by itself, to one active certificate and the hostname that it had.

(At which point of a call it dies inside the bench is test_enrolment_power_cut's.)"""

import contextlib

import pytest

import factory
from factory import bench, operator  # pylint: disable=unused-import

KINDS = {"enroll": (), "renew": ("--renew",), "reassign": ("--reassign",)}


@pytest.fixture
def client(root, bus, hostnamed):
    made = factory.Client(root / "device", bus.address)
    yield made
    made.close()


def configure(client, bench, port):
    url = f"https://127.0.0.1:{port}"
    client.configure(port, bench.folder / "ca.pem", renew_url=url, reassign_url=url)


def prepare(kind, bench, operator, client):
    """Until the device has every reason to begin."""
    if kind == "enroll":
        return
    configure(client, bench, bench.port)
    assert client.run() == 0, client.device.log()
    if kind == "renew":
        client.age(bench, 201, 99)
    else:
        client.put_token(operator.call("make_token", {"serial": client.serial})["token"])


def call_of(path):
    return "ack" if path.endswith("/ack") else "challenge" if path.endswith("/challenge") else "enroll"


CALLS = ["challenge", "enroll", "ack"]


def half(status, headers, body):
    """As much of an answer as had been sent."""
    return (status, {**headers, "Content-Length": str(len(body))}, body[:-1]) if body else (status, headers, None)


def dying(bench, call, when):
    """What a Meddler does: the bench's process ends at that call."""
    def meddle(path, *answer):
        seen = call_of(path)
        if when == "before" and CALLS.index(seen) + 1 == CALLS.index(call):
            bench.server.kill()
        if when == "before" or seen != call:
            return answer
        bench.server.kill()
        return half(*answer) if when == "during" else None
    return meddle


@pytest.mark.parametrize("when", ["before", "during", "after"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_bench_dies(bench, operator, client, kind, call, when):
    prepare(kind, bench, operator, client)
    before = client.certificate() if kind != "enroll" else None
    if (call, when) == ("challenge", "before"):
        bench.server.kill()
    shown = client.identity / "current" if kind == "renew" else None
    with contextlib.closing(factory.Meddler(bench, dying(bench, call, when), shown=shown)) as meddler:
        configure(client, bench, meddler.port)
        assert client.run(*KINDS[kind]) == 1, client.device.log()
        assert not bench.server.running
        if before:
            assert client.certificate() == before and client.check() == 0, "it keeps what it had"
    bench.start()
    configure(client, bench, bench.port)
    assert client.run(*KINDS[kind]) == 0, client.device.log()

    assert client.provisioned and client.check() == 0, client.device.log()
    assert client.certificate() != before
    assert bench.rows("SELECT cert_sha256 FROM enrolments WHERE state = 'active'") == [(client.certificate(),)]
    assert "pending" not in bench.states(client.serial)
    assert bench.rows("SELECT hostname FROM hostnames") == [("unbox-001",)]
    assert bench.tool("--check") == 0
