# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device is put up in a company: user name and password, and a network that has to prove whom it is (802.1X)."""

import pytest

from lab import wait
from lab.world import RADIUS

COMPANY = "Company Floor"
USER, SECRET = "device-17", "s3cret: of #17"
KEPT = "/var/lib/unbox/network/certificate-*.pem"


def open_company(lab):
    authority = lab.router.become_a_companys(COMPANY, USER, SECRET)
    lab.device.wait_until_it_sees(COMPANY, "enterprise")
    return authority


def login(authority, **changes):
    return {"identity": USER, "anonymous_identity": "anonymous", "password": SECRET,
            "ca_certificate": authority, "domain": RADIUS, **changes}


@pytest.mark.long
def test_the_right_user_joins_the_right_network(first_time):
    device, machine = first_time.device, first_time.machine
    authority = open_company(first_time)

    verdict = device.join(COMPANY, **login(authority))
    assert verdict["code"] == "joined", verdict
    device.wait_for_network("connected")
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{COMPANY}"
    assert machine.out(f"stat -c '%U %a' {KEPT}") == "root 600"
    found = machine.run(f"journalctl -b --no-pager -o export | grep -c '{SECRET}'", check=False)
    assert found.stdout.strip() == "0"

    # After a night without power it logs in by itself.
    machine.reboot()
    device.wait_for_network("connected", timeout=120)

    # What is forgotten leaves no certificate behind.
    device.ask("user-network", "forget", {"ssid": COMPANY})
    device.wait_for_network("hotspot")
    assert machine.run(f"ls {KEPT}", check=False).code != 0


@pytest.mark.long
def test_a_certificate_takes_the_place_of_a_password(first_time):
    device, machine = first_time.device, first_time.machine
    authority = open_company(first_time)
    certificate, key = first_time.router.badge()
    wish = {"identity": "badge", "ca_certificate": authority, "domain": RADIUS, "client_certificate": certificate,
            "client_key": key, "client_key_password": SECRET}
    verdict = device.join(COMPANY, **wish)
    assert verdict["code"] == "joined", verdict
    assert machine.out(f"stat -c '%U %a' {KEPT}").splitlines() == ["root 600"] * 3
    machine.reboot()
    device.wait_for_network("connected", timeout=120)
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{COMPANY}"

    # The company makes a new authority: the old badge no longer opens anything.
    authority = open_company(first_time)
    verdict = device.join(COMPANY, **{**wish, "ca_certificate": authority})
    assert verdict["code"] == "login_wrong", verdict
    found = machine.run(f"journalctl --no-pager -o export | grep -c '{SECRET}'", check=False)
    assert found.stdout.strip() == "0"


@pytest.mark.long
def test_a_wrong_user_learns_why(first_time):
    device = first_time.device
    authority = open_company(first_time)

    verdict = device.join(COMPANY, **login(authority, password="not-the-password"))
    assert verdict["code"] == "login_wrong", verdict
    device.wait_for_network("hotspot")
    assert device.saved_networks() == {}


@pytest.mark.long
def test_who_poses_as_the_company_gets_no_password(first_time):
    device, machine = first_time.device, first_time.machine
    authority = open_company(first_time)

    # The same name in the air, but another authority's certificate; and the right one with another name.
    open_company(first_time)
    assert device.join(COMPANY, **login(authority))["code"] == "login_wrong"
    wait.until(lambda: device.network_state() == "hotspot", 60, "the hotspot to be back")
    another = login(first_time.router.authority(), domain="radius.elsewhere.org")
    assert device.join(COMPANY, **another)["code"] == "login_wrong"
    device.wait_for_network("hotspot")
    assert machine.run(f"ls {KEPT}", check=False).code != 0
