# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what on the page: from the first minute of owning the device to the last access token.

The device has its addresses here, in a network namespace of this file's own: what may be done before there
is a password depends on which of them somebody connects to.
"""

import json
import os
import threading
import time

import pytest

import peers
from harness import eventually
from own_addresses import addresses, HOTSPOT, NEIGHBOUR, PHONE, STATUS, WIFI, WIRE  # noqa: F401  pylint: disable=unused-import
from pages import Shown
from web import JSON, Browser, Client, Web

PASSWORD = "correct horse"


@pytest.fixture
def network(serve):
    return serve("user-network", {
        "status": STATUS, "networks": peers.NETWORKS, "connect": {"accepted": True}, "scan": {"accepted": True}})


@pytest.fixture
def web(device):
    """A device that nobody has set a password on."""
    made = Web(device, "0.0.0.0")
    made.start()
    yield made
    made.listener.close()


@pytest.fixture
def owner(web):
    """The browser of who has set the password."""
    made = Browser(web.port)
    assert made.set_first_password(PASSWORD)[0] == 200
    return made


def refused(answer):
    status, _, problem = answer
    return status, problem["code"]


def make_token(owner, *scopes):
    """A script with an access token, and the token's id."""
    status, _, made = owner.ask("POST", "/api/v1/tokens", {"name": "a script", "scopes": scopes})
    assert status == 201, made
    return Client(owner.port, headers={"Authorization": f"Bearer {made['token']}"}), made


# --- The first minute ---


def test_before_a_password_is_set_nothing_can_be_done(web, network):
    phone = Browser(web.port, HOTSPOT, PHONE)
    for path in ("/", "/health", "/welcome.html", "/login.html", "/style.css"):
        assert phone.ask("GET", path)[0] == 200
    for method, path in [("GET", "network"), ("GET", "network/networks"), ("GET", "health"), ("GET", "system"),
                         ("GET", "tokens"), ("POST", "network/connect"), ("POST", "health/restart"),
                         ("PUT", "network/radio"), ("POST", "system/factory-reset"), ("POST", "tokens")]:
        answer = phone.ask(method, f"/api/v1/{path}", "{}" if method != "GET" else None, JSON)
        assert refused(answer) == (401, "password_not_set"), path
    assert refused(phone.log_in("")) == (409, "password_not_set")
    assert phone.submit("/login", password="whatever") == (302, "/welcome.html")
    assert not network.called("connect")


@pytest.mark.parametrize("address, place", [(HOTSPOT, "hotspot"), (WIRE, "wire"), ("127.0.0.1", "loopback")])
def test_the_first_password_is_set_from_near_by(web, network, device, address, place):
    customer = Browser(web.port, address)
    assert customer.get("/api/v1/session") == {
        "password_set": False, "logged_in": False, "scopes": [], "can_set_password": True}
    status, headers, session = customer.set_first_password(PASSWORD)
    assert status == 200
    assert session["logged_in"] and session["scopes"] == ["read", "network", "system", "owner"]
    assert "HttpOnly" in headers["Set-Cookie"] and "SameSite=Strict" in headers["Set-Cookie"]
    assert customer.get("/api/v1/network") == STATUS
    assert customer.ask("POST", "/api/v1/network/connect", {"ssid": "HomeNet", "password": "hunter22"})[0] == 202
    entry = eventually(lambda: device.journal.find(MESSAGE_ID="b4d6f8092c3e4a5f8192b3d4e5f60a21"))[0]
    assert entry["UNBOX_PLACE"] == place
    assert PASSWORD not in device.log()


def test_the_first_password_is_not_set_from_the_home_network(web, network):
    neighbour = Browser(web.port, WIFI, NEIGHBOUR)
    assert not neighbour.get("/api/v1/session")["can_set_password"]
    assert refused(neighbour.set_first_password("mine now!")) == (403, "not_here")
    assert neighbour.submit("/welcome", password="mine now!", again="mine now!") == (302, "/welcome.html#elsewhere")
    assert not (web.folder / "password").exists()


