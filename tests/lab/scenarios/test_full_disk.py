# SPDX-License-Identifier: LGPL-2.1-or-later
"""The disk is full when the customer joins his network, or when the device is switched on."""

import pytest

from lab.device import STATE
from lab.world import HOME, HOME_PASSWORD


def fill(machine, path):
    """Puts a folder on a file system of its own, with no block left."""
    machine.run(f"cp -a {path} /run/lab-kept && mount -t tmpfs -o size=64k,mode=0755 lab {path} && "
                f"cp -a /run/lab-kept/. {path}/ && chown --reference=/run/lab-kept {path} && "
                f"chmod --reference=/run/lab-kept {path} && "
                f"(cat /dev/zero >{path}/ballast || true) 2>/dev/null")


@pytest.mark.long
def test_a_full_disk_during_a_join(first_time):
    lab = first_time
    lab.phone.wait_for_page()
    lab.machine.run("systemctl stop user-network.service")
    fill(lab.machine, f"{STATE}/network")
    lab.machine.run("systemctl start user-network.service", timeout=60)
    lab.device.wait_for_network("hotspot")
    lab.phone.wait_for_page()
    assert lab.phone.choose(HOME, HOME_PASSWORD).status == 202
    lab.device.wait_for_journal("no space", unit="user-network.service", timeout=90)
    lab.device.wait_for_network("hotspot", timeout=120)
    verdict = lab.device.verdict()
    assert verdict["code"] == "not_saved" and "its storage is full" in verdict["message"], verdict
    assert not lab.device.exists("/etc/netplan/60-user-netplan.yaml")

    lab.machine.run(f"rm {STATE}/network/ballast")
    lab.phone.wait_for_page()
    assert lab.phone.choose(HOME, HOME_PASSWORD).status == 202
    lab.device.wait_for_network("connected", timeout=120)


# All of the device's disk, with what is kept for root; most of it without a write.
FILL = ("fallocate -l $(($(stat -f -c '%f * %S' /) / 100 * 90)) /var/lib/lab/ballast; "
        "cat /dev/zero 2>/dev/null >/var/lib/lab/ballast-too; sync; ! echo 1 2>/dev/null >/var/lib/lab/ballast-more")


@pytest.mark.long
def test_a_boot_with_a_full_disk(home):
    device, machine, phone = home.device, home.machine, home.phone
    machine.run(FILL, timeout=120)
    machine.reboot()
    device.wait_for_network("connected", timeout=150)
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    assert device.verdict()["code"] == "joined" and device.saved_networks().keys() == {HOME}
    phone.wait_for(HOME, 90)
    phone.wait_for_page()

    # Nothing of it was lost, and there is room again.
    machine.run("rm /var/lib/lab/ballast*")
    assert device.join(HOME)["code"] == "joined"
