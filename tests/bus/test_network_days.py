# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad days of a device at a customer's: his router goes, or has another password; two people want two networks; nothing
can be written. The device is reached in the end, and says the truth."""

import json
import time

import pytest

from fake_routers import EAP, NO_SECRETS, NOT_FOUND, SAE, SUPPLICANT_FAILED, router
from harness import eventually
from joining import (  # pylint: disable=unused-import
    FAILED, INSTALLED, PASSWORD, TRUTH, ask, boot, connect, over, reaches, ready, run_fast, saved, step,
    world)

UNCOPIED = "; /etc/netplan can't be written"


def state(peer):
    return peer.call("status")["state"]


def verdict(peer):
    return peer.call("status").get("verdict")


# -- the router -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["associating", "address"])
def test_router_goes_in_the_middle_of_a_join(world, device, place):
    manager, peer = world({"Home": router(PASSWORD)})
    manager.held = {place}
    ask(peer, "connect", ssid="Home", password=PASSWORD)
    eventually(lambda: step(peer) == place)
    there = manager.routers.pop("Home")
    manager.lose_the_router()
    manager.held.clear()
    told = eventually(lambda: over(peer, None), 30)
    # It was seen a moment ago: neither its password nor its name is blamed.
    assert told["code"] == "no_answer" and "restart" in told["message"]
    reaches(peer, "hotspot")
    assert not device.path(TRUTH).exists() and not device.path(INSTALLED).exists()

    manager.routers["Home"] = there
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    peer.close()


def lock_out(manager, reason=NO_SECRETS, name="Home"):
    """The router gets another password, and with it everybody out."""
    manager.routers[name]["password"] = "a-new-password"
    manager.lose_the_router(reason)


def test_router_with_a_new_password(world, device):
    manager, peer = world({"Home": router(PASSWORD)}, "network: {boot_wait_seconds: 5}\n")
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    lock_out(manager)
    told = eventually(lambda: verdict(peer)["code"] != "joined" and verdict(peer), 30)
    assert told["code"] == "password_changed" and "type the new one" in told["message"] and told["ssid"] == "Home"
    (entry,) = device.journal.find(MESSAGE_ID=FAILED)
    assert entry["UNBOX_VERDICT"] == "password_changed"
    # The hotspot opens and says so, and nothing is forgotten.
    reaches(peer, "hotspot")
    eventually(lambda: device.notify.status.endswith(f"last join: {told['message']}"))
    assert saved(peer).keys() == {"Home"}
    # It stays so over a restart, and each further attempt tells nobody anything new.
    peer.close()
    device.restart("user-network")
    peer = ready(device)
    assert verdict(peer) == told and len(device.journal.find(MESSAGE_ID=FAILED)) == 1

    # Who mistypes the new one reads that; the right one is the way back.
    assert connect(peer, "Home", password="mistyped-one")["code"] == "password_wrong"
    reaches(peer, "hotspot")
    assert verdict(peer)["code"] == "password_wrong"
    assert connect(peer, "Home", password="a-new-password")["code"] == "joined"
    assert "a-new-password" in device.path(INSTALLED).read_text()
    assert PASSWORD not in device.path(INSTALLED).read_text()
    peer.close()


@pytest.mark.parametrize("there, wish, code", [
    pytest.param(router(PASSWORD, SAE), {"password": PASSWORD}, "password_changed", id="WPA3"),
    pytest.param(router(PASSWORD, EAP, reason=SUPPLICANT_FAILED), {"identity": "me", "password": PASSWORD}, "login_changed",
                 id="company")])
def test_what_looks_like_a_router_that_is_away(world, there, wish, code):
    """A refusal that gives no reason: twice, and seen between the two, it is one."""
    manager, peer = world({"Home": there})
    assert connect(peer, "Home", **wish)["code"] == "joined"

    # Away, and back as it was.
    manager.routers.clear()
    manager.lose_the_router()
    eventually(lambda: state(peer) != "connected")
    manager.routers["Home"] = there
    ask(peer, "scan")
    eventually(lambda: not peer.call("networks")["scanning"], 30)
    manager.try_by_itself()
    eventually(lambda: state(peer) == "connected", 30)
    assert verdict(peer)["code"] == "joined"

    lock_out(manager, there.get("reason", NOT_FOUND))

    def told():
        ask(peer, "scan")  # as NetworkManager does by itself
        return verdict(peer)["code"] != "joined" and verdict(peer)
    assert eventually(told, 60)["code"] == code
    peer.close()


def test_a_company_that_refuses_again_and_again(world):
    """NetworkManager goes on trying, and says nothing before the hotspot takes the radio."""
    manager, peer = world({"Office": router(PASSWORD, EAP)}, "network: {boot_wait_seconds: 5}\n")
    assert connect(peer, "Office", identity="me", password=PASSWORD)["code"] == "joined"
    manager.held = {"associating"}
    manager.lose_the_router()

    def told():
        ask(peer, "scan")
        return verdict(peer)["code"] != "joined" and verdict(peer)
    assert eventually(told, 30)["code"] == "login_changed"
    # A hotspot of the fake's comes up by associating, too.
    manager.held = set()
    reaches(peer, "hotspot")
    peer.close()


def test_router_gets_its_old_password_back(world, device):
    manager, peer = world({"Home": router(PASSWORD)})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    lock_out(manager)
    eventually(lambda: verdict(peer)["code"] == "password_changed", 30)
    manager.routers["Home"]["password"] = PASSWORD
    manager.try_by_itself()
    eventually(lambda: verdict(peer)["code"] == "joined", 30)
    assert state(peer) == "connected" and manager.on() == "Home"
    eventually(lambda: device.notify.status == "connected to Home on wlan0, 192.168.50.7")
    peer.close()


def test_a_false_alarm_after_a_failed_join(world, device):
    """The router is slow once to let the device back in: why the join had failed is still what counts."""
    manager, peer = world({"Home": router(PASSWORD), "Cafe": router("another-one")})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    told = connect(peer, "Cafe", password="mistyped-one")
    assert told["code"] == "password_wrong"
    eventually(lambda: manager.on() == "Home")
    lock_out(manager)
    eventually(lambda: verdict(peer)["code"] == "password_changed", 30)
    manager.routers["Home"]["password"] = PASSWORD
    manager.try_by_itself()
    eventually(lambda: verdict(peer) == told, 30)
    assert state(peer) == "connected" and manager.on() == "Home"
    peer.close()
    device.restart("user-network")
    peer = ready(device)
    assert verdict(peer) == told
    peer.close()


def test_nothing_is_told_before_it_is_proved(world):
    """The device is let in with the new password, and the join goes on: that it succeeded is not known yet."""
    manager, peer = world({"Home": router(PASSWORD)})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    lock_out(manager)
    told = eventually(lambda: verdict(peer)["code"] == "password_changed" and verdict(peer), 30)
    manager.held = {"off"}
    ask(peer, "connect", ssid="Home", password="a-new-password")
    eventually(lambda: step(peer) == "radio" and manager.on() == "Home", 30)
    assert verdict(peer) == told
    manager.held = set()
    manager.start_anew()
    told = eventually(lambda: over(peer, told), 30)
    assert told["code"] == "interrupted"
    peer.close()


def test_company_lets_nobody_in_any_more(world):
    manager, peer = world({"Office": router("secret", EAP)})
    assert connect(peer, "Office", identity="me", password="secret")["code"] == "joined"
    lock_out(manager, name="Office")
    told = eventually(lambda: verdict(peer)["code"] != "joined" and verdict(peer), 30)
    assert told["code"] == "login_changed" and "certificate" in told["message"]
    manager.routers["Office"]["password"] = "secret"
    manager.try_by_itself()
    eventually(lambda: verdict(peer)["code"] == "joined", 30)
    peer.close()


@pytest.fixture
def old_failure(world, device):
    """Home couldn't be joined once more, is where the device is, and the daemon's clock then runs 600 times as fast."""
    manager, peer = world({"Home": router(PASSWORD)}, internet=True)
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    assert connect(peer, "Home", password="mistyped-one")["code"] == "password_wrong"
    eventually(lambda: manager.on() == "Home", 30)
    _, peer = run_fast(device, manager, peer, 600)
    assert verdict(peer)["code"] == "password_wrong"
    return manager, peer


def test_a_failure_from_long_ago_hides_no_new_password(old_failure):
    manager, peer = old_failure
    time.sleep(10)  # an hour and a half of its own
    lock_out(manager)
    eventually(lambda: verdict(peer)["code"] == "password_changed", 30)
    peer.close()


def test_a_failure_from_long_ago_hides_no_outage(old_failure):
    manager, peer = old_failure
    manager.reach_internet(False)
    eventually(lambda: verdict(peer)["code"] == "no_internet", 30)
    manager.reach_internet(True)
    eventually(lambda: verdict(peer)["code"] == "joined", 30)
    peer.close()


# -- people ---------------------------------------------------------------------------------------


def test_two_people_want_two_networks_at_once(world, device):
    manager, first = world({"One": router("password-one"), "Two": router("password-two")})
    eventually(manager.hotspots)
    second = device.connect("user-network")
    eventually(lambda: first.ask("scan").get("result"))
    # Neither waits for the other's answer.
    manager.held = {"associating"}
    requests = ((first, "One", "password-one"), (second, "Two", "password-two"))
    for peer, ssid, password in requests:
        peer.send(json.dumps({"id": ssid, "method": "connect",
                              "params": {"ssid": ssid, "password": password}}).encode() + b"\n")
    answers = {ssid: peer.receive() for peer, ssid, _ in requests}
    (taken,) = [ssid for ssid, answer in answers.items() if "result" in answer]
    (refused,) = [ssid for ssid in answers if ssid != taken]
    assert answers[refused]["error"] == {
        "code": "BUSY", "message": "The device is busy with another change; wait for it."}
    # Both see whose it is that goes on, and how it ends.
    for peer, _, _ in requests:
        eventually(lambda: step(peer) == "associating")  # pylint: disable=cell-var-from-loop
        assert peer.call("status")["join"]["ssid"] == taken
        assert peer.ask("forget")["error"]["code"] in ("NOT_FOUND", "BUSY")
    manager.lose_the_router()
    manager.held.clear()
    for peer, _, _ in requests:
        told = eventually(lambda: over(peer, None), 30)  # pylint: disable=cell-var-from-loop
        assert told["ssid"] == taken and told["code"] == "no_answer"
    # Who was refused has his turn then.
    assert connect(second, refused, password=f"password-{refused.lower()}")["code"] == "joined"
    assert manager.on() == refused and saved(first).keys() == {refused}
    first.close()
    second.close()


# -- the disk -------------------------------------------------------------------------------------


def power_cut(device, manager):
    """Returns a connection to the daemon of the next boot."""
    device.daemon("user-network").kill()
    boot(device, manager)
    device.start("user-network")
    return device.connect("user-network")


def test_read_only_etc(world, device):
    """The truth lies elsewhere: the device joins, now and after each boot, and says what is wrong."""
    device.make_etc_read_only()
    manager, peer = world({"Home": router(PASSWORD)})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    assert device.path(TRUTH).exists() and not device.path(INSTALLED).exists()
    eventually(lambda: device.notify.status == "connected to Home on wlan0, 192.168.50.7" + UNCOPIED)
    peer.close()

    peer = power_cut(device, manager)
    eventually(lambda: state(peer) == "connected" and manager.on() == "Home", 30)
    eventually(lambda: device.notify.status.endswith(UNCOPIED))
    # What was never there is forgotten as ever.
    ask(peer, "forget", ssid="Home")
    eventually(lambda: state(peer) == "hotspot" and not manager.loaded(), 30)
    assert not device.path(TRUTH).exists()

    # Once it can be written again, all is as it should be.
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    device.make_etc_read_only(False)
    peer.close()
    peer = power_cut(device, manager)
    reaches(peer, "connected")
    assert device.path(TRUTH).read_text() == device.path(INSTALLED).read_text()
    eventually(lambda: device.notify.status == "connected to Home on wlan0, 192.168.50.7")
    peer.close()


def test_etc_becomes_read_only(world, device):
    manager, peer = world({"Home": router(PASSWORD), "New": router("a-new-network")})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    peer.close()
    device.make_etc_read_only()
    device.restart("user-network")
    peer = ready(device)
    assert connect(peer, "New", password="a-new-network")["code"] == "joined"
    assert "New" not in device.path(INSTALLED).read_text() and "New" in device.path(TRUTH).read_text()
    assert manager.on() == "New" and manager.loaded() == {"Home", "New"}
    # netplan would bring back what is forgotten, at the next boot: so it isn't, and that is said.
    assert "error" in peer.ask("forget", {"ssid": "Home"})
    assert saved(peer).keys() == {"Home", "New"} == manager.loaded()
    assert "New" in device.path(TRUTH).read_text()
    peer.close()

    peer = power_cut(device, manager)
    eventually(lambda: state(peer) == "connected" and manager.loaded() == {"Home", "New"}, 30)
    peer.close()


def test_nothing_can_be_saved(world, device):
    """For another reason than that it is read-only: the device goes back to what it had, and says why."""
    manager, peer = world({"Home": router(PASSWORD), "New": router("a-new-network")})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    before = device.path(TRUTH).read_bytes()
    # Where a file is to lie there is a folder: no disk has to be filled for that.
    device.path(INSTALLED).unlink()
    device.path(f"{INSTALLED}/in-the-way").mkdir(parents=True)
    told = connect(peer, "New", password="a-new-network")
    assert told["code"] == "not_saved" and "its storage is full or cannot be written" in told["message"]
    eventually(lambda: state(peer) == "connected" and manager.on() == "Home", 30)
    assert device.path(TRUTH).read_bytes() == before and saved(peer).keys() == {"Home"} == manager.loaded()
    peer.close()
