# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad days of the page: liars, guests of yesterday, and daemons that talk nonsense. Each has to leave an honest client served
within a second, and every test says what the attacker got."""

import contextlib
import json
import os
import re
import socket
import ssl
import time

import pytest

import peers
from hostile import (  # noqa: F401  pylint: disable=unused-import
    assert_honest_is_served, many_descriptors, OURS, secure, statuses, web)
from web import JSON, TOKEN, Browser, Client


# --- What is no request ---


def close_after(request):
    return request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


@pytest.mark.parametrize("data", [
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /?" + b"a=b&" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 1_000_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"unbox=a; " * 10_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: " + b"a" * 14_000 + b"\r\n\r\n",
    b"A" * 1_000_000,
    b"\r\n" * 100_000,
    b"\0" * 100_000,
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Type: "
    b"application/x-www-form-urlencoded\r\nContent-Length: 10000000\r\n\r\n" + b"a" * 1_000_000,
    b"PUT /api/v1/password HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b"a" * 0x8000 + b"\r\n" + b"8000\r\n" * 1000,
    b"PUT /api/v1/https/certificate HTTP/1.1\r\n" + OURS.encode() + b"Content-Type: application/json\r\n"
    b"Content-Length: 66000\r\n\r\n" + b"a" * 66_000,
], ids=["path", "query", "fields", "field", "cookies", "host", "line", "lines", "nul", "form", "chunks", "body"])
def test_oversized(web, data):
    received = Client(web.port).raw(close_after(data) if b" HTTP/1.1\r\n" in data else data)
    # A name that is not the device's leads to the device's own, however long it is.
    assert all(400 <= code < 500 or code == 302 and b"aaa" not in received for code in statuses(received)), received[:200]
    assert len(set(statuses(received))) <= 1
    assert_honest_is_served(web)


BAD_TEXT = [b"\xff\xfe", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x00", b"\x1b[2J", b"\x7f"]


@pytest.mark.parametrize("text", BAD_TEXT, ids=[text.hex() for text in BAD_TEXT])
def test_bad_text_everywhere(web, network, text):
    quoted = b"".join(b"%%%02x" % byte for byte in text)
    form = b"password=" + quoted
    for request in (
            b"GET /" + text + b" HTTP/1.1\r\n" + OURS.encode() + b"\r\n",
            b"GET /" + quoted + b" HTTP/1.1\r\n" + OURS.encode() + b"\r\n",
            b"GET /api/v1/network?" + quoted + b"=" + text + b" HTTP/1.1\r\n" + OURS.encode() + b"\r\n",
            b"GET /api/v1/tokens/" + quoted + b" HTTP/1.1\r\n" + OURS.encode() + b"\r\n",
            b"GET / HTTP/1.1\r\nHost: " + text + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n" + text + b": a\r\n\r\n",
            b"GET /api/v1/network HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + text + b"\r\n\r\n",
            b"GET /api/v1/network HTTP/1.1\r\nHost: localhost\r\nCookie: unbox=" + text + b"\r\n\r\n",
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(form) + form,
    ):
        received = Client(web.port).raw(close_after(request))
        head = received.split(b"\r\n\r\n")[0]
        assert all(code < 500 for code in statuses(received)), (request, received)
        assert text not in head or text == b"\x00", (request, head)


def test_bad_json_at_every_depth(web, network):
    """A good body cut, and spoilt, at every byte of sixteen levels."""
    whole = ('{"a":[' * 8 + "1" + "]}" * 8).encode()
    bodies = [whole[:i] for i in range(len(whole))]
    bodies += [whole[:i] + bad + whole[i + 1:] for i in range(len(whole)) for bad in (b"\xff", b"\\", b"}")]
    bodies += [b'{"a":' * depth + b"1" + b"}" * depth for depth in (1, 15, 16, 17, 400)]
    bodies += [b"[" * depth for depth in (1, 16, 2000)] + [b'{"a":1e999}', b'{"a":-}', b'{"a":"\\ud800"}', b'{"":1}']
    connection = Client(web.port).connect()
    for body in bodies:
        connection.request("POST", "/api/v1/network/connect", body, {**JSON, **web.headers})
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        assert answer.status in (400, 422) and problem["code"] in ("bad_json", "invalid_params"), (body, problem)
    connection.close()
    assert not network.called("connect")


@pytest.mark.parametrize("path", [
    "/../../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/....//....//etc/passwd",
    "/..%5c..%5cetc%5cpasswd", "/%252e%252e%252fetc%252fpasswd", "//etc/passwd", "/./../etc/passwd",
    "/style.css/../../etc/passwd", "/style.css%00/../etc/passwd", "/api/v1/../../etc/passwd", "/..;/etc/passwd",
    "/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/../etc/passwd", "\\..\\etc\\passwd",
    "*", "", "/api/v1/network/../session", "/API/V1/NETWORK", "/api/v1/network/", "/login.html/../api/v1/network",
])
def test_path_traversal(web, network, path):
    """Nothing but what is in the program's tables, and no login is gone around."""
    for headers in ("Host: localhost\r\n", OURS):
        received = Client(web.port).raw(f"GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n".encode())
        assert b"root:" not in received
        assert all(code in (400, 401, 404, 405) for code in statuses(received)), received[:200]


