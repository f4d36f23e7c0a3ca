# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tabs of services without a script: what they show, and doing what they offer."""

import copy

import pytest

import browsing
from pages import Reader
from plain import HOSTILE, reader, viewer  # noqa: F401  pylint: disable=unused-import
from web import Browser

NAME = browsing.SERVICE["name"]
PATH = f"/service.html?service={NAME}"
NOBODY = {"en": "There is no such service.", "fr": "Ce service n'existe pas."}
SILENT = {"en": "This service answers nobody.", "fr": "Ce service ne répond à personne."}
DOCUMENTS = {
    "labels": {"method": "labels", "label": "Labels to print", "type": "labels", "parameters": {"properties": {
        "batch": {"title": "Batch; empty: all", "type": "string"}}}}}
# What was promised of each, and what is not.
ODD = {"active": "many", "hours": {}, "batches": 5, "devices": [7, None, {"serial": {"a": 1}}]}


def with_tab(**more):
    """The service, with something else in its tab."""
    return {**browsing.SERVICE, "tab": {**browsing.SERVICE["tab"], **more}}


@pytest.fixture
def bench(serve):
    return serve(NAME, {
        "get_tab": browsing.VALUES, "add_batch": {"ok": True}, "retire_hostname": {"ok": True}, "refresh": True})


@pytest.fixture(autouse=True)
def has_registered(health, bench):
    """Beside one that has no tab."""
    health.answers.update(
        list_services=[browsing.SERVICE, {**browsing.SERVICE, "name": "product", "tab": None}],
        discover=lambda params: browsing.SERVICE if params["name"] == NAME else ValueError("NOT_FOUND", "nobody"))


def test_which_there_are(reader, health):
    reader.go("/health.html")
    assert "/services.html" in reader.page.links
    form, = reader.go("/services.html").page.forms
    assert form["values"] == {"service": NAME}
    reader.send("/service.html", form)
    assert reader.path == PATH and reader.status == 200
    health.answers["list_services"] = []
    assert reader.go("/services.html").says("services.none") and not reader.page.forms


def test_what_it_shows(reader):
    reader.go(PATH)
    words = reader.page.words()
    for text in ("1280", "17", "KXP2-CORO", "2026-01", "10000000ABC7F000", "2026-01-05 10:00 UTC"):
        assert text in words, text
    # Open: yes and no.
    assert reader.says("services.yes") and reader.says("services.no")


def test_values_of_each_type(reader, health, bench):
    fields = [{"name": "load", "label": "Load", "type": "number", "unit": "V"}, {"name": "room", "type": "bytes"},
              {"name": "up", "type": "seconds"}, {"name": "none", "type": "number"}, {"name": "odd", "type": "text"},
              {"name": "quiet", "type": "chart"}]
    health.answers["discover"] = with_tab(status=fields)
    bench.answers["get_tab"] = {
        "load": 0.5, "room": 7_800_000_000, "up": 7200, "none": None, "odd": [1, "a"], "quiet": []}
    words = reader.go(PATH).page.words()
    numbers = {"en": ("Load 0.5 V", "room 7.8 GB"), "fr": ("Load 0,5 V", "room 7,8 Go")}
    hours = reader.texts["hours"]["other"].format(count=2)
    for text in (*numbers[reader.language], f"up {hours}", 'odd [1,"a"]', f"quiet {reader.texts['services.none']}"):
        assert text in words, text
    assert "none" not in words


def test_do_what_it_offers(reader, bench):
    reader.go(PATH)
    reader.send("/service", reader.form("/service", method="add_batch"), **{
        "of-name": "2026-02", "of-quota": "40", "of-listed": "yes", "of-kind": "second"})
    assert bench.called("add_batch") == [{"name": "2026-02", "quota": 40, "listed": True, "kind": "second"}]
    assert reader.says("services.done") and "KXP2-CORO" in reader.page.words()
    # What was left empty is left out; a box that isn't ticked is a no.
    reader.send("/service", reader.form("/service", method="add_batch"), **{
        "of-name": "x", "of-quota": "1", "of-kind": ""})
    assert bench.called("add_batch")[1:] == [{"name": "x", "quota": 1, "listed": False}]
    reader.send("/service", reader.form("/service", method="refresh"))
    assert bench.called("refresh") == [None] and reader.says("services.done")


def test_what_has_to_be_confirmed(reader, bench):
    form = reader.go(PATH).form("/service", method="retire_hostname")
    assert "Revoke them for good?" in reader.page.words()
    reader.browser.csrf = form["values"]["csrf"]
    assert reader.browser.submit("/service", **{**form["values"], "of-hostname": "KXP2-CORO-1"})[0] == 400
    assert not bench.called("retire_hostname")
    reader.send("/service", form, **{"of-hostname": "KXP2-CORO-1", "sure": "yes"})
    assert bench.called("retire_hostname") == [{"hostname": "KXP2-CORO-1"}]


def test_what_its_answer_has(reader, health, bench):
    health.answers["discover"] = with_tab(actions=[
        {"method": "refresh", "label": "Count", "result": [{"name": "token", "label": "Code", "type": "text"}]},
        {"method": "add_batch", "label": "List"}])
    bench.answers.update(refresh={"token": "abc123"}, add_batch=[{"serial": "one", "state": "good"}, {"serial": "two"}])
    reader.go(PATH).send("/service", reader.form("/service", method="refresh"))
    assert "Code abc123" in reader.page.words()
    reader.send("/service", reader.form("/service", method="add_batch"))
    assert "serial state one good two" in reader.page.words()


