# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of user-network's joins are built from: a world with routers in it, and who asks the daemon."""

import pathlib
import shutil
import subprocess
import sys

import pytest

from fake_routers import Routers
from harness import eventually
from odd_clock import OddClock

NETPLAN = pathlib.Path(__file__).resolve().parent / "fake_netplan.py"
TRUTH = "/var/lib/unbox/network/user-netplan.yaml"
INSTALLED = "/etc/netplan/60-user-netplan.yaml"
NOTE = "/var/lib/unbox/network/join.json"
FAILED = "eac8d6f4b2e04f5dc3e1a0f2d4b6c809"
PASSWORD = "homepass1234"


def furnish(device, config=""):
    """Puts there what user-network and its netplan find on a device."""
    for folder in ("/var/lib/unbox/network", "/etc/netplan", "/etc/NetworkManager/dnsmasq-shared.d",
                   "/run/NetworkManager/system-connections", "/usr/libexec/netplan"):
        device.path(folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(NETPLAN, device.path("/usr/libexec/netplan/generate"))
    device.configure(config)


@pytest.fixture
def world(bus, device, request):
    """world(routers) starts the daemon in it; returns NetworkManager and a connection to the daemon."""
    def start(routers, config="", **options):
        furnish(device, config)
        manager = Routers(bus, device, routers, **options)
        request.addfinalizer(manager.close)
        device.start("user-network")
        return manager, ready(device)
    return start


def ready(device):
    """A connection to the daemon, once it has looked around and is done with what it does first."""
    peer = device.connect("user-network")
    reaches(peer, "hotspot", "connected")
    return peer


def run_fast(device, manager, peer, scale):
    """Starts the daemon again; its clock runs so many times as fast once netplan has done for it what takes seconds of
    ours. Returns the clock and a connection."""
    peer.close()
    assert device.daemon("user-network").stop() == 0
    told = len(manager.called("ReloadConnections"))
    clock = OddClock(device)
    device.start("user-network", environment=clock.environment)
    peer = ready(device)
    eventually(lambda: len(manager.called("ReloadConnections")) > told, 30, "the profiles to be made")
    clock.speed_up(scale)
    return clock, peer


def reaches(peer, *states):
    """Waits until the daemon is in one of them; says all that it says of itself when it isn't."""
    eventually(lambda: peer.call("status")["state"] in states, 30, lambda: peer.call("status"))


def connect(peer, ssid, **wish):
    """Has it joined, and returns the verdict."""
    before = peer.call("status").get("verdict")
    ask(peer, "connect", ssid=ssid, **wish)
    return eventually(lambda: over(peer, before), 60, "a verdict")


def ask(peer, method, **params):
    """Something else may be under way for a moment, such as the hotspot's opening."""
    def asked():
        answer = peer.ask(method, params)
        return None if answer.get("error", {}).get("code") == "BUSY" else answer
    answer = eventually(asked, 60)
    assert "error" not in answer, answer
    return answer["result"]


def over(peer, before):
    status = peer.call("status")
    return status["verdict"] if not status.get("join") and status.get("verdict") != before else None


def step(peer):
    """The step that a join is at, or None."""
    return (peer.call("status").get("join") or {}).get("step")


def saved(peer):
    return {network["ssid"]: network for network in peer.call("networks")["saved"]}


def boot(device, manager):
    """What comes before user-network after a power cut: netplan's generator, and NetworkManager."""
    subprocess.run([sys.executable, NETPLAN, "--root-dir", device.root], check=True)
    manager.start_anew()


def assert_whole(device, manager, peer):
    """Reached over a network that is saved, with files that agree and nothing left of a join; returns which."""
    def well():
        status = peer.call("status")
        known = saved(peer).keys()
        return (status["state"] == "connected" and not status.get("join") and known == manager.loaded()
                and not device.path(NOTE).exists() and manager.on() in known and manager.on())
    name = eventually(well, 60, "the device to be connected")
    assert device.path(TRUTH).read_text() == device.path(INSTALLED).read_text()
    eventually(lambda: "unbox join" not in manager.names_of_profiles(), 10, "the trial to be gone")
    assert manager.enabled()
    return name
