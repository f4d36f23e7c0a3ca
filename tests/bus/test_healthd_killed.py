# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd is killed while it is at work on a service, and goes on where it was."""

import json
import time

import pytest

from harness import eventually
from test_healthd import events_of, service, systemd  # noqa: F401  pylint: disable=unused-import

NAME = "user-network.service"
INTERVAL = 8


@pytest.fixture
def killed(systemd, device):
    """healthd has restarted it three times in vain, and is killed; returns when the third restart was."""
    device.configure(f"health: {{restart_delays_seconds: [0, 1, 2], restart_interval_seconds: {INTERVAL}}}\n")
    daemon = device.start("healthd")
    peer = device.connect("healthd")
    systemd.units[NAME].outcome = "failed"
    systemd.kill(NAME, restarts=False)
    eventually(lambda: systemd.restarts_of(NAME) == 3)
    third = time.monotonic()
    eventually(lambda: service(peer, "user-network")["state"] == "degraded")
    memory = device.path("/run/unbox/healthd/memory.json")
    # It is written when there is nothing more urgent to do.
    eventually(lambda: json.loads(memory.read_text())["ladders"].get(NAME, {}).get("degraded"))
    peer.close()
    daemon.kill()
    return third


def test_the_ladder_goes_on(systemd, killed, device):
    device.start("healthd")
    peer = device.connect("healthd")
    assert service(peer, "user-network")["state"] == "degraded"
    assert service(peer, "user-network")["detail"] == f"failed 3 times, restarting every {INTERVAL} s"
    eventually(lambda: systemd.restarts_of(NAME) == 4, INTERVAL + 5)
    assert time.monotonic() - killed > INTERVAL - 0.3
    # What people know already they aren't told twice.
    eventually(lambda: events_of(peer, "user-network") == ["failed", "restarted", "restarted", "restarted", "degraded"])
    peer.close()


def test_nothing_is_written_while_nothing_changes(systemd, killed, device):
    device.start("healthd")
    peer = device.connect("healthd")
    memory = device.path("/run/unbox/healthd/memory.json")
    eventually(lambda: '"open":true' in memory.read_text())
    before = memory.stat()
    for number in range(20):
        systemd.change(NAME, StatusText=f"still not, {number}")
    eventually(lambda: service(peer, "user-network")["status"] == "still not, 19")
    after = memory.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    peer.close()


def test_it_was_mended_meanwhile(systemd, killed, device):
    systemd.units[NAME].outcome = "active"
    systemd.start(NAME)
    device.start("healthd")
    peer = device.connect("healthd")
    eventually(lambda: events_of(peer, "user-network")[-1] == "recovered", 15)
    assert systemd.restarts_of(NAME) == 3
    peer.close()
