# SPDX-License-Identifier: LGPL-2.1-or-later
"""The power goes at every durable operation of a join, of forgetting, and of the network's reset: the device has all of
it, or nothing of it, and says which. What the reset of the whole device does is in test_factory_reset.py."""

import os
import shutil
import typing

import pytest

import harness
from fake_routers import Routers, router
from harness import eventually
from joining import (
    INSTALLED, NOTE, PASSWORD, TRUTH, ask, assert_whole, boot, connect, furnish, reaches, ready, saved)

pytestmark = pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1",
                                reason="needs a build with -Dcrash_points=true")

CUT = 137
OLD, NEW = "Old", "New"
ROUTERS = {OLD: router("old-password"), NEW: router(PASSWORD)}
KEPT = ("/var/lib/unbox/network", "/etc/netplan", "/etc/NetworkManager")
COUNTRY, RADIO_OFF = "/var/lib/unbox/network/country", "/var/lib/unbox/network/radio-off"


def at_home(peer):
    assert connect(peer, OLD, password="old-password")["code"] == "joined"


class Story(typing.NamedTuple):
    """What is done on the device when the power goes, and what had been done before."""
    tell: typing.Callable
    before: typing.Callable = at_home
    begins: tuple = ("connected", )  # the state that it begins in


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

    def begin(self, disk, before):
        """As its disk has it; the first life makes that disk."""
        if disk.exists():
            for place in KEPT:
                shutil.copytree(disk / place.lstrip("/"), self.device.path(place), dirs_exist_ok=True)
            boot(self.device, self.manager)
            return
        self.start()
        peer = ready(self.device)
        before(peer)
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
        peer = life.device.connect("user-network")
        reaches(peer, *story.begins)
        story.tell(peer)
        peer.close()
    except (OSError, AssertionError):
        eventually(lambda: not daemon.running, 60)
        assert daemon.wait() == CUT, life.device.log()
        return True
    assert daemon.stop() == 0
    return False


def every_cut(root, bus, story, least, stride=1):
    """Yields (life, peer) after each cut, or each so manieth, and a boot; there are at least so many."""
    was_cut, number = True, 1 - stride
    while was_cut:
        number += stride
        life = Life(root / f"device-{number}", bus)
        try:
            life.begin(root / "disk", story.before)
            was_cut = until_cut(life, number, story)
            life.boot()
            peer = life.device.connect("user-network")
            yield life, peer
            peer.close()
        finally:
            life.close()
    assert number > least


def some_or_every(stride):
    return pytest.mark.parametrize("stride", [
        pytest.param(stride, id="some"), pytest.param(1, id="every", marks=pytest.mark.long)])


def join(peer):
    connect(peer, NEW, password=PASSWORD)


@pytest.mark.long
def test_power_cut_at_every_durable_operation_of_a_join(root, bus):
    ends = set()
    for life, peer in every_cut(root, bus, Story(join), 30):
        assert_whole(life.device, life.manager, peer)
        verdict = peer.call("status")["verdict"]
        ends.add((verdict["ssid"], verdict["code"], NEW in saved(peer)))
    # Before it was begun, in its middle, and when it was proved.
    assert ends == {(OLD, "joined", False), (NEW, "interrupted", False), (NEW, "joined", True)}


def assert_as_new(life, peer):
    """Nothing is saved, and the way in is the hotspot."""
    reaches(peer, "hotspot")
    eventually(lambda: not any(life.device.path(name).exists() for name in (TRUTH, INSTALLED, NOTE)), 10)
    assert saved(peer) == {} and not life.manager.loaded()
    assert "unbox join" not in life.manager.names_of_profiles() and life.manager.enabled()


@some_or_every(7)
def test_power_cut_at_every_durable_operation_of_the_first_join(root, bus, stride):
    ends = set()
    for life, peer in every_cut(root, bus, Story(join, lambda peer: None, ("hotspot",)), 30, stride):
        eventually(lambda: peer.call("status")["state"] in ("hotspot", "connected"), 60)
        is_saved = NEW in saved(peer)
        if is_saved:
            assert assert_whole(life.device, life.manager, peer) == NEW
        else:
            assert_as_new(life, peer)
        verdict = peer.call("status").get("verdict")
        assert not verdict or verdict["ssid"] == NEW
        ends.add((verdict and verdict["code"], is_saved))
    all_ends = {(None, False), ("interrupted", False), ("joined", True)}
    assert ends == all_ends or (stride > 1 and ends < all_ends)


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
    for life, peer in every_cut(root, bus, Story(forget), 4):
        ends.add(assert_kept_or_forgotten(life, peer))
    assert ends == {True, False}


def with_all_settings(peer):
    at_home(peer)
    ask(peer, "country", code="CA")
    ask(peer, "radio", enabled=False)
    reaches(peer, "radio-off")


def reset(peer):
    assert ask(peer, "reset") == {"accepted": True}
    reaches(peer, "hotspot")


@some_or_every(3)
def test_power_cut_at_every_durable_operation_of_the_reset(root, bus, stride):
    """What is still there works, and is told of; asked for once more, the reset comes to its end."""
    ends = set()
    for life, peer in every_cut(root, bus, Story(reset, with_all_settings, ("radio-off",)), 6, stride):
        has = {name: life.device.path(name).exists() for name in (COUNTRY, RADIO_OFF, TRUTH)}
        reaches(peer, "radio-off" if has[RADIO_OFF] else "connected" if has[TRUTH] else "hotspot")
        status = peer.call("status")
        assert status["country"]["code"] == ("CA" if has[COUNTRY] else None)
        assert (saved(peer).keys() == life.manager.loaded() == ({OLD} if has[TRUTH] else set()))
        assert life.device.path(INSTALLED).exists() == has[TRUTH]
        assert (status.get("verdict") or {}).get("ssid") == (OLD if has[TRUTH] else None)
        ends.add(tuple(has.values()))
        reset(peer)
        assert_as_new(life, peer)
        assert not peer.call("status").get("verdict") and not os.listdir(life.device.path("/var/lib/unbox/network"))
    all_ends = {(True, True, True), (False, True, True), (False, False, True), (False, False, False)}
    assert ends == all_ends or (stride > 1 and ends < all_ends)
