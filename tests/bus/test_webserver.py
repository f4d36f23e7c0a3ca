# SPDX-License-Identifier: LGPL-2.1-or-later
"""webserver on an inherited socket, with the other daemons as it finds them: well, gone, stuck, broken."""

import os
import signal
import socket

import pytest

import peers
from harness import eventually
from web import JSON, TOKEN, Client, Web


def changes(peer):
    """What it was asked to do: not what webserver asks it, and says of itself, at any time."""
    return [name for name, _ in peer.calls if name not in ("status", "subscribe", "register_service")]


@pytest.fixture
def web(device):
    made = Web(device)
    made.allow_script()
    made.start()
    yield made
    made.listener.close()


def test_reports_what_it_serves(web, device):
    eventually(lambda: device.notify.status == f"serving the page on port {web.port}, no connections")
    with socket.create_connection(("127.0.0.1", web.port)):
        eventually(
            lambda: device.notify.status == f"serving the page on port {web.port}, 1 connection")
    eventually(lambda: device.notify.status == f"serving the page on port {web.port}, no connections")


def test_refuses_to_start_without_a_socket(device):
    daemon = device.start("webserver", ready=False)
    assert daemon.wait() == 2
    assert "webserver.socket" in device.notify.status


def test_says_that_it_is_alive(web):
    answer = web.get("/health")
    assert answer["status"] == "healthy"
    assert answer["timestamp"].endswith("Z")


def test_serves_the_page_compressed_and_once(web):
    status, headers, page = web.ask("GET", "/")
    assert status == 200 and b"<!DOCTYPE html>" in page
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers
    status, headers, packed = web.ask("GET", "/", headers={"Accept-Encoding": "gzip, br"})
    assert headers["Content-Encoding"] == "gzip" and len(packed) < len(page)
    status, _, empty = web.ask(
        "GET", "/", headers={"Accept-Encoding": "gzip", "If-None-Match": headers["ETag"]})
    assert (status, empty) == (304, b"")


# What each asks for after joining a Wi-Fi, and the answer that would satisfy it.
PROBES = [
    ("connectivitycheck.gstatic.com", "/generate_204"),           # Android: a 204
    ("www.google.com", "/gen_204"),
    ("captive.apple.com", "/hotspot-detect.html"),                # iOS, macOS: the word Success
    ("www.apple.com", "/library/test/success.html"),
    ("www.msftconnecttest.com", "/connecttest.txt"),              # Windows: its own text
    ("www.msftconnecttest.com", "/redirect"),
    ("www.msftncsi.com", "/ncsi.txt"),
    ("detectportal.firefox.com", "/success.txt?ipv4"),            # Firefox: the word success
    ("detectportal.firefox.com", "/canonical.html"),
    ("nmcheck.gnome.org", "/check_network_status.txt"),           # GNOME: NetworkManager is online
    ("unbox-7f3a", "/"),
    ("10.42.0.1", "/api/v1/network"),
]


@pytest.fixture
def portal(device):
    """Somebody at the hotspot's port 80, handed over first, and at the page beside it."""
    page = socket.create_server(("127.0.0.1", 0))
    port_80 = socket.create_server(("127.0.0.2", 0))
    device.start("webserver", sockets=[port_80, page],
                 environment={"LISTEN_FDNAMES": "portal:webserver.socket"})
    yield Client(port_80.getsockname()[1], "127.0.0.2", described=False), Client(page.getsockname()[1])
    port_80.close()
    page.close()


@pytest.mark.parametrize("host, path", PROBES)
def test_probe_leads_to_the_page(portal, host, path):
    port_80, page = portal
    for method in ("GET", "HEAD", "POST"):
        status, headers, data = port_80.ask(method, path, headers={"Host": host, "Content-Length": "0"})
        assert (status, data) == (302, b""), (method, data)
        # By address: what name the device has, a phone may not believe.
        assert headers["Location"] == f"http://127.0.0.2:{page.port}/"
        assert headers["Cache-Control"] == "no-store"


def test_nobody_is_led_astray_on_the_page_s_own_port(portal, network, device):
    port_80, page = portal
    assert device.notify.status == f"serving the page on port {page.port}, no connections"
    own = page.learn_name()
    for host, path in PROBES[:-2]:
        status, headers, data = page.ask("GET", path, headers={"Host": host})
        assert (status, headers["Location"], data) == (302, own, b""), path
    # Under its own name and address it is the page, and its API for whoever logs in.
    for host, path in PROBES[-2:]:
        assert page.ask("GET", path, headers={"Host": host})[0] == (401 if path.startswith("/api/") else 200)
    # And neither API nor login is on the other.
    for path in ("/api/v1/network", "/api/v1/session", "/login.html"):
        assert port_80.ask("GET", path, headers={"Host": "10.42.0.1"})[0] == 302
    assert not changes(network)


