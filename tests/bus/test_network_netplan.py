# SPDX-License-Identifier: LGPL-2.1-or-later
"""netplan refuses what is to be saved, or never ends; or somebody else's file keeps it from everything."""

import pytest

from fake_routers import router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    PASSWORD, TRUTH, ask, assert_whole, connect, over, ready, saved, step, world)

OLD, NEW = "Old", "New"
ROUTERS = {OLD: router("old-password"), NEW: router(PASSWORD)}
REFUSES = "/run/netplan-refuses"
HOLD, HOLDS = "/run/netplan-check-hold", "/run/netplan-check-holds"

# As netplan 0.106 says it; the excerpt may be of the line with the password.
WORDS = f"""
** (generate:4711): WARNING **: 12:00:00.000: Permissions for a file are too open.
60-user-netplan.yaml:7:13: Error in network definition: it doesn't like this
          password: "{PASSWORD}"
            ^
"""


@pytest.fixture
def at_home(world):
    manager, peer = world(ROUTERS)
    assert connect(peer, OLD, password="old-password")["code"] == "joined"
    return manager, peer


def assert_nothing_changed(device, manager, peer, before, tried):
    assert assert_whole(device, manager, peer) == OLD
    assert device.path(TRUTH).read_bytes() == before and saved(peer).keys() == {OLD}
    assert len(manager.tried) == tried and not manager.checkpoints()
    assert not device.path("/run/unbox-netplan-check").exists()


def test_netplan_refuses_a_network(at_home, device):
    manager, peer = at_home
    before, tried = device.path(TRUTH).read_bytes(), len(manager.tried)
    device.path(REFUSES).write_text(WORDS)
    told = connect(peer, NEW, password=PASSWORD)
    assert told["code"] == "unsupported" and told["ssid"] == NEW
    assert told["message"].endswith("(60-user-netplan.yaml:7:13: Error in network definition: it doesn't like this)")
    assert_nothing_changed(device, manager, peer, before, tried)
    assert PASSWORD not in device.log() + str(peer.call("status"))

    # The same of what is saved.
    assert ask(peer, "set_priority", ssid=OLD, priority=5)
    eventually(lambda: any("it doesn't like this" in entry["MESSAGE"] and "can't be given" in entry["MESSAGE"]
                           for entry in device.journal.messages))
    assert saved(peer)[OLD]["priority"] == 0
    assert_nothing_changed(device, manager, peer, before, tried)

    device.path(REFUSES).unlink()
    assert connect(peer, NEW, password=PASSWORD)["code"] == "joined"
    peer.close()


@pytest.mark.long
def test_netplan_never_ends(at_home, device):
    """(The wait is netplan's own.)"""
    manager, peer = at_home
    before, tried = device.path(TRUTH).read_bytes(), len(manager.tried)
    device.path(HOLD).touch()
    verdict = peer.call("status")["verdict"]
    ask(peer, "connect", ssid=NEW, password=PASSWORD)
    eventually(device.path(HOLDS).exists)
    assert step(peer) == "checking" and manager.on() == OLD
    told = eventually(lambda: over(peer, verdict), 40, "netplan to be given up")
    assert told["code"] == "failed" and told["message"].endswith("(netplan took too long)")
    device.path(HOLDS).unlink()
    assert_nothing_changed(device, manager, peer, before, tried)
    assert connect(peer, NEW, password=PASSWORD)["code"] == "joined"
    peer.close()


STRANGER = "/etc/netplan/90-stranger.yaml"
BROKEN = b"network:\n  wifis: {wlan1: [\n\t# tabs, and \xe9\n"
SAYS_SO = "; a file in /etc/netplan that is not ours is broken"
NETPLAN_BROKEN = "51dfed0bc9f74ae4d4f6b7a9eb2d3f10"


def test_somebody_else_s_file_is_broken(at_home, device):
    """The customer's networks are joined, changed and forgotten all the same, and nobody touches that file."""
    manager, peer = at_home
    device.path(STRANGER).write_bytes(BROKEN)
    assert connect(peer, NEW, password=PASSWORD)["code"] == "joined"
    assert manager.on() == NEW and saved(peer).keys() == {OLD, NEW} == manager.loaded()
    eventually(lambda: device.notify.status.endswith(SAYS_SO))
    (entry,) = device.journal.find(MESSAGE_ID=NETPLAN_BROKEN)
    assert "90-stranger.yaml" in entry["MESSAGE"] and entry["PRIORITY"] == "3"

    ask(peer, "set_priority", ssid=OLD, priority=9)
    eventually(lambda: saved(peer)[OLD]["priority"] == 9)
    eventually(lambda: "9" in {profile["settings"]["connection"].get("autoconnect-priority")
                               for profile in manager.profiles.copy().values() if profile["file"]}, 20)
    ask(peer, "forget", ssid=OLD)
    eventually(lambda: manager.loaded() == {NEW} == saved(peer).keys(), 20)
    assert_whole(device, manager, peer)
    assert len(device.journal.find(MESSAGE_ID=NETPLAN_BROKEN)) == 1

    peer.close()
    device.restart("user-network")
    peer = ready(device)
    assert assert_whole(device, manager, peer) == NEW
    eventually(lambda: device.notify.status.endswith(SAYS_SO))
    assert device.path(STRANGER).read_bytes() == BROKEN

    device.path(STRANGER).unlink()
    assert connect(peer, OLD, password="old-password")["code"] == "joined"
    eventually(lambda: "is broken" not in device.notify.status)
    peer.close()
