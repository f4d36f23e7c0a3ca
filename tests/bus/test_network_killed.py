# SPDX-License-Identifier: LGPL-2.1-or-later
"""user-network or NetworkManager is killed in the middle of a join, or the power goes: the device has the old network
or the new one, whole, is reached, and says which."""

import pytest

from fake_routers import router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    PASSWORD, ask, assert_whole, boot, connect, saved, step, world)

OLD, NEW = "Old", "New"
ROUTERS = {OLD: router("old-password"), NEW: router(PASSWORD)}

# Where a join is made to stand still: the step that is told, what never comes, and what is never answered.
PLACES = {
    "checkpoint": ("checkpoint", None, "CheckpointCreate"),
    "associating": ("associating", "associating", None),
    "address": ("address", "address", None),
    "installing": ("installing", None, "ReloadConnections"),
    "radio still on": ("radio", "off", None),
    "radio off": ("radio", "on", None),
    "proving": ("proving", "by itself", None),
    "committed": ("committed", None, "CheckpointDestroy"),
}
# From here on the new network has been proved, and is saved.
PROVED = {"installing", "radio still on", "radio off", "proving", "committed"}


def stand_still(manager, peer, place):
    """Has the new network joined, up to this place."""
    told, held, mute = PLACES[place]
    manager.held = {held} - {None}
    manager.mute = {mute} - {None}
    ask(peer, "connect", ssid=NEW, password=PASSWORD)
    eventually(lambda: step(peer) == told, 60, place)
    if mute:
        eventually(lambda: manager.called(mute))
    if place == "radio off":
        eventually(lambda: not manager.enabled())


def go_on(manager):
    manager.held = set()
    manager.mute = set()


@pytest.fixture
def at_home(world):
    """On the old network, about to go to the new one."""
    manager, peer = world(ROUTERS)
    assert connect(peer, OLD, password="old-password")["code"] == "joined"
    return manager, peer


@pytest.mark.parametrize("boots", [
    pytest.param(False, id="killed"), pytest.param(True, id="power cut", marks=pytest.mark.long)])
@pytest.mark.parametrize("place", PLACES)
def test_user_network_ends(at_home, device, place, boots):
    manager, peer = at_home
    stand_still(manager, peer, place)
    device.daemon("user-network").kill()
    peer.close()
    go_on(manager)
    if boots:
        boot(device, manager)
    device.start("user-network")
    peer = device.connect("user-network")
    name = assert_whole(device, manager, peer)
    verdict = peer.call("status")["verdict"]
    assert verdict["ssid"] == NEW
    if place in PROVED:
        assert verdict["code"] == "joined" and saved(peer).keys() == {OLD, NEW}
        # Otherwise NetworkManager chooses, and both are equal to it.
        assert name == NEW or boots or place != "committed"
    else:
        assert verdict["code"] == "interrupted" and name == OLD and saved(peer).keys() == {OLD}
        assert connect(peer, NEW, password=PASSWORD)["code"] == "joined"
    peer.close()


@pytest.mark.parametrize("place", PLACES)
def test_networkmanager_ends(at_home, device, place):
    manager, peer = at_home
    stand_still(manager, peer, place)
    go_on(manager)
    manager.start_anew()
    name = assert_whole(device, manager, peer)
    verdict = peer.call("status")["verdict"]
    assert verdict["ssid"] == NEW
    if place == "committed":
        assert verdict["code"] == "joined" and saved(peer).keys() == {OLD, NEW}
    else:
        assert verdict["code"] == "interrupted" and name == OLD and saved(peer).keys() == {OLD}
        assert connect(peer, NEW, password=PASSWORD)["code"] == "joined"
    peer.close()
