# SPDX-License-Identifier: LGPL-2.1-or-later
"""What healthd tells of the device itself: what it is, what its services said, how it ends."""

import json
import subprocess

import pytest

import journals
from bus_peer import Answers
from harness import eventually
from peers import NETWORK_STATUS, NETWORKS, FakePeer, SilentPeer
from test_healthd import CHANGE_REQUESTED, systemd  # noqa: F401  pylint: disable=unused-import

NOW = 1_790_000_000


def at(seconds):
    return journals.entry("user-network.service", f"entry {seconds}", NOW + seconds)


def messages(answer):
    return [entry["message"] for entry in answer["entries"]]


def logs(peer, **params):
    return peer.call("get_logs", {"unit": "user-network", **params})


def error(peer, **params):
    return peer.ask("get_logs", params)["error"]


def test_get_system(systemd, device):
    folder = device.path("/var/lib/unbox/identity/current")
    folder.mkdir(parents=True)
    device.start("healthd")
    peer = device.connect("healthd")
    answer = peer.call("get_system")
    assert answer["hostname"] == "unbox-test"
    assert answer["os"].startswith("Debian")
    assert answer["kernel"] and answer["version"] and answer["uptime_seconds"] > 0
    assert len(answer["boot_id"]) == 32
    assert answer["time"].startswith("20") and answer["time"].endswith("Z")
    assert 0 < answer["memory"]["available_bytes"] < answer["memory"]["total_bytes"]
    assert 0 < answer["disk"]["available_bytes"] <= answer["disk"]["total_bytes"]
    assert {"model", "temperature_celsius"} <= answer.keys()
    # Nobody on this bus knows whether the clock is right, and no factory has been here.
    assert answer["time_synchronised"] is None
    assert answer["serial"] is None and answer["certificate_expires"] is None

    (folder / "identity.json").write_text(json.dumps({"serial": "SN-7", "hostname": "unbox-7f3a"}))
    assert peer.call("get_system")["serial"] == "SN-7"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=SN-7", "-days", "30", "-keyout", folder / "private.pem.key",
         "-out", folder / "certificate.pem.crt"], check=True, capture_output=True)
    expires = peer.call("get_system")["certificate_expires"]
    assert answer["time"] < expires < "2100"
    (folder / "identity.json").write_text("{")
    assert peer.call("get_system")["serial"] is None
    peer.close()


def test_what_a_service_said(systemd, healthd, device):
    journals.write(device, [
        journals.entry("user-network.service", "hotspot opened", NOW, PRIORITY="5"),
        journals.entry("sshd.service", "Accepted password", NOW + 1),
        journals.entry("init.scope", "Main process exited", NOW + 2, _PID="1",
                       UNIT="user-network.service", PRIORITY="4", SYSLOG_IDENTIFIER="systemd"),
        journals.entry("init.scope", "a liar", NOW + 3, UNIT="user-network.service"),
        journals.entry("healthd.service", "user-network is restarted", NOW + 4,
                       UNBOX_UNIT="user-network.service"),
        journals.entry("sshd.service", "another liar", NOW + 5, UNBOX_UNIT="user-network.service"),
        journals.entry("user-network.service", b"two\nlines \xff\x00", NOW + 6),
    ])
    answer = logs(healthd)
    assert answer["unit"] == "user-network.service" and answer["complete"] is True
    assert messages(answer) == ["hotspot opened", "Main process exited", "user-network is restarted",
                                "two\nlines \\xff\\x00"]
    assert answer["entries"][0] == {
        "time": "2026-09-21T14:13:20Z", "priority": 5, "identifier": "user-network", "pid": 42,
        "message": "hotspot opened"}
    assert messages(logs(healthd, priority=5)) == ["hotspot opened", "Main process exited"]
    assert messages(logs(healthd, priority=4)) == ["Main process exited"]
    assert messages(logs(healthd, since="2026-09-21T14:13:24Z")) == [
        "user-network is restarted", "two\nlines \\xff\\x00"]
    assert messages(logs(healthd, lines=1)) == ["two\nlines \\xff\\x00"]
    assert messages(healthd.call("get_logs", {"unit": "NetworkManager.service"})) == []


def test_other_peoples_logs_are_nobodys_business(systemd, healthd, device):
    systemd.add("sshd.service")
    journals.write(device, [journals.entry("sshd.service", "Accepted password", NOW)])
    for unit in ("sshd", "sshd.service", "init.scope", "", "*", "user-network.service\nX=1", "é" * 300):
        assert error(healthd, unit=unit)["code"] == "NOT_FOUND", unit


@pytest.mark.parametrize("params", [
    {}, {"unit": 7}, {"unit": "healthd", "lines": 0}, {"unit": "healthd", "lines": 201},
    {"unit": "healthd", "lines": "7"}, {"unit": "healthd", "lines": 2 ** 32 + 7},
    {"unit": "healthd", "priority": 8}, {"unit": "healthd", "priority": 2 ** 32},
    {"unit": "healthd", "priority": -1}, {"unit": "healthd", "since": "yesterday"},
    {"unit": "healthd", "since": 7}, {"unit": "healthd", "follow": True}])
def test_wrong_questions(systemd, healthd, params):
    assert error(healthd, **params)["code"] == "INVALID_PARAMS"


def test_no_journal_is_no_error(systemd, healthd):
    assert messages(logs(healthd)) == []


