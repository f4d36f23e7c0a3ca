# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of apply_config are built from: a device with a product on it, and those who are set by it."""

import pytest

from fake_systemd1 import Systemd
from settings import Bluez, Timedated

WIFI = "wifi:\n  ssid: Product\n  password: at least eight\n"
OLD = "# somebody's\ninterface=wlan9\n"


@pytest.fixture
def product(device):
    """Writes the product's configuration. A device on which hostapd is installed, and has a file already."""
    for name in ("/etc/hostapd", "/etc/systemd/network", "/var/lib/unbox/product", "/var/lib/unbox/apply",
                 "/run/unbox/healthd"):
        device.path(name).mkdir(parents=True)
    device.path("/etc/hostapd/hostapd.conf").write_text(OLD)
    device.path("/etc/hostapd/hostapd.conf").chmod(0o640)
    device.configure("health: {apply_settle_seconds: 2}\n")
    return device.path("/var/lib/unbox/product/config.yaml").write_text


@pytest.fixture
def systemd(bus, product):
    made = Systemd(bus)
    made.add("hostapd.service", Type="forking")
    made.add("systemd-networkd.service", Type="notify")
    yield made
    made.close()


@pytest.fixture
def bluez(bus):
    made = Bluez(bus)
    yield made
    made.close()


@pytest.fixture
def timedated(bus, device):
    made = Timedated(bus, device.path("/etc/localtime"))
    yield made
    made.close()


def hostapd_conf(device):
    return device.path("/etc/hostapd/hostapd.conf")


def state(peer, section):
    return peer.call("get_status")["applied"].get(section, {}).get("state")