SMUGGLED = b"GET /api/v1/smuggled HTTP/1.1\r\n" + OURS.encode() + b"\r\n"
HEAD = b"POST /api/v1/network/scan HTTP/1.1\r\n" + OURS.encode() + b"Content-Type: application/json\r\n"


@pytest.mark.parametrize("data", [
    HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    HEAD + b"Content-Length: 2\r\nContent-Length: 70\r\n\r\n{}",
    HEAD + b"Content-Length: 2, 70\r\n\r\n{}",
    HEAD + b"Content-Length: +2\r\n\r\n{}",
    HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    HEAD + b"Content-Length: 2 \x0b\r\n\r\n{}",
    HEAD + b"Content-Length : 2\r\n\r\n{}",
    HEAD + b"Content-Length: 18446744073709551618\r\n\r\n{}",
    HEAD + b"Content-Length: -2\r\n\r\n{}",
    HEAD + b"Content-Length:\r\n\r\n{}",
    HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    HEAD + b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    # A line that goes on: libmicrohttpd adds it to the name of its header.
    HEAD + b"Content-Lengt: 2\r\n h\r\n\r\n{}",
    HEAD + b"Transfer-Encodin: chunked\r\n\tg\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    HEAD + b"X: y\nContent-Length: 2\r\n\r\n{}",
    HEAD + b"X: y\rContent-Length: 2\r\n\r\n{}",
    HEAD + b"X: y\0\r\nContent-Length: 2\r\n\r\n{}",
    HEAD + b"Content-Length: 2\0 70\r\n\r\n{}",
    HEAD + b"Content-Length: 2\r\n\n{}\r\n\r\n",
    HEAD.replace(b"/scan ", b"/scan\0 ") + b"Content-Length: 2\r\n\r\n{}",
    HEAD.replace(b" HTTP/1.1", b" HTTP/1.1 HTTP/1.1") + b"Content-Length: 2\r\n\r\n{}",
    HEAD.replace(b"POST ", b"POST  ") + b"Content-Length: 2\r\n\r\n{}",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff2\r\n{}\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n",
])
def test_where_a_request_ends_is_never_two_things(web, network, data):
    """A proxy and this server must not find different ends: what is doubtful ends the connection."""
    received = Client(web.port).raw(data + SMUGGLED)
    # libmicrohttpd says the head of its own refusals twice, and hangs up.
    assert len(statuses(received)) <= 2 and len(set(statuses(received))) <= 1, received
    assert all(400 <= code < 500 for code in statuses(received)), received
    assert b"smuggled" not in received and b" 404 " not in received
    assert not network.called("scan")


