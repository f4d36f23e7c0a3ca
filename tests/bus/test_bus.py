# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd as the bus and the registry, and what happens to it on bad days."""

import contextlib
import json
import os
import signal
import socket
import time

import pytest

import cgroups
from fake_systemd1 import Systemd
from harness import Peer, eventually

needs_units = pytest.mark.skipif(not cgroups.available(), reason="the cgroup tree can't be written")

APP = {"name": "product-app", "version": "1", "description": "The product.",
       "capabilities": ["brew"], "topics": [
           {"name": "app.*"}, {"name": "app.alarm", "durable": True}]}


@pytest.fixture
def systemd(bus, device):
    device.path("/run/unbox/healthd").mkdir()
    device.path("/var/lib/unbox").mkdir()
    made = Systemd(bus)
    made.add("user-network.service")
    made.add("product-app.service")
    made.add("healthd.service")
    made.add("shutdown.target", ActiveState="inactive", SubState="dead", UnitFileState="static",
             ConditionTimestampMonotonic=0, InactiveExitTimestampMonotonic=0)
    yield made
    made.close()


@pytest.fixture
def connect(device):
    """Makes connections that are closed at the end."""
    made = []

    def _connect():
        made.append(device.connect("healthd"))
        return made[-1]

    yield _connect
    for peer in made:
        peer.close()


@contextlib.contextmanager
def as_user(device, uid):
    """Who connects meanwhile is this user."""
    device.root.chmod(0o755)
    device.path("/run/unbox/healthd.sock").chmod(0o666)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def subscribe(peer, *topics, since=None):
    params = {"topics": list(topics)}
    if since is not None:
        params["since"] = since
    return peer.call("subscribe", params)["seq"]


def until(peer, topic):
    """All events up to the first of this topic."""
    events = []
    while not events or events[-1]["event"] != topic:
        event = peer.receive()
        assert event is not None, events
        events.append(event)
    return events


def test_what_happens_to_a_service(systemd, healthd, connect, device):
    subscriber = connect()
    start = subscribe(subscriber, "health.*")
    systemd.kill("user-network.service", restarts=False)
    events = until(subscriber, "health.restarting")
    events += until(subscriber, "health.changed")

    failed = [e for e in events if e["event"] == "health.failed"][0]
    assert failed["data"] == {
        "service": "user-network", "unit": "user-network.service", "event": "failed",
        "message": "user-network was killed (SIGKILL)", "reason": "was killed (SIGKILL)"}
    numbers = [e["seq"] for e in events]
    assert numbers == sorted(set(numbers)) and numbers[0] > start
    assert {e["data"]["service"] for e in events} == {"user-network"}

    entry = device.journal.find(UNBOX_TOPIC="health.failed")[0]
    assert entry["UNBOX_SEQ"] == str(failed["seq"]) and entry["UNBOX_KEPT"] == "1"
    assert json.loads(entry["UNBOX_DATA"]) == failed["data"]
    following = device.journal.find(UNBOX_TOPIC="health.restarting")[0]
    assert following["UNBOX_PREVIOUS_SEQ"] == entry["UNBOX_SEQ"]


def test_what_was_missed(systemd, healthd, connect):
    seen = subscribe(connect(), "health.*")
    systemd.kill("user-network.service", restarts=False)
    eventually(lambda: healthd.call("get_health")["user-network"] == "active")
    late = connect()
    subscribe(late, "health.*", since=seen)
    events = [event["event"] for event in until(late, "health.restarting")]
    assert events == ["health.failed", "health.restarting"]
    # What isn't kept isn't told again, and nothing is said to be missing.

    old = connect()
    subscribe(old, "health.failed", since=1)
    gap = old.receive()
    assert gap["event"] == "gap" and gap["data"]["after"] == 1
    assert old.receive()["event"] == "health.failed"


def test_publish(healthd, connect):
    subscriber, other = connect(), connect()
    subscribe(subscriber, "kitchen.*")
    subscribe(other, "cellar.*")
    seq = healthd.call("publish", {"topic": "kitchen.kettle", "data": {"c": 99}})["seq"]
    assert subscriber.receive() == {"event": "kitchen.kettle", "data": {"c": 99}, "seq": seq}
    assert other.call("ping") == "pong"

    for topic in ("health.failed", "config.applied", "registry.registered", "gap", "dropped"):
        assert healthd.ask("publish", {"topic": topic})["error"]["code"] == "PERMISSION_DENIED"
    for params in ({}, {"topic": "a b"}, {"topic": "a.*"}, {"topic": 7}, {"topic": "a", "x": 1}):
        assert healthd.ask("publish", params)["error"]["code"] == "INVALID_PARAMS"


