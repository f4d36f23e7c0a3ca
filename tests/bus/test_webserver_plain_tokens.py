# SPDX-License-Identifier: LGPL-2.1-or-later
"""Access tokens without a script: making one, which is shown once, and revoking it; and what a login by one may."""

import re
import time

import pytest

from plain import HOSTILE, reader, viewer  # noqa: F401  pylint: disable=unused-import
from web import Browser, Client

TOKEN = re.compile(r'id="token-text" value="([0-9a-f]{64})"')


@pytest.fixture(autouse=True)
def says_what_it_is(health, network):
    """System's own page is about more than the logins."""
    return health, network


def make(reader, name, **scopes):
    """Returns the text of a new token: the page's, as a browser gets it."""
    reader.go("/tokens.html").send("/tokens", name=name, **scopes)
    assert reader.status == 200 and reader.says("tokens.made") and reader.headers["Cache-Control"] == "no-store"
    return TOKEN.search(reader.body)[1]


def may(port, token, path="/api/v1/network", body=None):
    return Client(port, headers={"Authorization": f"Bearer {token}"}).ask("POST" if body else "GET", path, body)[0]


def test_make_one(reader, web):
    assert "/tokens.html" in reader.go("/system.html").page.links
    assert reader.go("/tokens.html").says("tokens.none")
    token = make(reader, "Kitchen & bath")
    assert "Kitchen & bath" in reader.page.words() and not reader.says("tokens.none")
    words = reader.page.words()
    assert time.strftime("%Y-%m-%d", time.gmtime()) in words and reader.texts["scope.read"] in words
    assert may(web.port, token) == 200
    assert may(web.port, token, "/api/v1/network/forget", {"ssid": "HomeNet"}) == 403
    assert token not in web.device.log()
    # Never again.
    assert token not in reader.go("/tokens.html").body and not reader.says("tokens.made")
    assert not TOKEN.search(reader.body)


def test_make_one_that_may_more(reader, web):
    token = make(reader, "a", network="yes")
    assert may(web.port, token, "/api/v1/network/forget", {"ssid": "HomeNet"}) == 202
    assert may(web.port, token, "/api/v1/system/factory-reset", {"confirm": "unbox-7f3a"}) == 403
    token = make(reader, "b", system="yes")
    assert may(web.port, token, "/api/v1/network/forget", {"ssid": "HomeNet"}) == 403
    assert may(web.port, token, "/api/v1/system/factory-reset", {"confirm": "unbox-7f3a"}) == 202


def test_revoke_one(reader, web):
    kept, revoked = make(reader, "kept"), make(reader, "revoked")
    form, = [form for form in reader.page.forms if form["action"] == "/revoke.html"][1:]
    reader.send("/revoke.html", form)
    assert reader.says("token.revoke.sure", name="revoked") and reader.says("token.revoke.what")
    assert may(web.port, revoked) == 200
    reader.send("/revoke")
    assert reader.path == "/tokens.html#revoked" and reader.says("tokens.revoked")
    assert (may(web.port, revoked), may(web.port, kept)) == (401, 200)
    said = {"en": "There is no such token.", "fr": "Ce jeton n'existe pas."}
    reader.go(f"/revoke.html?token={form['values']['token']}")
    assert said[reader.language] in reader.page.words() and not reader.page.forms
    gone = reader.go("/tokens.html").form("/tokens")["values"]["csrf"]
    reader.send("/revoke", {"method": "post", "values": {"csrf": gone, "token": form["values"]["token"]}})
    assert reader.status == 404 and said[reader.language] in reader.page.words()


@pytest.mark.parametrize("name", ["", "a" * 65, "a\nb"])
def test_names_that_are_none(reader, name):
    reader.go("/tokens.html").send("/tokens", name=name, network="yes")
    said = {"en": "The name of a token has 1 to 64 bytes of text.",
            "fr": "Le nom d'un jeton a de 1 à 64 octets de texte."}
    assert said[reader.language] in reader.page.words() and reader.says("tokens.none")
    assert not reader.says("tokens.made")
    assert reader.form("/tokens")["values"]["network"] == "yes" and reader.form("/tokens")["values"]["system"] == ""


def test_there_are_only_so_many(reader):
    for number in range(16):
        make(reader, f"number {number}")
    reader.go("/tokens.html").send("/tokens", name="one more")
    said = {"en": "There are too many tokens already: revoke one first.",
            "fr": "Il y a déjà trop de jetons : révoquez-en un d'abord."}
    assert said[reader.language] in reader.page.words() and reader.form("/tokens")["values"]["name"] == "one more"


def test_hostile_names_are_text(reader):
    make(reader, HOSTILE[:60])
    assert HOSTILE[:60] in reader.page.text
    form = reader.form("/revoke.html")
    assert HOSTILE[:60] in reader.send("/revoke.html", form).page.text


def test_who_may(web, owner, viewer):
    looks = viewer("network", "system")
    assert "/tokens.html" not in looks.go("/system.html").page.links
    assert looks.texts["scope.system"] in looks.page.words()
    for path in ("/tokens.html", "/revoke.html?token=0"):
        assert looks.go(path).status == 403
    token = owner.get("/api/v1/tokens")["tokens"][0]["id"]
    for action, values in (("/tokens", {"name": "x"}), ("/revoke", {"token": token})):
        assert looks.send(action, {"method": "post", "values": {"csrf": "", **values}}).status == 403
        for origin in ("http://evil.example", None):
            assert owner.submit(action, origin, **values)[0] == 403
        for csrf in ("", "0" * 64):
            assert owner.submit(action, csrf=csrf, **values)[0] == 403
        assert Browser(web.port).submit(action, **values) == (302, "/login.html")
    assert len(owner.get("/api/v1/tokens")["tokens"]) == 1


def test_before_there_is_a_password(web):
    for path in ("/tokens.html", "/revoke.html"):
        assert Browser(web.port).ask("GET", path)[1]["Location"] == "/welcome.html"