def test_an_address_that_nobody_knows_is_wifi(web, serve):
    """user-network is away: only the device itself is known to be near."""
    phone = Browser(web.port, HOTSPOT, PHONE)
    assert not phone.get("/api/v1/session")["can_set_password"]
    assert refused(phone.set_first_password("mine now!")) == (403, "not_here")
    serve("user-network", {"status": {**STATUS, "hotspot": None, "wired": {"address": None}}})
    assert refused(phone.set_first_password("mine now!")) == (403, "not_here")
    serve("user-network", {"status": ["nonsense"]})
    assert refused(phone.set_first_password("mine now!")) == (403, "not_here")
    assert Browser(web.port).set_first_password(PASSWORD)[0] == 200


def test_the_first_password_is_set_once(owner, network):
    somebody = Browser(owner.port, HOTSPOT, PHONE)
    assert refused(somebody.set_first_password("another one")) == (409, "password_set")
    assert somebody.submit("/welcome", password="another one", again="another one") == (302, "/login.html#set")
    assert somebody.log_in(PASSWORD)[0] == 200


@pytest.mark.parametrize("password", ["", "1234567", "x" * 129])
def test_passwords_that_are_none(web, password):
    assert refused(Browser(web.port).set_first_password(password)) == (422, "unfit_password")
    assert not (web.folder / "password").exists()


def test_a_password_that_cannot_be_stored_is_not_set(web):
    web.folder.rmdir()
    assert refused(Browser(web.port).set_first_password(PASSWORD)) == (503, "login_failed")
    assert not web.get("/api/v1/session")["password_set"]
    web.folder.mkdir()
    assert Browser(web.port).set_first_password(PASSWORD)[0] == 200


# --- Logging in ---


def test_a_login_and_its_end(owner, network, web):
    browser = Browser(web.port, WIFI, NEIGHBOUR)
    assert refused(browser.ask("GET", "/api/v1/network")) == (401, "not_logged_in")
    assert browser.ask("GET", "/api/v1/network")[1]["WWW-Authenticate"] == "Bearer"
    assert refused(browser.log_in("correct horsf")) == (403, "wrong_password")
    assert browser.log_in(PASSWORD)[0] == 200
    assert browser.get("/api/v1/network") == STATUS
    cookie = dict(browser.headers)
    assert browser.ask("DELETE", "/api/v1/session", headers=JSON)[0] == 204
    assert "Cookie" not in browser.headers
    assert refused(Client(web.port, headers=cookie).ask("GET", "/api/v1/network")) == (401, "not_logged_in")
    assert owner.get("/api/v1/network") == STATUS


def test_a_wrong_password_is_told_to_the_journal(owner, web, device):
    Browser(web.port, HOTSPOT, PHONE).log_in("correct horsf")
    entry = eventually(lambda: device.journal.find(MESSAGE_ID="c5e7091a3d4f4b6092a3c4e5f6071b22"))[0]
    assert entry["UNBOX_PEER"] == PHONE
    assert "horsf" not in device.log()


def test_cookies_that_are_none(owner, web):
    for cookie in ("unbox=", "unbox=0", "unbox=" + "0" * 64, "unbox=" + "0" * 4000, "unbox",
                   owner.headers["Cookie"][:-1], owner.headers["Cookie"].replace("unbox", "__Host-unbox")):
        answer = Client(web.port, headers={"Cookie": cookie}).ask("GET", "/api/v1/tokens")
        assert refused(answer) == (401, "not_logged_in"), cookie


def test_what_is_kept_opens_nothing(owner, web):
    make_token(owner, "read")
    names = {path.name for path in web.folder.iterdir()}
    assert names == {"password", "sessions.json", "tokens.json"}
    for path in web.folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        text = path.read_text()
        assert PASSWORD not in text and owner.headers["Cookie"].split("=")[1] not in text
        assert owner.csrf not in text
    assert (web.folder / "password").read_text().startswith("$y$")


def test_a_login_survives_a_restart(owner, network, web):
    script, _ = make_token(owner, "read")
    web.start()
    assert owner.get("/api/v1/network") == STATUS
    assert owner.ask("POST", "/api/v1/network/scan", {})[0] == 202
    assert script.get("/api/v1/network") == STATUS
    assert Browser(web.port).log_in(PASSWORD)[0] == 200