@needs_units
def test_register(systemd, healthd, connect):
    watcher = connect()
    subscribe(watcher, "registry.*")
    with cgroups.inside("product-app.service"):
        app = connect()
        assert app.call("register_service", APP) == {"ok": True}
        service = {**APP, "unit": "product-app.service"}
        assert watcher.receive()["data"] == service
        assert healthd.call("discover", {"name": "product-app"}) == service
        assert [s["name"] for s in healthd.call("list_services")] == ["healthd", "product-app"]

        # Its topics are its own now.
        assert healthd.ask("publish", {"topic": "app.on"})["error"]["code"] == "PERMISSION_DENIED"
        assert app.call("publish", {"topic": "app.on", "data": 1})["seq"] > 0

    systemd.kill("product-app.service", restarts=False)
    gone = watcher.receive()
    assert gone["event"] == "registry.unregistered"
    assert gone["data"] == {"name": "product-app", "unit": "product-app.service"}
    assert healthd.ask("discover", {"name": "product-app"})["error"]["code"] == "NOT_FOUND"


@needs_units
def test_an_impostor(healthd, connect):
    impostor = connect()
    assert impostor.ask("register_service", {"name": "user-network"})["error"]["code"] == (
        "PERMISSION_DENIED")
    with cgroups.inside("product-app.service"):
        other = connect()
        for name in ("user-network", "healthd", "product-ap", "product-app.service", ""):
            assert other.ask("register_service", {"name": name})["error"]["code"] == (
                "PERMISSION_DENIED")
        assert other.ask("unregister_service", {"name": "healthd"})["error"]["code"] == (
            "PERMISSION_DENIED")
    # He was of the unit when he connected, and isn't any more.
    assert other.ask("register_service", APP)["error"]["code"] == "PERMISSION_DENIED"
    assert [s["name"] for s in healthd.call("list_services")] == ["healthd"]


@needs_units
def test_a_number_that_is_another_process_by_now(healthd, connect, device):
    """The user whose process has connected is not the one whose process has its number when healthd looks."""
    with cgroups.inside("product-app.service"):
        os.kill(device.daemon("healthd").pid, signal.SIGSTOP)
        with as_user(device, 65534):
            other = connect()
        os.kill(device.daemon("healthd").pid, signal.SIGCONT)
        assert other.ask("register_service", APP)["error"]["code"] == "PERMISSION_DENIED"
        assert connect().call("register_service", APP) == {"ok": True}


@needs_units
def test_durable_topics_and_restart_of_healthd(healthd, connect, device):
    with cgroups.inside("product-app.service"):
        app = connect()
        app.call("register_service", APP)
        seen = app.call("publish", {"topic": "app.alarm", "data": "fire"})["seq"]
        app.call("publish", {"topic": "app.on", "data": 1})
        last = app.call("publish", {"topic": "app.alarm", "data": "water"})["seq"]
    entries = device.journal.find(UNBOX_TOPIC="app.alarm")
    assert [json.loads(e["UNBOX_DATA"]) for e in entries] == ["fire", "water"]
    assert not device.journal.find(UNBOX_TOPIC="app.on")

    late = connect()
    subscribe(late, "app.*", since=seen)
    assert late.receive() == {"event": "app.alarm", "data": "water", "seq": last}

    device.restart("healthd")
    again = connect()
    assert [s["name"] for s in again.call("list_services")] == ["healthd", "product-app"]
    assert subscribe(again, "app.*") > last


@needs_units
def test_too_many_kept(healthd, connect):
    with cgroups.inside("product-app.service"):
        app = connect()
        app.call("register_service", APP)
        codes = [app.ask("publish", {"topic": "app.alarm", "data": i}).get("error", {}).get("code")
                 for i in range(60)]
    assert codes[:50] == [None] * 50 and codes[-1] == "BUSY"


