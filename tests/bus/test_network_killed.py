# SPDX-License-Identifier: LGPL-2.1-or-later
"""user-network or NetworkManager is killed in the middle of a join, or the power goes: the device has the old network
or the new one, whole, is reached, and says which."""

import typing

import pytest

from fake_routers import router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    NOTE, PASSWORD, ask, assert_whole, boot, connect, saved, step, world)

OLD, NEW = "Old", "New"
ROUTERS = {OLD: router("old-password"), NEW: router(PASSWORD)}


class Place(typing.NamedTuple):
    """Where a join is made to stand still: at the step that is told, by what never comes or is never answered."""
    step: str
    held: str | None = None
    mute: str | None = None
    netplan: bool = False  # stands still, with the file that is to be
    refused: str | None = None
    password: str = PASSWORD
    proved: bool = False  # the new network has been, and is saved
    told: str = "interrupted"  # of NetworkManager's end


PLACES = {
    "checking": Place("checking", netplan=True),
    "checkpoint": Place("checkpoint", mute="CheckpointCreate"),
    "associating": Place("associating", held="associating"),
    "address": Place("address", held="address"),
    "installing": Place("installing", mute="ReloadConnections", proved=True),
    "radio still on": Place("radio", held="off", proved=True),
    "radio off": Place("radio", held="on", proved=True),
    "proving": Place("proving", held="by itself", proved=True),
    "committed": Place("committed", mute="CheckpointDestroy", proved=True, told="joined"),
    "undoing": Place("undoing", mute="CheckpointRollback", password="mistyped-one", told="password_wrong"),
    # The files have been put back.
    "undoing what was saved": Place("undoing", mute="CheckpointRollback", refused="ReloadConnections", told="failed"),
}
HOLD, HOLDS = "/run/netplan-check-hold", "/run/netplan-check-holds"


def stand_still(device, manager, peer, place):
    """Has the new network joined, up to this place."""
    manager.held = {place.held} - {None}
    manager.mute = {place.mute} - {None}
    manager.refused = {place.refused} - {None}
    if place.netplan:
        device.path(HOLD).touch()
    ask(peer, "connect", ssid=NEW, password=place.password)
    eventually(lambda: step(peer) == place.step, 60, lambda: peer.call("status"))
    if place.mute:
        eventually(lambda: manager.called(place.mute))
    if place.netplan:
        eventually(device.path(HOLDS).exists)
    if place.held == "on":
        eventually(lambda: not manager.enabled())
    assert device.path(NOTE).exists()


def go_on(device, manager):
    manager.held = set()
    manager.mute = set()
    manager.refused = set()
    device.path(HOLDS).unlink(missing_ok=True)


@pytest.fixture
def at_home(world):
    """On the old network, about to go to the new one."""
    manager, peer = world(ROUTERS)
    assert connect(peer, OLD, password="old-password")["code"] == "joined"
    return manager, peer


@pytest.mark.parametrize("boots", [
    pytest.param(False, id="killed"), pytest.param(True, id="power cut", marks=pytest.mark.long)])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_user_network_ends(at_home, device, place, boots):
    manager, peer = at_home
    stand_still(device, manager, peer, place)
    device.daemon("user-network").kill()
    peer.close()
    go_on(device, manager)
    if boots:
        boot(device, manager)
    device.start("user-network")
    peer = device.connect("user-network")
    name = assert_whole(device, manager, peer)
    verdict = peer.call("status")["verdict"]
    assert verdict["ssid"] == NEW
    if place.proved:
        assert verdict["code"] == "joined" and saved(peer).keys() == {OLD, NEW}
        # Otherwise NetworkManager chooses, and both are equal to it.
        assert name == NEW or boots or place.step != "committed"
    else:
        assert verdict["code"] == "interrupted" and name == OLD and saved(peer).keys() == {OLD}
        assert connect(peer, NEW, password=PASSWORD)["code"] == "joined"
    peer.close()


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_networkmanager_ends(at_home, device, place):
    manager, peer = at_home
    stand_still(device, manager, peer, place)
    go_on(device, manager)
    manager.start_anew()
    name = assert_whole(device, manager, peer)
    verdict = peer.call("status")["verdict"]
    assert verdict["ssid"] == NEW and verdict["code"] == place.told
    if place.told == "joined":
        assert saved(peer).keys() == {OLD, NEW}
    else:
        assert name == OLD and saved(peer).keys() == {OLD}
        assert connect(peer, NEW, password=PASSWORD)["code"] == "joined"
    peer.close()
