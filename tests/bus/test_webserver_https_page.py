# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page about HTTPS as a browser without a script has it: what it shows, and what its forms do."""

import socket

import pytest

from customers import bring
from web import PASSWORD, Browser, Client, OverTls, TlsBrowser, Web

NAME = "unbox-7f3a"
PAGE = "/https.html"


@pytest.fixture
def tls_socket():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def others(network, tls_socket):
    return [tls_socket]


@pytest.fixture
def tls_owner(owner, tls_socket):
    made = TlsBrowser(tls_socket.getsockname()[1])
    assert made.submit("/login", password=PASSWORD) == (302, "/")
    assert made.get("/api/v1/session")["csrf"]
    return made


def shown(browser):
    """The page; its line breaks say nothing."""
    return " ".join(browser.get(PAGE).decode().split())


def chosen(page):
    return [mode for mode in ("optional", "required", "off") if f'value="{mode}" checked' in page]


def test_shows_how_it_is(web, owner, tls_socket):
    status, headers, data = owner.ask("GET", PAGE)
    assert (status, headers["Cache-Control"], headers["Content-Language"]) == (200, "no-store", "en")
    assert b"<!--" not in data and b"<script" not in data
    certificate = owner.get("/api/v1/https")["certificate"]
    page = shown(owner)
    assert f">{NAME}, {NAME}.local<" in page and certificate["sha256"] in page
    assert f"until {certificate['not_after'][:10]}" in page
    assert chosen(page) == ["optional"]
    assert f'href="https://127.0.0.1:{tls_socket.getsockname()[1]}/"' in page
    assert 'id="https-own" >' in page and 'id="https-customers"' in page and 'action="/https/own-certificate" hidden' in page
    assert 'id="https-moved" class="notice warning" hidden' in page
    french = owner.ask("GET", PAGE, headers={"Accept-Language": "fr"})
    assert french[1]["Content-Language"] == "fr" and f"jusqu&#x27;au {certificate['not_after'][:10]}".encode() in french[2]
    for part in ("changed", "not-over-https", "unfit", "failed"):
        assert f'<p id="{part}"' in page


def test_mode(owner, tls_owner, web):
    assert owner.submit("/https", mode="off") == (302, f"{PAGE}#changed")
    assert owner.get("/api/v1/https")["mode"] == "off" and chosen(shown(owner)) == ["off"]
    assert owner.submit("/https", mode="required") == (302, f"{PAGE}#not-over-https")
    assert owner.submit("/https", mode="optional") == (302, f"{PAGE}#changed")
    assert tls_owner.submit("/https", mode="required") == (302, f"{PAGE}#changed")
    assert chosen(shown(tls_owner)) == ["required"]
    assert owner.ask("GET", PAGE)[1]["Location"] == f"https://127.0.0.1:{tls_owner.port}/"


def test_who_switches_it_off_over_it_is_told_where_to_go(web, tls_owner):
    connection = tls_owner.connect()
    headers = {**tls_owner.headers, "Origin": f"https://127.0.0.1:{tls_owner.port}",
               "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/https", f"csrf={tls_owner.csrf}&mode=off", headers)
    response = connection.getresponse()
    assert response.headers["Location"] == f"{PAGE}#changed" and response.read() == b""
    connection.request("GET", PAGE, headers=tls_owner.headers)
    page = connection.getresponse().read().decode()
    connection.close()
    assert f'href="http://127.0.0.1:{web.port}/"' in page
    assert 'id="https-moved" class="notice warning" >' in page


def test_certificate_of_the_customer(web, owner, tls_socket):
    tls = OverTls(tls_socket.getsockname()[1])
    own = tls.certificate()
    brought = bring(authority_name='<script>"&')
    files = {name: (text,) for name, text in brought.items()}
    assert owner.submit("/https/certificate", **files) == (302, f"{PAGE}#changed")
    assert tls.certificate() != own
    page = shown(owner)
    assert ">shop.example<" in page and "&lt;script" in page and "<script" not in page
    assert 'id="https-own" hidden' in page and 'action="/https/own-certificate" >' in page
    said = web.device.log()
    assert "PRIVATE KEY" not in said and brought["key"].splitlines()[1] not in said
    assert owner.submit("/https/own-certificate") == (302, f"{PAGE}#changed")
    assert owner.get("/api/v1/https")["certificate"]["source"] == "device"


@pytest.mark.parametrize("change", [
    {"certificate": ("nothing",)}, {"key": (bring()["key"],)}, {"key": ("",)},
    {"certificate": (bring(days=-1)["certificate"],)}], ids=["certificate", "pair", "no-key", "expired"])
