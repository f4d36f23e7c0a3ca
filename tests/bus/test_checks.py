# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd's functional checks: real sockets, servers, files and programs, and peers on the bus."""

import contextlib
import http.server
import json
import os
import socket
import subprocess
import threading
import time

import pytest
from gi.repository import GLib

from bus_peer import Answers, Refusal
from harness import eventually
from peers import FakePeer
from test_healthd import events_of, service, systemd  # noqa: F401  pylint: disable=unused-import

FAILING = "71d1b2a3e4f54c6697b8d9eafbc1c212"
PASSING = "82e2c3b4f5065d77a8c9eafb0cd2d313"
FAILED = "fbd9e7a5c3f14a4ed2f0b1a3e5c7d90a"


@pytest.fixture
def run(systemd, device):
    """Starts healthd with these checks, one a second; returns a connection to its socket."""
    with contextlib.ExitStack() as stack:
        def start(*checks, **options):
            write(device, *checks, **options)
            systemd.add("web.service")
            device.start("healthd")
            peer = device.connect("healthd")
            stack.callback(peer.close)
            return peer
        yield start


def write(device, *checks, interval=1, health=None):
    # YAML is a superset of JSON.
    device.configure(json.dumps({"health": {"check_interval_seconds": interval, "checks": checks, **(health or {})}}))


def checks_of(peer, name="device"):
    return peer.call("get_health", {"detail": True})[name]["checks"]


def only(peer, name="device"):
    (check,) = checks_of(peer, name)
    return check


def becomes(peer, state, message=None, name="device", timeout=5):
    """Waits until the only check is in this state; returns it."""
    def look():
        check = only(peer, name)
        return check["state"] == state and message in (None, check["message"]) and check

    return eventually(look, timeout, what=f"{name} {state} {message}")


def listener(backlog=16):
    made = socket.create_server(("127.0.0.1", 0), backlog=backlog)
    return made, made.getsockname()[1]


def test_a_check_in_all_its_parts(run, device):
    server, port = listener()
    peer = run({"service": "web", "type": "tcp", "address": "127.0.0.1", "port": port})
    check = only(peer, "web")
    assert check.pop("since").startswith("20") and 0 <= check.pop("duration_ms") < 1000
    assert check == {"type": "tcp", "target": f"127.0.0.1:{port}", "state": "ok",
                     "message": "takes connections"}
    assert peer.call("get_health")["web"] == "active"
    assert device.notify.status == "8 services watched, all healthy"

    server.close()
    becomes(peer, "failing", "Connection refused", "web")
    trouble = f"tcp check of 127.0.0.1:{port}: Connection refused"
    assert peer.call("get_health")["web"] == "failing"
    shown = service(peer, "web")
    assert (shown["state"], shown["active_state"], shown["detail"]) == ("failing", "active", trouble)
    eventually(lambda: device.notify.status == f"web fails the {trouble} (8 services watched)")

    # Told once, however often it fails.
    time.sleep(2.2)
    eventually(lambda: events_of(peer, "web") == ["failing"])
    (entry,) = device.journal.find(MESSAGE_ID=FAILING)
    assert entry["MESSAGE"] == f"web fails the {trouble}" and entry["UNBOX_REASON"] == trouble

    with socket.create_server(("127.0.0.1", port)):
        becomes(peer, "ok", name="web")
    eventually(lambda: events_of(peer, "web") == ["failing", "passing"])
    assert len(device.journal.find(MESSAGE_ID=PASSING)) == 1
    assert peer.call("get_health")["web"] == "active"


def test_the_device_itself(run, device):
    peer = run({"type": "disk", "path": "/", "min_free_percent": 99}, {"type": "memory", "min_free_percent": 1})
    disk, memory = checks_of(peer)
    assert disk["state"] == "failing" and disk["message"].endswith("99 % wanted")
    assert memory["state"] == "ok" and memory["message"].endswith("% free")
    assert peer.call("get_health")["device"] == "failing"
    assert "the device fails the disk check of /: " in device.notify.status

    write(device, {"type": "memory", "min_free_percent": 99})
    device.daemon("healthd").reload()
    eventually(lambda: [c["type"] for c in checks_of(peer)] == ["memory"])
    assert "99 % wanted" in becomes(peer, "failing")["message"]


