# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Factory tab on the page: labels and lists of a real bench, as a browser gets them, with and without a script, and
whatever else the tab offers, through the real identserver and the real webserver."""

import csv
import http.client
import io
import json
import socket

import pytest

import factory
import openapi
from factory import new_bench, operator  # noqa: F401  pylint: disable=unused-import
from harness import eventually
from pages import Page
from peers import FakePeer
from web import Browser, Web

LABELS = "/api/v1/documents/identserver/labels"
LIST = "/api/v1/documents/identserver/export_csv"

CONFIG = "hotspot: {ssid: 'Box <%s> & more', password_per_device: true, password_secret: ours}\n"


@pytest.fixture
def health(new_bench):
    made = FakePeer(new_bench.host.path("/run/unbox/healthd.sock"), {
        "register_service": {}, "subscribe": {"seq": 1}, "publish": {"seq": 1}})
    yield made
    made.close()


@pytest.fixture
def bench(new_bench, health):
    """It has registered itself."""
    new_bench.host.configure(CONFIG)
    new_bench.start()
    registered, = eventually(lambda: health.called("register_service"))
    service = {**registered, "unit": "identserver.service"}
    health.answers.update(list_services=[service], discover=lambda params: service if params["name"] == "identserver"
                          else ValueError("NOT_FOUND", "nobody of that name"))
    return new_bench


@pytest.fixture
def web(bench):
    made = Web(bench.host)
    made.allow_script()
    made.start()
    yield made
    made.listener.close()


@pytest.fixture
def tab(web):
    [service] = web.get("/api/v1/services")["services"]
    return service["tab"]


def enrol(bench, *serials):
    for serial in serials:
        device = factory.Scripted(bench, serial)
        device.enrolled()
        device.hang_up()


def open_page(client, path, language="en"):
    """As a browser opens it that runs no script."""
    status, headers, data = client.ask("GET", path, headers={"Accept-Language": language})
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8"), data
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    page = Page(data.decode())
    assert page.inline == [], "the policy lets nothing of that kind in"
    assert all(path.startswith("/") for path in page.loaded)
    for path in page.loaded:
        assert client.ask("GET", path)[0] == 200
    return page


def refused(answer):
    status, _, problem = answer
    return status, problem["code"]


# --- Labels ---


def test_labels_of_a_batch(bench, web, operator):
    enrol(bench, *(f"S{i:02}" for i in range(25)))
    assert factory.Scripted(bench, "BEGUN").enroll()[0] == 201
    page = open_page(web, f"{LABELS}?batch=default")
    assert (page.tags.count("section"), page.tags.count("article"), page.tags.count("svg")) == (2, 25, 25)
    assert "BEGUN" not in page.text and "Box <S07> & more" in page.text
    labels = operator.call("labels", {"serial": "S00,S12"})["labels"]
    for label in labels:
        assert label["hostname"] in page.text and label["password"] in page.text
    assert "/labels.css" in page.loaded


def test_labels_of_certain_devices(bench, web):
    enrol(bench, "S1", "S2", "S3")
    page = open_page(web, f"{LABELS}?batch=&serial=S3%2C+S1")
    assert page.tags.count("article") == 2 and "S2" not in page.text
    assert page.text.index("S1") < page.text.index("S3")


def test_the_code_on_a_label_is_the_one_for_this_device(bench, web, operator):
    """Drawn by the page, which takes no markup from a service, and the same all the same."""
    enrol(bench, "S1")
    label, = operator.call("labels")["labels"]
    assert label["svg"] in web.ask("GET", LABELS)[2].decode()


def test_no_labels(bench, web):
    page = open_page(web, f"{LABELS}?batch=none")
    assert page.tags.count("article") == page.tags.count("section") == 0
    assert "There is no device here that has its identity" in page.text


def test_labels_in_french(bench, web):
    enrol(bench, "S1")
    page = open_page(web, LABELS, "fr-CA")
    assert page.language == "fr" and "Numéro de série" in page.text and "Mot de passe" in page.text
    assert "Password" not in page.text


def test_many_labels_come_whole(bench, web):
    factory.add_devices(bench, 400)
    page = open_page(web, f"{LABELS}?batch=B8")
    assert (page.tags.count("section"), page.tags.count("article")) == (17, 400)


# --- Lists ---


def test_the_list_of_a_batch(bench, web):
    enrol(bench, "S1", "S2")
    factory.add_devices(bench, 1005)
    status, headers, data = web.ask("GET", f"{LIST}?batch=B8")
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert headers["Content-Disposition"] == 'attachment; filename="devices.csv"'
    assert headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert [row["serial"] for row in rows] == [f"N{i:04}" for i in range(1, 1006)]
    every = web.ask("GET", LIST)[2]
    assert every.decode() == bench.host.run("healthd/unboxctl", "factory", "export").stdout.replace("\n", "\r\n")
    assert len(every.splitlines()) == 1 + 1005 + 2


# --- Without a script ---


@pytest.mark.parametrize("language, word", [("en", "Labels and lists"), ("fr", "Étiquettes et listes")])
def test_the_way_without_a_script(bench, web, language, word):
    enrol(bench, "S1", "S2")
    start = open_page(web, "/", language)
    assert "/factory.html" in start.links
    page = open_page(web, "/factory.html", language)
    assert word in page.text and page.language == language
    assert open_page(web, page.submit("/labels", serial="S2"), language).tags.count("article") == 1
    assert open_page(web, page.submit("/labels"), language).tags.count("article") == 2
    status, _, data = web.ask("GET", page.submit("/export_csv", batch="default"))
    assert status == 200 and len(data.splitlines()) == 3


# --- The tab ---


def test_what_the_tab_leads_to_is_there(bench, web, tab):
    enrol(bench, "S1")
    values = web.get("/api/v1/services/identserver/values")
    offered = {document["method"]: document for document in tab["documents"]}
    led = set()
    for table in tab["status"]:
        for column in table.get("columns", ()):
            if column["type"] != "document":
                continue
            assert column["parameter"] in offered[column["document"]]["parameters"]["properties"]
            for row in values[table["name"]]:
                path = f"/api/v1/documents/identserver/{column['document']}?{column['parameter']}={row[column['name']]}"
                status, _, data = web.ask("GET", path)
                assert status == 200 and b"S1" in data
                led.add((table["name"], column["document"]))
    assert led == {("batches", "labels"), ("batches", "export_csv"), ("devices", "labels")}
    assert {document["type"] for document in tab["documents"]} == {"csv", "labels"}


def texts(node):
    """What of a tab people read."""
    if isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, str) and name in ("label", "title", "text", "confirm"):
                yield value
            else:
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def test_the_tab_is_in_both_languages(web, tab):
    folder = openapi.PATH.parent / "assets/text"
    english, french = (json.loads((folder / f"{name}.json").read_text())["said"] for name in ("en", "fr"))
    known = {sentence: french[key] for key, sentence in english.items()}
    assert set(texts(tab)) <= set(known)
    assert known["Labels to print"] == "Étiquettes à imprimer"


def act(web, method, **parameters):
    status, _, answer = web.ask(
        "POST", f"/api/v1/services/identserver/actions/{method}", {"parameters": parameters})
    assert status == 200, answer
    return answer["result"]


def test_a_failure_and_why(bench, web):
    act(web, "set_batch", name="default", open=False)
    assert factory.Scripted(bench, "78").enroll()[0] == 403
    failure, = web.get("/api/v1/services/identserver/values")["failures"]
    assert failure["serial"] == "78"
    assert "batch_closed: no batch is open: ask the bench operator to open one" in failure["reason"]


def test_a_token_from_the_tab_gives_new_credentials(bench, web, tab):
    device = factory.Scripted(bench, "78")
    device.enrolled()
    made = act(web, "make_token", serial="78", reason="flash replaced")
    action = next(action for action in tab["actions"] if action["method"] == "make_token")
    assert {field["name"] for field in action["result"]} <= set(made)
    assert made["good_for"] == 7 * 24 * 3600
    device.begin_anew()
    status, answer = device.reassign(token=made["token"])
    assert status == 201 and device.acknowledge(answer)[0] == 204
    device.hang_up()
    assert bench.states("78") == ["active", "revoked"]


def test_a_hostname_is_retired_on_the_tab(bench, web, tab):
    enrol(bench, "78")
    assert act(web, "retire_hostname", hostname="UNBOX-001") == {"ok": True}
    assert bench.states("78") == ["revoked"]
    device, = web.get("/api/v1/services/identserver/values")["devices"]
    assert device["state"] == "retired"
    status, _, problem = web.ask(
        "POST", "/api/v1/services/identserver/actions/retire_hostname", {"parameters": {"hostname": "unbox-001"}})
    assert (status, problem["detail"]) == (409, "the hostname unbox-001 is retired already")
    action = next(action for action in tab["actions"] if action["method"] == "retire_hostname")
    assert action["confirm"]


# --- Bad days ---


def test_what_nobody_has(bench, web, health):
    for path in ("nobody/labels", "identserver/make_token", "identserver/get_factory", "identserver/x", "%ff/labels"):
        assert refused(web.ask("GET", f"/api/v1/documents/{path}")) == (404, "not_found"), path
    assert refused(web.ask("GET", f"{LABELS}?batch=%ff")) == (422, "invalid_params")
    service = health.answers["list_services"][0]
    health.answers["discover"] = {**service, "endpoint": None}
    assert refused(web.ask("GET", LABELS)) == (409, "no_endpoint")
    bench.stop()
    health.answers["discover"] = service
    assert refused(web.ask("GET", LIST)) == (503, "service_unavailable")


def test_a_browser_that_is_not_logged_in(bench, web):
    stranger = Browser(web.port)
    for path in (LABELS, LIST):
        assert refused(stranger.ask("GET", path)) == (401, "not_logged_in")


@pytest.fixture
def lists(web, health):
    """A service whose list is what the test says: a function of `after`."""
    made = []

    def serve(answer, kind="csv"):
        service = {"name": "lists", "endpoint": "/run/unbox/lists.sock", "tab": {
            "title": "Lists", "documents": [{"method": "all", "label": "All", "type": kind, "file": '"../x'}]}}
        health.answers["discover"] = service
        made.append(FakePeer(web.device.path("/run/unbox/lists.sock"),
                             {"all": lambda params: answer(params.get("after"))}))
        return made[-1]

    yield serve
    for peer in made:
        if not peer.closed:
            peer.close()


# What a browser sees of an answer that is not whole: its end, or nothing at all.
CUT_OFF = (http.client.IncompleteRead, ConnectionError)


def test_a_service_that_fails_on_the_way(web, lists):
    """A browser sees that what it has is not all."""
    for end in (ValueError("INTERNAL_ERROR", "disk"), {"csv": 7}, {"labels": []}, "nothing"):
        peer = lists(lambda after, end=end: end if after else {"csv": "begun\r\n", "next": "x"})
        with pytest.raises(CUT_OFF):
            web.ask("GET", "/api/v1/documents/lists/all")
        peer.close()
    peer = lists(lambda after: {"labels": [{"serial": "1"}]}, "labels")
    with pytest.raises(CUT_OFF):
        web.ask("GET", "/api/v1/documents/lists/all")
    assert web.get("/health")["status"] == "healthy"


def test_a_service_that_fails_at_once(web, lists):
    for first, expected in ((ValueError("NOT_FOUND", "no batch"), (404, "not_found")),
                            ({"csv": 7}, (502, "bad_answer")), ({"csv": "", "next": 7}, (502, "bad_answer"))):
        peer = lists(lambda after, first=first: first)
        assert refused(web.ask("GET", "/api/v1/documents/lists/all")) == expected
        peer.close()


def test_a_name_that_is_no_file_of_its_own(web, lists):
    lists(lambda after: {"csv": "1\r\n"})
    _, headers, data = web.ask("GET", "/api/v1/documents/lists/all")
    assert headers["Content-Disposition"] == 'attachment; filename="list.csv"'
    assert data == b"1\r\n"


def test_readers_that_do_not_read(web, lists):
    """They hold a piece each, and there are not many of them; who goes makes room."""
    lists(lambda after: {"csv": "x" * 60000, "next": "more"})
    request = (f"GET /api/v1/documents/lists/all HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n"
               f"Authorization: {web.headers['Authorization']}\r\n\r\n").encode()
    readers = []
    for _ in range(8):
        reader = socket.create_connection(("127.0.0.1", web.port), timeout=20)
        reader.sendall(request)
        assert reader.recv(16).startswith(b"HTTP/1.1 200")
        readers.append(reader)
    assert refused(web.ask("GET", "/api/v1/documents/lists/all")) == (503, "busy")
    readers.pop().close()
    readers.append(eventually(lambda: one_more(web, request)))
    for reader in readers:
        reader.close()


def one_more(web, request):
    reader = socket.create_connection(("127.0.0.1", web.port), timeout=20)
    reader.sendall(request)
    if reader.recv(16).startswith(b"HTTP/1.1 200"):
        return reader
    reader.close()
    return None


def test_the_page_ends_while_somebody_reads(web, lists):
    peer = lists(lambda after: {"csv": "x" * 60000, "next": "more"})
    reader = socket.create_connection(("127.0.0.1", web.port), timeout=20)
    reader.sendall((f"GET /api/v1/documents/lists/all HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n"
                    f"Authorization: {web.headers['Authorization']}\r\n\r\n").encode())
    assert reader.recv(16).startswith(b"HTTP/1.1 200")
    eventually(lambda: len(peer.called("all")) > 2)
    assert web.daemon.stop() == 0
    reader.close()
