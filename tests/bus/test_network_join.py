# SPDX-License-Identifier: LGPL-2.1-or-later
"""user-network joins: networks of every kind, several of them, and a true verdict where it fails."""

import contextlib
import datetime
import json
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gi.repository import GLib

from fake_routers import EAP, OWE, SAE, in_file, router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    FAILED, INSTALLED, PASSWORD, TRUTH, ask, connect, reaches, ready, saved, step, world)

VERDICT = "/var/lib/unbox/network/verdict.json"
JOINED = "d9b7f5e3c1a84e6cb4d2f0e1c3a5b708"
NO_INTERNET = "7c1d9a52e84f4b3f9d06c2a85be17f43"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def certificates(device):
    return sorted(device.path("/var/lib/unbox/network").glob("certificate-*"))


def pair(name):
    """A certificate of its own, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(
        key.public_key()).serial_number(1).not_valid_before(start).not_valid_after(
        start + datetime.timedelta(3650)).sign(key, hashes.SHA256())
    text = serialization.Encoding.PEM
    return made.public_bytes(text).decode(), key.private_bytes(
        text, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def priority_in_file(device, name):
    """What NetworkManager is told; None while netplan is at the files, which it makes anew."""
    for path in device.path("/run/NetworkManager/system-connections").glob(f"*{name}*"):
        with contextlib.suppress(GLib.Error):
            return in_file(path).get("connection", {}).get("autoconnect-priority")
    return None


def told_to(watcher):
    """The steps of a join as they were told, each once, and the verdict."""
    told = []
    while not told or isinstance(told[-1], str):
        data = watcher.receive()["data"]
        news = data["verdict"] if "verdict" in data else data["step"]
        if news not in told:
            told.append(news)
    watcher.close()
    return told


# -- what goes well -------------------------------------------------------------------------------


def test_join(world, device):
    manager, peer = world({"Home": router(PASSWORD)})
    watcher = device.connect("user-network")
    watcher.call("subscribe", {"topics": ["network.join"]})
    verdict = connect(peer, "Home", password=PASSWORD)
    assert verdict["code"] == "joined" and verdict["message"] == "Connected to Home."
    assert manager.on() == "Home"
    assert device.path(TRUTH).read_text() == device.path(INSTALLED).read_text()
    assert mode(device.path(TRUTH)) == mode(device.path(INSTALLED)) == 0o600
    assert not device.path("/var/lib/unbox/network/join.json").exists()
    eventually(lambda: device.notify.status == "connected to Home on wlan0, 192.168.50.7")
    steps = [entry["UNBOX_STEP"] for entry in device.journal.messages if "UNBOX_STEP" in entry]
    assert steps == ["checkpoint", "associating", "address", "gateway", "installing", "radio", "proving",
                     "committed"]
    assert told_to(watcher) == ["checking", *steps, verdict]
    assert device.journal.find(MESSAGE_ID=JOINED)[-1]["MESSAGE"] == verdict["message"]
    # Nobody is told the password.
    assert PASSWORD not in device.journal.text() + device.log()
    assert PASSWORD not in json.dumps([peer.call("status"), peer.call("networks")])
    peer.close()


def test_company(world, device):
    manager, peer = world({"Office": router("secret", EAP)})
    authority, other_key = pair("authority")[0], pair("other")[1]
    verdict = connect(peer, "Office", identity="me", anonymous_identity="anonymous", password="secret",
                      ca_certificate=authority, domain="radius.example.org")
    assert verdict["code"] == "joined", verdict
    (kept,) = certificates(device)
    assert mode(kept) == 0o600 and kept.read_text() == authority
    # What proved it, and what stays, are the same.
    trial = [settings for settings in manager.tried if "802-1x" in settings][0]["802-1x"]
    assert trial["eap"] == ["peap"] and trial["phase2-auth"] == "mschapv2"
    assert trial["identity"] == "me" and trial["anonymous-identity"] == "anonymous"
    assert trial["domain-suffix-match"] == "radius.example.org" and trial["password"] == "secret"
    path = f"/var/lib/unbox/network/{kept.name}"
    assert bytes(trial["ca-cert"]) == f"file://{path}".encode() + b"\0"
    (profile,) = device.path("/run/NetworkManager/system-connections").glob("*Office*")
    assert in_file(profile)["802-1x"]["ca-cert"] == path
    assert "secret" not in device.journal.text() + device.log() + json.dumps(peer.call("networks"))

    # What can't work is refused at once, and leaves nothing behind.
    refused = peer.ask("connect", {"ssid": "Office", "security": "tls", "identity": "me",
                                   "client_certificate": authority, "client_key": other_key})
    assert refused["error"] == {"code": "INVALID_PARAMS",
                                "message": "The key is not that of the device's certificate."}
    assert certificates(device) == [kept]
    ask(peer, "forget", ssid="Office")
    eventually(lambda: not manager.loaded())
    assert certificates(device) == [] and not device.path(TRUTH).exists()
    peer.close()


def test_company_with_certificates(world, device):
    badge, other = pair("badge"), pair("other")
    authority = pair("authority")[0]
    manager, peer = world({"Office": router(None, EAP, certificate=badge)})
    wish = {"identity": "me", "ca_certificate": authority, "domain": "radius.example.org"}
    told = connect(peer, "Office", client_certificate=other[0], client_key=other[1], **wish)
    assert told["code"] == "login_wrong" and not device.path(TRUTH).exists()
    eventually(lambda: certificates(device) == [])
    told = connect(peer, "Office", client_certificate=badge[0], client_key=badge[1], **wish)
    assert told["code"] == "joined" and manager.on() == "Office", told
    assert {kept.read_text() for kept in certificates(device)} == {authority, *badge}
    assert {mode(kept) for kept in certificates(device)} == {0o600}
    assert saved(peer)["Office"]["security"] == "tls"
    assert badge[1] not in device.path(TRUTH).read_text() + json.dumps(peer.call("networks"))
    peer.close()


def test_other_kinds(world, device):
    manager, peer = world({"Owe": router(rsn=OWE), "Wpa3": router(PASSWORD, SAE), "Cafe": router(rsn=0),
                           "Quiet": router(PASSWORD, hidden=True)})
    for ssid, wish, kind in (
            ("Owe", {}, "owe"), ("Wpa3", {"password": PASSWORD}, "wpa"), ("Cafe", {}, "open"),
            ("Quiet", {"password": PASSWORD, "hidden": True}, "wpa")):
        manager.tried.clear()
        verdict = connect(peer, ssid, **wish)
        assert verdict["code"] == "joined", (ssid, verdict)
        assert manager.on() == ssid and saved(peer)[ssid]["security"] == kind
    assert manager.tried[0]["802-11-wireless"]["hidden"] is True
    # A hidden network is probed for by its name from now on.
    eventually(lambda: peer.ask("scan").get("result"))
    eventually(lambda: [options for _, (options,) in manager.called("RequestScan")
                        if bytes(options.get("ssids", [b""])[0]) == b"Quiet"])
    peer.close()


def test_fixed_address(world, device):
    manager, peer = world({"Home": router(PASSWORD, address=None)})
    verdict = connect(peer, "Home", password=PASSWORD, address="192.168.50.20/24", gateway="192.168.50.1",
                      dns=["192.168.50.1"])
    assert verdict["code"] == "joined", verdict
    assert peer.call("status")["wifi"]["address"] == "192.168.50.20"
    home = saved(peer)["Home"]
    assert (home["address"], home["gateway"], home["dns"]) == (
        "192.168.50.20/24", "192.168.50.1", ["192.168.50.1"])
    for wrong in ({"address": "192.168.50.255/24"}, {"gateway": "10.0.0.1"}, {"address": "192.168.50.20"}):
        answer = peer.ask("connect", {"ssid": "Home", "password": PASSWORD, **wrong})
        assert answer["error"]["code"] == "INVALID_PARAMS", wrong
    peer.close()


def test_several(world, device):
    manager, peer = world({"Home": router(PASSWORD), "Office": router("secret", EAP)})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    assert connect(peer, "Office", identity="me", password="secret", ca_certificate=pair("ca")[0])["code"] == "joined"
    assert saved(peer).keys() == {"Home", "Office"} == manager.loaded()

    # Which of them comes first is the customer's to say, and is said to NetworkManager.
    ask(peer, "set_priority", ssid="Home", priority=7)
    eventually(lambda: saved(peer)["Home"]["priority"] == 7)
    eventually(lambda: priority_in_file(device, "Home") == "7")
    assert peer.ask("set_priority", {"ssid": "Cafe", "priority": 1})["error"]["code"] == "NOT_FOUND"
    assert peer.ask("set_priority", {"ssid": "Home", "priority": 1000})["error"]["code"] == "INVALID_PARAMS"

    # Whoever wants what is saved needn't tell its secrets again.
    assert connect(peer, "Home")["code"] == "joined" and manager.on() == "Home"
    assert saved(peer)["Home"]["priority"] == 7

    # They outlive the daemon, and forgetting one leaves the other.
    peer.close()
    device.restart("user-network")
    peer = ready(device)
    assert saved(peer).keys() == {"Home", "Office"}
    assert peer.ask("forget", {"ssid": "Cafe"})["error"]["code"] == "NOT_FOUND"
    ask(peer, "forget", ssid="Office")
    eventually(lambda: manager.loaded() == {"Home"})
    assert saved(peer).keys() == {"Home"} and certificates(device) == [] and manager.on() == "Home"
    ask(peer, "forget")
    eventually(lambda: not manager.loaded())
    assert peer.ask("forget")["error"]["code"] == "NOT_FOUND"
    eventually(lambda: peer.call("status")["state"] == "hotspot", 30)
    peer.close()


COUNTRY = "/var/lib/unbox/network/country"


def test_reset(world, device):
    """All that was set, at once; the device is as in its first time."""
    manager, peer = world({"Home": router(PASSWORD), "Cafe": router(rsn=0)})
    assert connect(peer, "Cafe")["code"] == "joined" and connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    ask(peer, "country", code="CA")
    ask(peer, "hotspot", enabled=True)
    reaches(peer, "hotspot")
    ask(peer, "radio", enabled=False)
    reaches(peer, "radio-off")
    kept = set(device.path("/var/lib/unbox/network").iterdir())
    assert device.path(TRUTH) in kept and device.path(COUNTRY) in kept

    assert ask(peer, "reset") == {"accepted": True}
    eventually(lambda: not manager.loaded())
    reaches(peer, "hotspot")
    status = peer.call("status")
    assert not status.get("verdict") and status["country"]["code"] is None and status["saved"] is None
    assert status["hotspot_settings"]["requested"] is False
    assert saved(peer) == {} and not device.path(INSTALLED).exists()
    assert list(device.path("/var/lib/unbox/network").iterdir()) == []
    # Once more is no mistake, and it is as new: the next network is joined as the first.
    assert ask(peer, "reset") == {"accepted": True}
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    peer.close()


# -- what doesn't ---------------------------------------------------------------------------------


@pytest.mark.parametrize("there, code, advice", [
    (router(PASSWORD), "password_wrong", "Check it and try again."),
    (router(PASSWORD, SAE), "password_wrong", "Check it and try again."),
    (None, "not_found", "Is the router on and in reach"),
    (router(PASSWORD, SAE, signal=10), "too_weak", "Move the device or the router closer"),
    (router(PASSWORD, SAE, frequency=5500, signal=10), "country_missing", "Set the country"),
    (router("wrong-one", address=None), "no_address", "Restart the router"),
    (router("wrong-one", gateway=None), "no_gateway", "set a fixed address"),
    (router("secret", EAP), "login_wrong", "user name, password or certificate"),
], ids=["password", "password-sae", "absent", "weak", "country", "dhcp", "gateway", "login"])
def test_verdict(world, device, there, code, advice):
    manager, peer = world({"Home": there} if there else {})
    eventually(manager.hotspots)
    wish = {"identity": "me"} if there and there["rsn"] == EAP else {}
    verdict = connect(peer, "Home", password="wrong-one", **wish)
    assert verdict["code"] == code and advice in verdict["message"] and "Home" in verdict["message"]
    (entry,) = eventually(lambda: device.journal.find(MESSAGE_ID=FAILED))
    assert entry["MESSAGE"] == verdict["message"] and entry["UNBOX_VERDICT"] == code
    assert "wrong-one" not in device.journal.text() + device.log()
    # The hotspot is back, it says so, nothing is saved, and the next start still knows.
    reaches(peer, "hotspot")
    eventually(lambda: device.notify.status.endswith(f"last join: {verdict['message']}"))
    assert not device.path(TRUTH).exists() and not device.path(INSTALLED).exists()
    assert not manager.loaded() and mode(device.path(VERDICT)) == 0o600
    peer.close()
    device.restart("user-network")
    peer = ready(device)
    assert peer.call("status")["verdict"] == verdict
    peer.close()


def test_radio_is_off(world, device):
    manager, peer = world({"Home": router(PASSWORD)})
    peer.call("radio", {"enabled": False})
    eventually(lambda: not peer.call("status")["radio_enabled"])
    assert peer.call("status")["state"] == "radio-off"
    answer = peer.ask("connect", {"ssid": "Home", "password": PASSWORD})["error"]
    verdict = peer.call("status")["verdict"]
    assert verdict["code"] == "radio_off" and "Switch it on" in verdict["message"]
    assert answer == {"code": "NOT_READY", "message": verdict["message"]}
    assert device.journal.find(MESSAGE_ID=FAILED)[-1]["UNBOX_VERDICT"] == "radio_off"
    eventually(lambda: verdict["message"] in device.notify.status)
    peer.close()


def test_no_internet(world, device):
    manager, peer = world({"Home": router(PASSWORD)}, internet=False)
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    # It is given time, and then kept all the same.
    verdict = eventually(lambda: (peer.call("status")["verdict"]["code"] == "no_internet"
                                  and peer.call("status")["verdict"]), 30)
    assert "Check the router's own connection." in verdict["message"]
    assert device.journal.find(MESSAGE_ID=NO_INTERNET)[-1]["MESSAGE"] == verdict["message"]
    eventually(lambda: device.notify.status == "connected to Home on wlan0, 192.168.50.7, no internet")
    assert manager.on() == "Home" and saved(peer).keys() == {"Home"}
    manager.reach_internet(True)
    eventually(lambda: peer.call("status")["verdict"]["code"] == "joined")
    eventually(lambda: device.notify.status == "connected to Home on wlan0, 192.168.50.7")
    peer.close()


def test_another_network_that_fails(world, device):
    manager, peer = world({"Home": router(PASSWORD), "Neighbour": router("another-one")})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    before = device.path(TRUTH).read_bytes()
    verdict = connect(peer, "Neighbour", password="guessed-wrong")
    assert verdict["code"] == "password_wrong"
    eventually(lambda: manager.on() == "Home")
    assert device.path(TRUTH).read_bytes() == device.path(INSTALLED).read_bytes() == before
    assert saved(peer).keys() == {"Home"} == manager.loaded()
    eventually(lambda: device.notify.status.startswith("connected to Home on wlan0")
               and device.notify.status.endswith(verdict["message"]))
    peer.close()


@pytest.mark.parametrize("wish", [
    pytest.param({"password": "a-new-password"}, id="new password"),
    pytest.param({"password": PASSWORD}, id="same password"), pytest.param({}, id="by its name")])
def test_cut_off_while_a_saved_network_is_joined_again(world, device, wish):
    """That it is saved doesn't mean that it was joined again."""
    manager, peer = world({"Home": router(PASSWORD)})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    before = device.path(TRUTH).read_bytes()
    manager.held = {"associating"}
    ask(peer, "connect", ssid="Home", **wish)
    eventually(lambda: step(peer) == "associating")
    peer.close()
    device.daemon("user-network").kill()
    manager.held.clear()
    device.start("user-network")
    peer = ready(device)
    assert eventually(lambda: peer.call("status").get("verdict"))["code"] == "interrupted"
    assert device.path(TRUTH).read_bytes() == before
    assert "a-new-password" not in device.path(INSTALLED).read_text()
    eventually(lambda: manager.on() == "Home", 30)
    peer.close()
