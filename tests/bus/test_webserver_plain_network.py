# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network without a script: how the device is connected, its saved networks, and its own Wi-Fi."""

import pytest

import browsing
import peers
from pages import Reader
from plain import HOSTILE, reader, viewer  # noqa: F401  pylint: disable=unused-import
from web import PASSWORD, Browser

AWAY = {"en": "The network service is not running.", "fr": "Le service réseau ne fonctionne pas."}
HEX = {network["ssid"]: network["ssid_hex"] for network in browsing.AIR["saved"]}
HOTSPOT = browsing.HOTSPOT["hotspot_settings"]
# The device's own Wi-Fi is open because somebody wanted it.
REQUESTED = {**browsing.HOTSPOT, "hotspot_settings": {**HOTSPOT, "requested": True}}


@pytest.fixture(autouse=True)
def knows_networks(network):
    network.answers.update(
        status=browsing.CONNECTED, networks=browsing.AIR, hotspot={"enabled": True},
        hotspot_label={**browsing.LABEL, "svg": browsing.CODE})


def actions(page):
    return {form["action"] for form in page.forms}


def test_how_it_is_connected(reader, network):
    reader.go("/network.html")
    assert reader.status == 200 and reader.headers["Cache-Control"] == "no-store"
    assert reader.says("state.connected", ssid="HomeNet") and reader.says("tag.connected")
    for text in ("82 %", "http://192.168.1.20:5000/", "http://192.0.2.7:5000/", "Office", "device@example.org", "Canada"):
        assert text in reader.page.words(), text
    assert reader.says("saved.fixed", address="192.168.60.20/24") and reader.says("saved-security.tls")
    assert {"/join.html", "/hotspot.html", "/country.html", "/health.html", "/system.html"} <= set(reader.page.links)
    network.answers["status"] = {
        **browsing.CONNECTED, "verdict": browsing.failed("no_internet", "Connected.")["verdict"]}
    assert reader.go("/network.html").says("verdict.no_internet", ssid="HomeNet")
    network.answers["status"] = {**browsing.HOTSPOT, "problems": [
        {"code": "dns-port-taken", "message": "x"}, {"code": "odd", "message": HOSTILE}]}
    reader.go("/network.html")
    assert reader.says("state.why.hotspot", hotspot="INCUVERS_AP") and reader.says("problem.dns-port-taken")
    assert HOSTILE in reader.page.text
    network.answers["status"] = {**peers.NETWORK_STATUS, "state": HOSTILE}
    assert HOSTILE in reader.go("/network.html").page.text


def test_choose_one_in_the_air(reader, network):
    network.answers["networks"] = {**browsing.AIR, "networks": [
        *browsing.AIR["networks"], peers.network("Museum", 12, "owe"), peers.network("", 50)]}
    reader.go("/network.html")
    words = reader.page.words()
    assert words.count("Museum") == 1 and reader.says("security.wep") and reader.says("strength.4")
    # Neither the one that the device is on nor what it can't join.
    assert [form["values"]["ssid"] for form in reader.page.forms if form["action"] == "/join.html"][:4] == [
        "A network with a long name here!", "Company", "Café Zwölf", "Museum"]
    reader.send("/join.html", reader.form("/join.html", ssid="Company"))
    assert reader.page.open == {"join-login"}
    reader.go("/network.html")
    reader.send("/join.html", reader.form("/join.html", ssid="Café Zwölf"))
    assert reader.form("/join")["values"]["ssid"] == "Café Zwölf" and not network.called("connect")


def test_look_for_networks(reader, network):
    network.answers["networks"] = {"networks": [], "scanning": False, "saved": []}
    assert reader.go("/network.html").says("air.empty") and "Refresh" not in reader.headers
    network.answers["networks"] = {**browsing.AIR, "scanning": True}
    reader.send("/scan")
    assert network.called("scan") == [None] and reader.says("air.scanning")
    assert reader.path == "/network.html" and reader.headers["Refresh"] == "3"
    network.answers["scan"] = ValueError("NOT_READY", "The radio cannot scan now.")
    said = {"en": "The radio cannot scan now.", "fr": "La radio ne peut pas chercher de réseaux maintenant."}
    assert said[reader.language] in reader.send("/scan").page.words()


def test_while_it_joins_nothing_can_be_changed(reader, network):
    network.answers["status"] = browsing.joining("address")
    assert reader.go("/network.html").says("state.joining") and not actions(reader.page)
    assert not actions(reader.go("/hotspot.html").page)


