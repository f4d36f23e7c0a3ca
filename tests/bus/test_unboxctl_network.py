# SPDX-License-Identifier: LGPL-2.1-or-later
"""unboxctl and the network, Wi-Fi and wire; user-network is played by the test."""

import json
import re

import pytest

import cgroups
import peers
from unboxctl import columns, ctl, network, on_terminal  # noqa: F401  pylint: disable=unused-import


def test_network(network, ctl):
    network.answers["status"].update(
        {"verdict": {"message": "The password for Home is probably wrong.", "ssid": "Home",
                     "ssid_hex": "00", "code": "password_wrong", "time": "2026-01-05T10:00:00Z"},
         "saved": {"ssid": None, "ssid_hex": "ff00"}})
    shown = ctl("network").stdout
    assert shown == ctl("network", "status").stdout
    for words in (r"summary +hotspot INCUVERS_AP on wlan0, 1 client", r"saved +0xff00", r"radio +on",
                  r"hotspot +INCUVERS_AP on wlan0, 10.42.0.1, clients: 1", r"wired +eth0, no cable",
                  r"page +http://unbox-7f3a:5000", r"last join +The password for Home is probably wrong"):
        assert re.search(words, shown), (words, shown)
    network.answers["status"].update({
        "hotspot": None, "wired": {"interface": "eth0", "carrier": True, "address": "192.0.2.7"},
        "wifi": {"ssid": "Home", "ssid_hex": "00", "interface": "wlan0", "address": None, "signal": 71},
        "join": {"ssid": "Home", "ssid_hex": "00", "step": "address", "started": "2026-01-05T10:00:00Z"}})
    shown = ctl("network").stdout
    assert re.search(r"wifi +Home on wlan0, no address, signal 71 %", shown)
    assert re.search(r"wired +eth0, 192.0.2.7", shown) and re.search(r"joining +Home: address", shown)
    assert json.loads(ctl("network", "--json").stdout)["state"] == "hotspot"


def test_names_in_the_air(network, ctl):
    """Anybody in reach chooses them."""
    names = ["HomeNet", "Café Zwölf", "無線ネットワーク", "e\u0301", "\x1b[2J\x9b1m", "\u202egnp.exe", "x" * 32]
    network.answers["networks"] = {"scanning": False, "networks": [
        *(peers.network(name, 50, saved=name == "HomeNet") for name in names),
        {**peers.network("x", 7), "ssid": None, "ssid_hex": "ff00ff"}]}
    shown = ctl("network", "networks").stdout
    lines = shown.splitlines()
    assert len(lines) == len(names) + 2
    assert "\x1b[2J" not in shown and "\u202e" not in shown and "\x9b" not in shown
    assert "\\x1b[2J" in shown and "0xff00ff" in shown
    # Their signals stand under each other.
    assert len({columns(line[:line.index(" %")]) for line in lines[1:]}) == 1
    assert "saved" in lines[1]
    assert json.loads(ctl("network", "networks", "--json").stdout)["networks"][0]["ssid"] == "HomeNet"


def test_scan(network, ctl):
    network.story = [{"scanning": True, "networks": 0}, {"scanning": False, "networks": 2}]
    assert "HomeNet" in ctl("network", "scan").stdout
    # It is told when the radio has looked, and need not ask again and again.
    assert network.called("subscribe")[0]["topics"] == ["network.scan"]
    assert len(network.called("scan")) == len(network.called("networks")) == 1
    # What was seen a moment ago is shown at once.
    network.story, network.answers["scan"] = (), {"scanning": False}
    assert "HomeNet" in ctl("network", "scan").stdout
    network.answers["scan"] = ValueError("NOT_READY", "The radio cannot scan now.")
    refused = ctl("network", "scan")
    assert refused.returncode == 1 and "The radio cannot scan now. (NOT_READY)" in refused.stderr


