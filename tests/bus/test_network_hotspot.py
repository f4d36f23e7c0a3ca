# SPDX-License-Identifier: LGPL-2.1-or-later
"""user-network's hotspot on request, its name and password, the country, and what is told of it."""

import contextlib
import json
import socket
import struct
import subprocess

import pytest

import peers
from fake_network import NAME, PATH, RADIO, FakeNetworkManager
from fake_routers import router
from fake_systemd1 import Systemd
from gi.repository import GLib
from harness import eventually
from joining import PASSWORD, connect, world  # noqa: F401  pylint: disable=unused-import
from own_network import own_network

REGDOM = "unbox-regdom@{}.service"
UUID = "0b1e2c3d-4f50-4a61-8b72-9c83ad94be05"
PROBLEM = "a3c5e7091b2d4f6181a3c5e7f9021b15"


class Manager(Systemd):
    job_mode = "replace"


@pytest.fixture
def systemd(bus):
    made = Manager(bus)
    for code in ("CA", "DE"):
        made.add(REGDOM.format(code), Type="oneshot", ActiveState="inactive", SubState="dead")
    yield made
    made.close()


@pytest.fixture
def healthd(device):
    made = peers.FakePeer(device.path("/run/unbox/healthd.sock"), {
        "subscribe": {"seq": 1}, "register_service": None, "publish": {"seq": 1}})
    yield made
    made.close()


def start(device, config="", identity=None):
    for folder in ("network", "identity/current"):
        device.path(f"/var/lib/unbox/{folder}").mkdir(parents=True, exist_ok=True)
    device.path("/etc/netplan").mkdir(exist_ok=True)
    device.path("/etc/NetworkManager/dnsmasq-shared.d").mkdir(parents=True, exist_ok=True)
    if identity:
        device.path("/var/lib/unbox/identity/current/identity.json").write_text(json.dumps(identity))
    device.configure(config)
    device.start("user-network")
    return device.connect("user-network")


def fake(bus, request, **options):
    made = FakeNetworkManager(bus, **options)
    request.addfinalizer(made.close)
    return made


def started(systemd):
    return [name for method, name in systemd.calls if method == "StartUnit"]


def told(healthd, topic):
    return [params["data"] for params in healthd.called("publish") if params["topic"] == topic]


def problems(peer):
    return {problem["code"] for problem in peer.call("status")["problems"]}


def test_hotspot_on_request(bus, systemd, device, request):
    manager = fake(bus, request, radio="wlx7", wire="enp3s0")
    order = []
    systemd.on_start = order.append
    answer = manager.answer
    manager.answer = lambda member, *rest: order.append(member) or answer(member, *rest)
    peer = start(device, "hotspot: {ssid: 'BOX %s %H', channel: 6}\n",
                 {"serial": "SN-1234567", "uuid": UUID, "country": "CA"})
    eventually(lambda: peer.call("status")["wired"]["interface"] == "enp3s0")
    assert peer.call("hotspot", {"enabled": True}) == {"enabled": True}
    profile = eventually(manager.hotspots)[0]
    assert bytes(profile["802-11-wireless"]["ssid"]) == b"BOX 234567 unbox-test"
    assert profile["connection"]["interface-name"] == "wlx7"
    assert profile["802-11-wireless-security"]["psk"] == "incuvers1234"
    # The radio obeys before it sends.
    assert started(systemd) == [REGDOM.format("CA")]
    assert order.index(REGDOM.format("CA")) < order.index("AddAndActivateConnection2")
    assert device.path("/run/unbox/hotspot-requested").exists()
    status = peer.call("status")
    assert status["hotspot_settings"] == {
        "ssid": "BOX 234567 unbox-test", "band": "bg", "channel": 6, "requested": True}
    assert status["country"] == {"code": "CA", "source": "factory", "problem": None}

    # Nobody is to be locked out.
    refused = peer.ask("hotspot", {"enabled": False})
    assert refused["error"]["code"] == "ONLY_WAY"
    assert peer.ask("hotspot", {"enabled": "yes"})["error"]["code"] == "INVALID_PARAMS"
    assert peer.ask("hotspot")["error"]["code"] == "INVALID_PARAMS"
    peer.close()


