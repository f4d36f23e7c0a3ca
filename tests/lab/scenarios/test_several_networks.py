# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device knows two networks: which of them comes first is the customer's to say."""

import pytest

from lab import wait
from lab.world import HOME, NEIGHBOUR, NEIGHBOUR_PASSWORD

USER_NETPLAN = "/etc/netplan/60-user-netplan.yaml"


def on(lab, ssid, timeout=120):
    wait.until(lambda: lab.device.active_connections().get("wlan0") == f"netplan-wlan0-{ssid}", timeout,
               f"the device to be on {ssid}", interval=1)


def lend(lab):
    """The neighbour lends his network, and a free address in it: he has no DHCP server."""
    verdict = lab.device.join(NEIGHBOUR, password=NEIGHBOUR_PASSWORD, address="192.168.60.20/24")
    assert verdict["code"] == "joined", verdict
    on(lab, NEIGHBOUR)
    assert lab.device.saved_networks().keys() == {HOME, NEIGHBOUR}


@pytest.mark.long
def test_the_one_with_the_higher_priority_is_joined(home):
    device, machine, router = home.device, home.machine, home.router
    lend(home)
    answer = device.ask("user-network", "set_priority", {"ssid": HOME, "priority": 7})
    assert answer["result"] == {"accepted": True}
    wait.until(lambda: device.saved_networks()[HOME]["priority"] == 7, 30, "the priority to be kept")
    assert machine.out(f"stat -c '%U %a' {USER_NETPLAN}") == "root 600"

    machine.reboot()
    device.wait_for_network("connected", timeout=120)
    on(home, HOME)

    # Without his own router the neighbour's will do, and no hotspot opens.
    router.off()
    on(home, NEIGHBOUR, timeout=180)
    assert device.network_state() == "connected"


@pytest.mark.long
def test_forgetting_one_keeps_the_other(home):
    device, machine = home.device, home.machine
    lend(home)
    device.ask("user-network", "forget", {"ssid": NEIGHBOUR})
    on(home, HOME)
    assert device.saved_networks().keys() == {HOME}
    assert NEIGHBOUR not in device.read(USER_NETPLAN) and HOME in device.read(USER_NETPLAN)
    assert NEIGHBOUR not in machine.out("nmcli -t -f NAME connection show")

    # To be on it again takes its password again; to be at home takes none.
    refused = device.ask("user-network", "connect", {"ssid": NEIGHBOUR})
    assert refused["error"]["code"] == "INVALID_PARAMS"
    assert device.join(HOME)["code"] == "joined"


@pytest.mark.long
def test_a_factory_reset_forgets_both(home):
    lend(home)
    boot = home.machine.boot_id()
    home.machine.run("systemctl start --no-block factory-reset.service", check=False)
    home.machine.wait_for_reboot(boot)
    home.machine.wait_for_boot()
    home.device.wait_for_network("hotspot")
    assert home.device.saved_networks() == {}
    found = home.machine.run(f"grep -rlF -e {HOME} -e '{NEIGHBOUR}' /etc/netplan /run/NetworkManager "
                             "/var/lib/unbox", check=False)
    assert found.stdout == ""