def test_portal_alone_is_no_page(device):
    with socket.create_server(("127.0.0.2", 0)) as port_80:
        daemon = device.start("webserver", sockets=[port_80], ready=False,
                              environment={"LISTEN_FDNAMES": "portal"})
        assert daemon.wait() == 1
    assert "webserver-portal.socket" in device.log()


def test_portal_that_is_none_costs_nothing_else(device):
    with socket.create_server(("127.0.0.1", 0)) as page, \
            socket.create_server(("::1", 0), family=socket.AF_INET6) as odd:
        device.start("webserver", sockets=[odd, page],
                     environment={"LISTEN_FDNAMES": "portal:webserver.socket"})
        assert Client(page.getsockname()[1]).ask("GET", "/health")[0] == 200
    assert "no IPv4 address" in device.log()


LABEL = {"ssid": "BOX", "password": "k7mq-9ecb-2xwd", "qr": "WIFI:T:WPA;S:BOX;P:k7mq-9ecb-2xwd;;",
         "svg": '<svg xmlns="http://www.w3.org/2000/svg"/>'}


def test_own_wifi(web, network):
    assert web.ask("GET", "/api/v1/network/hotspot.svg")[0] == 502
    network.answers.update(hotspot_label=LABEL, hotspot={"enabled": True})
    assert web.get("/api/v1/network/hotspot") == LABEL
    status, headers, data = web.ask("GET", "/api/v1/network/hotspot.svg")
    assert (status, headers["Content-Type"], data.decode()) == (200, "image/svg+xml", LABEL["svg"])
    assert headers["Cache-Control"] == "no-store"
    assert web.ask("PUT", "/api/v1/network/hotspot", {"enabled": True})[0] == 202
    assert network.called("hotspot") == [{"enabled": True}]
    assert web.ask("PUT", "/api/v1/network/hotspot", {"enabled": "yes"})[0] == 422
    network.answers["hotspot"] = ValueError("ONLY_WAY", "It is the only way.")
    status, _, problem = web.ask("PUT", "/api/v1/network/hotspot", {"enabled": False})
    assert status >= 400 and problem["code"] == "only_way"
    network.answers["hotspot_label"] = {}
    assert web.ask("GET", "/api/v1/network/hotspot.svg")[0] == 502


def test_where_the_page_is(web, network):
    label = {"url": "http://unbox-7f3a.local:5000/", "svg": "<svg/>"}
    network.answers["page_label"] = label
    assert web.get("/api/v1/network/page") == label
    status, headers, data = web.ask("GET", "/api/v1/network/page.svg")
    assert (status, headers["Content-Type"], data) == (200, "image/svg+xml", b"<svg/>")
    assert headers["Cache-Control"] == "no-store"
    network.answers["page_label"] = {"url": "x"}
    assert web.ask("GET", "/api/v1/network/page.svg")[0] == 502


def test_country(web, network):
    network.answers["country"] = lambda params: {"code": params["code"]}
    assert web.ask("PUT", "/api/v1/network/country", {"code": "CA"})[2] == {"code": "CA"}
    assert network.called("country") == [{"code": "CA"}]
    assert web.ask("PUT", "/api/v1/network/country", {"code": 7})[0] == 422


COMPANY = {
    "ssid": "Company", "security": "tls", "hidden": True, "priority": 3, "identity": "device@example.org",
    "anonymous_identity": "anonymous", "domain": "radius.example.org", "client_key_password": "s3cret",
    # Three of the largest that are taken.
    **{name: "-----BEGIN" + 16_000 * "a" for name in ("ca_certificate", "client_certificate", "client_key")},
    "address": "192.0.2.7/24", "gateway": "192.0.2.1", "dns": ["192.0.2.1", "192.0.2.2"]}


def test_passes_on_what_the_daemons_say(web, network, health):
    assert web.get("/api/v1/network") == peers.NETWORK_STATUS
    assert web.get("/api/v1/network/networks") == peers.NETWORKS
    assert web.get("/api/v1/health") == peers.HEALTH_STATUS
    assert web.get("/api/v1/system") == peers.SYSTEM