def test_documents(reader, health):
    column = {"name": "serial", "label": "Label", "type": "document", "document": "labels", "parameter": "serial",
              "text": "Show"}
    health.answers["discover"] = with_tab(documents=list(DOCUMENTS.values()), status=[
        {"name": "devices", "label": "Devices", "type": "table", "columns": [column]}])
    reader.go(PATH)
    path = f"/api/v1/documents/{NAME}/labels"
    forms = [form for form in reader.page.forms if form["action"] == path]
    assert [form["values"] for form in forms[:2]] == [{"serial": "10000000ABC7F000"}, {"serial": "10000000ABC7F001"}]
    assert {"batch"} <= forms[-1]["values"].keys() and all(form["method"] == "get" for form in forms)
    # A name that would lead elsewhere leads nowhere.
    health.answers["discover"] = with_tab(documents=[{**DOCUMENTS["labels"], "method": "../../x"}], status=[
        {"name": "devices", "type": "table", "columns": [{**column, "document": "a/../b"}]}])
    assert not [form for form in reader.go(PATH).page.forms if form["action"] != "/service"]


def test_service_that_is_not_well(reader, health, bench):
    bench.answers["refresh"] = ValueError("TOO_HOT", "Let it <b>cool</b> down.")
    reader.go(PATH).send("/service", reader.form("/service", method="refresh"))
    assert "Let it <b>cool</b> down." in reader.page.words() and reader.form("/service", method="refresh")
    bench.answers["get_tab"] = ["no object"]
    assert reader.go(PATH).status == 200 and "1280" not in reader.page.words()
    bench.close()
    assert NAME in reader.go(PATH).page.words() and reader.form("/service", method="refresh")
    health.answers["discover"] = {**browsing.SERVICE, "endpoint": None}
    assert SILENT[reader.language] in reader.go(PATH).page.words()
    assert SILENT[reader.language] in reader.send("/service", reader.form("/service", method="refresh")).page.words()


def test_services_that_there_are_not(reader, health):
    form = reader.go(PATH).form("/service", method="refresh")
    for path in ("/service.html", "/service.html?service=nobody", "/service.html?service=%ff"):
        assert reader.go(path).status == 404 and NOBODY[reader.language] in reader.page.words(), path
    reader.send("/service", {**form, "values": {**form["values"], "method": "explode"}})
    assert reader.status == 404
    reader.send("/service", {**form, "values": {**form["values"], "service": "nobody"}})
    assert reader.status == 404 and NOBODY[reader.language] in reader.page.words()
    health.answers["discover"] = {**browsing.SERVICE, "tab": None}
    assert reader.go(PATH).status == 404
    health.close()
    for path in (PATH, "/services.html"):
        assert reader.go(path).status == 200 and reader.page.words()


@pytest.mark.parametrize("values", [
    {"of-quota": "many"}, {"of-quota": "1.5"}, {"of-name": b"\xff"}, {"of-name": "a" * 2000}, {"method": b"\xff"}])
def test_forms_that_make_no_sense(owner, bench, values):
    status, _ = owner.submit("/service", **{"service": NAME, "method": "add_batch", **values})
    assert status in (400, 404) and not bench.called("add_batch")


def test_nothing_that_it_says_is_part_of_the_page(owner, health, bench):
    tab = copy.deepcopy(browsing.SERVICE["tab"])
    tab["title"] = tab["status"][0]["label"] = tab["actions"][0]["label"] = HOSTILE
    tab["actions"][0]["parameters"]["properties"] = {HOSTILE: {"type": "string", "title": HOSTILE, "enum": [HOSTILE]}}
    tab["actions"][1]["confirm"] = HOSTILE
    hostile = {**browsing.SERVICE, "description": HOSTILE, "tab": tab}
    health.answers.update(list_services=[hostile], discover=hostile)
    bench.answers["get_tab"] = {**browsing.VALUES, "active": HOSTILE, "batches": [{"name": HOSTILE}]}
    reader = Reader(owner)
    assert reader.go(PATH).page.text.count(HOSTILE) >= 8
    assert reader.go("/services.html").page.text.count(HOSTILE) == 2


@pytest.mark.parametrize("service", [
    {}, {"tab": 1}, {"tab": {"title": "x", "status": {}, "actions": 3, "documents": [1]}},
    {"name": 3, "tab": {"title": "x", "status": [1, {}], "actions": [{}, {"parameters": {"properties": {"a": 1}}}]}}])
def test_descriptions_that_make_no_sense(owner, health, bench, service):
    health.answers.update(list_services=[service, 1], discover=service)
    reader = Reader(owner)
    assert reader.go("/services.html").status == 200 and reader.go(PATH).status in (200, 404)
    health.answers["discover"] = browsing.SERVICE
    bench.answers["get_tab"] = ODD
    assert "many" in reader.go(PATH).page.words()


def test_who_may(web, owner, viewer, bench):
    for looks in (viewer(), viewer("network")):
        assert looks.go(PATH).status == 200 and not looks.page.forms and "1280" in looks.page.words()
        assert looks.send("/service", {"method": "post", "values": {
            "csrf": "", "service": NAME, "method": "refresh"}}).status == 403
    asked = {"service": NAME, "method": "refresh"}
    for origin in ("http://evil.example", None):
        assert owner.submit("/service", origin, **asked)[0] == 403
    for csrf in ("", "0" * 64):
        assert owner.submit("/service", csrf=csrf, **asked)[0] == 403
    assert Browser(web.port).submit("/service", **asked) == (302, "/login.html")
    for path in (PATH, "/services.html"):
        assert Browser(web.port).ask("GET", path)[1]["Location"] == "/login.html"
    assert not bench.called("refresh")
    acts = viewer("system").go(PATH)
    assert acts.send("/service", acts.form("/service", method="refresh")).says("services.done")
    assert bench.called("refresh") == [None]