@pytest.mark.parametrize("data, status", [
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n z\r\n\r\n", 400),
    (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
    (b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 401),
    (b"DELETE /health HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n", 401),
    (b"POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Length: 5000\r\n"
     b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + b"a" * 5000, 413),
    (b"POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Length: 1\r\n\r\n{", 415),
], ids=lambda value: str(value)[:40])
def test_refusals_are_problems(web, data, status):
    head, _, body = Client(web.port).raw(close_after(data)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), head
    assert b"\r\nContent-Type: application/problem+json" in head and b"\r\nContent-Security-Policy: " in head
    assert json.loads(body)["status"] == status


@pytest.mark.parametrize("data, status", [
    (b"GET /marker HTTP/2.0\r\nHost: marker\r\n\r\n", 505),
    (b"GET /marker HTTP/0.9\r\nHost: marker\r\n\r\n", 505),
    (b"GET /marker marker\r\nHost: marker\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: marker\r\nmarker\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: marker\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
    (b"GET /" + b"marker" * 10_000, 414),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"marker" * 10_000, 431),
    # It keeps a copy of the cookies.
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"marker" * 1500 + b"\r\n\r\n", 431),
    (b"marker\r\n\r\n", None),
], ids=lambda value: str(value)[:40])
def test_what_the_library_refuses_by_itself(web, data, status):
    """There is no hook for the words (common/http-check.c): but they are nobody else's, and it is the end."""
    received = Client(web.port).raw(data)
    assert set(statuses(received)) == ({status} if status else set()), received[:200]
    assert b"marker" not in received and b"Set-Cookie" not in received
    assert_honest_is_served(web)