def test_one_who_never_reads(healthd, connect):
    sleeper, reader = connect(), connect()
    subscribe(sleeper, "t.*")
    subscribe(reader, "t.*")
    text = "x" * 8000
    slowest = 0
    for i in range(200):
        begin = time.monotonic()
        healthd.call("publish", {"topic": "t.a", "data": [i, text]})
        assert reader.receive()["data"][0] == i
        slowest = max(slowest, time.monotonic() - begin)
    events = []
    while (event := sleeper.receive()) is not None:
        events.append(event)
    assert events[-1]["event"] == "dropped" and events[-1]["data"]["reason"]
    assert [e["data"][0] for e in events[:-1]] == list(range(len(events) - 1))
    assert 0 < len(events) < 200
    assert slowest < 2


def test_a_thousand_clients(healthd, device):
    path = str(device.path("/run/unbox/healthd.sock"))
    clients = []
    answered = refused = 0
    try:
        for _ in range(1000):
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(10)
            client.connect(path)
            clients.append(client)
        for client in clients:
            with contextlib.suppress(ConnectionError):  # one too many is told so and closed
                client.sendall(b'{"id":1,"method":"ping"}\n')
            line = client.recv(4096)
            answered += b"pong" in line
            refused += b"BUSY" in line
    finally:
        for client in clients:
            client.close()
    # One is the fixture's.
    assert answered == 255
    assert answered + refused == 1000
    assert healthd.call("ping") == "pong"
    eventually(lambda: Peer(path).ask("ping").get("result") == "pong")


def test_nobody_keeps_root_out(healthd, connect, device):
    for uid in (65534, 65533):
        with as_user(device, uid):
            for _ in range(200):
                connect()
    assert connect().call("ping") == "pong"


DEEP = b'{"id":1,"method":"publish","params":{"topic":"t.a","data":' + b"[" * 30000 + b"]" * 30000 + b"}}"


@pytest.mark.parametrize("line, code", [
    (b"garbage", "PARSE_ERROR"),
    (bytes(range(1, 10)) + bytes(range(11, 256)), "PARSE_ERROR"),
    (b"\0", "PARSE_ERROR"),
    (b'{"id":1,"method":"subscribe","params":{"topics":["\xff"]}}', "PARSE_ERROR"),
    (DEEP, "PARSE_ERROR"),
    (b'{"id":1,"method":"subscribe","params":{"topics":["a..b"]}}', "INVALID_PARAMS"),
    (b'{"id":1,"method":"subscribe","params":{"topics":["*"],"since":1e300}}', "INVALID_PARAMS"),
    (b'{"id":1,"method":"discover","params":{"name":["x"]}}', "INVALID_PARAMS"),
], ids=["word", "bytes", "nul", "not-utf8", "deep", "topic", "since", "name"])
def test_garbage(healthd, connect, line, code):
    peer = connect()
    peer.send(line + b"\n")
    assert peer.receive()["error"]["code"] == code
    assert peer.call("ping") == "pong"


def test_a_line_too_long_and_half_a_line(healthd, connect):
    peer = connect()
    peer.send(b'"' + b"x" * (64 * 1024) + b'"\n')
    assert peer.receive()["error"]["code"] == "INVALID_REQUEST"
    assert peer.receive() is None

    half = connect()
    half.send(b'{"id":1,"meth')
    assert healthd.call("ping") == "pong"
    half.send(b'od":"ping"}\n')
    assert half.receive() == {"id": 1, "result": "pong"}

    gone = connect()
    gone.send(b'{"id":1,"method":"sub')
    gone.close()
    assert healthd.call("ping") == "pong"


def test_a_subscriber_comes_and_goes(healthd, connect):
    for _ in range(100):
        peer = connect()
        subscribe(peer, "health.*", since=1)
        peer.close()
    assert healthd.call("publish", {"topic": "t.a"})["seq"] > 0


