# SPDX-License-Identifier: LGPL-2.1-or-later
"""The factory reset on a device's file system below a folder: what goes, what stays, and that a power cut at any
durable operation only delays it."""

import itertools
import os
import subprocess

import pytest

import harness

needs_crash_points = pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1",
                                        reason="needs a build with -Dcrash_points=true")

PROGRAM = harness.BUILD_DIR / "factory-reset/factory-reset"

WIFI = "[connection]\nid=HomeNet\ntype=wifi\n\n[wifi]\nssid=HomeNet\n"
WIRE = "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n"

GOES = {
    "etc/netplan/60-user-netplan.yaml": "network: {}",
    "etc/netplan/70-user-wired.yaml": "network: {}",
    "etc/netplan/.#70-user-wired.yaml0123456789abcdef": "address",
    "var/lib/unbox/network/user-wired.yaml": "network: {}",
    "var/lib/unbox/network/wired.json": "{}",
    "etc/netplan/.#60-user-netplan.yaml0123456789abcdef": "psk",
    "var/lib/unbox/network/user-netplan.yaml": "network: {}",
    "var/lib/unbox/network/verdict.json": "{}",
    "var/lib/unbox/web/password": "hash",
    "var/lib/unbox/web/sessions.json": "sessions",
    "var/lib/unbox/web/tokens.json": "tokens",
    "var/lib/unbox/web/https.json": "his choice",
    "var/lib/unbox/web/https-customer.pem": "his certificate, and its key",
    "var/lib/unbox/web/https-device.pem": "what his browser trusts",
    "var/lib/unbox/web/.#password": "half a hash",
    "var/lib/unbox/queues/mail/00000000000000000007": "a letter",
    "run/NetworkManager/system-connections/netplan-wlan0-HomeNet.nmconnection": WIFI,
    "etc/NetworkManager/system-connections/by-hand.nmconnection": WIFI,
    "etc/NetworkManager/system-connections/broken.nmconnection": "psk=secret",
    "var/lib/NetworkManager/internal-0-wlan0.lease": "ADDRESS=192.0.2.7",
    "var/lib/NetworkManager/dnsmasq-wlan0.leases": "phone",
    "var/lib/NetworkManager/seen-bssids": "x",
    "var/lib/NetworkManager/timestamps": "x",
    "var/lib/NetworkManager/NetworkManager.state": "[main]\nWirelessEnabled=false\n",
    "var/lib/bluetooth/00:11:22:33:44:55/info": "[LinkKey]",
    "var/log/journal/0123456789abcdef/system.journal": "HomeNet",
    "var/lib/systemd/coredump/core.wpa_supplicant.zst": "secret",
}

STAYS = {
    "var/lib/unbox/identity/provisioned": "",
    "var/lib/unbox/identity/gen-1/private.pem.key": "key",
    "etc/netplan/50-cloud-init.yaml": "network: {}",
    "etc/netplan/99-stranger.yaml": "broken: [",
    "etc/NetworkManager/system-connections/office.nmconnection": WIRE,
    "run/NetworkManager/system-connections/netplan-eth0.nmconnection": WIRE,
    "var/lib/NetworkManager/secret_key": "x",
    "etc/unbox/config.yaml": "hotspot:\n",
}


def furnish(root):
    for name, content in (GOES | STAYS).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.fixture
def customers_device(root):
    return furnish(root)


def reset(root, verb, **environment):
    return subprocess.run([PROGRAM, "--root", root, verb], env=os.environ | environment, capture_output=True,
                          text=True, timeout=30)


def left(root, names):
    return {name for name in names if (root / name).exists()}


def test_what_goes_and_what_stays(customers_device):
    assert reset(customers_device, "request").returncode == 0
    assert left(customers_device, GOES) == set(GOES), "nothing goes before the next start"
    assert (customers_device / "var/lib/unbox/factory-reset").exists()

    done = reset(customers_device, "apply")
    assert done.returncode == 0, done.stderr
    assert left(customers_device, GOES) == set()
    assert left(customers_device, STAYS) == set(STAYS)
    assert not (customers_device / "var/lib/unbox/factory-reset").exists()


