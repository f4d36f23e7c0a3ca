# SPDX-License-Identifier: LGPL-2.1-or-later
"""The first time: the customer has unpacked the device and takes out his phone."""

from lab import wait
from lab.world import HOME, HOTSPOT, HOTSPOT_ADDRESS, NEIGHBOUR


def test_the_phone_finds_the_hotspot_and_opens_the_page_by_name(first_time):
    device, phone = first_time.device, first_time.phone
    name = device.hostname()

    phone.wait_for(HOTSPOT)
    assert phone.address().startswith("10.42.0.")
    assert phone.resolve(name) == HOTSPOT_ADDRESS

    answer = phone.http("GET", f"http://{name}:5000/")
    assert answer.status == 200
    assert "<html" in answer.body.lower()
    assert phone.open_page("/health").status == 200

    assert HOTSPOT in device.status("user-network.service")


def test_the_device_looked_around_before_it_opened_the_hotspot(first_time):
    # A list made while the hotspot is up may hold nothing but the hotspot itself.
    offered = first_time.phone.networks()
    assert HOME in offered
    assert NEIGHBOUR in offered
    assert HOTSPOT not in offered


def test_name_and_password_of_the_hotspot_come_from_the_configuration(first_time):
    device, phone, machine = first_time.device, first_time.phone, first_time.machine
    machine.write("/etc/unbox/config.yaml.d/50-brand.yaml",
                  "hotspot:\n  ssid: Sauna 7\n  password: birch-and-steam")
    machine.run("sed -e 's/INCUVERS_AP/Sauna 7/' -e 's/incuvers1234/birch-and-steam/' "
                "/opt/lab/phone.conf >/var/lib/lab/phone.conf")
    machine.run("systemctl restart user-network.service lab-phone.service", timeout=90)
    device.wait_for_network("hotspot")
    phone.wait_for("Sauna 7", 90)
    phone.wait_for_page()


def test_nobody_on_the_hotspot_reaches_the_wire_behind_the_device(first_time):
    phone, bench = first_time.phone, first_time.bench
    phone.wait_for(HOTSPOT)
    # The wire comes while the hotspot is up, and everybody's routes are set as an attacker wants them.
    bench.plug()
    wait.until(bench.device_address, 60, "an address on eth0")
    address = bench.device_address()
    bench.run(f"ip route replace 10.42.0.0/24 via {address} dev bench0")
    phone.run("ip route replace 10.99.0.0/24 via 10.42.0.1")
    first_time.machine.run(f"ping -c1 -W5 -I {address} 10.99.0.1")
    assert phone.run("ping -c2 -W2 10.99.0.1", check=False).code != 0

    # It is the firewall that does it: without it, the phone gets through.
    first_time.machine.run("nft delete table inet unbox")
    phone.run("ping -c2 -W5 10.99.0.1")
