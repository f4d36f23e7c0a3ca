# SPDX-License-Identifier: LGPL-2.1-or-later
"""The first time on the page: the country that comes with the password; and what the page shows only to some."""

import pytest

from own_addresses import WIRE
from test_webserver_login import (  # noqa: F401  pylint: disable=unused-import
    HOTSPOT, NEIGHBOUR, PASSWORD, PHONE, STATUS, WIFI, addresses, make_token, network, owner, refused, web)
from web import Browser, Client


def test_the_country_comes_with_the_first_password(web, network):
    """The page says which one the device takes itself to be in, and the customer confirms it."""
    network.answers.update(status={**STATUS, "country": {"code": "CA", "source": "factory", "problem": None}},
                           country={"code": "DE"})
    assert "country" not in Browser(web.port, WIFI, NEIGHBOUR).get("/api/v1/session")
    phone = Browser(web.port, HOTSPOT, PHONE)
    assert phone.get("/api/v1/session")["country"] == "CA"
    fields = {"password": PASSWORD, "again": PASSWORD}
    assert phone.submit("/welcome", country="DE", **{**fields, "again": "typo"}) == (302, "/welcome.html#different")
    assert not network.called("country")
    assert phone.submit("/welcome", country="DE", **fields) == (302, "/#setup")
    assert network.called("country") == [{"code": "DE"}]
    assert phone.get("/api/v1/network")["hostname"] == "unbox-7f3a"
    # Nobody else says it any more.
    assert Browser(web.port, HOTSPOT, PHONE).submit("/welcome", country="FR", **fields) == (302, "/login.html#set")
    assert len(network.called("country")) == 1


def test_a_country_that_is_refused_costs_no_password(web, network):
    network.answers["country"] = ValueError("INVALID_PARAMS", "two capital letters")
    phone = Browser(web.port, HOTSPOT, PHONE)
    assert phone.submit("/welcome", country="<b>", password=PASSWORD, again=PASSWORD) == (302, "/#setup")
    assert phone.get("/api/v1/network")["hostname"] == "unbox-7f3a"


@pytest.mark.parametrize("address, source, asks_again", [
    (HOTSPOT, PHONE, False), (WIFI, NEIGHBOUR, False), (WIRE, None, True), ("127.0.0.1", None, True)])
def test_the_last_page_before_the_device_leaves_stays(web, network, owner, address, source, asks_again):
    """Without a script: over the air the page that follows a join says where the next one is, and is not taken away."""
    network.answers["status"] = {**STATUS, "join": {"ssid": "HomeNet", "step": "address"}}
    somebody = Browser(web.port, address, source)
    assert somebody.submit("/login", password=PASSWORD) == (302, "/")
    assert somebody.get("/api/v1/session")["csrf"]
    assert somebody.submit("/join", ssid="HomeNet", password="hunter22")[1] == "/join.html#begun"
    status, headers, _ = somebody.ask("GET", "/join.html")
    assert (status, "Refresh" in headers) == (200, asks_again)


def test_diagnostics_are_for_who_may_change_the_system(owner, health, web):
    health.answers.update(diagnostics={"system": {}}, reboot={"ok": True})
    for method, path, body in (("GET", "diagnostics", None), ("POST", "reboot", {})):
        what = (method, f"/api/v1/system/{path}", body)
        assert refused(Client(web.port).ask(*what)) == (401, "not_logged_in")
        for scope in ("read", "network"):
            assert refused(make_token(owner, scope)[0].ask(*what)) == (403, "not_allowed")
        for somebody in (make_token(owner, "system")[0], owner):
            assert somebody.ask(*what)[0] in (200, 202)
