# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer's router is new and speaks WPA3, or WPA3 only: who knows the password gets in, who doesn't learns why."""

import pytest

from lab.world import HOME_PASSWORD, HOTSPOT

MODERN, MIXED = "Modern Home", "Mixed Home"


@pytest.mark.long
def test_the_right_password_joins(first_time):
    device, phone, router = first_time.device, first_time.phone, first_time.router
    router.become_wpa3_only(MODERN)
    device.wait_until_it_sees(MODERN, "wpa3")

    assert phone.choose(MODERN, HOME_PASSWORD).status == 202
    device.wait_for_network("connected", timeout=120)
    assert device.verdict()["code"] == "joined"
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{MODERN}"
    assert len(router.stations()) == 1

    # And by itself after a night without power.
    first_time.machine.reboot()
    device.wait_for_network("connected", timeout=120)
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{MODERN}"


@pytest.mark.long
def test_a_wrong_password_is_not_taken_for_an_absent_router(first_time):
    device, phone, router = first_time.device, first_time.phone, first_time.router
    router.become_wpa3_only(MODERN)
    device.wait_until_it_sees(MODERN, "wpa3")

    # NetworkManager says of both that the network was not found.
    assert phone.choose(MODERN, "not-the-password").status == 202
    device.wait_for_journal(MODERN, match="MESSAGE_ID=eac8d6f4b2e04f5dc3e1a0f2d4b6c809", timeout=90)
    device.wait_for_network("hotspot")
    verdict = device.verdict()
    assert verdict["code"] == "password_wrong" and "Check it" in verdict["message"], verdict
    device.wait_for_status("user-network.service", "last join", "is probably wrong")
    assert not device.exists("/etc/netplan/60-user-netplan.yaml")

    # The phone is back on the hotspot with the reason, and the second try works.
    phone.wait_for(HOTSPOT, 60)
    assert phone.network_status()["verdict"]["message"] == verdict["message"]
    assert phone.choose(MODERN, HOME_PASSWORD).status == 202
    device.wait_for_network("connected", timeout=120)


@pytest.mark.long
def test_an_absent_router_is_not_taken_for_a_wrong_password(first_time):
    verdict = first_time.device.join("Nobody's network", password="12345678", hidden=True)
    assert verdict["code"] == "not_found", verdict
    first_time.device.wait_for_network("hotspot")


@pytest.mark.long
def test_a_router_that_speaks_wpa2_as_well(first_time):
    device, router = first_time.device, first_time.router
    router.become_mixed(MIXED)
    device.wait_until_it_sees(MIXED, "wpa2-wpa3")

    verdict = device.join(MIXED, password="not-the-password")
    assert verdict["code"] == "password_wrong", verdict
    device.wait_for_network("hotspot")
    assert device.saved_networks() == {}

    verdict = device.join(MIXED, password=HOME_PASSWORD)
    assert verdict["code"] == "joined", verdict
    device.wait_for_network("connected")
    first_time.machine.reboot()
    device.wait_for_network("connected", timeout=120)
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{MIXED}"