def test_a_login_ends_with_the_boot(owner, web):
    path = web.folder / "sessions.json"
    kept = json.loads(path.read_text())
    web.daemon.stop()
    path.write_text(json.dumps({**kept, "boot": "0" * 32}))
    web.daemon = web.device.start("webserver", sockets=[web.listener])
    assert refused(owner.ask("GET", "/api/v1/tokens")) == (401, "not_logged_in")


def test_a_login_that_nobody_uses_ends(owner, web):
    """The clock is the boot's: the file says that it was used 15 minutes earlier."""
    path = web.folder / "sessions.json"
    web.daemon.stop()
    kept = json.loads(path.read_text())
    for seconds, status in ((800, 200), (901, 401)):
        kept["sessions"][0]["used"] = max(0, int((time.clock_gettime(time.CLOCK_BOOTTIME) - seconds) * 1e6))
        path.write_text(json.dumps(kept))
        web.daemon = web.device.start("webserver", sockets=[web.listener])
        # Asked without anybody there, it is not kept alive either.
        assert owner.ask("GET", "/api/v1/tokens", headers={"X-Unattended": "1"})[0] == status
        web.daemon.stop()
        if status == 200:
            assert json.loads(path.read_text()) == kept
    web.daemon = web.device.start("webserver", sockets=[web.listener])


def test_the_page_is_served_while_a_password_is_hashed(owner, web):
    tries = [threading.Thread(target=Browser(web.port).log_in, args=(f"guess {n}",)) for n in range(4)]
    served = 0
    for one in tries:
        one.start()
    while any(one.is_alive() for one in tries):
        assert web.answers()
        served += 1
    assert served > len(tries)


def test_guessing_is_slow_and_nobody_is_shut_out(owner, web):
    guesser = Browser(web.port, WIFI, NEIGHBOUR)
    begun = time.monotonic()
    for n in range(1000):
        status, headers, _ = guesser.log_in(f"guess {n}")
        if status == 429:
            break
        assert status == 403
    # Ten at once, and another one every ten seconds that the machine took for them.
    assert 10 <= n <= 11 + (time.monotonic() - begun) / 10
    assert 1 <= int(headers["Retry-After"]) <= 10
    # Not even the right one, nor by a form; but everybody else, and who has logged in already.
    assert guesser.log_in(PASSWORD)[0] == 429
    assert guesser.submit("/login", password=PASSWORD) == (302, "/login.html#wait")
    assert Browser(web.port, HOTSPOT, PHONE).log_in(PASSWORD)[0] == 200
    assert owner.ask("GET", "/api/v1/tokens")[0] == 200
    time.sleep(int(headers["Retry-After"]))
    assert guesser.log_in(PASSWORD)[0] == 200


def test_access_tokens_are_not_guessed_either(owner, web):
    guesser = Client(web.port, WIFI, NEIGHBOUR)
    answers = [guesser.ask("GET", "/api/v1/network", headers={"Authorization": f"Bearer {n:064}"})[0]
               for n in range(40)]
    assert answers[0] == 401 and answers[-1] == 429


def test_changing_the_password(owner, web):
    other = Browser(web.port)
    other.log_in(PASSWORD)
    script, _ = make_token(owner, "read")
    change = {"current": "not this", "password": "battery staple"}
    assert refused(owner.ask("PUT", "/api/v1/password", change)) == (403, "wrong_password")
    assert refused(owner.ask("PUT", "/api/v1/password", {"current": PASSWORD, "password": "short"})) == (
        422, "unfit_password")
    assert owner.ask("PUT", "/api/v1/password", {**change, "current": PASSWORD})[0] == 200
    assert owner.ask("GET", "/api/v1/tokens")[0] == 200
    assert refused(other.ask("GET", "/api/v1/tokens")) == (401, "not_logged_in")
    assert script.ask("GET", "/api/v1/session")[2]["logged_in"]
    assert refused(other.log_in(PASSWORD)) == (403, "wrong_password")
    assert other.log_in("battery staple")[0] == 200


