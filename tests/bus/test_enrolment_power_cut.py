# SPDX-License-Identifier: LGPL-2.1-or-later
"""Power goes at every single durable operation of an enrolment, on either side of it. After the next start it goes on
by itself to one active certificate and one hostname."""

import os

import pytest

import factory

pytestmark = pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1",
                                reason="needs a build with -Dcrash_points=true")

CUT = 137


@pytest.fixture
def bench(root):
    made = factory.Bench(root / "bench")
    yield made
    made.close()


def new_client(root, bus, bench, number):
    client = factory.Client(root / f"device-{number}", bus.address, f"CUT-{number}")
    client.configure(bench.port, bench.folder / "ca.pem")
    return client


def assert_whole(bench, client):
    assert client.provisioned and client.check() == 0, client.device.log()
    assert bench.states(client.serial).count("active") == 1
    assert "pending" not in bench.states(client.serial)
    assert not (client.identity / "staging").exists()
    assert len([name for name, content in client.files().items() if b"PRIVATE KEY" in content]) == 1
    assert len(list(client.identity.glob("gen-*"))) == 1


def assert_no_hostname_lost_or_given_twice(bench, devices):
    assert bench.rows("SELECT count(DISTINCT hostname) FROM devices") == [(devices,)]
    assert bench.rows("SELECT count(*) FROM hostnames") == [(devices,)]


def test_of_the_device(root, bus, bench, hostnamed):
    bench.start()
    number, code = 0, CUT
    while code == CUT:
        number += 1
        client = new_client(root, bus, bench, number)
        code = client.run(environment={"UNBOX_STORE_CRASH_AT": str(number)})
        if code == CUT:
            assert client.run() == 0, client.device.log()
        assert code in (0, CUT)
        assert_whole(bench, client)
        client.close()
    assert number > 20, "an enrolment has more durable operations than that"
    assert_no_hostname_lost_or_given_twice(bench, number)


def test_of_the_bench(root, bus, bench, hostnamed):
    number, code = 0, 1
    while code == 1:
        number += 1
        bench.start(environment={"UNBOX_DATABASE_CRASH_AT": str(number)})
        client = new_client(root, bus, bench, number)
        code = client.run()
        if code == 1:
            assert bench.server.wait() == CUT
            bench.start()
            assert client.run() == 0, client.device.log()
        assert code in (0, 1)
        bench.stop()
        assert_whole(bench, client)
        client.close()
    assert number > 6, "challenge, enroll and ack commit each, and power may go before and after"
    assert_no_hostname_lost_or_given_twice(bench, number)
