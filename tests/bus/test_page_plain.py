# SPDX-License-Identifier: LGPL-2.1-or-later
"""All that a customer without a script does, in a real browser whose scripts are switched off; looked at as in
test_page_browser.py."""

import threading

import pytest

import browsing
from test_page_browser import (  # noqa: F401  pylint: disable=unused-import
    health, network, owned, page, tls_socket, web, window)
from web import Browser

WIRED = browsing.CONNECTED["wired"]


def trying(address, step="unconfirmed", left=48):
    """While the cable's address is tried."""
    return {**browsing.CONNECTED, "wired": {**WIRED, "pending": {
        "step": step, "method": "static", "static": {**browsing.FIXED, "address": f"{address}/24"}, "seconds_left": left}}}


@pytest.fixture
def plain(page, owned):
    """Somebody who has logged in, and whose scripts are off."""
    page.without_script()
    page.go("/login.html")
    page.fill("password", browsing.PASSWORD)
    page.click("login")
    page.window.arrive(f"{page.url}/network.html")
    return page


@browsing.walk("en")
def test_everything_without_a_script(page, network, health):
    may_end = threading.Event()
    health.answers["restart_service"] = lambda _: may_end.wait(20) and {"ok": True}
    page.without_script()
    page.go("/")
    page.window.arrive(f"{page.url}/welcome.html")
    page.fill("password", browsing.PASSWORD)
    page.fill("again", browsing.PASSWORD)
    page.click("set-password")
    page.window.arrive(f"{page.url}/country.html?setup=yes")
    assert page.window.value(page.test_id("country-choice")) == "CA"
    page.look("82-plain-country")
    page.window.choose(page.test_id("country-choice"), "FR")
    page.click("country-save")
    page.window.arrive(f"{page.url}/join.html")
    assert network.called("country") == [{"code": "FR"}]
    page.go("/network.html")
    page.window.click('[data-testid="network"]:has-text("Museum") [data-testid="network-join"]')
    assert page.window.value(page.test_id("ssid")) == "Museum"
    network.answers["status"] = browsing.CONNECTED
    page.go("/")
    page.window.arrive(f"{page.url}/network.html")
    page.wait("network-headline", "HomeNet")
    page.look("85-plain-network")
    page.window.click('[data-testid="saved-network"]:has-text("Office") [data-testid="saved-forget"]')
    page.wait("what")
    page.click("forget")
    page.wait("forgotten")
    assert network.called("forget") == [{"ssid_hex": "Office".encode().hex()}]
    page.click("own")
    page.wait("own-password", browsing.LABEL["password"])
    page.look("88-plain-own")
    page.click("own-switch")
    page.wait("opens")
    assert network.called("hotspot") == [{"enabled": True}]
    page.window.click('.tabs a[href="/health.html"]')
    page.window.wait('[data-testid="health-summary"][data-look="good"]')
    health.answers["get_status"] = browsing.BAD_HEALTH
    page.click("again")
    page.window.wait('[data-testid="health-summary"][data-look="bad"]')
    page.look("90-plain-health-bad")
    page.window.click('[data-service="NetworkManager"] [data-testid="service-logs"]')
    page.wait("logs-lines", "no carrier")
    page.look("91-plain-logs")
    page.window.click('.tabs a[href="/health.html"]')
    page.window.click('[data-service="NetworkManager"] [data-testid="service-restart"]')
    page.wait("what")
    page.click("restart")
    page.wait("running")
    page.look("93-plain-restarting")
    # It asks for itself again.
    may_end.set()
    page.wait("restarted")
    assert health.called("restart_service") == [{"service": "NetworkManager"}]
    page.window.click('.tabs a[href="/system.html"]')
    page.wait("serial", "10000000ABC7f3a9")
    page.look("95-plain-system")
    page.click("reboot")
    page.click("reboot")
    page.wait("restarting")
    page.go("/system.html")
    page.click("factory-reset")
    page.fill("reset-name", "another")
    page.click("reset")
    page.wait("problem")
    assert page.window.value(page.test_id("reset-name")) == "another"
    page.look("98-plain-reset")
    page.fill("reset-name", "unbox-7f3a")
    page.click("reset")
    page.wait("reset-started")
    assert health.called("reboot") == [None] and health.called("factory_reset") == [None]
    health.close()
    page.go("/health.html")
    page.wait("problem")


