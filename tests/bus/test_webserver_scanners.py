# SPDX-License-Identifier: LGPL-2.1-or-later
"""What other people's tools find at the page: sslscan, wapiti and slowhttptest. They and the daemon have a network of
their own, from which nothing leads out."""

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import xml.etree.ElementTree

import pytest

import openapi
from own_network import ip, own_network
from web import TOKEN, Client, OverTls, TlsBrowser, Web

# What wapiti takes for a fault, and is none: browsers have dropped that filter; there is HSTS where TLS is on port 443.
NO_FAULTS = {"X-XSS-Protection is not set", "Strict-Transport-Security is not set"}
# Those that need nothing from elsewhere. Without csrf, which knows forms with a token alone: here it is the Origin that
# a form has to show, and test_forms_of_other_pages_do_nothing.
MODULES = "backup,blindsql,cookieflags,crlf,csp,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,xss"
# What slowhttptest does for as long as it is let, and how it is to be spoken to.
SECONDS = 20
SLOW = {
    "headers": ["-H", "-i", "2", "-x", "24"],
    "body": ["-B", "-i", "2", "-s", "4000", "-t", "PUT"],
    "range": ["-R", "-a", "10", "-b", "3000"],
    "read": ["-X", "-n", "2", "-w", "10", "-y", "20", "-z", "8", "-k", "3"],
}


def need(program):
    if not shutil.which(program):
        pytest.skip(f"no {program}: tests/prepare installs it")


@pytest.fixture(scope="module", autouse=True)
def nobody_else():
    with own_network():
        ip("link", "set", "lo", "up")
        yield


@pytest.fixture
def secure():
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield listener


@pytest.fixture
def web(device, secure, network):
    made = Web(device, others=[secure])
    made.listener.listen(512)
    made.start()
    yield made
    made.listener.close()


def test_sslscan_finds_modern_tls_alone(web, secure):
    need("sslscan")
    port = secure.getsockname()[1]
    OverTls(port).certificate()
    done = subprocess.run(["sslscan", "--no-colour", "--xml=-", f"127.0.0.1:{port}"],
                          capture_output=True, text=True, timeout=120, check=True)
    found = xml.etree.ElementTree.fromstring(done.stdout).find("ssltest")
    enabled = {(p.get("type"), p.get("version")) for p in found.iter("protocol") if p.get("enabled") == "1"}
    assert enabled == {("tls", "1.2"), ("tls", "1.3")}
    ciphers = {c.get("cipher") for c in found.iter("cipher")}
    assert ciphers and all(re.search("GCM|CHACHA20", cipher) for cipher in ciphers), ciphers
    assert {c.get("strength") for c in found.iter("cipher")} <= {"strong", "acceptable"}
    # Where sslscan can't ask for compression it says nothing of it.
    assert all(c.get("supported") == "0" for c in found.iter("compression"))
    assert all(h.get("vulnerable") == "0" for h in found.iter("heartbleed"))
    assert {g.get("name") for g in found.iter("group")} >= {"x25519"}
    assert TlsBrowser(port).ask("GET", "/health")[0] == 200


def attack_with_wapiti(folder, url, modules, *more):
    """Returns what it has found, each as a line, and what it said."""
    report = folder / "report.json"
    done = subprocess.run(
        ["wapiti", "-u", url, "--scope", "domain", "-m", modules, "-l", "1", "-S", "aggressive", "-t", "10",
         "--max-attack-time", "20", "--verify-ssl", "0", "--flush-session", "--store-session", folder,
         "--store-config", folder, "--no-bugreport", "-v", "1", "-f", "json", "-o", report, *more],
        env={**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8", "LANGUAGE": "en"}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(report.read_text())
    return {f"{kind}: {one['method']} {one['path']}: {one['info']}"
            for faults in (found["vulnerabilities"], found["anomalies"]) for kind, ones in faults.items()
            for one in ones if one["info"] not in NO_FAULTS}, done.stdout


def places(base):
    """All that can be looked at, and what can be asked for with it."""
    for method, path, _ in openapi.operations():
        if method == "GET" and path not in ("/events", "/{file}"):
            yield base + re.sub(r"\{\w+\}", "x", path)
    yield from (base + more for more in ("/?lang=fr", "/api/v1/health/logs?unit=x&lines=5&priority=3", "/login.html?a=b"))


@pytest.mark.long
def test_wapiti_finds_nothing(web, secure, network, health, tmp_path):
    need("wapiti")
    base = f"https://127.0.0.1:{secure.getsockname()[1]}"
    web.allow_script()
    web.start()
    starts = [word for place in places(base) for word in ("-s", place)]
    found, said = attack_with_wapiti(
        tmp_path, f"{base}/", MODULES, *starts, "-H", f"Authorization: Bearer {TOKEN}",
        # Or it would get no further than that with any form.
        "-H", f"Origin: {base}")
    print(said[-5000:])
    assert not found
    # It has been where something could be found, and did more than look.
    assert all(f"Launching module {module}" in said for module in MODULES.split(","))
    assert web.device.journal.find(MESSAGE_ID="c5e7091a3d4f4b6092a3c4e5f6071b22"), "no form was sent"
    assert health.called("get_logs") and web.daemon.running
    assert TlsBrowser(secure.getsockname()[1]).ask("GET", "/health")[0] == 200


class Careless(http.server.BaseHTTPRequestHandler):
    """Says what it is told."""

    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<html><a href='/?a=b'>more</a>{urllib.parse.unquote(self.path)}</html>".encode())

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


@pytest.mark.long
def test_wapiti_finds_what_there_is(tmp_path):
    need("wapiti")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Careless) as careless:
        threading.Thread(target=careless.serve_forever, daemon=True).start()
        found, said = attack_with_wapiti(tmp_path, f"http://127.0.0.1:{careless.server_port}/", "http_headers,xss")
        careless.shutdown()
    assert {line.split(":")[0] for line in found} >= {"Cross Site Scripting", "HTTP Secure Headers"}, said


@pytest.mark.long
@pytest.mark.parametrize("how", SLOW)
def test_slowhttptest_leaves_it_available(web, how):
    need("slowhttptest")
    attack = subprocess.Popen(
        ["slowhttptest", *SLOW[how], "-c", "400", "-r", "200", "-l", str(SECONDS), "-p", "1",
         "-u", f"http://127.0.0.1:{web.port}/style.css"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    served = []
    while attack.poll() is None:
        begin = time.monotonic()
        assert Client(web.port, source="127.99.99.99").ask("GET", "/")[0] == 200
        served.append(time.monotonic() - begin)
    said = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", attack.stdout.read())
    print(said[-2000:], f"{len(served)} honest requests, the median took {sorted(served)[len(served) // 2]:.3f} s")
    assert sorted(served)[len(served) // 2] < 1
    assert "service available" in said
