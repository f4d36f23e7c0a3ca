# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody is on the hotspot: what would throw him off, or keep the radio from him, waits until he has gone."""

import pytest
from gi.repository import GLib

from bus_peer import Answers
from fake_routers import router
from harness import eventually
from joining import PASSWORD, ask, reaches, world  # noqa: F401  pylint: disable=unused-import

SUPPLICANT = "fi.w1.wpa_supplicant1"
INTERFACE = "/fi/w1/wpa_supplicant1/Interfaces/0"
GUEST = f"{INTERFACE}/Stations/020000000001"


class Supplicant(Answers):
    """wpa_supplicant, as far as it tells who is on the hotspot."""

    def __init__(self, bus):
        super().__init__(bus, SUPPLICANT, {"GetInterface": GLib.Variant("(o)", (INTERFACE,))})
        self.answers["Stations"] = GLib.Variant("ao", [])

    def _tell(self, signal, guests, body):
        self.answers["Stations"] = GLib.Variant("ao", guests)
        self.emit(INTERFACE, f"{SUPPLICANT}.Interface", signal, body)

    def comes(self):
        self._tell("StationAdded", [GUEST], GLib.Variant("(oa{sv})", (GUEST, {})))

    def goes(self):
        self._tell("StationRemoved", [], GLib.Variant("(o)", (GUEST,)))


@pytest.fixture
def supplicant(bus):
    made = Supplicant(bus)
    yield made
    made.close()


def wait_for_guests(peer, count):
    eventually(lambda: (peer.call("status")["hotspot"] or {}).get("clients") == count, 20)


def looked(manager):
    return len(manager.called("RequestScan"))


def test_the_radio_is_not_kept_from_a_guest_again_and_again(world, supplicant):
    manager, peer = world({"Home": router(PASSWORD)})
    wait_for_guests(peer, 0)
    # Nobody minds: each wish is a look.
    for _ in range(2):
        before = looked(manager)
        assert ask(peer, "scan") == {"scanning": True}
        eventually(lambda: not peer.call("networks")["scanning"] and looked(manager) > before)  # pylint: disable=cell-var-from-loop
    supplicant.comes()
    wait_for_guests(peer, 1)
    before = looked(manager)
    for _ in range(5):
        assert ask(peer, "scan") == {"scanning": False}
    (home,) = peer.call("networks")["networks"]
    assert home["ssid"] == "Home" and home["age_seconds"] < 10
    assert looked(manager) == before
    peer.close()


def test_another_country_s_rules(world, supplicant):
    """The hotspot is made anew by them: once, and when nobody is on it."""
    manager, peer = world({})
    wait_for_guests(peer, 0)
    supplicant.comes()
    wait_for_guests(peer, 1)
    assert ask(peer, "country", code="CA") == {"code": "CA"}
    eventually(lambda: peer.call("status")["country"]["code"] == "CA" and not peer.call("networks")["scanning"], 30)
    assert len(manager.hotspots()) == 1 and peer.call("status")["hotspot"]["clients"] == 1
    supplicant.goes()
    eventually(lambda: len(manager.hotspots()) == 2, 30)
    reaches(peer, "hotspot")
    assert ask(peer, "country", code="CA") == {"code": "CA"}
    eventually(lambda: not peer.call("networks")["scanning"], 30)
    assert len(manager.hotspots()) == 2 and peer.call("status")["state"] == "hotspot"
    peer.close()


@pytest.mark.parametrize("config, wire_address", [
    pytest.param("hotspot: {ssid: 'BOX %H'}\n", None, id="a name with the hostname in it"),
    pytest.param("", "10.99.0.7", id="a wire that came later")])
def test_the_daemon_begins_anew(world, supplicant, device, config, wire_address):
    """Until wpa_supplicant has said who is on the hotspot there may be somebody."""
    manager, peer = world({}, config)
    supplicant.comes()
    wait_for_guests(peer, 1)
    peer.close()
    assert device.daemon("user-network").stop() == 0
    if wire_address:
        manager.plug_wire(wire_address)
    device.start("user-network")
    peer = device.connect("user-network")
    wait_for_guests(peer, 1)
    eventually(lambda: not peer.call("networks")["scanning"], 30)
    assert manager.called("DeactivateConnection") == manager.called("Disconnect") == []
    assert len(manager.hotspots()) == 1
    peer.close()


def test_another_hostname(world, supplicant):
    """The hotspot keeps its name until the guest has gone: it is told by the one that is in the air, and under neither
    is it a network to be joined."""
    manager, peer = world({"Home": router(PASSWORD)}, "hotspot: {ssid: 'BOX %H'}\n")

    def names():
        return {network["ssid"] for network in peer.call("networks")["networks"]}

    wait_for_guests(peer, 0)
    before = looked(manager)
    assert ask(peer, "scan") == {"scanning": True}
    eventually(lambda: not peer.call("networks")["scanning"] and looked(manager) > before)
    supplicant.comes()
    wait_for_guests(peer, 1)
    manager.rename_host("kitchen")
    eventually(lambda: peer.call("status")["hotspot_settings"]["ssid"] == "BOX kitchen")
    status = peer.call("status")
    assert status["hotspot"]["ssid"] == "BOX unbox-test"
    assert status["summary"].startswith("hotspot BOX unbox-test on wlan0, 1 client, ")
    assert names() == {"Home"}
    supplicant.goes()
    eventually(lambda: (peer.call("status")["hotspot"] or {}).get("ssid") == "BOX kitchen", 30)
    assert len(manager.hotspots()) == 2 and names() == {"Home"}
    peer.close()