@browsing.walk()
def test_a_network_without_a_script(plain, network):
    for name, status, found in (
            ("hotspot", browsing.HOTSPOT, "own"),
            ("joining", browsing.joining("address"), "network-headline"),
            ("failed", browsing.failed("password_wrong", "It is probably wrong."), "own"),
            ("radio-off", {**browsing.CONNECTED, "state": "radio-off", "wifi": None, "radio_enabled": False}, "radio-change")):
        network.answers["status"] = status
        plain.go("/network.html")
        plain.wait(found)
        plain.look(f"plain-network-{name}")
    plain.go("/join.html")
    plain.window.gone(plain.test_id("owe"))
    plain.click("hidden")
    plain.wait("owe")
    plain.look("plain-join-failed")
    network.answers["status"] = browsing.CONNECTED
    plain.go("/network.html")
    plain.window.click('[data-testid="network"]:has-text("Company") [data-testid="network-join"]')
    plain.fill("identity", "device@example.org")
    plain.fill("password", "hunter22")
    plain.click("join-server-open")
    plain.click("join-fixed-open")
    plain.fill("join-address", "192.168.1.20")
    plain.look("plain-join-all")
    network.answers["connect"] = ValueError("INVALID_PARAMS", "The gateway must look like 192.168.1.1.")
    plain.fill("join-gateway", "the router")
    plain.click("join")
    plain.wait("problem")
    assert plain.window.value(plain.test_id("identity")) == "device@example.org"
    assert plain.window.value(plain.test_id("join-gateway")) == "the router"
    plain.look("plain-join-refused")
    network.answers["connect"] = {"accepted": True}
    plain.fill("join-gateway", "192.168.1.1")
    plain.fill("password", "hunter22")
    plain.click("join")
    plain.wait("begun")
    assert network.called("connect")[1:] == [{
        "ssid": "Company", "password": "hunter22", "identity": "device@example.org", "security": "peap",
        "address": "192.168.1.20/24", "gateway": "192.168.1.1"}]
    plain.look("plain-join-begun")
    plain.go("/network.html")
    plain.click("forget-all")
    plain.wait("forget")
    plain.look("plain-forget")
    plain.go("/country.html")
    plain.look("plain-country")


@browsing.walk()
def test_the_cable_and_the_radio_without_a_script(plain, network):
    network.answers.update(status={**browsing.CONNECTED, "wired": {**WIRED, "method": "dhcp", "static": None}},
                           radio={"enabled": False}, confirm_wired={"confirmed": True})
    plain.go("/network.html")
    plain.click("wired-change")
    plain.wait("wired-set")
    plain.look("plain-wired")
    # The fields of what nobody wants are not shown.
    plain.window.gone(plain.test_id("wired-address"))
    plain.click("wired-static")
    plain.fill("wired-address", "192.0.2.9")
    plain.look("plain-wired-fixed")
    plain.click("wired-set")
    plain.wait("trial-url", "http://192.0.2.9:5000/wired.html")
    assert network.called("set_wired") == [{"method": "static", "address": "192.0.2.9/24"}]
    plain.look("plain-wired-set")
    for name, status, found in (
            ("busy", trying("192.0.2.9", "undoing", None), "wired-busy"),
            ("not-confirmed", {**browsing.CONNECTED, "wired": {
                **WIRED, "last": {"code": "not-confirmed", "message": "x"}}}, "wired-last")):
        network.answers["status"] = status
        plain.go("/wired.html")
        plain.wait(found)
        plain.look(f"plain-wired-{name}")
    network.answers["status"] = trying("127.0.0.1")
    plain.go("/network.html")
    plain.wait("trial")
    plain.look("plain-network-trial")
    plain.click("trial-look")
    plain.wait("trial-keep")
    plain.look("plain-wired-keep")
    network.answers["status"] = browsing.CONNECTED
    plain.click("trial-keep")
    plain.wait("changed")
    assert network.called("confirm_wired") == [{"address": "127.0.0.1"}]
    network.answers["status"] = {**browsing.CONNECTED, "wired": {**WIRED, "address": None}}
    plain.go("/network.html")
    plain.click("radio-change")
    plain.wait("warning")
    plain.look("plain-radio")
    plain.click("radio-switch")
    plain.wait("changed")
    assert network.called("radio") == [{"enabled": False}]


