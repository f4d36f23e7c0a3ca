# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was applied is changed by somebody else: that is noticed without asking, told once, and left as it is."""

import contextlib
import json
import time

import pytest

from applying import (  # pylint: disable=unused-import
    OLD, WIFI, bluez, hostapd_conf, product, state, systemd, timedated)
from harness import eventually

DRIFTED = "9f306db2e4ca4f81b5d70a12c3e4f514"

BLUETOOTH = "bluetooth:\n  name: Product\n  discoverable: true\n"
TIME = "time:\n  timezone: Europe/Zurich\n"
HCI0 = "/org/bluez/hci0"


def told(device, section):
    """What was said of it in the journal so far."""
    return [e["MESSAGE"] for e in device.journal.find(MESSAGE_ID=DRIFTED, UNBOX_SECTION=section, PRIORITY="4")]


def becomes(peer, section, expected):
    eventually(lambda: state(peer, section) == expected)


@contextlib.contextmanager
def looking(bluez):
    """healthd looks because of what is done meanwhile: of its own accord, so that nobody is started for it."""
    before = bluez.starts.count(False)
    yield
    eventually(lambda: bluez.starts.count(False) > before)


@pytest.fixture
def applied(systemd, bluez, timedated, device, product):
    """healthd, with all that isn't a file applied, and seen to be so. A function that starts it again."""
    product(BLUETOOTH + TIME)
    device.start("healthd")
    peer = device.connect("healthd")
    with looking(bluez):
        for section in ("bluetooth", "time"):
            peer.call("apply_config", {"section": section})
    peer.close()

    def again(meanwhile):
        daemon = device.daemon("healthd")
        assert daemon.stop() == 0
        meanwhile()
        device.start("healthd")
        return device.connect("healthd")

    assert told(device, "bluetooth") == told(device, "time") == []
    return again


@pytest.fixture
def peer(applied, device):
    made = device.connect("healthd")
    assert state(made, "bluetooth") == state(made, "time") == "applied"
    yield made
    made.close()


def test_a_file(systemd, healthd, device, product):
    product(WIFI)
    healthd.call("apply_config", {"section": "wifi"})
    path, written = hostapd_conf(device), hostapd_conf(device).read_text()
    path.write_text(written + "# mine\n")
    # Nobody has to ask.
    eventually(lambda: told(device, "wifi"))
    assert state(healthd, "wifi") == "drifted"
    path.write_text(written)
    assert state(healthd, "wifi") == "applied"
    path.unlink()
    eventually(lambda: len(told(device, "wifi")) == 2)
    assert state(healthd, "wifi") == "drifted"
    # It is written again only by who asks for it.
    assert not path.exists()
    healthd.call("apply_config", {"section": "wifi"})
    assert path.read_text() == written and state(healthd, "wifi") == "applied"


def test_a_file_while_healthd_was_away(systemd, device, product):
    product(WIFI)
    daemon = device.start("healthd")
    peer = device.connect("healthd")
    peer.call("apply_config", {"section": "wifi"})
    peer.close()
    assert daemon.stop() == 0
    hostapd_conf(device).write_text(OLD)
    device.start("healthd")
    eventually(lambda: told(device, "wifi"))


def test_bluetooth(bluez, peer, device):
    events = device.connect("healthd")
    events.call("subscribe", {"topics": ["config.*"]})
    bluez.change(Alias="mine")
    said = "the Bluetooth adapter's Alias is not what was applied: somebody has changed it"
    event = events.receive()
    assert event["event"] == "config.drifted"
    assert event["data"] == {"section": "bluetooth", "event": "drifted", "message": said}
    eventually(lambda: told(device, "bluetooth") == [said])
    assert state(peer, "bluetooth") == "drifted"
    # Once, whatever it becomes.
    with looking(bluez):
        bluez.change(Alias="hers")
    assert state(peer, "bluetooth") == "drifted"
    bluez.change(Alias="Product")
    becomes(peer, "bluetooth", "applied")
    bluez.change(Discoverable=False)
    becomes(peer, "bluetooth", "drifted")
    assert [text.split(" is ")[0] for text in told(device, "bluetooth")] == [
        "the Bluetooth adapter's Alias", "the Bluetooth adapter's Discoverable"]
    # It is set again only by who asks for it.
    assert bluez.first["Discoverable"] is False
    with looking(bluez):
        peer.call("apply_config", {"section": "bluetooth"})
        assert state(peer, "bluetooth") == "applied" and bluez.first["Discoverable"] is True
    assert state(peer, "bluetooth") == "applied" and len(told(device, "bluetooth")) == 2
    events.close()


def test_what_is_no_drift_of_bluetooth(bluez, peer, device, product):
    # Another adapter, and a property that is nobody's business.
    with looking(bluez):
        bluez.change("/org/bluez/hci1", Alias="mine", Discoverable=True)
        bluez.change(Address="00:00:00:00:00:01")
    # What was not asked for.
    product("bluetooth:\n  name: Other\n")
    with looking(bluez):
        peer.call("apply_config", {"section": "bluetooth"})
        bluez.change(Discoverable=False)
    assert state(peer, "bluetooth") == "applied"
    # What was before is put back, and is what was applied.
    product("bluetooth:\n  name: Third\n  discoverable: true\n")
    bluez.refuses = "Discoverable"
    with looking(bluez):
        assert peer.ask("apply_config", {"section": "bluetooth"})["error"]["code"] == "APPLY_FAILED"
    assert bluez.first["Alias"] == "Other" and state(peer, "bluetooth") == "failed"
    assert told(device, "bluetooth") == []
    bluez.change(Alias="Product")
    becomes(peer, "bluetooth", "drifted")
    assert len(told(device, "bluetooth")) == 1


