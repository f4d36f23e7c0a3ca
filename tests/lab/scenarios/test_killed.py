# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody of those who look after the network is killed, whatever the device is doing: it goes on with it.

The steps of a join at which that happens are all in tests/bus/test_network_killed.py; here are those in which
NetworkManager and netplan have their say.
"""

import pytest

from lab import wait
from lab.device import STATE
from lab.world import HOME, HOME_PASSWORD, HOTSPOT

TRUTH = f"{STATE}/network/user-netplan.yaml"
COPY = "/etc/netplan/60-user-netplan.yaml"
MARK = "lab: the radio goes off"


def kill(lab, unit, order="kill -s KILL"):
    """Returns once another process is there instead."""
    device = lab.device
    before = device.show(f"{unit}.service", "MainPID")
    lab.machine.run(f"systemctl {order} {unit}.service", timeout=90)

    def another():
        return device.active(f"{unit}.service") and device.show(f"{unit}.service", "MainPID") not in ("0", before)
    wait.until(another, 90, f"another {unit}")


def in_hotspot(lab):
    lab.phone.wait_for(HOTSPOT)


def is_hotspot(lab):
    lab.device.wait_for_network("hotspot", timeout=150)
    lab.phone.wait_for(HOTSPOT, 90)
    lab.phone.wait_for_page()


def in_wire(lab):
    lab.phone.walk_away()
    lab.bench.plug()
    lab.device.wait_for_network("wired")


def is_wired(lab):
    lab.device.wait_for_network("wired", timeout=150)
    wait.until(lambda: lab.bench.open_page("/health").status == 200, 60, "the page on eth0")


def at_home(lab):
    lab.phone.wait_for(HOME, 90)


def is_home(lab):
    lab.device.wait_for_network("connected", timeout=150)
    assert lab.device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    lab.phone.wait_for(HOME, 90)
    lab.phone.wait_for_page()


def waiting(lab):
    """For the router, which is away, and comes back afterwards."""
    lab.router.off()
    lab.device.wait_for_status("user-network.service", f"waiting for saved network {HOME}", timeout=90)


def comes_home(lab):
    lab.router.on()
    is_home(lab)


def on_request(lab):
    lab.phone.wait_for(HOME, 90)
    assert lab.device.ask("user-network", "hotspot", {"enabled": True})["result"] == {"enabled": True}
    is_on_request(lab)


def is_on_request(lab):
    is_hotspot(lab)
    lab.device.wait_for_status("user-network.service", HOTSPOT, "open on request")
    assert lab.device.saved_networks().keys() == {HOME}


def turned_off(lab):
    """By the customer, who has come over the wire."""
    lab.bench.plug()
    wait.until(lambda: lab.bench.open_page("/health").status == 200, 60, "the page on eth0")
    assert lab.bench.open_page("/api/v1/network/radio", "PUT", body={"enabled": False}).status in (200, 202, 204)
    is_turned_off(lab)


def is_turned_off(lab):
    lab.device.wait_for_network("radio-off", timeout=150)
    wait.until(lambda: lab.machine.out("nmcli radio wifi") == "disabled", 30, "the radio to be off")
    wait.until(lambda: lab.bench.open_page("/health").status == 200, 60, "the page on eth0")


# Where it begins, what the device is doing, and what it does in the end.
STATES = {
    "hotspot": ("first-time", in_hotspot, is_hotspot),
    "wired": ("first-time", in_wire, is_wired),
    "connected": ("home", at_home, is_home),
    "waiting": ("home", waiting, comes_home),
    "on-request": ("home", on_request, is_on_request),
    "radio-off": ("home", turned_off, is_turned_off),
}


@pytest.mark.long
@pytest.mark.parametrize("unit, state", [
    *(("user-network", state) for state in STATES),
    *(("NetworkManager", state) for state in STATES),
    # Of use where there is a radio.
    ("wpa_supplicant", "hotspot"), ("wpa_supplicant", "connected")])
def test_it_goes_on(at, unit, state):
    goes_on(at, state, unit)


@pytest.mark.long
@pytest.mark.parametrize("state", ["hotspot", "connected"])
def test_networkmanager_is_restarted(at, state):
    """By somebody who has changed its configuration: it takes its leave in good order."""
    goes_on(at, state, "NetworkManager", "restart")


def goes_on(at, state, unit, *order):
    start, begin, end = STATES[state]
    lab = at(start)
    begin(lab)
    before = lab.device.verdict()
    kill(lab, unit, *order)
    end(lab)
    # Nobody has tried to join anything.
    assert lab.device.verdict() == before
    assert lab.device.exists(TRUTH) == lab.device.exists(COPY) == (start == "home")


# -- in the middle of a join ----------------------------------------------------------------------


def assert_old_or_new(lab):
    """Home, with all that makes it last, or the hotspot with nothing left; and the device says which."""
    device = lab.device

    def settled():
        state, verdict = device.network_state(), device.verdict()
        if not verdict or state not in ("hotspot", "connected"):
            return None
        return state, verdict
    state, verdict = wait.until(settled, 150, "the device to have settled", interval=1)
    assert verdict["ssid"] == HOME
    assert (verdict["code"], state) in (("joined", "connected"), ("interrupted", "hotspot")), (verdict, state)
    assert device.exists(TRUTH) == device.exists(COPY) == (state == "connected")
    if state == "hotspot":
        is_hotspot(lab)
        assert lab.phone.network_status()["verdict"] == verdict
        assert lab.phone.choose(HOME, HOME_PASSWORD).status == 202
    is_home(lab)


@pytest.mark.long
@pytest.mark.parametrize("unit", ["user-network", "NetworkManager"])
@pytest.mark.parametrize("step", ["associating", "radio"])
def test_a_join_ends_as_old_or_new(first_time, unit, step):
    first_time.phone.wait_for(HOTSPOT)
    wait_for_it = first_time.device.when_joining(step, f"systemctl kill -s KILL {unit}.service")
    assert first_time.phone.choose(HOME, HOME_PASSWORD).status == 202
    wait_for_it()
    assert_old_or_new(first_time)


@pytest.mark.long
def test_the_power_goes_between_radio_off_and_on(first_time):
    """NetworkManager has noted on the disk that it is to be off."""
    machine = first_time.machine
    first_time.phone.wait_for(HOTSPOT)
    first_time.device.when_joining("radio", f"sync; echo {MARK} >/dev/console")
    assert first_time.phone.choose(HOME, HOME_PASSWORD).status == 202
    wait.until(lambda: MARK in machine.console.read_text(errors="replace"), 120, "the radio to go off",
               interval=0.01)
    machine.power_cycle()
    machine.wait_for_boot()
    assert_old_or_new(first_time)
    assert machine.out("nmcli radio wifi") == "enabled"
