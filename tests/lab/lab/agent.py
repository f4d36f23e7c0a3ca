# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest agent: commands into the guest and their results out, without any network."""

import base64
import itertools
import json
import time
from dataclasses import dataclass

from .channel import Channel


class AgentError(Exception):
    """The guest agent refused, or does not answer."""


@dataclass
class Result:
    """What a command in the guest left behind."""
    code: int
    stdout: str
    stderr: str


class Agent:
    ids = itertools.count(int(time.time() * 1000) % 1000000000)

    def __init__(self, path):
        self.channel = Channel(path)

    def close(self):
        self.channel.close()

    def synchronise(self, timeout):
        """Waits for the agent, and throws away whatever an earlier state of the guest had said."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            id_ = next(self.ids)
            # 0xff makes the agent's parser forget half a line that a snapshot cut off.
            self.channel.send({"execute": "guest-sync-delimited", "arguments": {"id": id_}}, b"\xff")
            retry_at = time.monotonic() + 2
            try:
                while True:
                    line = self.channel.read_line(retry_at - time.monotonic())
                    if json_after_marker(line).get("return") == id_:
                        return
            except TimeoutError:
                continue
        raise AgentError(f"no answer from the guest within {timeout} s")

    def command(self, name, timeout=30, **arguments):
        self.channel.send({"execute": name, "arguments": arguments})
        answer = json.loads(self.channel.read_line(timeout))
        if "error" in answer:
            raise AgentError(f"{name}: {answer['error']['desc']}")
        return answer["return"]

    def run(self, script, timeout):
        pid = self.command("guest-exec", path="/bin/sh", arg=["-c", script],
                           **{"capture-output": True})["pid"]
        deadline = time.monotonic() + timeout
        pause = 0.01
        while True:
            status = self.command("guest-exec-status", pid=pid)
            if status["exited"]:
                return Result(status.get("exitcode", 128 + status.get("signal", 0)),
                              text(status.get("out-data")), text(status.get("err-data")))
            if time.monotonic() > deadline:
                raise AgentError(f"still running after {timeout} s: {script}")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)


def text(data):
    return base64.b64decode(data or "").decode(errors="replace")


def json_after_marker(line):
    """Parses what follows the last 0xff of a line; anything that is not JSON counts as nothing."""
    try:
        return json.loads(line.split(b"\xff")[-1])
    except ValueError:
        return {}
