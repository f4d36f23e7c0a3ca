# SPDX-License-Identifier: LGPL-2.1-or-later
"""/events: what browsers are told as it happens, and what they are told when they missed something."""

import socket

import pytest

from harness import eventually
from web import PASSWORD, Browser, Client, Stream

SEQ = 1790000000000
CHANGED = {"service": "product", "unit": "product.service", "state": "failed", "before": "active"}


@pytest.fixture
def bus(serve):
    return serve("healthd", {"subscribe": {"seq": SEQ}})


@pytest.fixture
def listen(request):
    """Opens streams that end with the test; the first thing that each says is left in `hello`."""
    def start(client, path="/events", **headers):
        stream = Stream(client, path, {name.replace("_", "-"): value for name, value in headers.items()})
        request.addfinalizer(stream.close)
        if stream.status == 200:
            topic, stream.hello = stream.next()
            assert topic == "hello"
        return stream
    return start


def make_token(owner, *scopes):
    made = owner.ask("POST", "/api/v1/tokens", {"name": "a script", "scopes": scopes})[2]
    return made["id"], Client(owner.port, headers={"Authorization": f"Bearer {made['token']}"})


def subscriptions(bus):
    """Those of this module: webserver's registration is another connection."""
    return [params for params in bus.called("subscribe") if "*" in params["topics"]]


def test_tells_what_happens(owner, bus, listen):
    first, second = listen(owner), listen(owner)
    assert first.headers["Content-Type"] == "text/event-stream"
    assert first.headers["Cache-Control"] == "no-store"
    assert first.hello == {"gap": False, "live": True}
    bus.publish("health.changed", CHANGED, SEQ + 1)
    bus.publish("network.join", {"step": "associating"}, SEQ + 2)
    for stream in (first, second):
        assert stream.next() == ("health.changed", CHANGED)
        assert stream.next() == ("network.join", {"step": "associating"})
        assert stream.last_id.startswith(f"{SEQ + 2}-0-")
    # For all browsers one.
    assert len(subscriptions(bus)) == 1


def test_nobody_listens_for_nobody(owner, bus):
    assert owner.ask("GET", "/api/v1/tokens")[0] == 200
    assert not subscriptions(bus)


def test_who_may_listen(web, owner, bus, listen):
    assert listen(Client(web.port)).status == 401
    _, reader = make_token(owner, "read")
    of_reader, of_owner = listen(reader), listen(owner)
    bus.publish("product.secret", 1, SEQ + 1)
    make_token(owner, "read")
    bus.publish("health.changed", CHANGED, SEQ + 2)
    assert of_reader.next() == ("health.changed", CHANGED)
    assert of_owner.next() == ("product.secret", 1)
    assert of_owner.next() == ("tokens.changed", None)


def test_goes_on_where_it_was_left(owner, bus, listen):
    stream = listen(owner)
    bus.publish("health.changed", CHANGED, SEQ + 1)
    assert stream.next()
    bus.publish("network.scan", {"scanning": True}, SEQ + 5)
    bus.publish("network.scan", {"scanning": False}, SEQ + 6)
    eventually(lambda: listen(owner, f"/events?since={stream.last_id}").next() == ("network.scan", {"scanning": True}))
    again = listen(owner, Last_Event_ID=stream.last_id)
    assert again.hello == {"gap": False, "live": True}
    assert [again.next()[1] for _ in range(2)] == [{"scanning": True}, {"scanning": False}]


def test_says_that_something_is_missing(owner, bus, listen):
    stream = listen(owner)
    for n in range(300):
        bus.publish("health.changed", n, SEQ + 1 + n)
    for n in range(300):
        assert stream.next() == ("health.changed", n)
    process = stream.last_id.split("-")[2]
    gone = listen(owner, Last_Event_ID=f"{SEQ + 3}-0-{process}")
    assert gone.hello["gap"] and gone.next() == ("health.changed", 300 - 256)
    for nonsense in ("0", "x", f"{SEQ}-0-", "-1-0-1", f"{SEQ + 900}-0-{process}"):
        assert listen(owner, Last_Event_ID=nonsense).hello["gap"]


