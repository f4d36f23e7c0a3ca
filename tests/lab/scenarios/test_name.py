# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whoever is in the same network finds the device by HOSTNAME.local, and its page, without any server's help."""

import pytest

from lab import wait
from lab.world import HOME, HOTSPOT, HOTSPOT_ADDRESS, PORT


def assert_found(somebody, name, address, port=PORT):
    """Finds the address and the page's port by the name, and the page by both."""
    wait.until(lambda: somebody.find("A", f"{name}.local") == address, 60, f"{name}.local to be {address}")
    wait.until(lambda: somebody.find("SRV", f"{name}._http._tcp.local") == f"{port} {name}.local", 60,
               f"the page to be announced on port {port}")
    url = f"http://{name}.local:{port}"
    words = f"curl -sS -m 10 -o /dev/null -w '%{{http_code}}' --resolve {name}.local:{port}:{address} {url}/"
    wait.until(lambda: somebody.run(words, check=False).stdout.strip() == "200", 30, f"the page at {url}")


@pytest.mark.long
def test_the_phone_finds_the_page_at_home_and_by_wire_and_after_a_change_of_port(home):
    device, phone, bench = home.device, home.phone, home.bench
    name = device.hostname()
    phone.wait_for("HomeNet")
    at_home = wait.until(lambda: home.router.leases().get(name), 60, "the device's address at home")
    assert_found(phone, name, at_home)

    bench.plug()
    at_the_wire = wait.until(bench.device_address, 60, "an address on eth0")
    assert_found(bench, name, at_the_wire)

    # As the README says.
    home.machine.write("/etc/systemd/system/webserver.socket.d/port.conf",
                       "[Socket]\nListenStream=\nListenStream=8080")
    home.machine.run("systemctl daemon-reload && systemctl restart webserver.socket")
    assert_found(phone, name, at_home, 8080)
    assert_found(bench, name, at_the_wire, 8080)

    home.machine.reboot()
    device.wait_for_network("connected")
    assert_found(bench, name, wait.until(bench.device_address, 60, "an address on eth0"), 8080)


@pytest.mark.long
def test_avahi_is_started_anew_and_another_device_takes_the_name(home):
    device, phone = home.device, home.phone
    name = device.hostname()
    phone.wait_for("HomeNet")
    at_home = wait.until(lambda: home.router.leases().get(name), 60, "the device's address at home")
    assert_found(phone, name, at_home)

    home.machine.run("systemctl restart avahi-daemon.service")
    assert_found(phone, name, at_home)
    home.machine.run("systemctl stop avahi-daemon.socket avahi-daemon.service")
    wait.until(lambda: device.ask_or_none("user-network", "status").get("announced", "?") is None, 30,
               "user-network to say that nothing is announced")
    home.machine.run("systemctl start avahi-daemon.service")
    assert_found(phone, name, at_home)

    # What Avahi calls itself after a collision is what the status tells.
    home.machine.run(f"busctl call org.freedesktop.Avahi / org.freedesktop.Avahi.Server SetHostName s {name}-2")
    device.wait_for_status("user-network.service", f"found as {name}-2.local")
    assert phone.find("A", f"{name}-2.local") == at_home
    assert device.hostname() == name


@pytest.mark.long
@pytest.mark.parametrize("state", ["first-time", "home"])
def test_the_device_is_given_another_name(at, state):
    lab = at(state)
    device, phone = lab.device, lab.phone
    before, after = device.hostname(), "sauna-in-the-cellar"
    if state == "home":
        phone.wait_for(HOME)
        address = wait.until(lambda: lab.router.leases().get(before), 60, "the device's address at home")
    else:
        phone.wait_for(HOTSPOT)
        address = HOTSPOT_ADDRESS
    assert_found(phone, before, address)

    lab.machine.run(f"hostnamectl set-hostname {after}")
    assert_found(phone, after, address)
    wait.until(lambda: phone.find("A", f"{before}.local") is None, 30, f"{before}.local to be nobody")
    assert phone.find("SRV", f"{before}._http._tcp.local") is None
    status = device.ask("user-network", "status")["result"]
    assert status["hostname"] == after and status["announced"]["host"] == f"{after}.local", status
    # What the hotspot's name server says from now on, and whoever is on it isn't thrown off.
    names = device.read("/etc/NetworkManager/dnsmasq-shared.d/90-unbox.conf")
    assert f"host-record={after}," in names and before not in names
    assert phone.network() == (HOME if state == "home" else HOTSPOT)
