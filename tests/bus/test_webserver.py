# SPDX-License-Identifier: LGPL-2.1-or-later
"""webserver on an inherited socket, with the other daemons as it finds them: well, gone, stuck, broken."""

import http.client
import json
import os
import signal
import socket

import pytest

import peers
from harness import eventually

JSON = {"Content-Type": "application/json"}


class Web:
    """The daemon and a client of it."""

    def __init__(self, device):
        self.device = device
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.daemon = device.start("webserver", sockets=[self.listener])

    def ask(self, method, path, body=None, headers=None):
        """Returns status, headers and the body; JSON is decoded."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        if isinstance(body, dict):
            body, headers = json.dumps(body), {**JSON, **(headers or {})}
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        data = response.read()
        if "json" in response.headers.get("Content-Type", ""):
            data = json.loads(data)
        connection.close()
        return response.status, response.headers, data

    def get(self, path):
        """What a request that has to succeed gives."""
        status, _, data = self.ask("GET", path)
        assert status == 200, data
        return data

    def raw(self, data):
        """Sends bytes as they are; returns all that comes back until the daemon closes."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            try:
                connection.sendall(data)
                while chunk := connection.recv(65536):
                    received += chunk
            except ConnectionError:
                pass  # hung up on before all was said
        return received

    def answers(self):
        """Whether it serves a new connection."""
        try:
            return self.get("/health")["status"] == "healthy"
        except (ConnectionError, http.client.HTTPException):
            return False


@pytest.fixture
def web(device):
    made = Web(device)
    yield made
    made.listener.close()


@pytest.fixture
def serve(device):
    """Starts fake daemons that end with the test."""
    made = []

    def start(name, answers, kind=peers.FakePeer):
        peer = kind(device.path(f"/run/unbox/{name}.sock"), answers)
        made.append(peer)
        return peer

    yield start
    for peer in made:
        if not peer.closed:
            peer.close()


@pytest.fixture
def network(serve):
    return serve("user-network", {
        "status": peers.NETWORK_STATUS,
        "networks": peers.NETWORKS,
        "scan": {"accepted": True},
        "connect": {"accepted": True},
        "forget": {"accepted": True},
        "radio": {"enabled": False},
    })


@pytest.fixture
def health(serve):
    return serve("healthd", {
        "get_status": peers.HEALTH_STATUS,
        "get_system": peers.SYSTEM,
        "restart_service": {"accepted": True},
        "factory_reset": {"accepted": True},
    })


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


def test_page_is_small(web):
    total = 0
    for path in ("/", "/style.css", "/parts.css", "/page.js", "/device.js", "/view.js", "/network.js", "/join.js",
                 "/health.js", "/system.js", "/icon.svg"):
        status, _, data = web.ask("GET", path, headers={"Accept-Encoding": "gzip"})
        assert status == 200
        total += len(data)
    assert total < 150_000


def test_passes_on_what_the_daemons_say(web, network, health):
    assert web.get("/api/v1/network") == peers.NETWORK_STATUS
    assert web.get("/api/v1/network/networks") == peers.NETWORKS
    assert web.get("/api/v1/health") == peers.HEALTH_STATUS
    assert web.get("/api/v1/system") == peers.SYSTEM


@pytest.mark.parametrize("method, path, body, asked, params", [
    ("POST", "network/scan", {}, "scan", None),
    ("POST", "network/forget", {}, "forget", None),
    ("POST", "network/connect", {"ssid": "HomeNet", "password": "hunter22"}, "connect",
     {"ssid": "HomeNet", "password": "hunter22"}),
    ("POST", "network/connect", {"ssid_hex": "ff00", "hidden": True}, "connect",
     {"ssid_hex": "ff00", "hidden": True}),
])
def test_accepts_changes_of_the_network(web, network, method, path, body, asked, params):
    status, _, answer = web.ask(method, f"/api/v1/{path}", body)
    assert (status, answer) == (202, {"accepted": True})
    assert network.called(asked) == [params]


