# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two hundred networks are in the air, as at a trade fair: the customer finds his, and joins it."""

import pytest

from lab import wait
from lab.world import HOME, HOME_PASSWORD, HOTSPOT, NEIGHBOUR

CROWD = [f"Stand {number:03}" for number in range(198)]
CONF = "/opt/lab/neighbour.conf"


@pytest.mark.long
def test_two_hundred_networks(first_time):
    device, phone, machine = first_time.device, first_time.phone, first_time.machine
    # The neighbour's radio has room for all of them.
    more = "\n".join(f"bss=crowd{number}\nssid={name}" for number, name in enumerate(CROWD))
    machine.write("/run/lab-crowd.conf", f"{machine.out(f'cat {CONF}')}\n{more}")
    machine.run(f"mount --bind /run/lab-crowd.conf {CONF} && systemctl restart lab-neighbour.service", timeout=60)

    def seen():
        device.ask_or_none("user-network", "scan")
        return device.air().keys() >= {HOME, NEIGHBOUR, *CROWD}
    wait.until(seen, 180, "all of them to be seen", interval=2)
    phone.wait_for(HOTSPOT, 60)
    offered = phone.networks()
    assert len(offered) == len(set(offered)) == len(CROWD) + 2 and HOTSPOT not in offered
    assert phone.choose(HOME, HOME_PASSWORD).status == 202
    device.wait_for_network("connected", timeout=150)
    assert device.verdict()["code"] == "joined"
    phone.wait_for(HOME, 90)
    phone.wait_for_page()
