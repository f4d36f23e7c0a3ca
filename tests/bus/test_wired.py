# SPDX-License-Identifier: LGPL-2.1-or-later
"""user-network changes the wire, with a NetworkManager and a netplan that the test plays. Whatever happens, the wire
ends with a confirmed address or as it was, and the device says which."""

import contextlib
import os

import pytest

from harness import Device, eventually
from wire_manager import LEASED, STORED, WireManager, generate, install_netplan

TRUTH = "/var/lib/unbox/network/user-wired.yaml"
COPY = "/etc/netplan/70-user-wired.yaml"
NOTE = "/var/lib/unbox/network/wired.json"
NEW = "192.0.2.7"
STATIC = {"method": "static", "address": f"{NEW}/24", "gateway": "192.0.2.1", "dns": ["192.0.2.1"]}
CHANGED = "b48e0d6a31f7492c8e5d90c7f1a63b15"
REVERTED = "c59f1e7b42084a3d9f6ea1d802b74c16"
CUT = 137
SECONDS = 30


class Wire:
    """The device, its NetworkManager, and whoever asks it."""

    def __init__(self, root, bus):
        self.device = Device(root)
        install_netplan(self.device)
        self.manager = WireManager(bus, self.device.path(STORED))
        self._environment = {"DBUS_SYSTEM_BUS_ADDRESS": bus.address}
        self.daemon = None

    def start(self, cut_at=None):
        environment = {**self._environment, **({"UNBOX_STORE_CRASH_AT": str(cut_at)} if cut_at else {})}
        self.daemon = self.device.start("user-network", environment=environment, ready=False)
        eventually(lambda: self.device.notify.seen("READY") or not self.daemon.running, SECONDS)

    def ask(self, method, params=None):
        with contextlib.closing(self.device.connect("user-network")) as peer:
            return peer.ask(method, params)

    def wired(self):
        return self.ask("wired")["result"]

    def step(self):
        return (self.wired()["pending"] or {}).get("step")

    def ended(self, code=None):
        """Waits for the end of a change; `code`: and for this one."""
        def is_so():
            wired = self.wired()
            return wired["pending"] is None and (not code or (wired["last"] or {}).get("code") == code)
        eventually(is_so, SECONDS, f"an end {code}")

    def has(self, path):
        return self.device.path(path).exists()

    def assert_kept(self):
        assert self.has(TRUTH) and self.has(COPY) and not self.has(NOTE)
        assert self.device.path(COPY).stat().st_mode & 0o777 == 0o600
        assert self.device.path(TRUTH).read_text() == self.device.path(COPY).read_text()
        eventually(lambda: self.manager.profile == ("stored", NEW), SECONDS)
        assert self.wired()["static"] == {key: STATIC[key] for key in ("address", "gateway", "dns")}

    def assert_as_before(self):
        assert not self.has(TRUTH) and not self.has(COPY) and not self.has(NOTE)
        eventually(lambda: self.manager.profile == ("stored", LEASED), SECONDS)
        assert self.wired()["method"] == "dhcp"

    def try_it(self):
        answer = self.ask("set_wired", STATIC)
        assert answer.get("result") == {"accepted": True, "confirm_within": 60}, answer
        eventually(lambda: self.step() == "unconfirmed", SECONDS)
        assert self.manager.profile[1] == NEW
        assert self.has(NOTE) and not self.has(TRUTH) and not self.has(COPY)

    def close(self):
        self.device.close()
        self.manager.close()


@pytest.fixture
def wire(root, bus):
    made = Wire(root / "device", bus)
    made.start()
    eventually(lambda: made.wired()["address"] == LEASED, SECONDS)
    yield made
    made.close()


def test_a_fixed_address_is_confirmed_and_kept(wire):
    wire.try_it()
    pending = wire.wired()["pending"]
    assert pending["static"]["address"] == f"{NEW}/24" and 0 < pending["seconds_left"] <= 60
    eventually(lambda: f"{NEW} on eth0 waits to be confirmed" in wire.device.notify.status)
    assert wire.ask("confirm_wired", {"address": LEASED})["error"]["code"] == "WRONG_ADDRESS"
    assert wire.ask("confirm_wired", {"address": NEW})["result"] == {"confirmed": True}
    wire.ended("confirmed")
    wire.assert_kept()
    assert not wire.manager.called("CheckpointRollback")
    assert len(wire.manager.called("CheckpointDestroy")) == 1
    assert wire.device.journal.find(MESSAGE_ID=CHANGED, UNBOX_OUTCOME="confirmed")
    # And stays so when the daemon comes anew.
    assert wire.daemon.stop() == 0
    wire.start()
    eventually(lambda: wire.wired()["address"] == NEW, SECONDS)
    wire.assert_kept()
    # Back to DHCP, at once.
    assert wire.ask("set_wired", {"method": "dhcp"})["result"] == {"accepted": True, "confirm_within": None}
    wire.ended("dhcp")
    wire.assert_as_before()


def test_a_reset_takes_a_fixed_address_back(wire):
    wire.try_it()
    assert wire.ask("reset")["error"]["code"] == "BUSY"
    assert wire.ask("confirm_wired", {"address": NEW})["result"] == {"confirmed": True}
    wire.ended("confirmed")
    wire.assert_kept()
    eventually(lambda: wire.ask("reset").get("result") == {"accepted": True})
    wire.ended("dhcp")
    wire.assert_as_before()


