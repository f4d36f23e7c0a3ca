# SPDX-License-Identifier: LGPL-2.1-or-later
"""The country of the device, without a script: in the first time and later."""

import pytest

import browsing
from pages import Reader, Shown
from plain import HOSTILE, reader, viewer  # noqa: F401  pylint: disable=unused-import
from web import PASSWORD, Browser

NAMES = {"en": ["Afghanistan", "Germany", "Canada"], "fr": ["Afghanistan", "Allemagne", "Canada"]}


@pytest.fixture(autouse=True)
def says_a_country(network):
    network.answers.update(status=browsing.HOTSPOT, country={"code": "FR"})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_first_time(web, network, language):
    reader = Reader(Browser(web.port), language)
    # What is within <noscript> is a part of the page for who has none.
    assert b'<noscript><input type="hidden" name="plain" value="yes"></noscript>' in reader.browser.get("/welcome.html")
    assert reader.browser.submit("/welcome", password=PASSWORD, again="typo", plain="yes") == (
        302, "/welcome.html#different")
    status, location = reader.browser.submit("/welcome", password=PASSWORD, again=PASSWORD, plain="yes")
    assert (status, location) == (302, "/country.html?setup=yes")
    reader.go(location)
    assert reader.says("welcome.country") and reader.says("way.network")
    assert reader.form("/country")["values"]["code"] == "CA"
    for name in NAMES[language]:
        assert name in reader.page.text
    reader.send("/country", code="FR")
    assert network.called("country") == [{"code": "FR"}]
    assert reader.path == "/join.html"


def test_later(reader, network):
    network.answers["status"] = browsing.CONNECTED
    reader.go("/country.html")
    assert not reader.says("way.network") and reader.says("country.change")
    reader.send("/country", code="DE")
    assert network.called("country") == [{"code": "DE"}]
    assert reader.path == "/country.html#set" and reader.says("answer.changed")


def test_says_why_not_and_keeps_the_choice(reader, network):
    network.answers["country"] = ValueError("INVALID_PARAMS", HOSTILE)
    reader.go("/country.html?setup=yes").send("/country", code="DE")
    assert HOSTILE in reader.page.text
    assert reader.form("/country")["values"]["code"] == "DE" and reader.says("way.network")
    network.close()
    said = {"en": "The network service is not running.", "fr": "Le service réseau ne fonctionne pas."}
    assert said[reader.language] in reader.send("/country").page.words()
    assert reader.form("/country")["values"]["code"] == "DE"
    assert said[reader.language] in reader.go("/country.html").page.words()


def test_who_may(web, owner, viewer, network):
    for looks in (viewer(), viewer("system")):
        assert looks.go("/country.html").status == 403
        form = {"method": "post", "values": {"code": "DE", "csrf": ""}}
        assert looks.send("/country", form).status == 403
    form = Reader(owner).go("/country.html").form("/country")["values"]
    assert owner.submit("/country", "http://evil.example", **form)[0] == 403
    assert owner.submit("/country", **{**form, "csrf": "0" * 64})[0] == 403
    assert Browser(web.port).submit("/country", code="DE") == (302, "/login.html")
    assert not network.called("country")
    assert viewer("network").go("/country.html").send("/country", code="DE").status == 200
    assert network.called("country") == [{"code": "DE"}]


@pytest.mark.parametrize("code", ["", "%ff", "a%00b", "DE&setup=a%00b"])
def test_forms_that_make_no_sense(owner, network, code):
    form = Reader(owner).go("/country.html").form("/country")["values"]
    body = f"csrf={form['csrf']}&code={code}"
    status, _, _ = owner.ask("POST", "/country", body, {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{owner.port}"})
    assert status in (400, 403) and not network.called("country")


def test_a_hostile_country_is_text(owner, network):
    network.answers["status"] = {**browsing.HOTSPOT, "country": {"code": HOSTILE, "source": None, "problem": HOSTILE}}
    page = Shown(owner.get("/country.html").decode())
    assert HOSTILE in page.text and "script" not in page.tags
