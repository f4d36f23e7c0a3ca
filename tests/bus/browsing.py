# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real browser for the bus tests, what it has to find on each page, and what a device says of itself that has
something on all of them."""

import itertools
import json
import pathlib
import subprocess

import pytest

import peers

PASSWORD = "correct horse"
TEXTS = pathlib.Path(__file__).parents[2] / "webserver" / "assets" / "text"


def sentences(language):
    """All that is said in a language, as far as it has no gaps."""
    catalogue = json.loads((TEXTS / f"{language}.json").read_text())
    return {" ".join(text.split()) for part in ("page", "script") for text in catalogue[part].values()
            if isinstance(text, str) and "{" not in text}


ONLY = {"en": sentences("en") - sentences("fr"), "fr": sentences("fr") - sentences("en")}
OTHER = {"en": "fr", "fr": "en"}

VARIANTS = [("phone", "light"), ("desktop", "dark"), ("phone", "dark"), ("desktop", "light")]

BROWSER = pathlib.Path(__file__).parent.parent / "lab" / "browser"
RESULTS = pathlib.Path(__file__).parent.parent / "results" / "pages"

HOTSPOT = {
    **peers.NETWORK_STATUS,
    "hotspot_settings": {"ssid": "INCUVERS_AP", "band": "bg", "channel": 6, "requested": False},
    "country": {"code": "CA", "source": "factory", "problem": None},
    "problems": [],
}
SAID = {"code": "CA", "source": "customer", "problem": None}
WIFI = {"ssid": "HomeNet", "ssid_hex": "HomeNet".encode().hex(), "interface": "wlan0", "address": "192.168.1.20",
        "signal": 82}
FIXED = {"address": "192.0.2.7/24", "gateway": "192.0.2.1", "dns": ["192.0.2.1", "9.9.9.9"]}
CONNECTED = {
    **HOTSPOT, "state": "connected", "hotspot": None, "wifi": WIFI, "country": SAID,
    "announced": {"host": "unbox-7f3a.local", "page": "unbox-7f3a", "port": 5000},
    "wired": {"interface": "eth0", "carrier": True, "address": "192.0.2.7", "method": "static", "static": FIXED,
              "pending": None, "last": None},
}
JOIN = {"ssid": "HomeNet", "ssid_hex": WIFI["ssid_hex"], "step": "associating", "started": "2026-01-05T10:30:00Z"}


def joining(step):
    """While it joins from the hotspot."""
    return {**HOTSPOT, "state": "joining", "country": SAID, "join": {**JOIN, "step": step}}


def failed(code, message):
    """Back on the hotspot, with the reason; long after any browser's clock, so that it is no old news."""
    return {**HOTSPOT, "country": SAID, "verdict": {
        "code": code, "message": message, "ssid": "HomeNet", "ssid_hex": WIFI["ssid_hex"],
        "time": "2100-01-05T10:31:00Z"}}


def saved(ssid, security="wpa", priority=0, **more):
    """One that the device knows."""
    return {"ssid": ssid, "ssid_hex": ssid.encode().hex(), "security": security, "hidden": False,
            "priority": priority, "identity": None, "in_reach": True, "dns": [], **more}


AIR = {
    "networks": [
        peers.network("HomeNet", 82, saved=True),
        peers.network("A network with a long name here!", 70, "wpa2-wpa3", "5"),
        peers.network("Company", 55, "enterprise", "5"),
        peers.network("Café Zwölf", 44, "open"),
        peers.network("Museum", 31, "owe"),
        peers.network("Attic 1999", 12, "wep"),
    ],
    "scanning": False,
    "saved": [
        saved("HomeNet", priority=1),
        saved("Office", "tls", identity="device@example.org", in_reach=False, hidden=True),
        saved("Workshop", address="192.168.60.20/24", gateway="192.168.60.1", dns=["192.168.60.1"]),
    ],
}

