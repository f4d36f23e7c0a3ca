# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer sells the device: everything of his goes, the identity stays.

In every run the command line's reset is test_strangers_netplan's, and the power is cut at some moment of one in
test_power_cut."""

import pytest

from lab import wait
from lab.device import STATE
from lab.world import HOME, HOME_PASSWORD, HOTSPOT

MARK = "lab: the reset is under way"
IDENTITY = f"find {STATE}/identity -type f -o -type l | sort | xargs stat -c '%n %N %a %s %Y'"
TRACES = ("grep -rlsaF -e {word} /etc/netplan /etc/NetworkManager /run/NetworkManager "
          "/var/lib/NetworkManager /var/lib/unbox /run/netplan")


def assert_forgotten(lab):
    device, machine = lab.device, lab.machine
    for word in (HOME, HOME_PASSWORD):
        assert machine.run(TRACES.format(word=word), check=False).stdout == ""
    for word in (HOME, HOME_PASSWORD):
        # Entries of this boot may name the network, since the device has looked around again.
        old = machine.run(f"journalctl --no-pager -o export | grep -caF {word} || true").stdout
        new = machine.run(f"journalctl -b --no-pager -o export | grep -caF {word} || true").stdout
        assert int(old) == int(new), f"an earlier boot's journal still has {word}"
    assert not device.exists("/etc/netplan/60-user-netplan.yaml")
    assert not device.exists(f"{STATE}/network/user-netplan.yaml")
    assert machine.out(f"ls -A {STATE}/web") == ""
    assert not device.exists(f"{STATE}/factory-reset")
    assert "/etc/netplan/50-cloud-init.yaml" in machine.out("ls /etc/netplan/*.yaml")


def assert_first_time_again(lab):
    lab.device.wait_for_network("hotspot")
    lab.phone.wait_for(HOTSPOT, 90)
    lab.phone.wait_for_page()
    assert lab.device.show("identclient.service", "ConditionResult") == "no"


def test_from_the_page(home):
    device, phone, machine = home.device, home.phone, home.machine
    phone.wait_for_page()
    identity, boot = machine.out(IDENTITY), machine.boot_id()
    name = device.hostname()

    wrong = phone.open_page("/api/v1/system/factory-reset", "POST", body={"confirm": "yes"})
    assert 400 <= wrong.status < 500, wrong
    assert not device.exists(f"{STATE}/factory-reset")

    answer = phone.open_page("/api/v1/system/factory-reset", "POST", body={"confirm": name})
    assert answer.status == 202, answer
    machine.wait_for_reboot(boot)
    machine.wait_for_boot()

    assert machine.out(IDENTITY) == identity
    assert device.hostname() == name
    assert_forgotten(home)
    assert_first_time_again(home)


@pytest.mark.long
def test_from_the_command_line(home):
    machine = home.machine
    identity, boot = machine.out(IDENTITY), machine.boot_id()
    machine.run("systemctl start --no-block factory-reset.service", check=False)
    machine.wait_for_reboot(boot)
    machine.wait_for_boot()
    assert machine.out(IDENTITY) == identity
    assert_forgotten(home)
    assert_first_time_again(home)


@pytest.mark.long
def test_with_the_power_cut_in_its_middle(home):
    machine = home.machine
    identity = machine.out(IDENTITY)
    # Says on the console when the erasing begins, so that the plug can be pulled right then.
    machine.write("/etc/systemd/system/factory-reset-apply.service.d/lab.conf",
                  "[Service]\nDeviceAllow=/dev/console rw\n"
                  f"ExecStartPre=+/bin/sh -c 'echo {MARK} >/dev/console'")
    machine.run("systemctl daemon-reload")
    machine.run("systemctl start --no-block factory-reset.service", check=False)
    wait.until(lambda: MARK in machine.console.read_text(errors="replace"), 120,
               "the reset to be under way", interval=0.01)
    machine.power_cycle()
    machine.wait_for_boot()
    assert machine.out(IDENTITY) == identity
    assert_forgotten(home)
    assert_first_time_again(home)
