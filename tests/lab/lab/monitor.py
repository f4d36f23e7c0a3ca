# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU's monitor (QMP): snapshots, and the end of the machine."""

import json
import time

from .channel import Channel


class MonitorError(Exception):
    """QEMU refused a command."""


class Monitor:
    def __init__(self, path):
        self.channel = Channel(path)
        self.channel.read_line(10)
        self.command("qmp_capabilities")

    def close(self):
        self.channel.close()

    def command(self, name, timeout=60, **arguments):
        self.channel.send({"execute": name, "arguments": arguments})
        deadline = time.monotonic() + timeout
        while True:
            answer = json.loads(self.channel.read_line(deadline - time.monotonic()))
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise MonitorError(f"{name}: {answer['error']['desc']}")

    def human(self, line):
        """A command that QMP has no name for; it prints nothing when it succeeded."""
        text = self.command("human-monitor-command", **{"command-line": line})
        if text.strip():
            raise MonitorError(f"{line}: {text.strip()}")