def test_switches_the_radio(web, network):
    assert web.ask("PUT", "/api/v1/network/radio", {"enabled": False})[0] == 200
    assert network.called("radio") == [{"enabled": False}]


def test_restarts_a_service(web, health):
    status, _, _ = web.ask("POST", "/api/v1/health/restart", {"service": "NetworkManager"})
    assert status == 200
    assert health.called("restart_service") == [{"service": "NetworkManager"}]


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
    assert "asks to join a network" in device.log()
    assert "correct-horse" not in device.log()


@pytest.mark.parametrize("path, body, code", [
    ("network/connect", {"ssid": 5}, 422),
    ("network/connect", {"password": "x"}, 422),
    ("network/connect", {"ssid": "a", "ssid_hex": "61"}, 422),
    ("network/connect", {"ssid": "a", "extra": 1}, 422),
    ("network/scan", {"extra": 1}, 422),
    ("health/restart", {}, 422),
    ("network/connect", "[]", 400),
    ("network/connect", "", 400),
    ("network/connect", '{"ssid":', 400),
    ("network/connect", '{"ssid":"a","ssid":"b"}', 400),
    ("network/connect", '{"ssid":"\\u0000"}', 400),
    ("network/connect", b'{"ssid":"\xff\xfe"}', 400),
    ("network/connect", '{"ssid":' * 17 + "1" + "}" * 17, 400),
    ("network/connect", "[" * 4000, 400),
    ("network/connect", '{"ssid":"' + "a" * 5000 + '"}', 413),
])
def test_refuses_bad_bodies(web, network, health, path, body, code):
    status, headers, problem = web.ask("POST", f"/api/v1/{path}", body, JSON)
    assert status == code, problem
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == code and problem["detail"] and problem["code"]
    assert not network.calls and not health.calls


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
    assert not network.calls
    own = {**JSON, "Origin": f"http://127.0.0.1:{web.port}"}
    assert web.ask("POST", connect, body, own)[0] == 202


def test_knows_what_is_not_there(web):
    assert web.ask("GET", "/nothing")[0] == 404
    assert web.ask("GET", "/../etc/passwd")[0] == 404
    assert web.ask("GET", "/%2e%2e/etc/passwd")[0] == 404
    assert web.ask("GET", "/health%00.html")[0] == 400
    status, headers, _ = web.ask("DELETE", "/api/v1/network", headers=JSON)
    assert (status, headers["Allow"]) == (405, "GET")
    assert web.ask("POST", "/style.css", {})[0] in (405, 413)


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


def test_stops_with_a_request_open(web, serve, device):
    silent = serve("user-network", {}, peers.SilentPeer)
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
        connection.sendall(b"GET /api/v1/network HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: silent.called("status"))
        os.kill(web.daemon.pid, signal.SIGTERM)
        assert b" 503 " in connection.recv(4096)
    assert web.daemon.wait() == 0
    assert device.notify.seen("STOPPING")


REQUEST = b"POST /api/v1/network/connect HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 40000 + b"\r\n\r\n",
    REQUEST + b"Content-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    b"\r\n0\r\n\r\n",
    REQUEST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    REQUEST + b"Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n",
    REQUEST + b"Content-Type: application/json\r\nContent-Length: -1\r\n\r\n",
], ids=range(10))
def test_survives_what_is_no_request(web, network, data):
    received = web.raw(data)
    assert not received or received[9:10] in b"45", received
    assert not network.calls
    assert web.answers()


def test_sends_no_header_that_a_client_wrote(web, network):
    received = web.raw(b"GET /x%0d%0aSet-Cookie:%20a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 404") and b"Set-Cookie" not in received.split(b"\r\n\r\n")[0]


def test_one_address_cannot_take_all_connections(web):
    greedy = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(60)]
    served = []
    for connection in greedy:
        connection.settimeout(5)
        try:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            served.append(connection.recv(12))
        except OSError:
            served.append(b"")
    assert served.count(b"HTTP/1.1 200") == 48
    for connection in greedy:
        connection.close()
    eventually(web.answers)
