# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every page in a real browser: in both languages, light and dark, on a phone and on a desktop. On none of them axe-core
finds anything that keeps people out, none of them complains on the console, is wider than the window, or says
anything in the other language. The pictures are in tests/results/pages.

Each walk is in one language, and looks at each page in another size and scheme than at the one before; those that are
`long` look at everything in all of them."""

import socket

import pytest

import browsing
import peers
from customers import bring
from web import Web


@pytest.fixture(scope="module")
def window():
    made = browsing.Window()
    yield made
    made.close()


@pytest.fixture
def network(serve):
    accepted = {"accepted": True}
    return serve("user-network", {
        "status": browsing.HOTSPOT, "networks": browsing.AIR, "scan": accepted, "connect": accepted, "forget": accepted,
        "set_priority": accepted, "hotspot": accepted, "country": {"code": "CA"},
        "set_wired": {"accepted": True, "confirm_within": 60}, "wired": browsing.CONNECTED["wired"],
        "subscribe": {"seq": 1},
        "hotspot_label": {**browsing.LABEL, "svg": browsing.CODE},
        "page_label": {"url": "http://unbox-7f3a.local:5000/", "svg": browsing.CODE}})


@pytest.fixture
def health(serve):
    return serve("healthd", {
        "get_status": peers.HEALTH_STATUS, "get_system": browsing.SYSTEM, "reboot": {"ok": True},
        "restart_service": {"accepted": True}, "factory_reset": {"accepted": True},
        "subscribe": {"seq": 1}, "register_service": None, "list_services": [browsing.SERVICE],
        "discover": browsing.SERVICE, "get_logs": browsing.LOGS})


@pytest.fixture
def tls_socket():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def web(device, network, health, tls_socket):
    """A device that nobody has set a password on."""
    made = Web(device, others=[tls_socket])
    made.start()
    yield made
    made.listener.close()


@pytest.fixture
def page(window, web, request):
    return browsing.Page(window, web, *request.param)


@pytest.fixture
def owned(web):
    """Somebody has set the password."""
    assert web.ask("PUT", "/api/v1/password", {"password": browsing.PASSWORD})[0] == 200


def test_the_walk_sees_what_is_wrong(window):
    window.open("en")
    window.goto("data:text/html,<html lang=en><body><img src='http://127.0.0.1:1/x'><p style='width:200vw'>wide</p>")
    seen = window.look("en/00-wrong", [browsing.VARIANTS[0]])
    assert "ERR_" in seen["complaints"][0] and seen["texts"] == ["wide"]
    wrong = seen["seen"]["phone light"]
    for rule in ("image-alt", "document-title", "too wide: <p"):
        assert any(said.startswith(rule) for said in wrong), (rule, wrong)


@browsing.walk("en")
def test_the_first_time(page, network):
    page.go("/")
    page.window.arrive(f"{page.url}/welcome.html")
    page.wait("welcome-country")
    assert page.window.value(page.test_id("welcome-country")) == "CA"
    page.look("01-welcome")
    page.fill("password", browsing.PASSWORD)
    page.fill("again", "something else")
    page.click("set-password")
    page.wait("different")
    page.look("02-typo")
    page.window.choose(page.test_id("welcome-country"), "FR")
    page.fill("password", browsing.PASSWORD)
    page.fill("again", browsing.PASSWORD)
    page.click("set-password")
    page.window.arrive(f"{page.url}/#setup")
    assert network.called("country") == [{"code": "FR"}]
    page.wait("guide")
    page.wait("country")
    page.look("03-country-is-asked-for-until-it-is-said")
    network.answers["status"] = {**browsing.HOTSPOT, "country": browsing.SAID}
    page.window.refresh()
    page.window.gone(page.test_id("country"))
    page.window.gone(page.test_id("tab-network"))
    page.look("04-networks")
    # A network, its password, and where the page will be, before the phone loses this one.
    page.window.click('button[data-ssid="A network with a long name here!"]')
    page.wait("leaving-note", "unbox-7f3a:5000")
    page.wait("leaving-code")
    page.look("05-password")
    page.fill("join-password", "short")
    page.click("join-submit")
    page.wait("join-error")
    page.look("06-too-short")
    page.fill("join-password", "hunter22")
    network.answers["status"] = browsing.joining("associating")
    page.click("join-submit")
    page.wait("join", "HomeNet")
    page.wait("join-next", "unbox-7f3a:5000")
    page.look("07-joining")
    # It fails: the reason, and the form as it was.
    network.answers["status"] = browsing.joining("undoing")
    page.window.refresh()
    page.wait("join-steps")
    network.answers["status"] = browsing.failed(
        "password_wrong", "The password for HomeNet is probably wrong. Check it and try again.")
    page.window.refresh()
    page.wait("join-error", "HomeNet")
    assert page.window.value(page.test_id("join-password")) == "hunter22"
    page.look("08-failed")
    page.fill("join-password", "hunter23")
    network.answers["status"] = browsing.joining("proving")
    page.click("join-submit")
    page.wait("join")
    assert [asked["password"] for asked in network.called("connect")] == ["hunter22", "hunter23"]
    network.answers["status"] = browsing.CONNECTED
    page.window.refresh()
    page.wait("arrived", "192.168.1.20:5000")
    page.look("09-arrived")
    page.click("arrived-go")
    page.wait("network-headline", "HomeNet")


@browsing.walk("fr")
def test_the_network_tab(page, network, owned):
    page.log_in()
    page.window.wait("#own-details")
    page.window.click("#own-details summary")
    page.wait("own-password", browsing.LABEL["password"])
    page.look("11-hotspot")
    network.answers["status"] = browsing.CONNECTED
    page.window.refresh()
    page.wait("saved-network", "Workshop")
    page.window.refresh()
    page.wait("signal-chart")
    page.look("12-connected")
    page.window.click('[data-testid="saved-network"]:has-text("Workshop") [data-testid="saved-prefer"]')
    page.window.click('[data-testid="saved-network"]:has-text("Office") [data-testid="saved-forget"]')
    page.wait("confirm-dialog", "Office")
    page.look("13-forget")
    page.click("confirm-ok")
    page.window.gone(page.test_id("confirm-dialog"))
    page.window.wait(".toast")
    assert network.called("set_priority") == [{"ssid_hex": "Workshop".encode().hex(), "priority": 2}]
    assert network.called("forget") == [{"ssid_hex": "Office".encode().hex()}]
    page.click("wired-change")
    page.click("wired-static")
    page.wait("wired-dialog")
    page.look("14-wired")
    network.answers["status"] = {**browsing.CONNECTED, "wired": {**browsing.CONNECTED["wired"], "pending": {
        "step": "unconfirmed", "method": "static", "static": browsing.FIXED, "seconds_left": 48}}}
    page.click("wired-submit")
    page.wait("trial-dialog")
    page.look("15-trial")
    page.click("trial-close")
    for number, (name, status) in enumerate({
            "radio-off": {**browsing.CONNECTED, "state": "radio-off", "wifi": None, "radio_enabled": False},
            "no-radio": {**browsing.CONNECTED, "state": "no-radio", "wifi": None, "radio_enabled": False, "problems": [
                {"code": "no-radio", "message": "There is no radio."}]},
            "wired": {**browsing.CONNECTED, "state": "wired", "wifi": None},
            "no-internet": {**browsing.CONNECTED, "verdict": {
                **browsing.failed("no_internet", "Connected.")["verdict"]}}}.items(), 16):
        network.answers["status"] = status
        page.window.refresh()
        page.window.wait(f'#now[data-state="{status["state"]}"]')
        page.look(f"{number}-{name}")


@browsing.walk("fr")
def test_joining_a_company(page, network, owned, tmp_path):
    page.log_in()
    page.window.click('button[data-ssid="Company"]')
    page.fill("join-identity", "device@example.org")
    page.window.click("#eap-server summary")
    page.look("21-peap")
    page.click("eap-tls")
    for name in ("ca", "certificate", "key"):
        (tmp_path / f"{name}.pem").write_text(f"-----BEGIN {name}-----\n")
        page.window.upload(page.test_id(f"join-{name}"), str(tmp_path / f"{name}.pem"))
    page.fill("join-domain", "radius.example.org")
    page.window.click("#join-fixed summary")
    page.fill("join-address", "192.0.2.9")
    page.fill("join-gateway", "192.0.2.1")
    page.look("22-tls")
    network.answers["connect"] = ValueError("INVALID_PARAMS", "The key is not that of the device's certificate.")
    page.click("join-submit")
    page.wait("join-error")
    page.look("23-refused", ["422"])
    network.answers["connect"] = {"accepted": True}
    page.click("join-submit")
    page.window.gone(page.test_id("join-dialog"))
    assert network.called("connect")[-1] == {
        "ssid_hex": "Company".encode().hex(), "security": "tls", "identity": "device@example.org",
        "domain": "radius.example.org", "ca_certificate": "-----BEGIN ca-----\n",
        "client_certificate": "-----BEGIN certificate-----\n", "client_key": "-----BEGIN key-----\n",
        "address": "192.0.2.9/24", "gateway": "192.0.2.1", "dns": []}
    # One that hides.
    page.click("other-network")
    page.fill("join-name", "Hidden")
    page.window.choose(page.test_id("join-security"), "open")
    page.look("24-hidden")
    page.click("join-submit")
    page.window.gone(page.test_id("join-dialog"))
    assert network.called("connect")[-1] == {"ssid": "Hidden", "hidden": True, "security": "open"}


@browsing.walk("en")
def test_the_other_tabs(page, web, network, health, owned, serve):
    network.answers["status"] = browsing.CONNECTED
    factory = serve("identserver", {"get_tab": browsing.VALUES, "refresh": True, "retire_hostname": [{"revoked": 1}]})
    page.log_in()
    page.click("tab-health")
    page.window.wait('#summary[data-look="good"]')
    page.look("31-health")
    page.window.click('[data-service="NetworkManager"] [data-testid="service-logs"]')
    page.wait("logs-lines", "no carrier")
    page.look("31-logs")
    page.click("logs-close")
    page.click("tab-service-identserver")
    page.wait("service-tab", "KXP2-CORO-3")
    page.look("31-factory")
    page.window.fill('[name="hostname"]', "KXP2-CORO-2")
    page.window.click('form:has([name="hostname"]) [data-testid="service-action"]')
    page.wait("confirm-dialog")
    page.click("confirm-ok")
    page.window.wait('[data-testid="service-tab"] form table')
    page.look("31-factory-retired")
    assert factory.called("retire_hostname") == [{"hostname": "KXP2-CORO-2"}]
    page.click("tab-health")
    health.answers["get_status"] = browsing.BAD_HEALTH
    page.window.refresh()
    page.window.wait('#summary[data-look="bad"]')
    page.look("32-health-bad")
    page.click("tab-system")
    page.wait("serial", "10000000ABC7f3a9")
    page.wait("tokens-card")
    page.look("33-system")
    page.fill("token-name", "a script")
    page.click("token-make")
    page.wait("token")
    page.look("34-token")
    page.click("reboot")
    page.wait("confirm-dialog")
    page.look("35-reboot")
    page.click("confirm-ok")
    page.wait("restarting")
    assert health.called("reboot") == [None]
    page.look("36-restarting")
    page.click("factory-reset")
    page.fill("reset-name", "unbox-7f3a")
    page.look("37-reset")
    page.click("reset-cancel")
    # The other services are away, and then this one.
    health.close()
    network.close()
    page.click("tab-health")
    page.wait("health-missing")
    page.look("38-no-health", ["503"])
    page.click("tab-network")
    page.wait("network-missing")
    page.look("39-no-network", ["503"])
    web.daemon.kill()
    web.listener.close()
    page.window.refresh()
    page.wait("offline")
    page.look("40-offline", ["503", "ERR_"])
    # It comes back, and the page by itself.
    web.listener = socket.create_server(("127.0.0.1", web.port))
    web.daemon = None
    web.start()
    page.window.gone(page.test_id("offline"))


@browsing.walk("fr")
def test_https_on_the_system_tab(page, web, network, owned, tls_socket, tmp_path):
    def bring_files(certificate, key):
        for name, text in (("certificate", certificate), ("key", key)):
            (tmp_path / f"{name}.pem").write_text(text)
            page.window.upload(page.test_id(f"https-{name}"), str(tmp_path / f"{name}.pem"))
        page.click("https-upload")

    network.answers["status"] = browsing.CONNECTED
    page.log_in()
    page.click("tab-system")
    page.wait("https-names", "unbox-7f3a")
    page.window.wait(f"{page.test_id('https-optional')}:checked")
    page.wait("https-there", f"https://127.0.0.1:{tls_socket.getsockname()[1]}")
    page.click("https-required")
    page.click("https-set")
    page.wait("https-error")
    page.look("71-https-not-required", ["409"])
    page.click("https-bring-open")
    brought = bring()
    bring_files(brought["certificate"], bring()["key"])
    page.wait("https-error")
    page.look("72-https-unfit", ["422"])
    bring_files(**brought)
    page.wait("https-issuer", "CN=CA")
    page.look("73-https-customers")
    page.click("https-drop")
    page.wait("confirm-dialog")
    page.look("74-https-drop")
    page.click("confirm-ok")
    page.window.gone(page.test_id("https-issuer"))
    # Over HTTPS, it can be required, and switched off.
    page.url = f"https://127.0.0.1:{tls_socket.getsockname()[1]}"
    page.log_in()
    page.click("tab-system")
    page.wait("https-names")
    page.click("https-required")
    page.click("https-set")
    page.window.wait(".toast")
    assert web.ask("GET", "/")[1]["Location"] == f"{page.url}/"
    page.click("https-off")
    page.click("https-set")
    page.click("confirm-ok")
    page.wait("https-moved", "http://127.0.0.1:5000")


@browsing.walk("en")
def test_the_page_about_https(page, owned):
    page.log_in()
    page.go("/https.html")
    page.wait("https-names", "unbox-7f3a")
    page.look("75-https-page")
    page.click("https-off")
    page.click("https-set")
    page.wait("changed")
    page.window.wait(f"{page.test_id('https-off')}:checked")
    page.look_at_answers("/https.html", ["not-over-https", "failed", "unfit"])


@browsing.walk("fr")
def test_the_page_that_joins_a_network(page, network, owned):
    page.log_in()
    page.go("/join.html")
    page.look("77-join-page")
    network.answers["connect"] = ValueError("INVALID_PARAMS", "The password is too short.")
    page.fill("ssid", "HomeNet")
    page.fill("password", "short")
    page.click("join")
    page.wait("problem", "too short")
    assert page.window.value(page.test_id("ssid")) == "HomeNet"
    page.look("78-join-page-refused")
    network.answers["connect"] = {"accepted": True}
    network.answers["status"] = browsing.joining("associating")
    page.fill("password", "hunter22")
    page.click("join")
    page.wait("begun")
    page.wait("joining", "HomeNet")
    page.look("79-join-page-begun")


@browsing.walk("fr")
@pytest.mark.parametrize("path, answers", [
    ("login", "wrong set out wait failed"), ("welcome", "elsewhere different unfit wait failed"),
    ("password", "wrong different unfit wait failed"), ("factory", "")])
def test_the_pages_without_a_script(page, owned, path, answers):
    page.go(f"/{path}.html")
    page.look(path)
    page.look_at_answers(f"/{path}.html", answers.split())


@browsing.walk("en")
def test_a_language_is_chosen_on_the_page(page, owned):
    page.go("/login.html")
    page.window.click('a[hreflang="fr"]')
    page.language = "fr"
    page.look("51-chosen")
    page.fill("password", browsing.PASSWORD)
    page.click("login")
    page.wait("network-headline")
    page.look("52-kept")
    page.click("tab-system")
    page.window.click('#system a[hreflang="en"]')
    page.window.arrive(f"{page.url}/?lang=en#system")
    page.language = "en"
    page.wait("serial")
    page.look("53-changed")
    page.click("log-out")
    page.window.arrive(f"{page.url}/login.html#out")
    page.look("54-logged-out")


@browsing.walk("en")
def test_the_keyboard_is_enough(page, network, owned):
    page.go("/login.html")
    assert page.window.focused() == "password"
    page.window.press("Tab")
    assert page.window.focused() == "login"
    page.window.press("Shift+Tab")
    for letter in browsing.PASSWORD:
        page.window.press("Space" if letter == " " else letter)
    page.window.press("Enter")
    page.wait("network-headline")
    page.window.press("Tab")
    page.look("61-skip")
    page.window.press("Enter")
    assert page.window.focused() == "main"
    # To the first network's form, and out of it: the focus is where it was.
    for _ in range(40):
        page.window.press("Tab")
        if page.window.focused() == "network":
            break
    page.window.press("Enter")
    page.wait("join-dialog")
    assert page.window.focused() == "join-password"
    page.window.press("Escape")
    page.window.gone(page.test_id("join-dialog"))
    assert page.window.focused() == "network"


