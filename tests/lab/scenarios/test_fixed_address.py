# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer gives his device a fixed address: it has it at once, and after every start."""

import pytest

from lab import wait
from lab.world import HOME, HOME_PASSWORD

ADDRESS, GATEWAY = "192.168.50.20", "192.168.50.1"


def has_it(lab):
    assert ADDRESS in lab.machine.out("ip -4 -br address show dev wlan0")
    assert f"default via {GATEWAY} dev wlan0" in lab.machine.out("ip -4 route show default")
    wait.until(lambda: lab.router.run(f"ping -c 1 -W 1 {ADDRESS}", check=False).code == 0, 30,
               "the router to reach the device")
    assert GATEWAY in lab.machine.out("nmcli -g IP4.DNS device show wlan0")


@pytest.mark.long
def test_it_stands_where_nobody_gives_addresses(first_time):
    device, machine, router = first_time.device, first_time.machine, first_time.router
    router.give_no_addresses()
    verdict = device.join(HOME, password=HOME_PASSWORD, address=f"{ADDRESS}/24", gateway=GATEWAY, dns=[GATEWAY])
    assert verdict["code"] == "joined", verdict
    has_it(first_time)

    machine.reboot()
    device.wait_for_network("connected", timeout=120)
    has_it(first_time)


def test_an_address_that_cannot_be_is_refused_before_anything_happens(first_time):
    device = first_time.device
    for wrong in ({"address": "192.168.50.255/24"}, {"address": f"{ADDRESS}/24", "gateway": "10.0.0.1"},
                  {"gateway": GATEWAY}):
        answer = device.ask("user-network", "connect", {"ssid": HOME, "password": HOME_PASSWORD, **wrong})
        assert answer["error"]["code"] == "INVALID_PARAMS", (wrong, answer)
    assert device.network_state() == "hotspot"
