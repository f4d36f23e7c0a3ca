# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody pulls the radio out, and puts it back: the wire works, and then all is as before."""

import pytest

from lab import wait
from lab.world import HOME, HOTSPOT

PROBLEM = "MESSAGE_ID=a3c5e7091b2d4f6181a3c5e7f9021b15 UNBOX_PROBLEM=no-radio"


def pull(lab):
    lab.bench.plug()
    wait.until(lambda: lab.bench.open_page("/health").status == 200, 60, "the page on eth0")
    lab.device.unplug_radio()
    lab.device.wait_for_journal("no radio", match=PROBLEM)
    status = wait.until(lambda: lab.bench.open_page("/api/v1/network").json(), 30, "the status")
    assert "no-radio" in [problem["code"] for problem in status["problems"]]
    assert lab.bench.open_page("/").status == 200


def problems(lab):
    status = lab.bench.open_page("/api/v1/network").json()
    return [problem["code"] for problem in status["problems"]]


@pytest.mark.long
def test_at_home(home):
    pull(home)
    home.device.wait_for_network("wired")
    home.device.plug_radio()
    home.device.wait_for_network("connected", timeout=120)
    assert home.device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    wait.until(lambda: "no-radio" not in problems(home), 30, "the problem to be over")
    home.phone.wait_for_page()


@pytest.mark.long
def test_in_the_first_time_without_a_wire(first_time):
    device, phone = first_time.device, first_time.phone
    phone.wait_for(HOTSPOT)
    device.unplug_radio()
    device.wait_for_network("no-radio")
    assert device.active("user-network.service")
    device.plug_radio()
    device.wait_for_network("hotspot", timeout=120)
    phone.wait_for(HOTSPOT, 90)
    phone.wait_for_page()


@pytest.mark.long
def test_a_radio_that_comes_only_after_the_boot(home):
    home.machine.write("/etc/unbox/config.yaml.d/50-country.yaml", "network: {country: CA}")
    pull(home)
    home.machine.run("systemctl restart user-network.service", timeout=60)
    home.device.wait_for_network("wired")
    home.device.plug_radio()
    # It is told of its country, and goes home.
    home.device.wait_for_journal("the radio keeps to the rules of CA", unit="user-network.service")
    home.device.wait_for_network("connected", timeout=120)