def test_without_checks_nothing_is_different(run):
    assert "device" not in run().call("get_health")


def test_ready_after_the_first_full_check(run):
    started = time.monotonic()
    peer = run({"type": "command", "command": ["/bin/sleep", "1.5"]}, {"type": "memory"}, interval=3600)
    assert time.monotonic() - started > 1.5
    assert [check["state"] for check in checks_of(peer)] == ["ok", "ok"]
    assert checks_of(peer)[0]["duration_ms"] >= 1500


def test_one_that_never_returns(run, root):
    pids = root / "run/pids"
    started = time.monotonic()
    peer = run({"type": "command", "command": [
        "/bin/sh", "-c", "sleep 1000 & echo $$ $! > /run/pids; trap '' TERM; wait"]},
        {"type": "memory"}, interval=3600)
    # The others are not held up, and nobody waits longer than 5 s for it.
    assert 5 <= time.monotonic() - started < 9
    hung, memory = checks_of(peer)
    assert hung["state"] == "failing" and "in time" in hung["message"] or "within 5 s" in hung["message"]
    assert memory["state"] == "ok" and memory["duration_ms"] < 1000
    for pid in pids.read_text().split():
        eventually(lambda pid=pid: not alive(pid), what=f"{pid} is gone")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_command(run, device):
    peer = run({"type": "command", "command": ["/bin/sh", "-c", "cat /run/answer; exit $(cat /run/code)"]})
    def answer(text, code):
        device.path("/run/answer").write_text(text)
        device.path("/run/code").write_text(str(code))

    answer("all well\nin detail", 0)
    becomes(peer, "ok", "all well")
    answer("disk on fire\n", 3)
    becomes(peer, "failing", "exited with 3: disk on fire")
    answer("", 0)
    becomes(peer, "ok", "exited with 0")


def test_command_has_a_clean_environment(run):
    peer = run({"type": "command", "command": ["/bin/sh", "-c", "env | sort | tr '\\n' ' '; exit 1"]})
    message = becomes(peer, "failing")["message"]
    assert "NOTIFY_SOCKET" not in message and "LANG=C.UTF-8" in message


def test_command_that_is_not_there(run):
    peer = run({"type": "command", "command": ["/nowhere"]})
    becomes(peer, "failing", "No such file or directory")


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = self.server.status
        if status is None:
            time.sleep(30)
            return
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"x" * self.server.size)

    def log_message(self, *_):
        pass


@pytest.fixture
def page():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    server.block_on_close = False
    server.status, server.size = 200, 10
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_http(run, page):
    url = f"http://127.0.0.1:{page.server_port}/health"
    peer = run({"service": "web", "type": "http", "url": url})
    assert only(peer, "web")["target"] == url
    becomes(peer, "ok", "answers with status 200", "web")
    page.status = 503
    becomes(peer, "failing", "answers with status 503", "web")
    # More than is read, but an answer.
    page.status, page.size = 200, 1 << 20
    becomes(peer, "ok", name="web")
    page.status = None
    check = becomes(peer, "failing", name="web", timeout=9)
    assert check["message"] == "no answer within 5 s" and 4900 <= check["duration_ms"] < 6000


def test_http_with_a_status_that_is_wanted(run, page):
    page.status = 401
    peer = run({"type": "http", "url": f"http://localhost:{page.server_port}/", "status": 401})
    becomes(peer, "ok", "answers with status 401")
    page.status = 200
    becomes(peer, "failing", "answers with status 200, 401 is wanted")


def test_http_nobody_there(run):
    server, port = listener()
    server.close()
    becomes(run({"type": "http", "url": f"http://127.0.0.1:{port}/"}), "failing", "Connection refused")


