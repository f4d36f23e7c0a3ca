# SPDX-License-Identifier: LGPL-2.1-or-later
"""The radio is switched on at every start, unless the customer has turned it off."""

import pytest

from lab import wait
from lab.world import HOME


def wifi_is_on(lab):
    return lab.machine.out("nmcli radio wifi") == "enabled"


def wired(lab):
    """Over the air nobody could switch it on again."""
    lab.bench.plug()
    wait.until(lambda: lab.bench.open_page("/health").status == 200, 60, "the page on eth0")


@pytest.mark.long
def test_what_the_customer_turned_off_stays_off(home):
    wired(home)
    answer = home.bench.open_page("/api/v1/network/radio", "PUT", body={"enabled": False})
    assert answer.status in (200, 202, 204), answer
    wait.until(lambda: not wifi_is_on(home), 30, "the radio to go off")

    home.machine.reboot()
    wait.until(lambda: home.bench.open_page("/health").status == 200, 60, "the page on eth0")
    home.device.wait_for_network("radio-off", "wired")
    assert not wifi_is_on(home)

    answer = home.bench.open_page("/api/v1/network/radio", "PUT", body={"enabled": True})
    assert answer.status in (200, 202, 204), answer
    wait.until(lambda: wifi_is_on(home), 30, "the radio to go on")
    wait.until(lambda: home.device.active_connections().get("wlan0"), 90, "the network to be back")


@pytest.mark.long
def test_what_somebody_else_turned_off_is_on_at_the_next_start(home):
    # While user-network runs, it is on again before anybody could look.
    home.machine.run("systemctl stop user-network.service && nmcli radio wifi off")
    wait.until(lambda: not wifi_is_on(home), 30, "the radio to go off")
    home.machine.reboot()
    wait.until(lambda: wifi_is_on(home), 60, "the radio to be on")
    home.device.wait_for_network("connected")
    home.phone.wait_for_page()


@pytest.mark.long
def test_what_somebody_else_blocked_is_on_again(home):
    """As with "rfkill block"; the device's radio alone, since rfkill would block everybody's in this machine."""
    device, machine = home.device, home.machine
    wired(home)
    switch = machine.out("echo /sys/class/net/wlan0/phy80211/rfkill*")

    def block():
        machine.run(f'rfkill block "$(cat {switch}/index)"')
    machine.run("systemctl stop user-network.service")
    block()
    wait.until(lambda: not wifi_is_on(home), 30, "NetworkManager to see it")
    assert machine.out(f"cat {switch}/soft") == "1"
    assert home.bench.open_page("/health").status == 200

    machine.run("systemctl start user-network.service", timeout=60)
    device.wait_for_network("connected")
    assert wifi_is_on(home) and machine.out(f"cat {switch}/soft") == "0"

    # While user-network runs, it is on again before anybody could look.
    def seen_blocked():
        return int(machine.run("journalctl -b -u NetworkManager.service --no-pager -o cat | "
                               "grep -c 'disabled by radio killswitch'", check=False).stdout)
    before = seen_blocked()
    block()
    wait.until(lambda: seen_blocked() > before, 30, "NetworkManager to see it")
    wait.until(lambda: machine.out(f"cat {switch}/soft") == "0", 30, "the block to be over")
    device.wait_for_network("connected")
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    assert home.bench.open_page("/health").status == 200
    home.phone.wait_for(HOME, 90)
    home.phone.wait_for_page()
