# SPDX-License-Identifier: LGPL-2.1-or-later
"""A name is 32 bytes of anything: the device joins it as it is, all the way through netplan and back."""

import pytest

from lab import wait
from lab.device import STATE
from lab.world import HOME, HOME_PASSWORD

TRUTH = f"{STATE}/network/user-netplan.yaml"
COPY = "/etc/netplan/60-user-netplan.yaml"
NAMES = ['say "hi" \\ a:b', "$(reboot)`id`;", "café 🙂 %s", "שלום", "x" * 32, "12345678"]
# Not UTF-8; a NUL in its middle.
NO_TEXT = [b"caf\xe9", b"a\0b"]
IN_FILE = ("import sys, yaml; print(*(name.encode().hex() for name in "
           "yaml.safe_load(open(sys.argv[1]))['network']['wifis']['wlan0']['access-points']))")


def rename_router(lab, name):
    lab.router.configure(ssid=None, ssid2=name.hex())

    def seen():
        lab.device.ask_or_none("user-network", "scan")
        networks = lab.device.ask_or_none("user-network", "networks").get("networks", [])
        return next((row for row in networks if row["ssid_hex"] == name.hex()), None)
    return wait.until(seen, 90, f"{name!r} to be in the air", interval=2)


def in_file(lab, path):
    return {bytes.fromhex(word).decode() for word in lab.machine.out(f'python3 -c "{IN_FILE}" {path}').split()}


@pytest.mark.long
def test_names_that_were_somebody_s_bug(first_time):
    device, machine = first_time.device, first_time.machine
    boot = machine.boot_id()
    first_time.phone.walk_away()
    for count, name in enumerate(NAMES, 1):
        assert rename_router(first_time, name.encode())["ssid"] == name
        verdict = device.join(name, password=HOME_PASSWORD, timeout=150)
        assert verdict["code"] == "joined" and verdict["ssid_hex"] == name.encode().hex(), verdict
        device.wait_for_network("connected")
        assert device.ask("user-network", "status")["result"]["wifi"]["ssid"] == name
        assert len(first_time.router.stations()) == 1
        # What netplan read is what was chosen, and nothing of it was taken for a command.
        assert in_file(first_time, TRUTH) == in_file(first_time, COPY) == set(NAMES[:count])
    assert machine.boot_id() == boot

    machine.reboot()
    device.wait_for_network("connected", timeout=150)
    assert device.ask("user-network", "status")["result"]["wifi"]["ssid"] == NAMES[-1]


@pytest.mark.long
def test_names_that_netplan_cannot_take(first_time):
    device = first_time.device
    for name in NO_TEXT:
        assert rename_router(first_time, name)["ssid"] is None
        error = device.ask("user-network", "connect", {"ssid_hex": name.hex(), "password": HOME_PASSWORD})["error"]
        assert error["code"] == "INVALID_PARAMS" and "not UTF-8 text or has a NUL" in error["message"]
    assert device.network_state() == "hotspot"
    assert not device.exists(TRUTH)


def frequency(lab):
    """Of the router that the device is on, or nothing."""
    return lab.machine.out("iw dev wlan0 link | sed -n 's/.*freq: //p'")


@pytest.mark.long
def test_two_routers_of_one_name(home):
    """As in a house with several: one of them goes, and the other will do."""
    device, machine = home.device, home.machine
    # The neighbour's is the second one. It gives no addresses.
    machine.run(f"sed -e 's/^ssid=.*/ssid={HOME}/' -e 's/^wpa_passphrase=.*/wpa_passphrase={HOME_PASSWORD}/' "
                "/opt/lab/neighbour.conf >/run/lab-neighbour.conf && "
                "mount --bind /run/lab-neighbour.conf /opt/lab/neighbour.conf && "
                "systemctl restart lab-neighbour.service", timeout=60)

    def sees_both():
        device.ask_or_none("user-network", "scan")
        return machine.out("nmcli -t -f SSID device wifi list --rescan no").splitlines().count(HOME) == 2
    wait.until(sees_both, 90, "both routers to be in the air", interval=2)
    rows = device.ask("user-network", "networks")["result"]["networks"]
    assert [row["ssid"] for row in rows].count(HOME) == 1
    # An address that needs nobody: only one of them gives any.
    verdict = device.join(HOME, password=HOME_PASSWORD, address="192.168.50.20/24", timeout=150)
    assert verdict["code"] == "joined", verdict

    # Whichever it is on goes.
    before = frequency(home)
    if home.router.stations():
        home.router.off()
    else:
        machine.run("systemctl stop lab-neighbour.service")

    def on_the_other():
        return frequency(home) not in ("", before) and device.network_state() == "connected"
    wait.until(on_the_other, 180, "the device to be on the other one", interval=2)
    assert device.verdict()["code"] == "joined"
