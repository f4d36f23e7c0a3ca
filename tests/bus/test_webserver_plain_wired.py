# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cable and the radio without a script: how they are set, a fixed address that has to be confirmed over itself, and
the switch."""

import pytest

import browsing
from pages import Reader
from plain import HOSTILE, reader, viewer  # noqa: F401  pylint: disable=unused-import
from web import Browser

WIRED = browsing.CONNECTED["wired"]
FIXED = {"address": "192.0.2.9", "mask": "25", "gateway": "192.0.2.1", "dns": "192.0.2.1 9.9.9.9"}
ASKED = {"method": "static", "address": "192.0.2.9/25", "gateway": "192.0.2.1", "dns": ["192.0.2.1", "9.9.9.9"]}
AGAIN = "3; url=/wired.html"
AWAY = {"en": "The network service is not running.", "fr": "Le service réseau ne fonctionne pas."}


def wired(**now):
    """The device's status, with something else about the cable."""
    return {**browsing.CONNECTED, "wired": {**WIRED, **now}}


def trying(address, step="unconfirmed", left=48):
    """While an address is tried; None: while the network's is asked for."""
    fixed = address and {"address": f"{address}/24", "gateway": None, "dns": []}
    return wired(pending={"step": step, "method": "static" if fixed else "dhcp", "static": fixed, "seconds_left": left})


def left(reader, seconds):
    """How long the address is tried, as the page says it."""
    return " ".join(reader.texts["trial.left"]["other"].format(count=seconds).split())


@pytest.fixture(autouse=True)
def has_a_cable(network):
    network.answers.update(
        status=browsing.CONNECTED, networks=browsing.AIR, radio={"enabled": False},
        set_wired={"accepted": True, "confirm_within": 60}, confirm_wired={"confirmed": True})


def test_how_the_cable_is_set(reader, network):
    reader.go("/network.html")
    assert {"/wired.html", "/radio.html"} <= set(reader.page.links) and reader.says("radio.on")
    assert reader.says("wired.fixed", address="192.0.2.7/24") and "192.0.2.1, 9.9.9.9" in reader.page.words()
    form = reader.go("/wired.html").form("/wired")
    assert form["values"] == {**form["values"], "method": "static", "address": "192.0.2.7", "mask": "24",
                              "gateway": "192.0.2.1", "dns": "192.0.2.1, 9.9.9.9"}
    assert "Refresh" not in reader.headers
    network.answers["status"] = wired(method="dhcp", static=None, address=None)
    assert reader.go("/network.html").says("wired.dhcp") and reader.says("wired.no-address")
    form = reader.go("/wired.html").form("/wired")
    assert form["values"] == {**form["values"], "method": "dhcp", "address": "", "mask": "24", "gateway": "", "dns": ""}
    assert "://:" not in reader.body, "not even what is hidden leads to nobody"
    network.answers["status"] = wired(carrier=False)
    assert reader.go("/network.html").says("wired.none")


def test_set_a_fixed_address(reader, network):
    """The answer says where to go: the next page may be out of reach already."""
    network.answers["status"] = wired(method="dhcp", static=None)
    reader.go("/wired.html").send("/wired", method="static", **FIXED)
    assert network.called("set_wired") == [ASKED]
    assert reader.status == 200 and reader.path == "/wired" and reader.says("trial.open")
    assert "http://192.0.2.9:5000/wired.html" in reader.page.links and "Refresh" not in reader.headers
    assert left(reader, 60) in reader.page.words()
    assert "/wired" not in {form["action"] for form in reader.page.forms}


def test_back_to_the_network_s_address(reader, network):
    reader.go("/wired.html").send("/wired", method="dhcp")
    assert network.called("set_wired") == [{"method": "dhcp"}]
    assert reader.path == "/wired.html#changed" and reader.says("answer.changed")


def test_an_address_that_is_not_here_is_not_confirmed_here(reader, network):
    network.answers["status"] = trying("192.0.2.9")
    reader.go("/network.html")
    assert reader.says("trial.waits", address="192.0.2.9") and "/wired.html" in reader.page.links
    reader.go("/wired.html")
    assert reader.says("trial.open") and "http://192.0.2.9:5000/wired.html" in reader.page.links
    assert not reader.page.forms and "Refresh" not in reader.headers


