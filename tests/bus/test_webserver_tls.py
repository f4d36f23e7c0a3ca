# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page over TLS: its own certificate and the customer's, and whether plain HTTP is beside it."""

import datetime
import socket
import ssl
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

import peers
from customers import bring
from harness import BUILD_DIR, eventually
from web import JSON, Browser, Client, OverTls, TlsBrowser, Web

PASSWORD = "correct horse"
NAME = "unbox-7f3a"


@pytest.fixture
def tls_socket():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def web(device, tls_socket):
    """A device that nobody has set a password on."""
    made = Web(device, others=[tls_socket])
    yield made
    made.listener.close()


@pytest.fixture
def tls(web, tls_socket):
    """Somebody who comes over TLS."""
    web.start()
    return OverTls(tls_socket.getsockname()[1])


@pytest.fixture
def owner(web, tls):
    """The browser of who has set the password, over TLS."""
    made = TlsBrowser(tls.port)
    assert made.set_first_password(PASSWORD)[0] == 200
    return made


def names_of(shown):
    extension = x509.load_der_x509_certificate(shown).extensions.get_extension_for_class(
        x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def fingerprint(shown):
    return x509.load_der_x509_certificate(shown).fingerprint(hashes.SHA256()).hex()


# --- Its own certificate ---


def test_serves_the_page_over_tls_for_its_names(web, network, tls):
    status, headers, page = tls.ask("GET", "/")
    assert status == 200 and b"<!DOCTYPE html>" in page
    assert "Strict-Transport-Security" not in headers
    assert sorted(names_of(tls.certificate())) == [NAME, f"{NAME}.local"]
    made = x509.load_der_x509_certificate(tls.certificate())
    assert made.subject == made.issuer
    assert made.not_valid_after - made.not_valid_before <= datetime.timedelta(days=825)
    eventually(lambda: web.device.notify.status
               == f"serving the page on port {web.port}, TLS on port {tls.port}, no connections")
    # Beside plain HTTP.
    assert web.ask("GET", "/")[0] == 200


def test_speaks_modern_tls_alone(network, tls):
    def version_with(maximum, ciphers=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, maximum
        # OpenSSL of Debian refuses what is old by itself.
        context.set_ciphers(ciphers or "DEFAULT:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", tls.port), timeout=10) as plain, \
                context.wrap_socket(plain) as connection:
            return connection.version(), connection.cipher()[0]

    assert version_with(ssl.TLSVersion.TLSv1_3)[0] == "TLSv1.3"
    version, cipher = version_with(ssl.TLSVersion.TLSv1_2)
    assert version == "TLSv1.2" and "ECDHE" in cipher and "GCM" in cipher
    for maximum, ciphers in ((ssl.TLSVersion.TLSv1_1, None), (ssl.TLSVersion.TLSv1, None),
                             (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"),
                             (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256:@SECLEVEL=0")):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            version_with(maximum, ciphers)
    assert tls.ask("GET", "/health")[0] == 200


def test_certificate_is_made_once_and_again_after_a_reset(web, network, tls):
    first = tls.certificate()
    web.start()
    assert tls.certificate() == first
    path = web.folder / "https-device.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    web.start()
    assert tls.certificate() != first


def test_certificate_follows_the_name(web, network, tls):
    assert NAME in names_of(tls.certificate())
    network.answers["status"] = {**peers.NETWORK_STATUS, "hostname": "tower",
                                 "announced": {"host": "tower-2.local", "page": None, "port": None}}
    # Somebody uses the new name, which the page doesn't know yet; it asks again once a second.
    def follows():
        web.ask("GET", "/", headers={"Host": "tower"})
        return sorted(names_of(tls.certificate())) == ["tower", "tower-2.local", "tower.local"]
    eventually(follows)


def test_certificate_without_user_network(web, tls):
    assert names_of(tls.certificate()) == ["localhost"]
    first = tls.certificate()
    web.start()
    assert tls.certificate() == first


def test_certificate_waits_for_user_network_only_so_long(web, serve, tls_socket):
    serve("user-network", {}, peers.SilentPeer)
    web.start()
    assert web.ask("GET", "/health")[0] == 200
    assert names_of(OverTls(tls_socket.getsockname()[1]).certificate()) == ["localhost"]


def test_broken_or_unwritable_state_keeps_nobody_away(web, network, tls):
    (web.folder / "https-device.pem").write_text("-----BEGIN NONSENSE-----\n")
    (web.folder / "https.json").write_text("[")
    (web.folder / "https-customer.pem").mkdir()
    web.start()
    assert NAME in names_of(tls.certificate())
    assert web.ask("GET", "/")[0] == 200
    log = web.device.log()
    assert "https.json" in log and "https-customer.pem" in log


def test_plain_http_at_the_tls_port_and_the_other_way_round(web, network, tls):
    assert Client(tls.port).raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") in (b"", b"\x15\x03\x01\x00\x02\x02\x0a")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        OverTls(web.port).certificate()
    assert tls.ask("GET", "/health")[0] == web.ask("GET", "/health")[0] == 200


def test_cookie_is_bound_to_tls(web, network, owner):
    status, headers, _ = TlsBrowser(owner.port).log_in(PASSWORD)
    name, *attributes = headers["Set-Cookie"].split("; ")
    assert status == 200 and name.startswith("__Host-unbox=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    assert not any(a.startswith("Domain") for a in attributes)
    somebody = OverTls(owner.port)
    language = somebody.ask("GET", "/?lang=fr")[1]["Set-Cookie"].split("; ")
    assert language[0] == "__Host-lang=fr" and {"Secure", "HttpOnly", "Path=/"} <= set(language)
    assert somebody.ask("GET", "/", headers={"Cookie": language[0]})[1]["Content-Language"] == "fr"
    # It opens nothing over plain HTTP, whoever got hold of it.
    assert Client(web.port, headers={"Cookie": name}).ask("GET", "/api/v1/network")[0] == 401
    plain = Client(web.port, headers={"Cookie": name.replace("__Host-", "")})
    assert plain.ask("GET", "/api/v1/network")[0] in (200, 401)
    # Nor does a page over plain HTTP speak for the one over TLS.
    foreign = {**JSON, "Origin": f"http://127.0.0.1:{owner.port}"}
    assert owner.ask("POST", "/api/v1/network/scan", "{}", foreign)[0] == 403


# --- The customer's certificate ---


def test_customer_brings_his_own(web, network, owner, tls):
    own, brought = tls.certificate(), bring()
    status, _, shown = owner.ask("PUT", "/api/v1/https/certificate", brought)
    assert status == 200, shown
    assert shown["certificate"]["source"] == "customer"
    assert shown["certificate"]["names"] == ["shop.example"]
    assert shown["certificate"]["issuer"] == "CN=CA" and not shown["certificate"]["expired"]
    assert tls.certificate() != own
    assert fingerprint(tls.certificate()) == shown["certificate"]["sha256"]
    web.start()
    assert names_of(tls.certificate()) == ["shop.example"]
    status, _, shown = owner.ask("DELETE", "/api/v1/https/certificate", headers=JSON)
    assert status == 200 and shown["certificate"]["source"] == "device"
    eventually(lambda: NAME in names_of(tls.certificate()))
    assert not (web.folder / "https-customer.pem").exists()
    said = web.device.log()
    assert "PRIVATE KEY" not in said and brought["key"].splitlines()[1] not in said


@pytest.mark.parametrize("change, word", [
    (lambda body: {**body, "certificate": "nothing"}, "no certificate"),
    (lambda body: {**body, "key": "nothing"}, "no private key"),
    (lambda body: {**body, "key": bring()["key"]}, "another certificate"),
    (lambda body: {**body, "certificate": "".join(
        f"-----BEGIN{part}" for part in reversed(body["certificate"].split("-----BEGIN")[1:]))}, "order"),
    (lambda body: bring(days=-1), "expired"),
], ids=["certificate", "key", "pair", "order", "expired"])
def test_says_what_is_wrong_with_it(web, network, owner, tls, change, word):
    own = tls.certificate()
    status, _, problem = owner.ask("PUT", "/api/v1/https/certificate", change(bring()))
    assert (status, problem["code"]) == (422, "unfit_certificate") and word in problem["detail"], problem
    assert tls.certificate() == own


def test_only_the_owner_changes_it(web, network, owner, tls):
    assert Client(web.port).ask("PUT", "/api/v1/https/certificate", bring())[0] == 401
    _, _, made = owner.ask("POST", "/api/v1/tokens", {"name": "a script", "scopes": ["read", "network", "system"]})
    script = Client(web.port, headers={"Authorization": f"Bearer {made['token']}"})
    assert script.get("/api/v1/https")["port"] == tls.port
    for method, path, body in (("PUT", "https", {"mode": "off"}), ("PUT", "https/certificate", bring()),
                               ("DELETE", "https/certificate", None)):
        assert script.ask(method, f"/api/v1/{path}", body, JSON)[0] == 403
    assert owner.ask("PUT", "/api/v1/https/certificate", '{"key":"' + "a" * 70000 + '"}', JSON)[0] == 413


def test_request_under_way_survives_the_change(network, owner, tls):
    connection = tls.connect()
    connection.request("GET", "/health")
    assert connection.getresponse().read()
    assert owner.ask("PUT", "/api/v1/https/certificate", bring())[0] == 200
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()


def test_nothing_of_the_last_owner_is_left_after_a_reset(web, network, owner, tls):
    """His password, his logins, his scripts, his certificate and his choice: by what the reset really does."""
    own = tls.certificate()
    _, _, made = owner.ask("POST", "/api/v1/tokens", {"name": "a script", "scopes": ["read"]})
    script = Client(web.port, headers={"Authorization": f"Bearer {made['token']}"})
    assert owner.ask("PUT", "/api/v1/https/certificate", bring())[0] == 200
    assert owner.ask("PUT", "/api/v1/https", {"mode": "required"})[0] == 200
    assert {path.name for path in web.folder.iterdir()} == {
        "password", "sessions.json", "tokens.json", "https.json", "https-customer.pem", "https-device.pem"}
    assert web.daemon.stop() == 0
    for verb in ("request", "apply"):
        subprocess.run([BUILD_DIR / "factory-reset/factory-reset", "--root", web.device.root, verb], check=True, timeout=30)
    assert not list(web.folder.iterdir())
    web.daemon = None
    web.start()
    shown = tls.certificate()
    assert shown != own and sorted(names_of(shown)) == [NAME, f"{NAME}.local"]
    # Plain HTTP is there again, and whoever was somebody is nobody.
    assert web.get("/api/v1/session")["password_set"] is False
    for before in (owner, script, Client(web.port, headers={"Cookie": owner.headers["Cookie"].replace("__Host-", "")})):
        assert refused(before.ask("GET", "/api/v1/network")) == (401, "password_not_set")
    successor = TlsBrowser(tls.port)
    assert successor.set_first_password("another owner")[0] == 200
    assert successor.get("/api/v1/tokens") == {"tokens": []}
    assert refused(TlsBrowser(tls.port).log_in(PASSWORD)) == (403, "wrong_password")
    assert refused(owner.ask("GET", "/api/v1/network")) == (401, "not_logged_in")
    assert refused(script.ask("GET", "/api/v1/network")) == (401, "invalid_token")


# --- Whether plain HTTP is served beside it ---


def refused(answer):
    return answer[0], answer[2]["code"]


def test_required_leads_there(web, network, owner, tls):
    plain = Browser(web.port)
    assert plain.log_in(PASSWORD)[0] == 200
    assert refused(plain.ask("PUT", "/api/v1/https", {"mode": "required"})) == (409, "not_over_https")
    status, _, shown = owner.ask("PUT", "/api/v1/https", {"mode": "required"})
    assert status == 200 and (shown["mode"], shown["configured"], shown["chosen"]) == ("required", "optional", True)
    for path in ("/", "/login.html", "/style.css"):
        status, headers, data = web.ask("GET", path, headers={"Host": f"{NAME}:{web.port}"})
        assert (status, headers["Location"], data) == (302, f"https://{NAME}:{tls.port}/", b"")
        assert headers["Cache-Control"] == "no-store"
    assert web.ask("HEAD", "/")[1]["Location"] == f"https://127.0.0.1:{tls.port}/"
    assert refused(web.ask("GET", "/api/v1/session")) == (403, "https_required")
    assert refused(Browser(web.port).log_in(PASSWORD)) == (403, "https_required")
    assert refused(plain.ask("POST", "/api/v1/network/scan", {})) == (403, "https_required")
    assert web.get("/health")["status"] == "healthy"
    # It outlives a restart, and is taken back.
    web.start()
    assert web.ask("GET", "/")[0] == 302
    assert owner.ask("PUT", "/api/v1/https", {"mode": None})[2]["mode"] == "optional"
    assert web.ask("GET", "/")[0] == 200


def test_off_hangs_up(web, network, owner, tls):
    assert owner.ask("PUT", "/api/v1/https", {"mode": "off"})[2]["port"] is None
    with pytest.raises((ssl.SSLError, ConnectionError)):
        tls.certificate()
    plain = Browser(web.port)
    assert plain.log_in(PASSWORD)[0] == 200
    assert plain.ask("PUT", "/api/v1/https", {"mode": "sideways"})[0] == 422
    assert plain.ask("PUT", "/api/v1/https", {"mode": "optional"})[2]["port"] == tls.port
    assert tls.ask("GET", "/health")[0] == 200


def test_configuration_says_it_until_the_owner_does(web, network, tls):
    web.device.configure("web:\n  https: off\n")
    web.start()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        tls.certificate()
    web.device.configure("web:\n  https: required\n")
    web.start()
    assert web.ask("GET", "/")[0] == 302


@pytest.mark.parametrize("text", ["web:\n  https: never\n", "hotspot:\n  pasword: x\n", "web: [\n"])
def test_wrong_configuration_keeps_nobody_away(web, network, tls, text):
    web.device.configure(text)
    web.start()
    assert web.ask("GET", "/")[0] == tls.ask("GET", "/")[0] == 200
    assert "config.yaml" in web.device.log()


def test_required_without_tls_is_no_lock_out(device, network):
    device.configure("web:\n  https: required\n")
    web = Web(device)
    web.start()
    assert web.ask("GET", "/")[0] == 200
    web.listener.close()


@pytest.fixture
def state(device):
    """Where it is kept who may log in."""
    device.path("/var/lib/unbox/web").mkdir(parents=True)


def test_first_minute_on_the_hotspot_is_spared(device, state, network):
    device.configure("web:\n  https: required\n")
    page, secure = socket.create_server(("0.0.0.0", 0)), socket.create_server(("0.0.0.0", 0))
    port_80 = socket.create_server(("127.0.0.2", 0))
    device.start("webserver", sockets=[port_80, page, secure],
                 environment={"LISTEN_FDNAMES": "portal:webserver.socket:webserver.socket"})
    port = page.getsockname()[1]
    eventually(lambda: OverTls(secure.getsockname()[1]).ask("GET", "/health")[0] == 200)
    # The probe leads to the page, which is there.
    hotspot = Browser(port, "127.0.0.2")
    assert Client(port_80.getsockname()[1], "127.0.0.2").ask("GET", "/generate_204")[1]["Location"] \
        == f"http://127.0.0.2:{port}/"
    assert hotspot.ask("GET", "/")[0] == 200
    assert Client(port, "127.0.0.3").ask("GET", "/")[0] == 302
    assert hotspot.set_first_password(PASSWORD)[0] == 200
    assert hotspot.ask("GET", "/")[0] == 302
    for listener in (page, secure, port_80):
        listener.close()


def test_hsts_where_it_can_be_kept(device, state, network):
    page, secure = socket.create_server(("127.0.0.77", 80)), socket.create_server(("127.0.0.77", 443))
    device.start("webserver", sockets=[page, secure])
    owner = TlsBrowser(443, "127.0.0.77")
    assert owner.set_first_password(PASSWORD)[0] == 200
    header = "Strict-Transport-Security"
    assert owner.ask("PUT", "/api/v1/https", {"mode": "required"})[0] == 200
    assert header not in owner.ask("GET", "/")[1]
    assert owner.ask("PUT", "/api/v1/https/certificate", bring(days=5))[0] == 200
    # Never longer than the certificate holds.
    age = int(owner.ask("GET", "/")[1][header].removeprefix("max-age="))
    assert 4 * 86400 < age <= 5 * 86400
    assert header not in Client(80, "127.0.0.77").ask("GET", "/")[1]
    assert owner.ask("PUT", "/api/v1/https", {"mode": "optional"})[0] == 200
    assert header not in owner.ask("GET", "/")[1]
    page.close()
    secure.close()
