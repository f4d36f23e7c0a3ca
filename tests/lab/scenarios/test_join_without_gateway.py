# SPDX-License-Identifier: LGPL-2.1-or-later
"""The router names a gateway that isn't there: the device has an address, and nothing leads on from it."""

import pytest

from lab.world import HOME, HOME_PASSWORD

NOBODY, ROUTER = "192.168.50.2", "192.168.50.1"


@pytest.mark.long
def test_the_verdict_says_so_and_the_next_try_works(first_time):
    device, router = first_time.device, first_time.router
    router.name_gateway(NOBODY)
    verdict = device.join(HOME, password=HOME_PASSWORD)
    assert verdict["code"] == "no_gateway", verdict
    assert "no gateway answers" in verdict["message"]
    device.wait_for_network("hotspot")
    assert not device.exists("/etc/netplan/60-user-netplan.yaml")
    (entry,) = device.journal(match="UNBOX_VERDICT=no_gateway")
    assert entry["UNBOX_DETAIL"] == f"the gateway {NOBODY} does not answer"
    # Asked for by a unit of its own, in the sandbox as shipped, and no failed unit is left of it.
    assert device.journal(unit=f"unbox-gateway@wlan0@{NOBODY}.service")
    assert not first_time.machine.out("systemctl list-units --failed --plain --no-legend 'unbox-gateway@*'")

    router.name_gateway(None)
    verdict = device.join(HOME, password=HOME_PASSWORD)
    assert verdict["code"] == "joined", verdict
    assert "isn't known" not in "\n".join(device.messages("user-network.service"))
    assert f"default via {ROUTER} dev wlan0" in first_time.machine.out("ip -4 route show default")