def test_an_answer_is_bounded(systemd, healthd, device):
    journals.write(device, [at(n) for n in range(1000)] + [
        journals.entry("webserver.service", f"{n} " + '"' * 5000, NOW + n) for n in range(200)])
    answer = logs(healthd)
    assert messages(answer) == [f"entry {n}" for n in range(800, 1000)]
    assert answer["complete"] is True
    # One line of the protocol has 64 KiB.
    answer = healthd.call("get_logs", {"unit": "webserver"})
    assert answer["complete"] is False
    assert 6 <= len(answer["entries"]) <= 10
    assert messages(answer)[-1].startswith('199 "') and messages(answer)[-1].endswith('"…')


def test_a_damaged_journal(systemd, healthd, device):
    journals.write(device, [at(n) for n in range(1000)])
    (path,) = device.path("/run/log/journal").rglob("*.journal")
    content = bytearray(path.read_bytes())
    content[len(content) // 4:len(content) // 2] = b"\xff" * (len(content) // 2 - len(content) // 4)
    path.write_bytes(content)
    # Something, or an error; but an answer, and healthd lives on.
    healthd.ask("get_logs", {"unit": "user-network"})
    path.write_bytes(b"not a journal")
    healthd.ask("get_logs", {"unit": "user-network"})
    assert healthd.call("ping") == "pong"


def test_many_at_once(systemd, healthd, device):
    journals.write(device, [at(n) for n in range(5000)])
    for number in range(20):
        healthd.send(json.dumps({"id": number, "method": "get_logs",
                                 "params": {"unit": "user-network"}}).encode() + b"\n")
    answers = [healthd.receive() for _ in range(20)]
    assert {answer["id"] for answer in answers} == set(range(20))
    refused = [answer["error"]["code"] for answer in answers if "error" in answer]
    assert set(refused) <= {"BUSY"} and len(refused) <= 16
    assert len(logs(healthd)["entries"]) == 200


def test_ended_while_it_reads(systemd, device):
    journals.write(device, [at(n) for n in range(5000)])
    daemon = device.start("healthd")
    peer = device.connect("healthd")
    for number in range(4):
        peer.send(json.dumps({"id": number, "method": "get_logs",
                              "params": {"unit": "user-network"}}).encode() + b"\n")
    # Without a leak, which the sanitizer would tell by the exit code.
    assert daemon.stop() == 0
    peer.close()


def test_many_ask_while_timedated_is_silent(bus, systemd, device):
    """Nobody may wait for more than 128 answers on a bus: none of them is wanted for the clock."""
    timedated = Answers(bus, "org.freedesktop.timedate1", {"NTPSynchronized": None})
    device.start("healthd")
    crowd = [device.connect("healthd") for _ in range(6)]
    for peer in crowd:
        peer.send(b"".join(b'{"id":%d,"method":"get_system"}\n' % number for number in range(30)))
    for peer in crowd:
        answers = [peer.receive() for _ in range(30)]
        assert all(answer["result"]["time_synchronised"] is None for answer in answers), answers
        peer.close()
    assert len(timedated.called("Get")) <= 2
    timedated.close()


def test_reboot(systemd, healthd, device):
    assert healthd.ask("reboot")["error"]["code"] == "INTERNAL_ERROR"
    systemd.add("reboot.target", ActiveState="inactive", SubState="dead")
    systemd.units["reboot.target"].outcome = "hang"
    assert healthd.call("reboot") == {"ok": True}
    assert systemd.calls[-1] == ("StartUnit", "reboot.target")
    eventually(lambda: device.journal.find(MESSAGE_ID=CHANGE_REQUESTED, UNBOX_METHOD="reboot"))


def test_diagnostics(systemd, healthd, device):
    device.configure("hotspot: {ssid: Sauna, password: correct horse}\n")
    device.path("/var/lib/unbox/product").mkdir(parents=True)
    device.path("/var/lib/unbox/product/config.yaml").write_text(
        "wifi: {ssid: Car, password: battery staple, channel: 6, band: bg, country: CA}\n")
    journals.write(device, [at(1), journals.entry("sshd.service", "Accepted password", NOW)])
    network = FakePeer(device.path("/run/unbox/user-network.sock"),
                       {"status": NETWORK_STATUS, "networks": NETWORKS})
    document = healthd.call("diagnostics")
    network.close()
    assert document["system"].keys() == healthd.call("get_system").keys()
    assert document["services"] == healthd.call("get_status")["services"]
    assert document["events"] == []
    assert document["network"] == NETWORK_STATUS and document["networks"] == NETWORKS
    assert document["configuration"]["hotspot"]["ssid"] == "Sauna"
    assert document["product"]["wifi"]["ssid"] == "Car"
    assert document["logs"].keys() == document["services"].keys()
    assert messages({"entries": document["logs"]["user-network"]}) == ["entry 1"]
    text = json.dumps(document)
    for secret in ("horse", "staple", "Accepted"):
        assert secret not in text


def test_diagnostics_of_a_device_that_is_unwell(systemd, healthd, device):
    """What can't be had says so in its place."""
    device.configure("hotspot: {colour: red}\n")
    document = healthd.call("diagnostics")
    assert document["network"]["error"] and document["networks"]["error"]
    assert document["configuration"]["error"] == (
        "/etc/unbox/config.yaml:1: hotspot.colour: there is no such key")
    assert document["product"] is None
    assert document["logs"]["user-network"] == []


def test_diagnostics_take_their_time(systemd, device):
    daemon = device.start("healthd")
    peer, other = device.connect("healthd"), device.connect("healthd")
    network = SilentPeer(device.path("/run/unbox/user-network.sock"), {})
    peer.send(b'{"id":1,"method":"diagnostics"}\n')
    eventually(lambda: network.called("status"))
    assert other.ask("diagnostics")["error"]["code"] == "BUSY"
    assert other.call("ping") == "pong"
    # Ended in the middle, without a leak.
    assert daemon.stop() == 0
    for connection in (peer, other, network):
        connection.close()
