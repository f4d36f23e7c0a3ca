# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the bus tests; harness.py says what they are."""

import os
import pathlib
import shutil
import tempfile

import pytest

import harness
import peers
from hostnamed import Hostnamed
from web import PASSWORD, Browser, Web


def pytest_configure(config):
    config.addinivalue_line("markers", "long: goes to every end, or waits a lot; told in the campaign")


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root: daemons get a mount namespace"))


@pytest.fixture
def root():
    # Not pytest's tmp_path: a socket's path has at most 107 bytes.
    path = pathlib.Path(tempfile.mkdtemp(prefix="unbox-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def device(root):
    made = harness.Device(root)
    yield made
    made.close()


@pytest.fixture
def bus(root):
    """The device's system bus; ask for it before `device`, so that it ends after the daemons."""
    made = harness.Bus(root)
    yield made
    made.stop()


@pytest.fixture
def healthd(systemd, device):  # whichever service manager the test has
    """healthd, ready, as a connection to its socket."""
    device.start("healthd")
    peer = device.connect("healthd")
    yield peer
    peer.close()


@pytest.fixture
def hostnamed(bus):
    made = Hostnamed(bus)
    yield made
    made.close()


@pytest.fixture
def serve(device):
    """Starts fake daemons that end with the test."""
    made = []

    def start(name, answers, kind=peers.FakePeer):
        peer = kind(device.path(f"/run/unbox/{name}.sock"), answers)
        made.append(peer)
        return peer

    yield start
    for peer in made:
        if not peer.closed:
            peer.close()


@pytest.fixture
def others():
    """The page's sockets beside the first."""
    return []


@pytest.fixture
def web(device, others):
    """The page of a device that nobody has set a password on."""
    made = Web(device, others=others)
    made.start()
    yield made
    made.listener.close()


@pytest.fixture
def owner(web):
    """The browser of who has set the password by the form, with what the session's own pages know."""
    made = Browser(web.port)
    assert made.submit("/welcome", password=PASSWORD, again=PASSWORD)[0] == 302
    assert made.get("/api/v1/session")["csrf"]
    return made


@pytest.fixture
def network(serve):
    return serve("user-network", {
        "status": peers.NETWORK_STATUS,
        "networks": peers.NETWORKS,
        "scan": {"accepted": True},
        "connect": {"accepted": True},
        "forget": {"accepted": True},
        "set_priority": {"accepted": True},
        "radio": {"enabled": False},
        "set_wired": {"accepted": True},
        "confirm_wired": {"confirmed": True},
    })


@pytest.fixture
def health(serve):
    return serve("healthd", {
        "get_status": peers.HEALTH_STATUS,
        "get_system": peers.SYSTEM,
        "restart_service": {"accepted": True},
        "factory_reset": {"accepted": True},
    })
