# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer's router doesn't tell its name: he types it, and the device finds it again by itself."""

import pytest

from lab.world import HOME_PASSWORD

QUIET = "Quiet Home"


@pytest.mark.long
def test_the_device_joins_and_comes_back(first_time):
    device, phone, router = first_time.device, first_time.phone, first_time.router
    router.hide(QUIET)
    assert QUIET not in phone.networks()

    answer = phone.open_page("/api/v1/network/connect", "POST",
                             body={"ssid": QUIET, "password": HOME_PASSWORD, "hidden": True})
    assert answer.status == 202, answer
    device.wait_for_network("connected", timeout=120)
    assert device.verdict()["code"] == "joined"
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{QUIET}"

    first_time.machine.reboot()
    device.wait_for_network("connected", timeout=120)
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{QUIET}"


@pytest.mark.long
def test_after_an_outage_it_is_asked_for_by_its_name(first_time):
    device, router = first_time.device, first_time.router
    router.hide(QUIET)
    assert device.join(QUIET, password=HOME_PASSWORD, hidden=True)["code"] == "joined"

    # Long enough for the hotspot; the phone goes onto it, and keeps it open until it leaves.
    router.off()
    device.wait_for_network("hotspot", timeout=180)
    first_time.machine.run("systemctl stop lab-phone.service")
    router.on()
    device.wait_for_network("connected", timeout=240)
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{QUIET}"
