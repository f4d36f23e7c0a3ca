# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd registers Bluetooth profiles with a BlueZ that the test plays, and hands connections on."""

import json
import os
import socket
import xml.etree.ElementTree as ElementTree

import pytest
from gi.repository import GLib

from radios import Bluez
from fake_systemd1 import Systemd
from harness import eventually

ANDROID_AUTO = "/unbox/bluetooth/android_auto"
UUIDS = {
    ANDROID_AUTO: "4de17a00-52cb-11e6-bdf4-0800200c9a66",
    "/unbox/bluetooth/hfp_ag": "0000111f-0000-1000-8000-00805f9b34fb",
    "/unbox/bluetooth/hsp_hs": "00001108-0000-1000-8000-00805f9b34fb",
}
ALL = "health: {bluetooth_profiles: [android-auto, hfp-ag, hsp-hs]}\n"
PHONE = "/org/bluez/hci0/dev_00_11_22_33_44_55"


@pytest.fixture
def systemd(bus, device):
    device.path("/run/unbox/healthd").mkdir()
    made = Systemd(bus)
    yield made
    made.close()


@pytest.fixture
def bluez(bus):
    made = Bluez(bus)
    yield made
    made.close()


def registered(bluez):
    return {path: uuid for path, (uuid, _, _) in bluez.profiles.items()}


def test_nothing_is_registered_that_nobody_wants(systemd, bluez, device):
    device.start("healthd")
    assert device.connect("healthd").call("ping") == "pong"
    assert bluez.calls == []


def test_registered_at_the_start_and_whenever_bluetoothd_comes_back(systemd, bluez, device):
    device.configure(ALL)
    device.start("healthd")
    eventually(lambda: registered(bluez) == UUIDS)
    bluez.disconnect()
    assert bluez.profiles == {}
    bluez.connect()
    eventually(lambda: registered(bluez) == UUIDS)
    assert len(bluez.called("RegisterProfile")) == 6


def test_bluetoothd_comes_later(bus, systemd, device):
    device.configure(ALL)
    device.start("healthd")
    bluez = Bluez(bus)
    eventually(lambda: registered(bluez) == UUIDS)
    bluez.close()


def test_the_bus_comes_back(bus, systemd, bluez, device):
    device.configure(ALL)
    device.start("healthd")
    eventually(lambda: registered(bluez) == UUIDS)
    bus.stop()
    bluez.profiles.clear()
    bus.start()
    systemd.connect()
    bluez.connect()
    eventually(lambda: registered(bluez) == UUIDS)


def test_another_configuration(systemd, bluez, device):
    daemon = device.start("healthd")
    device.configure(ALL)
    daemon.reload()
    eventually(lambda: registered(bluez) == UUIDS)
    device.configure("health: {bluetooth_profiles: [hsp-hs]}\n")
    daemon.reload()
    eventually(lambda: list(bluez.profiles) == ["/unbox/bluetooth/hsp_hs"])


def test_the_record_of_android_auto(systemd, bluez, device):
    device.configure(ALL)
    device.start("healthd")
    eventually(lambda: registered(bluez) == UUIDS)
    _, options, _ = bluez.profiles[ANDROID_AUTO]
    assert options["Channel"] == 8 and options["Role"] == "server"
    record = ElementTree.fromstring(options["ServiceRecord"].encode())
    attributes = {int(a.get("id"), 16): a for a in record}
    classes = [uuid.get("value") for uuid in attributes[0x0001].iter("uuid")]
    # Those of the Bluetooth SIG in their short form: phones compare the width, too.
    assert classes == [UUIDS[ANDROID_AUTO], "0x1101"]
    assert [e.get("value") for e in attributes[0x0004].iter() if e.get("value")] == [
        "0x0100", "0x0003", "0x08"]
    # Of the others BlueZ knows the record by itself.
    assert set(bluez.profiles["/unbox/bluetooth/hfp_ag"][1]) == {"Name"}


def connection(bluez, descriptor, **kwargs):
    return bluez.call_profile(ANDROID_AUTO, "NewConnection", GLib.Variant(
        "(oha{sv})", (PHONE, 0, {})), [descriptor], **kwargs)


def test_a_connection_is_handed_on_or_refused(systemd, bluez, device):
    device.configure(ALL)
    device.start("healthd")
    eventually(lambda: registered(bluez) == UUIDS)
    phone, ours = socket.socketpair()
    with pytest.raises(GLib.Error, match="org.bluez.Error.Rejected"):
        connection(bluez, ours.fileno())

    with socket.socket(socket.AF_UNIX) as application:
        application.bind(str(device.path("/run/unbox/bluetooth-android-auto.sock")))
        application.listen()
        application.settimeout(5)
        # Nobody but BlueZ gives phones away.
        with pytest.raises(GLib.Error, match="AccessDenied"):
            connection(bluez, ours.fileno(), as_stranger=True)
        connection(bluez, ours.fileno())
        ours.close()
        accepted, _ = application.accept()
        accepted.settimeout(5)
        line, (descriptor,), _, _ = socket.recv_fds(accepted, 1024, 4)
    assert json.loads(line) == {"profile": "android-auto", "device": PHONE}
    os.write(descriptor, b"hello, phone")
    assert phone.recv(100) == b"hello, phone"
    os.close(descriptor)
    # healthd has kept nothing of it.
    assert phone.recv(100) == b""

    bluez.call_profile(ANDROID_AUTO, "RequestDisconnection", GLib.Variant("(o)", (PHONE,)))
    bluez.call_profile(ANDROID_AUTO, "Release", None)
    # The socket is there, but its program has ended.
    with pytest.raises(GLib.Error, match="org.bluez.Error.Rejected"):
        connection(bluez, phone.fileno())
    assert device.connect("healthd").call("ping") == "pong"
