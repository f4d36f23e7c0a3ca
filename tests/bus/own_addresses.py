# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network of a test file's own where the device has its addresses, and where others have theirs: for who imports
`addresses`."""

import pytest

import peers
from own_network import ip, own_network

HOTSPOT, WIRE, WIFI = "10.42.0.1", "10.99.0.5", "192.168.1.5"
PHONE, NEIGHBOUR = "10.42.0.7", "192.168.1.66"

STATUS = {
    **peers.NETWORK_STATUS,
    "announced": {"host": "unbox-7f3a-2.local", "page": None, "port": None},
    "wifi": {"ssid": "HomeNet", "interface": "wlan0", "address": f"{WIFI}/24", "signal": 70},
    "wired": {"interface": "eth0", "carrier": True, "address": f"{WIRE}/24"},
}


@pytest.fixture(scope="module", autouse=True)
def addresses():
    """Everybody's address is on one interface."""
    with own_network():
        ip("link", "set", "lo", "up")
        for address in (HOTSPOT, PHONE, WIRE, WIFI, NEIGHBOUR):
            ip("address", "add", f"{address}/32", "dev", "lo")
        yield
