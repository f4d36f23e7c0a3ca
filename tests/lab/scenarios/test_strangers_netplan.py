# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stranger has left a broken file in /etc/netplan, and NetworkManager helps nobody by itself.

With its automatic profile on, a wire would work by accident.
"""

import pytest

from lab import wait
from lab.world import HOME, HOME_PASSWORD, HOTSPOT, NEIGHBOUR, NEIGHBOUR_PASSWORD

STRANGER = "/etc/netplan/99-stranger.yaml"


def spoil(lab):
    lab.machine.write("/etc/NetworkManager/conf.d/90-stranger.conf",
                      "[main]\nno-auto-default=*")
    lab.machine.write(STRANGER,
                      "network:\n  ethernets:\n    eth0: {dhcp4: perhaps", "0600")
    assert lab.machine.run("netplan generate", check=False).code != 0


def assert_wire_works(lab):
    lab.bench.plug()
    wait.until(lambda: lab.bench.open_page("/").status == 200, 90, "the page on eth0")


@pytest.mark.long
def test_the_first_time_and_the_wire_hold(first_time):
    spoil(first_time)
    first_time.machine.reboot()
    first_time.device.wait_for_network("hotspot")
    first_time.phone.wait_for(HOTSPOT, 90)
    first_time.phone.wait_for_page("/")
    assert_wire_works(first_time)


def test_a_startup_and_the_wire_hold(home):
    spoil(home)
    home.machine.reboot()
    # netplan makes nothing of any file now: user-network has to bring the network up without it.
    home.device.wait_for_network("connected")
    home.phone.wait_for_page("/", timeout=120)
    assert_wire_works(home)
    entries = home.device.journal(match="MESSAGE_ID=51dfed0bc9f74ae4d4f6b7a9eb2d3f10")
    assert any("99-stranger" in str(entry.get("MESSAGE")) for entry in entries), entries


@pytest.mark.long
@pytest.mark.parametrize("state, ssid, wish, saved", [
    pytest.param("first-time", HOME, {"password": HOME_PASSWORD}, {HOME}, id="the-first"),
    # The neighbour has no DHCP server.
    pytest.param("home", NEIGHBOUR, {"password": NEIGHBOUR_PASSWORD, "address": "192.168.60.20/24"}, {HOME, NEIGHBOUR},
                 id="another")])
def test_a_network_is_joined_and_the_file_is_left_alone(at, state, ssid, wish, saved):
    lab = at(state)
    device, machine = lab.device, lab.machine
    spoil(lab)
    before = machine.out(f"sha256sum {STRANGER} && stat -c '%U %a %Y' {STRANGER}")
    verdict = device.join(ssid, **wish)
    assert verdict["code"] == "joined", verdict
    device.wait_for_network("connected")
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{ssid}"
    device.wait_for_status("user-network.service", ssid, "a file in /etc/netplan that is not ours is broken")
    assert device.saved_networks().keys() == saved

    machine.reboot()
    device.wait_for_network("connected", timeout=150)
    assert device.active_connections()["wlan0"] in [f"netplan-wlan0-{name}" for name in saved]
    assert device.saved_networks().keys() == saved
    device.wait_for_status("user-network.service", "a file in /etc/netplan that is not ours is broken")
    assert machine.out(f"sha256sum {STRANGER} && stat -c '%U %a %Y' {STRANGER}") == before


@pytest.mark.long
def test_a_factory_reset_and_the_wire_hold(home):
    spoil(home)
    boot = home.machine.boot_id()
    home.machine.run("systemctl start --no-block factory-reset.service", check=False)
    home.machine.wait_for_reboot(boot)
    home.machine.wait_for_boot()
    home.device.wait_for_network("hotspot")
    home.phone.wait_for(HOTSPOT, 90)
    home.phone.wait_for_page("/")
    found = home.machine.run(f"grep -rlF -e {HOME} -e {HOME_PASSWORD} /etc/netplan "
                             "/etc/NetworkManager /run/NetworkManager", check=False)
    assert found.stdout == ""
    assert_wire_works(home)
