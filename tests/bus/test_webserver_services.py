# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the page is told of services: their logs, those that have registered, and their tabs; one of the examples'
is a real one."""

import json

import pytest


import peers
from harness import eventually
from web import Client, Web

LOGS = {"unit": "product.service", "complete": True, "entries": [
    {"time": "2026-01-05T10:00:00Z", "priority": 4, "identifier": "product", "pid": 7, "message": "odd"}]}
TAB = {"title": "Lamp", "method": "lamp", "status": [{"name": "lit", "label": "Lit", "type": "boolean"}],
       "actions": [{"method": "switch", "label": "Switch"}]}
LAMP = {"name": "lamp", "version": "1", "description": "A lamp", "endpoint": "/run/unbox/lamp.sock",
        "unit": "lamp.service", "capabilities": [], "topics": [], "tab": TAB}
SILENT = {**LAMP, "name": "silent", "endpoint": None}
PLAIN = {**LAMP, "name": "plain", "tab": None}


@pytest.fixture
def web(device):
    made = Web(device)
    made.allow_script()
    made.start()
    yield made
    made.listener.close()


@pytest.fixture
def health(serve):
    known = {service["name"]: service for service in (LAMP, SILENT, PLAIN)}
    return serve("healthd", {
        "get_logs": LOGS, "list_services": list(known.values()),
        "discover": lambda params: known.get(params["name"], ValueError("NOT_FOUND", "nobody of that name"))})


def refused(answer):
    status, _, problem = answer
    return status, problem["code"]


# --- Logs ---


def test_logs(web, health):
    assert web.get("/api/v1/health/logs?unit=product") == LOGS
    assert web.get("/api/v1/health/logs?unit=product&lines=200&priority=4") == LOGS
    assert health.called("get_logs") == [{"unit": "product"}, {"unit": "product", "lines": 200, "priority": 4}]
    health.answers["get_logs"] = ValueError("NOT_FOUND", "not watched")
    assert refused(web.ask("GET", "/api/v1/health/logs?unit=ssh")) == (404, "not_found")


@pytest.mark.parametrize("query", [
    "", "?lines=5", "?unit=a&lines=0", "?unit=a&lines=201", "?unit=a&lines=", "?unit=a&lines=x", "?unit=a&lines=5x",
    "?unit=a&priority=8", "?unit=a&priority=-1", "?unit=%ff"])
def test_logs_that_nobody_can_ask_for(web, health, query):
    assert refused(web.ask("GET", f"/api/v1/health/logs{query}")) == (422, "invalid_params")
    assert not health.called("get_logs")


# --- Services ---


def test_registered_services(web, health, serve):
    assert web.get("/api/v1/services") == {"services": [LAMP, SILENT, PLAIN]}
    assert web.get("/api/v1/services/lamp") == LAMP
    lamp = serve("lamp", {"lamp": {"lit": True}, "switch": ["anything"]})
    assert web.get("/api/v1/services/lamp/values") == {"lit": True}
    status, _, answer = web.ask("POST", "/api/v1/services/lamp/actions/switch", {"parameters": {"on": True}})
    assert (status, answer) == (200, {"result": ["anything"]})
    assert web.ask("POST", "/api/v1/services/lamp/actions/switch", {})[0] == 200
    assert lamp.calls == [("lamp", None), ("switch", {"on": True}), ("switch", None)]


def test_what_services_do_not_offer(web, health, serve):
    lamp = serve("lamp", {"lamp": {"lit": True}, "explode": True})
    for path in ("nobody", "nobody/values", "plain/values", "%ff", "%ff/values"):
        assert refused(web.ask("GET", f"/api/v1/services/{path}")) == (404, "not_found"), path
    for path in ("nobody/actions/x", "lamp/actions/explode", "lamp/actions/lamp", "plain/actions/switch"):
        assert refused(web.ask("POST", f"/api/v1/services/{path}", {})) == (404, "not_found"), path
    assert refused(web.ask("GET", "/api/v1/services/silent/values")) == (409, "no_endpoint")
    for body in ({"parameters": 5}, {"parameters": {}, "more": 1}):
        assert refused(web.ask("POST", "/api/v1/services/lamp/actions/switch", body)) == (422, "invalid_params")
    assert not lamp.calls


def test_service_that_is_not_well(web, health, serve):
    status, _, problem = web.ask("GET", "/api/v1/services/lamp/values")
    assert (status, problem["detail"]) == (503, "The service lamp is not running.")
    lamp = serve("lamp", {"lamp": ["no object"], "switch": ValueError("TOO_HOT", "Let it cool down.")})
    assert refused(web.ask("GET", "/api/v1/services/lamp/values")) == (502, "bad_answer")
    assert refused(web.ask("POST", "/api/v1/services/lamp/actions/switch", {})) == (502, "too_hot")
    lamp.close()
    serve("lamp", {}, peers.SilentPeer)
    assert refused(web.ask("GET", "/api/v1/services/lamp/values")) == (503, "service_slow")
    health.answers["list_services"] = {"not": "an array"}
    assert refused(web.ask("GET", "/api/v1/services")) == (502, "bad_answer")


def test_who_may_act(web, health, serve):
    serve("lamp", {"lamp": {"lit": True}, "switch": True})
    path = web.folder / "tokens.json"
    path.write_text(json.dumps([{**token, "scopes": ["read", "network"]} for token in json.loads(path.read_text())]))
    web.start()
    assert web.get("/api/v1/services/lamp/values") == {"lit": True}
    assert refused(web.ask("POST", "/api/v1/services/lamp/actions/switch", {})) == (403, "not_allowed")
    assert Client(web.port).ask("GET", "/api/v1/services")[0] == 401


def test_many_services(web, serve):
    """More than there are ways at a time."""
    known = [{**LAMP, "name": f"lamp-{n}", "endpoint": f"/run/unbox/lamp-{n}.sock"} for n in range(20)]
    serve("healthd", {"discover": lambda params: next(s for s in known if s["name"] == params["name"])})
    for n in (*range(20), 0):
        serve(f"lamp-{n}", {"lamp": {"n": n}})
        assert web.get(f"/api/v1/services/lamp-{n}/values") == {"n": n}


# --- The example ---


@pytest.fixture
def example(device, serve):
    """What it registers as, once healthd is there."""
    device.path("/run/example-device").mkdir()
    health = serve("healthd", {"register_service": {"ok": True}, "subscribe": {"seq": 1}})
    device.start("example-device", folder="tests/examples")
    registered = eventually(lambda: next(
        (params for params in health.called("register_service") if params["name"] == "example-device"), None))
    service = {**registered, "unit": "example-device.service"}
    health.answers.update(list_services=[service], discover=service)
    return service


def test_tab_of_an_example(web, example):
    [service] = web.get("/api/v1/services")["services"]
    assert service["tab"]["title"] == "Devices"
    values = web.get("/api/v1/services/example-device/values")
    assert set(values) == {field["name"] for field in service["tab"]["status"]}
    assert {"name": "lo", "subsystem": "net"} in values["interfaces"]
    [action] = service["tab"]["actions"]
    path = f"/api/v1/services/example-device/actions/{action['method']}"
    status, _, answer = web.ask("POST", path, {"parameters": {"subsystem": "net"}})
    assert status == 200 and {"name": "lo", "subsystem": "net"} in answer["result"]
    assert refused(web.ask("POST", path, {})) == (422, "invalid_params")
