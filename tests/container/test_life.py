# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of a device without a radio, quickly: what systemd alone sequences."""

import random

from lab import wait
from lab.device import STATE


def test_without_a_bench_the_boot_ends_and_the_device_waits(lab):
    device = lab.device
    assert device.active("multi-user.target")
    assert device.active("healthd.service")
    assert device.active("webserver.socket")
    # One attempt after the other.
    assert device.show("identclient.service", "ActiveState") in ("active", "activating")
    assert device.show("user-network.service", "ConditionResult") == "no"
    status = wait.until(lambda: device.status("identclient.service"), 30, "a status line",
                        interval=0.1)
    assert "7.7.7.7" in status or "bench" in status.lower() or "eth0" in status
    assert lab.machine.out("systemctl --failed --plain --no-legend") == ""


def test_killed_again_and_again_identclient_still_enrols_once(lab):
    device, bench, machine = lab.device, lab.bench, lab.machine
    seed = random.SystemRandom().randrange(1000000)
    print(f"seed {seed}")
    moments = random.Random(seed)
    bench.server_on()
    bench.plug()
    for _ in range(10):
        machine.run(f"systemctl restart identclient.service; sleep {moments.uniform(0, 0.4):.3f}; "
                    "systemctl kill -s KILL identclient.service", check=False)
        if device.provisioned():
            break
    wait.until(device.provisioned, 60, "the enrolment")
    assert machine.run("identclient --check", check=False).code == 0
    states = bench.database("select state from enrolments").split()
    assert states.count("active") == 1, states


def test_after_the_enrolment_identclient_never_runs_again(enrolled):
    device, machine = enrolled.device, enrolled.machine
    wait.until(lambda: device.active("user-network.service"), 30, "user-network in the same boot")
    name = device.hostname()
    identity = machine.out(f"find {STATE}/identity -type f | sort | xargs sha256sum")

    machine.run("systemctl reboot --no-block", check=False)
    machine.wait_for_reboot()
    assert device.show("identclient.service", "ConditionResult") == "no"
    assert device.hostname() == name
    assert machine.out(f"find {STATE}/identity -type f | sort | xargs sha256sum") == identity
    wait.until(lambda: device.active("user-network.service"), 30, "user-network")
    wait.until(lambda: enrolled.bench.open_page("/").status == 200, 60, "the page on eth0")


def test_the_netplan_of_the_wire_comes_back(enrolled):
    machine = enrolled.machine
    machine.run("rm /etc/netplan/50-cloud-init.yaml && systemctl reboot --no-block", check=False)
    machine.wait_for_reboot()
    assert "eth0" in enrolled.device.read("/etc/netplan/50-cloud-init.yaml")
    wait.until(lambda: enrolled.bench.open_page("/").status == 200, 60, "the page on eth0")


def test_a_factory_reset_keeps_the_identity_and_nothing_of_the_customer(enrolled):
    device, machine = enrolled.device, enrolled.machine
    machine.write(f"{STATE}/network/user-netplan.yaml", "network: {version: 2}", "0600")
    machine.write("/etc/netplan/60-user-netplan.yaml", "network: {version: 2}", "0600")
    identity = machine.out(f"find {STATE}/identity -type f | sort | xargs sha256sum")
    machine.run("systemctl start --no-block factory-reset.service", check=False)
    machine.wait_for_reboot()
    assert not device.exists(f"{STATE}/factory-reset")
    assert not device.exists(f"{STATE}/network/user-netplan.yaml")
    assert not device.exists("/etc/netplan/60-user-netplan.yaml")
    assert machine.out(f"find {STATE}/identity -type f | sort | xargs sha256sum") == identity
