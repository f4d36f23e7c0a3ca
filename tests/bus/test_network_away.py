# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer's router is away for long, or another goes just as the device is to move to it: the device is at home in
the end, by itself."""

import pytest

from fake_routers import router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    PASSWORD, ask, assert_whole, connect, over, reaches, run_fast, saved, step, world)

OLD, NEW = "Old", "New"
HOUR = 3600


def test_the_router_is_away_for_two_hours(world, device):
    """An hour of the daemon's is six seconds of ours; the radio takes as long for a step as a radio does."""
    manager, peer = world({OLD: router(PASSWORD)}, "network: {boot_wait_seconds: 300}\n")
    assert connect(peer, OLD, password=PASSWORD)["code"] == "joined"
    told = peer.call("status")["verdict"]
    clock, peer = run_fast(device, manager, peer, 600)
    manager.boottime, manager.patience = clock.boottime, 0.01
    assert manager.on() == OLD

    there = manager.routers.pop(OLD)
    manager.lose_the_router()
    gone = clock.boottime()
    reaches(peer, "hotspot")
    manager.tried.clear()
    looks = len(manager.called("RequestScan"))
    eventually(lambda: clock.boottime() > gone + 2 * HOUR, 30)
    # It is looked for, less and less often, but at least every quarter of an hour; each time twice, with nothing in the
    # air. Nothing is said to have changed, and nobody is thrown off.
    assert 15 <= len(manager.called("RequestScan")) - looks <= 30
    status = peer.call("status")
    assert status["state"] == "hotspot" and status["verdict"] == told and not manager.tried
    assert f"looking for saved network {OLD}" in status["summary"]

    manager.routers[OLD] = there
    back = clock.boottime()
    reaches(peer, "connected")
    assert clock.boottime() < back + 2 * HOUR
    assert assert_whole(device, manager, peer) == OLD and peer.call("status")["verdict"] == told
    peer.close()


@pytest.mark.parametrize("place", ["associating", "address"])
@pytest.mark.parametrize("seen", [True, False], ids=["seen before", "never seen"])
def test_a_router_goes_in_the_middle_of_a_join_away_from_another(world, device, place, seen):
    manager, peer = world({OLD: router("old-password"), NEW: router(PASSWORD, hidden=not seen)})
    assert connect(peer, OLD, password="old-password")["code"] == "joined"
    before = peer.call("status")["verdict"]
    manager.held = {place}
    ask(peer, "connect", ssid=NEW, password=PASSWORD, hidden=not seen)
    eventually(lambda: step(peer) == place and manager.on() is None, 30)
    del manager.routers[NEW]
    manager.lose_the_router()
    manager.held.clear()
    told = eventually(lambda: over(peer, before), 30, "a verdict")
    assert told["ssid"] == NEW and told["code"] == ("no_answer" if seen else "not_found"), told
    assert assert_whole(device, manager, peer) == OLD
    assert saved(peer).keys() == {OLD} and peer.call("status")["verdict"] == told
    eventually(lambda: device.notify.status.endswith(f"; last join: {told['message']}"))
    assert device.notify.status.startswith(f"connected to {OLD}")
    peer.close()
