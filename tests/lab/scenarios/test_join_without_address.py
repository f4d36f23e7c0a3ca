# SPDX-License-Identifier: LGPL-2.1-or-later
"""The router lets the device in, but its DHCP server is silent: the customer learns that it isn't his password. One that
falls silent later is waited for."""

import pytest

from lab.world import HOME, HOME_PASSWORD, HOTSPOT

# Between two looks for the router while nobody is on the hotspot, the first of which may come too early; and the join.
LOOK = 60 + 120 + 60


@pytest.mark.long
def test_the_verdict_says_so_and_the_next_try_works(first_time):
    device, phone, router = first_time.device, first_time.phone, first_time.router
    router.give_no_addresses()
    assert phone.choose(HOME, HOME_PASSWORD).status == 202
    device.wait_for_journal(HOME, match="MESSAGE_ID=eac8d6f4b2e04f5dc3e1a0f2d4b6c809", timeout=90)
    device.wait_for_network("hotspot")

    verdict = device.verdict()
    assert verdict["code"] == "no_address", verdict
    assert "accepted the password" in verdict["message"] and "Restart the router" in verdict["message"]
    device.wait_for_status("user-network.service", "gave the device no address")
    shown = first_time.machine.out("unboxctl network")
    assert verdict["message"] in shown

    # The phone reads it on the page, restarts the router, and tries again.
    phone.wait_for(HOTSPOT, 60)
    assert phone.network_status()["verdict"] == verdict
    router.give_addresses()
    assert phone.choose(HOME, HOME_PASSWORD).status == 202
    device.wait_for_network("connected", timeout=120)


@pytest.mark.long
def test_at_home_the_hotspot_is_open_until_there_are_addresses_again(home):
    device, machine, phone, router = home.device, home.machine, home.phone, home.router
    router.give_no_addresses()
    machine.run("systemctl disable lab-router-dhcp.service && sync")
    machine.reboot()
    device.wait_for_network("hotspot", timeout=150)
    phone.wait_for(HOTSPOT, 90)
    phone.wait_for_page()
    assert device.saved_networks().keys() == {HOME} and device.verdict()["code"] == "joined"

    # Nobody has to do anything; but while somebody is on the hotspot it isn't closed.
    phone.walk_away()
    router.give_addresses()
    device.wait_for_network("connected", timeout=LOOK)
    phone.come_back()
    phone.wait_for(HOME, 90)
    phone.wait_for_page()