@pytest.mark.parametrize("method, path, body, asked, params", [
    ("POST", "network/forget", {}, "forget", {}),
    ("POST", "network/forget", {"ssid_hex": "ff00"}, "forget", {"ssid_hex": "ff00"}),
    ("PUT", "network/priority", {"ssid": "HomeNet", "priority": 7}, "set_priority", {"ssid": "HomeNet", "priority": 7}),
    ("PUT", "network/wired", {"method": "dhcp"}, "set_wired", {"method": "dhcp"}),
    ("PUT", "network/wired", {"method": "static", "address": "192.0.2.7/24", "gateway": "", "dns": ["192.0.2.1"]},
     "set_wired", {"method": "static", "address": "192.0.2.7/24", "gateway": "", "dns": ["192.0.2.1"]}),
])
def test_accepts_changes_of_the_network(web, network, method, path, body, asked, params):
    status, _, answer = web.ask(method, f"/api/v1/{path}", body)
    assert (status, answer) == (202, {"accepted": True})
    assert network.called(asked) == [params]


def test_joins_what_wants_a_login(web, network):
    assert web.ask("POST", "/api/v1/network/connect", COMPANY)[0] == 202
    assert network.called("connect") == [COMPANY]


def test_switches_the_radio(web, network):
    assert web.ask("PUT", "/api/v1/network/radio", {"enabled": False})[0] == 200
    assert network.called("radio") == [{"enabled": False}]


def test_confirms_the_wire_with_the_address_that_was_reached(web, network):
    path = "/api/v1/network/wired/confirm"
    assert web.ask("POST", path, {"address": "192.0.2.7"})[0] == 422
    assert web.ask("POST", path, {}, {"Host": "192.0.2.7"})[0] == 200
    assert network.called("confirm_wired") == [{"address": "127.0.0.1"}]


def test_what_the_wire_refuses_is_told(web, network):
    network.answers["set_wired"] = ValueError("INVALID_PARAMS", "The gateway is not in the network of the address.")
    status, _, problem = web.ask("PUT", "/api/v1/network/wired", {"method": "static", "address": "192.0.2.7/24"})
    assert status == 422 and "gateway" in problem["detail"]
    network.answers["confirm_wired"] = ValueError("WRONG_ADDRESS", "Open the page there.")
    status, _, problem = web.ask("POST", "/api/v1/network/wired/confirm", {})
    assert (status, problem["code"]) == (409, "wrong_address")


def test_restarts_a_service(web, health):
    status, _, _ = web.ask("POST", "/api/v1/health/restart", {"service": "NetworkManager"})
    assert status == 200
    assert health.called("restart_service") == [{"service": "NetworkManager"}]


def test_restarts_the_device(web, health):
    health.answers["reboot"] = {"ok": True}
    assert web.ask("POST", "/api/v1/system/reboot", {"now": True})[0] == 422
    assert not health.called("reboot")
    assert web.ask("POST", "/api/v1/system/reboot", {})[0] == 202
    assert health.called("reboot") == [None]


@pytest.mark.parametrize("hostname, name", [
    ("unbox-7f3a", "unbox-7f3a"), ('evil"\r\nX-Evil: 1', "evil"), ("../../etc/passwd", ""), (None, "")])
def test_diagnostics_are_a_file(web, health, hostname, name):
    document = {"system": {"hostname": hostname}, "logs": {"webserver": [{"message": "é" * 5000}]}}
    health.answers["diagnostics"] = document
    status, headers, data = web.ask("GET", "/api/v1/system/diagnostics")
    assert (status, data) == (200, document)
    assert headers["Content-Disposition"] == f'attachment; filename="diagnostics-{name}.json"'
    assert headers["Cache-Control"] == "no-store" and "X-Evil" not in headers


def test_diagnostics_that_there_are_none_of(web, health):
    health.answers["diagnostics"] = ValueError("BUSY", "diagnostics are being gathered already; try again later")
    status, headers, problem = web.ask("GET", "/api/v1/system/diagnostics")
    assert (status, problem["code"]) == (409, "busy") and "Content-Disposition" not in headers


def test_resets_only_with_the_name_typed(web, health):
    path = "/api/v1/system/factory-reset"
    status, _, problem = web.ask("POST", path, {"confirm": "something"})
    assert (status, problem["code"]) == (422, "not_confirmed")
    assert web.ask("POST", path, {})[0] == 422
    assert not health.called("factory_reset")
    assert web.ask("POST", path, {"confirm": "unbox-7f3a"})[0] == 202
    assert health.called("factory_reset") == [None]


