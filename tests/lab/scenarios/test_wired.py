# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer gives the wire a fixed address, on the page that he has come to over the wire."""

import re

import pytest

from lab import wait
from lab.device import STATE
from lab.world import HOME, PORT

FIXED = "10.99.0.30"  # the bench gives others by DHCP
SETTINGS = {"method": "static", "address": f"{FIXED}/24", "gateway": "10.99.0.1", "dns": ["10.99.0.1"]}
USER_WIRED = "/etc/netplan/70-user-wired.yaml"
NOT_KEPT = "MESSAGE_ID=c59f1e7b42084a3d9f6ea1d802b74c16"


@pytest.fixture
def at_the_bench(home):
    """At home by radio, and plugged in."""
    home.bench.plug()
    wait.until(lambda: home.bench.open_page("/health").status == 200, 60, "the page on eth0")
    return home


def at(lab, address, path="", method="GET", **options):
    """The network tab's part of the page, at this address of the wire."""
    return lab.bench.use(f"http://{address}:{PORT}", f"/api/v1/network{path}", method, timeout=5, **options)


def wired(lab, address):
    answer = at(lab, address)
    return answer.json()["wired"] if answer.status == 200 else {"pending": "no answer"}


def try_the_fixed_address(lab):
    leased = lab.bench.device_address()
    answer = at(lab, leased, "/wired", "PUT", body=SETTINGS)
    assert answer.status == 202 and answer.json()["confirm_within"] == 60, answer
    wait.until(lambda: "unconfirmed" in str(wired(lab, FIXED)["pending"]), 30, "the page at the new address")
    assert at(lab, leased).status == 0
    assert not lab.device.exists(USER_WIRED) and not lab.device.exists(f"{STATE}/network/user-wired.yaml")


def assert_in_force(lab):
    """Not the address alone: whoever is beyond the gateway is reached, and names are asked of the name server."""
    gateway = SETTINGS["gateway"]
    assert f"default via {gateway} " in lab.machine.out("ip -4 route show default dev eth0")
    assert lab.machine.out("nmcli -g IP4.DNS device show eth0") == gateway


def assert_by_dhcp(lab):
    wait.until(lambda: lab.bench.open_page("/health").status == 200 and lab.bench.device_address() != FIXED,
               90, "the page at an address by DHCP")
    assert not lab.device.exists(USER_WIRED)
    # After a boot user-network may come a moment later than the page.
    wait.until(lambda: wired(lab, lab.bench.device_address()).get("method") == "dhcp", 60, "the wire to be by DHCP")


@pytest.mark.long
def test_a_fixed_address_that_was_confirmed_is_kept_over_a_reboot(at_the_bench):
    lab = at_the_bench
    try_the_fixed_address(lab)

    # Over the radio nobody can say that the wire works.
    answer = lab.phone.open_page("/api/v1/network/wired/confirm", "POST", body={})
    assert (answer.status, answer.json()["code"]) == (409, "wrong_address")
    assert at(lab, FIXED, "/wired/confirm", "POST", body={}).status == 200
    wait.until(lambda: wired(lab, FIXED)["pending"] is None, 60, "the end of it")
    assert wired(lab, FIXED)["last"]["code"] == "confirmed"
    assert lab.machine.out(f"stat -c '%U %a' {USER_WIRED}") == "root 600"
    assert "wlan0" not in lab.device.read(USER_WIRED)
    assert lab.device.active_connections()["eth0"] == "netplan-eth0"
    assert_in_force(lab)

    lab.machine.reboot()
    wait.until(lambda: at(lab, FIXED).status == 200, 60, "the page at the address")
    assert lab.bench.device_address() == FIXED
    assert_in_force(lab)
    lab.device.wait_for_network("connected")

    # And by DHCP again, at once and for good.
    assert at(lab, FIXED, "/wired", "PUT", body={"method": "dhcp"}).status == 202
    assert_by_dhcp(lab)
    lab.machine.reboot()
    assert_by_dhcp(lab)


@pytest.mark.long
def test_what_nobody_has_confirmed_goes_after_a_minute(at_the_bench):
    lab = at_the_bench
    try_the_fixed_address(lab)
    lab.device.wait_for_status("user-network.service", FIXED, "waits to be confirmed")

    assert_by_dhcp(lab)
    assert wired(lab, lab.bench.device_address())["last"]["code"] == "not-confirmed"
    assert lab.device.messages("user-network.service", match=NOT_KEPT)


@pytest.mark.long
def test_what_nobody_has_confirmed_goes_though_user_network_is_dead(at_the_bench):
    lab = at_the_bench
    try_the_fixed_address(lab)
    lab.machine.run("systemctl mask --runtime user-network.service && "
                    "systemctl kill -s KILL user-network.service")

    wait.until(lambda: lab.bench.device_address() not in (None, FIXED), 90, "NetworkManager to go back")
    lab.machine.run("systemctl unmask --runtime user-network.service && systemctl start user-network.service")
    assert_by_dhcp(lab)
    assert wired(lab, lab.bench.device_address())["last"]["code"] == "interrupted"


@pytest.mark.long
def test_what_nobody_has_confirmed_goes_with_the_power(at_the_bench):
    lab = at_the_bench
    try_the_fixed_address(lab)

    lab.machine.power_cycle()
    lab.machine.wait_for_boot()
    assert_by_dhcp(lab)
    assert wired(lab, lab.bench.device_address())["last"]["code"] == "interrupted"


@pytest.mark.long
def test_an_address_that_somebody_has_is_not_taken(at_the_bench):
    lab = at_the_bench
    lab.bench.run("ip address add 10.99.0.40/24 dev bench0")
    leased = lab.bench.device_address()
    assert at(lab, leased, "/wired", "PUT", body={**SETTINGS, "address": "10.99.0.40/24"}).status == 202
    wait.until(lambda: wired(lab, leased)["pending"] is None, 90, "the end of it")
    assert wired(lab, leased)["last"]["code"] == "down"
    assert_by_dhcp(lab)


def test_the_wire_is_plugged_into_the_same_router(home):
    """Whoever asks for either of the two addresses is answered, whatever he has heard of the other."""
    home.router.take_the_wire()
    home.device.wait_for_network("connected")

    def addresses():
        found = [re.search(r"192\.168\.50\.\d+", home.machine.out(f"ip -4 -br address show dev {name}"))
                 for name in ("wlan0", "eth0")]
        return all(found) and [one.group() for one in found]

    both = wait.until(addresses, 90, "an address on each")
    assert len(set(both)) == 2
    home.phone.wait_for(HOME, 60)
    for somebody in (home.router, home.phone):
        for first, second in (both, both[::-1]):
            somebody.run("ip neigh flush all")
            for address in (first, second, first):
                assert somebody.http("GET", f"http://{address}:{PORT}/health", timeout=5).status == 200, (first, second)
    assert home.device.network_state() == "connected" and home.device.verdict()["code"] == "joined"


@pytest.mark.long
def test_a_factory_reset_forgets_the_address(at_the_bench):
    lab = at_the_bench
    try_the_fixed_address(lab)
    assert at(lab, FIXED, "/wired/confirm", "POST", body={}).status == 200
    wait.until(lambda: wired(lab, FIXED)["pending"] is None, 60, "the end of it")

    boot = lab.machine.boot_id()
    lab.machine.run("systemctl start --no-block factory-reset.service", check=False)
    lab.machine.wait_for_reboot(boot)
    lab.machine.wait_for_boot()
    assert_by_dhcp(lab)