def test_bluetoothd_comes_back(bluez, peer, device):
    bluez.disconnect()
    assert state(peer, "bluetooth") == "applied"
    bluez.first.update(Alias="mine")
    bluez.connect()
    becomes(peer, "bluetooth", "drifted")
    bluez.disconnect()
    bluez.first.update(Alias="Product")
    assert state(peer, "bluetooth") == "drifted"
    bluez.connect()
    becomes(peer, "bluetooth", "applied")
    assert len(told(device, "bluetooth")) == 1


def test_bluetoothd_makes_of_its_adapter_what_it_was(bluez, peer, device):
    adapter = dict(bluez.first)
    bluez.disconnect()
    del bluez.adapters[HCI0], bluez.adapters["/org/bluez/hci1"]
    with looking(bluez):
        bluez.connect()
    with looking(bluez):
        bluez.add(HCI0, **{**adapter, "Discoverable": False})
        # As long as a slow controller may need for it.
        time.sleep(0.5)
        bluez.change(Discoverable=True)
    assert state(peer, "bluetooth") == "applied" and told(device, "bluetooth") == []
    # Whoever comes and stays another is seen.
    bluez.add(HCI0, **{**adapter, "Discoverable": False})
    becomes(peer, "bluetooth", "drifted")
    assert len(told(device, "bluetooth")) == 1


def test_the_bus_comes_back(bus, systemd, bluez, peer, device):
    bus.stop()
    bluez.first.update(Alias="mine")
    bus.start()
    systemd.connect()
    bluez.connect()
    becomes(peer, "bluetooth", "drifted")
    # And it is listened to again.
    bluez.change(Alias="Product")
    becomes(peer, "bluetooth", "applied")


def test_while_healthd_was_away(applied, bluez, timedated, device):
    def meanwhile():
        bluez.first.update(DiscoverableTimeout=180)
        timedated.timezone = "Europe/Paris"

    asked = len(timedated.calls)
    peer = applied(meanwhile)
    # Of a link healthd needs nobody to know.
    assert state(peer, "time") == "drifted" and len(told(device, "time")) == 1
    becomes(peer, "bluetooth", "drifted")
    assert len(told(device, "bluetooth")) == 1
    assert len(timedated.calls) == asked
    peer.close()


def test_values_that_an_older_healthd_has_not_kept(applied, bluez, timedated, device):
    def meanwhile():
        for section in ("bluetooth", "time"):
            record = device.path(f"/var/lib/unbox/apply/{section}.json")
            content = json.loads(record.read_text())
            assert content.pop("values") == content.pop("our_values") == {
                "bluetooth": {"Alias": "Product", "Discoverable": True, "DiscoverableTimeout": 0},
                "time": {"Timezone": "Europe/Zurich"}}[section]
            record.write_text(json.dumps(content))
        bluez.first.update(Alias="mine")
        timedated.timezone = "Europe/Paris"

    peer = applied(meanwhile)
    bluez.change(Alias="hers")
    timedated.timezone = "UTC"
    assert state(peer, "bluetooth") == state(peer, "time") == "applied"
    # From the next one on it is known.
    for section in ("bluetooth", "time"):
        peer.call("apply_config", {"section": section})
    bluez.change(Alias="mine")
    becomes(peer, "bluetooth", "drifted")
    peer.close()


def test_time(peer, timedated, device):
    asked = len(timedated.calls)
    timedated.timezone = "Europe/Paris"
    eventually(lambda: told(device, "time") == [
        "the device's Timezone is not what was applied: somebody has changed it"])
    assert state(peer, "time") == "drifted"
    timedated.timezone = "Europe/Zurich"
    assert state(peer, "time") == "applied"
    # By hand: without a link it is UTC, and a file tells nobody which timezone it is.
    localtime = device.path("/etc/localtime")
    localtime.unlink()
    eventually(lambda: len(told(device, "time")) == 2)
    localtime.symlink_to("/usr/share/zoneinfo/Europe/Zurich")
    becomes(peer, "time", "applied")
    localtime.unlink()
    localtime.write_text("TZif")
    eventually(lambda: len(told(device, "time")) == 3)
    assert state(peer, "time") == "drifted"
    # Nobody had to be started for any of it.
    assert len(timedated.calls) == asked
    peer.call("apply_config", {"section": "time"})
    assert state(peer, "time") == "applied" and timedated.timezone == "Europe/Zurich"
    assert len(told(device, "time")) == 3


def test_no_link_is_utc(peer, timedated, device, product):
    product("time:\n  timezone: UTC\n")
    peer.call("apply_config", {"section": "time"})
    device.path("/etc/localtime").unlink()
    assert state(peer, "time") == "applied"


def test_confirmed_and_not_confirmed(peer, timedated, device, product):
    product("time:\n  timezone: Europe/Paris\n")
    peer.call("apply_config", {"section": "time", "confirm_within": 1})
    becomes(peer, "time", "failed")
    # What is back is what was applied before.
    assert timedated.timezone == "Europe/Zurich" and told(device, "time") == []
    peer.call("apply_config", {"section": "time", "confirm_within": 60})
    peer.call("confirm_config", {"section": "time"})
    assert state(peer, "time") == "applied" and told(device, "time") == []
    timedated.timezone = "Europe/Zurich"
    eventually(lambda: len(told(device, "time")) == 1)
    assert state(peer, "time") == "drifted"