SYSTEM = {
    **peers.SYSTEM, "model": "Raspberry Pi 4 Model B Rev 1.5", "serial": "10000000ABC7f3a9",
    "certificate_expires": "2101-03-05T10:00:00Z", "time": "2026-01-05T10:30:00Z", "time_synchronised": False,
    "boot_id": "0123456789abcdef0123456789abcdef", "temperature_celsius": 51.4,
    "memory": {"total_bytes": 4_000_000_000, "available_bytes": 3_100_000_000},
    "disk": {"path": "/var/lib/unbox", "total_bytes": 31_000_000_000, "available_bytes": 22_500_000_000},
}

BAD_HEALTH = {
    **peers.HEALTH_STATUS,
    "services": {
        **peers.HEALTH_STATUS["services"],
        "hostapd": {
            "state": "degraded", "since": "2026-01-05T10:00:00Z", "restarts": 4, "detail": "exit code 1",
            "status": "", "checks": [
                {"type": "address", "target": "wlan0", "state": "failing", "message": "wlan0 has no carrier"},
                {"type": "tcp", "target": "127.0.0.1:80", "state": "ok", "message": "answers"}]},
        "product-audio": {"state": "activating", "since": "2026-01-05T10:00:00Z", "restarts": 0, "detail": "",
                          "status": "loading samples", "checks": []},
        "identclient": {"state": "inactive", "since": None, "restarts": 0, "detail": "", "status": "", "checks": []},
    },
}

LOGS = {"unit": "NetworkManager.service", "complete": False, "entries": [
    {"time": "2026-01-05T10:20:00Z", "priority": 6, "identifier": "NetworkManager", "pid": 42, "message": "wlan0 is up"},
    {"time": "2026-01-05T10:20:01Z", "priority": 3, "identifier": "NetworkManager", "pid": 42, "message": "no carrier"}]}

# As identserver's, with something of every kind.
_BATCH = {"title": "Batch", "type": "string", "maxLength": 64}
SERVICE = {
    "name": "identserver", "version": "1.0", "description": "Gives devices their identity on the bench",
    "endpoint": "/run/unbox/identserver.sock", "capabilities": [], "tab": {
        "title": "Factory", "method": "get_tab",
        "status": [
            {"name": "active", "label": "Devices enrolled", "type": "number"},
            {"name": "hours", "label": "Devices an hour", "type": "chart"},
            {"name": "batches", "label": "Batches", "type": "table", "columns": [
                {"name": "name", "label": "Batch", "type": "text"},
                {"name": "open", "label": "Open", "type": "boolean"},
                {"name": "done", "label": "Done", "type": "number"},
                {"name": "used", "label": "Places used", "type": "number"},
                {"name": "quota", "label": "Places", "type": "number"},
                {"name": "pool", "label": "Hostnames", "type": "text"}]},
            {"name": "devices", "label": "Devices seen last", "type": "table", "columns": [
                {"name": "serial", "label": "Serial", "type": "text"},
                {"name": "hostname", "label": "Hostname", "type": "text"},
                {"name": "first_seen_at", "label": "Since", "type": "time"}]}],
        "actions": [
            {"method": "add_batch", "label": "Open a batch", "parameters": {
                "type": "object", "required": ["name", "quota"], "properties": {
                    "name": _BATCH, "quota": {"title": "How many devices", "type": "integer", "minimum": 1},
                    "listed": {"title": "Only serials on its list", "type": "boolean"},
                    "kind": {"title": "Kind", "type": "string", "enum": ["first", "second"]}}}},
            {"method": "retire_hostname", "label": "Retire a hostname", "confirm": "Revoke them for good?",
             "parameters": {"type": "object", "required": ["hostname"], "properties": {
                 "hostname": {"title": "Hostname", "type": "string", "maxLength": 63}}}},
            {"method": "refresh", "label": "Count them anew"}]}}
