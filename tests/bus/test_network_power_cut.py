# SPDX-License-Identifier: LGPL-2.1-or-later
"""The power goes at every durable operation of a join, and of forgetting: the device has all of it, or nothing of it,
and says which. What the reset of the whole device does is in test_factory_reset.py."""

import os
import shutil

import pytest

import harness
from fake_routers import Routers, router
from harness import eventually
from joining import INSTALLED, PASSWORD, TRUTH, ask, assert_whole, boot, connect, furnish, reaches, ready, saved

pytestmark = pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1",
                                reason="needs a build with -Dcrash_points=true")

CUT = 137
OLD, NEW = "Old", "New"
ROUTERS = {OLD: router("old-password"), NEW: router(PASSWORD)}
KEPT = ("/var/lib/unbox/network", "/etc/netplan", "/etc/NetworkManager")


class Life:
    """One device, from the moment that its power is on until it goes at a durable operation."""

    def __init__(self, root, bus):
        self.device = harness.Device(root)
        furnish(self.device)
        self.manager = Routers(bus, self.device, ROUTERS)
        self._environment = {"DBUS_SYSTEM_BUS_ADDRESS": bus.address}

    def start(self, cut_at=None):
        environment = {**self._environment, **({"UNBOX_STORE_CRASH_AT": str(cut_at)} if cut_at else {})}
        daemon = self.device.start("user-network", environment=environment, ready=False)
        eventually(lambda: self.device.notify.seen("READY") or not daemon.running, 60)
        return daemon

    def boot(self):
        boot(self.device, self.manager)
        self.start()

    def at_home(self, disk):
        """On the old network, as its disk has it; the first life makes that disk."""
        if disk.exists():
            for place in KEPT:
                shutil.copytree(disk / place.lstrip("/"), self.device.path(place), dirs_exist_ok=True)
            boot(self.device, self.manager)
            return
        self.start()
        peer = ready(self.device)
        assert connect(peer, OLD, password="old-password")["code"] == "joined"
        peer.close()
        assert self.device.daemon("user-network").stop() == 0
        for place in KEPT:
            shutil.copytree(self.device.path(place), disk / place.lstrip("/"))

    def close(self):
        self.device.close()
        self.manager.close()


def until_cut(life, number, story):
    """Lives through the story with the power going at this durable operation; whether it came so far."""
    daemon = life.start(number)
    try:
        peer = ready(life.device)
        story(peer)
        peer.close()
    except (OSError, AssertionError):
        eventually(lambda: not daemon.running, 60)
        assert daemon.wait() == CUT, life.device.log()
        return True
    assert daemon.stop() == 0
    return False


def every_cut(root, bus, story, least):
    """Yields (life, peer) after each cut and a boot; there are at least so many."""
    was_cut, number = True, 0
    while was_cut:
        number += 1
        life = Life(root / f"device-{number}", bus)
        try:
            life.at_home(root / "disk")
            was_cut = until_cut(life, number, story)
            life.boot()
            peer = life.device.connect("user-network")
            yield life, peer
            peer.close()
        finally:
            life.close()
    assert number > least


@pytest.mark.long
def test_power_cut_at_every_durable_operation_of_a_join(root, bus):
    ends = set()
    for life, peer in every_cut(root, bus, lambda peer: connect(peer, NEW, password=PASSWORD), 30):
        assert_whole(life.device, life.manager, peer)
        verdict = peer.call("status")["verdict"]
        ends.add((verdict["ssid"], verdict["code"], NEW in saved(peer)))
    # Before it was begun, in its middle, and when it was proved.
    assert ends == {(OLD, "joined", False), (NEW, "interrupted", False), (NEW, "joined", True)}


def forget(peer):
    ask(peer, "forget")
    reaches(peer, "hotspot")


def assert_kept_or_forgotten(life, peer):
    """All of it, or nothing of it; returns whether it is kept."""
    def well():
        kept = OLD in saved(peer)
        return (peer.call("status")["state"] == ("connected" if kept else "hotspot")
                and (OLD in life.manager.loaded()) == kept)
    eventually(well, 60)
    kept = OLD in saved(peer)
    assert life.device.path(TRUTH).exists() == life.device.path(INSTALLED).exists() == kept
    return kept


def test_power_cut_at_every_durable_operation_of_forgetting(root, bus):
    ends = set()
    for life, peer in every_cut(root, bus, forget, 4):
        ends.add(assert_kept_or_forgotten(life, peer))
    assert ends == {True, False}
