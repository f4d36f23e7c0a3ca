# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who asks too often waits, whatever he asks for; and nobody is sent in circles."""

import socket

import pytest

from harness import eventually
from hostile import statuses
from own_addresses import addresses, HOTSPOT, NEIGHBOUR, PHONE, STATUS, WIFI  # noqa: F401  pylint: disable=unused-import
from web import Client, Web


@pytest.fixture
def web(device):
    made = Web(device, "0.0.0.0")
    made.start()
    yield made
    made.listener.close()


def flood(port, request):
    """A phone asks 600 times, as fast as it can; returns the statuses."""
    end = request.replace("\r\n", "\r\nConnection: close\r\n", 1)
    received = b""
    with socket.create_connection((HOTSPOT, port), source_address=(PHONE, 0), timeout=60) as phone:
        phone.sendall((request * 599 + end).encode())
        while chunk := phone.recv(1 << 20):
            received += chunk
    assert received.count(b"Retry-After: 1\r\n") == received.count(b"HTTP/1.1 429 ")
    return statuses(received)


@pytest.mark.parametrize("request_line, status", [
    ("GET /health", 200), ("GET /", 200), ("DELETE /api/v1/network", 401), ("GET /nothing", 401), ("POST /health", 401)])
def test_who_asks_too_often_waits(web, network, request_line, status):
    phone, other = Client(web.port, HOTSPOT, PHONE), Client(web.port, WIFI, NEIGHBOUR)
    # What is refused counts too.
    answers = flood(web.port, f"{request_line} HTTP/1.1\r\nHost: {HOTSPOT}\r\nContent-Type: application/json\r\n\r\n")
    assert len(answers) == 600 and set(answers) == {status, 429} and answers.index(429) >= 200
    assert other.ask("GET", "/health")[0] == 200
    assert web.ask("GET", "/health")[0] == 200
    eventually(lambda: phone.ask("GET", "/health")[0] == 200)


def test_the_portal_has_a_bucket_too(device, network):
    device.path("/var/lib/unbox/web").mkdir(parents=True)
    page, port_80 = socket.create_server(("0.0.0.0", 0)), socket.create_server((HOTSPOT, 0))
    device.start("webserver", sockets=[port_80, page], environment={"LISTEN_FDNAMES": "portal:webserver.socket"})
    port = port_80.getsockname()[1]
    answers = flood(port, "GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.example\r\n\r\n")
    assert len(answers) == 600 and set(answers) == {302, 429} and answers.index(429) >= 200
    other = Client(port, HOTSPOT, NEIGHBOUR, described=False)
    assert other.ask("GET", "/generate_204")[0] == 302
    page.close()
    port_80.close()


@pytest.mark.parametrize("name", ["unbox 7f3a", "unbox-7f3a.", "a/b", "a\r\nX: b", "ü", "x" * 65])
def test_a_name_that_no_browser_can_use_leads_nowhere_for_ever(serve, web, name):
    told = serve("user-network", {"status": {**STATUS, "hostname": name}})
    eventually(lambda: web.ask("GET", "/", headers={"Host": "evil.example"}) and told.called("status"))
    for _ in range(20):
        status, headers, _ = web.ask("GET", "/", headers={"Host": "evil.example"})
        assert (status, headers["Location"]) == (302, f"http://127.0.0.1:{web.port}/")
