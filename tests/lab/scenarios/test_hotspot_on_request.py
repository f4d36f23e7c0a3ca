# SPDX-License-Identifier: LGPL-2.1-or-later
"""At home, somebody opens the hotspot for a while, with nothing forgotten."""

import pytest

from lab import wait
from lab.device import STATE
from lab.world import HOME, HOTSPOT, HOTSPOT_ADDRESS


def open_hotspot(lab):
    answer = lab.phone.open_page("/api/v1/network/hotspot", "PUT", body={"enabled": True})
    assert answer.status == 202, answer
    lab.device.wait_for_network("hotspot")
    lab.phone.wait_for(HOTSPOT, 60)
    lab.phone.wait_for_page()


@pytest.mark.long
def test_there_and_back(home):
    device, phone = home.device, home.phone
    before = device.read(f"{STATE}/network/user-netplan.yaml")
    open_hotspot(home)
    assert phone.resolve(device.hostname()) == HOTSPOT_ADDRESS
    status = phone.network_status()
    assert status["hotspot_settings"]["requested"] and status["saved"]["ssid"] == HOME
    device.wait_for_status("user-network.service", HOTSPOT, "open on request")
    assert HOME in phone.networks()

    # He who closes it is on it, and finds the page at home again.
    answer = phone.open_page("/api/v1/network/hotspot", "PUT", body={"enabled": False})
    assert answer.status in (0, 202), answer
    device.wait_for_network("connected")
    phone.wait_for(HOME, 60)
    phone.wait_for_page()
    assert device.read(f"{STATE}/network/user-netplan.yaml") == before
    assert not phone.network_status()["hotspot_settings"]["requested"]


@pytest.mark.long
def test_it_closes_by_itself_when_nobody_comes(home):
    device, phone, machine = home.device, home.phone, home.machine
    machine.write("/etc/unbox/config.yaml.d/50-soon.yaml", "hotspot: {request_minutes: 1}")
    machine.run("systemctl restart user-network.service", timeout=60)
    device.wait_for_network("connected")
    phone.walk_away()
    machine.run("unboxctl network hotspot on")
    device.wait_for_network("hotspot")
    device.wait_for_network("connected", timeout=150)
    phone.come_back()
    phone.wait_for(HOME, 90)


@pytest.mark.long
def test_it_survives_a_crash_but_not_a_boot(home):
    device, machine = home.device, home.machine
    open_hotspot(home)
    machine.run("systemctl kill -s KILL user-network.service")
    device.wait_for_status("user-network.service", HOTSPOT, "open on request")
    home.phone.wait_for_page()
    machine.reboot()
    device.wait_for_network("connected")
    home.phone.wait_for(HOME, 90)


def serve(lab, somebody, address):
    """Has somebody serve a page of his own at this address; the device itself gets it."""
    lab.machine.run(f"systemd-run --quiet --collect --unit=lab-page-{somebody.place} "
                    f"--property=NetworkNamespacePath=/run/netns/{somebody.place} "
                    f"python3 -m http.server --bind {address} --directory /opt/lab 8000")
    url = f"http://{address}:8000/"
    wait.until(lambda: lab.machine.run(f"curl -sS -m 5 -o /dev/null {url}", check=False).code == 0, 60,
               f"the device to get {url}")
    return url


@pytest.mark.long
def test_nobody_on_it_reaches_the_wire_that_is_plugged_in(home):
    phone, bench, machine = home.phone, home.bench, home.machine
    bench.plug()
    address = wait.until(bench.device_address, 60, "an address on eth0")
    open_hotspot(home)

    # The routes are set as an attacker wants them, on both sides.
    bench.run(f"ip route replace 10.42.0.0/24 via {address} dev bench0")
    phone.run(f"ip route replace 10.99.0.0/24 via {HOTSPOT_ADDRESS}")
    machine.run(f"ping -c1 -W5 -I {address} 10.99.0.1")
    assert phone.run("ping -c2 -W2 10.99.0.1", check=False).code != 0
    on_the_wire, on_the_phone = serve(home, bench, "10.99.0.1"), serve(home, phone, phone.address())
    assert phone.http("GET", on_the_wire, timeout=5).status == 0
    assert bench.http("GET", on_the_phone, timeout=5).status == 0
    # Neither the device by the address of its wire, nor the hotspot from the wire.
    assert phone.http("GET", f"http://{address}:5000/health", timeout=5).status == 0
    assert bench.http("GET", f"http://{HOTSPOT_ADDRESS}/", timeout=5).status == 0

    # It is the firewall that does it.
    machine.run("systemctl stop unbox-firewall.service")
    wait.until(lambda: phone.http("GET", on_the_wire, timeout=5).status == 200, 30, "the phone to get through")
    machine.run("systemctl start unbox-firewall.service")
    assert phone.http("GET", on_the_wire, timeout=5).status == 0

    # The page is on both; and the wire stays the way to the device when the hotspot is closed.
    assert phone.wait_for_page().status == 200
    assert bench.open_page("/api/v1/network/hotspot", "PUT", body={"enabled": False}).status == 202
    home.device.wait_for_network("connected")
    assert bench.open_page("/health").status == 200
