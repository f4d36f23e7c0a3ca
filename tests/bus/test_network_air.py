# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is in the air is anybody's to choose: hundreds of networks, and names that are no words."""

import pytest

from fake_routers import NO_SECRETS, NOT_FOUND, PSK, SAE, in_file, router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    INSTALLED, PASSWORD, TRUTH, ask, connect, saved, world)

BOUND = 512

# Names that were somebody's bug: shells, listings with colons, keyfiles, YAML, right to left.
NAMES = ['say "hi"', "it's", "back\\slash", "a:b", "a;b", "$(reboot)", "`id`; true", "café 🙂", "12345678", "65;66;",
         "yes", "~", "- a: {b}", "# none", " leading", "x" * 32, "é" * 16, "שלום 123", "\u202eevil", "a\tb",
         "%s%n"]

NO_TEXT = [b"caf\xe9", b"\xff\xfe", b"a\0b", b"\0" * 4 + b"x"]


def listed(peer):
    return peer.ask_sealed("networks")["networks"]


def look_around(peer):
    eventually(lambda: peer.ask("scan").get("result"))
    eventually(lambda: not peer.ask_sealed("networks")["scanning"], 30)


def test_two_hundred_routers(world):
    """Fifty names of four routers each: the best of each counts, and the strongest come first."""
    air = {f"Network {n:02}": [router(PASSWORD, signal=1 + (n * 7 + k * 23) % 100, rsn=SAE if k == 3 else PSK,
                                      frequency=5180 if k == 3 else 2412) for k in range(4)] for n in range(50)}
    manager, peer = world(air)
    look_around(peer)
    networks = eventually(lambda: (listed(peer) if len(listed(peer)) == 50 else None), 30)
    best = {name: max(routers, key=lambda one: one["signal"]) for name, routers in air.items()}
    for network in networks:
        there = best[network["ssid"]]
        assert network["signal"] == there["signal"] and network["band"] == ("5" if there["rsn"] == SAE else "2.4")
        assert network["security"] == ("wpa3" if there["rsn"] == SAE else "wpa2")
    signals = [network["signal"] for network in networks]
    assert signals == sorted(signals, reverse=True)
    assert connect(peer, "Network 07", password=PASSWORD)["code"] == "joined" and manager.on() == "Network 07"
    peer.close()


@pytest.mark.parametrize("reason", [NO_SECRETS, NOT_FOUND])
def test_wpa2_and_wpa3_by_one_router(world, reason):
    """Which of both a wrong password was tried with is NetworkManager's to choose."""
    manager, peer = world({"Home": router(PASSWORD, PSK | SAE, reason=reason)})
    look_around(peer)
    (home,) = eventually(lambda: listed(peer))
    assert home["security"] == "wpa2-wpa3"
    assert connect(peer, "Home", password="mistyped-one")["code"] == "password_wrong" and not saved(peer)
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined" and manager.on() == "Home"
    peer.close()


def test_a_stranger_opens_one_of_the_same_name(world, device):
    """Nearer than the customer's own, and without a password: it takes nobody in by mistake, and keeps nobody out."""
    manager, peer = world({"Home": [router(PASSWORD, signal=40), router(rsn=0, signal=95)]})
    look_around(peer)
    (home,) = eventually(lambda: listed(peer))
    assert home["security"] == "wpa2" and home["signal"] == 40
    refused = peer.ask("connect", {"ssid": "Home"})["error"]
    assert refused == {"code": "INVALID_PARAMS", "message": "This network needs a password."}
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    assert saved(peer)["Home"]["security"] == "wpa" and PASSWORD in device.path(INSTALLED).read_text()
    assert connect(peer, "Home", password="mistyped-one")["code"] == "password_wrong"
    # What is saved is enough.
    assert connect(peer, "Home")["code"] == "joined" and saved(peer)["Home"]["security"] == "wpa"
    # Whoever does mean the other one can say so.
    ask(peer, "forget")
    assert connect(peer, "Home", security="open")["code"] == "joined"
    assert saved(peer)["Home"]["security"] == "open" and manager.on() == "Home"
    peer.close()


def test_more_than_anybody_needs(world, device):
    """Whoever invents names by the thousand neither fills the memory nor keeps the answer from coming."""
    air = {f"{n:03}{'x' * 29}": router(PASSWORD, signal=n % 90) for n in range(600)}
    air["Home"] = router(PASSWORD, signal=99)
    manager, peer = world(air)
    look_around(peer)
    networks = eventually(lambda: (listed(peer) if len(listed(peer)) >= BOUND else None), 60)
    assert len(networks) == BOUND and networks[0]["ssid"] == "Home"
    # Nor is anything else said the less for it.
    assert len(str(peer.call("status"))) < 4096
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined" and manager.on() == "Home"
    peer.close()


def test_odd_names_are_told_as_they_are(world):
    _, peer = world({name: router(PASSWORD) for name in NAMES + NO_TEXT})
    look_around(peer)
    networks = eventually(lambda: (listed(peer) if len(listed(peer)) == len(NAMES + NO_TEXT) else None), 30)
    assert {bytes.fromhex(network["ssid_hex"]) for network in networks} == {
        *NO_TEXT, *(name.encode() for name in NAMES)}
    for network in networks:
        name = bytes.fromhex(network["ssid_hex"])
        assert network["ssid"] == (None if name in NO_TEXT else name.decode())
    # What netplan can't take is refused at once, with a reason.
    for name in NO_TEXT:
        error = peer.ask("connect", {"ssid_hex": name.hex(), "password": PASSWORD})["error"]
        assert error["code"] == "INVALID_PARAMS" and "not UTF-8 text or has a NUL" in error["message"], name
    assert saved(peer) == {}
    peer.close()


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_name_is_joined(world, device, name):
    manager, peer = world({name: router(PASSWORD)})
    verdict = connect(peer, name, password=PASSWORD)
    if name == "65;66;":
        # netplan writes it as it is, and NetworkManager would read other bytes in it.
        assert verdict["code"] == "unsupported" and not device.path(TRUTH).exists()
    else:
        assert verdict["code"] == "joined", verdict
        assert verdict["ssid_hex"] == name.encode().hex() and manager.on() == name
        assert saved(peer).keys() == {name}
        (profile,) = device.path("/run/NetworkManager/system-connections").iterdir()
        assert in_file(profile)["wifi"]["ssid"] == name
        assert device.path(TRUTH).read_bytes() == device.path(INSTALLED).read_bytes()
        ask(peer, "forget", ssid=name)
        assert saved(peer) == {}
    peer.close()
