# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer's router goes in the middle of a join; or it comes back with another password."""

import pytest

from lab import wait
from lab.device import STATE
from lab.world import HOME, HOME_PASSWORD, HOTSPOT, RADIUS

COPY = "/etc/netplan/60-user-netplan.yaml"
NEW_PASSWORD = "a-new-password"
MODERN, COMPANY = "Modern Home", "Company Floor"
# Between two looks for the router while nobody is on the hotspot, and the join.
LOOK = 60 + 120 + 60


def learns_why(lab, *codes):
    """The hotspot is back with one of these verdicts, and nothing is left of the join."""
    device, phone = lab.device, lab.phone
    verdict = wait.until(device.verdict, 150, "a verdict")
    assert verdict["code"] in codes, verdict
    device.wait_for_network("hotspot", timeout=120)
    phone.wait_for(HOTSPOT, 90)
    phone.wait_for_page()
    assert phone.network_status()["verdict"] == verdict
    assert not device.exists(COPY) and not device.exists(f"{STATE}/network/user-netplan.yaml")


def goes_at(lab, step):
    """It is switched off when the join has come there."""
    wait_for_it = lab.device.when_joining(step, "systemctl stop lab-router.service")
    lab.phone.wait_for(HOTSPOT)
    assert lab.phone.choose(HOME, HOME_PASSWORD).status == 202
    wait_for_it()


def try_again(lab, password=HOME_PASSWORD):
    assert lab.phone.choose(HOME, password).status == 202
    lab.device.wait_for_network("connected", timeout=150)
    assert lab.device.verdict()["code"] == "joined"


@pytest.mark.long
def test_while_it_gives_an_address(first_time):
    # So that it can't be through already.
    first_time.router.give_no_addresses()
    goes_at(first_time, "address")
    learns_why(first_time, "no_address", "no_answer", "not_found")
    first_time.router.give_addresses()
    first_time.router.on()
    try_again(first_time)


@pytest.mark.long
def test_while_the_radio_is_off(first_time):
    """It was proved, and is gone when what was saved is to prove itself."""
    goes_at(first_time, "radio")
    learns_why(first_time, "no_answer", "not_found")
    first_time.router.on()
    try_again(first_time)


@pytest.fixture
def locked_out(home):
    """The router comes back with another password: the device says so, on its hotspot too, and forgets nothing."""
    device, phone = home.device, home.phone
    home.machine.write("/etc/unbox/config.yaml.d/50-soon.yaml", "network: {boot_wait_seconds: 10}")
    home.machine.run("systemctl restart user-network.service", timeout=60)
    device.wait_for_network("connected")
    home.router.configure(wpa_passphrase=NEW_PASSWORD)
    device.wait_for_status("user-network.service", "its password has probably been changed", timeout=150)
    device.wait_for_network("hotspot", timeout=150)
    phone.wait_for(HOTSPOT, 90)
    phone.wait_for_page()
    verdict = phone.network_status()["verdict"]
    assert verdict["code"] == "password_changed" and verdict["ssid"] == HOME
    assert verdict["message"] in home.machine.out("unboxctl network")
    assert device.saved_networks().keys() == {HOME}
    return home


@pytest.mark.long
def test_a_new_password_is_typed(locked_out):
    try_again(locked_out, NEW_PASSWORD)
    text = locked_out.device.read(COPY)
    assert NEW_PASSWORD in text and HOME_PASSWORD not in text


@pytest.mark.long
def test_the_old_password_comes_back(locked_out):
    """Nobody has to do anything."""
    device, phone = locked_out.device, locked_out.phone
    phone.walk_away()
    locked_out.router.configure(wpa_passphrase=HOME_PASSWORD)
    device.wait_for_network("connected", timeout=LOOK)
    wait.until(lambda: device.verdict()["code"] == "joined", 30, "the verdict to follow")
    assert HOME_PASSWORD in device.read(COPY)
    phone.come_back()
    phone.wait_for(HOME, 90)
    phone.wait_for_page()


def is_locked_out(lab, ssid, code):
    """Nobody says that it was the password: it takes two failures, and a scan that sees the network between them."""
    device, phone = lab.device, lab.phone
    wait.until(lambda: (device.verdict() or {}).get("code") == code, 180, f"the device to say {code}", interval=1)
    phone.come_back()
    device.wait_for_network("hotspot", timeout=150)
    device.wait_for_status("user-network.service", "last join", f"{ssid} no longer lets the device in")
    phone.wait_for(HOTSPOT, 150)
    phone.wait_for_page()
    verdict = phone.network_status()["verdict"]
    assert (verdict["ssid"], verdict["code"]) == (ssid, code), verdict
    assert device.saved_networks().keys() == {ssid}


@pytest.mark.long
def test_a_router_that_speaks_wpa3_only_has_a_new_password(first_time):
    device, router = first_time.device, first_time.router
    router.become_wpa3_only(MODERN)
    device.wait_until_it_sees(MODERN, "wpa3")
    assert device.join(MODERN, password=HOME_PASSWORD)["code"] == "joined"
    device.wait_for_network("connected")

    # While somebody is on the hotspot, the device doesn't look for its network.
    first_time.phone.walk_away()
    router.become_wpa3_only(MODERN, NEW_PASSWORD)
    is_locked_out(first_time, MODERN, "password_changed")
    assert device.join(MODERN, password=NEW_PASSWORD)["code"] == "joined"
    device.wait_for_network("connected")


@pytest.mark.long
def test_the_users_password_is_changed_at_the_company(first_time):
    device, router = first_time.device, first_time.router
    authority = router.become_a_companys(COMPANY, "device-17", "the-first-secret")
    device.wait_until_it_sees(COMPANY, "enterprise")
    login = {"identity": "device-17", "anonymous_identity": "anonymous", "ca_certificate": authority, "domain": RADIUS}
    assert device.join(COMPANY, password="the-first-secret", **login)["code"] == "joined"
    device.wait_for_network("connected")

    first_time.phone.walk_away()
    router.change_users_password(NEW_PASSWORD)
    is_locked_out(first_time, COMPANY, "login_changed")
    assert device.join(COMPANY, password=NEW_PASSWORD, **login)["code"] == "joined"
    device.wait_for_network("connected")
