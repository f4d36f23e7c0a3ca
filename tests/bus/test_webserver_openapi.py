# SPDX-License-Identifier: LGPL-2.1-or-later
"""openapi.json: that it is served, that it has all that the program has and no more, and that who may do what is as
it says. What the answers are like, web.Client checks for every one that a test gets."""

import json
import re

import pytest

import openapi
import peers
from web import JSON, Client, Web

SOURCES = openapi.PATH.parent
# What isn't in the table of the API but is answered all the same: the page's files.
FILES = {("GET", "/"), ("GET", "/{file}")}


@pytest.fixture
def web(device):
    made = Web(device)
    made.allow_script()
    made.start()
    yield made
    made.listener.close()


def test_has_every_route_and_no_other():
    routes = re.findall(r'\{"([A-Z]+)", "(/[^"]*)", \w+', (SOURCES / "api/api.c").read_text())
    assert len(routes) > 30 and len(set(routes)) == len(routes)
    assert {(method, path) for method, path, _ in openapi.operations()} - FILES == set(routes)


def test_is_whole():
    """Nothing refers to what there is not, and nothing is there for nobody."""
    text = openapi.PATH.read_text()
    for reference in set(re.findall(r'"\$ref": "([^"]+)"', text)):
        openapi.resolve({"$ref": reference})
    for kind in ("schemas", "responses"):
        for name in openapi.DOCUMENT["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, name
    for schema in openapi.DOCUMENT["components"]["schemas"].values():
        openapi.jsonschema.Draft202012Validator.check_schema(schema)
    for method, path, operation in openapi.operations():
        named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path)), path
        assert ("requestBody" in operation) == (method in ("POST", "PUT")), path


def test_is_served(web):
    status, headers, served = Client(web.port).ask("GET", "/openapi.json")
    assert (status, headers["Content-Type"], served) == (200, "application/json", openapi.DOCUMENT)


def test_a_check_that_finds_what_is_wrong():
    """The checker itself: a status, a member, a type and a path that are not described."""
    alive = {"status": "healthy", "timestamp": "2026-01-05T10:00:00Z"}
    headers = {"Content-Type": "application/json"}
    openapi.check("GET", "/health", None, 200, headers, alive)
    for method, path, status, kind, body in [
            ("GET", "/health", 201, "application/json", alive),
            ("GET", "/health", 200, "text/plain", alive),
            ("GET", "/health", 200, "application/json", {**alive, "more": 1}),
            ("GET", "/health", 200, "application/json", {"status": "healthy"}),
            ("GET", "/api/v1/nothing", 200, "application/json", {}),
            ("DELETE", "/health", 200, "application/json", alive),
            ("GET", "/api/v1/tokens", 403, "application/json", {}),
            ("GET", "/api/v1/tokens", 403, openapi.PROBLEM, {"code": "not_allowed"})]:
        with pytest.raises(AssertionError, match="openapi.json"):
            openapi.check(method, path, None, status, {"Content-Type": kind}, body)


# What each needs to be asked for at all; a body that fits nothing changes nothing.
def request_of(method, path, operation):
    path = re.sub(r"\{\w+\}", "x", path)
    body = operation.get("requestBody", {}).get("content", {})
    if body and "application/json" not in body:
        return None
    return method, path, '{"nonsense":true}' if body else None, {} if method == "GET" else JSON


@pytest.mark.parametrize("scopes", [(), ("read",), ("read", "network"), ("read", "system")], ids="-".join)
def test_who_may_do_what_is_as_it_says(web, serve, scopes):
    serve("user-network", {"status": peers.NETWORK_STATUS})
    serve("healthd", {})
    tokens = web.folder / "tokens.json"
    tokens.write_text(json.dumps([{**token, "scopes": scopes} for token in json.loads(tokens.read_text())]))
    web.start()
    client = web if scopes else Client(web.port)
    asked = 0
    for method, path, operation in openapi.operations():
        request = request_of(method, path, operation)
        if request is None or path in ("/{file}", "/events"):
            continue
        status, _, answer = client.ask(*request)
        code = answer.get("code") if isinstance(answer, dict) else None
        wanted = operation["x-scope"]
        if wanted == "none" or wanted in scopes:
            assert code not in ("not_logged_in", "not_allowed"), (method, path)
        else:
            assert (status, code) == ((403, "not_allowed") if scopes else (401, "not_logged_in")), (method, path)
        asked += 1
    assert asked > 30
