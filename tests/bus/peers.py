# SPDX-License-Identifier: LGPL-2.1-or-later
"""Daemons as their askers see them: a socket that answers as the test wants it to."""

import contextlib
import fnmatch
import json
import socket
import threading

import harness

# What a healthy device says; tests change what they are about.
NETWORK_STATUS = {
    "state": "hotspot",
    "summary": "hotspot INCUVERS_AP on wlan0, 1 client, waiting for a network",
    "hostname": "unbox-7f3a",
    "port": 5000,
    "radio_enabled": True,
    "hotspot": {"ssid": "INCUVERS_AP", "interface": "wlan0", "address": "10.42.0.1", "clients": 1},
    "wifi": None,
    "wired": {"interface": "eth0", "carrier": False, "address": None, "method": "dhcp", "static": None,
              "pending": None, "last": None},
    "announced": None,
    "saved": None,
    "join": None,
    "verdict": None,
}


def network(ssid, signal, security="wpa2", band="2.4", saved=False):
    """One entry of what is in the air."""
    return {"ssid": ssid, "ssid_hex": ssid.encode().hex(), "signal": signal, "security": security,
            "band": band, "age_seconds": 3, "saved": saved}


NETWORKS = {
    "networks": [
        network("HomeNet", 82),
        network("Café Zwölf", 44, "open"),
    ],
    "scanning": False,
}

HEALTH_STATUS = {
    "services": {
        "user-network": {
            "state": "active", "since": "2026-01-05T10:00:00Z", "restarts": 0, "detail": "",
            "status": "hotspot INCUVERS_AP on wlan0, 1 client, waiting for a network", "checks": []},
        "NetworkManager": {
            "state": "active", "since": "2026-01-05T10:00:00Z", "restarts": 1, "detail": "",
            "status": "", "checks": []},
    },
    "hostname": "unbox-7f3a",
    "uptime_seconds": 3600,
    "version": "0.1.0",
    "events": [
        {"time": "2026-01-05T10:20:00Z", "service": "NetworkManager", "event": "recovered",
         "message": "NetworkManager is running again"},
    ],
}

SYSTEM = {"hostname": "unbox-7f3a", "version": "0.1.0", "uptime_seconds": 3600, "kernel": "6.1.0-31-arm64",
          "os": "Debian GNU/Linux 12 (bookworm)", "architecture": "aarch64"}


class FakePeer:
    """Serves a socket. `answers` maps a method to its result, to a function of the params, or to an
    Exception with (code, message). `calls` has what was asked."""

    def __init__(self, path, answers):
        self.answers = dict(answers)
        self.calls = []
        self.closed = False
        self._server = socket.socket(socket.AF_UNIX)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._path = path
        self._server.bind(str(path))
        self._server.listen()
        self._connections = []
        self._subscribers = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection.makefile("rb") as lines:
                for line in lines:
                    request = json.loads(line)
                    self.calls.append((request["method"], request.get("params")))
                    answer = self.answer(request)
                    if answer is not None:
                        connection.sendall(answer)
                    if request["method"] == "subscribe":
                        self._subscribers.append((connection, request["params"]["topics"]))
        except OSError:
            return

    def answer(self, request):
        """The line that goes back; None for none."""
        known = self.answers.get(request["method"], ValueError("UNKNOWN_METHOD", "no such method"))
        if callable(known):
            known = known(request.get("params"))
        if isinstance(known, Exception):
            code, message = known.args
            reply = {"id": request["id"], "error": {"code": code, "message": message}}
        else:
            reply = {"id": request["id"], "result": known}
        return json.dumps(reply).encode() + b"\n"

    def publish(self, topic, data=None, seq=None):
        """An event, to who has subscribed; waits for the first of them."""
        def subscribers():
            return [one for one, topics in self._subscribers if any(fnmatch.fnmatch(topic, t) for t in topics)]

        harness.eventually(subscribers, what=f"somebody subscribes to {topic}")
        line = {"event": topic, "data": data, **({"seq": seq} if seq else {})}
        for connection in subscribers():
            try:
                connection.sendall(json.dumps(line).encode() + b"\n")
            except OSError:
                pass  # has gone

    def called(self, method):
        """The params of each call of it."""
        return [params for name, params in self.calls if name == method]

    def cut(self):
        """Hangs up on who came last."""
        self._connections[-1].shutdown(socket.SHUT_RDWR)

    def close(self):
        """As when the daemon ends."""
        self.closed = True
        self._path.unlink(missing_ok=True)
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._connections:
            # Its reader holds it: close() alone would hang up on nobody.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


class SilentPeer(FakePeer):
    """Takes every question and never answers."""

    def answer(self, request):
        return None


class GarbledPeer(FakePeer):
    """Answers what is no answer."""

    def answer(self, request):
        return b"\xff\xfe{not json\n"
