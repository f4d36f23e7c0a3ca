# SPDX-License-Identifier: LGPL-2.1-or-later
"""The way to 7.7.7.7: a device goes where its bench's link or its bench's route leads, and nowhere else, as it is somebody's
address on the internet."""

import re

import pytest

import factory
from factory import new_bench  # noqa: F401  pylint: disable=unused-import
from harness import eventually
from own_network import Neighbour, ip, own_network, take


@pytest.fixture
def wire():
    """eth0, and at its other end somebody who has 7.7.7.7 too, and refuses whoever comes."""
    with own_network():
        ip("link", "set", "lo", "up")
        neighbour = Neighbour("eth0")
        neighbour.take_address("10.99.0.1/24")
        neighbour.run("ip", "link", "set", "lo", "up")
        neighbour.run("ip", "address", "add", "7.7.7.7/32", "dev", "lo")
        ip(*take("10.99.0.50/24", "eth0"))
        yield neighbour
        neighbour.close()


@pytest.fixture
def client(wire, root, bus, new_bench):
    made = factory.Client(root / "device", bus.address)
    made.configure(0, new_bench.folder / "ca.pem", url="https://7.7.7.7:5001", interface="eth0")
    yield made
    made.close()


def connections():
    """How many have been begun in this network."""
    with open("/proc/thread-self/net/snmp", encoding="ascii") as file:
        names, values = re.findall(r"^Tcp: (.*)$", file.read(), re.MULTILINE)
    return int(dict(zip(names.split(), values.split()))["ActiveOpens"])


def test_the_default_route_leads_to_somebody_else(client):
    ip("route", "add", "default", "via", "10.99.0.1", "dev", "eth0")
    assert client.run() == 1
    assert client.status.startswith(
        "no bench: only the default route leads to 7.7.7.7:5001 on eth0, and to somebody else, attempt 1, trying again")
    assert connections() == 0, "nobody was asked"


def test_a_wire_without_an_address(client):
    ip("address", "flush", "dev", "eth0")
    assert client.run() == 1
    assert client.status.startswith("no bench: eth0 has no address: is the wire plugged in?, attempt 1, trying again")
    assert connections() == 0, "nobody was asked with the address of nobody"


def test_an_address_that_comes_while_it_waits(client):
    ip("address", "flush", "dev", "eth0")
    attempt = client.start()
    eventually(lambda: client.status == "waiting for an address on eth0, attempt 1")
    assert connections() == 0
    ip(*take("10.99.0.50/24", "eth0"))
    assert attempt.wait(25) == 1
    assert "7.7.7.7:5001 does not answer on eth0 (Connection refused)" in client.status
    assert connections() > 0


@pytest.mark.parametrize("route", [
    ["7.7.7.7/32", "via", "10.99.0.1"], ["7.7.7.0/24", "dev", "eth0"], None], ids=["told", "on the link", "none"])
def test_ways_to_the_bench(client, route):
    if route:
        ip("route", "add", "default", "via", "10.99.0.1", "dev", "eth0")
        ip("route", "add", *route)
    assert client.run() == 1
    assert "7.7.7.7:5001 does not answer on eth0 (Connection refused)" in client.status
    assert connections() > 0
