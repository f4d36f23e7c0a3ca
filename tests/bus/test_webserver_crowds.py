# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad days of the page: crowds and dawdlers. Each attack has to leave an honest client served within a second, and every
test says what the attacker got."""

import socket
import threading
import time

import pytest

import peers
from harness import eventually
from hostile import (  # noqa: F401  pylint: disable=unused-import
    addresses, ALL, ALL_TLS, assert_honest_is_served, connections, Crowd, EACH, HONEST, many_descriptors, OURS,
    REQUEST_SEC, secure, web)
from web import Client


@pytest.mark.long
def test_thousands_of_connections(web, many_descriptors):
    with Crowd(web.port, many_descriptors, 40) as crowd:
        assert_honest_is_served(web)
        # All but so many are gone again, and the honest one was never among them. (Some of the crowd believe that
        # they are connected, whom the kernel has never let into its queue.)
        eventually(lambda: ALL / 2 < connections(web) <= ALL + 64, 60)
        assert_honest_is_served(web)
        crowd.say(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert_honest_is_served(web)
    eventually(lambda: connections(web) <= 1, 60)


def test_thousands_of_connections_of_one_address(web):
    with Crowd(web.port, 2000, 2000) as crowd:
        assert_honest_is_served(web)
        eventually(lambda: crowd.alive() <= EACH, 60)
        assert_honest_is_served(web)


@pytest.mark.long
def test_thousands_of_handshakes_that_are_not_finished(web, secure, many_descriptors):
    port = secure.getsockname()[1]
    with Crowd(port, min(3000, many_descriptors), 40) as crowd:
        # A ClientHello is announced, and doesn't come.
        crowd.say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        assert_honest_is_served(web, port)
        assert_honest_is_served(web)
        eventually(lambda: ALL_TLS / 2 < connections(web) <= ALL_TLS + 64, 60)
        # And those that are left have no more time than anybody, once the kernel has let them in.
        eventually(lambda: connections(web) <= 1, REQUEST_SEC + 150)
        assert_honest_is_served(web, port)


@pytest.mark.parametrize("beginning, byte", [
    (b"", b"G"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"a"),
    (b"PUT /api/v1/password HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
     b"Content-Length: 4000\r\n\r\n{", b" "),
], ids=["line", "headers", "body"])
def test_slowloris(web, beginning, byte):
    with Crowd(web.port, ALL, 40) as crowd:
        eventually(lambda: connections(web) > ALL / 2, 60)
        crowd.say(beginning)
        begin, slowest = time.monotonic(), 0
        while crowd.alive() > 0:
            crowd.say(byte)
            assert_honest_is_served(web)
            slowest = time.monotonic() - begin
            assert slowest < REQUEST_SEC + 45, "a byte now and then buys time"
        assert slowest > REQUEST_SEC / 2


def test_slow_readers(web):
    request = b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8
    with Crowd(web.port, 0, 1) as crowd:
        sources = addresses()
        for i in range(400):
            source = next(sources) if i % 40 == 0 else source
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            one.bind((source, 0))
            one.connect(("127.0.0.1", web.port))
            one.sendall(request)
            crowd.sockets.append(one)
        assert_honest_is_served(web)
        eventually(lambda: connections(web) >= 400, 30)
        assert_honest_is_served(web)
        for one in crowd.sockets:
            one.setblocking(False)
        # He who reads gets it all.
        crowd.sockets[0].setblocking(True)
        crowd.sockets[0].settimeout(20)
        received = b""
        while received.count(b"HTTP/1.1 200") < 8:
            received += crowd.sockets[0].recv(65536)


def test_peers_that_vanish(web):
    """As when a phone leaves the Wi-Fi: nobody says goodbye."""
    gone = []
    for i in range(100):
        one = socket.create_connection(("127.0.0.1", web.port), source_address=(f"127.3.{i % 5 + 1}.1", 0))
        if i % 2:
            one.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        gone.append(one)
    eventually(lambda: connections(web) >= 100, 30)
    for one in gone:
        one.setsockopt(socket.IPPROTO_TCP, 19, 1)  # TCP_REPAIR: it is closed without a word
        one.close()
    assert_honest_is_served(web)
    eventually(lambda: connections(web) <= 1, 60)


def test_pipelining(web):
    count = 3000
    request = f"GET /health HTTP/1.1\r\n{OURS}\r\n".encode()
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as connection:
        threading.Thread(target=connection.sendall, args=(request * count,), daemon=True).start()
        assert_honest_is_served(web)
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < count:
            chunk = connection.recv(1 << 20)
            assert chunk
            received += chunk
    assert received.count(b'"status":"healthy"') == count


def test_many_who_wait_for_a_stuck_daemon(web, serve, health):
    stuck = serve("user-network", {}, peers.SilentPeer)
    with Crowd(web.port, 400, 40) as crowd:
        eventually(lambda: connections(web) >= 400, 30)
        crowd.say(f"GET /api/v1/network HTTP/1.1\r\n{OURS}\r\n".encode())
        assert_honest_is_served(web)
        eventually(lambda: stuck.called("status"))
        assert Client(web.port, source=HONEST, headers=web.headers).ask("GET", "/api/v1/health")[0] == 200
        # Each is told, and none is let down.
        answers = []
        for one in crowd.sockets:
            one.setblocking(True)
            one.settimeout(30)
            answers.append(one.recv(65536)[9:12])
    assert set(answers) == {b"503"}
