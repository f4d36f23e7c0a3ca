# SPDX-License-Identifier: LGPL-2.1-or-later
"""NetworkManager answers late or never, tells of what was before, keeps what it should have forgotten, or loses its
radio: a join ends as old or new all the same, and nothing of it turns up later."""

import pytest

from fake_routers import EAP, NO_SECRETS, router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    INSTALLED, PASSWORD, TRUTH, ask, assert_whole, connect, over, saved, step, world)

OLD, NEW = "Old", "New"
ROUTERS = {OLD: router("old-password"), NEW: router(PASSWORD)}


@pytest.fixture
def at_home(world):
    """On the old network, about to go to the new one."""
    manager, peer = world(ROUTERS)
    assert connect(peer, OLD, password="old-password")["code"] == "joined"
    return manager, peer


def begin(peer):
    """Returns the verdict before."""
    before = peer.call("status")["verdict"]
    ask(peer, "connect", ssid=NEW, password=PASSWORD)
    return before


def test_a_checkpoint_that_comes_too_late_is_ended(at_home):
    """Left alone it would take the device back, minutes later, from wherever it is then. (The wait is the step's.)"""
    manager, peer = at_home
    manager.late = {"CheckpointCreate"}
    before = begin(peer)
    told = eventually(lambda: over(peer, before), 20, "the join to be given up")
    assert told["code"] == "failed" and "took too long" in told["message"]
    manager.catch_up()
    eventually(lambda: manager.called("CheckpointDestroy"))
    eventually(lambda: not manager.checkpoints())
    assert manager.on() == OLD
    assert connect(peer, NEW, password=PASSWORD)["code"] == "joined" and not manager.checkpoints()
    peer.close()


def test_a_checkpoint_whose_end_is_never_confirmed(at_home, device):
    """The new network is proved and saved: that stands. (The wait is the step's.)"""
    manager, peer = at_home
    manager.mute = {"CheckpointDestroy"}
    before = begin(peer)
    told = eventually(lambda: over(peer, before), 30, "the join to end")
    assert told["code"] == "joined", told
    assert manager.on() == NEW and saved(peer).keys() == {OLD, NEW} == manager.loaded()
    assert device.path(TRUTH).read_text() == device.path(INSTALLED).read_text()
    peer.close()


def test_what_the_network_before_dies_of_is_not_the_new_one_s(at_home):
    """It is locked out of the old network at the moment that it leaves it."""
    manager, peer = at_home
    manager.late = {"AddAndActivateConnection2"}
    before = begin(peer)
    eventually(lambda: manager.unanswered, what="the trial to be asked for")
    manager.held = {"by itself"}
    manager.lose_the_router(NO_SECRETS)
    eventually(lambda: peer.call("status")["wifi"] is None)
    assert step(peer) == "associating"
    manager.held = set()
    manager.catch_up()
    told = eventually(lambda: over(peer, before), 30, "a verdict")
    assert told["code"] == "joined" and manager.on() == NEW, told
    peer.close()


@pytest.mark.long
@pytest.mark.parametrize("there, wish, code", [
    pytest.param(router(PASSWORD), {"password": PASSWORD}, "no_answer", id="home"),
    pytest.param(router("secret", EAP), {"identity": "me", "password": "secret"}, "login_wrong", id="company")])
def test_networkmanager_tries_and_tries(world, there, wish, code):
    """A company that refuses does it again and again. (The wait is the step's.)"""
    manager, peer = world({NEW: there})
    manager.held = {"associating"}
    assert connect(peer, NEW, **wish)["code"] == code
    peer.close()


@pytest.mark.parametrize("takes_up", [False, True])
def test_a_trial_that_networkmanager_has_kept(at_home, device, takes_up):
    """It is started anew in the middle of a join, and knows the trial's profile still, or is even on it again."""
    manager, peer = at_home
    manager.held = {"address"}
    before = begin(peer)
    eventually(lambda: step(peer) == "address")
    manager.held = set()
    manager.start_anew(keeps=True, takes_up=takes_up)
    told = eventually(lambda: over(peer, before), 30, "a verdict")
    assert told["code"] == "interrupted"
    # What is joined is what is saved, and nothing keeps the password of what isn't.
    assert assert_whole(device, manager, peer) == OLD
    assert saved(peer).keys() == {OLD}
    assert connect(peer, NEW, password=PASSWORD)["code"] == "joined"
    peer.close()


def test_the_radio_is_pulled_out_in_the_middle_of_a_join(at_home, device):
    manager, peer = at_home
    manager.held = {"address"}
    before = begin(peer)
    eventually(lambda: step(peer) == "address")
    manager.held = set()
    manager.unplug_radio()
    # At once, and not as a network that wasn't found.
    told = eventually(lambda: over(peer, before), 10, "a verdict")
    assert told["code"] == "failed" and "the device has no radio" in told["message"]
    eventually(lambda: peer.call("status")["state"] == "no-radio")
    manager.plug_radio("wlan0")
    manager.try_by_itself()
    assert assert_whole(device, manager, peer) == OLD
    assert connect(peer, NEW, password=PASSWORD)["code"] == "joined"
    peer.close()


def test_the_generator_has_read_what_is_taken_back(at_home, device):
    """NetworkManager goes while netplan is busy with the new network's file: no profile of it turns up afterwards."""
    manager, peer = at_home
    device.path("/run/netplan-hold").touch()
    before = begin(peer)
    holds = device.path("/run/netplan-holds")
    eventually(holds.exists, 20, "netplan to be run")
    assert step(peer) == "installing"
    manager.start_anew()
    told = eventually(lambda: over(peer, before), 20, "the join to be given up")
    assert told["code"] == "interrupted"
    loads = len(manager.called("ReloadConnections"))
    holds.unlink()
    eventually(lambda: len(manager.called("ReloadConnections")) > loads, 20, "NetworkManager to be told")
    assert manager.loaded() == {OLD}
    assert not list(device.path("/run/NetworkManager/system-connections").glob(f"*{NEW}*"))
    assert assert_whole(device, manager, peer) == OLD
    peer.close()
