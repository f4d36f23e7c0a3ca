# SPDX-License-Identifier: LGPL-2.1-or-later
"""System without a script: what the device is, diagnostics, restart, factory reset, and the password."""

import pytest

import browsing
import peers
from pages import Reader
from plain import HOSTILE, reader, viewer  # noqa: F401  pylint: disable=unused-import
from web import PASSWORD, Browser

HOSTNAME = peers.SYSTEM["hostname"]
AWAY = {"en": "The health service is not running.", "fr": "Le service de santé ne fonctionne pas."}
UNITS = {"en": ("3.1 GB of 4 GB free", "22.5 GB"), "fr": ("3,1 Go libres sur 4 Go", "22,5 Go")}
# What only who may change the system sees.
DANGEROUS = {"/reboot.html", "/reset.html"}


@pytest.fixture(autouse=True)
def is_a_whole_device(health, network):
    health.answers.update(get_system=browsing.SYSTEM, reboot={"ok": True}, diagnostics={"system": peers.SYSTEM})
    network.answers["status"] = browsing.CONNECTED


def test_facts(reader):
    reader.go("/system.html")
    assert reader.status == 200 and reader.headers["Cache-Control"] == "no-store"
    words = reader.page.words()
    for text in (HOSTNAME, browsing.SYSTEM["model"], browsing.SYSTEM["serial"], "2101-03-05", "unbox 0.1.0",
                 "51 °C", "Canada", "Debian GNU/Linux 12 (bookworm)", "6.1.0-31-arm64, aarch64", *UNITS[reader.language]):
        assert text in words, text
    assert reader.says("time.alone", now="2026-01-05 10:30 UTC")
    assert reader.texts["hours"]["one"].format(count=1) in words
    assert DANGEROUS | {"/password.html", "/https.html", "/country.html", "/health.html"} <= set(reader.page.links)
    assert {"/system.html?lang=en", "/system.html?lang=fr"} <= set(reader.page.links)


def test_what_it_does_not_know_it_does_not_say(reader, health, network):
    health.answers["get_system"] = {"hostname": HOSTNAME, "version": "1", "certificate_expires": None, "memory": None,
                                    "disk": {"total_bytes": -1, "available_bytes": "much"}}
    network.answers["status"] = {**peers.NETWORK_STATUS, "country": {"code": None, "source": None, "problem": None}}
    reader.go("/system.html")
    for key in ("facts.memory", "facts.disk", "facts.temperature", "facts.certificate", "facts.model", "facts.time"):
        assert not reader.says(key), key
    assert reader.says("country.none")
    health.answers["get_system"] = {**browsing.SYSTEM, "certificate_expires": "2001-02-03T04:05:06Z"}
    assert reader.go("/system.html").says("certificate.over", date="2001-02-03")


def test_without_the_others(reader, health, network):
    health.close()
    reader.go("/system.html")
    assert AWAY[reader.language] in reader.page.words() and HOSTNAME in reader.page.words()
    network.close()
    assert reader.go("/system.html").status == 200 and reader.says("facts.uptime")
    for path in ("/diagnostics", "/reset.html"):
        assert AWAY[reader.language] in reader.go(path).page.words()
    assert AWAY[reader.language] in reader.go("/reboot.html").send("/reboot").page.words()
    assert reader.form("/reboot"), "it can be tried again"


def test_diagnostics(reader):
    assert reader.go("/system.html").form("/diagnostics")["method"] == "get"
    status, headers, data = reader.browser.ask("GET", "/diagnostics")
    assert (status, data) == (200, {"system": peers.SYSTEM})
    assert headers["Content-Disposition"] == f'attachment; filename="diagnostics-{HOSTNAME}.json"'


def test_reboot(reader, health):
    reader.go("/reboot.html")
    assert reader.says("reboot.sure") and reader.says("reboot.what") and not health.called("reboot")
    reader.send("/reboot")
    assert health.called("reboot") == [None] and reader.says("reboot.begun") and not reader.page.forms
    assert reader.headers["Refresh"] == "90; url=/system.html"