def test_a_channel_that_cannot_be_used(bus, systemd, device, request):
    """No hotspot opens here: what was asked for is tried first, and then what else there is."""
    manager = fake(bus, request)
    peer = start(device, "hotspot: {channel: 13}\n")
    eventually(lambda: "result" in peer.ask("hotspot", {"enabled": True}))
    asked = eventually(lambda: len(manager.hotspots()) > 1 and manager.hotspots(), 20)
    assert [profile["802-11-wireless"]["channel"] for profile in asked[:2]] == [13, 1]
    peer.close()


def test_label(bus, systemd, device, request):
    fake(bus, request)
    peer = start(device, "hotspot: {ssid: 'a;b', password_per_device: true}\n",
                 {"serial": "10000000ABC7f3a9", "uuid": UUID})
    label = peer.call("hotspot_label")
    code = label.pop("svg")
    assert label == {
        "ssid": "a;b", "password": "u2ek-emcn-yksi", "qr": "WIFI:T:WPA;S:a\\;b;P:u2ek-emcn-yksi;;"}
    assert code.startswith("<svg ") and code.endswith("</svg>\n")
    # What goes into diagnostics has no password.
    assert "u2ek" not in json.dumps(peer.call("status"))
    assert "u2ek" not in device.log()
    peer.close()


@pytest.mark.parametrize("hostname", ["unbox-test", "unbox-test.example.com"])
def test_where_the_page_will_be(bus, systemd, device, request, hostname):
    manager = fake(bus, request)
    manager.objects[f"{PATH}/Settings"][f"{NAME}.Settings"]["Hostname"] = GLib.Variant("s", hostname)
    peer = start(device, "network: {}\n", {"serial": "SN-1234567", "uuid": UUID})
    eventually(lambda: peer.call("status")["hostname"] == hostname)
    label = eventually(lambda: peer.call("page_label"))
    # Nobody announces it here, and no network has given it an address.
    assert label["url"] == f"http://unbox-test.local:{peer.call('status')['port']}/"
    assert label["svg"].startswith("<svg ")
    peer.close()


@pytest.mark.parametrize("given, host", [
    ({}, "192.168.50.7"), ({"address": "2001:db8::7", "gateway": "fe80::1"}, "[2001:db8::7]")], ids=["4", "6"])
def test_where_the_page_is(world, given, host):
    _, peer = world({"Home": router(PASSWORD, **given)})
    assert connect(peer, "Home", password=PASSWORD)["code"] == "joined"
    assert peer.call("page_label")["url"] == f"http://{host}:{peer.call('status')['port']}/"
    peer.close()


A, AAAA, HTTPS = 1, 28, 65
FINE, NO_SUCH_NAME = 0, 3