# --- Scripts ---


def test_an_access_token_does_what_it_was_made_for(owner, network, serve, web):
    health = serve("healthd", {"get_status": peers.HEALTH_STATUS, "restart_service": {"accepted": True}})
    reader, made = make_token(owner, "read")
    joiner, _ = make_token(owner, "network")
    healer, _ = make_token(owner, "system")
    scan, restart = ("POST", "/api/v1/network/scan", {}), ("POST", "/api/v1/health/restart", {"service": "x"})
    for script, statuses in [(reader, (200, 403, 403)), (joiner, (200, 202, 403)), (healer, (200, 403, 200))]:
        asked = (("GET", "/api/v1/network"), scan, restart)
        assert tuple(script.ask(*what)[0] for what in asked) == statuses
    assert len(network.called("scan")) == 1 and len(health.called("restart_service")) == 1
    # None of them can get at what is the owner's.
    for script in (reader, joiner, healer):
        assert refused(script.ask("GET", "/api/v1/tokens")) == (403, "not_allowed")
        assert refused(script.ask("POST", "/api/v1/tokens", {"name": "x", "scopes": ["read"]})) == (403, "not_allowed")
    listed = owner.get("/api/v1/tokens")["tokens"]
    assert [token["scopes"] for token in listed] == [["read"], ["read", "network"], ["read", "system"]]
    assert made["token"] not in json.dumps(listed) and "digest" not in listed[0]

    assert owner.ask("DELETE", f"/api/v1/tokens/{made['id']}", headers=JSON)[0] == 204
    assert refused(reader.ask("GET", "/api/v1/network")) == (401, "invalid_token")
    assert joiner.get("/api/v1/network") == STATUS
    assert refused(owner.ask("DELETE", f"/api/v1/tokens/{made['id']}", headers=JSON)) == (404, "not_found")


@pytest.mark.parametrize("method, path, body", [
    ("POST", "scan", {}), ("POST", "connect", {"ssid": "HomeNet"}), ("POST", "forget", {}),
    ("PUT", "radio", {"enabled": True}), ("PUT", "hotspot", {"enabled": True}), ("PUT", "country", {"code": "CA"}),
    ("PUT", "wired", {"method": "dhcp"}), ("POST", "wired/confirm", {}),
    ("PUT", "priority", {"ssid": "HomeNet", "priority": 1})])
def test_the_network_is_changed_by_who_may(owner, network, web, method, path, body):
    asked = dict.fromkeys(("forget", "hotspot", "set_wired", "confirm_wired", "set_priority"), {"accepted": True})
    network.answers.update(**asked, radio={"enabled": True}, country={"code": "CA"})
    what = (method, f"/api/v1/network/{path}", body)
    assert refused(Client(web.port).ask(*what)) == (401, "not_logged_in")
    for scope in ("read", "system"):
        assert refused(make_token(owner, scope)[0].ask(*what)) == (403, "not_allowed")
    assert {name for name, _ in network.calls} <= {"status"}
    for somebody in (make_token(owner, "network")[0], owner):
        assert somebody.ask(*what)[0] in (200, 202)


def test_the_password_of_the_hotspot_is_for_who_may_change_the_network(owner, network, web):
    network.answers["hotspot_label"] = {"ssid": "BOX", "password": "k7mq-9ecb-2xwd", "svg": "<svg/>"}
    label, code = "/api/v1/network/hotspot", "/api/v1/network/hotspot.svg"
    reader, made = make_token(owner, "read")
    viewer = Browser(web.port)
    viewer.log_in(made["token"])
    for path in (label, code):
        assert refused(Client(web.port).ask("GET", path)) == (401, "not_logged_in")
        for somebody in (reader, viewer, make_token(owner, "system")[0]):
            assert refused(somebody.ask("GET", path)) == (403, "not_allowed")
            assert somebody.ask("HEAD", path)[0] == 403
    assert not network.called("hotspot_label")
    for somebody in (make_token(owner, "network")[0], owner):
        assert somebody.get(label)["password"] == "k7mq-9ecb-2xwd"
        assert somebody.get(code) == b"<svg/>"


