# SPDX-License-Identifier: LGPL-2.1-or-later
"""apply_config: what is installed, what is refused, and what is put back."""

import hashlib
import json
import time

import pytest

from applying import (  # pylint: disable=unused-import
    OLD, WIFI, bluez, hostapd_conf, product, state, systemd, timedated)
from harness import eventually
from own_network import ip, own_network
from settings import NetworkManager

APPLIED = "7d1e4b90c2a84d6f93b5e8f0a1c2d312"
REVERTED = "8e2f5ca1d3b94e70a4c6f901b2d3e413"
FAILED = "fbd9e7a5c3f14a4ed2f0b1a3e5c7d90a"

NETWORK = """network:
  ap_ip: 10.77.0.1
  dhcp_range_start: 10.77.0.10
  dhcp_range_end: 10.77.0.99
  interface: lo
"""


@pytest.fixture
def network_manager(bus):
    made = NetworkManager(bus, wlan0=False, lo=False)
    yield made
    made.close()


@pytest.fixture
def loopback():
    """A network of the test's own: what it starts from here on has it, too. Sets addresses of lo."""
    with own_network():
        yield lambda address: ip("address", "replace", address, "dev", "lo")


def refused(peer, section, **params):
    return peer.ask("apply_config", {"section": section, **params})["error"]


def leftovers(device):
    """What lies beside the records: nothing, unless something is under way."""
    return sorted(p.name for p in device.path("/var/lib/unbox/apply").iterdir() if p.suffix != ".json")


def test_wifi(systemd, healthd, device, product):
    product(WIFI)
    assert healthd.call("get_status")["applied"] == {}
    assert healthd.call("apply_config", {"section": "wifi"}) == {"ok": True, "restarted": ["hostapd"]}
    written = hostapd_conf(device).read_text()
    assert "\nssid2=50726f64756374\n" in written and "\nwpa_passphrase=at least eight\n" in written
    assert "\ninterface=wlan0\n" in written
    assert hostapd_conf(device).stat().st_mode & 0o7777 == 0o600
    assert systemd.restarts_of("hostapd.service") == 1

    applied = healthd.call("get_status")["applied"]["wifi"]
    assert applied["state"] == "applied" and applied["message"] is None and applied["when"]
    assert applied["digest"] == hashlib.sha256(written.encode()).hexdigest()
    eventually(lambda: device.journal.find(MESSAGE_ID=APPLIED, UNBOX_SECTION="wifi"))
    assert "at least eight" not in device.log()
    assert leftovers(device) == []
    # Still known to another healthd.
    device.restart("healthd")
    peer = device.connect("healthd")
    assert peer.call("get_status")["applied"]["wifi"] == applied
    peer.close()


@pytest.mark.parametrize("text, complaint", [
    (None, "config.yaml: can't be read: No such file or directory"),
    ("", "config.yaml: there is no section wifi"),
    (NETWORK, "config.yaml: there is no section wifi"),
    ("wifi:\n  ssid: x\n  password: short\n", "config.yaml:3: wifi.password: must have 8 to 64 bytes, not 5"),
    ('wifi:\n  ssid: x\n  password: "12345678\\nwpa=0"\n',
     "config.yaml:3: wifi.password: must not contain control characters"),
    (WIFI + "  channel: 14\n", "config.yaml:4: wifi.channel: must be from 1 to 13 in band bg"),
    # What is wrong elsewhere counts, too: nobody knows what else was meant.
    (WIFI + "network:\n  ap_ip: 1\n", "config.yaml:5: network.ap_ip: must have 7 to 15 bytes, not 1"),
    (WIFI + "wifi: [", "config.yaml:5: did not find expected node content"),
])
def test_nothing_is_touched_if_validation_fails(systemd, healthd, device, product, text, complaint):
    if text is not None:
        product(text)
    error = refused(healthd, "wifi")
    assert error == {"code": "VALIDATION_FAILED", "message": "/var/lib/unbox/product/" + complaint}
    assert hostapd_conf(device).read_text() == OLD and systemd.calls == []
    assert list(device.path("/var/lib/unbox/apply").iterdir()) == []
    assert healthd.call("get_status")["applied"] == {}


def test_the_old_file_is_put_back(systemd, healthd, device, product):
    product(WIFI)
    read = []
    systemd.on_start = lambda name: read.append(hostapd_conf(device).read_text())
    systemd.units["hostapd.service"].outcome = "failed"
    assert refused(healthd, "wifi") == {"code": "RESTART_FAILED", "message": "hostapd failed to start"}
    assert hostapd_conf(device).read_text() == OLD
    assert hostapd_conf(device).stat().st_mode & 0o7777 == 0o640
    assert len(read) == 2 and "ssid2" in read[0] and read[1] == OLD
    applied = healthd.call("get_status")["applied"]["wifi"]
    assert applied["state"] == "failed" and applied["digest"] is None
    assert applied["message"] == "hostapd failed to start; with what was before: hostapd failed to start"
    eventually(lambda: device.journal.find(MESSAGE_ID=REVERTED, UNBOX_SECTION="wifi"))
    assert leftovers(device) == []