def test_unix(run, root):
    path = root / "run/app.sock"
    peer = run({"type": "unix", "path": "/run/app.sock"})
    becomes(peer, "failing", "No such file or directory")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        becomes(peer, "failing", "Connection refused")
        server.listen(0)
        # Nobody accepts.
        fill(path)
        eventually(lambda: only(peer)["message"] ==
                   "nobody accepts its connections, and its queue is full")
    path.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(16)
        becomes(peer, "ok", "takes connections")


def fill(path):
    """Connects until the queue is full; the connections stay for the rest of the process."""
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        filled.append(client)
        if client.connect_ex(str(path)) != 0:
            return


filled = []


def test_unix_ping(run, root):
    path = root / "run/unbox/app.sock"
    app = FakePeer(path, {"ping": "pong"})
    peer = run({"service": "web", "type": "unix", "path": "/run/unbox/app.sock", "ping": True})
    becomes(peer, "ok", "answers", "web")
    app.answers["ping"] = {"pang": 1}
    becomes(peer, "failing", "answers something else than pong", "web")
    app.close()
    with socket.socket(socket.AF_UNIX) as server:
        path.unlink(missing_ok=True)
        server.bind(str(path))
        server.listen(16)
        eventually(lambda: only(peer, "web")["message"] == "no answer within 5 s", 9)


def test_address(run):
    peer = run({"type": "address", "interface": "lo", "address": "127.0.0.1"},
               {"type": "address", "interface": "lo", "address": "127.0.0.77"},
               {"type": "address", "interface": "lo"},
               {"type": "address", "interface": "nosuch0"})
    assert [(c["target"], c["state"], c["message"]) for c in checks_of(peer)] == [
        ("lo 127.0.0.1", "ok", "has 127.0.0.1"),
        ("lo 127.0.0.77", "failing", "has 127.0.0.1 instead"),
        ("lo", "ok", "has 127.0.0.1"),
        ("nosuch0", "failing", "there is no interface nosuch0")]


def test_dbus_name(run, bus):
    peer = run({"type": "dbus", "name": "org.example.App"})
    becomes(peer, "failing", "nobody on the bus has this name")
    app = Answers(bus, "org.example.App", {})
    becomes(peer, "ok", "is on the bus")
    app.close()
    becomes(peer, "failing")


def test_the_bus_goes_and_comes_back(run, bus, systemd):
    app = Answers(bus, "org.example.App", {})
    peer = run({"type": "dbus", "name": "org.example.App"})
    becomes(peer, "ok")
    bus.stop()
    becomes(peer, "failing")
    app.close()
    bus.start()
    systemd.connect()
    app = Answers(bus, "org.example.App", {})
    becomes(peer, "ok", timeout=12)
    app.close()


def test_bluetooth(run, bus, root):
    adapter = root / "sys/class/bluetooth/hci0"
    (root / "sys/class").mkdir(parents=True)
    peer = run({"service": "web", "type": "bluetooth"})
    becomes(peer, "failing", "the kernel has no such adapter", "web")
    (adapter / "rfkill0").mkdir(parents=True)
    (adapter / "rfkill0/hard").write_text("0\n")
    (adapter / "rfkill0/soft").write_text("1\n")
    eventually(lambda: only(peer, "web")["message"] == "is blocked by rfkill")
    (adapter / "rfkill0/soft").write_text("0\n")
    eventually(lambda: only(peer, "web")["message"] == "BlueZ doesn't run")

    bluez = Answers(bus, "org.bluez", {"Powered": GLib.Variant("b", False)})
    eventually(lambda: only(peer, "web")["message"] == "is not powered")
    bluez.answers["Powered"] = GLib.Variant("b", True)
    becomes(peer, "ok", "is powered", "web")
    bluez.answers["Powered"] = GLib.Variant("s", "yes")
    becomes(peer, "unknown", name="web")
    bluez.answers["Powered"] = None
    assert becomes(peer, "failing", name="web", timeout=9)["message"] == "no answer within 5 s"
    bluez.answers["Powered"] = Refusal("org.freedesktop.DBus.Error.UnknownObject", "no such object")
    eventually(lambda: only(peer, "web")["message"] == "BlueZ doesn't know this adapter")
    bluez.close()


