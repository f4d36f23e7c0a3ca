# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices whose clock is wrong: they enrol, and end with a certificate that holds and a clock that is sane, at this boot
and at the next."""

import datetime
import time

import pytest
from cryptography import x509

from enrolling import client, enrols  # noqa: F401  pylint: disable=unused-import
from factory import bench  # noqa: F401  pylint: disable=unused-import
from odd_clock import YEAR, OddClock

# What a device without a battery begins with.
BOOTED = 12


@pytest.fixture
def clock(client):
    return OddClock(client.device)


def run(client, clock, *arguments):
    return client.run(*arguments, environment=clock.environment)


def is_right(moment):
    return abs(moment - time.time()) < 60


def floor(client):
    return int((client.identity / "clock").read_text())


def test_a_device_in_1970(bench, client, hostnamed, clock):
    clock.set(BOOTED)
    assert run(client, clock) == 0, client.device.log()
    assert client.provisioned and client.status == "enrolled as unbox-001"
    assert is_right(clock.now()) and is_right(floor(client))
    certificate = x509.load_pem_x509_certificate((client.identity / "current/certificate.pem.crt").read_bytes())
    now = datetime.datetime.utcfromtimestamp(clock.now())
    assert certificate.not_valid_before < now < certificate.not_valid_after
    assert run(client, clock, "--check") == 0, client.device.log()

    # The next boot is in 1970 again, and far from any bench.
    bench.stop()
    kept = floor(client)
    clock.set(BOOTED)
    assert run(client, clock, "--check") == 1
    assert "chain: certificate is not yet valid" in client.status
    assert run(client, clock, "--clock") == 0
    assert client.status == "the clock was behind, and goes on from when it was last right"
    assert clock.now() >= kept and floor(client) == kept
    assert run(client, clock, "--check") == 0, client.device.log()


def test_a_clock_that_is_ahead_is_not_set_back(bench, client, hostnamed, clock):
    clock.jump(YEAR)
    assert run(client, clock) == 0, client.device.log()
    assert is_right(clock.now() - YEAR)
    assert is_right(floor(client)), "what the bench said"
    assert run(client, clock, "--check") == 0, client.device.log()
    assert run(client, clock, "--clock") == 0
    assert client.status == "the clock is later than when it was last right"
    assert is_right(clock.now() - YEAR)


def test_a_bench_whose_clock_is_behind_the_floor(bench, client, hostnamed, clock):
    """The floor is what somebody once was sure of: it stays, and so does the clock."""
    kept = int(time.time()) + YEAR
    (client.identity / "clock").write_text(f"{kept}\n")
    clock.set(BOOTED)
    assert run(client, clock, "--clock") == 0
    assert clock.now() >= kept
    assert run(client, clock) == 0, client.device.log()
    assert clock.now() >= kept and floor(client) == kept
