# SPDX-License-Identifier: LGPL-2.1-or-later
"""Health without a script: what each service does, its log, and a restart."""

import json
import re
import threading
import time

import pytest

import browsing
import peers
from harness import eventually
from pages import Reader
from plain import HOSTILE, reader, viewer  # noqa: F401  pylint: disable=unused-import
from web import PASSWORD, Browser

RESTARTED = "NetworkManager"


@pytest.fixture
def restart(health):
    """healthd takes as long as the test wants it to; what it says in the end may be an error."""
    may_end = threading.Event()
    answer = {"ok": True}

    def take(_):
        assert may_end.wait(20)
        return answer.get("error", answer)

    health.answers["restart_service"] = take
    take.end, take.answer = may_end.set, answer
    yield take
    may_end.set()


def services(page):
    return [form["values"]["service"] for form in page.forms if form["action"] == "/restart.html"]


def test_each_service(reader, health):
    health.answers["get_status"] = browsing.BAD_HEALTH
    reader.go("/health.html")
    assert reader.status == 200 and reader.headers["Cache-Control"] == "no-store"
    for key in ("service.NetworkManager", "service.user-network", "service-state.active", "service-state.degraded",
                "service-state.activating", "service-state.inactive", "health.bad.why"):
        assert reader.says(key), key
    words = reader.page.words()
    one, many = reader.texts["health.bad"]["one"], reader.texts["restarts"]["other"]
    assert one in words and many.format(name="hostapd", count=4) in words
    for text in ("exit code 1", "address wlan0: wlan0 has no carrier", "loading samples", "2026-01-05 10:20 UTC",
                 "NetworkManager is running again"):
        assert text in words
    days = reader.texts["lasting"].format(time=rf"\d+ {reader.texts['days']['other'].split()[1]} ")
    assert re.search(days, words)
    # Those that only run when it is their turn are not restarted.
    assert services(reader.page) == ["user-network", "NetworkManager", "hostapd", "product-audio"]
    health.answers["get_status"] = peers.HEALTH_STATUS
    assert reader.go("/health.html").says("health.good") and not reader.says("health.bad.why")


def test_log(reader, health):
    health.answers["get_logs"] = browsing.LOGS
    reader.go("/health.html")
    reader.send("/logs.html", reader.form("/logs.html", unit=RESTARTED))
    assert health.called("get_logs") == [{"unit": RESTARTED, "lines": 200}]
    assert reader.says("logs.title", name=reader.texts["service.NetworkManager"]) and reader.says("logs.cut")
    assert "2026-01-05 10:20:01 UTC NetworkManager: no carrier" in reader.page.words()
    health.answers["get_logs"] = {"unit": RESTARTED, "complete": True, "entries": []}
    assert reader.send("/logs.html").says("logs.none")
    health.answers["get_logs"] = ValueError("NOT_FOUND", "x is none of the services that are watched")
    assert "x is none of the services" in reader.send("/logs.html").page.words()


def test_restart(reader, health, restart):
    name = reader.texts["service.NetworkManager"]
    reader.go("/health.html")
    reader.send("/restart.html", reader.form("/restart.html", service=RESTARTED))
    assert reader.says("restart.sure", name=name) and reader.says("restart.what.NetworkManager")
    assert not health.called("restart_service") and "Refresh" not in reader.headers
    reader.send("/restart")
    assert reader.path.startswith("/restart.html?job=")
    assert reader.says("restart.running", name=name) and reader.headers["Refresh"] == "2"
    restart.end()
    eventually(lambda: "Refresh" not in reader.go(reader.path).headers)
    assert reader.says("restarted", name=name) and not reader.says("restart.running", name=name)
    assert health.called("restart_service") == [{"service": RESTARTED}]
    assert "/health.html" in reader.page.links


def test_restart_that_fails(reader, health, restart):
    restart.answer["error"] = ValueError("RESTART_FAILED", HOSTILE)
    restart.end()
    reader.go(f"/restart.html?service={RESTARTED}").send("/restart")
    eventually(lambda: "Refresh" not in reader.go(reader.path).headers)
    assert reader.says("restart.failed", name=reader.texts["service.NetworkManager"]) and HOSTILE in reader.page.text
    health.close()
    reader.go(f"/restart.html?service={RESTARTED}").send("/restart")
    said = {"en": "The health service is not running.", "fr": "Le service de santé ne fonctionne pas."}
    eventually(lambda: said[reader.language] in reader.go(reader.path).page.words())


def test_restart_of_the_page_itself(reader, web, restart):
    reader.go("/restart.html?service=webserver").send("/restart")
    assert reader.says("restart.running", name=reader.texts["service.webserver"])
    restart.end()
    web.start()
    assert reader.go(reader.path).says("restart.forgotten") and "Refresh" not in reader.headers


def test_health_service_that_is_away(reader, health):
    health.close()
    said = {"en": "The health service is not running.", "fr": "Le service de santé ne fonctionne pas."}
    assert said[reader.language] in reader.go("/health.html").page.words()
    assert said[reader.language] in reader.go(f"/logs.html?unit={RESTARTED}").page.words()
    assert not services(reader.page)