def test_a_restart_asks_the_bus_for_what_it_has_kept(owner, web, bus, listen):
    stream = listen(owner)
    bus.publish("health.failed", {"service": "product"}, SEQ + 1)
    assert stream.next()
    web.start()
    assert stream.next() is None
    again = listen(owner, Last_Event_ID=stream.last_id)
    # What isn't kept may be missing.
    assert again.hello["gap"]
    eventually(lambda: len(subscriptions(bus)) == 2)
    assert subscriptions(bus)[1]["since"] == SEQ + 1
    bus.publish("health.recovered", {"service": "product"}, SEQ + 2)
    assert again.next() == ("health.recovered", {"service": "product"})


def test_a_bus_that_goes_and_comes(owner, serve, bus, listen):
    stream = listen(owner)
    bus.publish("health.changed", CHANGED, SEQ + 1)
    assert stream.next() == ("health.changed", CHANGED)
    bus.close()
    assert stream.next() == ("lost", None)
    assert not listen(owner).hello["live"]
    other = serve("healthd", {"subscribe": {"seq": SEQ + 9}})
    assert stream.next() == ("gap", None)
    assert subscriptions(other)[0]["since"] == SEQ + 1
    other.publish("gap", {"after": SEQ + 1, "before": SEQ + 8})
    assert stream.next() == ("gap", {"after": SEQ + 1, "before": SEQ + 8})
    assert listen(owner).hello["live"]


def test_without_a_bus(owner, listen):
    stream = listen(owner)
    assert stream.next() == ("lost", None)
    make_token(owner, "read")
    assert stream.next() == ("tokens.changed", None)


@pytest.mark.parametrize("end", [
    lambda owner: owner.ask("DELETE", "/api/v1/session", headers={"Content-Type": "application/json"}),
    lambda owner: owner.submit("/logout"),
    lambda owner: Browser(owner.port, headers=dict(owner.headers)).ask(
        "PUT", "/api/v1/password", {"current": PASSWORD, "password": "battery staple"},
        {"X-CSRF-Token": owner.csrf}),
], ids=["logout", "form", "password"])
def test_ends_with_the_login(owner, bus, listen, end):
    stream = listen(owner)
    end(owner)
    assert stream.next() is None
    assert listen(owner).status == 401


def test_ends_with_the_access_token(owner, bus, listen):
    made, script = make_token(owner, "read")
    viewer = Browser(owner.port)
    token = script.headers["Authorization"].split()[1]
    assert viewer.log_in(token)[0] == 200
    streams = [listen(script), listen(viewer)]
    of_owner = listen(owner)
    owner.ask("DELETE", f"/api/v1/tokens/{made}", headers={"Content-Type": "application/json"})
    for stream in streams:
        assert stream.next() is None
    assert of_owner.next() == ("tokens.changed", None)


def test_listening_is_no_use_of_the_login(owner, web, bus, listen):
    before = (web.folder / "sessions.json").read_text()
    listen(owner)
    web.start()
    assert (web.folder / "sessions.json").read_text() == before


def test_there_are_only_so_many(owner, web, bus, listen):
    streams = [listen(owner) for _ in range(8)]
    refused = listen(owner)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
    assert refused.problem() == "too_many_streams"
    # Whoever hangs up makes room at once.
    streams[0].close()
    eventually(lambda: listen(owner).status == 200)
    _, script = make_token(owner, "read")
    assert listen(script).status == 200


def test_who_does_not_read_holds_nobody_up(owner, bus, listen):
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", owner.port))
    slow.sendall(f"GET /events HTTP/1.1\r\nHost: localhost\r\nCookie: {owner.headers['Cookie']}\r\n\r\n".encode())
    fast = listen(owner)
    text = "x" * 50_000
    for n in range(200):
        bus.publish("health.changed", [n, text], SEQ + 1 + n)
        assert fast.next() == ("health.changed", [n, text])
    # Hung up on: it gets less than there was, and then the end.
    slow.settimeout(10)
    received = 0
    try:
        while chunk := slow.recv(65536):
            received += len(chunk)
    except ConnectionError:
        pass
    assert received < 200 * 50_000
    slow.close()