LINK = "/org/freedesktop/network1/link/_31"


def lease(address):
    return (2, [1, 2], list(socket.inet_aton(address)), list(socket.inet_aton("127.0.0.1")),
            [2, 0, 0, 0, 0, 9], 1_000_000)


def leases(*addresses):
    return GLib.Variant("a(uayayayayt)", [lease(address) for address in addresses])


def test_dhcp_range(run, bus):
    peer = run({"type": "dhcp_range", "interface": "lo", "range_start": "127.0.0.10",
                "range_end": "127.0.0.20"})
    assert only(peer)["target"] == "lo 127.0.0.10-127.0.0.20"
    becomes(peer, "failing", "systemd-networkd doesn't run")
    networkd = Answers(bus, "org.freedesktop.network1", {
        "GetLinkByName": Refusal("org.freedesktop.resolve1.NoSuchLink", "Link lo not known"),
        "AdministrativeState": GLib.Variant("s", "configuring"),
        "Leases": Refusal("org.freedesktop.DBus.Error.NotSupported", "Link lo has no DHCP server."),
    })

    def says(state, message):
        eventually(lambda: (only(peer)["state"], only(peer)["message"]) == (state, message), what=message)

    says("failing", "there is no interface lo")
    networkd.answers["GetLinkByName"] = GLib.Variant("(io)", (1, LINK))
    says("failing", "systemd-networkd has it configuring")
    networkd.answers["AdministrativeState"] = GLib.Variant("s", "configured")
    says("failing", "systemd-networkd leases nothing on it")
    networkd.answers["Leases"] = leases()
    says("ok", "leases addresses, 0 now")
    networkd.answers["Leases"] = leases("127.0.0.10", "127.0.0.20")
    says("ok", "leases addresses, 2 now")
    networkd.answers["Leases"] = leases("127.0.0.10", "127.0.0.21")
    says("failing", "127.0.0.21 is leased, outside of the range")
    networkd.close()


def test_a_dhcp_range_of_another_network(run, bus):
    networkd = Answers(bus, "org.freedesktop.network1", {
        "GetLinkByName": GLib.Variant("(io)", (1, LINK)),
        "AdministrativeState": GLib.Variant("s", "configured"), "Leases": leases()})
    peer = run({"type": "dhcp_range", "interface": "lo", "range_start": "10.42.0.10"})
    becomes(peer, "failing", "the range isn't in a network of lo")
    networkd.close()


def test_temperature(run, root):
    zones = root / "sys/class/thermal"
    zones.mkdir(parents=True)
    peer = run({"type": "temperature", "max_celsius": 80}, {"type": "temperature", "zone": "gpu-thermal"})
    assert [c["state"] for c in checks_of(peer)] == ["unknown", "unknown"]
    assert peer.call("get_health")["device"] == "active"

    for number, name, temperature in ((0, "cpu-thermal", 61234), (1, "gpu-thermal", 55000)):
        zone = zones / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "type").write_text(name + "\n")
        (zone / "temp").write_text(f"{temperature}\n")
    eventually(lambda: [c["message"] for c in checks_of(peer)] == [
        "cpu-thermal has 61.2 °C", "gpu-thermal has 55.0 °C"])
    (zones / "thermal_zone1/temp").write_text("90500\n")
    eventually(lambda: [(c["state"], c["message"]) for c in checks_of(peer)] == [
        ("failing", "gpu-thermal has 90.5 °C, 80 °C are too hot"),
        ("failing", "gpu-thermal has 90.5 °C, 85 °C are too hot")])


def make_certificate(path, days):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=test", "-days", str(days), "-keyout", "/dev/null", "-out", str(path)],
        check=True, capture_output=True)


