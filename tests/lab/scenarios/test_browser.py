# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer joins his network with a real browser, clicking through the page."""

import subprocess

import pytest

from lab import places
from lab.world import DEVICE_PASSWORD, HOME, HOME_PASSWORD, HOTSPOT

BROWSER = places.LAB / "browser"


@pytest.fixture(scope="session")
def browse():
    assert (BROWSER / "node_modules").is_dir(), "tests/prepare installs what the browser needs"
    folder = places.RESULTS / "browser"

    def join(name, port, *words):
        pictures = folder / name
        pictures.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["node", BROWSER / "join.mjs", f"http://localhost:{port}/", pictures, DEVICE_PASSWORD, *words],
            check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        assert done.returncode == 0, done.stdout
    return join


def test_a_wrong_password_and_then_the_right_one(first_time, browse):
    first_time.phone.wait_for(HOTSPOT)
    port = first_time.machine.port
    browse("wrong", port, HOME, "not-the-password", "verdict",
           f"The password for {HOME} is probably wrong")
    first_time.device.wait_for_network("hotspot")
    browse("right", port, HOME, HOME_PASSWORD, "network-headline",
           f"Connected to {HOME}")
    first_time.device.wait_for_network("connected")
    first_time.phone.wait_for(HOME)
