# SPDX-License-Identifier: LGPL-2.1-or-later
"""The short answer of get_health, which is kept: whatever it is made of changes, the next answer says so."""

import json

import pytest

from harness import eventually
from test_healthd import systemd  # noqa: F401  pylint: disable=unused-import

CONFIG = {"health": {
    "units": ["one", "two", "absent", "many@*"],
    "restart_delays_seconds": [0], "starting_limit_seconds": 1, "settling_seconds": 1, "good_health_seconds": 1,
    "check_interval_seconds": 1,
    "checks": [
        {"service": "two", "type": "command", "command": ["/usr/bin/test", "-e", "/run/two-works"]},
        {"type": "command", "command": ["/usr/bin/test", "-e", "/run/device-works"]}]}}


class Asker:
    """Asks twice at the same moment: for what is kept, and for what is always made anew."""

    def __init__(self, peer):
        self._peer = peer

    def states(self):
        self._peer.send(b'{"id":1,"method":"get_health"}\n'
                        b'{"id":2,"method":"get_health","params":{"detail":true}}\n')
        kept, fresh = (self._peer.receive()["result"] for _ in range(2))
        assert kept == {name: service["state"] for name, service in fresh.items()}
        return kept

    def becomes(self, name, state):
        eventually(lambda: self.states().get(name) == state, what=f"{name} {state}")


@pytest.fixture
def asker(systemd, device):
    for name in ("one", "two"):
        systemd.add(f"{name}.service")
        device.path(f"/run/{name}-works").touch()
    device.path("/run/device-works").touch()
    device.configure(json.dumps(CONFIG))
    device.start("healthd")
    peer = device.connect("healthd")
    made = Asker(peer)
    # Kept from here on.
    assert made.states() == made.states()
    assert made.states()["one"] == made.states()["two"] == made.states()["device"] == "active"
    yield made
    peer.close()


def test_what_systemd_says(systemd, asker):
    systemd.change("one.service", ActiveState="reloading", SubState="reload")
    asker.becomes("one", "reloading")
    systemd.change("one.service", ActiveState="deactivating", SubState="stop-sigterm")
    asker.becomes("one", "deactivating")
    systemd.change("one.service", ActiveState="active", SubState="running")
    asker.becomes("one", "active")
    systemd.stop("one.service")
    asker.becomes("one", "inactive")


def test_which_units_there_are(systemd, asker, device):
    assert asker.states()["absent"] == "not-found" and "many@1" not in asker.states()
    systemd.add("many@1.service")
    asker.becomes("many@1", "active")
    systemd.add("absent.service")
    systemd.reload()
    asker.becomes("absent", "active")
    systemd.units["absent.service"].properties["LoadState"] = "masked"
    systemd.reload()
    asker.becomes("absent", "masked")
    # Another one in its place that is in the same state.
    systemd.add("three.service")
    device.configure(json.dumps({"health": {**CONFIG["health"], "units": ["three", "two"]}}))
    device.daemon("healthd").reload()
    asker.becomes("three", "active")
    for gone in ("one", "many@1"):
        asker.becomes(gone, None)


def test_the_ladder(systemd, asker):
    systemd.units["one.service"].outcome = "failed"
    systemd.kill("one.service", restarts=False)
    asker.becomes("one", "degraded")
    systemd.units["one.service"].outcome = "active"
    systemd.start("one.service")
    asker.becomes("one", "active")


def test_time_alone(systemd, asker):
    """It takes too long: systemd has nothing new to say of it."""
    systemd.units["one.service"].outcome = "hang"
    systemd.start("one.service")
    asker.becomes("one", "activating")
    asker.becomes("one", "degraded")


def test_its_checks(asker, device):
    device.path("/run/two-works").unlink()
    asker.becomes("two", "failing")
    device.path("/run/two-works").touch()
    asker.becomes("two", "active")


def test_the_checks_of_the_device(asker, device):
    device.path("/run/device-works").unlink()
    asker.becomes("device", "failing")
    device.path("/run/device-works").touch()
    asker.becomes("device", "active")
    device.configure(json.dumps({"health": {**CONFIG["health"], "checks": []}}))
    device.daemon("healthd").reload()
    eventually(lambda: "device" not in asker.states())


def test_the_bus_goes_and_comes_back(bus, systemd, asker):
    systemd.disconnect()
    assert asker.states()["one"] == "active"
    systemd.units["one.service"].properties.update(ActiveState="inactive", SubState="dead", UnitFileState="disabled",
                                                   ConditionTimestampMonotonic=0, InactiveExitTimestampMonotonic=0)
    systemd.connect()
    asker.becomes("one", "inactive")
