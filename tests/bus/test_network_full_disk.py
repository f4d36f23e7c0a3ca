# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing can be written or removed any more: what the customer wants is answered with an error, and nothing changes.
What a join does then is in test_network_days.py."""

import pytest

from fake_routers import router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    INSTALLED, PASSWORD, TRUTH, ask, assert_whole, connect, ready, saved, world)

HOME, OFFICE = "Home", "Office"


@pytest.fixture
def two_saved(world):
    manager, peer = world({HOME: router(PASSWORD), OFFICE: router("office-password")})
    assert connect(peer, OFFICE, password="office-password")["code"] == "joined"
    assert connect(peer, HOME, password=PASSWORD)["code"] == "joined"
    return manager, peer


class InTheWay:
    """Where a file is to lie there is a folder that isn't empty: no disk has to be filled for that."""

    def __init__(self, path):
        self._path = path
        self._content = path.read_bytes()
        path.unlink()
        (path / "in-the-way").mkdir(parents=True)

    def end(self):
        (self._path / "in-the-way").rmdir()
        self._path.rmdir()
        self._path.write_bytes(self._content)


@pytest.mark.parametrize("place", [TRUTH, INSTALLED])
@pytest.mark.parametrize("wish", [{"ssid": OFFICE}, {}], ids=["one", "all"])
def test_nothing_can_be_forgotten(two_saved, device, place, wish):
    manager, peer = two_saved
    told = peer.call("status")["verdict"]
    other = device.path(INSTALLED if place == TRUTH else TRUTH)
    before = other.read_bytes()
    obstacle = InTheWay(device.path(place))
    error = peer.ask("forget", wish)["error"]
    assert error["code"] not in ("BUSY", "NOT_FOUND") and error["message"]
    assert saved(peer).keys() == {HOME, OFFICE} == manager.loaded()
    assert other.read_bytes() == before
    status = peer.call("status")
    assert status["state"] == "connected" and manager.on() == HOME and status["verdict"] == told
    obstacle.end()
    # Nothing of it is left, for the next start either.
    peer.close()
    device.restart("user-network")
    peer = ready(device)
    assert assert_whole(device, manager, peer) == HOME and saved(peer).keys() == {HOME, OFFICE}
    assert ask(peer, "forget", **wish) == {"accepted": True}
    eventually(lambda: manager.loaded() == saved(peer).keys() == ({HOME} if wish else set()), 20)
    peer.close()


@pytest.mark.parametrize("place", [TRUTH, INSTALLED])
def test_no_priority_can_be_changed(two_saved, device, place):
    manager, peer = two_saved
    other = device.path(INSTALLED if place == TRUTH else TRUTH)
    before = other.read_bytes()
    obstacle = InTheWay(device.path(place))
    # netplan is asked first whether it can be: only then it turns out.
    ask(peer, "set_priority", ssid=OFFICE, priority=7)
    eventually(lambda: "(the change can't be saved)" in device.journal.text(), 20, device.journal.text)
    assert saved(peer)[OFFICE]["priority"] == 0 and other.read_bytes() == before
    assert peer.call("status")["state"] == "connected" and manager.on() == HOME
    obstacle.end()
    assert assert_whole(device, manager, peer) == HOME
    ask(peer, "set_priority", ssid=OFFICE, priority=7)
    eventually(lambda: saved(peer)[OFFICE]["priority"] == 7)
    peer.close()
