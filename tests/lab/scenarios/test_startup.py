# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every other morning: the device is switched on and goes straight home."""

import pytest

from lab import wait
from lab.world import HOME, HOTSPOT


def test_a_reboot_goes_straight_onto_the_home_network(home):
    device, phone, machine = home.device, home.phone, home.machine
    machine.reboot()

    device.wait_for_network("connected")
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    assert device.show("identclient.service", "ConditionResult") == "no"
    assert device.messages("identclient.service", match="MESSAGE_ID="
                           "0c3bb8f0b4d148ae9a2c7a4b1be8d602") == []
    assert device.messages(match="MESSAGE_ID=a4e6c8d0b2f14a3c9e5d7b6f8a0c2e05") == []
    assert HOTSPOT not in " ".join(device.messages("user-network.service"))
    phone.wait_for(HOME)
    phone.wait_for_page("/")

    home.bench.plug()
    wait.until(lambda: home.bench.open_page("/").status == 200, 60, "the page on eth0")
    phone.wait_for_page("/")


@pytest.mark.long
def test_with_the_wire_plugged_in_from_the_beginning(home):
    home.bench.plug()
    home.machine.reboot()
    wait.until(lambda: home.bench.open_page("/").status == 200, 60, "the page on eth0")
    home.phone.wait_for_page("/")


@pytest.mark.long
def test_after_an_outage_of_the_router_the_device_goes_home_again(home):
    home.router.off()
    wait.until(lambda: "wlan0" not in home.device.active_connections(), 60, "the device to notice")
    home.router.on()
    home.device.wait_for_network("connected", timeout=120)
    home.phone.wait_for(HOME, 90)
    home.phone.wait_for_page()