@browsing.walk()
def test_the_system_without_a_script(plain, health):
    plain.window.click('.tabs a[href="/system.html"]')
    plain.click("https")
    plain.wait("https-names", "unbox-7f3a")
    plain.click("https-bring-open")
    plain.look("plain-https")
    plain.click("https-off")
    plain.click("https-set")
    plain.wait("changed")
    plain.look("plain-https-off")
    plain.go("/system.html")
    plain.click("tokens")
    plain.wait("token-make")
    plain.look("plain-tokens-none")
    plain.fill("token-name", "Kitchen")
    plain.click("token-network")
    plain.click("token-make")
    plain.wait("token-made")
    assert len(plain.window.value(plain.test_id("token-text"))) == 64
    plain.look("plain-tokens-made")
    plain.click("token-revoke")
    plain.wait("what")
    plain.look("plain-revoke")
    plain.click("revoke")
    plain.wait("revoked")
    plain.go("/system.html")
    plain.click("change-password")
    plain.fill("current", "not that one")
    plain.fill("password", "battery staple")
    plain.fill("again", "battery staple")
    plain.click("change-password")
    plain.wait("wrong")
    plain.look("plain-password")
    plain.go("/reboot.html")
    plain.look("plain-reboot")
    plain.click("reboot")
    plain.wait("restarting")
    plain.look("plain-rebooting")
    plain.go("/reset.html")
    plain.look("plain-reset-asked")
    plain.fill("reset-name", "unbox-7f3a")
    plain.click("reset")
    plain.wait("reset-started")
    plain.look("plain-resetting")
    assert health.called("factory_reset") == [None]


@browsing.walk()
def test_health_without_a_script(plain, health, serve):
    serve("identserver", {"get_tab": browsing.VALUES, "refresh": True})
    health.answers["restart_service"] = ValueError("RESTART_FAILED", "It does not start.")
    plain.go("/health.html")
    plain.look("plain-health")
    health.answers["get_logs"] = {**browsing.LOGS, "entries": []}
    plain.go("/logs.html?unit=NetworkManager")
    plain.look("plain-logs-none")
    plain.go("/restart.html?service=NetworkManager")
    plain.look("plain-restart")
    plain.click("restart")
    plain.wait("problem")
    plain.look("plain-restart-failed")
    plain.go("/restart.html?job=0")
    plain.look("plain-restart-forgotten")
    plain.go("/health.html")
    plain.click("other-services")
    plain.wait("service-open")
    plain.look("plain-services")
    plain.click("service-open")
    plain.wait("service-card", "KXP2-CORO")
    plain.look("plain-service")
    plain.window.click('[data-testid="action"]:last-of-type button')
    plain.window.arrive(f"{plain.url}/service")
    plain.look("plain-service-done")
    plain.go("/factory.html")
    plain.look("plain-factory")
    health.close()
    plain.go("/health.html")
    plain.wait("problem")
    plain.look("plain-health-away")


@browsing.walk("fr")
@pytest.mark.parametrize("path", ["login", "welcome"])
def test_the_login_without_a_script(page, owned, path):
    page.without_script()
    page.go(f"/{path}.html")
    page.look(f"plain-{path}")


@browsing.walk("en")
def test_what_a_login_may_not_without_a_script(page, web, owned):
    browser = Browser(web.port)
    assert browser.log_in(browsing.PASSWORD)[0] == 200
    token = browser.ask("POST", "/api/v1/tokens", {"name": "a", "scopes": ["read"]})[2]["token"]
    page.without_script()
    page.go("/login.html")
    page.fill("password", token)
    page.click("login")
    page.window.arrive(f"{page.url}/network.html")
    page.look("plain-network-looks")
    page.go("/system.html")
    page.wait("access-limits")
    page.look("plain-system-looks")
    page.go("/tokens.html")
    # The browser says so itself: the answer's status is 403.
    page.look("plain-refused", ["403"])