def test_two_hosts_are_none(web):
    for hosts in (b"Host: localhost\r\nHost: evil.example\r\n", b"Host: evil.example\r\nHost: localhost\r\n",
                  b"Host: localhost evil.example\r\n", b"Host: localhost, evil.example\r\n", b"Host: localhost#@evil\r\n"):
        received = Client(web.port).raw(b"GET /api/v1/session HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
        assert statuses(received) in ([400], [302]), received
        assert b"evil" not in received


@pytest.mark.parametrize("where", ["path", "query", "host", "origin", "etag"])
@pytest.mark.parametrize("injected", ["\r\nX-Injected: 1", "\nX-Injected: 1", "\r\n\r\n<script>", "%0d%0aX-Injected:%201"])
def test_headers_are_not_written_by_clients(web, network, where, injected):
    lines = {"path": "/", "query": "", "host": "evil.example", "origin": "http://localhost", "etag": '"a"'}
    lines[where] += injected
    received = Client(web.port).raw((
        f"GET {lines['path']}?{lines['query']} HTTP/1.1\r\nHost: {lines['host']}\r\nOrigin: {lines['origin']}\r\n"
        f"If-None-Match: {lines['etag']}\r\nConnection: close\r\n\r\n").encode())
    for head in re.findall(rb"HTTP/1\.1 \d\d\d .*?\r\n\r\n", received, re.DOTALL):
        assert b"injected" not in head.lower() and b"<script>" not in head, received


def test_methods_that_are_none(web):
    for method in ("TRACE", "CONNECT", "OPTIONS", "PATCH", "PROPFIND", "get", "G\x01T", "A" * 5000):
        received = Client(web.port).raw(f"{method} / HTTP/1.1\r\n{OURS}Max-Forwards: 0\r\nConnection: close\r\n\r\n".encode())
        assert all(400 <= code < 600 and code != 500 for code in statuses(received)), (method, received)
        assert TOKEN.encode() not in received


# --- The daemons behind it ---


class OddPeer(peers.FakePeer):
    """Answers with whatever `line` makes of the request's id."""

    line = None

    def answer(self, request):
        return self.line(request["id"])


@pytest.mark.parametrize("line", [
    lambda number: b"\0" * 100 + b"\n",
    lambda number: b"{" * 60_000 + b"\n",
    lambda number: json.dumps({"id": number, "result": "a" * 70_000}).encode() + b"\n",
    lambda number: json.dumps({"id": number, "result": {"a": 1}}).encode(),
    lambda number: json.dumps({"id": "another", "result": {}}).encode() + b"\n",
    lambda number: json.dumps({"id": number}).encode() + b"\n",
    lambda number: json.dumps({"id": number, "error": 7}).encode() + b"\n",
    lambda number: json.dumps({"id": number, "error": {"code": "\r\nX: y", "message": "\x1b[2J"}}).encode() + b"\n",
    lambda number: json.dumps({"id": number, "result": [[[[]]]]}).encode() + b"\n",
    lambda number: b'{"id":%s,"result":{"a":"\xff"}}\n' % json.dumps(number).encode(),
    lambda number: b"\n" * 1000,
], ids=["nul", "open", "long", "half", "other", "empty", "error", "codes", "array", "utf8", "lines"])
def test_a_daemon_that_talks_nonsense_harms_nobody(web, serve, health, line):
    odd = serve("user-network", {}, OddPeer)
    odd.line = line
    begin = time.monotonic()
    status, headers, problem = web.ask("GET", "/api/v1/network")
    assert status in (502, 503) and "X" not in headers, problem
    assert problem["status"] == status
    assert time.monotonic() - begin < 20
    assert web.get("/api/v1/health") == peers.HEALTH_STATUS
    assert_honest_is_served(web)


# --- Who was here before ---


def test_stale_sessions(web, network):
    (web.folder / "password").unlink()
    (web.folder / "tokens.json").unlink()
    web.headers.clear()
    web.start()
    browser, other = Browser(web.port), Browser(web.port)
    assert browser.set_first_password("correct horse")[0] == 200
    assert other.log_in("correct horse")[0] == 200
    csrf = other.csrf
    # Everybody else is logged out when the password changes.
    assert browser.ask("PUT", "/api/v1/password", {"current": "correct horse", "password": "battery staple"})[0] == 200
    for method, path in (("GET", "/api/v1/network"), ("POST", "/api/v1/network/scan")):
        assert other.ask(method, path, {} if method == "POST" else None)[0] == 401
    assert other.get("/api/v1/session")["logged_in"] is False
    # The page itself is there for him, and so is the login.
    assert other.ask("GET", "/")[0] == other.ask("GET", "/login.html")[0] == 200
    assert other.log_in("battery staple")[0] == 200
    # A tab from before has a CSRF token that is none any more.
    assert other.ask("POST", "/api/v1/network/scan", {}, {"X-CSRF-Token": csrf})[2]["code"] == "bad_csrf"
    # After a reset of the device the cookie is nobody's.
    for name in os.listdir(web.folder):
        (web.folder / name).unlink()
    web.start()
    assert other.ask("GET", "/api/v1/network")[0] == 401
    assert other.get("/api/v1/session")["password_set"] is False


def test_cookies_that_are_guessed(web, network):
    for value in ("0" * 64, "a" * 64, "A" * 65, "", "0" * 5000, "../../etc/passwd", '"' + "0" * 64 + '"'):
        status, _, problem = Client(web.port, headers={"Cookie": f"unbox={value}"}).ask("GET", "/api/v1/network")
        assert (status, problem["code"]) == (401, "not_logged_in")


# --- TLS ---


def test_records_that_are_no_handshake(web, secure):
    port = secure.getsockname()[1]
    for data in (b"\x16\x03\x01\xff\xff" + b"a" * 70_000, b"\x16\x03\x01\x00\x00" * 1000, b"\x15\x03\x03\x00\x02\x02\x28",
                 b"\x80\x2e\x01\x00\x02", b"\x17\x03\x03\x00\x05hello", os.urandom(4096),
                 b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03" * 100):
        Client(port).raw(data + b"\n")
        assert_honest_is_served(web, port)


def test_garbage_after_the_handshake(web, secure):
    port = secure.getsockname()[1]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for data in (b"\x00" * 5000, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00" * 100):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
            with context.wrap_socket(plain, do_handshake_on_connect=True) as connection:
                # Past the encryption: straight onto the socket.
                os.write(connection.fileno(), data)
                with contextlib.suppress(OSError):
                    while connection.recv(4096):
                        pass
        assert_honest_is_served(web, port)
