# SPDX-License-Identifier: LGPL-2.1-or-later
"""What healthd does around a restart, through NetworkManager and BlueZ that the test plays."""

import time

import pytest

from radios import Bluez, NetworkManager
from fake_systemd1 import Systemd
from harness import eventually

UNIT = "hostapd.service"
CONFIG = "health:\n  services:\n    - {{unit: hostapd, before: [{before}], after: [{after}]}}\n"


@pytest.fixture
def systemd(bus, device):
    device.path("/run/unbox/healthd").mkdir()
    made = Systemd(bus)
    made.add(UNIT)
    yield made
    made.close()


@pytest.fixture
def manager(bus):
    made = NetworkManager(bus)
    yield made
    made.close()


@pytest.fixture
def bluez(bus):
    made = Bluez(bus)
    yield made
    made.close()


def start(device, before="", after=""):
    device.configure(CONFIG.format(before=before, after=after))
    device.start("healthd")
    return device.connect("healthd")


def warnings(device):
    return [e["MESSAGE"] for e in device.journal.messages if "the step " in e.get("MESSAGE", "")]


def test_steps_before_and_after(systemd, manager, bluez, device):
    peer = start(device, "wifi-unblock", "bluetooth-power")
    order = []
    manager.answer = lambda *call: order.append("wifi") or NetworkManager.answer(manager, *call)
    bluez.answer = lambda *call: order.append("bluetooth") or Bluez.answer(bluez, *call)
    systemd.kill(UNIT, restarts=False)
    eventually(lambda: len(bluez.called("Set")) == 2)
    assert systemd.restarts_of(UNIT) == 1
    assert order == ["wifi", "bluetooth", "bluetooth", "bluetooth"]
    assert manager.called("Set") == [("/org/freedesktop/NetworkManager", (
        "org.freedesktop.NetworkManager", "WirelessEnabled", True))]
    assert sorted(bluez.called("Set")) == [
        (f"/org/bluez/{name}", ("org.bluez.Adapter1", "Powered", True)) for name in ("hci0", "hci1")]
    assert warnings(device) == []
    # And when somebody asks for it.
    assert peer.call("restart_service", {"service": "hostapd"}) == {"ok": True}
    assert len(manager.called("Set")) == 2 and len(bluez.called("Set")) == 4
    peer.close()


def test_nobody_is_there(systemd, device):
    peer = start(device, "wifi-unblock, bluetooth-power", "wifi-unblock")
    systemd.kill(UNIT, restarts=False)
    eventually(lambda: systemd.restarts_of(UNIT) == 1, 3)
    eventually(lambda: len(warnings(device)) == 3)
    assert warnings(device)[0].startswith(
        "the step wifi-unblock around a restart of hostapd.service failed: ")
    assert peer.call("get_health")["hostapd"] == "active"
    peer.close()


def test_refused_and_without_an_adapter(systemd, manager, bluez, device):
    bluez.adapters.clear()
    manager.refuses = True
    peer = start(device, "wifi-unblock, bluetooth-power")
    systemd.kill(UNIT, restarts=False)
    eventually(lambda: systemd.restarts_of(UNIT) == 1, 3)
    eventually(lambda: len(warnings(device)) == 2)
    assert warnings(device)[0].endswith("Not authorized.")
    assert warnings(device)[1].endswith("there is no adapter")
    peer.close()


def test_a_step_that_never_ends(systemd, manager, device):
    manager.silent = True
    peer = start(device, "wifi-unblock", "wifi-unblock")
    begin = time.monotonic()
    systemd.kill(UNIT, restarts=False)
    eventually(lambda: systemd.restarts_of(UNIT) == 1, 5)
    assert 2.9 < time.monotonic() - begin < 4.5
    # Nothing else waits for it.
    begin = time.monotonic()
    assert peer.call("ping") == "pong"
    assert time.monotonic() - begin < 1
    eventually(lambda: len(warnings(device)) == 2, 5)
    peer.close()


def test_mended_or_stopped_while_the_steps_are_done(systemd, manager, device):
    manager.silent = True
    peer = start(device, "wifi-unblock")
    systemd.kill(UNIT, restarts=False)
    eventually(lambda: manager.called("Set"))
    systemd.start(UNIT)
    eventually(lambda: warnings(device), 5)
    assert peer.call("ping") == "pong"
    assert systemd.restarts_of(UNIT) == 0

    systemd.kill(UNIT, restarts=False)
    eventually(lambda: len(manager.called("Set")) == 2, 8)
    systemd.stop(UNIT)
    eventually(lambda: len(warnings(device)) == 2, 5)
    assert peer.call("get_status")["services"]["hostapd"]["detail"] == "stopped on purpose"
    assert systemd.restarts_of(UNIT) == 0
    peer.close()


def test_the_bus_goes_while_a_step_is_done(bus, systemd, manager, device):
    manager.silent = True
    peer = start(device, "wifi-unblock")
    peer.send(b'{"id":1,"method":"restart_service","params":{"service":"hostapd"}}\n')
    eventually(lambda: manager.called("Set"))
    bus.stop()
    assert peer.receive()["error"]["code"] == "RESTART_FAILED"
    bus.start()
    systemd.connect()
    eventually(lambda: device.notify.status == "1 services watched, all healthy")
    peer.close()