def test_password_is_in_no_log(web, network, device):
    web.ask("POST", "/api/v1/network/connect", {"ssid": "HomeNet", "password": "correct-horse"})
    eventually(lambda: "asks to join a network" in device.log())
    assert "correct-horse" not in device.log()


@pytest.mark.parametrize("path, body, code", [
    ("network/connect", {"ssid": 5}, 422),
    ("network/connect", {"password": "x"}, 422),
    ("network/connect", {"ssid": "a", "ssid_hex": "61"}, 422),
    ("network/connect", {"ssid": "a", "extra": 1}, 422),
    ("network/scan", {"extra": 1}, 422),
    ("network/wired/confirm", {"extra": 1}, 422),
    ("health/restart", {}, 422),
    ("network/connect", "[]", 400),
    ("network/connect", "", 400),
    ("network/connect", '{"ssid":', 400),
    ("network/connect", '{"ssid":"a","ssid":"b"}', 400),
    ("network/connect", '{"ssid":"\\u0000"}', 400),
    ("network/connect", b'{"ssid":"\xff\xfe"}', 400),
    ("network/connect", '{"ssid":' * 17 + "1" + "}" * 17, 400),
    ("network/connect", "[" * 4000, 400),
    ("network/connect", '{"ssid":"' + "a" * 65000 + '"}', 413),
    ("network/connect", '{"ssid":"x","dns":[],"ca":"x"}', 422),
    ("network/connect", '{"ssid":"x","client_key":7}', 422),
    ("network/forget", '{"ssid":"x","ssid_hex":"78"}', 422),
    ("network/forget", '{"all":true}', 422),
])
def test_refuses_bad_bodies(web, network, health, path, body, code):
    status, headers, problem = web.ask("POST", f"/api/v1/{path}", body, JSON)
    assert status == code, problem
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == code and problem["detail"] and problem["code"]
    assert not changes(network) and not changes(health)


@pytest.mark.parametrize("priority", [-1, 1000, 2 ** 32 + 7, 2 ** 63 - 1])
@pytest.mark.parametrize("method, path", [("PUT", "priority"), ("POST", "connect")])
def test_refuses_a_priority_that_is_none(web, network, method, path, priority):
    """Also where it would be one after so many bits of it were dropped."""
    status, _, problem = web.ask(method, f"/api/v1/network/{path}", {"ssid": "HomeNet", "priority": priority})
    assert (status, problem["code"], problem["detail"]) == (422, "invalid_params", "A priority is a number from 0 to 999.")
    assert not changes(network)


def test_refuses_what_another_page_could_send(web, network):
    connect = "/api/v1/network/connect"
    body = '{"ssid":"a"}'
    for headers, code in [
            ({}, 415),
            ({"Content-Type": "text/plain"}, 415),
            ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
            ({**JSON, "Origin": "http://evil.example"}, 403),
            ({**JSON, "Origin": "null"}, 403),
            ({**JSON, "Origin": f"http://127.0.0.1:{web.port + 1}"}, 403),
            ({**JSON, "Origin": f"http://127.0.0.1:{web.port}.evil.example"}, 403),
    ]:
        assert web.ask("POST", connect, body, headers)[0] == code, headers
    assert not changes(network)
    own = {**JSON, "Origin": f"http://127.0.0.1:{web.port}"}
    assert web.ask("POST", connect, body, own)[0] == 202


def test_knows_what_is_not_there(web):
    assert web.ask("GET", "/nothing")[0] == 404
    assert web.ask("GET", "/../etc/passwd")[0] == 404
    assert web.ask("GET", "/%2e%2e/etc/passwd")[0] == 404
    assert web.ask("GET", "/health%00.html")[0] == 400
    status, headers, _ = web.ask("DELETE", "/api/v1/network", headers=JSON)
    assert (status, headers["Allow"]) == (405, "GET")
    # Who may not change a thing isn't told more.
    assert web.ask("POST", "/style.css", {})[0] == 403


def test_daemons_that_are_gone(web):
    for path, who in [("network", "network service"), ("health", "health service")]:
        status, headers, problem = web.ask("GET", f"/api/v1/{path}")
        assert (status, problem["code"]) == (503, "service_unavailable")
        assert who in problem["detail"] and "Retry-After" in headers
    system = web.get("/api/v1/system")
    assert system["hostname"] is None and system["uptime_seconds"] > 0


def test_daemon_that_comes_later(web, serve):
    assert web.ask("GET", "/api/v1/network")[0] == 503
    serve("user-network", {"status": peers.NETWORK_STATUS})
    assert web.get("/api/v1/network") == peers.NETWORK_STATUS


