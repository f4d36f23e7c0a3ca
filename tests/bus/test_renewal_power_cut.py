# SPDX-License-Identifier: LGPL-2.1-or-later
"""Power goes at every single durable operation of a device that gets a bundle, renews, or is re-assigned. At that moment
it has credentials that hold, and after the next start it goes on by itself."""

import os

import pytest

import factory
from factory import bench  # pylint: disable=unused-import

pytestmark = pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1",
                                reason="needs a build with -Dcrash_points=true")

CUT = 137


def new_client(root, bus, bench, number, **keys):
    client = factory.Client(root / f"device-{number}", bus.address, f"CUT-{number}")
    url = f"https://127.0.0.1:{bench.port}"
    client.configure(bench.port, bench.folder / "ca.pem", renew_url=url, reassign_url=url, **keys)
    return client


def active(bench, client):
    return bench.rows("SELECT cert_sha256 FROM enrolments WHERE serial = ? AND state = 'active'", client.serial)


def assert_whole(bench, client):
    assert client.provisioned and client.check() == 0, client.device.log()
    assert active(bench, client) == [(client.certificate(),)]
    assert "pending" not in bench.states(client.serial)
    for name in ("staging", "next", "reassign", "attempt.key"):
        assert not os.path.lexists(client.identity / name), name
    assert len([name for name, content in client.files().items() if b"PRIVATE KEY" in content]) == 1
    assert len(list(client.identity.glob("gen-*"))) == 1


def assert_has_credentials_that_hold(bench, client):
    """The active ones are in use, or lie beside them and only have to be put there."""
    links = [link for link in ("current", "next") if (client.identity / link).exists()]
    assert "current" in links
    assert active(bench, client)[0][0] in [client.certificate(link) for link in links]


def replace(root, bus, bench, argument, prepare):
    """Does it once for each operation, until power isn't cut any more. Returns how many there are."""
    number, code = 0, CUT
    while code == CUT:
        number += 1
        client = new_client(root, bus, bench, number)
        assert client.run() == 0, client.device.log()
        prepare(client)
        before = client.certificate()
        code = client.run(argument, environment={"UNBOX_STORE_CRASH_AT": str(number)})
        assert code in (0, CUT), client.device.log()
        if code == CUT:
            assert_has_credentials_that_hold(bench, client)
            assert client.run(argument) == 0, client.device.log()
        assert client.certificate() != before
        assert_whole(bench, client)
        client.close()
    assert bench.rows("SELECT count(DISTINCT hostname), count(*) FROM devices") == [(number, number)]
    return number


def test_of_a_device_that_renews(root, bus, bench, hostnamed):
    assert replace(root, bus, bench, "--renew", lambda client: client.age(bench, 201, 99)) > 20


@pytest.mark.long
def test_of_a_device_that_is_reassigned(root, bus, bench, hostnamed):
    operator = bench.operator()

    def prepare(client):
        client.put_token(operator.call("make_token", {"serial": client.serial})["token"])

    assert replace(root, bus, bench, "--reassign", prepare) > 20
    operator.close()
    assert bench.rows("SELECT count(*) FROM tokens WHERE used_at IS NULL") == [(0,)]


@pytest.mark.long
def test_of_a_device_that_gets_a_bundle(root, bus, bench, hostnamed):
    bench.execute("UPDATE batches SET bundle = 1")
    number, code = 0, CUT
    while code == CUT:
        number += 1
        client = new_client(root, bus, bench, number, mode="bundle")
        code = client.run(environment={"UNBOX_STORE_CRASH_AT": str(number)})
        assert code in (0, CUT), client.device.log()
        if code == CUT:
            assert client.run() == 0, client.device.log()
        assert_whole(bench, client)
        client.close()
    assert number > 20, "an enrolment has more durable operations than that"