def test_keep_the_address(reader, network):
    network.answers["status"] = trying("127.0.0.1")
    reader.go("/wired.html")
    assert reader.says("trial.keep") and reader.says("trial.there", address="127.0.0.1")
    assert left(reader, 48) in reader.page.words()
    assert reader.headers["Refresh"] == AGAIN
    network.answers["confirm_wired"] = ValueError("NOT_READY", "The new address isn't up yet; try again.")
    said = {"en": "The new address isn't up yet; try again.",
            "fr": "La nouvelle adresse n'est pas encore prête ; réessayez."}
    assert said[reader.language] in reader.send("/wired/confirm").page.words()
    network.answers["confirm_wired"] = {"confirmed": True}
    reader.go("/wired.html")
    network.answers["status"] = wired()
    reader.send("/wired/confirm")
    assert network.called("confirm_wired") == [{"address": "127.0.0.1"}] * 2
    assert reader.path == "/network.html#changed" and reader.says("answer.changed")


@pytest.mark.parametrize("step, key", [
    ("applying", "trial.applying"), ("checking", "trial.checking"), ("undoing", "trial.undoing")])
def test_what_goes_on_by_itself(reader, network, step, key):
    for address in ("192.0.2.9", None):
        network.answers["status"] = trying(address, step, None)
        assert reader.go("/wired.html").says(key) and reader.headers["Refresh"] == AGAIN and not reader.page.forms
        assert reader.go("/network.html").says(key)


def test_what_became_of_it(reader, network):
    network.answers["status"] = wired(last={"code": "not-confirmed", "message": "x"})
    for path in ("/wired.html", "/network.html"):
        assert reader.go(path).says("trial.last.not-confirmed"), path
    network.answers["status"] = wired(last={"code": "odd", "message": HOSTILE})
    assert HOSTILE in reader.go("/wired.html").page.text
    for good in ("confirmed", "dhcp"):
        network.answers["status"] = wired(last={"code": good, "message": "all went well"})
        assert "all went well" not in reader.go("/wired.html").page.text


def test_says_why_not_and_keeps_what_was_typed(reader, network):
    network.answers["set_wired"] = ValueError("INVALID_PARAMS", "The gateway is not in the network of the address.")
    said = {"en": "The gateway is not in the network of the address.",
            "fr": "La passerelle n'est pas dans le réseau de l'adresse."}
    typed = {"method": "static", "address": "192.0.2.9", "mask": "30", "gateway": '"><b>', "dns": "9.9.9.9,x"}
    reader.go("/wired.html").send("/wired", **typed)
    assert reader.status == 200 and said[reader.language] in reader.page.words()
    kept = reader.form("/wired")["values"]
    assert kept == {**kept, **typed}
    # It can be sent again as it is.
    network.answers["set_wired"] = {"accepted": True, "confirm_within": 60}
    assert reader.send("/wired").says("trial.open")


def test_somebody_else_has_changed_it(reader, network):
    reader.go("/wired.html")
    network.answers["status"] = wired(method="dhcp", static=None)
    reader.send("/wired", method="static", **FIXED)
    said = {"en": "Somebody else has changed this meanwhile. Look at it again first.",
            "fr": "Quelqu'un d'autre l'a modifié entre-temps. Regardez d'abord ce qu'il en est."}
    assert not network.called("set_wired") and said[reader.language] in reader.page.words()
    assert reader.form("/wired")["values"]["method"] == "dhcp"
    assert reader.send("/wired", method="static", **FIXED).says("trial.open")


