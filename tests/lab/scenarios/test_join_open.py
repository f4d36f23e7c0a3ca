# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device stands in a cafe whose Wi-Fi lets everybody in."""

import pytest

CAFE = "Cafe"


@pytest.mark.long
def test_the_device_joins_without_a_password(first_time):
    device, phone, router = first_time.device, first_time.phone, first_time.router
    router.become_open(CAFE)
    device.wait_until_it_sees(CAFE, "open")
    phone.wait_for_page()

    # A password for it is a mistake, and said to be one.
    answer = phone.choose(CAFE, "12345678")
    assert answer.status == 422 and "This network is open" in answer.body, answer
    assert device.network_state() == "hotspot"
    assert phone.open_page("/api/v1/network/connect", "POST", body={"ssid": CAFE}).status == 202
    device.wait_for_network("connected", timeout=120)
    assert device.verdict()["code"] == "joined"
    profile = f"netplan-wlan0-{CAFE}"
    assert device.active_connections()["wlan0"] == profile
    assert "wifi-security" not in device.read(f"/run/NetworkManager/system-connections/{profile}.nmconnection")

    first_time.machine.reboot()
    device.wait_for_network("connected", timeout=120)
    assert device.active_connections()["wlan0"] == profile