@contextlib.contextmanager
def name_server(folder):
    """A dnsmasq as NetworkManager starts it for a shared connection; yields what asks it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    daemon = subprocess.Popen(
        ["dnsmasq", "--conf-file=/dev/null", "--no-hosts", "--keep-in-foreground", "--bind-interfaces",
         "--except-interface=lo", "--clear-on-reload", "--strict-order", "--listen-address=127.0.0.1",
         f"--conf-dir={folder}", f"--port={port}", "--user=root", "--pid-file="])

    def ask(name, kind):
        """The code of the answer, and the addresses in it; None: there was no answer."""
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        question = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + labels + struct.pack(">xHH", kind, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.connect(("127.0.0.1", port))
            try:
                client.send(question)
                answer = client.recv(512)
            except OSError:
                return None
        count = struct.unpack(">H", answer[6:8])[0]
        return answer[3] & 15, [socket.inet_ntoa(answer[-4:])] if count else []

    try:
        eventually(lambda: ask("localhost", A), what="dnsmasq answers")
        yield ask
    finally:
        daemon.terminate()
        daemon.wait(10)


@pytest.mark.parametrize("captive", [True, False])
def test_names_on_the_hotspot(bus, systemd, device, request, captive):
    fake(bus, request)
    start(device, f"hotspot: {{captive_portal: {str(captive).lower()}}}\n").close()
    folder = device.path("/etc/NetworkManager/dnsmasq-shared.d")
    eventually((folder / "90-unbox.conf").exists)
    with name_server(folder) as ask:
        for name in ("unbox-test", "unbox-test.local"):
            assert ask(name, A) == (FINE, ["10.42.0.1"])
            assert ask(name, AAAA) == (FINE, [])
        for name in ("connectivitycheck.gstatic.com", "captive.apple.com", "dns.msftncsi.com",
                     "detectportal.firefox.com", "nmcheck.gnome.org"):
            # Whoever asks for more than an address gets an answer too, at once, and none that ends it.
            assert ask(name, A) == ((FINE, ["10.42.0.1"]) if captive else (NO_SUCH_NAME, []))
            for kind in (AAAA, HTTPS):
                assert ask(name, kind) == (FINE if captive else NO_SUCH_NAME, [])
        # Firefox and Apple ask whether they may go on with name servers of their own.
        for name in ("use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"):
            assert ask(name, A) == (NO_SUCH_NAME, [])


def test_country(bus, systemd, device, request):
    fake(bus, request)
    peer = start(device, "network: {country: DE}\n")
    eventually(lambda: started(systemd) == [REGDOM.format("DE")])
    for wrong in ("ca", "CAN", "C", 7, None):
        assert peer.ask("country", {"code": wrong})["error"]["code"] == "INVALID_PARAMS"
    assert peer.call("country", {"code": "CA"}) == {"code": "CA"}
    eventually(lambda: started(systemd) == [REGDOM.format("DE"), REGDOM.format("CA")])
    assert peer.call("status")["country"]["source"] == "customer"
    peer.close()
    device.restart("user-network")
    eventually(lambda: started(systemd)[2:] == [REGDOM.format("CA")])


def test_country_without_rules(bus, systemd, device, request):
    """The kernel would take it without a word, and keep to the rules that it had."""
    fake(bus, request)
    peer = start(device, "network: {country: DE}\n", {"serial": "1", "uuid": UUID, "country": "UK"})
    eventually(lambda: started(systemd) == [REGDOM.format("DE")])
    assert any("the country UK in " in entry["MESSAGE"] for entry in device.journal.messages)
    for wrong in ("UK", "00", "gb"):
        refused = device.run("healthd/unboxctl", "network", "country", wrong)
        assert refused.returncode == 2 and refused.stdout == ""
        assert "Nothing has changed" in refused.stderr and "GB for the United Kingdom" in refused.stderr
    told = device.path("/var/lib/unbox/network/country")
    assert not told.exists()
    told.write_text("UK\n")
    peer.close()
    device.restart("user-network")
    eventually(lambda: started(systemd) == [REGDOM.format("DE")] * 2)
    country = device.connect("user-network").call("status")["country"]
    assert (country["code"], country["source"]) == ("DE", "configuration")


def test_country_that_is_refused(bus, systemd, device, request):
    manager = fake(bus, request)
    systemd.units[REGDOM.format("CA")].outcome = "failed"
    peer = start(device, "network: {country: CA}\n")
    eventually(lambda: problems(peer) == {"country-refused"})
    assert "could not be set" in eventually(lambda: device.notify.status)
    # It is no reason to have no hotspot.
    peer.call("hotspot", {"enabled": True})
    eventually(manager.hotspots)
    peer.close()


def test_radio_without_access_point_mode(bus, systemd, device, request):
    manager = fake(bus, request, can_serve=False)
    peer = start(device)
    eventually(lambda: problems(peer) == {"no-access-point", "country-missing"})
    assert peer.ask("hotspot", {"enabled": True})["error"]["code"] == "NO_ACCESS_POINT"
    eventually(lambda: {entry["UNBOX_PROBLEM"] for entry in device.journal.find(MESSAGE_ID=PROBLEM)} == {
        "no-access-point", "country-missing"})
    assert not manager.hotspots()
    peer.close()


@pytest.mark.parametrize("code, path, interface, change, says", [
    ("radio-blocked", PATH, NAME, {"WirelessHardwareEnabled": GLib.Variant("b", False)},
     "radio wlan0 blocked by a switch"),
    ("radio-unmanaged", RADIO, f"{NAME}.Device",
     {"State": GLib.Variant("u", 10), "StateReason": GLib.Variant("(uu)", (10, 0)), "Managed": GLib.Variant("b", False)},
     "NetworkManager does not manage wlan0"),
], ids=["blocked", "unmanaged"])
def test_radio_that_cannot_be_used(bus, systemd, device, request, code, path, interface, change, says):
    """The wire is as good as ever."""
    manager = fake(bus, request, wire_address="192.0.2.9")
    manager.objects[path][interface].update(change)
    peer = start(device)
    eventually(lambda: problems(peer) == {code, "country-missing"})
    status = peer.call("status")
    assert status["state"] == "wired" and status["summary"] == f"wired on eth0, 192.0.2.9; {says}"
    eventually(lambda: device.journal.find(MESSAGE_ID=PROBLEM, UNBOX_PROBLEM=code))
    assert not manager.hotspots()
    peer.close()


def test_another_program_has_the_port_of_names(bus, systemd, device, request, world):
    with own_network(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 53))
        _, peer = world({})
        eventually(lambda: "dns-port-taken" in problems(peer))
        # It opens all the same, and says what phones will miss.
        assert peer.call("status")["state"] == "hotspot"
        eventually(lambda: device.notify.status.endswith("; port 53 is taken, phones may get no address"))
        peer.close()


def test_no_radio(bus, systemd, device, request):
    fake(bus, request, radio=None)
    peer = start(device)
    eventually(lambda: problems(peer) == {"no-radio", "country-missing"})
    assert peer.call("status")["state"] == "no-radio"
    assert peer.ask("hotspot", {"enabled": True})["error"]["code"] == "NOT_READY"
    peer.close()


@pytest.mark.parametrize("address, taken", [("10.42.0.77", True), ("10.42.1.77", False)])
def test_wire_in_the_network_of_the_hotspot(bus, systemd, device, request, address, taken):
    """A technician's laptop that shares its own connection, as NetworkManager does it."""
    manager = fake(bus, request, wire_address=address)
    peer = start(device, "network: {country: CA}\n")
    eventually(lambda: peer.call("status")["wired"]["address"] == address)
    eventually(lambda: problems(peer) == ({"address-taken"} if taken else set()))
    answer = peer.ask("hotspot", {"enabled": True})
    if taken:
        assert answer["error"]["code"] == "ADDRESS_TAKEN"
        assert not manager.hotspots()
    else:
        assert answer["result"] == {"enabled": True}
        eventually(manager.hotspots)
    peer.close()