def test_certificate(run, root):
    path = root / "etc/cert.pem"
    peer = run({"type": "certificate", "path": "/etc/cert.pem", "min_days": 30})
    becomes(peer, "failing", "No such file or directory")
    path.write_text("nothing of the kind")
    eventually(lambda: only(peer)["message"] == "is no certificate")
    make_certificate(path, 20)
    eventually(lambda: only(peer)["message"] == "expires in 19 days, 30 are wanted")
    make_certificate(path, 40)
    becomes(peer, "ok", "is valid for 39 days")


def test_a_service_that_does_not_run(run, systemd):
    server, port = listener()
    systemd.add("app.service")
    peer = run({"service": "app", "type": "tcp", "address": "127.0.0.1", "port": port})
    becomes(peer, "ok", name="app")
    systemd.stop("app.service")
    server.close()
    check = becomes(peer, "unknown", "app isn't running", "app")
    assert check["duration_ms"] == 0
    assert service(peer, "app")["state"] == "inactive"
    eventually(lambda: events_of(peer, "app") == ["stopped"])

    with socket.create_server(("127.0.0.1", port)):
        systemd.start("app.service")
        becomes(peer, "ok", name="app")
    eventually(lambda: events_of(peer, "app") == ["stopped"])


def test_healing(run, systemd, device):
    server, port = listener()
    peer = run({"service": "web", "type": "tcp", "address": "127.0.0.1", "port": port,
                "heal": True, "heal_after": 2})
    becomes(peer, "ok", name="web")
    server.close()
    becomes(peer, "failing", name="web")
    assert systemd.restarts_of("web.service") == 0
    eventually(lambda: systemd.restarts_of("web.service") == 1, 4)
    assert len(device.journal.find(MESSAGE_ID=FAILED, UNBOX_UNIT="web.service")) == 1
    eventually(lambda: events_of(peer, "web") == ["failing", "failed", "restarted"])
    text = f"doesn't pass the tcp check of 127.0.0.1:{port}: Connection refused"
    assert peer.call("get_status")["events"][1]["message"] == f"web {text}"

    # In vain: the ladder's second step comes 5 s after the first.
    eventually(lambda: systemd.restarts_of("web.service") == 2, 8)
    with socket.create_server(("127.0.0.1", port)):
        becomes(peer, "ok", name="web")
        # Settled after 10 s.
        eventually(lambda: events_of(peer, "web")[-1] == "recovered", 13)
        assert service(peer, "web")["state"] == "active"
    assert systemd.restarts_of("web.service") == 2


def test_without_heal_nothing_is_restarted(run, systemd):
    server, port = listener()
    server.close()
    peer = run({"service": "web", "type": "tcp", "address": "127.0.0.1", "port": port})
    becomes(peer, "failing", name="web")
    time.sleep(4)
    assert systemd.restarts_of("web.service") == 0


def test_a_wrong_configuration_leaves_the_checks(run, device):
    peer = run({"type": "memory"})
    device.configure("health:\n  checks:\n    - {type: http}\n")
    device.daemon("healthd").reload()
    eventually(lambda: "health.checks.url: is missing" in device.journal.text())
    assert only(peer)["type"] == "memory" and only(peer)["state"] == "ok"


def test_many_checks_share_their_wake_ups(run, device):
    """A hundred cost a wake-up an interval, as one does; what a wake-up costs is another matter."""
    run(*[{"type": "memory", "interval_seconds": 2} for _ in range(100)])
    time.sleep(2)
    before = device.daemon("healthd").wake_ups()
    time.sleep(8)
    assert device.daemon("healthd").wake_ups() - before < 20


def test_descriptors_do_not_pile_up(run, device, page):
    peer = run({"type": "http", "url": f"http://127.0.0.1:{page.server_port}/"},
               {"type": "tcp", "address": "127.0.0.1", "port": page.server_port},
               {"type": "command", "command": ["/bin/true"]})
    pid = device.daemon("healthd").pid
    time.sleep(1.5)
    before = len(os.listdir(f"/proc/{pid}/fd"))
    time.sleep(4)
    assert len(os.listdir(f"/proc/{pid}/fd")) <= before + 4
    assert all(check["state"] == "ok" for check in checks_of(peer))
