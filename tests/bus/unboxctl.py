# SPDX-License-Identifier: LGPL-2.1-or-later
"""unboxctl, as the tests of it need it: run, run on a terminal, and with a user-network that the test plays."""

import json
import os
import pty
import subprocess
import threading
import unicodedata

import pytest

import harness
import peers

PROGRAM = harness.BUILD_DIR / "healthd/unboxctl"


@pytest.fixture
def ctl(device):
    def run(*arguments):
        return device.run("healthd/unboxctl", *arguments)
    return run


class Network(peers.FakePeer):
    """A user-network that tells of a join and of a scan as they go: `story` is what it tells behind the
    answer to `connect` or `scan`; with "cut" it ends instead, and is back at once."""

    TOPICS = {"connect": "network.join", "scan": "network.scan"}
    story = ()
    seq = 1

    def event(self, topic, data):
        self.seq += 1
        return json.dumps({"event": topic, "data": data, "seq": self.seq}).encode() + b"\n"

    def answer(self, request):
        answer = super().answer(request)
        topic = self.TOPICS.get(request["method"])
        for data in self.story if topic else ():
            if data == "cut":
                self.cut()
                return None
            answer += self.event(topic, data)
        return answer


@pytest.fixture
def network(device):
    """user-network's socket; its answers are changed by the tests."""
    made = Network(device.path("/run/unbox/user-network.sock"), {
        "status": dict(peers.NETWORK_STATUS), "networks": peers.NETWORKS, "scan": {"scanning": True},
        "forget": {"accepted": True}, "radio": {"enabled": False}, "subscribe": {"seq": 1}})
    yield made
    if not made.closed:
        made.close()


def on_terminal(device, *arguments, typed=b"", environment=None):
    """Runs it on a terminal; returns the exit status and all that stood there."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "unshare", "--mount", "sh", "-ec", harness.ENTER, "sh", PROGRAM,
         *arguments],
        env={**os.environ, "TERM": "xterm", "ROOT": str(device.root), **(environment or {})},
        stdin=its, stdout=its, stderr=its)
    os.close(its)
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    shown = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        if typed and b": " in shown:
            os.write(ours, typed)
            typed = b""
    os.close(ours)
    code = process.wait(30)
    watchdog.cancel()
    return code, shown.decode()


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1
               for c in text)