def test_switch_the_radio(reader, network):
    reader.go("/radio.html")
    assert reader.says("radio.on") and reader.says("radio.do") and not reader.says("radio.what")
    reader.send("/radio")
    assert network.called("radio") == [{"enabled": False}] and reader.path == "/network.html#changed"
    network.answers["status"] = {**browsing.CONNECTED, "state": "radio-off", "radio_enabled": False}
    assert reader.go("/network.html").says("radio.off")
    assert reader.go("/radio.html").says("radio.switch-on")
    network.answers["radio"] = ValueError("BUSY", "The device is busy with another change; wait for it.")
    said = {"en": "The device is busy with another change; wait for it.",
            "fr": "L'appareil est occupé par un autre changement ; attendez qu'il soit fini."}
    assert said[reader.language] in reader.send("/radio").page.words()
    assert network.called("radio")[1:] == [{"enabled": True}]
    # Without a cable it cuts off who does it.
    network.answers["status"] = {**browsing.CONNECTED, "wired": {**WIRED, "address": None}}
    assert reader.go("/radio.html").says("radio.what")
    network.answers["status"] = {**browsing.CONNECTED, "state": "no-radio"}
    assert not reader.go("/radio.html").page.forms and "/radio.html" not in reader.go("/network.html").page.links


def test_nothing_is_changed_while_a_network_is_joined(reader, network):
    network.answers["status"] = browsing.joining("address")
    form = reader.go("/radio.html").form("/radio")
    assert not reader.says("radio.do") and form


def test_network_service_that_is_away(reader, network):
    wire, radio = reader.go("/wired.html").form("/wired"), reader.go("/radio.html").form("/radio")
    network.close()
    for path in ("/wired.html", "/radio.html"):
        assert AWAY[reader.language] in reader.go(path).page.words() and not reader.page.forms, path
    assert AWAY[reader.language] in reader.send("/radio", radio).page.words()
    reader.send("/wired", {**wire, "values": {**wire["values"], "address": "192.0.2.9"}})
    assert AWAY[reader.language] in reader.page.words()
    assert reader.form("/wired")["values"]["address"] == "192.0.2.9"


def test_who_may(web, owner, viewer, network):
    forms = {"/wired": {"method": "dhcp", "tag": ""}, "/wired/confirm": {}, "/radio": {"enabled": "no"}}
    for looks in (viewer(), viewer("system")):
        assert not {"/wired.html", "/radio.html"} & set(looks.go("/network.html").page.links)
        for path in ("/wired.html", "/radio.html"):
            assert looks.go(path).status == 403
        for action, values in forms.items():
            assert looks.send(action, {"method": "post", "values": {"csrf": "", **values}}).status == 403
    csrf = owner.csrf
    for action, values in forms.items():
        for origin in ("http://evil.example", None):
            assert owner.submit(action, origin, csrf=csrf, **values)[0] == 403
        for wrong in ("", "0" * 64):
            assert owner.submit(action, csrf=wrong, **values)[0] == 403
        assert Browser(web.port).submit(action, csrf=csrf, **values) == (302, "/login.html")
    assert not any(network.called(method) for method in ("set_wired", "confirm_wired", "radio"))
    assert viewer("network").go("/radio.html").send("/radio").path == "/network.html#changed"


@pytest.mark.parametrize("action, values", [
    ("/radio", {}), ("/radio", {"enabled": "perhaps"}), ("/wired", {}), ("/wired", {"method": "both"}),
    ("/wired", {"method": "static", "address": b"\xff"}), ("/wired", {"method": "static", "dns": b"\xff"})])
def test_forms_that_make_no_sense(owner, network, action, values):
    assert owner.submit(action, **values)[0] == 400
    assert not network.called("radio") and not network.called("set_wired")


@pytest.mark.parametrize("status", [
    {}, {"wired": 3}, {"wired": {"method": 4, "static": [], "pending": {}, "last": 1}},
    {"wired": {"method": "static", "static": {"address": "x" * 300, "dns": [1, None]}, "pending": {"static": {
        "address": "y" * 300}, "seconds_left": -3}, "last": {"code": "x"}}, "port": "x", "state": 1}])
def test_answers_that_make_no_sense(owner, network, status):
    network.answers["status"] = status
    for path in ("/wired.html", "/radio.html", "/network.html"):
        assert Reader(owner).go(path).status == 200


def test_before_there_is_a_password(web):
    for path in ("/wired.html", "/radio.html"):
        assert Browser(web.port).ask("GET", path)[1]["Location"] == "/welcome.html"
