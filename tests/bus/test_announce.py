# SPDX-License-Identifier: LGPL-2.1-or-later
"""user-network's name and page in the local network, with an Avahi that the test plays."""

import contextlib

import pytest

from avahi import REGISTERING, RUNNING, Avahi, Hostnamed, Systemd
from harness import eventually


@pytest.fixture
def play(bus):
    """Starts a peer, and stops it at the end."""
    played = []

    def start(kind, *args, **keys):
        played.append(kind(bus, *args, **keys))
        return played[-1]

    yield start
    for peer in played:
        peer.close()


@pytest.fixture
def user_network(bus, device):
    def start(hostname="unbox-test"):
        device.path("/etc/hostname").write_text(hostname + "\n")
        return device.start("user-network")
    return start


def announces(avahi, host, port=5000, name=None):
    eventually(lambda: avahi.host == host and avahi.services == {(name or host, "_http._tcp"): port},
               what=f"{host} and {port}, not {avahi.host} and {avahi.services}")
    # What it has had before is gone at Avahi, too.
    assert len(avahi.groups) == 1


def announced(device):
    with contextlib.closing(device.connect("user-network")) as peer:
        return peer.call("status")["announced"]


@pytest.fixture
def rename(play, device):
    """Gives the device another name, and says so as hostnamed does."""
    hostnamed = play(Hostnamed)

    def rename_to(name):
        device.path("/etc/hostname").write_text(name + "\n")
        hostnamed.say(name)
    return rename_to


def test_name_and_page_are_announced(play, user_network):
    avahi = play(Avahi)
    play(Systemd, 8080)
    user_network()
    announces(avahi, "unbox-test", 8080)


def test_without_systemd_it_is_the_port_as_shipped(play, user_network):
    avahi = play(Avahi)
    user_network()
    announces(avahi, "unbox-test", 5000)


def test_a_name_with_a_domain_counts_up_to_its_dot(play, user_network):
    avahi = play(Avahi)
    user_network("unbox-7.example.com")
    announces(avahi, "unbox-7")


def test_another_port_is_followed(play, user_network):
    avahi = play(Avahi)
    systemd = play(Systemd)
    user_network()
    announces(avahi, "unbox-test", 5000)
    named = avahi.count("SetHostName")
    systemd.move(8080)
    announces(avahi, "unbox-test", 8080)
    systemd.move(80)
    announces(avahi, "unbox-test", 80)
    assert avahi.count("SetHostName") == named


def test_what_stays_the_same_is_not_announced_again(play, user_network, device):
    avahi = play(Avahi)
    systemd = play(Systemd)
    user_network()
    announces(avahi, "unbox-test", 5000)
    asked = len(systemd.calls)
    systemd.move(5000)
    eventually(lambda: len(systemd.calls) > asked)
    assert device.connect("user-network").call("status")["port"] == 5000
    assert avahi.count("EntryGroupNew") == 1 and avahi.count("SetHostName") == 1


def test_another_hostname_is_followed(play, user_network, rename):
    avahi = play(Avahi)
    user_network()
    announces(avahi, "unbox-test")
    rename("kitchen")
    announces(avahi, "kitchen")
    rename("cellar.home")
    announces(avahi, "cellar")


def test_no_avahi_is_fine_and_one_that_comes_later_is_told(play, user_network, device):
    user_network()
    assert device.connect("user-network").call("status")["hostname"] == "unbox-test"
    assert "Avahi" not in device.log()
    announces(play(Avahi), "unbox-test")


def test_avahi_started_anew_is_told_again(play, user_network):
    first = play(Avahi)
    user_network()
    announces(first, "unbox-test")
    first.disconnect()
    second = play(Avahi)
    announces(second, "unbox-test")