VALUES = {
    "active": 1280, "hours": [3, 9, 12, 40, 38, 41, 0, 22, 39, 40, 44, 17],
    "batches": [{"name": "2026-01", "open": True, "done": 1280, "used": 1290, "quota": 2000, "pool": "KXP2-CORO"},
                {"name": "pilot", "open": False, "done": 40, "used": 40, "quota": 40, "pool": "KXP2-PILOT"}],
    "devices": [{"serial": f"10000000ABC7F{number:03}", "hostname": f"KXP2-CORO-{number}",
                 "first_seen_at": "2026-01-05T10:00:00Z"} for number in range(4)]}

LABEL = {"ssid": "INCUVERS_AP", "password": "k7mq-9ecb-2xwd", "qr": "WIFI:T:WPA;S:INCUVERS_AP;P:k7mq-9ecb-2xwd;;"}
# As large as a code is.
CODE = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 33 33"><path fill="#fff" d="M0 0h33v33h-33z"/>'
        '<path d="M4 4h7v7h-7zM22 4h7v7h-7zM4 22h7v7h-7zM14 14h5v5h-5z"/></svg>')


class Failure(AssertionError):
    """The browser could not do what it was told."""


class Window:
    """The browser; each of browser.mjs's methods is one of its own."""

    def __init__(self):
        assert (BROWSER / "node_modules").is_dir(), "tests/prepare installs what the browser needs"
        self._node = subprocess.Popen(
            ["node", BROWSER / "browser.mjs", RESULTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __getattr__(self, method):
        def call(*args):
            self._node.stdin.write(json.dumps({"method": method, "args": args}) + "\n")
            self._node.stdin.flush()
            answer = json.loads(self._node.stdout.readline())
            if "error" in answer:
                raise Failure(f"{method}{args}: {answer['error']}")
            return answer["result"]
        return call

    def close(self):
        """Ends it."""
        self._node.stdin.close()
        assert self._node.wait(30) == 0
        self._node.stdout.close()


class Page:
    """The page in one language, in the window."""

    def __init__(self, window, web, language, thorough):
        self.language = language
        self.window = window
        self.url = f"http://127.0.0.1:{web.port}"
        self.thorough = thorough
        self._variants = itertools.cycle(VARIANTS)
        window.open(language)

    def without_script(self):
        """A new window, of somebody who has switched scripts off."""
        self.window.open(self.language, False)

    def look(self, name, complaints=()):
        """Nothing is wrong with what can be seen now, but those complaints that are to be expected."""
        variants = VARIANTS if self.thorough else [next(self._variants)]
        seen = self.window.look(f"{self.language}/{name}", variants)
        unexpected = [said for said in seen["complaints"] if not any(known in said for known in complaints)]
        assert not unexpected, (name, unexpected)
        assert not any(seen["seen"].values()), (name, seen["seen"])
        foreign = set(seen["texts"]) & ONLY[OTHER[self.language]]
        assert not foreign, (name, foreign)
        assert self.window.language() == self.language

    def look_at_answers(self, path, answers):
        """What stands in a page is shown by the address's part after the #: all of it, or the last as one of its kind."""
        for answer in answers:
            self.go(f"{path}#{answer}")
            self.wait(answer)
            if self.thorough or answer == answers[-1]:
                self.look(f"{path.strip('/').removesuffix('.html')}-{answer}")

    def test_id(self, name):
        return f'[data-testid="{name}"]'

    def click(self, name):
        self.window.click(self.test_id(name))

    def fill(self, name, text):
        self.window.fill(self.test_id(name), text)

    def wait(self, name, text=""):
        self.window.wait(self.test_id(name), text)

    def go(self, path):
        self.window.goto(self.url + path)

    def log_in(self):
        """As on a device whose password is set."""
        self.go("/login.html")
        self.fill("password", PASSWORD)
        self.click("login")
        self.window.arrive(f"{self.url}/")
        self.wait("network-headline")


def walk(language=None):
    """In this language each time, and in the campaign in both, in all variants; None: in the campaign alone."""
    every = [pytest.param((each, True), marks=pytest.mark.long, id=f"{each}-all") for each in ("en", "fr")]
    once = [pytest.param((language, False), id=language)] if language else []
    return pytest.mark.parametrize("page", [*once, *every], indirect=True)
