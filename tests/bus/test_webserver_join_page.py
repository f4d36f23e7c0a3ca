# SPDX-License-Identifier: LGPL-2.1-or-later
"""Joining a network without a script: what the page shows, and what its form asks for."""

import urllib.parse

import pytest

import peers
from pages import Reader
from web import Browser

# As user-network is given it; what is in it is its business.
PEM = "-----BEGIN CERTIFICATE-----\nc2VjcmV0IGFuZCBjZXJ0aWZpY2F0ZQ\n-----END CERTIFICATE-----\n"
PAGE = "/join.html"
BEGUN = (302, f"{PAGE}#begun")


def shown(browser):
    return " ".join(browser.get(PAGE).decode().split())


def post(browser, data):
    """The form as it is encoded; for an answer that is a page."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{browser.port}"}
    return browser.ask("POST", "/join", f"csrf={browser.csrf}&".encode() + data, headers)


def test_shows_where_the_page_will_be(owner, network):
    page = shown(owner)
    assert "<b>http://unbox-7f3a:5000/</b>" in page and "<b>http://unbox-7f3a.local:5000/</b>" in page
    assert 'data-testid="joined" hidden' in page and 'data-testid="verdict" hidden' in page
    assert "<!--" not in page and "<script" not in page and 'id="begun"' in page
    network.answers["status"] = {**peers.NETWORK_STATUS, "announced": {"host": "unbox-7f3a-2.local", "port": 5000}}
    assert "<b>http://unbox-7f3a-2.local:5000/</b>" in shown(owner)


def test_shows_by_itself_what_becomes_of_it(owner, network):
    assert "Refresh" not in owner.ask("GET", PAGE)[1]
    network.answers["status"] = {**peers.NETWORK_STATUS, "join": {"ssid": "HomeNet", "step": "address"}}
    assert owner.ask("GET", PAGE)[1]["Refresh"] == "3"
    # What somebody has typed isn't taken from him.
    network.answers["connect"] = ValueError("BUSY", "The device is joining a network; wait for it.")
    assert "Refresh" not in post(owner, b"ssid=HomeNet&password=hunter22")[1]


def test_shows_what_became_of_it(owner, network):
    verdict = {"code": "password_wrong", "message": "It is probably wrong.", "ssid": "<b>Home</b>"}
    network.answers["status"] = {**peers.NETWORK_STATUS, "join": {"ssid": "<Home>", "step": "address"}, "verdict": verdict}
    page = shown(owner)
    assert "Joining <b>&lt;Home&gt;</b>" in page and 'data-testid="verdict" hidden' in page
    network.answers["status"] = {**peers.NETWORK_STATUS, "verdict": verdict}
    assert 'data-testid="verdict" >The password for &lt;b&gt;Home&lt;/b&gt; is' in shown(owner)
    french = owner.ask("GET", PAGE, headers={"Accept-Language": "fr"})[2].decode()
    assert 'lang="fr" data-testid="verdict" >Le mot de passe de &lt;b&gt;Home&lt;/b&gt; est' in french
    network.answers["status"] = {**peers.NETWORK_STATUS, "verdict": {**verdict, "code": "odd"}}
    assert 'lang="en" data-testid="verdict" >It is probably wrong.<' in shown(owner)
    network.answers["status"] = {**peers.NETWORK_STATUS, "wifi": {"ssid": "HomeNet", "address": "192.168.1.5/24"}}
    assert "connected to <b>HomeNet</b>" in shown(owner)


@pytest.mark.parametrize("state, hidden", [("hotspot", ""), ("connected", "hidden"), ("wired", "hidden")])
def test_says_that_the_hotspot_goes_only_where_there_is_one(owner, network, state, hidden):
    network.answers["status"] = {**peers.NETWORK_STATUS, "state": state}
    assert f'data-testid="leaving" {hidden}>' in shown(owner)


@pytest.mark.parametrize("fields, asked", [
    ({"ssid": "Café & Co", "password": "hunter22"}, {"ssid": "Café & Co", "password": "hunter22"}),
    ({"ssid": "HomeNet", "password": ""}, {"ssid": "HomeNet"}),
    ({"ssid": "Attic", "password": "hunter22", "hidden": "yes"}, {"ssid": "Attic", "password": "hunter22", "hidden": True}),
    ({"ssid": "Attic", "hidden": "yes"}, {"ssid": "Attic", "hidden": True, "security": "open"}),
    ({"ssid": "Attic", "hidden": "yes", "owe": "yes"}, {"ssid": "Attic", "hidden": True, "security": "owe"}),
    ({"ssid": "Attic", "hidden": "yes", "owe": "yes", "password": "hunter22"},
     {"ssid": "Attic", "hidden": True, "password": "hunter22", "security": "owe"}),
    ({"ssid": "HomeNet", "password": "hunter22", "address": "192.168.1.20", "mask": "24", "gateway": "192.168.1.1",
      "dns": "192.168.1.1, 9.9.9.9;1.1.1.1"},
     {"ssid": "HomeNet", "password": "hunter22", "address": "192.168.1.20/24", "gateway": "192.168.1.1",
      "dns": ["192.168.1.1", "9.9.9.9", "1.1.1.1"]}),
    ({"ssid": "HomeNet", "password": "hunter22", "address": "", "mask": "24", "gateway": "", "dns": " "},
     {"ssid": "HomeNet", "password": "hunter22"}),
    ({"ssid": "HomeNet", "mask": "24", "dns": "9.9.9.9"}, {"ssid": "HomeNet", "dns": ["9.9.9.9"]}),
    ({"ssid": "Company", "password": "hunter22", "identity": "device@example.org"},
     {"ssid": "Company", "password": "hunter22", "identity": "device@example.org", "security": "peap"}),
    ({"ssid": "Company", "password": "hunter22", "hidden": "yes", "identity": "device", "anonymous": "nobody",
      "domain": "radius.example.org", "ca": (PEM,)},
     {"ssid": "Company", "password": "hunter22", "hidden": True, "identity": "device", "anonymous_identity": "nobody",
      "domain": "radius.example.org", "ca_certificate": PEM, "security": "peap"}),
    ({"ssid": "Company", "password": "", "identity": "device", "certificate": (PEM,), "key": (PEM * 150,),
      "key-password": "hunter22", "ca": ("",)},
     {"ssid": "Company", "identity": "device", "client_certificate": PEM, "client_key": PEM * 150,
      "client_key_password": "hunter22", "security": "tls"}),
    # Nothing of it is left out in silence: the device says what is missing.
    ({"ssid": "Company", "ca": (PEM,)}, {"ssid": "Company", "ca_certificate": PEM, "security": "peap"}),
    ({"ssid": "Company", "hidden": "yes", "key": (PEM,)},
     {"ssid": "Company", "hidden": True, "client_key": PEM, "security": "tls"})])
def test_joins(owner, network, web, fields, asked):
    assert owner.submit("/join", **fields) == BEGUN
    assert network.called("connect") == [asked]
    said = web.device.log()
    assert "hunter22" not in said and PEM.splitlines()[1] not in said


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_a_network_may_need_stays_in_the_form(owner, network, language):
    """But for the secrets, and the files, which browsers put in no form again."""
    reader = Reader(owner, language)
    form = reader.go(PAGE).form("/join")
    assert form["values"]["mask"] == "24" and "identity" in form["values"]
    assert reader.says("join.login") and "<details data-testid=\"join-login\" >" in shown(owner)
    network.answers["connect"] = ValueError("INVALID_PARAMS", "The gateway must look like 192.168.1.1.")
    typed = {"ssid": "Company", "password": "hunter22", "hidden": "yes", "identity": '"device', "anonymous": "nobody",
             "domain": "radius.example.org", "address": "192.168.1.20", "mask": "16", "gateway": "x<", "dns": "9.9.9.9",
             "certificate": PEM, "key": PEM, "key-password": "hunter23"}
    reader.send("/join", **typed)
    said = {"en": "The gateway must look like 192.168.1.1.", "fr": "La passerelle doit ressembler à 192.168.1.1."}
    assert reader.status == 200 and said[language] in reader.page.words()
    kept = {**typed, "password": "", "certificate": "", "key": "", "key-password": ""}
    left = reader.form("/join")["values"]
    assert {name: left[name] for name in kept} == kept
    assert reader.page.open == {"join-login", "join-server", "join-fixed"}


def test_a_network_with_a_login_has_its_fields_at_hand(owner):
    reader = Reader(owner).go(f"{PAGE}?ssid=Company&security=enterprise")
    assert reader.page.open == {"join-login"} and reader.form("/join")["values"]["ssid"] == "Company"
    assert not reader.go(f"{PAGE}?ssid=HomeNet&security=wpa2").page.open


def test_says_why_not_and_keeps_the_name(owner, network):
    network.answers["connect"] = ValueError("INVALID_PARAMS", "The password is too short: it has a \"least\".")
    status, headers, data = post(owner, urllib.parse.urlencode({"ssid": '"><script>x', "password": "short"}).encode())
    page = " ".join(data.decode().split())
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert 'data-testid="problem" >The password is too short: it has a &quot;least&quot;.<' in page
    assert 'value="&quot;&gt;&lt;script&gt;x"' in page and "short\"" not in page and "<script" not in page


def test_network_service_that_is_away(owner, network):
    network.close()
    assert 'data-testid="problem" >The network service is not running.<' in shown(owner)
    status, _, data = post(owner, b"ssid=HomeNet&password=hunter22")
    assert status == 200 and b"The network service is not running." in data and b"hunter22" not in data


def test_who_may(web, owner, network):
    viewers = []
    for scopes in (["read", "system"], ["read", "network"]):
        _, _, made = owner.ask("POST", "/api/v1/tokens", {"name": "a", "scopes": scopes})
        viewers.append(Browser(web.port))
        assert viewers[-1].ask("POST", "/api/v1/session", {"password": made["token"]})[0] == 200
    stranger = Browser(web.port)
    assert stranger.ask("GET", PAGE)[1]["Location"] == "/login.html"
    assert stranger.submit("/join", ssid="HomeNet", password="hunter22") == (302, "/login.html")
    assert viewers[0].ask("GET", PAGE)[0] == 403
    assert viewers[0].submit("/join", ssid="HomeNet", password="hunter22")[0] == 403
    for origin in (None, "null", "http://evil.example"):
        assert owner.submit("/join", origin, ssid="HomeNet", password="hunter22")[0] == 403
    # A form of no page of this session.
    for csrf in ("", "0" * 64, viewers[1].csrf):
        assert owner.submit("/join", csrf=csrf, ssid="HomeNet", password="hunter22")[0] == 403
    assert not network.called("connect")
    assert viewers[1].submit("/join", ssid="HomeNet", password="hunter22") == BEGUN


@pytest.mark.parametrize("data", [
    b"ssid=\xff\xfe", b"ssid=%ff%fe", b"ssid=a%00b", b"ssid=" + b"a" * 3000, b"ssid=a&identity=%ff", b"ssid=a&address=%ff",
    b"ssid=a&gateway=%ff", b"ssid=a&dns=9.9.9.9+%ff", b"ssid=a&address=1&mask=%ff", b"ssid=a&key=" + b"a" * 16385],
    ids=["bytes", "utf-8", "nul", "long", "identity", "address", "gateway", "dns", "mask", "key"])
def test_forms_that_make_no_sense(owner, network, data):
    assert post(owner, data)[0] == 400
    assert not network.called("connect")
