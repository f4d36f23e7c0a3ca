# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer picks his network on the page and types the right password."""

from lab import wait
from lab.device import STATE, message
from lab.world import HOME, HOME_PASSWORD, HOTSPOT

USER_NETPLAN = "/etc/netplan/60-user-netplan.yaml"
STEPS = ["checkpoint", "associating", "address", "gateway", "installing", "radio", "proving", "committed"]


def join(lab):
    lab.phone.wait_for(HOTSPOT)
    answer = lab.phone.choose(HOME, HOME_PASSWORD)
    assert answer.status == 202, answer
    lab.device.wait_for_network("connected", timeout=120)


def test_the_device_moves_to_the_home_network_and_the_page_with_it(first_time):
    device, phone, router = first_time.device, first_time.phone, first_time.router
    join(first_time)

    # What was written is private, complete and NetworkManager's.
    assert first_time.machine.out(f"stat -c '%U %a' {USER_NETPLAN}") == "root 600"
    text = device.read(USER_NETPLAN)
    assert "renderer: NetworkManager" in text
    assert "wlan0" in text and HOME in text
    assert "eth0" not in text
    assert device.exists(f"{STATE}/network/user-netplan.yaml")
    assert "wlan0" not in device.read("/etc/netplan/50-cloud-init.yaml")

    # What is up is the profile that netplan made of it, not the one that proved the password.
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"

    # The phone, left without a hotspot, goes home too, and finds the page by the same name.
    phone.wait_for(HOME, 90)
    name = device.hostname()
    wait.until(lambda: router.leases().get(name), 60, "the device's name in the router's books")
    assert phone.resolve(name) == router.leases()[name]
    assert phone.wait_for_page("/").status == 200
    wait.until(lambda: phone.network_status()["state"] == "connected", 30, "the page to say so")
    assert HOME in device.wait_for_status("user-network.service", HOME)


def test_the_steps_of_a_join_come_in_their_order_and_the_journal_keeps_the_secret(first_time):
    device = first_time.device
    join(first_time)

    steps = [entry["UNBOX_STEP"] for entry in device.journal("user-network.service")
             if "UNBOX_STEP" in entry]
    assert [step for step in steps if step in STEPS] == STEPS

    # NetworkManager and the file system tell the same story, in their own words.
    entries = device.journal("NetworkManager.service")
    audits = [(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, message(entry)) for entry in entries
              if "op=\"" in message(entry)]

    def first(words, after=0.0):
        for when, text in audits:
            if when > after and all(word in text for word in words):
                return when
        raise AssertionError(f"NetworkManager was never asked for {words}: {audits}")
    checkpoint = first(['op="checkpoint-create"'])
    profile = first(['op="connection-add-activate"'], checkpoint)
    installed = float(first_time.machine.out(f"stat -c %.6Z {USER_NETPLAN}"))
    reload_ = first(['op="connections-reload"'], profile)
    radio_off = first(['op="radio-control"', "off"], reload_)
    radio_on = first(['op="radio-control"', "on"], radio_off)
    destroyed = first(['op="checkpoint-destroy"'], radio_on)
    assert checkpoint < profile < installed < reload_ < radio_off < radio_on < destroyed

    # And neither of them tells the password.
    found = first_time.machine.run(f"journalctl -b --no-pager -o export | grep -c {HOME_PASSWORD}",
                                   check=False)
    assert found.stdout.strip() == "0"