def test_nothing_that_somebody_says_is_part_of_the_page(reader, health):
    service = {"state": HOSTILE, "since": HOSTILE, "restarts": 2, "detail": f"d{HOSTILE}", "status": HOSTILE, "checks": [
        {"type": HOSTILE, "target": HOSTILE, "state": HOSTILE, "message": HOSTILE}]}
    health.answers.update(
        get_status={"services": {HOSTILE: service}, "events": [{"time": HOSTILE, "message": HOSTILE}]},
        get_logs={"unit": HOSTILE, "complete": True, "entries": [
            {"time": HOSTILE, "priority": 3, "identifier": HOSTILE, "message": f"\x1b[31m</ol>\n{HOSTILE}"}]})
    reader.go("/health.html")
    assert reader.page.text.count(HOSTILE) > 8 and services(reader.page) == [HOSTILE]
    reader.send("/logs.html")
    assert health.called("get_logs") == [{"unit": HOSTILE, "lines": 200}]
    assert f"</ol>\n{HOSTILE}" in reader.page.text
    reader.go("/health.html").send("/restart.html")
    assert HOSTILE in reader.page.text
    reader.send("/restart")
    eventually(lambda: health.called("restart_service") == [{"service": HOSTILE}])


@pytest.mark.parametrize("answer", [
    {}, {"services": []}, {"services": {"x": []}, "events": {}}, {"services": {"x": {"checks": {}}}, "events": [1, {}]},
    {"services": {"": {"restarts": -3, "since": 5}}, "events": [[]]}])
def test_answers_that_make_no_sense(owner, health, answer):
    health.answers.update(get_status=answer, get_logs={"entries": answer.get("events")})
    reader = Reader(owner)
    assert reader.go("/health.html").status == 200
    assert reader.go("/logs.html?unit=x").status == 200


@pytest.mark.parametrize("path", ["/logs.html", "/logs.html?unit=%ff%fe"])
def test_logs_of_nobody(reader, health, path):
    said = {"en": "There is no such service.", "fr": "Ce service n'existe pas."}
    assert said[reader.language] in reader.go(path).page.words() and reader.status == 404
    assert not health.called("get_logs")


def test_who_may(web, owner, viewer, health):
    english = Reader(owner)
    for looks in (viewer(), viewer("network")):
        assert not services(looks.go("/health.html").page)
        assert looks.form("/logs.html", unit=RESTARTED)
        assert looks.go(f"/restart.html?service={RESTARTED}").status == 403
        assert "Cette session n'a pas le droit de le faire." in looks.page.words()
        form = {"action": "/restart", "method": "post", "values": {"service": RESTARTED, "csrf": ""}}
        assert looks.send("/restart", form).status == 403
    stranger = Browser(web.port)
    for path in ("/health.html", "/logs.html?unit=x", "/restart.html?service=x"):
        assert stranger.ask("GET", path)[1]["Location"] == "/login.html"
    assert stranger.submit("/restart", service=RESTARTED) == (302, "/login.html")
    # A form of this session's page, from this page.
    english.go(f"/restart.html?service={RESTARTED}")
    form = english.form("/restart")
    for origin in (None, "null", "http://evil.example"):
        assert owner.submit("/restart", origin, **form["values"])[0] == 403
    other = Reader(Browser(web.port))
    assert other.browser.submit("/login", password=PASSWORD)[0] == 302
    theirs = other.go(f"/restart.html?service={RESTARTED}").form("/restart")["values"]["csrf"]
    for wrong in ("", "0" * 64, theirs):
        assert english.send("/restart", form, csrf=wrong).status == 403
        assert "This page is out of date." in english.page.words()
    assert not health.called("restart_service")
    assert viewer("system").go(f"/restart.html?service={RESTARTED}").send("/restart").status == 200
    eventually(lambda: health.called("restart_service"))


def test_before_there_is_a_password(web):
    for path in ("/health.html", "/logs.html?unit=x", "/restart.html?service=x", "/country.html"):
        assert Browser(web.port).ask("GET", path)[1]["Location"] == "/welcome.html"
    assert Browser(web.port).submit("/restart", service=RESTARTED) == (302, "/welcome.html")


def test_who_reads_stays_logged_in(web, owner):
    """The clock is the boot's: the file says that the session was used almost 15 minutes ago."""
    path = web.folder / "sessions.json"
    web.daemon.stop()
    kept = json.loads(path.read_text())
    earlier = max(0, int((time.clock_gettime(time.CLOCK_BOOTTIME) - 800) * 1e6))
    kept["sessions"][0]["used"] = earlier
    path.write_text(json.dumps(kept))
    web.daemon = web.device.start("webserver", sockets=[web.listener])
    assert Reader(owner).go("/health.html").status == 200
    # It is written down when there is more to be.
    assert Browser(web.port).submit("/login", password=PASSWORD)[0] == 302
    used = {session["digest"]: session["used"] for session in json.loads(path.read_text())["sessions"]}
    assert used[kept["sessions"][0]["digest"]] > earlier