def test_forget_one(reader, network):
    reader.go("/network.html")
    reader.send("/forget.html", reader.form("/forget.html", network=HEX["Office"]))
    assert reader.says("forget.sure", name="Office") and reader.says("forget.other")
    assert not network.called("forget")
    reader.send("/forget")
    assert network.called("forget") == [{"ssid_hex": HEX["Office"]}]
    assert reader.path == "/network.html#forgotten" and reader.says("saved.forgotten")
    assert reader.go(f"/forget.html?network={HEX['HomeNet']}").says("forget.what")


def test_forget_all(reader, network):
    reader.go("/network.html")
    reader.send("/forget.html", reader.form("/forget.html", all="yes"))
    assert reader.says("forget-all.sure") and reader.says("forget-all.what")
    reader.send("/forget")
    assert network.called("forget") == [{}] and reader.path == "/network.html#forgotten"


def test_forget_what_is_not_there(reader, network):
    said = {"en": "This network is not saved.", "fr": "Ce réseau n'est pas enregistré."}
    for path in ("/forget.html?network=00", "/forget.html", "/forget.html?network=%ff"):
        assert said[reader.language] in reader.go(path).page.words() and not actions(reader.page)
    reader.go(f"/forget.html?network={HEX['Office']}")
    network.answers["forget"] = ValueError("NOT_FOUND", "This network is not saved.")
    assert said[reader.language] in reader.send("/forget").page.words()
    network.answers["forget"] = ValueError("ODD", HOSTILE)
    assert HOSTILE in reader.go("/forget.html?all=yes").send("/forget").page.text


def test_which_comes_first(reader, network):
    reader.go("/network.html")
    assert reader.says("saved.prefer") and reader.says("saved.as-others")
    reader.send("/prefer", reader.form("/prefer", network=HEX["Workshop"]))
    reader.send("/prefer", reader.form("/prefer", network=HEX["HomeNet"]))
    assert network.called("set_priority") == [
        {"ssid_hex": HEX["Workshop"], "priority": 2}, {"ssid_hex": HEX["HomeNet"], "priority": 0}]
    assert reader.path == "/network.html#changed" and reader.says("answer.changed")


def test_join_a_saved_one(reader, network):
    reader.go("/network.html")
    reader.send("/join.html", reader.form("/join.html", ssid="Workshop"))
    assert reader.form("/join")["values"]["ssid"] == "Workshop"
    reader.send("/join")
    assert network.called("connect") == [{"ssid": "Workshop"}]


def test_open_the_hotspot(reader, network):
    network.answers["status"] = {**browsing.CONNECTED, "wired": None}
    reader.go("/hotspot.html")
    assert reader.says("own.closed") and reader.says("own.what", name=HOTSPOT["ssid"], ssid="HomeNet")
    assert browsing.LABEL["password"] in reader.page.words() and "/api/v1/network/hotspot.svg" in reader.page.loaded
    network.answers["hotspot"] = ValueError("NOT_READY", "The radio is off or not ready.")
    said = {"en": "The radio is off or not ready.", "fr": "La radio est éteinte ou pas prête."}
    assert said[reader.language] in reader.send("/hotspot").page.words()
    network.answers.update(hotspot={"enabled": True}, status=REQUESTED)
    reader.send("/hotspot")
    assert network.called("hotspot") == [{"enabled": True}] * 2
    assert reader.path == "/hotspot.html#opens" and reader.says("own.opens-soon") and reader.says("own.requested")
    assert browsing.LABEL["password"] in reader.page.words()


def test_close_the_hotspot(reader, network):
    network.answers["status"] = REQUESTED
    reader.go("/network.html")
    assert reader.says("own.requested") and reader.says("own.close")
    reader.go("/hotspot.html")
    assert not reader.says("own.what", name=HOTSPOT["ssid"], ssid=reader.texts["its-network"])
    network.answers["status"] = browsing.CONNECTED
    reader.send("/hotspot")
    assert network.called("hotspot") == [{"enabled": False}] and reader.path == "/hotspot.html#closes"
    # The only way to the device stays.
    network.answers["status"] = browsing.HOTSPOT
    assert reader.go("/hotspot.html").says("own.needed") and not actions(reader.page)


@pytest.mark.parametrize("status", [
    {**browsing.CONNECTED, "state": "radio-off"}, {**browsing.CONNECTED, "state": "no-radio"},
    {**browsing.CONNECTED, "problems": [{"code": "no-access-point", "message": "x"}]}])
def test_a_radio_without_a_hotspot(owner, network, status):
    network.answers["status"] = status
    reader = Reader(owner)
    assert "/hotspot.html" not in reader.go("/network.html").page.links
    assert not actions(reader.go("/hotspot.html").page)