BEFORE = {**peers.NETWORK_STATUS, "verdict": {"code": "not_found", "message": "old", "time": "1"}}
STEP = {"step": "associating", "ssid": "Home", "ssid_hex": "00", "started": "2"}
JOINED = {"code": "joined", "message": "Connected to Home.", "time": "2"}
WRONG = {"code": "password_wrong", "message": "The password is wrong.", "time": "2"}


def joins(network, verdict, *steps):
    """user-network takes the wish, tells of these steps, and then of this verdict."""
    network.calls.clear()
    network.answers.update(status=BEFORE, connect={"accepted": True})
    network.story = [*steps, {"verdict": verdict}]


def test_connect(network, device, ctl):
    joins(network, JOINED, STEP, STEP, {**STEP, "step": "address"})
    device.path("/run/password").write_text("correct horse\nnot this\n")
    done = ctl("network", "connect", "Home", "--password-file", "/run/password")
    assert done.returncode == 0, done
    assert done.stdout.splitlines() == ["associating…", "address…", "Connected to Home."]
    assert network.called("connect") == [{"ssid": "Home", "password": "correct horse", "hidden": False}]
    # It is told, and need not ask again and again.
    assert network.called("subscribe")[0]["topics"] == ["network.join"]
    assert len(network.called("status")) == 1

    joins(network, WRONG)
    done = ctl("network", "connect", "Home", "--hidden", "--password-file=/dev/null")
    assert done.returncode == 1 and "The password is wrong." in done.stdout
    assert network.called("connect") == [{"ssid": "Home", "password": "", "hidden": True}]

    joins(network, None)
    network.answers["connect"] = ValueError("INVALID_PARAMS", "This network needs a password.")
    done = ctl("network", "connect", "Home", "--password-file=/dev/null")
    assert done.returncode == 2 and "This network needs a password." in done.stderr
    network.answers["subscribe"] = ValueError("UNKNOWN_METHOD", "There is no such method.")
    assert ctl("network", "connect", "Home", "--password-file=/dev/null").returncode == 1


def test_connect_over_a_restart_of_user_network(network, ctl):
    joins(network, WRONG)
    network.story = ["cut"]
    statuses = [BEFORE, {**BEFORE, "verdict": WRONG}]
    network.answers["status"] = lambda _: statuses.pop(0)
    done = ctl("network", "connect", "Home", "--password-file=/dev/null")
    assert done.returncode == 1 and done.stdout == "The password is wrong.\n"
    assert "user-network has gone" in done.stderr and not statuses
    # It never began.
    network.answers["status"] = BEFORE
    done = ctl("network", "connect", "Home", "--password-file=/dev/null")
    assert done.returncode == 1 and "ended without a verdict" in done.stderr


def test_connect_asks_for_the_password(network, device, ctl):
    joins(network, JOINED)
    code, shown = on_terminal(device, "network", "connect", "Home", typed="pass wörd\n".encode())
    assert code == 0 and "Connected to Home." in shown
    assert network.called("connect")[-1]["password"] == "pass wörd"
    assert "wörd" not in shown, "it was echoed"
    asked = len(network.called("connect"))
    code, shown = on_terminal(device, "network", "connect", "Home", typed=b"pass\x03")
    assert code == 2 and "nothing was done" in shown
    # Nobody to ask, nothing to read, too long, no text.
    assert "--password-file" in ctl("network", "connect", "Home").stderr
    assert ctl("network", "connect", "Home", "--password-file=/nowhere").returncode == 1
    device.path("/run/long").write_text("x" * 500)
    assert ctl("network", "connect", "Home", "--password-file=/run/long").returncode == 1
    device.path("/run/bytes").write_bytes(b"\xff\xfe\n")
    assert ctl("network", "connect", "Home", "--password-file=/run/bytes").returncode == 2
    # Never on the command line.
    assert ctl("network", "connect", "Home", "secret").returncode == 2
    assert len(network.called("connect")) == asked


def saved(ssid, priority=0, security="wpa", **more):
    """A saved network, as `networks` tells of it."""
    return {"ssid": ssid, "ssid_hex": ssid.encode().hex(), "priority": priority, "security": security,
            "hidden": False, "identity": None, "in_reach": False, "dns": [], **more}