def test_it_is_not_up_yet(wire):
    wire.manager.comes_up = False
    wire.ask("set_wired", STATIC)
    eventually(lambda: wire.step() == "trying" and wire.manager.profile[1] == NEW, SECONDS)
    assert wire.ask("confirm_wired")["error"]["code"] == "NOT_READY"
    assert wire.ask("set_wired", {"method": "dhcp"})["error"]["code"] == "BUSY"
    wire.manager.come_up()
    eventually(lambda: wire.step() == "unconfirmed", SECONDS)


def test_networkmanager_refuses_it(wire):
    wire.manager.refuses = True
    wire.ask("set_wired", STATIC)
    wire.ended("refused")
    wire.assert_as_before()
    assert "not this one" in wire.device.log()
    assert wire.device.journal.find(MESSAGE_ID=REVERTED, UNBOX_OUTCOME="refused")


def test_the_cable_is_pulled(wire):
    wire.try_it()
    wire.manager.pull_the_cable()
    wire.ended("down")
    wire.assert_as_before()


def test_without_a_cable_nothing_is_begun(wire):
    wire.manager.pull_the_cable()
    eventually(lambda: not wire.wired()["carrier"], SECONDS)
    assert wire.ask("set_wired", STATIC)["error"]["code"] == "NOT_READY"


@pytest.mark.skipif(any(os.path.exists(path) for path in ("/lib/netplan/generate", "/usr/sbin/netplan")),
                    reason="this machine has a netplan of its own")
def test_without_netplan_nothing_is_begun(wire):
    wire.device.path("/usr/libexec/netplan/generate").unlink()
    error = wire.ask("set_wired", STATIC)["error"]
    assert (error["code"], error["message"]) == ("INTERNAL_ERROR", "netplan is not installed.")
    assert wire.wired()["pending"] is None and not wire.has(NOTE)
    wire.assert_as_before()


def test_networkmanager_goes_back_by_itself(wire):
    wire.try_it()
    wire.manager.time_is_over()
    wire.ended("down")
    wire.assert_as_before()


def test_networkmanager_is_started_anew_while_nobody_has_confirmed(wire):
    wire.try_it()
    wire.manager.start_anew()
    wire.ended("interrupted")
    wire.assert_as_before()
    # There is no checkpoint left that could be asked for, nor one of somebody else's to be hit.
    assert not wire.manager.called("CheckpointRollback")


def test_killed_while_nobody_has_confirmed(wire):
    wire.try_it()
    wire.daemon.kill()
    wire.start()
    wire.ended("interrupted")
    wire.assert_as_before()
    assert len(wire.manager.called("CheckpointRollback")) == 1


def test_killed_and_networkmanager_has_gone_back_meanwhile(wire):
    wire.try_it()
    wire.daemon.kill()
    wire.manager.time_is_over()
    wire.start()
    wire.ended("interrupted")
    wire.assert_as_before()


def test_a_strangers_broken_file(wire):
    stranger = wire.device.path("/etc/netplan/99.yaml")
    stranger.write_text("stranger")
    wire.try_it()
    wire.ask("confirm_wired")
    wire.ended("confirmed")
    wire.assert_kept()
    assert "99.yaml: perhaps?" in wire.device.log()


@pytest.mark.parametrize("params, words", [
    ({}, "dhcp or static"),
    ({"method": "static"}, "which address"),
    ({"method": "static", "address": "192.0.2.0/24"}, "first or the last"),
    ({"method": "static", "address": "239.1.2.3/24"}, "multicast"),
    ({"method": "static", "address": "10.42.0.7/24"}, "hotspot"),
    ({"method": "static", "address": "192.0.2.7/24", "gateway": "192.0.3.1"}, "not in the network"),
    ({"method": "static", "address": "192.0.2.7/24", "dns": ["a"]}, "DNS"),
])
def test_what_is_wrong_is_said(wire, params, words):
    error = wire.ask("set_wired", params)["error"]
    assert error["code"] == "INVALID_PARAMS" and words in error["message"]
    assert not wire.manager.called("CheckpointCreate")


def live_through(wire):
    """DHCP, a fixed address, and DHCP again; until the daemon ends in the middle. Returns whether it did."""
    try:
        wire.try_it()
        wire.ask("confirm_wired", {"address": NEW})
        wire.ended("confirmed")
        wire.ask("set_wired", {"method": "dhcp"})
        wire.ended("dhcp")
    except (OSError, AssertionError):
        eventually(lambda: not wire.daemon.running)
        assert wire.daemon.wait() == CUT, wire.device.log()
        return True
    return False


@pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1", reason="needs a build with -Dcrash_points=true")
@pytest.mark.parametrize("boots", [
    pytest.param(False, id="killed", marks=pytest.mark.long), pytest.param(True, id="power-cut")])
def test_cut_at_every_durable_operation(root, bus, boots):
    number, ends = 0, set()
    was_cut = True
    while was_cut:
        number += 1
        wire = Wire(root / f"device-{number}", bus)
        wire.start(number)
        was_cut = live_through(wire)
        if was_cut:
            # The truth comes before its copy, and goes before it.
            assert wire.has(TRUTH) or not wire.has(COPY) or wire.has(NOTE)
            if boots:
                generate(wire.device)
                wire.manager.start_anew(keep=False)
            wire.start()
            wire.ended()
        if wire.has(TRUTH):
            wire.assert_kept()
        else:
            wire.assert_as_before()
        ends.add(((wire.wired()["last"] or {}).get("code"), wire.wired()["method"]))
        wire.close()
    assert number > 8
    # Told as it was: a fixed address is there when somebody has confirmed it, until DHCP is for good.
    assert ends >= {("interrupted", "dhcp"), ("confirmed", "static"), ("interrupted", "static"), ("dhcp", "dhcp")}
    assert not ends & {("confirmed", "dhcp"), ("dhcp", "static")}