def test_somebody_who_may_only_look_logs_in_with_a_token(owner, network, web):
    _, made = make_token(owner, "read")
    viewer = Browser(web.port)
    assert viewer.log_in(made["token"])[2]["scopes"] == ["read"]
    assert viewer.get("/api/v1/network") == STATUS
    assert refused(viewer.ask("POST", "/api/v1/network/scan", {})) == (403, "not_allowed")
    assert refused(viewer.ask("GET", "/api/v1/tokens")) == (403, "not_allowed")
    owner.ask("DELETE", f"/api/v1/tokens/{made['id']}", headers=JSON)
    assert refused(viewer.ask("GET", "/api/v1/network")) == (401, "not_logged_in")


@pytest.mark.parametrize("body", [
    {"name": "x", "scopes": []}, {"name": "x", "scopes": ["owner"]}, {"name": "x", "scopes": ["root"]},
    {"name": "x", "scopes": "read"}, {"name": "", "scopes": ["read"]}, {"name": "x" * 65, "scopes": ["read"]},
    {"name": "a\nb", "scopes": ["read"]}, {"name": "x"}, {"scopes": ["read"]}, {"name": 5, "scopes": [5]}])
def test_access_tokens_that_are_not_made(owner, body):
    assert owner.ask("POST", "/api/v1/tokens", body)[0] == 422
    assert owner.get("/api/v1/tokens") == {"tokens": []}


# --- Other people's pages ---


def test_a_change_needs_what_only_the_page_knows(owner, network, web):
    scan = "/api/v1/network/scan"
    other = Browser(web.port)
    other.log_in(PASSWORD)
    for token in ("", "0" * 64, owner.csrf[:-1], other.csrf):
        assert refused(owner.ask("POST", scan, {}, {"X-CSRF-Token": token})) == (403, "bad_csrf"), token
    bare = Client(web.port, headers={"Cookie": owner.headers["Cookie"]})
    assert refused(bare.ask("POST", scan, {})) == (403, "bad_csrf")
    assert refused(bare.ask("DELETE", "/api/v1/session", headers=JSON)) == (403, "bad_csrf")
    assert not network.called("scan")
    # It is the session's, and can be asked for again.
    assert bare.get("/api/v1/session")["csrf"] == owner.csrf
    assert owner.ask("POST", scan, {})[0] == 202


