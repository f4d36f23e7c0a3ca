# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd's functional checks as shipped: in its own sandbox, with the real systemd, bus and networkd."""

import json

import pytest

from lab import wait

NETDEV = "[NetDev]\nName=ap0\nKind=veth\n[Peer]\nName=station0\n"
NETWORK = """[Match]
Name=ap0
[Network]
Address=10.43.0.1/24
DHCPServer=yes
[DHCPServer]
PoolOffset=10
PoolSize=20
"""
RANGE = {"type": "dhcp_range", "interface": "ap0", "range_start": "10.43.0.10", "range_end": "10.43.0.29"}


def configure(lab, *checks):
    lab.machine.write("/etc/unbox/config.yaml.d/50-checks.yaml",
                      json.dumps({"health": {"check_interval_seconds": 1, "checks": checks}}))
    lab.machine.run("systemctl reload-or-restart healthd")


def found(lab, name="device"):
    """(type, state, message) of each check."""
    services = (lab.device.ask_or_none("healthd", "get_status") or {}).get("services", {})
    return [(check["type"], check["state"], check["message"])
            for check in services.get(name, {}).get("checks", [])]


def until(lab, fits, timeout):
    """Waits for the device's checks to fit; says what they are if they don't."""
    try:
        wait.until(lambda: fits(found(lab)), timeout, "the checks")
    except wait.Timeout as error:
        raise AssertionError(found(lab)) from error


def test_what_the_sandbox_has_to_allow(lab):
    lab.machine.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x "
                    "-days 40 -keyout /dev/null -out /etc/unbox/x.pem")
    configure(lab,
              {"type": "address", "interface": "lo", "address": "127.0.0.1"},
              {"type": "disk", "path": "/var"},
              {"type": "memory"},
              {"type": "dbus", "name": "org.freedesktop.NetworkManager"},
              {"type": "unix", "path": "/run/dbus/system_bus_socket"},
              {"type": "tcp", "address": "127.0.0.1", "port": 5000},
              {"type": "http", "url": "http://127.0.0.1:5000/"},
              {"type": "certificate", "path": "/etc/unbox/x.pem"},
              {"type": "command", "command": ["/usr/bin/test", "-d", "/run/systemd/system"]},
              {"service": "NetworkManager", "type": "dbus", "name": "org.freedesktop.NetworkManager"})
    until(lab, lambda seen: [state for _, state, _ in seen] == ["ok"] * 9, 20)
    assert found(lab, "NetworkManager") == [("dbus", "ok", "is on the bus")]


def test_a_command_is_held_by_the_sandbox_and_ends(lab):
    configure(lab,
              {"type": "command", "command": ["/bin/sh", "-c", "echo x >/etc/unbox/written"]},
              {"type": "command", "command": ["/bin/sleep", "4711"]})
    until(lab, lambda seen: [state for _, state, _ in seen] == ["failing"] * 2, 20)
    assert lab.machine.run("test -e /etc/unbox/written", check=False).code != 0
    # Again and again it is started, and never more than one is there.
    assert int(lab.machine.out("sleep 8; pgrep -cf '^/bin/sleep 4711'; true")) <= 1


def test_a_service_that_runs_and_does_not_work_is_restarted(lab):
    lab.machine.write("/etc/systemd/system/product-d.service",
                      "[Service]\nExecStartPre=/bin/sh -c 'echo x >>/run/starts'\n"
                      "ExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target")
    lab.machine.run("systemctl daemon-reload && systemctl enable --now product-d")
    configure(lab, {"service": "product-d", "type": "unix", "path": "/run/product.sock", "heal": True,
                    "heal_after": 2})
    wait.until(lambda: int(lab.machine.out("wc -l </run/starts")) >= 2, 15, "its restart")
    status = lab.device.ask_or_none("healthd", "get_status")
    assert [event["event"] for event in status["events"] if event["service"] == "product-d"][:3] == [
        "failing", "failed", "restarted"]


@pytest.fixture
def access_point(lab):
    lab.machine.write("/etc/systemd/network/10-ap.netdev", NETDEV)
    lab.machine.write("/etc/systemd/network/10-ap.network", NETWORK)
    # One master of one interface: taking note of it, NetworkManager may switch IPv6's own addresses off, and
    # networkd waits for them.
    lab.machine.write("/etc/NetworkManager/conf.d/ap.conf",
                      "[keyfile]\nunmanaged-devices=interface-name:ap0")
    lab.machine.run("nmcli general reload conf && systemctl start systemd-networkd")
    wait.until(lambda: lab.machine.run("ip link set station0 up", check=False).code == 0, 10, "the cable")
    return lab


def test_the_dhcp_server_of_the_real_networkd(access_point):
    configure(access_point, RANGE, {**RANGE, "range_start": "10.44.0.10"}, {**RANGE, "interface": "ap9"},
              {"type": "dhcp_range", "interface": "lo"},
              {**RANGE, "range_start": "10.43.0.1", "range_end": "10.43.0.9"})
    # NetworkManager soon gives the other end of the cable an address of it.
    until(access_point, lambda seen: len(seen) == 5 and seen[0][1:] == ("ok", "leases addresses, 1 now"),
          40)
    until(access_point, lambda seen: seen[4][1] == "failing", 5)
    assert found(access_point)[4][2].endswith(" is leased, outside of the range")
    assert found(access_point)[1][1:] == ("failing", "the range isn't in a network of ap0")
    assert found(access_point)[2][1:] == ("failing", "there is no interface ap9")
    assert found(access_point)[3][1] == "failing"

    access_point.machine.run("systemctl stop systemd-networkd.socket systemd-networkd")
    until(access_point, lambda seen: seen[0][1:] == ("failing", "systemd-networkd doesn't run"), 10)
