# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plug is pulled at a random moment; after the next boot the story goes on by itself.

LAB_CUTS says how often each (1, and 10 in the campaign), LAB_SEED repeats a run.
"""

import os
import random
import time

import pytest

from lab import wait
from lab.device import STATE
from lab.world import HOME, HOME_PASSWORD, HOTSPOT

pytestmark = pytest.mark.random

CUTS = range(int(os.environ.get("LAB_CUTS", "1")))
SEED = int(os.environ.get("LAB_SEED", random.SystemRandom().randrange(1000000)))


def moment(story, number, longest):
    """A random moment of this story, the same for the same seed."""
    delay = random.Random(f"{SEED} {story} {number}").uniform(0, longest)
    print(f"LAB_SEED={SEED}: the power goes {delay:.2f} s into {story} {number}")
    return delay


def cut_after(lab, delay):
    # The one place where time itself is the matter: the moment is what is drawn.
    time.sleep(delay)
    lab.machine.power_cycle()
    lab.machine.wait_for_boot()


@pytest.mark.parametrize("number", CUTS)
def test_during_enrolment(factory, number):
    lab = factory
    lab.bench.server_on()
    lab.bench.plug()
    cut_after(lab, moment("enrolment", number, 12))

    wait.until(lab.device.provisioned, 120, "the enrolment", interval=1)
    assert lab.machine.run("identclient --check", check=False).code == 0
    wait.until(lambda: lab.device.active("user-network.service"), 60, "user-network")
    # One device, one identity: the bench has not two of them active.
    assert lab.bench.database("select state from enrolments").split().count("active") == 1
    assert lab.device.hostname() == lab.device.read("/etc/hostname") != "unbox-unnamed"


@pytest.mark.parametrize("number", CUTS)
def test_during_a_join(first_time, number):
    lab = first_time
    lab.phone.wait_for(HOTSPOT)
    assert lab.phone.choose(HOME, HOME_PASSWORD).status == 202
    cut_after(lab, moment("a join", number, 15))

    # Either the old state or the new one, and whole.
    state = lab.device.wait_for_network("hotspot", "connected")
    if state == "hotspot":
        assert not lab.device.exists("/etc/netplan/60-user-netplan.yaml")
        lab.phone.wait_for(HOTSPOT, 90)
        lab.phone.wait_for_page()
        assert lab.phone.choose(HOME, HOME_PASSWORD).status == 202
        lab.device.wait_for_network("connected", timeout=120)
    assert lab.device.exists(f"{STATE}/network/user-netplan.yaml")
    assert lab.device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    lab.phone.wait_for(HOME, 90)
    lab.phone.wait_for_page()


@pytest.mark.parametrize("number", CUTS)
def test_during_a_reset(home, number):
    lab = home
    before = lab.machine.out(f"sha256sum {STATE}/identity/current/*")
    lab.machine.run("systemctl start --no-block factory-reset.service", check=False)
    wait.until(lambda: lab.device.exists(f"{STATE}/factory-reset"), 20, "the flag", interval=0.05)
    cut_after(lab, moment("a reset", number, 30))

    lab.device.wait_for_network("hotspot")
    assert not lab.device.exists(f"{STATE}/factory-reset")
    assert not lab.device.exists("/etc/netplan/60-user-netplan.yaml")
    assert lab.machine.out(f"sha256sum {STATE}/identity/current/*") == before
    lab.phone.wait_for(HOTSPOT, 90)
    lab.phone.wait_for_page()