def test_another_page_gets_no_answer_that_it_could_read(owner, web):
    for path in ("/", "/api/v1/session", "/api/v1/tokens", "/nothing"):
        _, headers, _ = owner.ask("GET", path, headers={"Origin": "http://evil.example"})
        assert not [name for name in headers if name.startswith("Access-Control")]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
    status, headers, _ = web.ask("OPTIONS", "/api/v1/session", headers={
        "Origin": "http://evil.example", "Access-Control-Request-Method": "PUT"})
    assert status >= 400 and not [name for name in headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("host", [
    "evil.example", "connectivitycheck.gstatic.com", "unbox-7f3a.evil.example", "unbox-7f3a.local.evil.example",
    "another-device", "127.0.0.1.evil.example", "0x7f000001", "[evil]", "", "unbox-7f3a\t", "a" * 5000])
def test_under_a_foreign_name_there_is_nothing(network, web, host):
    own = web.learn_name()
    for method, path in [("GET", "/"), ("GET", "/health"), ("GET", "/api/v1/tokens"), ("GET", "/generate_204"),
                         ("POST", "/api/v1/network/scan")]:
        status, headers, body = web.ask(method, path, {} if method == "POST" else None, {"Host": f"{host}:5000"})
        assert (status, headers["Location"], body) == (302, own, b""), path
    assert not network.called("scan")


@pytest.mark.parametrize("host", [
    "unbox-7f3a", "UNBOX-7F3A:5000", "unbox-7f3a.local", "unbox-7f3a-2.local:5000", "unbox-7f3a.", "localhost:8080", "10.42.0.1:5000",
    "[fe80::1]:5000", "[::1]"])
def test_its_own_names(network, web, host):
    web.learn_name()
    assert web.ask("GET", "/health", headers={"Host": host})[0] == 200


def test_while_nobody_knows_its_name(web):
    """As long as user-network is away, any name will do that nobody can have on the internet."""
    for host in ("unbox-7f3a", "whatever:5000", "unbox-7f3a.local"):
        assert web.ask("GET", "/health", headers={"Host": host})[0] == 200
    status, headers, _ = Client(web.port, HOTSPOT, PHONE).ask("GET", "/", headers={"Host": "evil.example"})
    assert (status, headers["Location"]) == (302, f"http://{HOTSPOT}:{web.port}/")


# --- Without a script ---


def test_the_forms_do_it_by_themselves(web, network):
    browser = Browser(web.port, HOTSPOT, PHONE)
    welcome = "/welcome.html"
    assert browser.submit("/welcome", password=PASSWORD, again="typo") == (302, f"{welcome}#different")
    assert browser.submit("/welcome", password="short", again="short") == (302, f"{welcome}#unfit")
    assert browser.submit("/welcome", password="é" * 128, again="é" * 128) == (302, "/#setup")
    assert browser.get("/api/v1/network") == STATUS
    page = Shown(browser.get("/system.html").decode())
    csrf, = [form["values"]["csrf"] for form in page.forms if form["action"] == "/logout"]
    assert browser.submit("/logout", csrf="guessed")[0] == browser.submit("/logout")[0] == 403
    assert browser.get("/api/v1/network") == STATUS
    assert browser.submit("/logout", csrf=csrf) == (302, "/login.html#out")
    assert browser.ask("GET", "/api/v1/network")[0] == 401
    assert browser.submit("/login", password="something else") == (302, "/login.html#wrong")
    assert browser.submit("/login", password="é" * 128) == (302, "/")
    assert browser.submit("/password", current="no", password=PASSWORD, again=PASSWORD) == (
        302, "/password.html#wrong")
    assert browser.submit("/password", current="é" * 128, password=PASSWORD, again="x") == (
        302, "/password.html#different")
    assert browser.submit("/password", current="é" * 128, password=PASSWORD, again=PASSWORD) == (302, "/")
    assert browser.submit("/login", password=PASSWORD) == (302, "/")
    # What the address then shows is in the page.
    for page, parts in [("welcome", "elsewhere different unfit wait failed"), ("login", "wrong set out wait failed"),
                        ("password", "wrong different unfit wait failed")]:
        text = browser.get(f"/{page}.html").decode()
        assert all(f'id="{part}"' in text for part in parts.split())
        assert "<script>" not in text and "style=" not in text


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1.evil.example"])
def test_forms_of_other_pages_do_nothing(web, origin):
    browser = Browser(web.port)
    for path in ("/welcome", "/login", "/password", "/logout"):
        assert browser.submit(path, origin, password=PASSWORD, again=PASSWORD)[0] == 403
    assert not (web.folder / "password").exists()


@pytest.mark.parametrize("data", [
    b"", b"password", b"password=%zz&again=%zz", b"=&=&&&", b"password=" + b"a" * 3000, b"password=a%00b&again=a%00b",
    b"password=\xff\xfe\xff\xfe\xff\xfe\xff\xfe", b"{}", b"a" * 5000])
def test_forms_that_make_no_sense(web, data):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{web.port}"}
    for path in ("/welcome", "/login", "/password", "/logout"):
        status = web.ask("POST", path, data, headers)[0]
        assert status in (302, 400, 413), (path, status)
    assert web.answers()
    assert not (web.folder / "password").exists()


def test_stops_while_a_password_is_hashed(web):
    answers = []
    one = threading.Thread(target=lambda: answers.append(Browser(web.port).set_first_password(PASSWORD)[0]))
    one.start()
    eventually(lambda: len(os.listdir(f"/proc/{web.daemon.pid}/task")) > 1)
    assert web.daemon.stop() == 0
    one.join()
    assert answers == [503]
    assert not (web.folder / "password").exists()