def test_saved_networks(network, ctl):
    assert ctl("network", "saved").stdout == "No network is saved.\n"
    network.answers["networks"] = {**peers.NETWORKS, "saved": [
        saved("Home", in_reach=True), saved("Office \x1b[2J", 7, "peap", address="192.168.7.20/24")]}
    shown = ctl("network", "saved").stdout
    assert re.search(r"^Home +0 +wpa +dhcp +in reach$", shown, re.MULTILINE), shown
    assert re.search(r"^Office \\x1b\[2J +7 +peap +192.168.7.20/24 *$", shown, re.MULTILINE), shown
    assert len(json.loads(ctl("network", "saved", "--json").stdout)) == 2

    network.answers["set_priority"] = {"accepted": True}
    assert ctl("network", "priority", "Home", "9").returncode == 0
    assert network.called("set_priority") == [{"ssid": "Home", "priority": 9}]
    for wrong in (["Home"], ["Home", "-1"], ["Home", "1000"], ["Home", "high"]):
        assert ctl("network", "priority", *wrong).returncode == 2, wrong
    network.answers["set_priority"] = ValueError("NOT_FOUND", "This network is not saved.")
    assert "This network is not saved." in ctl("network", "priority", "Cafe", "1").stderr


def test_connect_to_what_is_saved(network, device, ctl):
    network.answers["networks"] = {**peers.NETWORKS, "saved": [saved("Home")]}
    joined = {"code": "joined", "message": "Connected to Home.", "time": "2"}
    joins(network, joined)
    assert ctl("network", "connect", "Home").returncode == 0
    assert network.called("connect")[-1] == {"ssid": "Home", "hidden": False}
    # On a terminal a new password can be said; an empty one is none.
    for typed, said in ((b"\n", None), (b"another1\n", "another1")):
        joins(network, joined)
        code, shown = on_terminal(device, "network", "connect", "Home", typed=typed)
        assert code == 0 and "empty for the saved one" in shown
        assert network.called("connect")[-1].get("password") == said
    # It works, whatever lies behind it.
    joins(network, {"code": "no_internet", "message": "Connected to Home, but …", "time": "2"})
    assert ctl("network", "connect", "Home").returncode == 0


def test_connect_to_a_company(network, device, ctl):
    device.path("/run/password").write_text("secret\n")
    for name in ("ca", "device", "key"):
        device.path(f"/run/{name}.pem").write_text(f"-----BEGIN {name}-----\n")
    joins(network, {"code": "joined", "message": "Connected to Office.", "time": "2"})
    done = ctl("network", "connect", "Office", "--identity=me", "--anonymous-identity=x", "--ca=/run/ca.pem",
               "--domain=radius.example.org", "--password-file=/run/password", "--address=192.168.7.20/24",
               "--gateway=192.168.7.1", "--dns=1.1.1.1,9.9.9.9")
    assert done.returncode == 0, done.stderr
    assert network.called("connect")[-1] == {
        "ssid": "Office", "hidden": False, "identity": "me", "anonymous_identity": "x", "password": "secret",
        "domain": "radius.example.org", "ca_certificate": "-----BEGIN ca-----\n",
        "address": "192.168.7.20/24", "gateway": "192.168.7.1", "dns": ["1.1.1.1", "9.9.9.9"]}

    joins(network, {"code": "joined", "message": "Connected to Office.", "time": "2"})
    assert ctl("network", "connect", "Office", "--security=tls", "--identity=me", "--certificate=/run/device.pem",
               "--key=/run/key.pem", "--password-file=/run/password", "--hidden").returncode == 0
    assert network.called("connect")[-1] == {
        "ssid": "Office", "hidden": True, "security": "tls", "identity": "me",
        "client_certificate": "-----BEGIN device-----\n", "client_key": "-----BEGIN key-----\n",
        "client_key_password": "secret"}

    network.answers["status"] = peers.NETWORK_STATUS
    asked = len(network.called("connect"))
    device.path("/run/large.pem").write_text("x" * (16 * 1024 + 1))
    device.path("/run/nul.pem").write_bytes(b"-----BEGIN \0")
    for wrong in ("/nowhere.pem", "/run/large.pem", "/run/nul.pem", "/dev/null", "/run"):
        assert ctl("network", "connect", "Office", f"--ca={wrong}", "--password-file=/dev/null").returncode == 1, wrong
    assert len(network.called("connect")) == asked


