# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad days of /events: a thousand who listen, links that are slow, connections that are only half there. Whatever they
do, the page is there for an honest client, and what happened reaches everybody who can take it."""

import pathlib
import re
import socket
import threading
import time

import pytest

from harness import eventually
from hostile import (  # noqa: F401  pylint: disable=unused-import
    addresses, assert_honest_is_served, connections, Crowd, EACH, HONEST, many_descriptors, OURS, REQUEST_SEC, secure, STREAMS,
    STREAMS_EACH, STREAMS_PER_ADDRESS, STREAMS_SPARE, TLS_STREAMS, web)
from web import TOKEN, Browser, Client, OverTls, Stream

LISTEN = f"GET /events HTTP/1.1\r\n{OURS}\r\n".encode()
SEQ = 1790000000000
LINK = 1_000_000 / 8  # bytes a second


@pytest.fixture
def bus(serve):
    return serve("healthd", {"subscribe": {"seq": SEQ}})


def memory(daemon):
    """In KiB, as much of it as is in memory."""
    status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


class Listeners(Crowd):
    """Each asks for the events, and keeps what it is told."""

    def __init__(self, web, count):
        super().__init__(web.port, count, STREAMS_EACH)
        eventually(lambda: connections(web) >= count, 60)
        self.told = [b""] * count
        self.say(LISTEN)

    def have(self, text):
        """Whether all have been told that."""
        for i, one in enumerate(self.sockets):
            try:
                while chunk := one.recv(65536):
                    self.told[i] += chunk
            except BlockingIOError:
                pass
        return all(text in told for told in self.told)


def refusal(client):
    stream = Stream(client)
    assert stream.status == 429 and stream.headers["Retry-After"] == "30"
    return stream.problem()


def test_a_thousand_listen(web, bus):
    count = STREAMS - STREAMS_SPARE
    assert count == 1000
    before = memory(web.daemon)
    script = Client(web.port, source=HONEST, headers=web.headers)
    with Listeners(web, count) as crowd:
        eventually(lambda: crowd.have(b'"topic":"hello"'), 60)
        print(f"{(memory(web.daemon) - before) / count:.1f} KiB for each stream, with the sanitizers")
        # No more for the login that has so many, but for others; and the page is there for everybody.
        assert refusal(script) == "too_many_streams"
        viewer = Browser(web.port, source=HONEST)
        assert viewer.log_in(TOKEN)[0] == 200
        other = Stream(viewer)
        assert other.next()[0] == "hello"
        assert_honest_is_served(web)
        assert "unbox_web_event_streams 1001\n" in script.get("/metrics").decode()
        bus.publish("health.changed", {"service": "product"}, SEQ + 1)
        assert other.next() == ("health.changed", {"service": "product"})
        eventually(lambda: crowd.have(b'"topic":"health.changed"'), 60)
        other.close()
    # Whoever hangs up makes room.
    eventually(lambda: connections(web) <= 1, 60)
    again = Stream(script)
    assert again.next()[0] == "hello"
    again.close()


def test_one_address_has_a_few(web, bus):
    def listen(address, headers):
        streams.append(Stream(Client(web.port, source=address, headers=headers)))
        assert streams[-1].next()[0] == "hello"

    streams, shared = [], "127.5.0.1"
    for _ in range(STREAMS_EACH):
        listen(shared, web.headers)
    assert refusal(Client(web.port, source=shared, headers=web.headers)) == "too_many_streams"
    listen("127.5.0.2", web.headers)
    # Several logins at one address leave room for what they want to ask.
    for i in range(STREAMS_PER_ADDRESS - STREAMS_EACH):
        if i % STREAMS_EACH == 0:
            viewer = Browser(web.port, source=shared)
            assert viewer.log_in(TOKEN)[0] == 200
        listen(shared, viewer.headers)
    viewer = Browser(web.port, source=shared)
    assert viewer.log_in(TOKEN)[0] == 200
    assert refusal(viewer) == "too_many_streams"
    assert 2 * STREAMS_PER_ADDRESS <= EACH and Client(web.port, source=shared).ask("GET", "/")[0] == 200
    for stream in streams:
        stream.close()


def test_streams_over_tls_leave_room_for_requests(web, secure, bus):
    port, sources, streams = secure.getsockname()[1], addresses(), []
    for i in range(TLS_STREAMS - STREAMS_SPARE):
        source = next(sources) if i % STREAMS_EACH == 0 else source
        streams.append(Stream(OverTls(port, source=source, headers=web.headers)))
        assert streams[-1].status == 200
    assert refusal(OverTls(port, source=HONEST, headers=web.headers)) == "too_many_streams"
    assert_honest_is_served(web, port)
    # Over plain HTTP there are others.
    plain = Stream(Client(web.port, source=HONEST, headers=web.headers))
    assert plain.next()[0] == "hello"
    for stream in (*streams, plain):
        stream.close()


def test_slow_links_miss_nothing_and_hold_nobody_up(web, bus):
    """1 Mbit/s each: as much as they can take is published, more than the daemon remembers."""
    count, text = 100, "x" * 5000
    fast = Stream(Client(web.port, source=HONEST, headers=web.headers))
    assert fast.next()[0] == "hello"
    slow = Crowd(web.port, 3 * STREAMS_EACH, STREAMS_EACH)
    for one in slow.sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    eventually(lambda: connections(web) > 3 * STREAMS_EACH, 30)
    # Not in chunks, which would begin anywhere.
    slow.say(LISTEN.replace(b"HTTP/1.1", b"HTTP/1.0"))
    told, tick, begin, published, waited = [b""] * len(slow.sockets), threading.Event(), time.monotonic(), 0, []
    while any(one.count(b'"health.changed"') < count for one in told):
        allowed = int((time.monotonic() - begin) * LINK)
        assert allowed < 60 * LINK, "events are missing"
        for i, one in enumerate(slow.sockets):
            try:
                if allowed > len(told[i]):
                    told[i] += one.recv(allowed - len(told[i])) or b"the end"
            except BlockingIOError:
                pass
        if published < count and published * len(text) < 0.8 * allowed:
            sent = time.monotonic()
            bus.publish("health.changed", [published, text], SEQ + 1 + published)
            assert fast.next() == ("health.changed", [published, text])
            waited.append(time.monotonic() - sent)
            published += 1
        tick.wait(0.005)
    for one in told:
        assert [int(n) for n in re.findall(rb'"data":\[(\d+),', one)] == list(range(count)) and b"the end" not in one
    assert sorted(waited)[count // 2] < 1
    assert_honest_is_served(web)
    slow.close()
    fast.close()


def test_a_stream_for_who_wants_the_head_alone(web, bus):
    assert Client(web.port, headers=web.headers).ask("HEAD", "/events")[0] == 200
    eventually(lambda: "unbox_web_event_streams 0\n" in web.get("/metrics").decode())


@pytest.mark.parametrize("path", ["/health", "/api/v1/health"])
def test_who_has_said_all_still_gets_his_answer(web, bus, path):
    """He has shut his half of the connection down: with an answer at once, and with one that another daemon has."""
    bus.answers["get_status"] = {"services": {}}
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as one:
        one.sendall(f"GET {path} HTTP/1.1\r\n{OURS}\r\n".encode())
        one.shutdown(socket.SHUT_WR)
        # libmicrohttpd may notice only at the end of the idle time: he is not hung up on before.
        received = b""
        while not received.endswith(b"}"):
            received += one.recv(65536) or b"the end"
    assert received.startswith(b"HTTP/1.1 200 ") and b"the end" not in received


def test_halves_of_connections_end(web, bus):
    """Nothing, half a request, half a body, a stream: and then no more from them, though they would still read."""
    halves = [b"", b"GET / HTTP/1.1\r\nHost: local", f"POST /api/v1/network/scan HTTP/1.1\r\n{OURS}".encode()
              + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{", LISTEN]
    ends = []
    for i in range(100):
        one = socket.create_connection(("127.0.0.1", web.port), source_address=(f"127.4.{i % 25 + 1}.1", 0), timeout=30)
        one.sendall(halves[i % len(halves)])
        ends.append(one)
    eventually(lambda: connections(web) >= 100, 30)
    for one in ends:
        one.shutdown(socket.SHUT_WR)
    assert_honest_is_served(web)
    eventually(lambda: connections(web) <= 1, REQUEST_SEC + 15)
    for one in ends:
        one.close()