def test_it_works_again_with_the_old_file(systemd, healthd, device, product):
    def outcome(name):
        systemd.units[name].outcome = "active" if hostapd_conf(device).read_text() == OLD else "failed"

    product(WIFI)
    systemd.on_start = outcome
    assert refused(healthd, "wifi")["code"] == "RESTART_FAILED"
    assert systemd.units["hostapd.service"].properties["ActiveState"] == "active"
    assert healthd.call("get_status")["applied"]["wifi"]["message"] == "hostapd failed to start"


def test_where_was_no_file_there_is_none_again(systemd, healthd, device, product):
    product(WIFI)
    hostapd_conf(device).unlink()
    systemd.units["hostapd.service"].outcome = "failed"
    assert refused(healthd, "wifi")["code"] == "RESTART_FAILED"
    assert list(hostapd_conf(device).parent.iterdir()) == []


def test_a_unit_that_dies_a_moment_later_has_not_started(systemd, healthd, device, product):
    product(WIFI)
    healthd.send(b'{"id":1,"method":"apply_config","params":{"section":"wifi"}}\n')
    # It has been seen running.
    eventually(lambda: systemd.units["hostapd.service"].looked_at == 1)
    systemd.kill("hostapd.service")
    systemd.auto_restart("hostapd.service")
    assert healthd.receive()["error"] == {"code": "RESTART_FAILED", "message": "hostapd did not stay up"}
    assert hostapd_conf(device).read_text() == OLD


def test_hostapd_is_not_installed(systemd, healthd, device, product):
    product(WIFI)
    del systemd.units["hostapd.service"]
    assert refused(healthd, "wifi") == {"code": "RESTART_FAILED", "message": "hostapd failed to start"}
    assert hostapd_conf(device).read_text() == OLD
    hostapd_conf(device).unlink()
    hostapd_conf(device).parent.rmdir()
    error = refused(healthd, "wifi")
    assert error["code"] == "APPLY_FAILED" and "No such file or directory" in error["message"]
    assert state(healthd, "wifi") == "failed"


def test_the_bus_goes_in_the_middle(bus, systemd, healthd, device, product):
    """Nobody can be asked to restart the service with the old file: it is done as soon as somebody can."""
    product(WIFI)
    systemd.units["hostapd.service"].outcome = "hang"
    healthd.send(b'{"id":1,"method":"apply_config","params":{"section":"wifi"}}\n')
    eventually(lambda: systemd.restarts_of("hostapd.service") == 1)
    bus.stop()
    assert healthd.receive()["error"]["code"] == "RESTART_FAILED"
    assert hostapd_conf(device).read_text() == OLD
    assert state(healthd, "wifi") == "reverting"
    systemd.units["hostapd.service"].outcome = "active"
    bus.start()
    systemd.connect()
    eventually(lambda: state(healthd, "wifi") == "failed")
    assert systemd.restarts_of("hostapd.service") == 2
    assert hostapd_conf(device).read_text() == OLD and leftovers(device) == []


def test_something_else_than_a_file(systemd, healthd, device, product):
    product(WIFI)
    hostapd_conf(device).unlink()
    hostapd_conf(device).symlink_to("elsewhere.conf")
    assert refused(healthd, "wifi")["code"] == "CONFLICT"
    assert hostapd_conf(device).is_symlink() and systemd.calls == []


def test_two_masters_of_one_radio(systemd, healthd, device, product, network_manager):
    product(WIFI + NETWORK)
    network_manager.managed["wlan0"] = True
    assert refused(healthd, "wifi") == {"code": "CONFLICT", "message": "NetworkManager manages wlan0"}
    network_manager.managed["wlan0"] = False
    network_manager.silent = True
    assert refused(healthd, "wifi")["code"] == "CONFLICT"
    network_manager.silent = False
    network_manager.managed["lo"] = True
    assert refused(healthd, "network") == {"code": "CONFLICT", "message": "NetworkManager manages lo"}
    assert hostapd_conf(device).read_text() == OLD and systemd.calls == []
    # Not its own, and one that it has never heard of.
    healthd.call("apply_config", {"section": "wifi"})
    product(WIFI + "  interface: wlan7\n")
    healthd.call("apply_config", {"section": "wifi"})
    assert "\ninterface=wlan7\n" in hostapd_conf(device).read_text()