def test_forget_and_radio(network, ctl):
    assert ctl("network", "forget").returncode == 0
    assert ctl("network", "forget", "Home").returncode == 0
    assert network.called("forget") == [None, {"ssid": "Home"}]
    network.answers["forget"] = ValueError("NOT_FOUND", "No network is saved.")
    assert "No network is saved." in ctl("network", "forget").stderr
    network.answers["reset"] = {"accepted": True}
    assert ctl("network", "reset").returncode == 0 and network.called("reset") == [None]
    assert ctl("network", "reset", "Home").returncode == 2
    assert ctl("network", "radio", "off").returncode == 0
    assert ctl("network", "radio", "on").returncode == 0
    assert network.called("radio") == [{"enabled": False}, {"enabled": True}]
    assert ctl("network", "radio", "loud").returncode == 2


def test_hotspot_label_and_country(network, ctl):
    network.answers["hotspot"] = {"enabled": True}
    assert "nothing is forgotten" in ctl("network", "hotspot", "on").stdout
    network.answers["hotspot"] = ValueError("ONLY_WAY", "It is the only way.")
    refused = ctl("network", "hotspot", "off")
    assert refused.returncode == 1 and "It is the only way. (ONLY_WAY)" in refused.stderr
    assert network.called("hotspot") == [{"enabled": True}, {"enabled": False}]
    assert ctl("network", "hotspot", "loud").returncode == 2

    for words in ((), ("on", "--label"), ("on", "--json")):
        assert ctl("network", "hotspot", *words).returncode == 2, words

    label = {"ssid": "BOX", "password": "k7mq-9ecb-2xwd", "qr": "WIFI:T:WPA;S:BOX;P:k7mq-9ecb-2xwd;;",
             "svg": "<svg/>\n"}
    network.answers["hotspot_label"] = label
    shown = ctl("network", "hotspot", "--label").stdout
    assert all(label[name] in shown for name in ("ssid", "password", "qr")) and "svg" not in shown
    assert ctl("network", "hotspot", "--svg").stdout == "<svg/>\n"
    assert json.loads(ctl("network", "hotspot", "--label", "--json").stdout) == label

    network.answers["country"] = lambda params: {"code": params["code"]}
    assert "the rules of CA" in ctl("network", "country", "CA").stdout
    assert "everywhere" in ctl("network", "country", "").stdout
    network.answers["status"].update(
        country={"code": "CA", "source": "customer", "problem": None},
        problems=[{"code": "no-radio", "message": "There is no radio."}])
    shown = ctl("network").stdout
    assert re.search(r"country +CA, by the customer", shown)
    assert re.search(r"problem +There is no radio\.", shown)


def test_no_user_network(device, ctl):
    gone = ctl("network")
    assert gone.returncode == 1
    assert "/run/unbox/user-network.sock" in gone.stderr
    assert "systemctl status user-network" in gone.stderr


def test_garbage_for_an_answer(device, ctl):
    garbled = peers.GarbledPeer(device.path("/run/unbox/user-network.sock"), {})
    assert ctl("network").returncode == 1
    garbled.close()
    for answer in ({}, [], None, "text", {"networks": 7}, {"networks": [7, None, {"ssid": []}]}):
        odd = peers.FakePeer(device.path("/run/unbox/user-network.sock"),
                             {"status": answer, "networks": answer})
        for words in ("status", "networks"):
            assert ctl("network", words).returncode in (0, 1), (words, answer)
        odd.close()


# -- the wire -------------------------------------------------------------------------------------