def test_factory_reset(reader, health):
    reader.go("/reset.html")
    assert reader.says("reset.what") and reader.says("reset.type", name=HOSTNAME)
    said = {"en": "That is not the name of this device: nothing was reset.",
            "fr": "Ce n'est pas le nom de cet appareil : rien n'a été réinitialisé."}
    for typed in ("", "unbox", HOSTILE):
        reader.send("/reset", confirm=typed)
        assert said[reader.language] in reader.page.words() and reader.says("reset.type", name=HOSTNAME)
        assert reader.form("/reset")["values"]["confirm"] == typed
    assert not health.called("factory_reset")
    health.answers["factory_reset"] = ValueError("RESET_FAILED", HOSTILE)
    assert HOSTILE in reader.send("/reset", confirm=HOSTNAME.upper()).page.text
    health.answers["factory_reset"] = {"accepted": True}
    reader.send("/reset")
    assert len(health.called("factory_reset")) == 2 and reader.says("reset.begun") and not reader.page.forms


def test_a_device_that_does_not_know_its_name_is_not_reset(reader, health):
    health.answers["get_system"] = {"hostname": None}
    assert not reader.go("/reset.html").page.forms
    form = reader.go("/reboot.html").form("/reboot")
    reader.send("/reset", {**form, "values": {**form["values"], "confirm": ""}})
    assert not health.called("factory_reset")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_password(owner, language):
    reader = Reader(owner, language)
    page = owner.get("/password.html")
    assert b'<noscript><input type="hidden" name="plain" value="yes"></noscript>' in page
    assert owner.submit("/password", current="wrong one", password="another one", again="another one", plain="yes") == (
        302, "/password.html#wrong")
    status, location = owner.submit(
        "/password", current=PASSWORD, password="another one", again="another one", plain="yes")
    assert (status, location) == (302, "/system.html#password")
    assert reader.go(location).says("password.changed")


def test_nothing_that_is_said_is_part_of_the_page(reader, health, network):
    health.answers["get_system"] = dict.fromkeys(browsing.SYSTEM, HOSTILE)
    network.answers["status"] = {"country": {"code": HOSTILE}}
    reader.go("/system.html")
    assert reader.page.text.count(HOSTILE) > 6
    assert HOSTILE in reader.go("/reset.html").page.text


def test_who_may(web, owner, viewer, health):
    for looks in (viewer(), viewer("network")):
        looks.go("/system.html")
        assert not DANGEROUS & set(looks.page.links) and "/https.html" not in looks.page.links
        assert [form["action"] for form in looks.page.forms] == ["/logout"]
        for path in (*DANGEROUS, "/diagnostics"):
            assert looks.go(path).status == 403
        for action in ("/reboot", "/reset"):
            form = {"method": "post", "values": {"csrf": "", "confirm": HOSTNAME}}
            assert looks.send(action, form).status == 403
    reads = Reader(owner)
    for action in ("/reboot", "/reset"):
        form = reads.go(f"{action}.html").form(action)
        typed = {**form["values"], "confirm": HOSTNAME}
        assert owner.submit(action, "http://evil.example", **typed)[0] == 403
        assert owner.submit(action, None, **typed)[0] == 403
        assert owner.submit(action, **{**typed, "csrf": ""})[0] == 403
        assert Browser(web.port).submit(action, **typed) == (302, "/login.html")
        assert Browser(web.port).ask("GET", f"{action}.html")[1]["Location"] == "/login.html"
    assert Browser(web.port).ask("GET", "/diagnostics")[1]["Location"] == "/login.html"
    assert not health.called("reboot") and not health.called("factory_reset") and not health.called("diagnostics")
    assert viewer("system").go("/reset.html").send("/reset", confirm=HOSTNAME).says("reset.begun")


def test_before_there_is_a_password(web, health):
    for path in ("/system.html", "/diagnostics", "/reboot.html", "/reset.html"):
        assert Browser(web.port).ask("GET", path)[1]["Location"] == "/welcome.html"
    for action in ("/reboot", "/reset"):
        assert Browser(web.port).submit(action, confirm=HOSTNAME) == (302, "/welcome.html")
    assert not health.called("reboot") and not health.called("factory_reset")