def test_network(loopback, systemd, device, product):
    loopback("10.77.0.1/24")
    product(NETWORK)
    device.start("healthd")
    peer = device.connect("healthd")
    assert peer.call("apply_config", {"section": "network"}) == {"ok": True, "restarted": ["systemd-networkd"]}
    path = device.path("/etc/systemd/network/10-unbox-ap.network")
    assert "\nAddress=10.77.0.1/24\n" in path.read_text() and "\nPoolSize=90\n" in path.read_text()
    assert path.stat().st_mode & 0o7777 == 0o644
    # networkd is fine, and still it does not work.
    product(NETWORK.replace(".0.1\n", ".0.2\n"))
    error = refused(peer, "network")
    assert error == {"code": "RESTART_FAILED", "message": "systemd-networkd did not give the interface its address"}
    assert "\nAddress=10.77.0.1/24\n" in path.read_text()
    assert systemd.restarts_of("systemd-networkd.service") == 3
    peer.close()


def watched(device):
    """A healthd that would restart hostapd at once, too."""
    device.configure("health: {units: [hostapd], apply_settle_seconds: 2}\n")
    device.start("healthd")
    return device.connect("healthd")


def told_of_hostapd(peer):
    return [e["event"] for e in peer.call("get_status")["events"] if e["service"] == "hostapd"]


def test_the_ladder_waits_until_it_has_gone_back(systemd, device, product):
    product(WIFI)
    peer = watched(device)
    hostapd = systemd.units["hostapd.service"]
    looked_at = hostapd.looked_at
    peer.send(b'{"id":1,"method":"apply_config","params":{"section":"wifi"}}\n')
    # It has been seen running, and has two seconds to prove itself.
    eventually(lambda: hostapd.looked_at > looked_at)
    assert systemd.restarts_of("hostapd.service") == 1
    begin = time.monotonic()
    systemd.kill("hostapd.service", restarts=False)
    assert peer.receive()["error"] == {"code": "RESTART_FAILED", "message": "hostapd did not stay up"}
    assert time.monotonic() - begin > 1
    assert hostapd_conf(device).read_text() == OLD
    # One with the new file and one with the old one.
    assert systemd.restarts_of("hostapd.service") == 2
    assert peer.call("get_health")["hostapd"] == "active" and told_of_hostapd(peer) == []
    # And goes on: it has not forgotten whom it watches.
    systemd.kill("hostapd.service", restarts=False)
    eventually(lambda: systemd.restarts_of("hostapd.service") == 3)
    peer.close()


def test_the_ladder_goes_on_where_nothing_works(systemd, device, product):
    product(WIFI)
    peer = watched(device)
    hostapd = systemd.units["hostapd.service"]
    hostapd.outcome = "failed"
    seen = []
    systemd.on_start = lambda name: seen.append("ssid2" in hostapd_conf(device).read_text())
    assert refused(peer, "wifi")["code"] == "RESTART_FAILED"
    eventually(lambda: len(seen) == 3)
    assert seen == [True, False, False]
    eventually(lambda: told_of_hostapd(peer) == ["failed", "restarted"])
    # What was done about the file is told before what is done about the service.
    messages = [e.get("MESSAGE_ID") for e in device.journal.messages]
    assert messages.index(REVERTED) < messages.index(FAILED)
    hostapd.outcome = "active"
    eventually(lambda: peer.call("get_health")["hostapd"] == "active", 15)
    assert systemd.restarts_of("hostapd.service") == 4
    peer.close()


def test_one_at_a_time(systemd, healthd, device, product):
    product(WIFI)
    systemd.units["hostapd.service"].outcome = "hang"
    healthd.send(b'{"id":1,"method":"apply_config","params":{"section":"wifi"}}\n')
    eventually(lambda: systemd.restarts_of("hostapd.service") == 1)
    other = device.connect("healthd")
    for section in ("wifi", "network"):
        assert refused(other, section)["code"] == "BUSY"
    assert state(other, "wifi") == "applying"
    other.close()


def test_parameters(healthd):
    def code(method, params):
        return healthd.ask(method, params)["error"]["code"]

    for params in ({}, {"section": 7}, {"section": "wifi", "now": True}, {"section": "wifi", "confirm_within": 0},
                   {"section": "wifi", "confirm_within": 86401}, {"section": "wifi", "confirm_within": "1"}):
        assert code("apply_config", params) == "INVALID_PARAMS"
    assert code("apply_config", {"section": "coffee"}) == "NOT_FOUND"
    assert code("confirm_config", {}) == "INVALID_PARAMS"
    for section in ("coffee", "wifi"):
        assert code("confirm_config", {"section": section}) == "NOT_FOUND"