def test_daemon_that_restarts(web, serve):
    first = serve("user-network", {"status": peers.NETWORK_STATUS})
    web.get("/api/v1/network")
    first.close()
    serve("user-network", {"status": peers.NETWORK_STATUS})
    eventually(lambda: web.ask("GET", "/api/v1/network")[0] == 200)


def test_name_from_whoever_is_there(web, network):
    assert web.get("/api/v1/system")["hostname"] == "unbox-7f3a"


def test_daemon_that_is_stuck(web, serve, health):
    serve("user-network", {}, peers.SilentPeer)
    status, _, problem = web.ask("GET", "/api/v1/network")
    assert (status, problem["code"]) == (503, "service_slow")
    # Nobody else waits for it.
    assert web.get("/api/v1/health") == peers.HEALTH_STATUS


def test_daemon_that_talks_nonsense(web, serve):
    serve("user-network", {}, peers.GarbledPeer)
    status, _, problem = web.ask("GET", "/api/v1/network")
    assert status in (502, 503) and "network service" in problem["detail"]
    serve("healthd", {"get_status": ["not", "an", "object"]})
    status, _, problem = web.ask("GET", "/api/v1/health")
    assert (status, problem["code"]) == (502, "bad_answer")


@pytest.mark.parametrize("code, status", [
    ("INVALID_PARAMS", 422), ("NOT_FOUND", 404), ("BUSY", 409), ("PERMISSION_DENIED", 403),
    ("NOT_READY", 409), ("RESTART_FAILED", 502),
])
def test_passes_on_why_not(web, serve, code, status):
    serve("healthd", {"restart_service": ValueError(code, "for a good reason")})
    answer = web.ask("POST", "/api/v1/health/restart", {"service": "x"})
    assert answer[0] == status
    assert answer[2]["code"] == code.lower() and answer[2]["detail"] == "for a good reason"


OURS = f"Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"


def test_stops_with_a_request_open(web, serve, device):
    silent = serve("user-network", {}, peers.SilentPeer)
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
        connection.sendall(f"GET /api/v1/network HTTP/1.1\r\n{OURS}\r\n".encode())
        eventually(lambda: silent.called("status"))
        os.kill(web.daemon.pid, signal.SIGTERM)
        assert b" 503 " in connection.recv(4096)
    assert web.daemon.wait() == 0
    assert device.notify.seen("STOPPING")


@pytest.mark.parametrize("peer, path", [
    ("user-network", "/network.html"), ("user-network", "/join.html"), ("user-network", "/hotspot.html"),
    ("healthd", "/system.html"), ("healthd", "/health.html"), ("healthd", "/metrics"), ("healthd", "/factory.html")])
def test_stops_while_a_page_waits(web, serve, peer, path):
    """What it has of the page goes with it, and whoever waits is told."""
    silent = serve(peer, {}, peers.SilentPeer)
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{OURS}\r\n".encode())
        eventually(lambda: silent.calls)
        os.kill(web.daemon.pid, signal.SIGTERM)
        assert b"HTTP/1.1 " in connection.recv(4096)
    assert web.daemon.wait() == 0


REQUEST = f"POST /api/v1/network/connect HTTP/1.1\r\n{OURS}Connection: close\r\n".encode()


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 40000 + b"\r\n\r\n",
    REQUEST + b"Content-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    b"\r\n0\r\n\r\n",
    REQUEST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    REQUEST + b"Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n",
    REQUEST + b"Content-Type: application/json\r\nContent-Length: -1\r\n\r\n",
], ids=range(10))
def test_survives_what_is_no_request(web, network, data):
    received = web.raw(data)
    assert not received or received[9:10] in b"45", received
    assert not changes(network)
    assert web.answers()


def test_sends_no_header_that_a_client_wrote(web, network):
    received = web.raw(f"GET /x%0d%0aSet-Cookie:%20a HTTP/1.1\r\n{OURS}Connection: close\r\n\r\n".encode())
    assert received.startswith(b"HTTP/1.1 404") and b"Set-Cookie" not in received.split(b"\r\n\r\n")[0]


def test_one_address_cannot_take_all_connections(web):
    greedy = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(60)]
    served = []
    for connection in greedy:
        connection.settimeout(5)
        try:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            served.append(connection.recv(12))
        except OSError:
            served.append(b"")
    assert served.count(b"HTTP/1.1 200") == 48
    for connection in greedy:
        connection.close()
    eventually(web.answers)
