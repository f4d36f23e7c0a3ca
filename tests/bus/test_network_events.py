# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is told of the network's changes, and of which interfaces."""

import pytest
import yaml

from fake_routers import in_file, router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    INSTALLED, PASSWORD, TRUTH, ask, connect, world)

HOME = "Home"


def told(watcher, *, until):
    """The news up to this one; no two in a row are the same."""
    news = [watcher.receive()["data"]]
    while not until(news[-1]):
        news.append(watcher.receive()["data"])
        assert news[-1] != news[-2]
    return news


def is_connected(data):
    return data["state"] == "connected" and data["wifi"]["ssid"] == HOME and data["radio_enabled"] \
        and data["hotspot"] is None and not data["hotspot_settings"]["requested"]


def is_on_hotspot(data):
    return data["state"] == "hotspot" and data["hotspot"]["ssid"] == data["hotspot_settings"]["ssid"] \
        and data["wifi"] is None


def test_each_change_is_news(world, device):
    manager, peer = world({HOME: router(PASSWORD)})
    watcher = device.connect("user-network")
    watcher.call("subscribe", {"topics": ["network.changed"]})

    assert connect(peer, HOME, password=PASSWORD)["code"] == "joined"
    news = told(watcher, until=lambda data: is_connected(data) and data["saved"] and data.get("verdict"))
    # The hotspot closes before that.
    assert any(data["hotspot"] is None and data["wifi"] is None for data in news)
    assert news[-1]["saved"]["ssid"] == HOME and news[-1]["verdict"]["code"] == "joined"

    ask(peer, "hotspot", enabled=True)
    told(watcher, until=lambda data: is_on_hotspot(data) and data["hotspot_settings"]["requested"])
    ask(peer, "hotspot", enabled=False)
    told(watcher, until=is_connected)

    ask(peer, "radio", enabled=False)
    told(watcher, until=lambda data: data["state"] == "radio-off" and not data["radio_enabled"] and not data["wifi"])
    ask(peer, "radio", enabled=True)
    told(watcher, until=is_connected)

    ask(peer, "forget")
    last = told(watcher, until=lambda data: is_on_hotspot(data) and not data["saved"])[-1]
    assert last["verdict"] is None
    # It is what whoever asks is told.
    status = peer.call("status")
    assert last.keys() == status.keys() - {"summary", "join"}
    watcher.close()
    peer.close()


@pytest.mark.parametrize("wanted, there, others", [
    pytest.param(("wlan1", "eth1"), ("wlan1", "eth1"), ("wlan0", "eth0"), id="behind others"),
    pytest.param(("wlan7", "eth7"), ("wlan1", "eth1"), ("wlan2", "eth2"), id="not there, the first instead")])
def test_which_radio_and_which_wire(world, device, wanted, there, others):
    config = f"network: {{wifi_interface: {wanted[0]}, wired_interface: {wanted[1]}}}\n"
    manager, peer = world({HOME: router(PASSWORD)}, config, radio=there[0], wire=there[1], others=others)
    status = peer.call("status")
    assert status["state"] == "hotspot" and status["hotspot"]["interface"] == there[0]
    assert status["wired"]["interface"] == there[1] and f" on {there[0]}, " in status["summary"]
    (hotspot,) = manager.hotspots()
    assert hotspot["connection"]["interface-name"] == there[0]

    manager.tried.clear()
    assert connect(peer, HOME, password=PASSWORD)["code"] == "joined"
    assert manager.on() == HOME and manager.tried[0]["connection"]["interface-name"] == there[0]
    for place in (TRUTH, INSTALLED):
        assert list(yaml.safe_load(device.path(place).read_text())["network"]["wifis"]) == [there[0]]
    (profile,) = device.path("/run/NetworkManager/system-connections").iterdir()
    assert in_file(profile)["connection"]["interface-name"] == there[0]
    assert peer.call("status")["wifi"]["interface"] == there[0]
    eventually(lambda: device.notify.status == f"connected to {HOME} on {there[0]}, 192.168.50.7")
    assert others[0] not in device.log() and others[1] not in device.log()
    peer.close()