def test_confirmed(systemd, healthd, device, product):
    product(WIFI)
    answer = healthd.call("apply_config", {"section": "wifi", "confirm_within": 60})
    assert answer == {"ok": True, "restarted": ["hostapd"]}
    assert state(healthd, "wifi") == "unconfirmed"
    assert refused(healthd, "wifi")["code"] == "BUSY"
    assert healthd.call("confirm_config", {"section": "wifi"}) == {"ok": True}
    assert state(healthd, "wifi") == "applied" and leftovers(device) == []
    assert healthd.ask("confirm_config", {"section": "wifi"})["error"]["code"] == "NOT_FOUND"


def test_not_confirmed(systemd, healthd, device, product):
    product(WIFI)
    healthd.call("apply_config", {"section": "wifi", "confirm_within": 2})
    assert hostapd_conf(device).read_text() != OLD
    eventually(lambda: state(healthd, "wifi") == "failed")
    assert hostapd_conf(device).read_text() == OLD
    assert systemd.restarts_of("hostapd.service") == 2
    assert healthd.call("get_status")["applied"]["wifi"]["message"] == "it was not confirmed in time"


@pytest.mark.parametrize("what", ["time", "boot"])
def test_not_confirmed_and_killed(systemd, device, product, what):
    product(WIFI)
    daemon = device.start("healthd")
    peer = device.connect("healthd")
    peer.call("apply_config", {"section": "wifi", "confirm_within": 600})
    daemon.kill()
    peer.close()
    # It still waits.
    daemon = device.start("healthd")
    peer = device.connect("healthd")
    assert state(peer, "wifi") == "unconfirmed" and hostapd_conf(device).read_text() != OLD
    daemon.kill()
    peer.close()
    record = device.path("/var/lib/unbox/apply/wifi.json")
    changed = json.loads(record.read_text())
    changed.update({"until": 1} if what == "time" else {"boot": "0" * 32})
    record.write_text(json.dumps(changed))
    device.start("healthd")
    peer = device.connect("healthd")
    eventually(lambda: state(peer, "wifi") == "failed")
    assert hostapd_conf(device).read_text() == OLD
    message = peer.call("get_status")["applied"]["wifi"]["message"]
    assert "confirmed" in message and ("restarted" in message) == (what == "boot")
    peer.close()


def test_bluetooth(bluez, healthd, device, product):
    product("bluetooth:\n  name: My \"Café\"\n  discoverable: true\n")
    assert healthd.call("apply_config", {"section": "bluetooth"}) == {"ok": True, "restarted": []}
    assert bluez.first["Alias"] == 'My "Café"'
    assert bluez.first["Discoverable"] and bluez.first["DiscoverableTimeout"] == 0
    assert bluez.adapters["/org/bluez/hci1"]["Alias"] == "old"
    assert state(healthd, "bluetooth") == "applied" and leftovers(device) == []


@pytest.mark.parametrize("trouble", ["forgets", "refuses"])
def test_bluetooth_goes_back(bluez, healthd, product, trouble):
    product("bluetooth:\n  name: new\n  discoverable: true\n")
    before = dict(bluez.first)
    setattr(bluez, trouble, "Discoverable")
    error = refused(healthd, "bluetooth")
    assert error["code"] == "APPLY_FAILED"
    assert error["message"] == {"refuses": "Not Powered",
                                "forgets": "Discoverable was set and is still as it was"}[trouble]
    assert bluez.first == before
    assert state(healthd, "bluetooth") == "failed"


def test_without_bluetooth(healthd, device, product):
    product("bluetooth:\n  name: new\n")
    assert refused(healthd, "bluetooth")["code"] == "APPLY_FAILED"
    assert healthd.call("get_status")["applied"] == {}


def test_bluetooth_without_an_adapter(bluez, healthd, product):
    product("bluetooth:\n  name: new\n")
    bluez.adapters.clear()
    assert refused(healthd, "bluetooth") == {"code": "APPLY_FAILED", "message": "there is no Bluetooth adapter"}


def test_time(timedated, healthd, product):
    product("time:\n  timezone: Europe/Zurich\n")
    assert healthd.call("apply_config", {"section": "time"}) == {"ok": True, "restarted": []}
    assert timedated.timezone == "Europe/Zurich"
    timedated.forgets = True
    product("time:\n  timezone: UTC\n")
    assert refused(healthd, "time")["message"] == "Timezone was set and is still as it was"
    timedated.refuses = True
    assert refused(healthd, "time")["message"] == "Permission denied"
    assert timedated.timezone == "Europe/Zurich"


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "Europe", "posix/../../../../etc/passwd"])
def test_a_timezone_that_nobody_knows(timedated, healthd, product, zone):
    product(f"time:\n  timezone: {zone}\n")
    error = refused(healthd, "time")
    assert error["code"] == "VALIDATION_FAILED" and "config.yaml:2: time.timezone: " in error["message"]
    assert timedated.calls == []