FIXED = {"address": "192.0.2.7/24", "gateway": "192.0.2.1", "dns": ["192.0.2.1", "192.0.2.2"]}


def test_wired(network, ctl):
    network.answers["wired"] = {
        "interface": "eth0", "carrier": True, "address": "192.0.2.100", "method": "dhcp", "static": None,
        "pending": {"step": "unconfirmed", "method": "static", "static": FIXED, "seconds_left": 7},
        "last": {"code": "not-confirmed", "message": "Nobody confirmed it."}}
    shown = ctl("network", "wired").stdout
    for words in ("eth0", "192.0.2.100", "dhcp", "unconfirmed", "192.0.2.7/24", "192.0.2.2", "Nobody confirmed it."):
        assert words in shown, words
    assert json.loads(ctl("network", "wired", "--json").stdout) == network.answers["wired"]


def test_sets_the_wire(network, ctl):
    network.answers["set_wired"] = {"accepted": True, "confirm_within": 60}
    shown = ctl("network", "wired", "static", "192.0.2.7/24", "192.0.2.1", "192.0.2.1", "192.0.2.2")
    assert shown.returncode == 0 and "within 60 s" in shown.stdout
    assert ctl("network", "wired", "static", "192.0.2.7/24").returncode == 0
    network.answers["set_wired"] = {"accepted": True, "confirm_within": None}
    assert ctl("network", "wired", "dhcp").returncode == 0
    assert network.called("set_wired") == [
        {"method": "static", **FIXED},
        {"method": "static", "address": "192.0.2.7/24", "gateway": None, "dns": []},
        {"method": "dhcp"}]
    network.answers["set_wired"] = ValueError("INVALID_PARAMS", "The gateway is not in the network.")
    shown = ctl("network", "wired", "static", "192.0.2.7/24", "192.0.3.1")
    assert shown.returncode == 2 and "The gateway is not in the network." in shown.stderr


def test_confirms_the_wire_over_what_was_reached(network, ctl, monkeypatch):
    network.answers["confirm_wired"] = {"confirmed": True}
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    assert ctl("network", "wired", "confirm").returncode == 0
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.50 40000 192.0.2.7 22")
    assert ctl("network", "wired", "confirm").returncode == 0
    assert network.called("confirm_wired") == [None, {"address": "192.0.2.7"}]


@pytest.mark.skipif(not cgroups.available(), reason="the cgroup tree can't be written")
@pytest.mark.parametrize("connection", [None, "", "192.0.2.50"])
def test_confirms_nothing_over_ssh_that_sudo_hides(network, device, ctl, monkeypatch, connection):
    network.answers["confirm_wired"] = {"confirmed": True}
    session = device.path("/run/systemd/sessions/7")
    session.parent.mkdir(parents=True)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    if connection is not None:
        monkeypatch.setenv("SSH_CONNECTION", connection)
    with cgroups.inside("session-7.scope", "user.slice"):
        session.write_text("UID=1000\nACTIVE=1\nREMOTE=1\n")
        refused = ctl("network", "wired", "confirm")
        assert refused.returncode == 2 and not network.calls
        assert "sudo --preserve-env=SSH_CONNECTION unboxctl network wired confirm" in refused.stderr
        # At the console nobody needs the wire.
        session.write_text("UID=1000\nACTIVE=1\nREMOTE=0\n")
        assert ctl("network", "wired", "confirm").returncode == 0
        # And who is told to say it, and does, is heard.
        session.write_text("UID=1000\nACTIVE=1\nREMOTE=1\n")
        monkeypatch.setenv("SSH_CONNECTION", "192.0.2.50 40000 192.0.2.7 22")
        assert ctl("network", "wired", "confirm").returncode == 0
    assert network.called("confirm_wired") == [None, {"address": "192.0.2.7"}]


@pytest.mark.parametrize("words", [["static"], ["dhcp", "now"], ["confirm", "it"], ["off"]])
def test_what_the_wire_can_not_be(network, ctl, words):
    assert ctl("network", "wired", *words).returncode == 2
    assert not network.calls
