# SPDX-License-Identifier: LGPL-2.1-or-later
"""user-network or NetworkManager is killed while no join goes on: what the customer has set still holds, and is told
truly."""

import pytest
from gi.repository import GLib

from fake_network import NAME, PATH
from fake_routers import Routers, router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    INSTALLED, PASSWORD, TRUTH, ask, connect, furnish, reaches, saved, world)

HOME, OFFICE = "Home", "Office"
HOLD, HOLDS = "/run/netplan-hold", "/run/netplan-holds"


@pytest.fixture
def at_home(world):
    manager, peer = world({HOME: router(PASSWORD), OFFICE: router("office-password")})
    assert connect(peer, HOME, password=PASSWORD)["code"] == "joined"
    return manager, peer


def kill_user_network(device, manager, peer, go_on):
    peer.close()
    device.daemon("user-network").kill()
    go_on()
    device.start("user-network")
    return device.connect("user-network")


def kill_networkmanager(device, manager, peer, go_on):
    go_on()
    manager.start_anew()
    return peer


def kill_networkmanager_that_forgets(device, manager, peer, go_on):
    """How the radio is switched."""
    manager.objects[PATH][NAME]["WirelessEnabled"] = GLib.Variant("b", True)
    return kill_networkmanager(device, manager, peer, go_on)


KILLS = [pytest.param(kill_user_network, id="user-network"),
         pytest.param(kill_networkmanager, id="NetworkManager")]


def nothing():
    pass


@pytest.mark.parametrize("kill", KILLS)
def test_the_air_is_looked_at_for_the_first_time(bus, device, request, kill):
    """Before there is a hotspot."""
    furnish(device)
    manager = Routers(bus, device, {HOME: router(PASSWORD)})
    request.addfinalizer(manager.close)
    manager.held = {"scan"}
    device.start("user-network")
    peer = device.connect("user-network")
    reaches(peer, "scanning")
    assert not manager.hotspots()
    looked = len(manager.called("RequestScan"))
    peer = kill(device, manager, peer, nothing)
    eventually(lambda: len(manager.called("RequestScan")) > looked, 20, "another scan")
    reaches(peer, "scanning")
    manager.held = set()
    reaches(peer, "hotspot")
    assert len(manager.hotspots()) == 1
    assert [network["ssid"] for network in peer.call("networks")["networks"]] == [HOME]
    peer.close()


@pytest.mark.parametrize("kill", KILLS)
def test_the_radio_is_gone(at_home, device, kill):
    manager, peer = at_home
    manager.unplug_radio()
    reaches(peer, "no-radio")
    peer = kill(device, manager, peer, nothing)
    reaches(peer, "no-radio")
    status = peer.call("status")
    assert status["wifi"] is None and "no-radio" in [problem["code"] for problem in status["problems"]]
    assert saved(peer).keys() == {HOME}
    manager.plug_radio("wlan0")
    manager.try_by_itself()
    eventually(lambda: manager.on() == HOME, 30, lambda: peer.call("status"))
    reaches(peer, "connected")
    peer.close()


@pytest.mark.parametrize("kill", KILLS)
def test_the_hotspot_is_open_on_request(at_home, device, kill):
    manager, peer = at_home
    manager.tried.clear()
    ask(peer, "hotspot", enabled=True)
    reaches(peer, "hotspot")
    peer = kill(device, manager, peer, nothing)
    # Whoever is on it when user-network dies notices nothing.
    opened = 2 if kill is kill_networkmanager else 1
    eventually(lambda: len(manager.hotspots()) == opened, 30, "the hotspot to be opened again")
    reaches(peer, "hotspot")
    status = peer.call("status")
    assert status["hotspot_settings"]["requested"] and "open on request" in status["summary"]
    assert len(manager.hotspots()) == opened
    assert saved(peer).keys() == {HOME} and status["verdict"]["code"] == "joined"
    ask(peer, "hotspot", enabled=False)
    eventually(lambda: manager.on() == HOME, 30, lambda: peer.call("status"))
    reaches(peer, "connected")
    peer.close()


@pytest.mark.parametrize("kill", [*KILLS, pytest.param(kill_networkmanager_that_forgets,
                                                       id="NetworkManager that forgets")])
def test_the_radio_is_switched_off(at_home, device, kill):
    manager, peer = at_home
    ask(peer, "radio", enabled=False)
    reaches(peer, "radio-off")
    eventually(lambda: not manager.enabled())
    calls = len(manager.calls)
    peer = kill(device, manager, peer, nothing)
    eventually(lambda: "GetManagedObjects" in [name for name, _, _ in manager.calls[calls:]])
    eventually(lambda: not manager.enabled() and not peer.call("status")["radio_enabled"], 20, "the radio to be off")
    reaches(peer, "radio-off")
    eventually(lambda: peer.call("status")["wifi"] is None, 20, "the network to be left")
    status = peer.call("status")
    assert not status["radio_enabled"]
    assert status["summary"].startswith("radio switched off by the customer")
    eventually(lambda: device.notify.status.startswith("radio switched off by the customer"))
    assert saved(peer).keys() == {HOME} and manager.on() is None
    ask(peer, "radio", enabled=True)
    reaches(peer, "connected")
    assert manager.on() == HOME
    peer.close()


def hold_netplan(device, manager):
    device.path(HOLD).touch()
    return device.path(HOLDS).exists


def hold_networkmanager(device, manager):
    before = len(manager.called("ReloadConnections"))
    manager.late = {"ReloadConnections"}
    return lambda: len(manager.called("ReloadConnections")) > before


@pytest.mark.parametrize("ssid", [None, OFFICE], ids=["all", "one of two"])
@pytest.mark.parametrize("hold", [hold_netplan, hold_networkmanager])
@pytest.mark.parametrize("kill", KILLS)
def test_a_network_is_being_forgotten(at_home, device, kill, hold, ssid):
    """The device is on the one that is to go."""
    manager, peer = at_home
    assert connect(peer, OFFICE, password="office-password")["code"] == "joined"

    def go_on():
        device.path(HOLDS).unlink(missing_ok=True)
        manager.late = set()
    held = hold(device, manager)
    ask(peer, "forget", **({"ssid": ssid} if ssid else {}))
    eventually(held, 20, "the forgetting to be under way")
    peer = kill(device, manager, peer, go_on)
    kept = {HOME} if ssid else set()
    eventually(lambda: manager.loaded() == kept, 60, manager.loaded)
    reaches(peer, "connected" if kept else "hotspot")
    assert saved(peer).keys() == kept and manager.on() != OFFICE
    assert device.path(TRUTH).exists() == device.path(INSTALLED).exists() == bool(kept)
    for place in (TRUTH, INSTALLED):
        assert not kept or OFFICE not in device.path(place).read_text()
    assert not list(device.path("/run/NetworkManager/system-connections").glob(f"*{OFFICE}*"))
    assert not peer.call("status").get("verdict")
    peer.close()