def test_names_that_are_no_text_or_hostile(reader, network):
    odd = {**browsing.saved("x"), "ssid": None, "ssid_hex": "ff00"}
    network.answers["networks"] = {**browsing.AIR, "saved": [odd, browsing.saved(HOSTILE, security=HOSTILE)]}
    network.answers["status"] = {**browsing.CONNECTED, "wifi": {**browsing.WIFI, "ssid": HOSTILE}}
    reader.go("/network.html")
    assert reader.says("the-network", hex="ff00") and reader.page.text.count(HOSTILE) >= 3
    assert reader.go("/forget.html?network=ff00").says("forget.sure", name=reader.texts["the-network"].format(hex="ff00"))
    assert HOSTILE in reader.go(f"/forget.html?network={HOSTILE.encode().hex()}").page.text
    network.answers["hotspot_label"] = {"ssid": HOSTILE, "password": HOSTILE}
    assert reader.go("/hotspot.html").page.text.count(HOSTILE) >= 2


@pytest.mark.parametrize("status, networks", [({}, {}), ({"problems": {}, "wifi": 3}, {"saved": {}}), (
    {"state": 1, "problems": [1, []], "hotspot": []}, {"saved": [1, {}, {"ssid": 4, "priority": "x"}]})])
def test_answers_that_make_no_sense(owner, network, status, networks):
    network.answers.update(status=status, networks=networks, hotspot_label={})
    reader = Reader(owner)
    for path in ("/network.html", "/forget.html?network=", "/hotspot.html", "/join.html"):
        assert reader.go(path).status == 200


def test_network_service_that_is_away(reader, network):
    form = reader.go("/hotspot.html").form("/hotspot")
    network.close()
    for path in ("/network.html", "/hotspot.html", "/forget.html?all=yes", "/join.html"):
        assert AWAY[reader.language] in reader.go(path).page.words(), path
    assert AWAY[reader.language] in reader.send("/hotspot", form).page.words()


def test_who_may(web, owner, viewer, network):
    for looks in (viewer(), viewer("system")):
        looks.go("/network.html")
        assert not actions(looks.page) and not {"/join.html", "/hotspot.html", "/country.html"} & set(looks.page.links)
        for path in ("/hotspot.html", "/forget.html?all=yes"):
            assert looks.go(path).status == 403 and browsing.LABEL["password"] not in looks.page.text
        for action, values in (("/hotspot", {"enabled": "yes"}), ("/forget", {"all": "yes"}),
                               ("/prefer", {"network": "00", "priority": "1"}), ("/scan", {})):
            assert looks.send(action, {"method": "post", "values": {"csrf": "", **values}}).status == 403
    csrf = Reader(owner).go("/hotspot.html").form("/hotspot")["values"]["csrf"]
    for action, values in (("/hotspot", {"enabled": "yes"}), ("/forget", {"all": "yes", "network": ""}),
                           ("/prefer", {"network": "00", "priority": "1"}), ("/scan", {})):
        assert owner.submit(action, "http://evil.example", csrf=csrf, **values)[0] == 403
        assert owner.submit(action, None, csrf=csrf, **values)[0] == 403
        assert owner.submit(action, csrf="0" * 64, **values)[0] == 403
        assert Browser(web.port).submit(action, csrf=csrf, **values) == (302, "/login.html")
        assert not network.called(action.strip("/")) and not network.called("set_priority")
    assert viewer("network").go("/forget.html?all=yes").send("/forget").path == "/network.html#forgotten"


@pytest.mark.parametrize("action, values", [
    ("/hotspot", {"enabled": "perhaps"}), ("/hotspot", {}), ("/forget", {}), ("/forget", {"all": "no", "network": ""}),
    ("/prefer", {"network": "00", "priority": "-1"}), ("/prefer", {"network": "00", "priority": "1000"}),
    ("/prefer", {"network": "", "priority": "1"}), ("/prefer", {"network": "00", "priority": ""})])
def test_forms_that_make_no_sense(owner, network, action, values):
    csrf = Reader(owner).go("/hotspot.html").form("/hotspot")["values"]["csrf"]
    assert owner.submit(action, csrf=csrf, **values)[0] == 400
    assert not any(network.called(method) for method in ("hotspot", "forget", "set_priority"))


def test_before_there_is_a_password(web):
    for path in ("/network.html", "/hotspot.html", "/forget.html?all=yes", "/join.html"):
        assert Browser(web.port).ask("GET", path)[1]["Location"] == "/welcome.html"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_leads_here(owner, language):
    """Who has no script gets what is within <noscript>."""
    reader = Reader(owner, language)
    page = owner.get("/").decode()
    assert '<noscript><meta http-equiv="refresh" content="0; url=/network.html"></noscript>' in page
    assert b'<noscript><input type="hidden" name="plain" value="yes"></noscript>' in owner.get("/login.html")
    status, location = owner.submit("/login", password=PASSWORD, plain="yes")
    assert (status, location) == (302, "/network.html") and reader.go(location).status == 200