def test_all_other_daemons_register(healthd, connect, device):
    """webserver is in no unit here: it is refused, and says so, and serves all the same."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        device.start("webserver", sockets=[listening])
        eventually(lambda: "does not register this service" in device.log())


def test_large_answers_come_sealed(systemd, device):
    """What more than fits into a line is read by unboxctl as any other answer."""
    for i in range(100):
        systemd.add(f"product-{i}.service", StatusText="x" * 800)
    device.configure("health:\n  units: ['product-*']\n")
    device.start("healthd")
    shown = device.run("healthd/unboxctl", "--json", "status")
    assert shown.returncode == 0, shown.stderr
    assert len(json.loads(shown.stdout)["services"]) > 100

    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(str(device.path("/run/unbox/healthd.sock")))
        peer.sendall(b'{"id":7,"method":"get_status"}\n')
        line, descriptors, _, _ = socket.recv_fds(peer, 65536, 4)
    answer = json.loads(line)
    assert answer["id"] == 7 and len(descriptors) == 1
    with open(descriptors[0], "rb") as sealed:
        text = sealed.read()
    assert len(text) == answer["sealed"] and len(json.loads(text)["services"]) > 100


def test_large_events(healthd, connect):
    """More than fits into a line reaches all who read; one who doesn't is dropped before it becomes too much."""
    one, other, sleeper = connect(), connect(), connect()
    for peer in (one, other, sleeper):
        subscribe(peer, "t.*")
    text = "x" * 1_000_000
    for i in range(8):
        seq = healthd.ask_large("publish", {"topic": "t.a", "data": [i, text]})["result"]["seq"]
        for peer in (one, other):
            assert peer.receive_sealed() == {"event": "t.a", "data": [i, text], "seq": seq}
    events = []
    while (event := sleeper.receive_sealed()) is not None:
        events.append(event)
    assert [e["data"][0] for e in events[:-1]] == [0, 1, 2, 3]
    assert events[-1]["event"] == "dropped"

    too_large = healthd.ask_large("publish", {"topic": "t.a", "data": text + text + text})
    assert too_large["error"]["code"] == "TOO_LARGE"
    assert healthd.call("publish", {"topic": "t.a", "data": 1})["seq"] > seq
    assert other.receive_sealed()["data"] == 1


@needs_units
def test_what_is_too_large_to_be_kept(healthd, connect):
    with cgroups.inside("product-app.service"):
        app = connect()
        app.call("register_service", APP)
        seen = subscribe(connect(), "app.*")
        refused = app.ask_large("publish", {"topic": "app.alarm", "data": "x" * 65279})
        assert refused["error"]["code"] == "TOO_LARGE" and "65280" in refused["error"]["message"]
        largest = "x" * 65278
        assert app.ask_large("publish", {"topic": "app.alarm", "data": largest})["result"]["seq"] > seen
    late = connect()
    subscribe(late, "app.*", since=seen)
    assert late.receive()["data"] == largest


def test_a_large_message_waits(healthd, connect):
    message = {"text": "m" * 200_000}
    sent = healthd.ask_large("queue_send", {"queue": "mail", "message": message})["result"]["id"]
    assert connect().ask_sealed("queue_receive", {"queue": "mail"}) == {
        "id": sent, "message": message, "attempt": 1}
    full = healthd.ask_large("queue_send", {"queue": "mail", "message": "m" * 100_000})
    assert full["error"]["code"] == "QUEUE_FULL"


def test_a_queue(healthd, connect, device):
    consumer = connect()
    first = healthd.call("queue_send", {"queue": "mail", "message": {"to": "you"}})["id"]
    device.restart("healthd")
    sender, consumer = connect(), connect()
    got = consumer.call("queue_receive", {"queue": "mail"})
    assert got == {"id": first, "message": {"to": "you"}, "attempt": 1}
    assert consumer.call("queue_receive", {"queue": "mail"}) is None
    assert consumer.call("queue_ack", {"queue": "mail", "id": first}) == {"ok": True}
    assert consumer.ask("queue_ack", {"queue": "mail", "id": first})["error"]["code"] == "NOT_FOUND"

    # One who waits is given what comes; one who has gone isn't.
    gone = connect()
    gone.send(b'{"id":1,"method":"queue_receive","params":{"queue":"mail","wait":60}}\n')
    assert sender.call("ping") == "pong"
    gone.close()
    consumer.send(b'{"id":"w","method":"queue_receive","params":{"queue":"mail","wait":60}}\n')
    assert sender.call("ping") == "pong"
    second = sender.call("queue_send", {"queue": "mail", "message": 2})["id"]
    assert second > first
    assert consumer.receive() == {"id": "w", "result": {"id": second, "message": 2, "attempt": 1}}

    codes = [sender.ask("queue_send", {"queue": "full", "message": i}).get("error", {}).get("code")
             for i in range(257)]
    assert codes[-2:] == [None, "QUEUE_FULL"]
    for params in ({"queue": "../x", "message": 1}, {"queue": "x"}, {"queue": 7, "message": 1}):
        assert sender.ask("queue_send", params)["error"]["code"] == "INVALID_PARAMS"
    # Who still waits when healthd ends is answered.
    consumer.send(b'{"id":"w","method":"queue_receive","params":{"queue":"mail","wait":60}}\n')
    assert sender.call("ping") == "pong"