def test_an_avahi_that_is_not_ready_is_waited_for(play, user_network, device):
    avahi = play(Avahi, state=REGISTERING)
    user_network()
    eventually(lambda: avahi.count("GetState"))
    assert device.connect("user-network").call("status")["hostname"] == "unbox-test"
    assert avahi.count("SetHostName") == 0 and not avahi.groups
    avahi.become(RUNNING)
    announces(avahi, "unbox-test")


def test_a_group_that_gets_nowhere_is_made_anew(play, user_network, device):
    avahi = play(Avahi)
    avahi.stuck = 1
    user_network()
    eventually(lambda: announced(device) == {"host": "unbox-test.local", "page": None, "port": None})
    eventually(lambda: avahi.services, 20)
    announces(avahi, "unbox-test")
    assert avahi.count("EntryGroupNew") == 2


def test_while_avahi_looks_for_a_name_the_page_is_withdrawn(play, user_network):
    avahi = play(Avahi)
    user_network()
    announces(avahi, "unbox-test")
    avahi.host = "unbox-test-2"
    avahi.become(REGISTERING)
    eventually(lambda: not avahi.groups)
    avahi.become(RUNNING)
    # The name that Avahi found after a collision is left to it.
    announces(avahi, "unbox-test-2", name="unbox-test")


def test_a_device_of_that_name_elsewhere(play, user_network, device):
    avahi = play(Avahi, hosts=["unbox-test"])
    user_network()
    announces(avahi, "unbox-test-2", name="unbox-test")
    eventually(lambda: announced(device) == {"host": "unbox-test-2.local", "page": "unbox-test", "port": 5000})
    eventually(lambda: "found as unbox-test-2.local" in (device.notify.status or ""))
    assert "this device is unbox-test, but is found as unbox-test-2.local" in device.log()
    # It is its own name all the same, and gets it back when the other one is gone.
    with contextlib.closing(device.connect("user-network")) as peer:
        assert peer.call("status")["hostname"] == "unbox-test"
    avahi.become(REGISTERING)
    avahi.host = "unbox-test"
    avahi.become(RUNNING)
    announces(avahi, "unbox-test")
    eventually(lambda: announced(device) == {"host": "unbox-test.local", "page": "unbox-test", "port": 5000})
    eventually(lambda: "found as" not in device.notify.status)


@pytest.mark.parametrize("whose", ["taken", "registered"])
def test_a_page_of_that_name_elsewhere_or_here(play, user_network, device, whose):
    avahi = play(Avahi, **{whose: ["unbox-test", "unbox-test #2"]})
    user_network()
    announces(avahi, "unbox-test", name="unbox-test #2 #2")
    assert "another page in the network is called unbox-test" in device.log()
    eventually(lambda: announced(device)["page"] == "unbox-test #2 #2")


@pytest.mark.parametrize("whose", ["taken", "registered"])
def test_a_network_full_of_pages_is_not_asked_for_ever(play, user_network, device, rename, whose):
    class Everybody:
        def __contains__(self, name):
            return True

    avahi = play(Avahi, **{whose: Everybody()})
    user_network()
    eventually(lambda: "every name for the page is taken" in device.log())
    for number in range(3):
        rename("unbox-test")
        assert announced(device) == {"host": "unbox-test.local", "page": None, "port": None}, number
    assert avahi.count("GetAlternativeServiceName") == 16
    assert not avahi.groups
    # Another name is another chance.
    setattr(avahi, whose, ())
    rename("kitchen")
    announces(avahi, "kitchen")


def test_an_avahi_that_nobody_may_name_still_gets_the_page(play, user_network, device):
    avahi = play(Avahi, denied=True)
    user_network()
    announces(avahi, "linux", name="unbox-test")
    eventually(lambda: announced(device) == {"host": "linux.local", "page": "unbox-test", "port": 5000})


def test_without_avahi_nothing_is_said_to_be_announced(play, user_network, device):
    avahi = play(Avahi)
    user_network()
    announces(avahi, "unbox-test")
    avahi.disconnect()
    eventually(lambda: announced(device) is None)