def test_radio_that_comes_and_goes(bus, systemd, device, request):
    manager = fake(bus, request, radio=None)
    peer = start(device, "network: {country: CA}\n")
    eventually(lambda: problems(peer) == {"no-radio"})
    eventually(lambda: started(systemd) == [REGDOM.format("CA")])
    manager.plug_radio("wlan0")
    eventually(lambda: problems(peer) == set())
    # The kernel had nobody to tell before.
    eventually(lambda: started(systemd) == [REGDOM.format("CA")] * 2)
    eventually(manager.hotspots, 60)
    manager.unplug_radio()
    eventually(lambda: problems(peer) == {"no-radio"})
    assert peer.call("status")["state"] == "no-radio"
    hotspots = len(manager.hotspots())
    manager.plug_radio("wlan0")
    eventually(lambda: len(manager.hotspots()) > hotspots, 60)
    eventually(lambda: len(device.journal.find(MESSAGE_ID=PROBLEM, UNBOX_PROBLEM="no-radio")) == 2)
    peer.close()


def test_own_subscribers_need_no_healthd(bus, systemd, device, request):
    fake(bus, request)
    peer = start(device)
    watcher = device.connect("user-network")
    watcher.call("subscribe", {"topics": ["network.*"]})
    assert peer.call("country", {"code": "CA"}) == {"code": "CA"}
    told_of = set()
    while "CA" not in told_of:
        event = watcher.receive()
        assert event["event"].startswith("network.")
        told_of.add(event["data"].get("country", {}).get("code"))
    watcher.close()
    peer.close()


def test_events(bus, systemd, healthd, device, request):
    fake(bus, request)
    peer = start(device)
    registered = eventually(lambda: healthd.called("register_service"))[0]
    assert {topic["name"] for topic in registered["topics"]} == {
        "network.changed", "network.join", "network.scan"}
    eventually(lambda: any(data["scanning"] for data in told(healthd, "network.scan")))
    eventually(lambda: told(healthd, "network.changed"))
    peer.call("country", {"code": "CA"})
    changed = eventually(lambda: [data for data in told(healthd, "network.changed")
                                  if data["country"]["code"] == "CA"])
    assert "summary" not in changed[0] and changed[0]["state"] == peer.call("status")["state"]
    both = told(healthd, "network.changed")
    # What was told before healthd knew us is told once more, and nothing else twice.
    assert sum(a == b for a, b in zip(both, both[1:])) <= 1
    peer.close()
