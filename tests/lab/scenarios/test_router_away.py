# SPDX-License-Identifier: LGPL-2.1-or-later
"""The router is away for an evening: the hotspot opens, and closes when the router is back."""

import pytest

from lab import wait
from lab.world import HOME, HOTSPOT

# Between two looks for the router while nobody is on the hotspot, and the join.
LOOK = 60 + 60


@pytest.fixture
def evening(home):
    """The router has been away for as long as the device is patient, which isn't long here."""
    home.machine.write("/etc/unbox/config.yaml.d/50-soon.yaml", "network: {boot_wait_seconds: 10}")
    home.machine.run("systemctl restart user-network.service", timeout=60)
    home.device.wait_for_network("connected")
    home.phone.walk_away()
    home.router.off()
    home.device.wait_for_network("hotspot", timeout=120)
    return home


@pytest.mark.long
def test_with_nobody_on_the_hotspot_it_goes_home_by_itself(evening):
    device = evening.device
    device.wait_for_status("user-network.service", HOTSPOT, f"looking for saved network {HOME}")
    evening.router.on()
    device.wait_for_network("connected", timeout=LOOK)
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    evening.phone.come_back()
    evening.phone.wait_for(HOME, 90)
    evening.phone.wait_for_page()


@pytest.mark.long
def test_whoever_is_on_the_hotspot_is_not_thrown_off(evening):
    device, phone = evening.device, evening.phone
    phone.come_back()
    phone.wait_for(HOTSPOT, 60)
    phone.wait_for_page()
    evening.router.on()
    with pytest.raises(wait.Timeout):
        device.wait_for_network("connected", "starting", "joining", timeout=LOOK)
    assert phone.network() == HOTSPOT and phone.open_page("/health").status == 200

    # He leaves, and the device goes home.
    phone.walk_away()
    device.wait_for_network("connected", timeout=LOOK)


@pytest.mark.long
def test_a_boot_without_the_router_ends_with_the_hotspot_and_then_at_home(evening):
    evening.machine.run("systemctl disable lab-router.service && sync")
    evening.machine.reboot()
    # The saved network has its time before.
    evening.device.wait_for_status("user-network.service", f"waiting for saved network {HOME}")
    evening.device.wait_for_network("hotspot", timeout=120)
    evening.phone.walk_away()
    evening.router.on()
    evening.device.wait_for_network("connected", timeout=LOOK)