FLAG = "var/lib/unbox/factory-reset"
CUT = 137


def contents(root, names):
    return {name: (root / name).read_text() for name in names if (root / name).exists()}


def cut(root, verb, number):
    """Whether the power went, which it does at this durable operation."""
    done = reset(root, verb, UNBOX_STORE_CRASH_AT=str(number))
    assert done.returncode in (0, CUT), done.stderr
    return done.returncode == CUT


@needs_crash_points
def test_power_cut_while_it_is_asked_for(root):
    """Either it happens, and whole, or nothing does."""
    asked = set()
    for number in itertools.count(1):
        device = furnish(root / str(number))
        was_cut = cut(device, "request", number)
        assert contents(device, GOES | STAYS) == GOES | STAYS
        asked.add((device / FLAG).exists())
        # systemd's ConditionPathExists= is what looks for it.
        if (device / FLAG).exists():
            assert reset(device, "apply").returncode == 0
            assert contents(device, GOES | STAYS) == STAYS and not (device / FLAG).exists()
        if not was_cut:
            break
    assert asked == {False, True} and number > 3


@needs_crash_points
def test_power_cut_at_every_durable_operation(root):
    """Of a device's first start after it was asked for; the next one does the rest."""
    erased = set()
    for number in itertools.count(1):
        device = furnish(root / str(number))
        assert reset(device, "request").returncode == 0
        was_cut = cut(device, "apply", number)
        erased.add(len(GOES) - len(left(device, GOES)))
        assert contents(device, STAYS) == STAYS
        # Only when all is gone nothing is left to be done.
        assert (device / FLAG).exists() or left(device, GOES) == set()
        assert was_cut or not (device / FLAG).exists()
        assert not (device / FLAG).exists() or reset(device, "apply").returncode == 0
        assert contents(device, GOES | STAYS) == STAYS and not (device / FLAG).exists()
        if not was_cut:
            break
    # Each file was the last that the power let go.
    assert erased >= set(range(len(GOES) + 1)) and number > 2 * len(GOES)


@needs_crash_points
def test_the_power_goes_again_and_again(customers_device):
    """Each start gets one operation further than it would need to make no progress at all."""
    assert reset(customers_device, "request").returncode == 0
    cuts = 0
    while cut(customers_device, "apply", cuts + 1):
        cuts += 1
        assert contents(customers_device, STAYS) == STAYS
        assert (customers_device / FLAG).exists() or left(customers_device, GOES) == set()
    assert contents(customers_device, GOES | STAYS) == STAYS and not (customers_device / FLAG).exists()
    assert cuts > 2


def test_a_failure_is_said_and_the_flag_stays(customers_device):
    assert reset(customers_device, "request").returncode == 0
    stuck = customers_device / "var/lib/bluetooth/00:11:22:33:44:55"
    # A mount point can't be removed, not even by root.
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", stuck], check=True)
    try:
        failed = reset(customers_device, "apply")
    finally:
        subprocess.run(["umount", stuck], check=True)
    assert failed.returncode == 1
    assert "00:11:22:33:44:55 can't be erased" in failed.stderr
    assert (customers_device / "var/lib/unbox/factory-reset").exists()
    assert left(customers_device, GOES) == {"var/lib/bluetooth/00:11:22:33:44:55/info"}, "the rest has gone"
    assert reset(customers_device, "apply").returncode == 0
    assert left(customers_device, GOES) == set()


def test_usage():
    assert subprocess.run([PROGRAM], capture_output=True, timeout=30).returncode == 2
    assert subprocess.run([PROGRAM, "--help"], capture_output=True, timeout=30).returncode == 0
