# SPDX-License-Identifier: LGPL-2.1-or-later
"""/etc can't be written when the customer joins his network: he is on it all the same, and is told what is wrong."""

import pytest

from lab import wait
from lab.device import STATE
from lab.world import HOME, HOME_PASSWORD, HOTSPOT, HOTSPOT_ADDRESS

COPY = "/etc/netplan/60-user-netplan.yaml"
# Until the next boot.
READ_ONLY = ("cp -a /etc/netplan /run/lab-kept && mount -t tmpfs -o mode=0755 lab /etc/netplan && "
             "cp -a /run/lab-kept/. /etc/netplan/ && mount -o remount,ro /etc/netplan")
# The world's own processes, which run already, go on with theirs.
ALL_READ_ONLY = "mount --bind /etc /etc && mount -o remount,bind,ro /etc && ! touch /etc/netplan/file 2>/dev/null"


@pytest.mark.long
def test_a_join_on_a_read_only_etc(first_time):
    device, phone, machine = first_time.device, first_time.phone, first_time.machine
    machine.run(f"systemctl stop user-network.service && {READ_ONLY} && systemctl start user-network.service",
                timeout=60)
    device.wait_for_network("hotspot")
    phone.wait_for(HOTSPOT, 60)
    phone.wait_for_page()
    assert phone.choose(HOME, HOME_PASSWORD).status == 202
    device.wait_for_network("connected", timeout=150)
    assert device.verdict()["code"] == "joined"
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    device.wait_for_status("user-network.service", HOME, "/etc/netplan can't be written")
    assert device.exists(f"{STATE}/network/user-netplan.yaml") and not device.exists(COPY)

    # As at each boot of a device that is made so: nothing of it is where netplan's generator looks.
    machine.run("netplan generate && systemctl restart NetworkManager.service user-network.service", timeout=90)
    device.wait_for_network("connected", timeout=150)
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"

    # Once it can be written again, the copy is made.
    machine.reboot()
    device.wait_for_network("connected", timeout=150)
    assert device.read(COPY) == device.read(f"{STATE}/network/user-netplan.yaml")
    phone.wait_for(HOME, 90)
    phone.wait_for_page()


@pytest.mark.long
def test_a_join_while_all_of_etc_is_read_only(first_time):
    device, phone, machine = first_time.device, first_time.phone, first_time.machine
    name = device.hostname()
    machine.run(f"systemctl stop user-network.service && {ALL_READ_ONLY} && "
                "systemctl restart NetworkManager.service && systemctl start user-network.service", timeout=120)
    device.wait_for_network("hotspot", timeout=150)
    phone.wait_for(HOTSPOT, 90)
    phone.wait_for_page()
    assert phone.resolve(name) == HOTSPOT_ADDRESS
    wait.until(lambda: phone.find("A", f"{name}.local") == HOTSPOT_ADDRESS, 60, f"{name}.local to be found")

    assert phone.choose(HOME, HOME_PASSWORD).status == 202
    device.wait_for_network("connected", timeout=150)
    assert device.verdict()["code"] == "joined"
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    device.wait_for_status("user-network.service", HOME, "/etc/netplan can't be written")
    assert device.exists(f"{STATE}/network/user-netplan.yaml") and not device.exists(COPY)

    # And again after a boot, which finds it as it was.
    machine.reboot()
    device.wait_for_network("connected", timeout=150)
    assert device.read(COPY) == device.read(f"{STATE}/network/user-netplan.yaml")
