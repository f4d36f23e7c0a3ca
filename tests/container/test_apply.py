# SPDX-License-Identifier: LGPL-2.1-or-later
"""apply_config with the real systemd, networkd and hostapd. There is no radio, so hostapd can't start: what was before
must be back."""

import pytest

from lab import wait

PRODUCT = "/var/lib/unbox/product/config.yaml"
HOSTAPD = "/etc/hostapd/hostapd.conf"
NETWORK = "/etc/systemd/network/10-unbox-ap.network"


@pytest.fixture
def product(lab):
    """An interface that nobody manages, and hostapd as a product has it."""
    lab.machine.run("ip link add ap0 type veth peer name ap1 && ip link set ap1 up")
    lab.machine.run("nmcli device set ap0 managed no && nmcli device set ap1 managed no")
    lab.machine.run("systemctl unmask hostapd.service systemd-networkd.service")
    wait.until(lambda: lab.device.ask_or_none("healthd", "ping") == "pong", 20, "healthd to answer")
    return lab


def apply(lab, section):
    """The whole answer."""
    return lab.device.ask("healthd", "apply_config", {"section": section})


def state(lab, section):
    return lab.device.ask_or_none("healthd", "get_status")["applied"][section]["state"]


def test_networkd_gives_the_interface_its_address(product):
    product.machine.write(PRODUCT, "network: {ap_ip: 10.99.0.1, dhcp_range_start: 10.99.0.10, "
                                   "dhcp_range_end: 10.99.0.20, interface: ap0}")
    assert apply(product, "network")["result"] == {"ok": True, "restarted": ["systemd-networkd"]}
    assert state(product, "network") == "applied"
    assert "inet 10.99.0.1/24" in product.machine.out("ip address show ap0")
    assert product.machine.out(f"stat -c %a {NETWORK}") == "644"


def test_hostapd_without_a_radio_goes_back(product):
    product.machine.write(HOSTAPD, "# the old one", "0640")
    product.machine.write(PRODUCT, "wifi: {ssid: Product, password: at least eight, interface: ap0}")
    assert apply(product, "wifi")["error"] == {"code": "RESTART_FAILED", "message": "hostapd failed to start"}
    assert state(product, "wifi") == "failed"
    assert product.machine.out(f"cat {HOSTAPD}; stat -c %a {HOSTAPD}") == "# the old one\n640"
    assert product.machine.out("ls -A /etc/hostapd /var/lib/unbox/apply | grep -c -e '#' -e old || true") == "0"


def test_the_radio_that_networkmanager_has(product):
    product.machine.run("nmcli device set ap0 managed yes")
    product.machine.write(PRODUCT, "wifi: {ssid: Product, password: at least eight, interface: ap0}")
    before = product.machine.out(f"sha256sum {HOSTAPD} || true")
    assert apply(product, "wifi")["error"] == {"code": "CONFLICT", "message": "NetworkManager manages ap0"}
    assert product.machine.out(f"sha256sum {HOSTAPD} || true") == before
