# SPDX-License-Identifier: LGPL-2.1-or-later
"""A join proves that the gateway answers: a real kernel asks a real neighbour over a real cable, named wlan0."""

import subprocess

import pytest

from fake_routers import router
from fake_systemd1 import Systemd
from harness import BUILD_DIR, eventually
from joining import (  # pylint: disable=unused-import
    FAILED, INSTALLED, PASSWORD, TRUTH, ask, connect, reaches, saved, world)
from own_network import Neighbour, ip, own_network, take

GATEWAY = "192.168.50.1"
UNIT = "unbox-gateway@wlan0@{}.service"


class Manager(Systemd):
    """Has the one program that it starts run, where the test is."""

    job_mode = "replace"

    def __init__(self, bus):
        super().__init__(bus)
        self.on_start = self.run
        self.codes = []

    def gateway(self, address, **properties):
        return self.add(UNIT.format(address), Type="oneshot", ActiveState="inactive", SubState="dead",
                        **properties)

    def run(self, name):
        instance = name.split("@", 1)[1].removesuffix(".service")
        self.codes.append(subprocess.run([BUILD_DIR / "user-network/ask-gateway", instance],
                                         check=False).returncode)

    def asked(self):
        return [name for method, name in self.calls if method == "StartUnit"]


@pytest.fixture
def cable():
    """The device's end has its addresses, as NetworkManager would have given it."""
    with own_network():
        made = Neighbour("wlan0")
        for address in ("192.168.50.7/24", "fe80::7/64"):
            ip(*take(address, "wlan0"))
        yield made
        made.close()


@pytest.fixture
def systemd(cable, bus):
    made = Manager(bus)
    made.gateway(GATEWAY)
    yield made
    made.close()


def steps(device):
    return [entry["UNBOX_STEP"] for entry in device.journal.messages if "UNBOX_STEP" in entry]


def detail(device):
    return device.journal.find(MESSAGE_ID=FAILED)[-1]["UNBOX_DETAIL"]


def test_it_answers(cable, systemd, world, device):
    manager, peer = world({"Home": router(PASSWORD)})
    cable.take_address(f"{GATEWAY}/24")
    verdict = connect(peer, "Home", password=PASSWORD)
    assert verdict["code"] == "joined", verdict
    assert systemd.asked() == [UNIT.format(GATEWAY)] and systemd.codes == [0]
    assert steps(device) == ["checkpoint", "associating", "address", "gateway", "installing", "radio",
                             "proving", "committed"]
    assert "isn't known" not in device.log()
    peer.close()


def test_nobody_answers(cable, systemd, world, device):
    manager, peer = world({"Home": router(PASSWORD)})
    verdict = connect(peer, "Home", password=PASSWORD)
    assert verdict["code"] == "no_gateway" and "no gateway answers" in verdict["message"], verdict
    assert detail(device) == f"the gateway {GATEWAY} does not answer"
    # More than once, since the air loses some; and nothing of it is left.
    assert len(systemd.asked()) > 1 and not any(systemd.codes)
    assert not device.path(TRUTH).exists() and not device.path(INSTALLED).exists()
    assert not manager.loaded() and saved(peer) == {}
    reaches(peer, "hotspot")
    peer.close()


def test_it_answers_late(cable, systemd, world, device):
    """A router that is still starting, or a lost question."""
    manager, peer = world({"Home": router(PASSWORD)})
    ask(peer, "connect", ssid="Home", password=PASSWORD)
    eventually(lambda: len(systemd.asked()) > 1, 20)
    assert peer.call("status")["join"]["step"] == "gateway"
    cable.take_address(f"{GATEWAY}/24")
    eventually(lambda: (peer.call("status").get("verdict") or {}).get("code") == "joined", 20)
    peer.close()


def test_a_wrong_one_was_typed(cable, systemd, world, device):
    cable.take_address(f"{GATEWAY}/24")
    systemd.gateway("192.168.50.9")
    manager, peer = world({"Home": router(PASSWORD, address=None)})
    fixed = {"password": PASSWORD, "address": "192.168.50.7/24"}
    # A network that leads nowhere has nobody to be asked.
    assert connect(peer, "Home", **fixed)["code"] == "joined" and not systemd.asked()
    assert connect(peer, "Home", **fixed, gateway="192.168.50.9")["code"] == "no_gateway"
    assert detail(device) == "the gateway 192.168.50.9 does not answer"
    assert connect(peer, "Home", **fixed, gateway=GATEWAY)["code"] == "joined"
    peer.close()


def test_version_6(cable, systemd, world, device):
    """Only the link-local address of a router, as its announcements tell it."""
    cable.take_address("fe80::1/64")
    systemd.gateway("fe80::1")
    systemd.gateway("fe80::9")
    networks = {"Home": router(PASSWORD, address="2001:db8::7", gateway="fe80::9")}
    manager, peer = world(networks)
    assert connect(peer, "Home", password=PASSWORD)["code"] == "no_gateway"
    networks["Home"]["gateway"] = "fe80::1"
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    assert UNIT.format("fe80::1") in systemd.asked() and not any(systemd.codes)
    peer.close()


def test_it_cannot_be_asked(cable, systemd, world, device):
    """Our trouble, not the customer's: that a gateway is named has to do, and the journal says so."""
    systemd.units[UNIT.format(GATEWAY)].outcome = "failed"
    manager, peer = world({"Home": router(PASSWORD)})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    assert "whether the gateway answers isn't known" in device.log()
    peer.close()


@pytest.mark.parametrize("instance, code", [
    ("wlan0@192.168.50.1", 0), ("wlan0@fe80::1", 0), ("no-such-one@192.168.50.1", 1), ("lo@192.168.50.1", 1),
    ("wlan0@", 2), ("@192.168.50.1", 2), ("wlan0", 2), ("wlan0@192.168.50", 2), ("wlan0@fe80::1%wlan0", 2),
    ("a-name-that-is-too-long@192.168.50.1", 2), ("", 2)])
def test_program(cable, instance, code):
    result = subprocess.run([BUILD_DIR / "user-network/ask-gateway", instance], check=False, capture_output=True)
    assert result.returncode == code and bool(result.stderr) == bool(code)