def test_unfit_certificates(owner, change):
    files = {name: (text,) for name, text in bring().items()}
    assert owner.submit("/https/certificate", **{**files, **change}) == (302, f"{PAGE}#unfit")
    assert owner.get("/api/v1/https")["certificate"]["source"] == "device"


def test_is_the_owner_s(web, owner):
    _, _, made = owner.ask("POST", "/api/v1/tokens", {"name": "a", "scopes": ["read", "network", "system"]})
    viewer = Browser(web.port)
    assert viewer.ask("POST", "/api/v1/session", {"password": made["token"]})[0] == 200
    files = {name: (text,) for name, text in bring().items()}
    for somebody, answer in ((Browser(web.port), (302, "/login.html")), (viewer, (403, None))):
        status, headers, _ = somebody.ask("GET", PAGE)
        assert (status, headers["Location"]) == answer
        assert somebody.submit("/https", mode="off") == answer
        assert somebody.submit("/https/certificate", **files) == answer
        assert somebody.submit("/https/own-certificate") == answer
    assert owner.get("/api/v1/https")["mode"] == "optional"
    assert owner.get("/api/v1/https")["certificate"]["source"] == "device"


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1:1"])
def test_forms_of_other_pages_do_nothing(web, owner, origin):
    files = {name: (text,) for name, text in bring().items()}
    assert owner.submit("/https", origin, mode="off")[0] == 403
    assert owner.submit("/https/certificate", origin, **files)[0] == 403
    assert owner.submit("/https/own-certificate", origin)[0] == 403
    assert owner.get("/api/v1/https")["mode"] == "optional"
    assert owner.get("/api/v1/https")["certificate"]["source"] == "device"


@pytest.mark.parametrize("csrf", ["", "0" * 64])
def test_forms_of_no_page_of_the_session_do_nothing(owner, csrf):
    files = {name: (text,) for name, text in bring().items()}
    assert owner.submit("/https/certificate", **files) == (302, f"{PAGE}#changed")
    assert owner.submit("/https", csrf=csrf, mode="off")[0] == 403
    assert owner.submit("/https/certificate", csrf=csrf, **files)[0] == 403
    assert owner.submit("/https/own-certificate", csrf=csrf)[0] == 403
    assert owner.get("/api/v1/https")["mode"] == "optional"
    assert owner.get("/api/v1/https")["certificate"]["source"] == "customer"


def test_forms_that_make_no_sense(web, owner):
    own = {"Origin": f"http://127.0.0.1:{web.port}"}
    urlencoded = {**own, "Content-Type": "application/x-www-form-urlencoded"}
    parts = {**own, "Content-Type": "multipart/form-data; boundary=edge"}
    assert owner.ask("POST", "/https", f"csrf={owner.csrf}&mode=sideways", urlencoded)[0] == 400
    assert owner.ask("POST", "/https", f"csrf={owner.csrf}", urlencoded)[0] == 400
    assert owner.ask("POST", "/https", '{"mode":"off"}', {**own, "Content-Type": "application/json"})[0] == 415
    for body in (b"--edge", b"--edge\r\n\r\n", b"\xff" * 100, b"--edge--\r\n", b"certificate=a&key=b"):
        assert owner.ask("POST", "/https/certificate", body, parts)[0] == 403
    csrf = f'--edge\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{owner.csrf}\r\n'.encode()
    for body in (csrf, csrf + b"--edge--\r\n", csrf + b"--edge\r\n\r\n", csrf + b"\xff" * 100):
        assert owner.ask("POST", "/https/certificate", body, parts)[0] in (302, 400, 403)
    assert owner.ask("POST", "/https/certificate", b"a" * 70000, parts)[0] == 413
    no_edge = {**own, "Content-Type": "multipart/form-data"}
    assert owner.ask("POST", "/https/certificate", b"--\r\n", no_edge)[0] == 403
    assert owner.get("/api/v1/https")["certificate"]["source"] == "device"


def test_bench_without_tls_has_the_page_too(device, network):
    web = Web(device)
    web.start()
    owner = Browser(web.port)
    assert owner.submit("/welcome", password=PASSWORD, again=PASSWORD)[0] == 302
    page = shown(owner)
    assert 'id="https-facts" class="facts wide" hidden' in page and chosen(page) == ["optional"]
    assert Client(web.port).ask("GET", PAGE)[1]["Location"] == "/login.html"
    web.listener.close()
